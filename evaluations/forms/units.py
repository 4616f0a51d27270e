"""单位的表单。"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from evaluations.roster import tree_of
from evaluations.services.units import fault_of_code, plain_code
from units.models import Department


class UnitField(forms.ChoiceField):
    """选一个单位；按单位树排，下级缩进。"""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units: dict[str, Department] = {}

    def offer(self, units: Iterable[Department]) -> None:
        """可选的单位。"""
        rows = tree_of(units)
        self.units = {str(unit.pk): unit for unit, _ in rows}
        self.choices = [("", "请选")] + [
            (str(unit.pk), f"{'　' * depth}{unit}（{unit.code or '没有编码'}）") for unit, depth in rows
        ]

    def clean(self, value: Any) -> Any:
        return self.units.get(super().clean(value))


class UnitForm(forms.Form):
    """名称、编码、类别。"""

    name = forms.CharField(label="单位名称", max_length=200)
    code = forms.CharField(label="预算编码", max_length=40, help_text="与预算系统里的一致；前面的 0 不要丢。")
    kind = forms.ChoiceField(label="类别", choices=Department.Kind.choices)

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 给类型检查看的
        field.choices = [(kind, Department.Kind(kind).label) for kind in kinds]

    def clean_code(self) -> str:
        code = plain_code(self.cleaned_data["code"])
        fault = fault_of_code(code)
        if fault:
            raise ValidationError(fault)
        return code


class AddUnitForm(UnitForm):
    """新单位，加上级。"""

    parent = UnitField(label="上级")

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].offer(units)  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """移到哪个上级之下。"""

    parent = UnitField(label="新的上级")

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].offer(units)  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    """并入哪个单位；不能撤销，要勾上才做。"""

    target = UnitField(label="并入")
    sure = forms.BooleanField(label="我核对过了，知道并入不能撤销")

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].offer(units)  # type: ignore[attr-defined]
