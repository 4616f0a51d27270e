"""首页、自评工作台、审核队列。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from evaluations import access
from evaluations.core.workflow import Role, State
from evaluations.models import Submission
from evaluations.selectors import Reading, history_of, read
from evaluations.services.workflow import offers

from . import present

QUEUE_TABS = {
    "todo": ("待审", (State.BUREAU_REVIEW, State.DEPARTMENT_REVIEW)),
    "returned": ("已退回", (State.DRAFT, State.UNIT_REVIEW)),
    "approved": ("已通过", (State.APPROVED, State.PUBLISHED, State.ARCHIVED)),
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """待办在前：填报人看自己单位的，审核人看等自己的。"""
    roles = {Role(a.role) for a in access.appointments_of(request.user)}
    if roles and roles <= access.REVIEW_ROLES:
        return redirect("evaluations:queue")
    submissions = access.visible_to(request.user) if roles & access.UNIT_ROLES else Submission.objects.none()
    rows = [_task(submission, roles) for submission in submissions]
    context = {
        "tasks": [row for row in rows if row["waiting"]],
        "done": [row for row in rows if not row["waiting"]],
    }
    return render(request, "evaluations/home.html", {**context, "roles": roles})


def _task(submission: Submission, roles: set[Role]) -> dict[str, Any]:
    mine = submission.state == State.DRAFT and Role.PREPARER in roles
    heads = submission.state == State.UNIT_REVIEW and Role.UNIT_HEAD in roles
    days = present.days_left(submission)
    url = reverse("evaluations:review" if heads else "evaluations:workbench", args=[submission.pk])
    if heads:
        line, button = "填报人已送审，等您签批。", "去签批"
    elif mine:
        line = "被退回，请按意见修改后再送审。" if submission.returned else "请填好各表，核对后送审。"
        button = "去修改" if submission.returned else ("继续填报" if submission.revision else "开始填报")
    else:
        line, button = f"现在是“{submission.state_label}”。", "查看"
    return {
        "submission": submission, "title": submission.round.name, "unit": submission.department,
        "state": submission.state, "state_label": submission.state_label, "deadline": access.deadline_of(submission),
        "days_left": days, "line": line, "url": url, "button": button, "waiting": mine or heads,
    }  # fmt: skip


@require_safe
def workbench(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """自评工作台：各部分的状态、关键的数、为什么还不能送审。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    context = {
        "submission": submission, "steps": present.steps_of(submission), "parts": parts_of(submission, reading),
        "counts": reading.counts, "figures": present.figures_of(reading),
        "actions": present.actions_of(submission, offers(submission, request.user, reading)),
        "returned": present.returned_of(submission), "days_left": present.days_left(submission),
        "deadline": access.deadline_of(submission),
        "history": [present.event_json(event) for event in history_of(submission)[:8]],
    }  # fmt: skip
    return render(request, "evaluations/workbench.html", context)


def parts_of(submission: Submission, reading: Reading, current: str = "") -> list[dict[str, Any]]:
    """各张表：编号、名称、状态、地址。状态从事实和核对结果得出，不另存。"""
    parts = []
    findings = present.findings_of(reading)
    for number, layout in enumerate((f for f in reading.facts.pack.forms.values() if not f.scope), 1):
        here = [finding for finding in findings if finding["form"] == layout.key]
        errors = sum(1 for finding in here if finding["level"] == "error")
        filled, total, missing = _filled(reading, layout.key)
        state, label = _part_state(filled if submission.revision else 0, total, missing, errors)
        parts.append({
            "number": layout.order or number, "title": layout.title.replace("{year}", str(reading.facts.pack.year)),
            "short": layout.short, "state": state, "state_label": label, "filled": filled, "total": total,
            "errors": errors, "warnings": sum(1 for f in here if f["level"] == "warning"),
            "counts": {"error": errors}, "current": layout.key == current,
            "url": present.form_url("form", submission, layout.key),
        })  # fmt: skip
    return parts


def _filled(reading: Reading, form: str) -> tuple[int, int, int]:
    """（填了几格，要填几格，必填而没填的几格）。"""
    inputs = [piece for piece in present.grid_of(reading, form).value_pieces() if piece.input and piece.field]
    filled = sum(1 for piece in inputs if piece.value is not None)
    missing = sum(1 for piece in inputs if piece.value is None and piece.field and piece.field.required)
    return filled, len(inputs), missing


def _part_state(filled: int, total: int, missing: int, errors: int) -> tuple[str, str]:
    if not filled:
        return "todo", "未开始"
    if errors:
        return "error", f"有错误 {errors}"
    return ("doing", f"填写中 {filled}/{total}") if missing else ("done", "已完成")


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """审核队列：待审、已退回、已通过。"""
    seen = access.visible_to(request.user).filter(submitted_at__isnull=False)
    here = request.GET.get("tab", "todo")
    here = here if here in QUEUE_TABS else "todo"
    tabs = [
        {
            "label": label,
            "count": seen.filter(state__in=states).count(),
            "url": f"?tab={name}",
            "current": name == here,
        }
        for name, (label, states) in QUEUE_TABS.items()
    ]
    rows = [
        {"unit": s.department, "state": s.state, "state_label": s.state_label, "score": s.total_score, "submission": s,
         "rate": None if s.execution_rate is None else s.execution_rate * 100, "warnings": s.warnings,
         "submitted_at": s.submitted_at, "url": reverse("evaluations:review", args=[s.pk])}
        for s in seen.filter(state__in=QUEUE_TABS[here][1]).order_by("submitted_at")
    ]  # fmt: skip
    return render(request, "evaluations/queue.html", {"tabs": tabs, "rows": rows})
