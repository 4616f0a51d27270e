"""简单的表 → Excel：标题说明、表头、行、下拉选项。导入模板和清单用；官方表样见 xlsx.py。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import xlsxwriter  # type: ignore[import-untyped]

from .text import printable

ROWS_WITH_CHOICES = 2_000


@dataclass(frozen=True)
class Column:
    """一列：表头、宽（字数）、必填、下拉选项；``numeric`` 的印出来靠右。"""

    heading: str
    width: int = 16
    required: bool = False
    choices: Sequence[str] = ()
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """一张工作表。``notes`` 是表头上面的说明，一行一条；值一律按文字写（编码不会丢前面的 0）。"""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()


def write_tables(tables: Sequence[Table], *, title: str = "") -> bytes:
    """几张表做成一个工作簿；字永远是字，不会成为公式。"""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        workbook.set_properties({"title": printable(title)})
        for table in tables:
            _write(workbook, table)
    return content.getvalue()


def _write(workbook: xlsxwriter.Workbook, table: Table) -> None:
    note = workbook.add_format({"font_color": "#4b5968"})
    head = workbook.add_format(
        {"bold": True, "bg_color": "#e9eef2", "border": 1, "text_wrap": True, "valign": "vcenter"}
    )
    must = workbook.add_format(
        {
            "bold": True,
            "bg_color": "#e9eef2",
            "border": 1,
            "text_wrap": True,
            "valign": "vcenter",
            "font_color": "#a92318",
        }
    )
    text = workbook.add_format({"num_format": "@", "quote_prefix": True})
    blank = workbook.add_format({"num_format": "@"})
    sheet = workbook.add_worksheet(table.name)
    for i, line in enumerate(table.notes):
        sheet.write_string(i, 0, printable(line), note)
    top = len(table.notes)
    for c, column in enumerate(table.columns):
        sheet.set_column(c, c, column.width, blank)
        sheet.write_string(top, c, column.heading, must if column.required else head)
        if column.choices:
            rule = {
                "validate": "list",
                "source": list(column.choices),
                "error_title": "请从下拉里选",
                "error_message": "、".join(column.choices)[:255],
            }
            sheet.data_validation(top + 1, c, top + ROWS_WITH_CHOICES, c, rule)
    for r, row in enumerate(table.rows, top + 1):
        for c, value in enumerate(row):
            sheet.write_string(r, c, printable(value), text)
    sheet.freeze_panes(top + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
