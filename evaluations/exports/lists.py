"""普通的清单（评审得分表、核对表）：同一份 ``Table`` 印成 HTML、PDF、Excel。官方表样见 documents.py。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from .folio import number_css
from .html import Sheet, document, print_css
from .painter import column_widths
from .pdf import render_sheets
from .tables import Table, write_tables
from .text import printable
from .xlsx import sheet_names

FONT_SIZE = "9pt"
LONG = 250
"""有这么多字的一行可以跨页；短的整行移到下一页。"""


def list_html(tables: Sequence[Table]) -> SafeString:
    """几张清单的 HTML，打印预览用。"""
    made = [
        {
            "name": table.name,
            "notes": [printable(line) for line in table.notes],
            "columns": list(zip(table.columns, column_widths([c.width for c in table.columns]), strict=True)),
            "rows": [
                {
                    "long": max(map(len, row)) > LONG,
                    "cells": zip(table.columns, map(printable, row), strict=True),
                }
                for row in table.rows
            ],
        }
        for table in tables
    ]
    html = get_template("print/list.html").render({"tables": made})
    return mark_safe(html)  # noqa: S308 模板的输出  # nosec B308


def _sheets(tables: Sequence[Table]) -> list[Sheet]:
    return [
        Sheet(
            "landscape", FONT_SIZE, list_html([table]), entry=table.name,
            columns=tuple(column.width for column in table.columns),
        )
        for table in tables
    ]  # fmt: skip


def list_pdf(tables: Sequence[Table], title: str) -> bytes:
    """几张清单的 PDF，横页，每张另起一页。"""
    return render_sheets(_sheets(tables), title=title)


def list_xlsx(tables: Sequence[Table], title: str) -> bytes:
    """几张清单的 Excel，一张一个工作表。"""
    names = sheet_names([table.name for table in tables])
    named = [replace(table, name=name) for table, name in zip(tables, names, strict=True)]
    return write_tables(named, title=title)


def list_page(tables: Sequence[Table], title: str) -> bytes:
    """独立的打印页。"""
    return document(_sheets(tables), title, css=f"{print_css()}\n{number_css()}").encode()


WRITERS: dict[str, Callable[[Sequence[Table], str], bytes]] = {
    "pdf": list_pdf,
    "xlsx": list_xlsx,
    "html": list_page,
}
