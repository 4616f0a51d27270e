"""取数：从预算、决算表批量带入。先看会做什么，再做。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from evaluations.core.prefill import (
    CODE,
    NAME,
    PACKAGE_SHEET,
    PROJECT_CODE,
    PROJECT_NAME,
    PROJECT_SHEET,
    Verdict,
    heading_of,
    template_keys,
)
from evaluations.core.schema import Scope
from evaluations.core.workflow import Role
from evaluations.exports.tables import Column, Table, write_tables
from evaluations.forms.prefill import UNITS, PrefillForm
from evaluations.models import Project, Round
from evaluations.selectors import PROJECT_SCOPE
from evaluations.services.prefill import apply_prefill
from evaluations.services.prefill_plan import Plan, PulledCell, UnitPlan, plan_prefill, source_for
from evaluations.services.problems import Refused
from evaluations.sources import batches_of

from . import managing
from .carried import carried, carry, uploaded

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOTES = (
    "金额单位：{unit}（整个文件一个单位；改成别的，请把这里也改了）",
    "空着的格不动；没有数的填 0，不适用的填“不适用”。用不着的列可以删去，不要改列名。",
)
MOST_TOLD = 200


@require_safe
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """各年度任务，和最近一次取数。"""
    rounds = (
        Round.objects.select_related("pack")
        .defer("pack__files")
        .prefetch_related("batches__by", "submissions")
    )
    rows = [
        {"task": task, "units": len(task.submissions.all()), "last": next(iter(task.batches.all()), None)}
        for task in rounds
    ]
    return render(request, "evaluations/manage/prefills.html", {"rows": rows})


@require_safe
@managing(Role.PACK_ADMIN)
def prefill(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """一个任务的取数：上传，和取过的各次。"""
    return _page(request, _round(round_id))


@require_POST
@managing(Role.PACK_ADMIN)
def check(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """看一个文件会做什么；改了金额单位重看的，文件由页面带回来。"""
    task = _round(round_id)
    try:
        if "carried" in request.POST:
            content = carried(request, _what(task))
        else:
            name, sheets = uploaded(request)
            content = {"name": name, "sheets": sheets}
        plan = _plan(request, task, content, request.POST.get("unit", ""))
        return _shown(request, task, content, plan, status=409 if plan.faults else 200)
    except Refused as refusal:
        return _page(request, task, refused=str(refusal))


@require_POST
@managing(Role.PACK_ADMIN)
def apply(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """看过以后，带入。"""
    task, take = _round(round_id), request.POST.getlist("take")
    try:
        content = carried(request, _what(task))
        counts = apply_prefill(
            round_id=task.pk, by=request.user, sheets=content["sheets"], name=content["name"],
            unit=request.POST.get("unit", ""), take=take,
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, task, refused=str(refusal))
    messages.success(request, _done_words(counts))
    if counts["taken"] < len(take):
        late = len(take) - counts["taken"]
        messages.warning(request, f"您勾的有 {late} 处，单位在您看过以后又改了，没有动。要看请再取一次。")
    return redirect("evaluations:prefill", round_id=task.pk)


def _done_words(counts: dict[str, int]) -> str:
    projects = f"，新增 {counts['projects']} 个项目" if counts["projects"] else ""
    left = counts["kept"] + counts["left"]
    return f"取数好了：{counts['units']} 个单位，写入 {counts['written']} 格{projects}" + (
        f"；单位改过的 {left} 处没有动。" if left else "。"
    )


@require_safe
@managing(Role.PACK_ADMIN)
def template(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """空表：列出能带入的各格，任务里的单位，取过数的项目（单位自己加、还没送审的不列）。"""
    task = _round(round_id)
    pack = task.pack.compiled()
    notes = [line.format(unit=pack.money_unit) for line in NOTES]
    submissions = list(task.submissions.whole().order_by("department__code"))
    units = [[one.department.code or "", one.department.name] for one in submissions]
    own = [Column(CODE, 12, required=True), Column(NAME, 28)]
    tables = [Table(PACKAGE_SHEET, own + _columns(pack.schema.root), units, notes)]
    if PROJECT_SCOPE in pack.schema.children:
        own = [Column(CODE, 12, required=True), Column(PROJECT_CODE, 16), Column(PROJECT_NAME, 30)]
        known = Project.objects.exclude(code="").filter(annualdata__submission__round=task)
        rows = [
            [one.department.code or "", one.code, one.name]
            for one in known.select_related("department").order_by("department__code", "code").distinct()
        ]
        tables.append(Table(PROJECT_SHEET, own + _columns(pack.schema.children[PROJECT_SCOPE]), rows, notes))
    answer = HttpResponse(write_tables(tables, title=f"{task} 取数"), content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"取数模板-{task.year}.xlsx")
    return answer


def _columns(scope: Scope) -> list[Column]:
    return [Column(heading_of(scope, key)) for key in template_keys(scope)]


# ---- 页面 -------------------------------------------------------------------------------------


def _round(round_id: UUID) -> Round:
    task = Round.objects.select_related("pack").filter(pk=round_id).first()
    if task is None:
        raise Http404("没有这个任务")
    return task


def _what(task: Round) -> str:
    return f"prefill:{task.pk}"


def _plan(request: HttpRequest, task: Round, content: dict[str, Any], unit: str) -> Plan:
    unit = unit if unit in dict(UNITS) else ""
    return plan_prefill(task=task, source=source_for(task, content["sheets"], unit), by=request.user)


def _page(request: HttpRequest, task: Round, refused: str = "", **more: Any) -> HttpResponse:
    context = {
        "task": task, "form": PrefillForm(), "refused": refused, "batches": batches_of(task),
        "units": task.submissions.count(), "money_unit": task.pack.compiled().money_unit, **more,
    }  # fmt: skip
    status = more.pop("status", 409 if refused else 200)
    return render(request, "evaluations/manage/prefill.html", context, status=status)


def _shown(
    request: HttpRequest, task: Round, content: dict[str, Any], plan: Plan, status: int
) -> HttpResponse:
    """看的结果：不对的各处，或三张清单和要带入的。"""
    more = {
        "plan": plan, "name": content["name"], "carried": carry(request, _what(task), content),
        "fresh": [_fresh_json(unit) for unit in plan.units if unit.fresh or unit.added],
        "lists": [
            {"name": "changed", "title": "来源变了", "help": "单位没有动过，会更新。", "cells": plan.changed},
            {"name": "kept", "title": "单位改过", "help": "来源没有变，单位改的留着。", "cells": plan.kept},
            {"name": "both", "title": "两边都变了", "help": "不勾就留单位的；勾了用来源的。", "cells": plan.both},
        ],
        "same": len(plan.cells(Verdict.SAME)), "faults": plan.faults[:MOST_TOLD], "doubts": plan.doubts[:MOST_TOLD],
        "choices": UNITS[1:],
    }  # fmt: skip
    return _page(request, task, **more, status=status)


def _fresh_json(unit: UnitPlan) -> dict[str, Any]:
    """一个单位第一次带入的：几格、几个项目，是哪些。"""
    cells: list[PulledCell] = unit.fresh
    return {
        "unit": unit.submission.department, "count": len(cells), "projects": unit.added,
        "words": [f"{' · '.join(filter(None, (one.project, one.label)))} {one.source}" for one in cells],
    }  # fmt: skip


urlpatterns = [
    path("", index, name="prefills"),
    path("<uuid:round_id>/", prefill, name="prefill"),
    path("<uuid:round_id>/check/", check, name="prefill_check"),
    path("<uuid:round_id>/apply/", apply, name="prefill_apply"),
    path("<uuid:round_id>/template/", template, name="prefill_template"),
]
