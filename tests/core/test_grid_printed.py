"""A small form with every power of the notation, expanded and printed row by row, cell by cell, piece by piece."""

from __future__ import annotations

import pytest

from evaluations.core.cells import Cell, Grid, Piece, Row
from evaluations.core.facts import Facts
from evaluations.core.grid import expand
from evaluations.core.pack import Pack
from evaluations.core.paging import Break, cut
from tests.builders import LAB_FIELDS, NA, lab_facts, make_pack, scope_input
from tests.goldens import same_as_golden

FIELDS = (
    LAB_FIELDS.replace(
        "fields = [",
        """fields = [
  {key = "满分", kind = "points"}, {key = "填表人", kind = "text"}, {key = "资金.得", kind = "points"}, {key = "审核", kind = "points", by = "reviewer"},
  {key = "报告", kind = "long_text", live = true}, {key = "路", kind = "choice", choices = ["省道", "县道"]},
  {key = "指标[]", shape = "指标"},""",
        1,
    )
    .replace(
        "[[scope]]",
        """[[shape]]
name = "指标"
fields = [
  {key = "一级", kind = "text"}, {key = "二级", kind = "text"}, {key = "名称", kind = "text"}, {key = "分值", kind = "points"},
  {key = "目标", kind = "text"}, {key = "实际", kind = "text"}, {key = "性质", kind = "text"}, {key = "档", kind = "text"},
  {key = "得分", kind = "points"}, {key = "建议", kind = "points"},
]
[[shape]]
name = "架"
fields = [{key = "一级", kind = "text"}, {key = "二级", kind = "text"}]
[[scope]]""",
        1,
    )
    .replace('{key = "名", kind = "text"', '{key = "名", kind = "text", home = "form"', 1)
    .replace(
        '{key = "框[]"',
        '{key = "架[]", shape = "架", rows = [["产出", "数量"], ["产出", "质量"], ["效益", "社会"]]},\n  {key = "框[]"',
    )
)
SCORES = """
[[scores]]
field = "资金.得"
method = "执行率"
weight = "满分"
executed = "资金.执行"
budget = "资金.预算"
[[scores]]
field = "指标.建议"
method = "指标"
weight = "分值"
direction = "性质"
target = "目标"
actual = "实际"
band = "档"
name = "名称"
score = "得分"
"""
FORM = """
key = "form"
title = "{year}年试验表"
short = "试验"
columns = [4, 1, 2, 3, 5]
orientation = "landscape"
font_size = "9pt"
annex = "附件1"

[[band]]
kind = "line"
rows = [ [ {t = "{year}年试验表", w = 5, style = "title"} ], [ {t = "单位：万元", w = 5, style = "note", align = "right", lines = 2} ] ]

[[band]]
kind = "line"
screen = true
rows = [ [ {t = "没有就勾", w = 4}, {f = "有"} ] ]

[[band]]
kind = "fixed"
cols = ["预算", "执行", "执行率"]
rows = [
  [ {t = "资金", h = 2, style = "small"}, "项目", {t = "{*}"} ],
  [ "金额", {f = "资金.*", w = [1, 1, 1]} ],
  [ {t = "得分{资金.得}分", w = 2}, {t = "合计{a + b:0.00}", align = "left"}, {f = "审核"}, {f = "名", lines = 3} ],
  [ {f = "路", show = "boxes", w = 2}, {f = "日"}, {t = "比去年{PRIOR(a)}、{a}", w = 2} ],
]

[[band]]
kind = "repeat"
over = "指标"
side = {t = "指标", w = 1}
skeleton = "架"
open = "……"
head = [[ "一级", "二级", "名称", "得分" ]]
row = [ {t = "{一级}（{COUNT(组)}项、{SUM(组.得分)}分、规定{COUNT(架)}组）", merge = "一级"}, {f = "二级", merge = "二级", style = "small", align = "left", lines = 2}, {f = "名称"}, {f = "得分"} ]

[[band]]
kind = "repeat"
over = "表"
head = [ [ {t = "名称", h = 2}, {t = "数", w = 4} ], [ "组别", "满", "差", "注" ] ]
row = [ [ {t = "{行号}.{名称}", h = 2}, {f = "组别", h = 2, merge = "组别"}, {f = "满"}, {f = "差"}, {f = "注"} ], [ {t = "其中{本数}", w = 3} ] ]
min_rows = 2
open = "……"
repeat_head = false

[[band]]
kind = "repeat"
over = "另表"
side = {t = "另表"}
row = [ {f = "名称", w = 2}, {f = ".*"} ]
cols = ["数", "满"]
empty = {t = "{名}没有此项", when = "有"}

[[band]]
kind = "line"
rows = [ [ {t = "填表人：{填表人}", w = 2, align = "left"}, {f = "报告", w = 3} ] ]
""".replace("{本数}", "{数}")
PROJECT = """
key = "project"
title = "项目表"
scope = "项目"
sheet = "各项目"
columns = [1, 2]
when = "x > 0"
[[band]]
kind = "fixed"
rows = [ [ {f = "项目.名称"}, {f = "x"} ], [ {t = "部门{本部门.a}"}, {f = "a"} ] ]
[[band]]
kind = "repeat"
over = "表"
row = [ {f = "名称"}, {f = "数"} ]
min_rows = 1
"""
PROSE = """
key = "prose"
title = "{year}年报告"
kind = "prose"
block = [ {title = "{名}的报告"}, {h1 = "一", guide = "写清楚", text = "{报告}", live = "共{a}", lines = 4}, {h2 = "二", sign = "{名}"} ]
"""
ROWS = {
    "指标": [
        {
            "一级": "产出",
            "二级": "数量",
            "名称": "办件",
            "分值": 10,
            "目标": "≥100件",
            "实际": "95件",
            "得分": 9,
        },
        {"一级": "产出", "二级": "数量", "名称": "巡查", "分值": 5, "得分": NA},
        {"一级": "产出", "二级": "时效", "名称": "时限", "得分": 3},
        {"名称": "没有分组的", "得分": 1},
    ],
    "表": [
        {"名称": "甲", "组别": "子", "数": 1, "满": 2, "注": "注\n二"},
        {"名称": "乙", "组别": "子", "数": 3},
        {"名称": "丙", "数": 4, "满": NA},
    ],
    "另表": [{"名称": "丁", "数": "1.50", "满": 0}],
}
VALUES = {"a": "1.5", "b": 2, "名": "试验单位", "填表人": "张三", "有": True, "路": "县道", "满分": 10, "报告": "用了{资金.预算}万元", "资金__预算": 80, "资金__执行": 76}  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> Pack:
    return make_pack(FIELDS, form=FORM, scoring=SCORES, **{"forms/project": PROJECT, "forms/prose": PROSE})


