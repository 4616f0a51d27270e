"""Grid → HTML。表格标记只有 templates/grid/table.html 一份；类名和属性由 painter 算好，模板只拼接。

- ``sections(grid)``：把一张表分成几个 ``<table>``，每个重复带的表头成为 ``<thead>``；
- ``render_grid(grid, mode)``：一张表的全部 ``<table>``，mode 为 print、entry、read；
- ``render_page(grids, title)``：独立的打印页。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from ..core.grid import Grid
from ..core.paging import Paged
from .cells import Mode
from .measure import points
from .painter import Painter
from .sections import Section, sections
from .text import printable

__all__ = ["Sheet", "document", "print_css", "render_grid", "render_page", "render_paged", "sections"]
PRINT_CSS = Path(__file__).resolve().parents[2] / "static" / "css" / "print.css"


def render_grid(grid: Grid, mode: Mode, marks: Mapping[str, str] | None = None) -> SafeString:
    """一张表的 HTML。``marks`` 是 地址 → error、warning、info，成为格子的类 ``mark-…``。"""
    painter = Painter(grid, mode, marks or {})
    return _tables(painter, sections(grid))


def render_paged(paged: Paged) -> SafeString:
    """按页切好的一张打印表：每页各成几个 ``<table>``。"""
    painter = Painter(paged.grid, "print", {}, paged.split)
    return _tables(painter, sections(paged.grid, paged.starts))


def _tables(painter: Painter, found: Sequence[Section]) -> SafeString:
    context = {"tables": [painter.table(section) for section in found]}
    return mark_safe(get_template("grid/table.html").render(context))  # noqa: S308 模板的输出


def render_page(grids: Sequence[Grid], title: str, footer: str = "") -> str:
    """独立的打印页（样式内联）：浏览器打印，或存成文件。``footer`` 印在左下角。"""
    sheets = [Sheet(grid.orientation, grid.font_size, render_grid(grid, "print")) for grid in grids]
    return document(sheets, title, footer, css=print_css())


@dataclass(frozen=True, slots=True)
class Sheet:
    """打印文档里的一张表。``font_size`` 如 ``10.5pt``。"""

    orientation: str
    font_size: str
    html: SafeString


def document(sheets: Sequence[Sheet], title: str, footer: str = "", *, css: str) -> str:
    """打印文档的全文；``css`` 内联在 ``<style>`` 里，各表的字号随后。"""
    sizes = [
        f"#sheet-{number} {{font-size: {points(sheet.font_size)}pt}}"
        for number, sheet in enumerate(sheets, 1)
    ]
    context = {
        "sheets": sheets,
        "title": printable(title),
        "footer": printable(footer),
        "css": mark_safe("\n".join([css, *sizes])),  # noqa: S308 自己的样式，字号已读成数
    }
    return str(get_template("print/document.html").render(context))


@cache
def print_css() -> str:
    """打印样式的全文。"""
    return PRINT_CSS.read_text(encoding="utf-8")
