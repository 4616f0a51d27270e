"""Reading a sheet of figures: the three-way comparison, the columns, the unit of money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from evaluations.core.pack import Pack
from evaluations.core.prefill import (
    Source,
    Verdict,
    heading_of,
    names_of,
    read_source,
    template_keys,
    unit_doubt,
    verdict,
)
from tests.builders import make_pack
from tests.goldens import same_as_golden

HEAD = ["预算编码", "资金.全年预算数"]


@pytest.mark.parametrize(
    ("base", "source", "mine", "expected"),
    [
        (None, "5", "", Verdict.NEW),
        (None, "5", "5", Verdict.SAME),
        (None, "5", "6", Verdict.BOTH),
        ("5", "5", "5", Verdict.SAME),
        ("5", "7", "5", Verdict.CHANGED),
        ("5", "5", "6", Verdict.KEPT),
        ("5", "5", "", Verdict.KEPT),
        ("5", "7", "6", Verdict.BOTH),
        ("5", "7", "", Verdict.BOTH),
        ("5", "7", "7", Verdict.SAME),
    ],
)
def test_what_the_unit_changed_itself_is_never_simply_updated(
    base: str | None, source: str, mine: str, expected: Verdict
) -> None:
    assert verdict(base, source, mine) == expected


def read(yueyang: Pack, sheets: dict[str, list[list[Any]]], unit: str = "") -> Source:
    return read_source(sheets, yueyang.schema, "万元", unit)


@pytest.mark.parametrize(
    ("rows", "unit", "said", "text"),
    [
        ([["单位：元"], HEAD, ["101", 948_000]], "元", "单位：元", "94.8"),
        ([["2024年决算（万元）"], HEAD, ["101", 94.8]], "万元", "2024年决算", "94.8"),
        ([HEAD, ["101", 948_000.05]], "元", "按数的大小", "94.800005"),
        ([HEAD, ["101", 94.8]], "万元", "按数的大小", "94.8"),
    ],
)
def test_the_unit_of_money_is_proposed_from_the_file(
    yueyang: Pack, rows: list[list[Any]], unit: str, said: str, text: str
) -> None:
    source = read(yueyang, {"部门": rows})
    assert not source.faults
    assert (source.unit, source.packages[0].values["资金.全年预算数"].text) == (unit, text)
    assert said in source.said


def test_the_unit_that_is_chosen_wins(yueyang: Pack) -> None:
    source = read(yueyang, {"部门": [["单位：元"], HEAD, ["101", "94.8"]]}, unit="万元")
    assert source.packages[0].values["资金.全年预算数"].text == "94.8"
    assert not source.guessed


@pytest.mark.parametrize(
    ("amount", "known", "unit", "words"),
    [
        ("948000", "94.8", "万元", "把元当成了万元"),
        ("0.00948", "94.8", "元", "把万元当成了元"),
        ("94.8", "89.8", "万元", ""),
        ("0.00948", None, "元", "94.8 元"),
        ("1000000", None, "万元", "像是元"),
        ("94.8", None, "万元", ""),
        ("0", "94.8", "元", ""),
    ],
)
def test_an_amount_in_the_other_unit_is_noticed(
    amount: str, known: str | None, unit: str, words: str
) -> None:
    found = unit_doubt(Decimal(amount), Decimal(known) if known else None, unit, "万元")
    assert words in found if words else found == ""


def test_columns_are_known_by_key_full_label_or_a_label_that_is_unique(yueyang: Pack) -> None:
    root, project = yueyang.schema.root, yueyang.schema.children["项目"]
    for heading in ("资金.全年预算数", "年度资金总额·全年预算数"):
        assert names_of(root)[heading] == "资金.全年预算数"
    assert names_of(root)["一般公共预算"] == "来源.一般公共预算"
    assert names_of(project)["主管部门"] == "项目.主管部门"
    assert not {"全年预算数", "资金.执行率", "总分.得分", "指标", "项目.名称"} & names_of(root).keys()
    assert "项目.名称" not in names_of(project)


def test_every_heading_of_the_template_leads_back_to_its_key(yueyang: Pack) -> None:
    for scope in yueyang.schema.scopes():
        for key in template_keys(scope):
            assert names_of(scope)[heading_of(scope, key)] == key


# ---- whole files ----

FIELDS = """
fields = [
  {key = "资金.预算", kind = "money", label = "预算数"}, {key = "资金.执行", kind = "money", label = "执行数"}, {key = "人数", kind = "integer", label = "在职人数"},
  {key = "编制.预算", kind = "money", label = "预算数"}, {key = "说明", kind = "long_text"}, {key = "率", kind = "percent", compute = "资金.执行 / 资金.预算"},
  {key = "评语", kind = "text", by = "reviewer"}, {key = "率.执行", kind = "money", compute = "1", label = "执行数"}, {key = "类别", kind = "choice", choices = ["甲", "乙"]}, {key = "名单[]", shape = "行"},
  {key = "单位名称", kind = "text"}, {key = "名", kind = "text", label = "单位名称"},
]
[[shape]]
name = "行"
fields = [{key = "名称", kind = "text"}, {key = "数", kind = "money"}]
[[scope]]
name = "项目"
match = "项目.名称"
fields = [
  {key = "项目.名称", kind = "text", label = "项目名"}, {key = "金额", kind = "money"}, {key = "地点", kind = "text"}, {key = "概况", kind = "long_text"},
  {key = "占比", kind = "percent"}, {key = "起", kind = "date"},
]
"""
P, Q = ["预算编码", "单位名称", "资金.预算", "在职人数"], ["预算编码", "项目编码", "项目名称", "金额", "地点"]
FILES: dict[str, dict[str, list[list[Any]]]] = {
    "部门和项目": {
        "部门": [["2024年决算（单位：元）"], P, [101, "甲局", 948000, 12.0], ["102", "乙局", None, "不适用"], [], [None, "", "", ""]],
        " 项目 ": [Q, ["101", "X1", "广场改造", "1,000.50", "城南"], ["101", "", "食堂", "", ""], ["101", "X2", "", -5, ""]],
        "说明": [["随便写"]],
    },
    "一张表没有叫部门": {"Sheet1": [P, ["101", "甲局", 94.8, 2]]},
    "一张表是项目的": {"导出": [["项目名称", "预算编码", "金额"], ["食堂", "101", "2"]]},
    "一张表只有项目编码": {"导出": [["项目编码", "预算编码", "金额"], ["X1", "101", "2"]]},
    "两张表都不认识": {"一": [P], "二": [Q]},
    "没有表头": {"部门": [["名称", "数"], ["甲局", 1]]},
    "没有预算编码": {"部门": [["单位名称", "资金.预算"], ["甲局", 1]]},
    "不能收的列": {
        "部门": [[*P, "率", "评语", "名单.数", "乱写", "预算数", "项目名称", "执行数"], ["101", "甲局", 1, 2, "50%", "好", "1", "x", "5"]],
        "项目": [[*Q, "项目.名称", "项目名", "占比"], ["101", "X1", "广场", 1, "城南", "广场", "", "12.5%"]],
    },
    "读不懂的格": {
        "部门": [P, ["101", "甲局", "约100", "2.5"], ["", "乙局", 1, 1], ["103", "丙局", "#REF!", "#未计算"]],
        "项目": [Q, ["101", "", "", 5, "城南"], ["101", "X" * 61, "广场", 1, ""], ["101", "X" * 60, "广场", 1, ""]],
    },
    "同一格两列": {"部门": [[*P, "人数"], ["101", "甲局", 1, 2, 3], ["102", "乙局", 1, 2, ""]]},
    "重复的行": {
        "部门": [P, ["101", "甲局", 1, 1], ["101", "甲局", 2, 2], ["101", "甲局", 3, 3]],
        "项目": [
            Q, ["101", "X1", "甲", 1, ""], ["101", "X1", "乙", 1, ""], ["101", "X2", "甲", 1, ""], ["101", "", "丙 丁", 1, ""],
            ["101", "", "丙丁", 1, ""], ["102", "X1", "甲", 1, ""], ["101", "", "X1", 1, ""],
        ],
    },
    "选项和日期": {
        "部门": [["预算编码", "类别", "说明"], ["101", "乙", "一\n二"], ["102", "丙", ""]],
        "项目": [["预算编码", "项目名称", "起", "概况"], ["101", "食堂", "2024年5月1日", "好"]],
    },
    "大数没写单位": {"部门": [P, ["101", "", "99999.99", ""], ["102", "", "100000", ""], ["103", "", "-100000", ""]]},
    "小数没写单位": {"部门": [P, ["101", "", "99999", ""], ["102", "", "0", ""], ["103", "", "不适用", 200000]]},
    "单位写在第十行": {"部门": [P, *([str(n), "", "", ""] for n in range(8)), ["金额单位（元）", "", "5", ""]]},
    "单位写在第十一行": {"部门": [P, *([str(n), "", "", ""] for n in range(9)), ["金额单位（元）", "", "5", ""]]},
    "别的字里的单位": {"部门": [["本单位元旦慰问，本单位元月数"], [*P[:2], "资金.预算(万元)"], ["101", "", 5]]},
}  # fmt: skip


def told(source: Source) -> list[str]:
    lines = [f"  金额单位 {source.unit}：{source.said}{'（按大小）' if source.guessed else ''}"]
    for kind, rows in (("部门", source.packages), ("项目", source.projects)):
        for one in rows:
            values = "，".join(f"{key}={given.text}（{given.heading}）" for key, given in one.values.items())
            names = f"{one.code}｜{one.project_code}｜{one.project_name}"
            lines.append(f"  {kind} {one.row.number} {names}：{values}")
    lines += [f"  错 {fault}｜{fault.value}" for fault in source.faults]
    return lines + [f"  说 {fault}｜{fault.info}" for fault in source.told]


def test_every_kind_of_file_is_read_or_refused_in_words() -> None:
    schema = make_pack(FIELDS).schema
    lines: list[str] = []
    for name, sheets in FILES.items():
        lines += [name, *told(read_source(sheets, schema, "万元")), ""]
    lines += ["人选的单位", *told(read_source(FILES["部门和项目"], schema, "万元", "万元")), ""]
    lines += ["方案用元", *told(read_source(FILES["部门和项目"], schema, "元", "万元"))]
    same_as_golden("prefill.txt", "\n".join(lines) + "\n")


def test_a_pack_without_projects_reads_a_single_sheet_as_its_package() -> None:
    schema = make_pack('fields = [{key = "a", kind = "money"}]').schema
    source = read_source({"导出": [["预算编码", "项目名称", "a"], ["101", "食堂", "2"]]}, schema, "万元")
    assert [(one.code, one.values["a"].text) for one in source.packages] == [("101", "2")]
    assert [str(fault) for fault in source.faults] == [
        "“导出”第1行“项目名称”：没有这一格。请删去这一列，或用下载的模板里的列名。"
    ]


def test_the_columns_and_headings_of_the_template() -> None:
    root, project = make_pack(FIELDS).schema.scopes()
    assert names_of(root) == {
        "资金.预算": "资金.预算", "资金.执行": "资金.执行", "人数": "人数", "在职人数": "人数", "编制.预算": "编制.预算",
        "说明": "说明", "类别": "类别", "单位名称": "单位名称", "名": "名",
    }  # fmt: skip
    assert template_keys(root) == ["资金.预算", "资金.执行", "人数", "编制.预算"]
    assert template_keys(project) == ["金额", "地点", "占比"]
    assert [heading_of(root, key) for key in template_keys(root)] == [
        "资金.预算",
        "资金.执行",
        "在职人数",
        "编制.预算",
    ]


@pytest.mark.parametrize(
    ("amount", "known", "unit", "sentence"),
    [
        ("10000", "5", "元", "是原来的 5 万元的约 2000 倍，像是把元当成了万元。"),
        ("9999", "5", "元", ""),
        ("250000", "5", "元", "是原来的 5 万元的约 50000 倍，像是把元当成了万元。"),
        ("250001", "5", "元", ""),
        ("0.005", "10", "元", "只有原来的 10 万元的约 2000 分之一，像是把万元当成了元。"),
        ("0.0051", "10", "元", ""),
        ("0.0002", "10", "元", "只有原来的 10 万元的约 50000 分之一，像是把万元当成了元。"),
        ("0.00019", "10", "元", ""),
        ("-50000", "5", "元", "是原来的 5 万元的约 10000 倍，像是把元当成了万元。"),
        ("0.01", "0", "元", ""),
        ("0.0099", "0", "元", "只有 99 元，像是万元。"),
        ("-0.0099", None, "元", "只有 99 元，像是万元。"),
        ("999999.99", None, "万元", ""),
        ("1000000", None, "万元", "有 1000000 万元，像是元。"),
        ("0.0001", None, "万元", ""),
        ("1000000", None, "元", ""),
        ("0", None, "元", ""),
    ],
)
def test_the_limits_of_doubt_about_the_unit(amount: str, known: str | None, unit: str, sentence: str) -> None:
    assert unit_doubt(Decimal(amount), Decimal(known) if known else None, unit, "万元") == sentence
