"""对照物：Chromium 打印同一份 HTML，typst 排同样的内容，openpyxl 从头写同样的工作簿。"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Border, Font

from evaluations.core.grid import Cell, Grid

SONG = '("Noto Serif CJK SC",)'
FANG = '("FandolFang R", "FandolFang", "Noto Serif CJK SC")'


# ---- Chromium ----


@contextmanager
def chromium() -> Iterator[Any]:
    """开着的一页；``print_html(page, html)`` 反复用它。"""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        try:
            yield browser.new_page()
        finally:
            browser.close()


def print_html(page: Any, html: str) -> bytes:
    page.set_content(html)
    content: bytes = page.pdf(prefer_css_page_size=True)
    return content


# ---- typst ----


def typst_source(grids: Sequence[Grid], nonce: str) -> bytes:
    """同样的格子写成 typst；``nonce`` 每次不同，免得它拿出上次的结果。"""
    head = f'// {nonce}\n#set text(lang: "zh", region: "cn", size: 10.5pt, font: {SONG})\n'
    return (head + "".join(map(_typst_form, grids))).encode()


def _typst_form(grid: Grid) -> str:
    if grid.kind == "prose":
        return _typst_prose(grid)
    flipped = "true" if grid.orientation == "landscape" else "false"
    columns = ", ".join(f"{width}fr" for width in grid.columns)
    cells = "".join(_typst_cell(cell) for _, cells in grid.by_row() for cell in cells)
    page = f'paper: "a4", flipped: {flipped}, margin: (x: 15mm, top: 18mm, bottom: 20mm), numbering: "— 1 —"'
    return f"#page({page})[#table(columns: ({columns}), inset: 1mm, stroke: 0.5pt,\n{cells})]\n"


def _typst_cell(cell: Cell) -> str:
    stroke = "" if cell.frame else ", stroke: none"
    body = _typst_text(cell.text)
    if cell.style == "title":
        body = f'#text(size: 22pt, weight: "bold")[{body}]'
    return (
        f"table.cell(rowspan: {cell.h}, colspan: {cell.w}, align: {cell.align} + horizon{stroke})[{body}],\n"
    )


def _typst_prose(grid: Grid) -> str:
    lines = [line for cell in grid.cells for line in cell.text.split("\n") if line.strip()]
    body = "\n\n".join(_typst_text(line.strip()) for line in lines)
    page = 'paper: "a4", margin: (top: 37mm, right: 26mm, bottom: 35mm, left: 28mm), numbering: "— 1 —"'
    return (
        f"#page({page})[#set text(size: 15.79pt, font: {FANG})\n"
        f"#set par(first-line-indent: (amount: 2em, all: true), leading: 13pt)\n{body}]\n"
    )


def _typst_text(text: str) -> str:
    return "#linebreak()".join(
        f"#{json.dumps(line, ensure_ascii=False)}" for line in text.split("\n") if line
    )


def typst_pdf(source: bytes, font_folder: str) -> bytes:
    import typst

    content: bytes = typst.compile(source, font_paths=[font_folder])
    return content


# ---- openpyxl ----


@dataclass(frozen=True)
class PlainSheet:
    """读回来的一张工作表：每格的值和样式，合并，列宽、行高。"""

    title: str
    hidden: bool
    cells: list[tuple[int, int, Any, Font, Alignment, Border, str]]
    merges: list[str]
    widths: dict[str, float]
    heights: dict[int, float]


def read_book(content: bytes) -> list[PlainSheet]:
    return [_read_sheet(sheet) for sheet in openpyxl.load_workbook(BytesIO(content)).worksheets]


def _read_sheet(sheet: Any) -> PlainSheet:
    cells = [
        (cell.row, cell.column, cell.value, copy(cell.font), copy(cell.alignment), copy(cell.border), cell.number_format)
        for line in sheet.iter_rows() for cell in line if cell.value is not None or cell.has_style
    ]  # fmt: skip
    merges = [str(merged) for merged in sheet.merged_cells.ranges]
    widths = {name: column.width for name, column in sheet.column_dimensions.items()}
    heights = {row: line.height for row, line in sheet.row_dimensions.items() if line.height}
    return PlainSheet(sheet.title, sheet.sheet_state == "hidden", cells, merges, widths, heights)


def openpyxl_book(sheets: Sequence[PlainSheet]) -> bytes:
    """用 openpyxl 从头写同样的工作簿：同样的值、公式、样式、合并、列宽、行高。"""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for plain in sheets:
        sheet = book.create_sheet(plain.title)
        sheet.sheet_state = "hidden" if plain.hidden else "visible"
        for row, column, value, font, alignment, border, number_format in plain.cells:
            cell = sheet.cell(row, column, value)
            cell.font, cell.alignment, cell.border, cell.number_format = (
                font,
                alignment,
                border,
                number_format,
            )
        for merged in plain.merges:
            sheet.merge_cells(merged)
        for name, width in plain.widths.items():
            sheet.column_dimensions[name].width = width
        for number, height in plain.heights.items():
            sheet.row_dimensions[number].height = height
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def contents(sheets: Sequence[PlainSheet]) -> list[Any]:
    """可比的：每格的值、数字格式和对齐，合并。"""
    return [
        (sheet.title, sorted(sheet.merges), [(row, column, value, form, alignment.horizontal)
         for row, column, value, _, alignment, _, form in sheet.cells if value is not None])
        for sheet in sheets
    ]  # fmt: skip
