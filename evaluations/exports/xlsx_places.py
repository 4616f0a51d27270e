"""公式里的名称在工作簿的哪里：事实地址 → 工作表和格，列表 → 行的区域和各列。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from ..core.expressions import Column, Reference
from ..core.facts import RowFacts, ScopeFacts
from ..core.grid import Cell, Grid
from ..core.layout import Band
from ..core.schema import Field
from ..core.texts import Binding
from ..core.values import is_number
from .xlsx_cells import Content
from .xlsx_rows import Placement


@dataclass(frozen=True, slots=True)
class Plan:
    """一个工作表：名称、表、范围、行列位置，和各格的内容（次序同 ``grid.cells``）。"""

    name: str
    grid: Grid
    scope: ScopeFacts
    placement: Placement
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True)
class _Region:
    """一个列表在工作表上的行（含备用的空行）和各列。"""

    sheet: str
    top: int
    bottom: int
    columns: dict[str, int]


class Places:
    """工作簿里全部的值。一个地址印在几处时，取第一个整格就是它的地方。"""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.cells: dict[str, tuple[str, int, int]] = {}
        self.lists: dict[str, _Region] = {}
        for whole in (True, False):
            for plan in plans:
                for cell, content in zip(plan.grid.cells, plan.contents, strict=True):
                    self._note(plan, cell, content, whole)
        for plan in plans:
            self._note_lists(plan)

    def _note(self, plan: Plan, cell: Cell, content: Content, whole: bool) -> None:
        for piece in cell.values:
            numeric = piece.field is not None and piece.field.is_number
            usable = content.piece is piece if numeric else cell.only_value is piece
            if usable and whole == (cell.only_value is piece) and same_scale(piece.field):
                self.cells.setdefault(piece.address, (plan.name, plan.placement.rows(cell)[0], cell.col))

    def _note_lists(self, plan: Plan) -> None:
        layout = plan.scope.facts.pack.forms.get(plan.grid.form)
        for band in layout.bands if layout is not None else ():
            over = plan.scope.address(band.over)
            rows = [index for index, row in enumerate(plan.grid.rows) if row.over == over and not row.head]
            if band.kind == "repeat" and rows and rows[-1] - rows[0] + 1 == len(rows):
                first = plan.placement.first
                region = _Region(plan.name, first[rows[0]], first[rows[-1] + 1] - 1, _columns(band))
                self.lists.setdefault(over, region)


def _columns(band: Band) -> dict[str, int]:
    """列表的字段 → 列号；只要整格就是一个值的，一行占几行的不要。"""
    found: dict[str, int] = {}
    for spec in band.row if band.height == 1 else ():
        match spec.template.parts:
            case (Binding(name=name),) if name is not None and name.depth == 0 and same_scale(name.field):
                found.setdefault(name.key, spec.col)
    return found


def same_scale(field: Field | None) -> bool:
    """格里的数就是值（不带 % 的百分数写的是百分点，公式不能引用）。"""
    return field is None or field.kind != "percent" or field.sign


@dataclass(frozen=True, slots=True)
class Lookout:
    """从某个范围或行看出去：把公式里的名称变成格子（``core.excel.Cells``）。"""

    places: Places
    sheet: str
    node: ScopeFacts | RowFacts

    def cell(self, reference: Reference) -> str | None:
        name = reference.name
        if name.constant:
            value = self.node.constant(name.key)
            return f"{value:f}" if is_number(value) else None
        target = self.node.up(name.depth)
        if not isinstance(target, ScopeFacts | RowFacts):
            return None
        found = self.places.cells.get(target.address(name.key))
        return found and self._prefix(found[0]) + xl_rowcol_to_cell(found[1], found[2])

    def rows(self, column: Column) -> str | None:
        """列表一列的区域；几级的列表、不在工作簿里的列表说不清。"""
        owner = self.node.up(column.name.depth)
        if len(column.name.path) != 1 or not isinstance(owner, ScopeFacts):
            return None
        region = self.places.lists.get(owner.address(column.name.path[0]))
        if region is None or column.name.key not in region.columns:
            return None
        col = region.columns[column.name.key]
        top, bottom = xl_rowcol_to_cell(region.top, col), xl_rowcol_to_cell(region.bottom, col)
        return f"{self._prefix(region.sheet)}{top}:{bottom}"

    def _prefix(self, sheet: str) -> str:
        return "" if sheet == self.sheet else f"'{sheet}'!"
