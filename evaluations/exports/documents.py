"""从事实到官方文件：选表、展开、印成 PDF、Excel 或 HTML。页面和命令走同一条路。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..core.facts import Facts, ScopeFacts
from ..core.grid import expand, scopes_of
from ..core.layout import Layout
from .html import render_page
from .parts import Part, scope_name
from .pdf import render_pdf
from .problems import ExportProblem
from .prose import title_text
from .reasons import reasons
from .xlsx import render_xlsx

Chosen = Sequence[tuple[Layout, ScopeFacts]]


def choose(facts: Facts, form: str) -> Chosen:
    """一张表，或 ``all`` 全部：按打印次序（报告在前，附件随后），项目的表每个项目一张。

    不适用的（``when`` 不成立）不印；没有内容时抛 ``ExportProblem``。
    """
    layouts = sorted(facts.pack.forms.values(), key=print_order) if form == "all" else [facts.pack.form(form)]
    chosen: list[tuple[Layout, ScopeFacts]] = []
    for layout in layouts:
        chosen.extend((layout, scope) for scope in scopes_of(layout, facts))
    if not chosen:
        raise ExportProblem(f"没有可出的表：方案 {facts.pack.key} 的“{form}”没有内容。")
    return chosen


def print_order(layout: Layout) -> int:
    return layout.order if layout.print_order is None else layout.print_order


def title_of(facts: Facts) -> str:
    """文件属性里的标题：单位名称，没有时用方案名称。"""
    return facts.package.department_name or facts.pack.name


def parts(facts: Facts, chosen: Chosen) -> list[Part]:
    """要印的各份。多于一份就是成套的材料：带附件号和目录名称；同一张表有几份时附件号加序号。"""
    if len(chosen) == 1:
        return [Part(expand(layout, facts, scope)) for layout, scope in chosen]
    made = []
    for layout, scope in chosen:
        same = [other for kind, other in chosen if kind is layout]
        grid = expand(layout, facts, scope)
        name = scope_name(scope)
        title = title_text(grid.cells) if grid.kind == "prose" else grid.title
        number = f"-{same.index(scope) + 1}" if len(same) > 1 and layout.annex else ""
        made.append(Part(grid, layout.annex + number, f"{title}（{name}）" if name else title))
    return made


def pdf(facts: Facts, chosen: Chosen, *, pdfa: bool = False, footer: str = "", why: bool = False) -> bytes:
    """``why`` 时最后附上得分说明。"""
    made = [*parts(facts, chosen), *([reasons(facts)] if why else [])]
    return render_pdf(made, title=title_of(facts), footer=footer, pdfa=pdfa)


def xlsx(facts: Facts, chosen: Chosen) -> bytes:
    """工作簿带“……”空行，拿回去可以接着填。"""
    sheets = [(expand(layout, facts, scope, open_rows=True), scope) for layout, scope in chosen]
    return render_xlsx(sheets, title=title_of(facts))


def html(facts: Facts, chosen: Chosen) -> bytes:
    return render_page(parts(facts, chosen), title_of(facts)).encode()


WRITERS: dict[str, Callable[[Facts, Chosen], bytes]] = {
    "pdf": pdf,
    "pdfa": partial(pdf, pdfa=True),
    "xlsx": xlsx,
    "html": html,
    "pdf-why": partial(pdf, why=True),
}
"""能写的文件，一律 ``WRITERS[种类](facts, chosen)``；pdfa 是存档用的 PDF/A-3u，pdf-why 附上得分说明。"""
