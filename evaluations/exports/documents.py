"""从事实到官方文件：选表、展开、印成 PDF、Excel 或 HTML。页面和命令走同一条路。"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.facts import Facts, ScopeFacts
from ..core.grid import expand
from ..core.layout import Layout
from .html import render_page
from .pdf import render_pdf
from .problems import ExportProblem
from .xlsx import render_xlsx

Chosen = Sequence[tuple[Layout, ScopeFacts]]


def choose(facts: Facts, form: str) -> Chosen:
    """一张表，或 ``all`` 全部（项目的表每个项目一张）；没有内容时抛 ``ExportProblem``。"""
    layouts = list(facts.pack.forms.values()) if form == "all" else [facts.pack.form(form)]
    chosen: list[tuple[Layout, ScopeFacts]] = []
    for layout in layouts:
        scopes = facts.children[layout.scope] if layout.scope else [facts.root]
        chosen.extend((layout, scope) for scope in scopes)
    if not chosen:
        raise ExportProblem(f"没有可出的表：方案 {facts.pack.key} 的“{form}”没有内容。")
    return chosen


def title_of(facts: Facts) -> str:
    """文件属性里的标题：单位名称，没有时用方案名称。"""
    return facts.package.department_name or facts.pack.name


def pdf(facts: Facts, chosen: Chosen) -> bytes:
    return render_pdf([expand(layout, facts, scope) for layout, scope in chosen], title=title_of(facts))


def xlsx(facts: Facts, chosen: Chosen) -> bytes:
    """工作簿带“……”空行，拿回去可以接着填。"""
    sheets = [(expand(layout, facts, scope, open_rows=True), scope) for layout, scope in chosen]
    return render_xlsx(sheets, title=title_of(facts))


def html(facts: Facts, chosen: Chosen) -> bytes:
    return render_page([expand(layout, facts, scope) for layout, scope in chosen], title_of(facts)).encode()


WRITERS: dict[str, Callable[[Facts, Chosen], bytes]] = {"pdf": pdf, "xlsx": xlsx, "html": html}
