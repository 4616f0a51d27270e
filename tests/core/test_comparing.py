"""The difference of two packs in plain words, item by item."""

import pytest

from evaluations.core.comparing import compare, shown, tables_of
from evaluations.core.pack import read_folder
from tests.builders import PACK_FOLDER
from tests.core.test_prescribed import ROWS, changed, with_rows
from tests.goldens import same_as_golden

FILES = read_folder(PACK_FOLDER)
CASES = [
    ("year", changed("pack.toml", "year = 2024", "year = 2025"), ("基本信息", "方案", "年度", "2024", "2025")),
    ("weight", changed("indicators.toml", '"数量指标", "50"', '"数量指标", "55"'), ("指标（指标框架）", "产出指标·数量指标", "规定分值", "50", "55")),
    ("constant", changed("indicators.toml", 'value = "10"', 'value = "20"'), ("常数", "执行权重", "值", "10", "20")),
    ("new prescribed row", with_rows("部门指标模板", ROWS.split("\n    [\"T2")[0] + "]"), ("指标（部门指标模板）", "T1", "增加", "（没有）", None)),
    ("help", changed("fields.toml", 'help = "如 个、件、%。"', 'help = "如 人次。"'), ("字段（指标）", "计量单位", "填报说明", "如 个、件、%。", "如 人次。")),
    ("level", changed("checks.toml", '{code = "P04", level = "warning"', '{code = "P04", level = "info"'), ("核对", "P04 年中追加的项目须说明", "级别", "提醒", "提示")),
    ("switched off", changed("checks.toml", '{code = "W04"', '{off = true, code = "W04"'), ("核对", "W04 分值大于 0", "停用", "（没有）", "是")),
    ("parameter", changed("scoring.toml", 'over_threshold = "0.3"', 'over_threshold = "0.2"'), ("计分", "参数", "超额多少算偏离", "0.3", "0.2")),
    ("form", changed("forms/2_department.toml", '"分值", "执行率", "得分"', '"权重", "执行率", "得分"'), ("表样", "第2带第2行", "改了", None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("files", "wanted"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_change_is_told_once_with_its_item_old_and_new(files, wanted):
    (found,) = compare(FILES, files)
    part, item, what, old, new = wanted
    assert found.part.startswith(part) and (found.item, found.what) == (item, what)
    assert old is None or found.old == old
    assert new is None or found.new == new


def test_the_same_pack_has_no_difference_whatever_its_comments_and_spaces():
    spaced = {name: f"# 说明\n\n{text}\n" for name, text in FILES.items()}
    assert compare(FILES, spaced) == []


def test_order_and_removal_are_told():
    lines = FILES["checks.toml"].split("\n")
    at = next(number for number, line in enumerate(lines) if 'code = "W04"' in line)
    without = {**FILES, "checks.toml": "\n".join(lines[:at] + lines[at + 1 :])}
    (gone,) = compare(FILES, without)
    assert (gone.item, gone.what, gone.new) == ("W04 分值大于 0", "去掉", "（没有）")
    moved = {
        **FILES,
        "checks.toml": "\n".join([*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]),
    }
    assert [one.what for one in compare(FILES, moved)] == ["次序变了"]


@pytest.mark.parametrize("text", ["scores = [[", "scores = 3", "parameters = 1", "scores = [1, {field = 2}]"])
def test_damaged_files_are_compared_as_far_as_they_go(text):
    assert compare(FILES, {**FILES, "scoring.toml": text})


# ---- every kind of difference at once ----

BEFORE = {
    "pack.toml": 'name = "甲市"\nyear = 2024\nbasis = ["一号文", "二号文"]\nsteps = ["单位审核", "财政审核"]\nreport = 3\n',
    "fields.toml": """
fields = [
  {key = "人数", kind = "integer", label = "在职人数", required = true}, {key = "去掉的", kind = "text"}, {key = "面积", kind = "decimal"},
  {key = "名单[]", shape = "名单", rows = [["甲", "1"], ["乙", "2"], []]}, {key = "编的[]", shape = "编的", rows = [["A1", "一", "5"], []]},
  {key = "不看", kind = "text"}, 3,
]
constants = [{key = "权重", value = "10"}, {key = "多的", value = "1"}]
[[shape]]
name = "名单"
fields = [{key = "名称", kind = "text"}, {key = "数", kind = "decimal"}]
[[shape]]
name = "编的"
fields = [{key = "编号", kind = "text"}, {key = "名称", kind = "text"}, {key = "分值", kind = "points"}]
[[shape]]
name = "旧的"
fields = [{key = "旧列", kind = "text"}]
[[scope]]
name = "项目"
fields = [{key = "项目.名称", kind = "text"}, {key = "性质", kind = "choice", choices = ["甲", "乙"]}]
[[scope]]
name = "工程"
fields = [{key = "地点", kind = "text"}]
""",
    "indicators.toml": """
requires = [{expr = "1 == 1", message = "要成立。"}]
templates = [{scope = "", list = "指标", rows = "模板"}]
fields = [{key = "框架[]", shape = "框架", rows = [["产出", "数量", "50"], ["产出", "质量", ""]]}]
[[shape]]
name = "框架"
fields = [{key = "一级", kind = "text"}, {key = "二级", kind = "text"}, {key = "规定分值", kind = "points"}]
""",
    "scoring.toml": """
scores = [{field = "资金.得分", method = "执行率"}, {field = "去掉的得分", method = "总分"}]
[parameters]
negative = "ratio"
rescale = false
caps = []
""",
    "checks.toml": """
checks = [
  {code = "W01", title = "总分", level = "error", message = "不是一百。"}, {code = "W02", level = "warning", expr = "a == 1"},
  {code = "W03", title = "重名", level = "error"}, {code = "W03", title = "重名", level = "info"}, {code = "W03", title = "重名", level = "warning"},
]
not_evaluated = [{code = "B10", why = "没有格。"}, {code = "B11", title = "纸面", why = "印死的。"}]
""",
    "forms/1.toml": """
title = "基础数据表"
order = 1
[[band]]
kind = "fixed"
over = "甲"
rows = [["人数", "面积"], [{t = "一", w = 2}, "二"], ["三"]]
[[band]]
kind = "line"
[[band]]
kind = "去掉的带"
""",
    "forms/2.toml": 'title = "报告"\nkind = "prose"\nblock = [{h1 = "一"}, {h1 = "二"}]\n',
    "forms/3.toml": 'title = "旧表"\n',
    "forms/5.toml": "order = 1\n",
}  # fmt: skip
AFTER = {
    "pack.toml": 'name = "乙市"\nyear = 2024\nplace = "乙"\nbasis = ["一号文", "三号文"]\nsteps = ["财政审核"]\n',
    "fields.toml": """
fields = [
  {key = "面积", kind = "money", digits = 2, unit = "元"}, {key = "人数", kind = "integer", label = "在岗人数"},
  {key = "新的", kind = "text", label = "新的一格"}, {key = "公式的", compute = "人数 * 2"},
  {key = "名单[]", shape = "名单", rows = [["甲", "3"], ["丙", "4"], []]}, {key = "编的[]", shape = "编的", rows = [["A1", "一", "6"], ["A2"], []]},
  {key = "不看", kind = "text"}, {},
]
constants = [{key = "权重", value = "20"}]
[[shape]]
name = "名单"
fields = [{key = "名称", kind = "text"}, {key = "数", kind = "integer"}]
[[shape]]
name = "编的"
fields = [{key = "编号", kind = "text"}, {key = "名称", kind = "text"}, {key = "分值", kind = "points"}]
[[shape]]
name = "新形"
fields = [{key = "新列", required = true}]
[[scope]]
name = "项目"
fields = [{key = "项目.名称", kind = "text", by = "reviewer"}, {key = "性质", kind = "choice", choices = ["甲", "丙"]}]
[[scope]]
name = "活动"
fields = [{key = "日期", kind = "date"}]
""",
    "indicators.toml": """
requires = [{expr = "1 == 2", message = "要成立。"}]
fields = [{key = "框架[]", shape = "框架", rows = [["产出", "数量", "60"], ["产出", "质量", ""], ["效益"]]}]
[[shape]]
name = "框架"
fields = [{key = "一级", kind = "text"}, {key = "二级", kind = "text"}, {key = "规定分值", kind = "points"}]
""",
    "scoring.toml": """
scores = [{field = "新的得分", method = "总分"}, {field = "资金.得分", method = "总分", weight = "资金.分值"}]
[parameters]
negative = "linear"
rescale = true
caps = [{below = "0.8", total = "89"}]
later = "1"
""",
    "checks.toml": """
checks = [
  {code = "W01", title = "总分", level = "warning", message = "不是一百。", cells = ["a", "b"], off = true}, {code = "W04", level = "info", fn = "x"},
  {code = "W03", title = "重名", level = "error"}, {code = "W03", title = "重名", level = "error"}, {code = "W03", title = "重名", level = "error"},
]
not_evaluated = [{code = "B11", title = "纸面", why = "另有办法。"}, {code = "B12", why = "新的。"}]
""",
    "forms/1.toml": """
title = "基本数据表"
order = 2
[[band]]
kind = "fixed"
over = "乙"
rows = [["人数", "面积"], [{t = "一", h = 3, align = "left"}, "三", ""], ["三"], ["四"]]
[[band]]
kind = "line"
""",
    "forms/2.toml": 'title = "报告"\nkind = "prose"\nblock = [{h1 = "一"}, {h1 = "二", lines = 3}, {h2 = "三"}]\n',
    "forms/4.toml": 'title = "新表"\n',
    "forms/5.toml": "order = 2\n",
    "notes.toml": "x = 1\n",
}  # fmt: skip


def told(old: dict[str, str], new: dict[str, str]) -> str:
    return "\n".join(
        f"{one.part}｜{one.item}｜{one.what}｜{one.old} → {one.new}" for one in compare(old, new)
    )


def test_every_kind_of_difference_is_told_in_words_there_and_back():
    text = f"{told(BEFORE, AFTER)}\n\n反过来\n{told(AFTER, BEFORE)}\n\n只有一套\n{told({}, BEFORE)}\n"
    same_as_golden("comparing.txt", text)
    assert compare(BEFORE, BEFORE) == compare(AFTER, AFTER) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x = [", {}),
        ("a = " + "[" * 5_000, {}),
        ('fields = [1, {key = "a", shape = "名单", rows = "模板", parameters = 1}, "x"]', {"fields": [{"key": "a", "shape": "名单", "rows": "模板"}]}),
        ("fields = 3\nrows = 3\ncells = 3\nparameters = []\nscopes = 'x'\nbasis = 1\nsteps = 1\nchoices = 1\nbecause_of = 1", {}),
        ("rows = [[1], 2, [3]]\ncells = ['a']\n[parameters]\nx = 1", {"rows": [[1], [3]], "cells": ["a"], "parameters": {"x": 1}}),
        ("[[band]]\nrows = [['a'], 'b']\nkind = 1", {"band": [{"rows": [["a"]], "kind": 1}]}),
        ("[band]\nkind = 1", {}),
    ],
)  # fmt: skip
def test_a_draft_is_read_as_far_as_its_shapes_are_right(text, kept):
    assert tables_of({"f": text}) == {"f": kept}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "（没有）"), (True, "是"), (False, "否"), (0, "0"), ("error", "错误"), ("别的", "别的"), ("", "（没有）"), ([], "（没有）"), ({}, "（没有）"),
        (["warning", "", "a"], "提醒；；a"), ({"b": [1, True], "t": "字", "w": 2}, "b 1；是，文字 字，占列 2"),
    ],
)  # fmt: skip
def test_a_value_is_said_in_words(value, words):
    assert shown(value) == words
