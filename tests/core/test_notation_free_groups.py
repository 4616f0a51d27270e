"""Groups without a skeleton: typed row by row on screen, merged on paper; LEN; signs of a choice; heights of merged cells."""

from decimal import Decimal

import pytest

from evaluations.core.faults import PackProblem
from evaluations.core.grid import GROUP, Grid, expand
from evaluations.core.measures import direction_of
from evaluations.core.values import NotApplicable, ValueProblem, parse
from tests.builders import HEAD, LAB_FIELDS, calculate, lab_facts, make_pack, scope_input

FORM = """
key = "form"
title = "{year}年表"
columns = [1, 1, 1]

[[band]]
kind = "repeat"
over = "表"
min_rows = 1
open = "……"
row = [ {CELL, merge = "组别"}, {f = "名称"}, {f = "数"} ]
"""
ROWS = [{"组别": "甲", "名称": "一"}, {"组别": "甲", "名称": "二"}, {"组别": "乙"}, {}]


def grid(cell: str = 'f = "组别"', band: str = "", **options: bool) -> Grid:
    pack = make_pack(form=FORM.replace("CELL", cell).replace("min_rows", f"{band}\nmin_rows"))
    facts = lab_facts(scope_input(rows={"表": ROWS}), pack=pack)
    return expand(pack.form("form"), facts, **options)


def first_column(made: Grid) -> list[tuple[str, str, int, bool]]:
    cells = sorted((cell for cell in made.cells if cell.col == 0), key=lambda cell: cell.row)
    return [(cell.text, cell.role, cell.h, any(piece.input for piece in cell.pieces)) for cell in cells]


def test_on_screen_every_row_has_its_own_input_for_the_group():
    assert first_column(grid(screen=True)) == [
        ("甲", "value", 1, True), ("甲", "value", 1, True), ("乙", "value", 1, True), ("", "value", 1, True),
    ]  # fmt: skip


def test_on_paper_and_in_the_workbook_equal_neighbours_merge_and_are_read_only():
    assert first_column(grid()) == [("甲", GROUP, 2, False), ("乙", GROUP, 1, False), ("", GROUP, 1, False)]
    assert [row[2] for row in first_column(grid(open_rows=True))] == [2, 1, 1, 1]


def test_a_cell_that_computes_over_its_group_stays_merged_on_screen():
    made = grid('t = "{组别}（{COUNT(组)}行）"', screen=True)
    assert next((text, h) for text, _, h, _ in first_column(made)) == ("甲（2行）", 2)


def test_with_a_skeleton_groups_are_prescribed_and_stay_read_only_on_screen():
    made = grid(band='skeleton = "框"', screen=True)
    assert {role for _, role, _, _ in first_column(made)} == {GROUP}


def test_an_empty_list_offers_a_blank_row_on_screen():
    pack = make_pack(form=FORM.replace("CELL", 'f = "组别"'))
    made = expand(pack.form("form"), lab_facts(pack=pack), screen=True)
    assert [(cell.text, cell.role) for cell in made.cells] == [("", "value")] * 3


def test_a_merged_cell_is_as_high_as_its_rows():
    rows = (
        'row = [ [ {f = "组别", merge = "组别"}, {f = "名称"}, {f = "数"} ], [ "", {f = "满"}, {f = "注"} ] ]'
    )
    form = FORM[: FORM.index("row = [")] + rows
    with pytest.raises(PackProblem) as problem:
        make_pack(form=form)
    assert str(problem.value) == "form.toml 第1带 row 第1行第1列：合并的格子要和 row 一样高（h = 2）。"


def test_the_short_name_of_a_form_without_one_is_its_title_with_the_year():
    assert make_pack(form=FORM.replace("CELL", 'f = "组别"')).form("form").short == "2024年表"


# ---- LEN ----


@pytest.mark.parametrize(
    ("text", "length"), [("六个汉字长度", 6), (" 有 空 格\n换行　", 5), ("𠮷𠮷", 2), (None, None)]
)
def test_len_counts_visible_characters_and_leaves_blank_blank(text, length):
    assert calculate("LEN(名)", 名=text) == (None if length is None else Decimal(length))


@pytest.mark.parametrize("formula", ["LEN(a)", "LEN(日)", "LEN(表.名称)", "LEN(名, 名)", "LEN()"])
def test_len_takes_one_text(formula):
    with pytest.raises(PackProblem):
        make_pack(
            LAB_FIELDS.replace(
                "fields = [", f'fields = [{{key = "长", kind = "integer", compute = "{formula}"}},', 1
            )
        )


def test_a_check_with_len_stays_silent_on_a_blank():
    assert calculate("LEN(名) <= 3", 名=None) is None
    assert calculate("LEN(名) <= 3", 名="四个汉字") is False


# ---- signs of a choice ----


@pytest.mark.parametrize(
    ("typed", "stored"), [("≥", "≥"), (">=", "≥"), ("＞＝", "≥"), ("<=", "≤"), ("＝", "="), ("定性", "定性")]
)
def test_a_sign_is_one_choice_however_it_is_written(typed, stored):
    assert parse("choice", typed, digits=0, choices=["≥", "≤", "=", "定性"]) == stored


def test_other_signs_are_refused_as_before():
    with pytest.raises(ValueProblem):
        parse("choice", ">", digits=0, choices=["≥", "≤"])


@pytest.mark.parametrize(
    ("written", "direction"), [("≥", ">="), ("≤", "<="), (">=", ">="), ("＞", ">"), ("定性", "定性")]
)
def test_the_direction_of_an_indicator_is_read_from_either_sign(written, direction):
    assert direction_of(written, "95") == direction
    assert direction_of(NotApplicable(), "≤3天") == "<="


# ---- data of a wrong shape ----


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('kind = "decimal", digits = 6}', 'kind = "decimal", digits = true}', "fields.toml 的“a”"),
        ('match = "名称"}', 'match = "名称", max_rows = 0}', "fields.toml 的“表[]”"),
        ('kind = "text"},', 'kind = "choice"},', "fields.toml 的“名”"),
        ('kind = "text"},', 'kind = "choice", choices = [1]},', "fields.toml 的“名”"),
    ],
)  # fmt: skip
def test_a_field_of_a_wrong_shape_is_refused_by_its_key(old, new, where):
    with pytest.raises(PackProblem) as problem:
        make_pack(LAB_FIELDS.replace(old, new, 1))
    assert str(problem.value).startswith(where)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('title = "{year}年表"', "title = 5", "form.toml：title"),
        ('title = "{year}年表"', 'title = ""\norder = "一"', "form.toml：order"),
        ("columns = [1, 1, 1]", 'columns = ["宽"]', "form.toml：形状不对"),
        ("min_rows = 1", 'min_rows = "一"', "form.toml 第1带：形状不对"),
        ("{CELL,", "{t = [],", "form.toml 第1带：形状不对"),
    ],
)  # fmt: skip
def test_a_form_of_a_wrong_shape_is_refused_at_its_place(old, new, where):
    with pytest.raises(PackProblem) as problem:
        make_pack(form=FORM.replace(old, new).replace("CELL", 'f = "组别"'), head=HEAD)
    assert str(problem.value).startswith(where)