def facts_of(pack: Pack, *, empty: bool = False) -> Facts:
    root = scope_input(有=True) if empty else scope_input(rows=ROWS, **VALUES)
    projects = [
        scope_input("p1", x=1, a=2, 项目__名称="平台", rows={"表": [{"名称": "甲", "数": 1}]}),
        scope_input("p2", x=0),
    ]
    return lab_facts(
        root, *projects, pack=pack, prior=None if empty else lab_facts(scope_input(a=9), pack=pack)
    )


def piece_told(piece: Piece) -> str:
    if not piece.address:
        assert piece.field is None or piece.field.label
        return repr(piece.text)
    marks = [
        piece.field.key if piece.field else "—",
        "填" if piece.input else "算" if piece.computed else "显",
    ]
    marks += [f"建议 {piece.suggested}"] if piece.suggested else []
    return f"{piece.address}={piece.text!r} {piece.value!r} {' '.join(marks)}"


def cell_told(cell: Cell) -> str:
    marks = [cell.role, cell.align, *(part for part in (cell.style, cell.show) if part)]
    marks += [f"{cell.lines}行高"] if cell.lines != 1 else []
    marks += [] if cell.frame else ["无框"]
    marks += [f"组 {'·'.join(name for _, name in cell.group)}"] if cell.group else []
    pieces = " ＋ ".join(map(piece_told, cell.pieces))
    only = "" if cell.only_value is None else " 只"
    return f"    C{cell.col + 1} {cell.h}×{cell.w} {' '.join(marks)}{only}: {pieces}"


def row_told(row: Row) -> str:
    marks = [f"节{row.section}", *(["头"] if row.head else []), *([] if row.frame else ["无框"])]
    marks += [f"表 {row.over}"] if row.over else []
    marks += ["组 " + "·".join(f"{key}={name}" for key, name in row.group)] if row.group else []
    return f"  {row.id} | {row.address} | {' '.join(marks)}"


def grid_told(title: str, grid: Grid) -> str:
    head = f"# {title}: {grid.form} {grid.title} {grid.columns} {grid.orientation} {grid.font_size} {grid.sheet} {grid.kind}"
    lines = [head]
    for row, cells in grid.by_row():
        lines += [row_told(row), *map(cell_told, cells)]
    return "\n".join([*lines, ""])


def test_every_form_is_expanded_as_it_should_be(pack: Pack):
    facts, blank = facts_of(pack), facts_of(pack, empty=True)
    form, project, prose = (pack.form(key) for key in ("form", "project", "prose"))
    told = [
        grid_told("印", expand(form, facts)),
        grid_told("屏幕", expand(form, facts, screen=True)),
        grid_told("空表", expand(form, blank, open_rows=True)),
        grid_told("项目", expand(project, facts, facts.children["项目"][0], screen=True)),
        grid_told("空项目", expand(project, facts, facts.children["项目"][1])),
        grid_told("报告", expand(prose, facts)),
        grid_told("报告在屏幕上", expand(prose, facts, screen=True)),
    ]
    same_as_golden("grid.txt", "\n".join(told))


def test_every_form_is_cut_into_pages_as_it_should_be(pack: Pack):
    grid = expand(pack.form("form"), facts_of(pack))
    told = []
    for breaks in (
        [Break(7), Break(9)],
        [Break(4, inside=True, printed={1: 2, 4: 1}), Break(8, inside=True, printed={3: 1}), Break(8, inside=True), Break(12)],
        [Break(15, inside=True, printed={4: 2}), Break(16), Break(18, inside=True, printed={4: 99})],
    ):  # fmt: skip
        paged = cut(grid, breaks)
        told.append(grid_told(f"页首 {sorted(paged.starts)}，切开 {sorted(paged.split)}", paged.grid))
    same_as_golden("grid-pages.txt", "\n".join(told))
