"""Grid 的数据：段、格、行、表。怎么由表样和事实展开，在 grid.py。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .schema import Field
from .values import Value

TEXT, LABEL, VALUE, MIX, GROUP, SIDE, OPEN = "text", "label", "value", "mix", "group", "side", "open"


@dataclass(frozen=True, slots=True)
class Piece:
    """格子里的一段：文字，或一个值（``address`` 不空）。``input`` 表示这张表在这里填报它。

    填报的得分旁边有建议得分：``suggested`` 是它的地址和印出的字（算不出为空串），只在屏幕上，从不印。
    """

    text: str
    address: str = ""
    field: Field | None = None
    value: Value = None
    input: bool = False
    suggested: tuple[str, str] | None = None

    @property
    def computed(self) -> bool:
        return self.field is not None and not self.field.asked


@dataclass(frozen=True, slots=True)
class Cell:
    """一格。``role``：text label value mix group side open；``group`` 是所属分组（一级、二级指标）。"""

    row: int
    col: int
    h: int
    w: int
    pieces: tuple[Piece, ...]
    role: str
    style: str = ""
    align: str = "center"
    lines: int = 1
    frame: bool = True
    show: str = ""
    group: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def values(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.address)

    @property
    def only_value(self) -> Piece | None:
        """整格就是一个值时的那一段。"""
        return self.pieces[0] if len(self.pieces) == 1 and self.pieces[0].address else None


@dataclass(frozen=True, slots=True)
class Row:
    """一行。``id`` 稳定（固定行 ``表-带-行``，列表行是行地址）；``head`` 是要在每页重复的表头。"""

    id: str
    address: str = ""
    frame: bool = True
    section: int = 0
    head: bool = False
    over: str = ""
    group: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """一张展开的表。"""

    form: str
    title: str
    columns: tuple[int, ...]
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    orientation: str = "portrait"
    font_size: str = "10.5pt"
    sheet: str = ""
    kind: str = "table"

    def check(self) -> None:
        """格子恰好铺满：面积之和等于行数 × 列数。"""
        area = sum(cell.h * cell.w for cell in self.cells)
        if area != len(self.rows) * len(self.columns):
            raise AssertionError(
                f"{self.form} 展开后没有铺满：{area} ≠ {len(self.rows)} × {len(self.columns)}"
            )

    def by_row(self) -> Iterator[tuple[Row, list[Cell]]]:
        """逐行给出起始于该行的格子，按列排好。"""
        starts: list[list[Cell]] = [[] for _ in self.rows]
        for cell in self.cells:
            starts[cell.row].append(cell)
        for row, cells in zip(self.rows, starts, strict=True):
            yield row, sorted(cells, key=lambda cell: cell.col)

    def value_pieces(self) -> Iterator[Piece]:
        for cell in self.cells:
            yield from cell.values

    def dump(self) -> list[dict[str, Any]]:
        """黄金测试用的逐格清单。"""
        return [
            {
                "at": f"R{cell.row + 1}C{cell.col + 1}",
                "span": f"{cell.h}x{cell.w}",
                "role": cell.role,
                "text": cell.text,
                **({"cells": [piece.address for piece in cell.values]} if cell.values else {}),
            }
            for cell in sorted(self.cells, key=lambda cell: (cell.row, cell.col))
        ]
