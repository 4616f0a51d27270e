"""回执：一页的 PDF。"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.template.loader import get_template
from django.utils.safestring import mark_safe

from .html import Sheet
from .pdf import render_sheets
from .text import printable

TITLE = "部门整体支出绩效自评材料报送回执"


def receipt_pdf(bureau: str, rows: Sequence[tuple[str, Sequence[str]]], day: date) -> bytes:
    """``rows`` 是各项的名称和几行字；落款是财政局和收到的日子。"""
    context = {
        "bureau": printable(bureau), "title": TITLE, "day": f"{day.year}年{day.month}月{day.day}日",
        "rows": [(printable(name), [printable(line) for line in lines]) for name, lines in rows],
    }  # fmt: skip
    html = mark_safe(get_template("print/receipt.html").render(context))  # noqa: S308 模板的输出  # nosec B308
    sheet = Sheet("portrait", "14pt", html, "prose", entry="回执")
    return render_sheets([sheet], title=TITLE, numbered=False)
