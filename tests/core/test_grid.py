import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.facts import Facts, Package
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import read_package
from tests.builders import CORRECT, EXAMPLE, MENDED, fixture, lab_facts, make_pack, scope_input, yueyang


def covered(grid: Grid) -> dict[tuple[int, int], int]:
    count: dict[tuple[int, int], int] = {}
    for cell in grid.cells:
        for row in range(cell.row, cell.row + cell.h):
            for col in range(cell.col, cell.col + cell.w):
                count[row, col] = count.get((row, col), 0) + 1
    return count


def assert_tiles(grid: Grid) -> None:
    places = {(row, col) for row in range(len(grid.rows)) for col in range(len(grid.columns))}
    assert set(covered(grid)) == places
    assert set(covered(grid).values()) <= {1}
    assert len({row.id for row in grid.rows}) == len(grid.rows)


def texts(grid: Grid, col: int) -> list[tuple[str, int]]:
    return [(cell.text, cell.h) for cell in sorted(grid.cells, key=lambda c: c.row) if cell.col == col]


def inputs(grid: Grid) -> list[str]:
    return [piece.address for piece in grid.value_pieces() if piece.input]


# ---- the real form ----


def department(package: Package, **options) -> Grid:
    return expand(yueyang().form("department"), Facts(yueyang(), package), **options)


@pytest.mark.parametrize("name", [EXAMPLE, MENDED, CORRECT])
@pytest.mark.parametrize("form", yueyang().forms.values(), ids=yueyang().forms)
def test_every_form_of_every_package_tiles_and_asks_nothing_twice(form, name):
    facts = Facts(yueyang(), read_package(fixture(name), yueyang()))
    for scope in [s for s in facts.scopes() if s.scope.name == form.scope]:
        for open_rows in (False, True):
            grid = expand(form, facts, scope, open_rows=open_rows)
            assert_tiles(grid)
            assert len(inputs(grid)) == len(set(inputs(grid)))


def indicator(level1, level2, name):
    return {"一级指标": level1, "二级指标": level2, "三级指标": name}


def department_of(*rows, **options) -> Grid:
    return department(Package(root=scope_input(rows={"指标": list(rows)})), **options)


def groups(grid: Grid, col: int) -> list[tuple[str, int]]:
    return [(cell.text, cell.h) for cell in grid.cells if cell.role == "group" and cell.col == col]


def test_an_empty_package_shows_every_group_of_the_skeleton_with_one_blank_row():
    grid = department_of()
    assert_tiles(grid)
    assert groups(grid, 1) == [("产出指标（50分）", 4), ("效益指标（30分）", 4), ("满意度指标（10分）", 1)]
    assert [text for text, _ in groups(grid, 2)] == [
        "数量指标", "质量指标", "时效指标", "成本指标", "经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标", "服务对象满意度指标",
    ]  # fmt: skip
    assert next(row.id for row in grid.rows if "|" in row.id) == "指标[]|产出指标|数量指标"


def test_rows_stand_in_the_order_of_the_skeleton_and_keep_their_own_within_a_group():
    grid = department_of(
        indicator("效益指标", "社会效益指标", "丙"),
        indicator("产出指标", "数量指标", "甲"),
        indicator("产出指标", "数量指标", "乙"),
    )
    rows = [row.id for row in grid.rows if row.over == "指标" and row.address]
    assert rows == ["指标[r1]", "指标[r2]", "指标[r0]"]
    assert ("数量指标", 2) in groups(grid, 2)
    assert groups(grid, 1)[0] == ("产出指标（50分）", 5)


def test_an_unknown_second_level_stands_beside_its_first_level_and_an_unknown_first_level_last():
    grid = department_of(indicator("产出指标", "进度指标", "甲"), indicator("其他指标", "其他", "乙"))
    assert groups(grid, 1)[0] == ("产出指标（50分）", 5)
    assert [text for text, _ in groups(grid, 2)][4] == "进度指标"
    assert groups(grid, 1)[-1][0].startswith("其他指标")
    assert_tiles(grid)


def test_blank_groups_never_merge_with_each_other():
    grid = department_of(indicator(None, None, "甲"), indicator(None, None, "乙"))
    assert groups(grid, 1)[-2:] == [("", 1), ("", 1)]
    assert_tiles(grid)


def test_open_rows_stand_in_every_group_on_demand_only():
    shown = [cell.text for cell in department_of(open_rows=True).cells if cell.role == "open"]
    assert shown.count("……") == 9
    assert not [cell for cell in department_of().cells if cell.role == "open"]


