"""人员的表单。"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from evaluations.core.workflow import Role
from evaluations.services.accounts import fault_of_username, plain_username
from units.models import Department

from .people import Day
from .units import UnitField


class PersonForm(forms.Form):
    """姓名、电话。"""

    display_name = forms.CharField(label="姓名", max_length=60)
    phone = forms.CharField(label="联系电话", max_length=40, required=False)


class PostForm(forms.Form):
    """在哪个单位任什么岗位、起止。"""

    department = UnitField(label="单位")
    role = forms.TypedChoiceField(label="岗位", coerce=Role)
    since = forms.DateField(label="从哪天起", widget=Day())
    until = forms.DateField(label="到哪天为止", widget=Day(), required=False, help_text="长期的不填。")

    def __init__(self, *args: Any, units: Iterable[Department], roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_posts(self, units, roles)


class AddPersonForm(PersonForm):
    """新的人：账号、姓名、电话、单位、岗位。"""

    username = forms.CharField(
        label="账号", max_length=60, help_text="登录用，定了不改；字母一律小写。建议用姓名的拼音。"
    )
    department = UnitField(label="单位")
    role = forms.TypedChoiceField(label="岗位", coerce=Role)
    field_order = ("username", "display_name", "phone", "department", "role")

    def __init__(self, *args: Any, units: Iterable[Department], roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_posts(self, units, roles)

    def clean_username(self) -> str:
        username = plain_username(self.cleaned_data["username"])
        fault = fault_of_username(username)
        if fault:
            raise ValidationError(fault)
        return username


def offer_posts(form: forms.Form, units: Iterable[Department], roles: Iterable[Role]) -> None:
    """可选的单位和岗位。"""
    form.fields["department"].offer(units)  # type: ignore[attr-defined]
    form.fields["role"].choices = [("", "请选"), *((role.value, role.label) for role in roles)]  # type: ignore[attr-defined]
