"""开放以前：像单位那样看一眼空表，看清会发生什么，再开放。"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.core.workflow import Role
from evaluations.exports import documents
from evaluations.exports.html import render_grid
from evaluations.exports.problems import ExportProblem
from evaluations.models import Round
from evaluations.progress import without_staff
from evaluations.rollover import units_with_figures
from evaluations.services.prior import blank_reading
from evaluations.services.problems import Refused
from evaluations.services.rounds import open_planned
from evaluations.views import present
from evaluations.views.documents import KINDS, download
from units.models import Department

from . import managing
from .round_pages import page, task_of


@require_safe
@managing(Role.PACK_ADMIN)
def preview(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """一张表开放时的样子：空的，带着选的单位的名称和上年的数。什么都不存。"""
    task = task_of(round_id)
    units, unit = _units(request, task)
    reading = blank_reading(task, unit)
    layout = reading.facts.pack.forms.get(
        request.GET.get("form", ""), next(iter(reading.facts.pack.forms.values()))
    )
    project = present.first_project(reading) if layout.scope else None
    query = urlencode({"unit": str(unit.pk)}) if unit else ""
    context: dict[str, Any] = {
        "forms": reading.facts.pack.forms.values(), "form": layout, "units": units, "unit": unit, "query": query,
        "grid_html": render_grid(present.grid_of(reading, layout.key, project), "entry"), "documents": ("pdf", "xlsx"),
    }  # fmt: skip
    return page(request, "round_preview", task, "round_preview", **context)


def _units(request: HttpRequest, task: Round) -> tuple[list[Department], Department | None]:
    """能选的单位：要报的，没选过的是全部；和选中的。"""
    asked = list(task.asked.order_by("code")) or list(
        Department.objects.filter(is_active=True).order_by("code")
    )
    wanted = request.GET.get("unit", "")
    return asked, next((unit for unit in asked if str(unit.pk) == wanted), asked[0] if asked else None)


@require_safe
@managing(Role.PACK_ADMIN)
def document(request: HttpRequest, round_id: UUID, form: str, to: str) -> HttpResponse:
    """同一张空表的 PDF 或 Excel。"""
    task = task_of(round_id)
    if to not in KINDS or form not in task.pack.compiled().forms:
        raise Http404("没有这种文件")
    _, unit = _units(request, task)
    facts = blank_reading(task, unit).facts
    try:
        data = documents.WRITERS[to](facts, documents.choose(facts, form))
    except ExportProblem as problem:
        messages.error(request, str(problem))
        return redirect("evaluations:round_preview", round_id=task.pk)
    return download(data, to, f"{task.name}_{facts.pack.form(form).short}_预览")


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def open_(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """开放：先说清会给谁开、谁还没有填报人和负责人；按一次就开。"""
    task = task_of(round_id)
    if task.opened_at is not None:
        return redirect("evaluations:round", round_id=task.pk)
    status = 200
    if request.method == "POST":
        try:
            count = open_planned(round_id=task.pk, user=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            status = 409
        else:
            messages.success(request, f"已开放，{count} 个单位可以填报了。")
            return redirect("evaluations:round", round_id=task.pk)
    asked = list(task.asked.order_by("code"))
    no_preparer, no_head = without_staff(asked)
    context = {
        "asked": asked, "with_figures": units_with_figures(task, asked), "no_preparer": no_preparer, "no_head": no_head,
        "stopped": [unit for unit in asked if not unit.is_active],
    }  # fmt: skip
    return page(request, "round_open", task, "round_open", status, **context)