def test_merged_groups_and_computed_cells_are_read_only():
    asked = inputs(department(read_package(fixture(EXAMPLE), yueyang())))
    assert "指标[0].三级指标" in asked
    assert not [address for address in asked if address.endswith(("一级指标", "二级指标"))]
    assert not {"资金.得分", "资金.执行率", "总分.得分", "资金.分值"} & set(asked)


level1 = st.sampled_from(["产出指标", "效益指标", "满意度指标", "新指标", "", None])
level2 = st.sampled_from(["数量指标", "质量指标", "社会效益指标", "怪指标", "", None])


@given(st.lists(st.builds(indicator, level1, level2, st.text(max_size=3)), max_size=15), st.booleans())
def test_any_list_of_indicators_tiles_and_shows_every_row_once(rows, open_rows):
    grid = department_of(*rows, open_rows=open_rows)
    assert_tiles(grid)
    addresses = [row.address for row in grid.rows if row.address]
    assert sorted(addresses) == sorted(f"指标[r{n}]" for n in range(len(rows)))
    assert len(inputs(grid)) == len(set(inputs(grid)))


# ---- powers of the notation, on a small form ----

SMALL = """
key = "form"
title = "{{year}}年表"
columns = [1, 2, 3]

[[band]]
kind = "repeat"
over = "表"
{band}
row = [ {{t = "{{组别}}（{{SUM(组.数)}}）", merge = "组别"}}, {{f = "名称"}}, {{f = "数"}} ]
"""


def small(rows, band="", root=None, **options) -> Grid:
    pack = make_pack(form=SMALL.format(band=band))
    return expand(pack.form("form"), lab_facts(root or scope_input(rows={"表": rows}), pack=pack), **options)


ROWS = [{"组别": "甲", "数": 1}, {"组别": "甲", "数": 2}, {"数": 4}, {"组别": "甲", "数": 8}]


def test_equal_neighbours_merge_and_a_merged_cell_computes_over_its_group():
    assert texts(small(ROWS), 0) == [("甲（3）", 2), ("", 1), ("甲（8）", 1)]


def test_a_list_without_rows_gets_fillers_or_its_empty_text():
    assert len(small([], "min_rows = 3").rows) == 3
    empty = 'empty = {t = "本单位无此项支出", when = "有"}'
    assert [cell.text for cell in small([], empty, scope_input(有=True)).cells] == ["本单位无此项支出"]
    assert small([], empty, scope_input(有=False)).rows == ()
    assert len(small(ROWS, empty, None).rows) == 4


def test_a_list_with_nothing_to_show_has_no_side_either():
    side = SMALL.format(band='side = {t = "明细"}').replace("columns = [1, 2, 3]", "columns = [1, 1, 2, 3]")
    pack = make_pack(form=side)
    grid = expand(pack.form("form"), lab_facts(pack=pack))
    assert (grid.rows, grid.cells) == ((), ())


def test_fillers_and_open_rows_have_ids_of_their_own_and_no_address():
    grid = small(ROWS, 'min_rows = 6\nopen = "……"', open_rows=True)
    assert [bool(row.address) for row in grid.rows] == [True] * 4 + [False] * 3
    assert_tiles(grid)


def test_head_rows_say_whether_they_repeat():
    head = '\nhead = [["组", "名", "数"]]'
    assert small(ROWS, head).rows[0].head is True
    assert small(ROWS, head + "\nrepeat_head = false").rows[0].head is False


def test_the_second_form_that_binds_a_fact_only_echoes_it_unless_it_is_its_home():
    form = 'key = "{0}"\ntitle = "t"\norder = {1}\ncolumns = [1]\n[[band]]\nkind = "fixed"\nrows = [ [ {{f = "a"}} ] ]'
    fields = make_pack().files["fields.toml"]

    def asked(fields):
        files = {"forms/one": form.format("one", 1), "forms/two": form.format("two", 2)}
        pack = make_pack(fields, **files)
        facts = lab_facts(pack=pack)
        return [bool(inputs(expand(pack.form(key), facts))) for key in ("one", "two")]

    assert asked(fields) == [True, False]
    assert asked(fields.replace('{key = "a",', '{key = "a", home = "two",', 1)) == [False, True]


def test_a_grid_is_dumped_cell_by_cell_for_golden_files():
    dump = small(ROWS[:1]).dump()
    assert dump[0] == {
        "at": "R1C1",
        "span": "1x1",
        "role": "group",
        "text": "甲（1）",
        "cells": ["表[r0].组别"],
    }
    assert [cell["at"] for cell in dump] == ["R1C1", "R1C2", "R1C3"]


def test_cells_are_given_row_by_row_from_left_to_right():
    for row, cells in department_of().by_row():
        assert [cell.col for cell in cells] == sorted(cell.col for cell in cells), row.id
