"""方案的表样：预览成单位看到的、PDF、Excel；报告提纲；用已有的材料试算。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.core.comparing import tables_of
from evaluations.core.facts import Facts
from evaluations.core.grid import expand
from evaluations.core.layout import Layout
from evaluations.core.pack import Pack as CorePack
from evaluations.core.prescribed import blank_package
from evaluations.core.workflow import Role
from evaluations.exports import documents
from evaluations.exports.html import render_grid
from evaluations.exports.problems import ExportProblem
from evaluations.forms.packs import OutlineForm, PublishForm
from evaluations.models import Pack
from evaluations.services.pack_drafts import PackEdit
from evaluations.trial import rounds_for, try_round

from ..documents import KINDS, download
from . import managing
from .pack_page import edited, pack_of, pack_page, seen_value

SHOWN_AS = "某某单位"


def blank_facts(built: CorePack) -> Facts:
    """一套刚开的、只有规定内容的材料。"""
    return Facts(built, blank_package(built, SHOWN_AS))


def preview_of(pack: Pack, scope: str, over: str) -> dict[str, Any] | None:
    """列表 ``over`` 所在那张表的样子；方案编译不出来为 None。"""
    built, _ = pack.examined()
    forms = built.forms.values() if built else ()
    found = next(
        (form for form in forms if form.scope == scope and any(band.over == over for band in form.bands)),
        None,
    )
    return {"form": found, "html": _html(built, found)} if built and found else None


def _html(built: CorePack, layout: Layout) -> Any:
    facts = blank_facts(built)
    scope = facts.children[layout.scope][0] if layout.scope else facts.root
    return render_grid(expand(layout, facts, scope, open_rows=True), "print")


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def forms(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """各张表的样子；写成文章的，逐块改标题和填报说明。"""
    pack = pack_of(pack_id)
    built, _ = pack.examined()
    files = {name: table for name, table in tables_of(pack.files).items() if name.startswith("forms/")}
    file = request.GET.get("file") or next(iter(sorted(files)), "")
    if file not in files:
        raise Http404("没有这张表")
    table, status = files[file], 200
    blocks = [dict(one) for one in table.get("block", ())]
    outline = [OutlineForm(initial=one, prefix=str(n)) for n, one in enumerate(blocks)]
    if request.method == "POST":
        outline = [OutlineForm(request.POST, initial=one, prefix=str(n)) for n, one in enumerate(blocks)]
        reason = _outline(request, pack, file, blocks, outline)
        if not reason:
            return redirect(request.get_full_path())
        status = 409
        outline and outline[0].add_error(None, reason)
    layout = built.forms.get(str(table.get("key", ""))) if built else None
    context = {
        "files": [{"file": name, "title": one.get("short") or one.get("title") or name} for name, one in sorted(files.items())],
        "file": file, "layout": layout, "html": _html(built, layout) if built and layout else None,
        "outline": [(n, form) for n, form in enumerate(outline) if {"h1", "h2", "guide"} & set(blocks[n])], "was": blocks,
    }  # fmt: skip
    return pack_page(request, pack, "pack_forms", context, status=status)


def _outline(
    request: HttpRequest, pack: Pack, file: str, blocks: list[dict[str, Any]], outline: list[OutlineForm]
) -> str:
    """存各块改了的标题和说明；没有的栏不加。"""
    was = seen_value(request) or []
    edits = []
    for number, form in enumerate(outline):
        if not form.is_valid() or number >= len(was):
            return "有一块没有读懂，没有保存。请核对后再存。"
        for name, value in form.cleaned_data.items():
            before = was[number].get(name)
            if name in blocks[number] and value != before:
                edits.append(PackEdit(file, ("block", number, name), value, before))
    return edited(request, pack, edits, "报告提纲") if edits else ""


@require_safe
@managing(Role.PACK_ADMIN)
def form_preview(request: HttpRequest, pack_id: UUID, form: str, to: str) -> HttpResponse:
    """一张空表的 PDF 或 Excel。"""
    pack = pack_of(pack_id)
    built, _ = pack.examined()
    if built is None or form not in built.forms or to not in KINDS:
        raise Http404("没有这张表")
    facts = blank_facts(built)
    try:
        data = documents.WRITERS[to](facts, documents.choose(facts, form))
    except ExportProblem as problem:
        return pack_page(
            request, pack, "pack_forms", {"problem": str(problem)}, status=503, template="pack_problem"
        )
    return download(data, to, f"{pack.key}_{built.forms[form].short}_空表")


@require_safe
@managing(Role.PACK_ADMIN)
def trial(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """用已有的材料试算这套方案，看过再发布。"""
    pack = pack_of(pack_id)
    built, faults = pack.examined()
    rounds = list(rounds_for(pack))
    asked, start = request.GET.get("round", ""), request.GET.get("from", "")
    task = next((one for one in rounds if str(one.pk) == asked), rounds[0] if rounds else None)
    first = int(start) if start.isdigit() and len(start) < 6 else 0
    tried = try_round(built, task, first) if built and not faults and task else None
    context = {
        "rounds": rounds,
        "task": task,
        "trial": tried,
        "publish": PublishForm(),
        "titles": _titles(built),
    }
    return pack_page(request, pack, "pack_trial", context)


def _titles(built: CorePack | None) -> dict[str, str]:
    """核对的编号 → 第一个名称。"""
    found: dict[str, str] = {}
    for check in built.checks if built else ():
        found.setdefault(check.code, check.title)
    return found
