"""Grid → HTML。表格标记只有 templates/grid/table.html 一份；类名和属性由 painter 算好，模板只拼接。

- ``sections(grid)``：把一张表分成几个 ``<table>``，每个重复带的表头成为 ``<thead>``；
- ``render_grid(grid, mode)``：一张表的全部 ``<table>``，mode 为 print、entry、read；
- ``render_page(parts, title)``：独立的打印页。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from ..core.grid import Grid
from ..core.paging import Paged
from .cells import Mode
from .folio import number_css
from .measure import points
from .painter import Painter, column_widths
from .parts import Part, as_part
from .prose import prose
from .sections import Section, sections
from .text import printable

__all__ = ["Entry", "Sheet", "contents_html", "document", "print_css", "render_grid", "render_page", "render_paged", "sections", "sheet_of"]  # fmt: skip
PRINT_CSS = Path(__file__).resolve().parents[2] / "static" / "css" / "print.css"


def render_grid(grid: Grid, mode: Mode, marks: Mapping[str, str] | None = None) -> SafeString:
    """一张表（或一篇文）的 HTML。``marks`` 是 地址 → error、warning、info，成为格子的类 ``mark-…``。"""
    if grid.kind == "prose":
        return _render("grid/prose.html", prose(grid, mode, marks or {}))
    painter = Painter(grid, mode, marks or {})
    return _tables(painter, sections(grid))


def render_paged(paged: Paged) -> SafeString:
    """按页切好的一张打印表：每页各成几个 ``<table>``。"""
    painter = Painter(paged.grid, "print", {}, paged.split)
    return _tables(painter, sections(paged.grid, paged.starts))


def _tables(painter: Painter, found: Sequence[Section]) -> SafeString:
    return _render("grid/table.html", {"tables": [painter.table(section) for section in found]})


def _render(template: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(template).render(context))  # noqa: S308 模板的输出  # nosec B308


def render_page(parts: Sequence[Grid | Part], title: str, footer: str = "") -> str:
    """独立的打印页（样式内联）：浏览器打印，或存成文件。``footer`` 印在页脚；成套的材料前有目录。"""
    whole = [as_part(part) for part in parts]
    sheets = [sheet_of(part, render_grid(part.grid, "print")) for part in whole]
    lines = [Entry(number, part.annex, part.entry) for number, part in enumerate(whole, 1) if part.entry]
    contents = contents_html(lines) if lines else None
    return document(sheets, title, footer, css=f"{print_css()}\n{number_css()}", contents=contents)


@dataclass(frozen=True, slots=True)
class Sheet:
    """打印文档里的一张。``font_size`` 如 ``10.5pt``；``entry`` 是书签里的名称，``annex`` 印在左上角，
    ``tight`` 时行距收紧。
    """

    orientation: str
    font_size: str
    html: SafeString
    kind: str = "table"
    entry: str = ""
    annex: str = ""
    tight: bool = False
    columns: tuple[int, ...] = ()


def sheet_of(part: Part, html: SafeString, *, tight: bool = False) -> Sheet:
    grid = part.grid
    entry = printable(part.entry or grid.title)
    columns = grid.columns if grid.kind == "table" else ()
    return Sheet(grid.orientation, grid.font_size, html, grid.kind, entry, part.annex, tight, columns)


@dataclass(frozen=True, slots=True)
class Entry:
    """目录的一行；``page`` 为 0 时不印页码。"""

    number: int
    annex: str
    entry: str
    page: int = 0


def contents_html(lines: Sequence[Entry]) -> SafeString:
    return _render(
        "print/contents.html", {"lines": [replace(line, entry=printable(line.entry)) for line in lines]}
    )


def document(
    sheets: Sequence[Sheet], title: str, footer: str = "", *, css: str, first: int = 1, contents: SafeString | None = None
) -> str:  # fmt: skip
    """打印文档的全文；``css`` 内联在 ``<style>`` 里，各张的字号随后。``first`` 是第一张的编号。"""
    numbered = list(enumerate(sheets, first))
    sizes = [rule for number, sheet in numbered for rule in _sheet_css(number, sheet)]
    context = {
        "sheets": numbered,
        "contents": contents,
        "title": printable(title),
        "footer": printable(footer),
        "css": mark_safe("\n".join([css, *sizes])),  # noqa: S308 自己的样式，字号已读成数  # nosec B308
    }
    return str(get_template("print/document.html").render(context))


def _sheet_css(number: int, sheet: Sheet) -> Iterator[str]:
    """这一张的字号和列宽。"""
    yield f"#sheet-{number} {{font-size: {points(sheet.font_size)}pt}}"
    for place, width in enumerate(column_widths(sheet.columns), 1):
        yield f"#sheet-{number} col:nth-child({place}) {{width: {width}}}"


@cache
def print_css() -> str:
    """打印样式的全文。"""
    return PRINT_CSS.read_text(encoding="utf-8")
