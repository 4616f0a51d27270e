"""指标库的表单。"""

from __future__ import annotations

from typing import Any

from django import forms

from evaluations.core.library import DIRECTIONS, HEADINGS, faults_of, tidy_entry
from evaluations.core.measures import QUALITATIVE, SHOWN

LONG = ("口径和依据", "好的写法", "不好的写法")
LISTED = {"领域": "sectors", "一级指标": "levels1", "二级指标": "levels2"}
"""打字时提示库里已有的；页面上各有一个 datalist。"""
HELP = {
    "编号": "如 ZW-001。导入导出按它对；材料里不印。",
    "三级指标": "写清楚要做成什么，不带数。",
    "年度指标值": "常用的目标，选用时可以改。定量的只填数。",
    "计量单位": "如 %、个、天、元/件。",
    "口径和依据": "怎么算、算到哪里为止、拿什么证明。",
}


class LibraryForm(forms.Form):
    """指标库的一条，各列的名字就是表头对应的字段名。"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for heading, column in HEADINGS.items():
            self.fields[column.field] = _field(heading)

    @property
    def entry(self) -> dict[str, str]:
        """打的字，按表头。"""
        return tidy_entry(
            {name: self.cleaned_data.get(column.field, "") for name, column in HEADINGS.items()}
        )

    def clean(self) -> dict[str, Any]:
        super().clean()
        for heading, problem in faults_of(self.entry):
            self.add_error(HEADINGS[heading].field, problem)
        return self.cleaned_data


def _field(heading: str) -> forms.CharField | forms.ChoiceField:
    if heading == "性质":
        choices = [
            ("", "请选"),
            *((name, name if name == QUALITATIVE else SHOWN[name]) for name in DIRECTIONS),
        ]
        return forms.ChoiceField(label=heading, choices=choices, required=False)
    widget: forms.Widget = forms.Textarea(attrs={"rows": 3}) if heading in LONG else forms.TextInput()
    if heading in LISTED:
        widget.attrs["list"] = LISTED[heading]
    return forms.CharField(label=heading, required=False, widget=widget, help_text=HELP.get(heading, ""))
