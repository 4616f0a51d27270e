"""改方案的表单。表单只管一项的各栏；写进原文的哪里，是视图和服务的事。"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from evaluations.core.checks import LEVELS
from evaluations.core.faults import PackProblem
from evaluations.core.pack import STEPS
from evaluations.core.prescribed import KIND, LOCK
from evaluations.core.scoring import read_parameters

LEVEL_WORDS = {"error": "错误（拦送审）", "warning": "提醒（要写说明）", "info": "提示（只显示）"}
DIRECTION_WORDS = {
    ">=": "≥　越高越好", "<=": "≤　越低越好", "=": "＝　等于", ">": "＞　大于", "<": "＜　小于", "定性": "定性",
    "≥": "≥　越高越好", "≤": "≤　越低越好",
}  # fmt: skip


def lines_of(text: str) -> list[str]:
    """一行一项；空行不算。"""
    return [line.strip() for line in text.splitlines() if line.strip()]


class CopyForm(forms.Form):
    """复制一套方案。"""

    key = forms.CharField(
        label="方案的键",
        max_length=60,
        help_text="小写字母、数字和连字符，如 2025-yueyang。键不变就是原方案的新版本。",
    )
    name = forms.CharField(label="名称", max_length=200)
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)


class ArchiveForm(forms.Form):
    """导入导出的方案。"""

    archive = forms.FileField(label="方案文件（.zip）")


class HeadForm(forms.Form):
    """基本信息：pack.toml。"""

    name = forms.CharField(label="名称", max_length=200)
    place = forms.CharField(label="地区", max_length=60, required=False)
    basis = forms.CharField(
        label="依据", required=False, widget=forms.Textarea({"rows": 3}), help_text="一行一个，写文号和名称。"
    )
    steps = forms.MultipleChoiceField(
        label="流程", choices=[(step, step) for step in STEPS], widget=forms.CheckboxSelectMultiple()
    )

    def values(self) -> dict[str, Any]:
        """pack.toml 里的写法；流程按规定的次序。"""
        got = self.cleaned_data
        return {
            "name": got["name"], "place": got["place"], "basis": lines_of(got["basis"]),
            "steps": [step for step in STEPS if step in got["steps"]],
        }  # fmt: skip


class RowForm(forms.Form):
    """指标模板的一行。各列按方案声明的来，方案没有的列不出现。"""

    LONG = ("填报说明",)

    def __init__(
        self,
        *args: Any,
        columns: tuple[str, ...],
        directions: list[str],
        groups: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if groups:
            choices = [(f"{first}|{second}", f"{first}·{second}") for first, second in groups]
            self.fields["组"] = forms.ChoiceField(label="一级·二级指标", choices=choices)
        for name in columns:
            if name == "编号" or (groups and name in ("一级指标", "二级指标")):
                continue
            self.fields[name] = self._field(name, directions)

    def _field(self, name: str, directions: list[str]) -> forms.Field:
        if name == "性质":
            words = [("", "由年度指标值看出"), *((one, DIRECTION_WORDS.get(one, one)) for one in directions)]
            return forms.ChoiceField(label=name, choices=words, required=False)
        if name == LOCK:
            return forms.BooleanField(label="锁定：单位不能改写了的各栏，也不能删除", required=False)
        widget = (
            forms.Textarea({"rows": 3}) if name in self.LONG else forms.TextInput({"autocomplete": "off"})
        )
        help_text = "空着的各类项目都用。" if name == KIND else ""
        return forms.CharField(
            label="项目类型" if name == KIND else name,
            required=name == "三级指标",
            max_length=500,
            widget=widget,
            help_text=help_text,
        )

    def values(self) -> dict[str, str]:
        """各列的字，按原文的写法。"""
        found: dict[str, str] = {}
        for name, value in self.cleaned_data.items():
            if name == "组":
                found["一级指标"], _, found["二级指标"] = value.partition("|")
            else:
                found[name] = ("是" if value else "否") if name == LOCK else value.strip()
        return found


class FieldForm(forms.Form):
    """一个字段：说法、填报说明、必填、依据、公式。"""

    label = forms.CharField(label="名称", max_length=100, required=False, help_text="空着就用键的最后一段。")
    help = forms.CharField(
        label="填报说明", max_length=1000, required=False, widget=forms.Textarea({"rows": 3})
    )
    required = forms.BooleanField(label="必填", required=False)
    source = forms.CharField(label="依据（文号、条款）", max_length=200, required=False)
    prior = forms.CharField(
        label="上年的来源", max_length=100, required=False, help_text="上年材料里哪一格的数带到这里。"
    )
    compute = forms.CharField(
        label="公式", max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def values(self) -> dict[str, Any]:
        """空着的不写。"""
        return {name: (value or None) for name, value in self.cleaned_data.items()}


class CheckForm(forms.Form):
    """一条核对。"""

    code = forms.CharField(label="编号", max_length=20)
    title = forms.CharField(label="名称", max_length=100)
    level = forms.ChoiceField(label="级别", choices=[(one, LEVEL_WORDS[one]) for one in LEVELS])
    off = forms.BooleanField(label="停用：留着，不核对", required=False)
    scopes = forms.MultipleChoiceField(
        label="核对哪里", widget=forms.CheckboxSelectMultiple(), required=False
    )
    each = forms.CharField(label="逐行核对的列表", max_length=60, required=False, help_text="不逐行的空着。")
    when = forms.CharField(
        label="什么时候核对",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="空着就总是核对。",
    )
    expr = forms.CharField(
        label="应成立的条件", max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    cells = forms.CharField(
        label="问题出在哪几格",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="一行一个，第一个是主格。",
    )
    message = forms.CharField(
        label="消息",
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="哪里、什么、怎么改；{键} 印成那一格的值。",
    )
    expected = forms.CharField(label="应为", max_length=300, required=False)
    actual = forms.CharField(label="现为", max_length=300, required=False)
    because_of = forms.CharField(
        label="由哪些核对引起", max_length=200, required=False, help_text="编号，用空格隔开。"
    )
    source = forms.CharField(label="依据（文号、条款）", max_length=200, required=False)
    parameters = forms.CharField(label="参数", required=False, widget=forms.Textarea({"rows": 6}))

    LISTS = ("cells", "because_of", "scopes")

    def __init__(self, *args: Any, scopes: list[str], named: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["scopes"]
        assert isinstance(choices, forms.MultipleChoiceField)  # noqa: S101 给类型检查看的
        choices.choices = [(one or "-", one or "部门") for one in ["", *scopes]]
        for name in ("expr",) if named else ("parameters",):
            del self.fields[name]

    @staticmethod
    def initial_of(raw: Mapping[str, Any]) -> dict[str, Any]:
        """checks.toml 的一条 → 表单的各栏。"""
        made = {name: raw.get(name, "") for name in CheckForm.base_fields}
        made["cells"] = "\n".join(raw.get("cells", ()))
        made["because_of"] = " ".join(raw.get("because_of", ()))
        made["scopes"] = [one or "-" for one in raw.get("scopes", [""])]
        made["parameters"] = json.dumps(raw.get("parameters", {}), ensure_ascii=False, indent=1)
        made["off"] = bool(raw.get("off"))
        return made

    def clean_parameters(self) -> dict[str, Any]:
        try:
            made = json.loads(self.cleaned_data["parameters"] or "{}")
        except ValueError:
            raise forms.ValidationError(
                '参数的写法不对，要像 {"length": 20}。请检查引号、逗号和括号。'
            ) from None
        if not isinstance(made, dict):
            raise forms.ValidationError("参数要写在一对大括号里。")
        return made

    def values(self) -> dict[str, Any]:
        """checks.toml 里的写法；空着的为 None，不写。"""
        got = dict(self.cleaned_data)
        scopes = [one.removeprefix("-") for one in got.pop("scopes")]
        got["cells"], got["because_of"] = lines_of(got["cells"]), got["because_of"].split()
        made = {name: value or None for name, value in got.items()}
        made["message"] = got.get("message", "")
        return {**made, "scopes": scopes if scopes not in ([], [""]) else None}


class ParametersForm(forms.Form):
    """计分的参数：scoring.toml 的 [parameters]。"""

    negative = forms.ChoiceField(
        label="反向指标超出目标时",
        choices=[("ratio", "按 目标 ÷ 实际 计分"), ("linear", "按超出的比例线性扣减")],
    )
    over_threshold = forms.CharField(label="实际超过目标多少算偏离", max_length=10, help_text="0.3 是 30%。")
    over_action = forms.ChoiceField(
        label="偏离了怎么办", choices=[("reason", "说明原因，不扣分"), ("deduct", "扣分")]
    )
    over_points = forms.CharField(label="偏离扣几分", max_length=10)
    review_deviation = forms.CharField(
        label="审核得分与自评得分差多少算偏差大",
        max_length=10,
        initial="0.1",
        help_text="占自评得分的比例，0.1 是 10%；偏差大的在评审得分表上标出。",
    )
    rescale = forms.BooleanField(label="不适用的指标不计，其余折算成 100 分", required=False)
    bands = forms.CharField(
        label="定性指标的档次",
        widget=forms.Textarea({"rows": 4}),
        help_text="一行一档：名称 下限 上限，如 达成 0.8 1。",
    )
    caps = forms.CharField(
        label="按执行率封顶",
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="一行一条：执行率低于多少 总分最高多少，如 0.8 89。",
    )
    deductions = forms.CharField(
        label="按件扣分的指标",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="一行一个：三级指标 每少多少 扣几分，如 培训场次 1 1。",
    )

    COLUMNS = {
        "bands": ("name", "low", "high"),
        "caps": ("below", "total"),
        "deductions": ("indicator", "per", "points"),
    }

    @classmethod
    def initial_of(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        made = {name: raw.get(name, "") for name in cls.base_fields}
        for name, columns in cls.COLUMNS.items():
            made[name] = "\n".join(
                " ".join(str(row.get(c, "")) for c in columns) for row in raw.get(name, ())
            )
        made["review_deviation"] = raw.get("review_deviation", "0.1")
        return {**made, "rescale": bool(raw.get("rescale"))}

    def clean(self) -> dict[str, Any]:
        got = super().clean() or {}
        for name, columns in self.COLUMNS.items():
            rows = [line.rsplit(maxsplit=len(columns) - 1) for line in lines_of(got.get(name, ""))]
            wrong = next((row for row in rows if len(row) != len(columns)), None)
            if wrong is not None:
                self.add_error(name, f"“{' '.join(wrong)}”这一行要有 {len(columns)} 项，用空格隔开。")
            got[name] = [dict(zip(columns, row, strict=False)) for row in rows]
        if not self.errors:
            try:
                read_parameters(got)
            except PackProblem as problem:
                self.add_error(None, str(problem))
        return got

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class OutlineForm(forms.Form):
    """报告提纲的一块：标题和填报说明。"""

    h1 = forms.CharField(label="标题", max_length=200, required=False)
    h2 = forms.CharField(label="小标题", max_length=200, required=False)
    guide = forms.CharField(
        label="填报说明", max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )


class PublishForm(forms.Form):
    """发布：说明这一版改了什么。"""

    changes = forms.CharField(
        label="这一版改了什么", required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
