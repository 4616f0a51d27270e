"""年度任务、公告、退回用语的表单。"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from evaluations.models import Notice, Pack, Round

from .people import Day

CLOSING_TIME = time(18, 0)
"""截止时间默认在下班时。"""


class Clock(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PackField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Pack) -> str:
        return f"{obj.year}年　{obj}"


class RoundForm(forms.Form):
    """任务的名称、方案、截止时间、退回后几日内改好。"""

    name = forms.CharField(label="名称", max_length=100)
    pack = PackField(label="方案", queryset=Pack.objects.none(), empty_label="请选")
    day = forms.DateField(label="截止日期", widget=Day())
    at = forms.TimeField(label="截止时刻", widget=Clock(), initial=CLOSING_TIME)
    return_days = forms.IntegerField(label="退回后几日内改好", min_value=1, max_value=90, initial=7)

    def __init__(self, *args: Any, packs: QuerySet[Pack], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["pack"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 给类型检查看的
        field.queryset = packs.defer("files")

    @property
    def given(self) -> dict[str, Any]:
        """给服务的各项；日期和时刻合成截止时间。"""
        data = dict(self.cleaned_data)
        deadline = timezone.make_aware(datetime.combine(data.pop("day"), data.pop("at")))
        return {**data, "deadline": deadline}


def initial_of(task: Round) -> dict[str, Any]:
    """任务现在的各项，放进表单。"""
    local = timezone.localtime(task.deadline)
    return {
        "name": task.name, "pack": task.pack_id, "day": local.date(), "at": local.time(), "return_days": task.return_days,
    }  # fmt: skip


class NoticeForm(forms.Form):
    """一条公告。"""

    title = forms.CharField(label="标题", max_length=100)
    text = forms.CharField(label="内容", required=False, widget=forms.Textarea(attrs={"rows": 5}))
    audience = forms.ChoiceField(label="给谁看", choices=Notice.Audience.choices)
    since = forms.DateField(label="从哪天起", widget=Day())
    until = forms.DateField(label="到哪天", required=False, widget=Day(), help_text="空着是一直显示。")


class PhraseForm(forms.Form):
    """一条退回用语。"""

    text = forms.CharField(
        label="用语",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="审核人点一下就放进退回理由，还可以再改。写清哪一处、应怎么改。",
    )
