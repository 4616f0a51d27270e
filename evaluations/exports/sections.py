"""把一张 Grid 分成几个表（``<table>``）：每段同框，表头在前，旁标在分界处切开。"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ..core.grid import SIDE, Cell, Grid, Row


@dataclass(frozen=True, slots=True)
class Spot:
    """一格画在哪：``cut`` 为 b 时不画下边框（上半截），为 t 时不画上边框（下半截）。"""

    cell: Cell
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """一行：在 Grid 里的行号、行、起始于这一行的格。"""

    index: int
    row: Row
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """一个 ``<table>``。``joined`` 表示紧接在上一个有框的表下面，共用那条边；``new_page`` 另起一页；``closing`` 是
    表下无框的末段（签名行）。
    """

    frame: bool
    head: tuple[Line, ...]
    body: tuple[Line, ...]
    joined: bool = False
    new_page: bool = False
    closing: bool = False


def sections(grid: Grid, starts: Collection[int] = ()) -> list[Section]:
    """把 Grid 分成几个表：带（section）或边框变了就另起一个；在 ``starts`` 的各行另起一页。

    有 ``starts`` 时各格已按页切好（见 ``core.paging``），表头由这里逐页重复，旁标连着表头画成一格；
    没有时表头放进 ``<thead>``，由排版自己重复，旁标在表头下沿分成两截。
    """
    lines = [Line(index, row, tuple(map(Spot, cells))) for index, (row, cells) in enumerate(grid.by_row())]
    found: list[Section] = []
    for first, end in _runs(grid.rows, starts):
        new_page = first in starts
        joined = bool(found) and found[-1].frame and grid.rows[first].frame and not new_page
        head, body = _on_one_page(lines, first, end) if starts else _split(lines[first:end])
        frame = grid.rows[first].frame
        closing = bool(found) and not frame and end == len(grid.rows)
        found.append(Section(frame, head, body, joined, new_page, closing))
    return found


def _runs(rows: Sequence[Row], starts: Collection[int]) -> Iterator[tuple[int, int]]:
    first = 0
    for index in range(1, len(rows) + 1):
        if index == len(rows) or index in starts or _kind(rows[index]) != _kind(rows[first]):
            yield first, index
            first = index


def _kind(row: Row) -> tuple[int, bool]:
    return row.section, row.frame


def _split(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """表头与表身分开；跨过分界的格（旁标）切成两截，文字在下截。"""
    head = [line for line in lines if line.row.head]
    body = list(lines[len(head) :])
    if not head or not body:
        return (), tuple(lines)
    border = body[0].index
    lower: list[Spot] = []
    for number, line in enumerate(head):
        upper = []
        for spot in line.spots:
            cell = spot.cell
            over = cell.row + cell.h - border
            if over > 0:
                upper.append(Spot(replace(cell, h=cell.h - over, pieces=()), "b"))
                lower.append(Spot(replace(cell, row=border, h=over), "t"))
            else:
                upper.append(spot)
        head[number] = replace(line, spots=tuple(upper))
    body[0] = replace(body[0], spots=_in_order((*lower, *body[0].spots)))
    return tuple(head), tuple(body)


def _in_order(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    return tuple(sorted(spots, key=lambda spot: spot.cell.col))


def _on_one_page(lines: Sequence[Line], first: int, end: int) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """一页上的一段：不是从表头开始时，先补上表头，旁标向上连到表头。"""
    body = list(lines[first:end])
    heads = [line for line in lines if line.row.head and _kind(line.row) == _kind(body[0].row)]
    if not heads or body[0].row.head:
        return (), tuple(body)
    sides = tuple(spot for spot in body[0].spots if spot.cell.role == SIDE)
    taller = tuple(Spot(replace(spot.cell, h=spot.cell.h + len(heads))) for spot in sides)
    body[0] = replace(body[0], spots=tuple(spot for spot in body[0].spots if spot not in sides))
    heads = [
        replace(line, spots=tuple(spot for spot in line.spots if spot.cell.role != SIDE)) for line in heads
    ]
    heads[0] = replace(heads[0], spots=_in_order((*taller, *heads[0].spots)))
    return (), (*heads, *body)
