"""审计：查事件和修改记录，导出，核对审计链。只给审计管理员。"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import audit, guards, trail
from evaluations.core.workflow import Role
from evaluations.exports.delimited import csv_lines
from evaluations.exports.lists import list_xlsx
from evaluations.exports.tables import Column, Table
from evaluations.forms.audit import AuditForm
from evaluations.models import Edit, Event, Submission
from evaluations.services.auditing import note_check, note_export

from ..api import whole_number
from ..documents import download
from ..history import edit_json
from . import managing

PAGE, PACKAGES = 50, 20
MOST_IN_WORKBOOK, MOST_TO_CHECK = 20_000, 200_000
FILES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


@require_safe
@managing(Role.AUDIT_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """事件，新的在前。"""
    return _page(request)


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    form = AuditForm(request.GET)
    asked = form.asked()
    before = whole_number(request.GET.get("before"))
    found = trail.events(asked)
    shown = list((found if before is None else found.filter(seq__lt=before))[: PAGE + 1])
    query = urlencode(asked.given)
    older = f"?{urlencode({**asked.given, 'before': shown[PAGE - 1].seq})}" if len(shown) > PAGE else ""
    context = {
        "form": form, "asked": asked, "rows": [_row(event) for event in shown[:PAGE]], "older": older, "first": before is None,
        "kinds": trail.recent_kinds(), "query": query, "anchor": _anchor(),
        "packages": trail.packages_of(asked.unit)[:PACKAGES] if asked.unit else (), **more,
    }  # fmt: skip
    return render(request, "evaluations/manage/audit.html", context)


def _row(event: Event) -> dict[str, Any]:
    moved = event.source != event.target and event.target
    return {
        "event": event, "moved": f"{trail.state_word(event.source)} → {trail.state_word(event.target)}" if moved else "",
        "details": json.dumps(event.details, ensure_ascii=False, indent=1, sort_keys=True) if event.details else "",
    }  # fmt: skip


def _anchor() -> dict[str, Any] | None:
    """最近的锚点，页面上说。"""
    found = audit.last_anchor()
    return (
        {"number": found["number"], "at": datetime.fromisoformat(found["at"]), "seq": found["events"][0]}
        if found
        else None
    )


@require_safe
@managing(Role.AUDIT_ADMIN)
def edits(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """一份材料的修改记录，原样。"""
    submission = get_object_or_404(Submission.objects.whole(), pk=submission_id)
    before = whole_number(request.GET.get("before"))
    shown: list[Edit] = list(trail.edits_before(submission, before)[: PAGE + 1])
    context = {
        "submission": submission, "rows": [{"edit": edit, **edit_json(edit)} for edit in shown[:PAGE]], "first": before is None,
        "older": f"?before={shown[PAGE - 1].seq}" if len(shown) > PAGE else "",
    }  # fmt: skip
    return render(request, "evaluations/manage/audit_edits.html", context)


@require_POST
@managing(Role.AUDIT_ADMIN)
def export(request: HttpRequest) -> HttpResponseBase:
    """导出查到的事件（Excel、CSV），或可核对的全部事件（JSON 行）；导出本身记一件事。"""
    asked, to = AuditForm(request.POST).asked(), request.POST.get("to", "csv")
    found = trail.events(asked)
    if to == "xlsx" and found[MOST_IN_WORKBOOK : MOST_IN_WORKBOOK + 1].exists():
        messages.error(request, f"查到的超过 {MOST_IN_WORKBOOK} 条，Excel 装不下。请缩短时段，或导出 CSV。")
        return redirect(f"{reverse('evaluations:audit')}?{urlencode(asked.given)}")
    to = to if to in ("xlsx", *FILES) else "csv"
    note_export(user=request.user, to=to, filters=asked.given if to != "jsonl" else {})
    if to == "xlsx":
        widths = (8, 20, 14, 12, 18, 26, 8, 12, 12, 40, 40, 20)
        columns = [Column(heading, width) for heading, width in zip(trail.COLUMNS, widths, strict=True)]
        table = Table("审计记录", columns, list(trail.exported(found.iterator(audit.CHUNK))))
        return download(list_xlsx([table], "审计记录"), "xlsx", "审计记录")
    lines = audit.event_lines() if to == "jsonl" else _csv(found.iterator(audit.CHUNK))
    response = StreamingHttpResponse(lines, content_type=FILES[to])
    stamp = f"{timezone.localtime():%Y%m%d-%H%M%S}"
    response["Content-Disposition"] = f'attachment; filename="audit-{stamp}.{to}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _csv(found: Iterator[Event]) -> Iterator[str]:
    yield from csv_lines([trail.COLUMNS])
    lines = csv_lines(trail.exported(found))
    next(lines)  # 只要一个 BOM
    yield from lines


@require_POST
@managing(Role.AUDIT_ADMIN)
def check(request: HttpRequest) -> HttpResponse:
    """核对全部审计链、快照的摘要和锚点，当页显示结果。"""
    if Edit.objects.count() + Event.objects.count() > MOST_TO_CHECK:
        words = f"记录超过 {MOST_TO_CHECK} 条，网页上要等太久。请系统管理员在服务器上运行 manage.py verify。"
        messages.error(request, words)
        return redirect("evaluations:audit")
    report, absent = audit.check(), guards.missing()
    problems = [*(f"表 {table} 的只增不改触发器缺了" for table in absent), *report.problems]
    note_check(user=request.user, rows=report.rows, problems=len(problems))
    return _page(request, report=report, problems=problems[:PAGE], bad=len(problems))


urlpatterns = [
    path("", index, name="audit"),
    path("edits/<uuid:submission_id>/", edits, name="audit_edits"),
    path("export/", export, name="audit_export"),
    path("check/", check, name="audit_check"),
]
