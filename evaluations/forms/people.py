"""代办、交接的表单。"""

from __future__ import annotations

from typing import Any

from django import forms

from units.models import User


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return f"{obj.display_name}（{obj.username}）"


class HandOverForm(forms.Form):
    """交给谁、从哪天起。"""

    person = PersonField(label="交给", queryset=User.objects.none(), empty_label="请选")
    since = forms.DateField(label="从哪天起", widget=Day())

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 给类型检查看的
        field.queryset = User.objects.filter(pk__in=[one.pk for one in people])


class StandInForm(HandOverForm):
    """请谁代、从哪天到哪天。"""

    until = forms.DateField(label="到哪天", widget=Day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].label = "请谁代"
