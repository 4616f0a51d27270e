"""一张表在工作表上的位置：列宽、行高，以及一行占几个实际行（Excel 一行最高 409 磅）。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

from ..core.grid import Cell, Grid
from .measure import points, text_lines
from .text import printable

SHEET_WIDTH = {"portrait": 92.0, "landscape": 138.0}
"""各列宽之和，单位：Excel 的字符宽（默认字体一个数字）。"""
PROSE_WIDTH = 78.0
"""文只有一列，不能指望缩到一页宽，所以窄些。"""
PIXELS_PER_CHARACTER = 7
PIXELS_PER_POINT = 96 / 72
LINE_HEIGHT = 1.45
MAX_ROW_POINTS = 409.0
PIECE_POINTS = 200.0
"""太高的一行分成若干实际行，每行不超过这么多磅：打印时可以在它们之间分页。"""
TITLE_POINTS = 22.0
SMALL_POINTS = 9.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Grid 的行列 → 工作表的实际行列（都从 0 数）。``first`` 多一项，是总行数。"""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    first: tuple[int, ...]

    def rows(self, cell: Cell) -> tuple[int, int]:
        """这一格占的首行和末行。"""
        return self.first[cell.row], self.first[cell.row + cell.h] - 1


def place(grid: Grid) -> Placement:
    """由相对列宽和文字长短定出列宽、行高。"""
    total = sum(grid.columns)
    whole = SHEET_WIDTH.get(grid.orientation, SHEET_WIDTH["portrait"])
    if grid.kind == "prose":
        whole = PROSE_WIDTH
    widths = tuple(round(width * whole / total, 2) for width in grid.columns)
    needed = _needed(grid, widths)
    pieces = [ceil(height / PIECE_POINTS) if height > MAX_ROW_POINTS else 1 for height in needed]
    heights = tuple(
        round(height / count, 2) for height, count in zip(needed, pieces, strict=True) for _ in range(count)
    )
    return Placement(widths, heights, tuple(accumulate(pieces, initial=0)))


def font_points(grid: Grid, cell: Cell) -> float:
    """这一格的字号，单位：磅。"""
    return {"title": TITLE_POINTS, "note": SMALL_POINTS, "small": SMALL_POINTS}.get(
        cell.style, points(grid.font_size)
    )


def _needed(grid: Grid, widths: Sequence[float]) -> list[float]:
    """各行至少要多高：先看不跨行的格，再把跨行格不够的加到它的末行。"""
    heights = [points(grid.font_size) * LINE_HEIGHT + 5] * len(grid.rows)
    for cell in sorted(grid.cells, key=lambda cell: cell.h):
        height = _cell_height(grid, cell, widths)
        rows = range(cell.row, cell.row + cell.h)
        short = height - sum(heights[row] for row in rows)
        if short > 0:
            heights[rows[-1]] += short
    return heights


def _cell_height(grid: Grid, cell: Cell, widths: Sequence[float]) -> float:
    size = font_points(grid, cell)
    pixels = sum(widths[cell.col : cell.col + cell.w]) * PIXELS_PER_CHARACTER
    capacity = (pixels - 6) * 0.95 / (size * PIXELS_PER_POINT)
    least = 1 if grid.kind == "prose" else cell.lines
    lines = max(least, text_lines(printable(cell.text), capacity))
    return lines * size * LINE_HEIGHT + (12 if cell.style == "title" else 5)
