"""Grid → PDF。排版在子进程里（``pdf_worker``），这里决定怎样分页。

每张表两遍（notation §6）：先在矮 7 mm 的页上排一遍，读出每页从哪一行、哪个字开始；有格子跨页时按页
切开（``core.paging``），标签每页重印、边框封口，再在真正的页上排一遍。没有格子跨页的表只排一遍。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from ..core.grid import Grid
from ..core.paging import Break, Paged, crosses, cut
from .html import Sheet, document, print_css, render_grid, render_paged
from .problems import ExportProblem
from .text import position_after
from .workers import Pool, Worker

__all__ = ["ExportProblem", "render_pdf"]

PAGE_MARGINS_MM = (18.0, 15.0, 20.0)
"""上、左右、下页边，与 print.css 的 @page 相同。"""
SLACKS_MM = (7.0, 12.0, 20.0)
"""第一遍的页矮多少：给切口多出的边框和边距留地方；还装不下就再矮些重排。"""
FONT_SUFFIXES = (".ttf", ".otf", ".ttc")
SITE_FONTS = {
    "宋体": "site-song",
    "仿宋": "site-fang",
    "楷体": "site-kai",
    "黑体": "site-hei",
    "小标宋": "site-title",
}
FANDOL_FONTS = {"FandolFang-Regular.otf": "FandolFang", "FandolKai-Regular.otf": "FandolKai"}

PageRows = Sequence[Mapping[str, Mapping[str, int]]]


def render_pdf(grids: Sequence[Grid], *, title: str, footer: str = "", pdfa: bool = False) -> bytes:
    """几张表依次印成一个 PDF，页码连续。

    ``title`` 是文件属性里的标题；``footer`` 印在每页左下角（如校验码）；``pdfa`` 存成 PDF/A-3u。
    缺库、缺字体、超时或排版出错抛 ``ExportProblem``。
    """
    if not grids:
        raise ExportProblem("没有可以导出的表。")
    with pool().worker() as worker:
        job = _Job(worker, title, footer)
        for grid in grids:
            job.add(grid)
        return job.write("pdf/a-3u" if pdfa else "")


class _Job:
    """一次出件：逐张排版，最后写成一个文件。"""

    def __init__(self, worker: Worker, title: str, footer: str) -> None:
        self.worker = worker
        self.title = title
        self.footer = footer
        self.pages = 0

    def add(self, grid: Grid) -> None:
        again = False
        for slack in SLACKS_MM:
            laid = self._lay(_sheet(grid), slack, again)
            again = True
            breaks = find_breaks(grid, laid)
            if not crosses(grid, breaks):
                break
            laid = self._lay(_paged_sheet(cut(grid, breaks)), 0.0, again)
            if len(laid) == len(breaks) + 1:
                break
        self.pages += len(laid)

    def _lay(self, sheet: Sheet, slack: float, again: bool) -> PageRows:
        html = document([sheet], self.title, self.footer, css=self._page_css(sheet.orientation, slack))
        reply, _ = self.worker.ask({"do": "lay", "again": again}, html.encode())
        pages: PageRows = reply["pages"]
        return pages

    def _page_css(self, orientation: str, slack: float) -> str:
        """这张表的纸向、页边和起始页码。"""
        top, side, bottom = PAGE_MARGINS_MM
        size = "landscape" if orientation == "landscape" else "portrait"
        return (
            f"@page {{size: A4 {size}; margin: {top}mm {side}mm {bottom + slack}mm}}"
            f" .sheet {{page: auto}} @page :first {{counter-reset: page {self.pages + 1}}}"
        )

    def write(self, variant: str) -> bytes:
        return self.worker.ask({"do": "write", "variant": variant})[1]


def _sheet(grid: Grid) -> Sheet:
    return Sheet(grid.orientation, grid.font_size, render_grid(grid, "print"))


def _paged_sheet(paged: Paged) -> Sheet:
    return Sheet(paged.grid.orientation, paged.grid.font_size, render_paged(paged))


def find_breaks(grid: Grid, pages: PageRows) -> list[Break]:
    """由各页有哪些行、排了多少字，得出每页从哪里开始。"""
    texts = {(cell.row, cell.col): cell.text for cell in grid.cells}
    before: Counter[tuple[int, int]] = Counter()
    found: list[Break] = []
    for number, page in enumerate(pages):
        counts = {(int(row), int(col)): count for row, cells in page.items() for col, count in cells.items()}
        first = min(map(int, page), default=0)
        if number and first:
            found.append(_break_at(first, before, counts, texts))
        before.update(counts)
    return found


def _break_at(
    row: int,
    before: Mapping[tuple[int, int], int],
    here: Mapping[tuple[int, int], int],
    texts: Mapping[tuple[int, int], str],
) -> Break:
    """这一行前面的页上已经印了字，就是从行中间分页；否则在行前。"""
    columns = [col for at, col in here if at == row]
    if not any(before.get((row, col)) for col in columns):
        return Break(row)
    printed = {col: position_after(texts.get((row, col), ""), before.get((row, col), 0)) for col in columns}
    return Break(row, inside=True, printed=printed)


# ---- 子进程的样式和字体 ----


@cache
def pool() -> Pool:
    """本进程的排版池。"""
    return Pool(int(getattr(settings, "PDF_WORKERS", 2)), _start)


def _start() -> dict[str, Any]:
    faces = [*_site_fonts(), *_fandol_fonts()]
    css = "\n".join([*(_face(family, path) for family, path in faces), print_css()])
    return {"css": css, "fonts": {_font_name(path): str(path) for _, path in faces}}


def _site_fonts() -> list[tuple[str, Path]]:
    """单位自备的字体：``FONT_DIR`` 里名为 宋体、仿宋、楷体、黑体、小标宋 的字体文件。"""
    folder = getattr(settings, "FONT_DIR", "")
    if not folder:
        return []
    candidates = [
        (family, Path(folder) / f"{name}{suffix}")
        for name, family in SITE_FONTS.items()
        for suffix in FONT_SUFFIXES
    ]
    return [(family, path) for family, path in candidates if path.is_file()]


def _fandol_fonts() -> list[tuple[str, Path]]:
    folder = Path(settings.BASE_DIR) / "build" / "fonts"
    return [(family, folder / name) for name, family in FANDOL_FONTS.items() if (folder / name).is_file()]


def _font_name(path: Path) -> str:
    """取件名：十六进制，不露路径，也不怕中文文件名。"""
    return path.name.encode().hex()


def _face(family: str, path: Path) -> str:
    weight = "bold" if family == "site-title" else "normal"
    return (
        f'@font-face {{font-family: "{family}"; font-weight: {weight}; src: url("font:{_font_name(path)}")}}'
    )
