"""豁免、收回豁免的表单。"""

from __future__ import annotations

from typing import Any

from django import forms

from .people import Day


class WaiverForm(forms.Form):
    """豁免哪条核对、哪一处，理由，到哪天。"""

    code = forms.ChoiceField(label="哪条核对")
    cell = forms.ChoiceField(label="豁免多少", required=False, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="理由",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text="至少 5 个字，单位和审核人会看到，修改记录里一直留着。",
    )
    until = forms.DateField(label="到哪天（那天还算）", widget=Day(), help_text="到期自动停止。")

    def __init__(
        self, *args: Any, codes: list[tuple[str, str]], cells: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("code", codes), ("cell", cells)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 给类型检查看的
            field.choices = choices
        if len(cells) == 1:
            del self.fields["cell"]

    @property
    def given(self) -> dict[str, Any]:
        """给服务的各项。"""
        return {"cell": "", **self.cleaned_data}
