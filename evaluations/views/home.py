"""首页、自评工作台、审核队列。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.workflow import Role, State
from evaluations.models import Submission
from evaluations.selectors import history_of, read
from evaluations.services import projects as project_service
from evaluations.services.problems import Refused
from evaluations.services.workflow import offers

from . import present
from .parts import next_part, parts_of, progress_of

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
    return render(request, "evaluations/home.html", {**context, "empty": _why_empty(roles, bool(rows))})


def _why_empty(roles: set[Role], any_package: bool) -> str:
    """没有待办时说为什么、去哪里。"""
    if not roles & access.UNIT_ROLES:
        return "您的岗位没有填报、签批的任务。"
    if any_package:
        return "材料现在不在您手里，需要时可以在下面查看。"
    return "还没有给您的单位下达自评任务。有疑问请联系财政局绩效科。"


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
    can_edit, _ = access.may(request.user, "edit", submission)
    url = present.entry_urls(submission) if can_edit else present.review_urls(submission)
    parts = parts_of(reading, url)
    context = {
        "submission": submission, "steps": present.steps_of(submission), "parts": parts, "can_edit": can_edit,
        "progress": progress_of(parts), "next_part": next_part(parts) if can_edit else None,
        "counts": reading.counts, "figures": present.figures_of(reading),
        "actions": present.actions_of(submission, offers(submission, request.user, reading)),
        "returned": present.returned_of(submission), "days_left": present.days_left(submission),
        "deadline": access.deadline_of(submission), "documents": present.package_urls(submission),
        "undo_project": request.session.pop(f"undo-project-{submission.pk}", None),
        "history": [present.event_json(event) for event in history_of(submission)[:8]],
        "revision": submission.revision, "idempotency_key": present.new_key(),
    }  # fmt: skip
    return render(request, "evaluations/workbench.html", context)


@require_POST
def projects(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """项目的增加、复制、上移下移、删除、恢复。"""
    submission = access.get_submission(request.user, submission_id)
    act = request.POST.get("act", "")
    given = {"submission_id": submission.pk, "user": request.user}
    try:
        if act == "add":
            project_service.add_project(**given, name=request.POST.get("name", ""))
        elif act in project_service.ACTS:
            project_id = _uuid(request.POST.get("project", ""))
            project_service.ACTS[act](**given, project_id=project_id)
            if act == "remove":
                request.session[f"undo-project-{submission.pk}"] = str(project_id)
        else:
            raise Refused("不认识的动作。请刷新页面后再试。")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("evaluations:workbench", args=[submission.pk]) + "#projects")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("没有这个项目。请刷新页面。") from None


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
