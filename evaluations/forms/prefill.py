"""取数的表单。"""

from __future__ import annotations

from django import forms

UNITS = (("", "看文件里写的"), ("万元", "万元"), ("元", "元"))


class PrefillForm(forms.Form):
    """文件和金额单位。"""

    file = forms.FileField(
        label="表格文件", help_text=".xlsx 或 .csv，最多 5 MB。csv 里放一张表。",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}), required=False,
    )  # fmt: skip
    unit = forms.ChoiceField(label="表里金额的单位", choices=UNITS, required=False)
