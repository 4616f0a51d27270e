"""表格的 HTML：三种方式一份标记，文字全部转义。"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from evaluations.core.explaining import score_addresses
from evaluations.core.grid import SIDE, Grid, Piece, expand
from evaluations.core.paging import Break, cut
from evaluations.exports.html import render_grid, render_page, render_paged, sections
from evaluations.exports.measure import balanced, text_lines
from evaluations.exports.reasons import reasons
from tests.exports.golden import GOLDEN, grid_file, grids


@pytest.mark.parametrize(
    "key", sorted(path.stem.removeprefix("2024-yueyang-") for path in GOLDEN.glob("2024-yueyang-*.json"))
)
def test_every_form_is_the_golden_one(example_facts, key: str):
    """逐格比对；有意改动表样后运行 ``python -m tests.exports.golden`` 并逐格看过。"""
    grid = grids(example_facts)[key]
    assert grid.dump() == json.loads(grid_file(key).read_text(encoding="utf-8"))


def test_every_form_has_its_golden_file(example_facts):
    assert {grid_file(key) for key in example_facts.pack.forms} == set(GOLDEN.glob("2024-yueyang-*.json"))


def test_the_list_gets_a_head_and_its_side_label_is_cut_there(department: Grid):
    listing = next(section for section in sections(department) if section.head)
    upper = next(spot for spot in listing.head[0].spots if spot.cell.role == SIDE)
    lower = next(spot for spot in listing.body[0].spots if spot.cell.role == SIDE)
    assert (upper.cut, upper.cell.text, upper.cell.h) == ("b", "", 1)
    assert (lower.cut, lower.cell.text, lower.cell.h) == ("t", "绩效指标", len(listing.body))


@pytest.mark.parametrize("mode", ["print", "entry", "read"])
def test_every_row_fills_all_columns(department: Grid, mode: str):
    html = render_grid(department, mode)  # type: ignore[arg-type]
    spans = re.findall(r"<t[dh] [^>]*>", html)
    area = sum(_span(tag, "colspan") * _span(tag, "rowspan") for tag in spans)
    assert area == len(department.rows) * len(department.columns)
    assert html.count("<colgroup>") == html.count("<table") == len(sections(department))


def _span(tag: str, name: str) -> int:
    found = re.search(rf'{name}="(\d+)"', tag)
    return int(found[1]) if found else 1


def test_entry_has_a_control_for_every_asked_cell_and_none_for_computed_ones(department: Grid):
    html = render_grid(department, "entry")
    controls = re.findall(r'<(?:input|textarea|select)[^>]*data-address="([^"]+)"', html)
    asked = [piece.address for piece in department.value_pieces() if piece.input]
    assert sorted(controls) == sorted(asked)
    assert '<button type="button" class="why" data-address="资金.得分" aria-label="为什么是 9.47">' in html


def test_a_number_control_keeps_what_was_stored(department: Grid):
    tag = re.search(r'<input[^>]*data-address="资金.全年预算数"[^>]*>', render_grid(department, "entry"))
    assert tag is not None
    for part in (
        'class="v num"',
        'inputmode="decimal"',
        'data-was="94.8"',
        'data-unit="万元"',
        'autocomplete="off"',
    ):
        assert part in tag[0]


def test_groups_can_grow_and_rows_have_a_menu(department: Grid):
    html = render_grid(department, "entry")
    assert 'aria-label="在“数量指标”下增加一行"' in html
    assert html.count('class="row-menu"') == sum(1 for row in department.rows if row.address)
    groups = re.findall(r'class="add-row"[^>]*data-group="([^"]*)"', html)
    assert {"一级指标": "产出指标", "二级指标": "数量指标"} in [
        json.loads(g.replace("&quot;", '"')) for g in groups
    ]


def test_reading_and_printing_have_no_controls(department: Grid):
    assert "<textarea" not in render_grid(department, "read")
    printed = render_grid(department, "print")
    assert not re.search(r"<(input|textarea|select|button|span)", printed)


@pytest.mark.parametrize("mode", ["print", "entry", "read"])
def test_user_text_is_never_markup(make_facts, grid_of, hostile: str, mode: str):
    grid = grid_of(make_facts({"部门.名称": hostile, "目标.预期目标": hostile, "填表人": hostile}))
    html = render_grid(grid, mode, {"部门.名称": "error"})  # type: ignore[arg-type]
    assert "<img" not in html and "<script" not in html and "<link" not in html
    assert html.count("</textarea>") == html.count("<textarea")
    assert "&lt;img src=" in html


def test_dirty_text_does_not_stop_a_page(department: Grid):
    dirty = Piece("甲\x00\x08\ud800\u202e乙\ufffe", "部门.名称")
    cells = tuple(
        replace(cell, pieces=(dirty,)) if cell.row == 1 and cell.col else cell for cell in department.cells
    )
    html = render_grid(replace(department, cells=cells), "print")
    assert "甲乙" in html
    html.encode()


def test_marks_become_classes(department: Grid):
    html = render_grid(department, "entry", {"资金.全年预算数": "error"})
    assert re.search(r'<td class="value a-center num mark-error"[^>]*><input[^>]*aria-invalid="true"', html)


def test_a_page_repeats_head_and_side_label_in_one_cell(department: Grid):
    start = next(index for index, row in enumerate(department.rows) if row.address) + 5
    paged = cut(department, [Break(start)])
    page = next(section for section in sections(paged.grid, paged.starts) if section.new_page)
    assert page.body[0].row.head
    side = next(spot.cell for spot in page.body[0].spots if spot.cell.role == SIDE)
    assert (side.text, side.h) == ("绩效指标", len(page.body))
    assert render_paged(paged).count(">绩效\n指标<") == 2


def test_the_standalone_page_escapes_title_and_footer(department: Grid):
    html = render_page([department], "</title><script>", footer="<b>")
    assert "<script>" not in html and "&lt;b&gt;" in html
    assert "#sheet-1 {font-size: 10.5pt}" in html


@pytest.mark.parametrize(
    ("text", "capacity", "expected"),
    [("绩效指标", 3.2, "绩效\n指标"), ("年度预算申请（万元）", 3.2, "年度预\n算申请\n（万元）"), ("分值", 3, "分值"),
     ("偏差\n原因", 1, "偏差\n原因")],
)  # fmt: skip
def test_narrow_labels_break_evenly(text: str, capacity: float, expected: str):
    assert balanced(text, capacity) == expected


def test_lines_are_counted_by_width():
    assert text_lines("甲" * 10, 5) == 2
    assert text_lines("甲\n\n乙", 5) == 3
    assert text_lines("a" * 10, 10) == 1


def test_the_suggested_score_stands_beside_the_given_one_on_screen_only(example_facts):
    layout = example_facts.pack.forms["department"]
    on_screen = expand(layout, example_facts, screen=True)
    beside = [piece.suggested for piece in on_screen.value_pieces() if piece.suggested]
    assert beside and all(address.endswith(".建议得分") for address, _ in beside)
    for mode in ("entry", "read"):
        html = render_grid(on_screen, mode)  # type: ignore[arg-type]
        assert html.count('class="suggest"') == len(beside)
        assert ">建议 10</button>" in html
    assert "建议" not in render_grid(expand(layout, example_facts), "print")


def test_the_annex_of_reasons_says_of_every_score_how_it_came_about(example_facts):
    part = reasons(example_facts)
    texts = [cell.text for cell in part.grid.cells]
    assert part.entry == "附：得分说明" and texts[0] == "附：得分说明"
    assert len(part.grid.rows) == 2 + len(list(example_facts.scopes())) + len(
        list(score_addresses(example_facts))
    )
    told = "\n".join(texts)
    assert "得分 ＝ 分值 × 执行率（最高按 100%）：10 × 89.8 ÷ 94.8 ＝ 9.472574…" in told
    assert "项目：" in told and "注：方案没有规定按执行率给总分封顶。" in told
    assert "附：得分说明" in render_page([part], "材料")
