"""按页切表：标签重印，值不重印，格子仍恰好铺满。"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.grid import GROUP, LABEL, SIDE, VALUE, Cell, Grid, Piece, Row
from evaluations.core.paging import REPEATED, Break, crosses, cut

LONG = "甲乙丙丁戊己庚辛壬癸"


def make_grid() -> Grid:
    """旁标跨 4 行，一级分组各跨 2 行，每行一个值。"""
    cells = [Cell(0, 0, 4, 1, (Piece("绩效指标"),), SIDE)]
    cells += [Cell(row, 1, 2, 1, (Piece(f"组{row}"),), GROUP) for row in (0, 2)]
    cells += [
        Cell(row, 2, 1, 1, (Piece(LONG if row == 1 else f"值{row}", f"a[{row}]"),), VALUE) for row in range(4)
    ]
    cells += [Cell(row, 3, 1, 1, (Piece("—"),), LABEL) for row in range(4)]
    return Grid("t", "试", (1, 1, 1, 1), tuple(Row(f"t-1-{row}") for row in range(4)), tuple(cells))


def texts(grid: Grid, col: int) -> list[str]:
    return [cell.text for cell in sorted(grid.cells, key=lambda cell: cell.row) if cell.col == col]


def test_a_break_between_rows_repeats_the_labels_that_cross_it():
    paged = cut(make_grid(), [Break(1)])
    assert paged.starts == {1}
    assert texts(paged.grid, 0) == ["绩效指标", "绩效指标"]
    assert texts(paged.grid, 1) == ["组0", "组0", "组2"]
    assert texts(paged.grid, 2) == ["值0", LONG, "值2", "值3"]


def test_a_label_that_ends_at_the_break_is_not_repeated():
    assert texts(cut(make_grid(), [Break(2)]).grid, 1) == ["组0", "组2"]


def test_a_break_inside_a_row_splits_the_value_and_repeats_the_label():
    paged = cut(make_grid(), [Break(1, inside=True, printed={2: 4})])
    assert [row.id for row in paged.grid.rows] == ["t-1-0", "t-1-1", "t-1-1~1", "t-1-2", "t-1-3"]
    assert (paged.starts, paged.split) == ({2}, {1, 2})
    assert texts(paged.grid, 2) == ["值0", "甲乙丙丁", "戊己庚辛壬癸", "值2", "值3"]
    assert texts(paged.grid, 3) == ["—"] * 5


def test_a_row_over_three_pages_becomes_three_rows():
    breaks = [Break(1, inside=True, printed={2: 3}), Break(1, inside=True, printed={2: 7}), Break(3)]
    paged = cut(make_grid(), breaks)
    assert texts(paged.grid, 2)[1:4] == ["甲乙丙", "丁戊己庚", "辛壬癸"]
    assert [row.id for row in paged.grid.rows][1:4] == ["t-1-1", "t-1-1~1", "t-1-1~2"]
    assert paged.starts == {2, 3, 5}


def test_a_short_value_in_a_split_row_is_printed_once():
    assert texts(cut(make_grid(), [Break(3, inside=True)]).grid, 2)[-2:] == ["值3", ""]


def test_line_ends_at_the_cut_are_dropped_and_spaces_are_kept():
    pieces = (Piece("一\n\n", "a"), Piece("", "b"), Piece("　二 \n 三", "c"))
    grid = Grid("t", "试", (1,), (Row("r"),), (Cell(0, 0, 1, 1, pieces, VALUE, lines=4),))
    cuts = [Break(0, True, {0: 2}), Break(0, True, {0: 6})]
    made = cut(grid, cuts).grid
    assert [[(piece.address, piece.text) for piece in cell.pieces] for cell in made.cells] == [
        [("a", "一"), ("b", "")], [("c", "　二 ")], [("c", " 三")],
    ]  # fmt: skip
    assert [cell.lines for cell in made.cells] == [4, 1, 1]


@pytest.mark.parametrize("until", [-3, 0, 2, 99])
def test_a_place_before_or_behind_the_text_is_held_to_the_text(until: int):
    made = cut(make_grid(), [Break(1, True, {2: 3}), Break(1, True, {2: until})]).grid
    shown = texts(made, 2)[1:4]
    assert shown == ["甲乙丙", "" if until < 4 else LONG[3:], LONG[3:] if until < 4 else ""]


def test_a_wrong_order_of_breaks_is_told():
    with pytest.raises(
        ValueError, match=r"^分页处不在表内，或没有按先后排列：\[\(2, False\), \(1, False\)\]$"
    ):
        cut(make_grid(), [Break(2), Break(1)])
    with pytest.raises(ValueError, match=r"^第一行之前不能分页$"):
        cut(make_grid(), [Break(0)])
    assert cut(make_grid(), [Break(0, inside=True, printed={2: 1})]).starts == {1}


def test_only_breaks_through_a_cell_need_cutting():
    grid = make_grid()
    assert crosses(grid, [Break(1)])
    assert not crosses(grid, [])
    flat = Grid("t", "试", (1,), (Row("a"), Row("b")), tuple(Cell(r, 0, 1, 1, (), VALUE) for r in (0, 1)))
    assert not crosses(flat, [Break(1)])
    assert crosses(flat, [Break(1, inside=True)])


@pytest.mark.parametrize("breaks", [[Break(2), Break(1)], [Break(4)], [Break(-1)], [Break(0)]])
def test_breaks_out_of_order_or_range_are_refused(breaks: list[Break]):
    with pytest.raises(ValueError):
        cut(make_grid(), breaks)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, len(LONG))), max_size=6))
def test_any_cut_keeps_every_value_once_and_tiles_the_table(places: list[tuple[int, bool, int]]):
    places.sort()
    breaks = [Break(row, inside, {2: done} if inside else {}) for row, inside, done in places]
    breaks = [
        b
        for n, b in enumerate(breaks)
        if b.inside or (b.row, False) not in [(c.row, c.inside) for c in breaks[:n]]
    ]
    paged = cut(make_grid(), breaks)
    paged.grid.check()
    assert len(paged.starts) == len(breaks)
    assert "".join(texts(paged.grid, 2)) == "".join(texts(make_grid(), 2))
    assert all(cell.text for cell in paged.grid.cells if cell.role in REPEATED)
