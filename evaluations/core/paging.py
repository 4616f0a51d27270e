"""按页切表：合并格在分页处切开，标签每页重印，值绝不重印；一行跨页就切成几行。

纯函数：给出每页从哪里开始（``Break``），得到切好的 Grid 和各页的首行。切到哪个字由排版结果决定，
见 ``exports.pdf``；页面算法见 notation §6。
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .grid import GROUP, LABEL, SIDE, TEXT, Cell, Grid, Piece, Row

REPEATED = frozenset((LABEL, GROUP, SIDE, TEXT))
"""分页处重印的格；其余（value、mix、open）只印一次。"""


@dataclass(frozen=True, slots=True)
class Break:
    """一页的开头：第 ``row`` 行之前，或（``inside``）这一行的中间。

    ``printed``：列号 → 该列在分页处的那一格，此前各页已经印到第几个字符；没写的列算全部印完。
    """

    row: int
    inside: bool = False
    printed: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paged:
    """切好的表。``starts`` 是各页首行的行号（第一页的 0 不算），``split`` 是切开的行。"""

    grid: Grid
    starts: frozenset[int] = frozenset()
    split: frozenset[int] = frozenset()


def crosses(grid: Grid, breaks: Collection[Break]) -> bool:
    """有没有格子跨页（跨页才要切）。"""
    if any(point.inside for point in breaks):
        return True
    rows = {point.row for point in breaks}
    return any(cell.row < row < cell.row + cell.h for cell in grid.cells if cell.h > 1 for row in rows)


def cut(grid: Grid, breaks: Sequence[Break]) -> Paged:
    """在各个分页处切开。``breaks`` 须按先后排列；行号越界或倒退抛 ``ValueError``。"""
    _check(grid, breaks)
    first = _first_rows(grid, breaks)
    starts = _starts(breaks, first)
    points = dict(zip(starts, breaks, strict=True))
    cells = [piece for cell in grid.cells for piece in _cut_cell(cell, first, points)]
    rows = tuple(
        piece
        for index, row in enumerate(grid.rows)
        for piece in _copies(row, first[index + 1] - first[index])
    )
    split = (range(low, high) for low, high in pairwise(first) if high - low > 1)
    result = replace(grid, rows=rows, cells=tuple(cells))
    result.check()
    return Paged(result, frozenset(starts), frozenset(index for part in split for index in part))


def _check(grid: Grid, breaks: Sequence[Break]) -> None:
    places = [(point.row, point.inside) for point in breaks]
    if places != sorted(places) or any(not 0 <= row < len(grid.rows) for row, _ in places):
        raise ValueError(f"分页处不在表内，或没有按先后排列：{places}")
    if any(row == 0 and not inside for row, inside in places):
        raise ValueError("第一行之前不能分页")


def _first_rows(grid: Grid, breaks: Sequence[Break]) -> list[int]:
    """旧行号 → 切开后的首个新行号；末尾多一个总行数。"""
    extra = [0] * len(grid.rows)
    for point in breaks:
        extra[point.row] += point.inside
    first, total = [0], 0
    for more in extra:
        total += 1 + more
        first.append(total)
    return first


def _starts(breaks: Sequence[Break], first: Sequence[int]) -> list[int]:
    starts: list[int] = []
    inside_of, number = -1, 0
    for point in breaks:
        number = number + 1 if point.inside and point.row == inside_of else int(point.inside)
        inside_of = point.row if point.inside else -1
        starts.append(first[point.row] + number)
    return starts


def _copies(row: Row, count: int) -> Iterator[Row]:
    """一行切成几行：第一行 id 不变，其余加 ``~1``、``~2``。"""
    yield row
    for number in range(1, count):
        yield replace(row, id=f"{row.id}~{number}")


def _cut_cell(cell: Cell, first: Sequence[int], points: Mapping[int, Break]) -> Iterator[Cell]:
    top, bottom = first[cell.row], first[cell.row + cell.h]
    edges = [top, *sorted(row for row in points if top < row < bottom), bottom]
    length = len(cell.text)
    done = 0
    for low, high in pairwise(edges):
        until = points[high].printed.get(cell.col, length) if high != bottom else length
        until = max(done, min(until, length))
        pieces = cell.pieces if cell.role in REPEATED else tuple(_slice(cell.pieces, done, until))
        lines = cell.lines if low == top else 1
        yield replace(cell, row=low, h=high - low, pieces=pieces, lines=lines)
        done = until


def _slice(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Piece]:
    """一串文字的第 ``start`` 到 ``end`` 个字符，段落归属不变；切口处的换行去掉。"""
    offset = 0
    for piece in pieces:
        low, high = max(0, start - offset), max(0, end - offset)
        text = piece.text[low:high]
        if low:
            text = text.lstrip("\n")
        if high < len(piece.text):
            text = text.rstrip("\n")
        if text or low == high == 0 == len(piece.text):
            yield replace(piece, text=text)
        offset += len(piece.text)
