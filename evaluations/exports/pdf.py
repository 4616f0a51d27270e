"""Grid → PDF。排版在子进程里（``pdf_worker``），这里决定怎样分页。

每张表两遍（notation §6）：先在矮 7 mm 的页上排一遍，读出每页从哪一行、哪个字开始；有格子跨页时按页
切开（``core.paging``），标签每页重印、边框封口，再在真正的页上排一遍。没有格子跨页的表和文只排一遍。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings

from ..core.grid import Grid
from ..core.paging import Break, crosses, cut
from .folio import page_css
from .fonts import face_css, faces, font_files
from .html import Entry, Sheet, contents_html, document, print_css, render_grid, render_paged, sheet_of
from .parts import Part, as_part
from .problems import ExportProblem
from .text import position_after
from .workers import Pool, Worker

__all__ = ["ExportProblem", "render_pdf", "render_sheets"]

SLACKS_MM = (7.0, 12.0, 20.0)
"""第一遍的页矮多少：给切口多出的边框和边距留地方；还装不下就再矮些重排。"""
SECONDS_PER_PART = 5
"""限时：每一份多给几秒。"""
TIGHT_SAVES_MM = 0.8
"""收紧后每行至少矮多少毫米。"""

PageRows = Sequence[Mapping[str, Mapping[str, int]]]


def render_pdf(parts: Sequence[Grid | Part], *, title: str, footer: str = "", pdfa: bool = False) -> bytes:
    """几份依次印成一个 PDF，页码连续；有目录名称（``Part.entry``）的，前面加不编页码的目录。

    ``title`` 是文件属性里的标题；``footer`` 印在每页下方（如校验码）；``pdfa`` 存成 PDF/A-3u。
    缺库、缺字体、超时或排版出错抛 ``ExportProblem``。
    """
    if not parts:
        raise ExportProblem("没有可以导出的表。")
    with pool().worker(SECONDS_PER_PART * len(parts)) as worker:
        job = _Job(worker, title, footer)
        for part in parts:
            job.add(as_part(part))
        return job.write("pdf/a-3u" if pdfa else "")


def render_sheets(sheets: Sequence[Sheet], *, title: str, numbered: bool = True) -> bytes:
    """几张普通的清单（不是官方表样）依次印成一个 PDF；长的由排版自己分页，表头每页重印；``numbered`` 印页码。"""
    with pool().worker(SECONDS_PER_PART * len(sheets)) as worker:
        job = _Job(worker, title, "", numbered)
        for sheet in sheets:
            job.put(job.lay(sheet))
        return job.write("")


@dataclass(frozen=True, slots=True)
class Laid:
    """排好的一份：在子进程里的名称，各页的行，各页的行占到多高（毫米）。"""

    name: str
    pages: PageRows
    heights: Sequence[float]


class _Job:
    """一次出件：逐份排版，末了排目录，写成一个文件。"""

    def __init__(self, worker: Worker, title: str, footer: str, numbered: bool = True) -> None:
        self.worker, self.numbered = worker, numbered
        self.title = title
        self.footer = footer
        self.pages = 0
        self.asked = 0
        self.order: list[str] = []
        self.lines: list[Entry] = []

    def add(self, part: Part) -> None:
        number = len(self.order) + 1
        if part.entry:
            self.lines.append(Entry(number, part.annex, part.entry, self.pages + 1))
        self.put(self._prose(part) if part.grid.kind == "prose" else self._table(part))

    def put(self, laid: Laid) -> None:
        """把排好的一份接在后面。"""
        self.order.append(laid.name)
        self.pages += len(laid.pages)

    def _prose(self, part: Part) -> Laid:
        return self.lay(sheet_of(part, render_grid(part.grid, "print")))

    def _table(self, part: Part) -> Laid:
        """先在矮页上排；差几行就能成一页的收紧；有格子跨页的按页切开再排。"""
        grid = part.grid
        html = render_grid(grid, "print")
        for number, slack in enumerate(SLACKS_MM):
            laid = self.lay(sheet_of(part, html), slack)
            if not number and nearly_one_page(laid, slack):
                tight = self.lay(sheet_of(part, html, tight=True))
                if len(tight.pages) == 1:
                    return tight
            breaks = find_breaks(grid, laid.pages)
            if not crosses(grid, breaks):
                break
            paged = cut(grid, breaks)
            laid = self.lay(sheet_of(replace(part, grid=paged.grid), render_paged(paged)))
            if len(laid.pages) == len(breaks) + 1:
                break
        return laid

    def lay(self, sheet: Sheet, slack: float = 0.0) -> Laid:
        """排一份。"""
        number = len(self.order) + 1
        start = self.pages + 1 if self.numbered else 0
        css = page_css(sheet.kind, sheet.orientation, start=start, slack=slack, sheet=number)
        return self._ask(document([sheet], self.title, self.footer, css=css, first=number))

    def _ask(self, html: str) -> Laid:
        self.asked += 1
        name = str(self.asked)
        reply, _ = self.worker.ask({"do": "lay", "name": name}, html.encode())
        return Laid(name, reply["pages"], reply["heights"])

    def write(self, variant: str) -> bytes:
        order, ahead = self.order, 0
        if self.lines:
            contents = self._contents()
            order, ahead = [contents.name, *order], len(contents.pages)
        return self.worker.ask({"do": "write", "order": order, "variant": variant, "ahead": ahead})[1]

    def _contents(self) -> Laid:
        css = page_css("prose", "portrait", start=0)
        return self._ask(document([], self.title, css=css, contents=contents_html(self.lines)))


def nearly_one_page(laid: Laid, slack: float) -> bool:
    """两页，第二页的行收紧以后放得进第一页。"""
    if len(laid.pages) != 2 or set(laid.pages[0]) & set(laid.pages[1]):
        return False
    saved = TIGHT_SAVES_MM * (len(laid.pages[0]) + len(laid.pages[1]))
    return laid.heights[1] <= slack + saved


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


@cache
def pool() -> Pool:
    """本进程的排版池。"""
    return Pool(int(getattr(settings, "PDF_WORKERS", 2)), _start)


def _start() -> dict[str, Any]:
    """子进程的第一条消息：样式和字体。"""
    found = faces()
    return {"css": f"{face_css(found)}\n{print_css()}", "fonts": font_files(found)}
