"""首次设置的表单。"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils.functional import lazy

from evaluations.services.accounts import fault_of_username, plain_username
from evaluations.services.setup import FirstPerson
from evaluations.services.units import fault_of_code, plain_code
from units.models import User


class SetupForm(forms.Form):
    """财政局、设置码。"""

    code = forms.CharField(
        label="设置码",
        max_length=40,
        help_text="在服务器上运行 manage.py setup_code 得到，证明您管着这台服务器。",
    )
    bureau_name = forms.CharField(
        label="财政局名称", max_length=200, help_text="如：云湖市财政局。印在页面上方。"
    )
    bureau_code = forms.CharField(label="财政局的预算编码", max_length=40)

    def clean_bureau_code(self) -> str:
        code = plain_code(self.cleaned_data["bureau_code"])
        fault = fault_of_code(code)
        if fault:
            raise ValidationError(fault)
        return code


class FirstPersonForm(forms.Form):
    """一个管理员：账号、姓名、密码打两遍。``empty_permitted`` 时可以全空。"""

    username = forms.CharField(label="账号", max_length=60)
    display_name = forms.CharField(label="姓名", max_length=60)
    password = forms.CharField(
        label="密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=lazy(lambda: "".join(password_validators_help_texts()), str)(),
    )  # fmt: skip
    again = forms.CharField(
        label="密码再打一遍", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_username(self) -> str:
        username = plain_username(self.cleaned_data["username"])
        fault = fault_of_username(username)
        if fault:
            raise ValidationError(fault)
        return username

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        password = given.get("password")
        if password and given.get("again") and password != given["again"]:
            self.add_error("again", "两遍密码不一样。请重新打。")
        elif password:
            try:
                person = User(username=given.get("username", ""), display_name=given.get("display_name", ""))
                validate_password(password, person)
            except ValidationError as problem:
                self.add_error("password", problem)
        return given

    @property
    def person(self) -> FirstPerson | None:
        """填好的人；没有填为 None。"""
        given = self.cleaned_data
        return FirstPerson(given["username"], given["display_name"], given["password"]) if given else None
