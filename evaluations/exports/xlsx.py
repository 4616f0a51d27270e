"""Grid → Excel。官方版式：合并格、列宽、A4 一页宽；数是数，文字是文字，能写成公式的计算格带公式。

表右边的隐藏列是行 id（一行占几个实际行时，其余是 ``id~1``、``id~2``）；隐藏的 ``_meta`` 表记着方案、校验和
和每个值在哪里，导入时按（行 id、列）对，不按位置。见 notation §5。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from ..core.excel import to_excel
from ..core.expressions import Column, Expression, Reference
from ..core.facts import ScopeFacts
from ..core.grid import Cell, Grid
from ..core.values import ROUNDED_KINDS
from .parts import scope_name
from .problems import ExportProblem
from .text import printable
from .xlsx_cells import TEXT, Content, content_of, pattern_of
from .xlsx_places import Lookout, Places, Plan, same_scale
from .xlsx_rows import PIECE_POINTS, font_points, place

META = "_meta"
META_COLUMNS = ("sheet", "form", "scope", "row", "column", "address", "kind", "pattern", "input")
FONT = "宋体"
FONTS = {"h1": "黑体", "h2": "楷体", "text": "仿宋", "live": "仿宋", "sign": "仿宋"}
PROSE_ALIGNS = {"title": "center", "sign": "right"}
MAX_SHEET_NAME = 31
PAGE_POINTS = 600.0
"""A4 一页大约能印的高度，单位：磅。"""


def render_xlsx(sheets: Sequence[tuple[Grid, ScopeFacts]], *, title: str = "") -> bytes:
    """几张表做成一个工作簿，每张一个工作表。

    每张表给出 Grid 和它的范围（``facts.root`` 或某个项目）：公式要用范围里的规则找到引用的格子。
    ``title`` 是文件属性里的标题。没有表时抛 ``ExportProblem``。
    """
    if not sheets:
        raise ExportProblem("没有可以导出的表。")
    names = sheet_names([_wanted_name(grid, scope) for grid, scope in sheets])
    plans = [
        Plan(name, grid, scope, place(grid), [content_of(cell) for cell in grid.cells])
        for name, (grid, scope) in zip(names, sheets, strict=True)
    ]
    places = Places(plans)
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        workbook.set_properties({"title": printable(title)})
        formats = _Formats(workbook)
        for plan in plans:
            _SheetWriter(workbook.add_worksheet(plan.name), plan, formats, places).write()
        _write_meta(workbook, plans)
    return content.getvalue()


def _wanted_name(grid: Grid, scope: ScopeFacts) -> str:
    """工作表名：表的简称；项目的表带项目名称。"""
    return "-".join(filter(None, (grid.sheet or grid.title, scope_name(scope))))


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """合法、不重复的工作表名（最多 31 字，不含 []:*?/\\，不以撇号起止）。"""
    used = {META.casefold(), "history"}
    names = []
    for text in wanted:
        plain = printable(text).translate({ord(ch): "－" for ch in "[]:*?/\\'\n\t"}).strip() or "表"
        name, number = _short(plain, ""), 1
        while name.casefold() in used:
            number += 1
            name = _short(plain, f"（{number}）")
        used.add(name.casefold())
        names.append(name)
    return names


def _short(text: str, mark: str) -> str:
    """截到 31 个 UTF-16 单位（生僻字算两个），末尾带上 ``mark``。"""
    room = 2 * (MAX_SHEET_NAME - len(mark))
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + mark


# ---- 写 ----


class _Formats:
    """格式表：相同的格式只建一次。"""

    def __init__(self, workbook: Any) -> None:
        self.workbook = workbook
        self.made: dict[tuple[object, ...], Any] = {}

    def get(self, cell: Cell, size: float, number_format: str, *, top: bool) -> Any:
        key = (cell.frame, cell.align, cell.style, size, number_format, top)
        if key not in self.made:
            self.made[key] = self.workbook.add_format(
                {
                    "font_name": FONTS.get(cell.style, FONT),
                    "font_size": size,
                    "bold": cell.style == "title",
                    "align": cell.align,
                    "valign": "top" if top else "vcenter",
                    "text_wrap": True,
                    "border": 1 if cell.frame else 0,
                    "num_format": number_format,
                    # 改过再回车也还是文字
                    "quote_prefix": number_format == TEXT,
                }
            )
        return self.made[key]


class _SheetWriter:
    """写一个工作表。"""

    def __init__(self, sheet: Any, plan: Plan, formats: _Formats, places: Places) -> None:
        self.sheet = sheet
        self.plan = plan
        self.grid = plan.grid
        self.placement = plan.placement
        self.formats = formats
        self.places = places

    def write(self) -> None:
        self._page()
        for column, width in enumerate(self.placement.widths):
            self.sheet.set_column(column, column, width)
        for row, height in enumerate(self.placement.heights):
            self.sheet.set_row(row, height)
        prose = self.grid.kind == "prose"
        for cell, content in zip(self.grid.cells, self.plan.contents, strict=True):
            align = PROSE_ALIGNS.get(cell.style, "left") if prose else cell.align
            self._cell(replace(cell, align=align) if prose else cell, content)
        self._row_ids()

    def _page(self) -> None:
        sheet, last = self.sheet, len(self.placement.heights) - 1
        sheet.set_paper(9)
        if self.grid.orientation == "landscape":
            sheet.set_landscape()
        sheet.set_margins(left=0.59, right=0.59, top=0.7, bottom=0.7)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f'&R&"{FONT}"&10— &P —')
        sheet.hide_gridlines(2)
        sheet.print_area(0, 0, last, len(self.grid.columns) - 1)
        heads = [index for index, row in enumerate(self.grid.rows) if row.head]
        if heads and heads[-1] - heads[0] + 1 == len(heads):
            sheet.repeat_rows(self.placement.first[heads[0]], self.placement.first[heads[-1] + 1] - 1)

    def _cell(self, cell: Cell, content: Content) -> None:
        top, bottom = self.placement.rows(cell)
        formula = self._formula(content)
        number_format = content.number_format if formula is None else content.formula_format
        style = self.formats.get(cell, font_points(self.grid, cell), number_format, top=self._is_tall(cell))
        if bottom > top or cell.w > 1:
            self.sheet.merge_range(top, cell.col, bottom, cell.col + cell.w - 1, "", style)
        for row in range(top + 1, bottom + 1 if cell.h == 1 else 0):
            # LibreOffice 不印看上去空的页：续行里放一个空格，长文字才不会缺页
            self.sheet.write_string(row, cell.col, " ", style)
        if formula is not None:
            self.sheet.write_formula(top, cell.col, formula, style, content.result)
        elif content.number is not None:
            self.sheet.write_number(top, cell.col, content.number, style)
        elif content.text:
            self.sheet.write_string(top, cell.col, content.text, style)
        else:
            self.sheet.write_blank(top, cell.col, None, style)

    def _is_tall(self, cell: Cell) -> bool:
        """靠上排：长文字；高过一页的标签，免得正好印在分页处。"""
        top, bottom = self.placement.rows(cell)
        height: float = sum(self.placement.heights[top : bottom + 1])
        return self.grid.kind == "prose" or height > (PIECE_POINTS if cell.align == "left" else PAGE_POINTS)

    def _formula(self, content: Content) -> str | None:
        """计算格的公式。公式的结果须和印出的一样：不带 % 的、不适用印成别的字的不写公式。"""
        piece = content.piece
        if piece is None or piece.field is None or not piece.field.compute:
            return None
        if not same_scale(piece.field) or piece.field.na_shows != "不适用":
            return None
        node, key = self.plan.scope.facts.locate(piece.address)
        rule = node.rules.get(key)
        if not isinstance(rule, Expression) or all(_is_constant(name) for name in rule.references()):
            return None
        digits = piece.field.digits if piece.field.kind in ROUNDED_KINDS else None
        return to_excel(rule.node, Lookout(self.places, self.plan.name, node), digits)

    def _row_ids(self) -> None:
        column = len(self.grid.columns)
        self.sheet.set_column(column, column, None, None, {"hidden": True})
        first = self.placement.first
        for index, row in enumerate(self.grid.rows):
            for number, at in enumerate(range(first[index], first[index + 1])):
                self.sheet.write_string(at, column, f"{row.id}~{number}" if number else row.id)


def _is_constant(name: Reference | Column) -> bool:
    return isinstance(name, Reference) and name.name.constant


def _write_meta(workbook: Any, plans: Sequence[Plan]) -> None:
    """隐藏的 ``_meta``：方案、校验和，然后每个值一行；``input`` 为 1 的才是导入时要读的。"""
    sheet = workbook.add_worksheet(META)
    sheet.hide()
    pack = plans[0].scope.facts.pack
    head: Mapping[str, str] = {"pack": pack.key, "checksum": pack.checksum, "money_unit": pack.money_unit}
    for row, (name, text) in enumerate(head.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, text)
    lines = [META_COLUMNS, *(line for plan in plans for line in _meta_lines(plan))]
    for row, line in enumerate(lines, len(head) + 1):
        for column, text in enumerate(line):
            if text:
                sheet.write_string(row, column, text)


def _meta_lines(plan: Plan) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for cell in plan.grid.cells:
        row = plan.grid.rows[cell.row].id
        for piece in cell.values:
            kind = piece.field.kind if piece.field is not None else ""
            lines.append(
                (
                    plan.name, plan.grid.form, plan.scope.prefix, row, xl_col_to_name(cell.col), piece.address, kind,
                    printable(pattern_of(cell)), "1" if piece.input else "",
                )
            )  # fmt: skip
    return lines
