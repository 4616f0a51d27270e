"""首页、自评工作台、审核队列。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import access, reviewing, timeline
from evaluations.core.prescribed import kinds_of
from evaluations.core.workflow import DONE_STATES, Role, State
from evaluations.models import Notice, Submission
from evaluations.receipts import receipts_of
from evaluations.selectors import PROJECT_SCOPE, Reading, describe_cell, history_of, notices_for, read
from evaluations.services import projects as project_service
from evaluations.services.presence import hand_part
from evaluations.services.problems import Refused
from evaluations.services.workflow import offers
from units.ids import uuid7
from units.models import User

from . import present
from .api import whole_number
from .parts import name_owners, next_part, parts_of, progress_of

QUEUE_TABS = {
    "todo": ("待审", (State.BUREAU_REVIEW, State.DEPARTMENT_REVIEW)),
    "returned": ("已退回", (State.DRAFT, State.UNIT_REVIEW)),
    "approved": ("已通过", DONE_STATES),
}
WAITING = "waiting"
"""还没有送审的：只看任务，不看内容。"""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """待办在前：填报人看自己单位的，审核人看等自己的。"""
    roles = {Role(a.role) for a in access.appointments_of(request.user)}
    if roles and not roles & access.UNIT_ROLES:
        if Role.PACK_ADMIN in roles:
            return redirect("evaluations:rounds")
        if roles & access.REVIEW_ROLES:
            return redirect("evaluations:queue")
        if roles & access.UNIT_ADMINS:
            return redirect("evaluations:units")
        if Role.SECURITY_ADMIN in roles:
            return redirect("evaluations:accounts")
    submissions = access.visible_to(request.user) if roles & access.UNIT_ROLES else Submission.objects.none()
    rows = [_task(submission, roles) for submission in submissions]
    context: dict[str, Any] = {
        "tasks": [row for row in rows if row["waiting"]],
        "done": [row for row in rows if not row["waiting"]],
    }
    context |= {"empty": _why_empty(roles, bool(rows)), "notices": _notices(roles)}
    return render(request, "evaluations/home.html", context)


def _notices(roles: set[Role]) -> QuerySet[Notice]:
    return notices_for(bool(roles & access.UNIT_ROLES), bool(roles & access.REVIEW_ROLES))


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
    elif mine and access.deadline_of(submission) < timezone.now():
        line, button = "已过截止时间，不能再改。需要延期请联系财政局绩效科。", "查看"
    elif mine:
        line = "被退回，请按意见修改后再送审。" if submission.returned else "请填好各表，核对后送审。"
        button = "去修改" if submission.returned else ("继续填报" if submission.revision else "开始填报")
    else:
        line, button = f"现在是“{submission.state_label}”。", "查看"
    return {
        "submission": submission, "title": submission.round.name, "unit": submission.department,
        "state": submission.state, "state_label": submission.state_label, "deadline": access.due_of(submission),
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
    name_owners(parts, submission)
    context = {
        "submission": submission, "steps": present.steps_of(submission), "parts": parts, "can_edit": can_edit,
        "progress": progress_of(parts), "next_part": next_part(parts) if can_edit else None,
        "counts": reading.counts, "figures": present.figures_of(reading), "final_parts": reviewing.frozen_parts(submission) if submission.state in DONE_STATES else [],
        "actions": present.actions_of(submission, offers(submission, request.user, reading)),
        "returned": present.returned_of(reading), "days_left": present.days_left(submission),
        "deadline": access.due_of(submission), "documents": present.package_urls(submission), "receipts": receipts_of(submission),
        "undo_project": _removed(request, parts), "project_kinds": kinds_of(reading.facts.pack, PROJECT_SCOPE),
        "history": [present.event_json(event) for event in history_of(submission)[:8]],
        "revision": submission.revision, "idempotency_key": present.new_key(), "new_id": uuid7(),
        "people": present.people_json(submission, request.user), "claim": present.claim_of(submission, request.user),
        "colleagues": access.preparers_of(submission.department) if can_edit else [],
        "newcomer": can_edit and timeline.is_new(request.user),
        "return_due": present.return_due(submission), "resume": _resume(reading, request.user) if can_edit else None,
    }  # fmt: skip
    return render(request, "evaluations/workbench.html", context)


def _removed(request: HttpRequest, parts: list[dict[str, Any]]) -> str:
    """刚删掉、还能找回的项目；已经找回了为空串。"""
    asked = request.GET.get("removed", "")
    here = {str(project["id"]) for part in parts for project in part.get("projects", ())}
    return "" if asked in here else asked[:40]


def _resume(reading: Reading, user: User) -> dict[str, str] | None:
    """上次填到哪一格：从别的电脑进来也能接着填。"""
    last = timeline.last_place(reading.submission, user)
    url = present.cell_url(last.address, reading) if last and last.address else ""
    return {"url": url, "where": describe_cell(reading, last.address)} if last and url else None


@require_POST
def projects(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """项目的增加、复制、上移下移、删除、恢复。"""
    submission = access.get_submission(request.user, submission_id)
    try:
        removed = _project_act(request, submission)
    except Refused as refusal:
        messages.error(request, str(refusal))
        removed = None
    told = f"?removed={removed}" if removed else ""
    return redirect(reverse("evaluations:workbench", args=[submission.pk]) + f"{told}#projects")


def _project_act(request: HttpRequest, submission: Submission) -> UUID | None:
    """做一个项目的动作，返回删掉的项目；``id``、``was``、``seen`` 由页面给，双击、重发只做一次。"""
    act, sent = request.POST.get("act", ""), request.POST
    given: dict[str, Any] = {"submission_id": submission.pk, "user": request.user}
    made = _uuid(sent["id"]) if sent.get("id") else None
    if act == "add":
        project_service.add_project(
            **given, name=sent.get("name", ""), kind=sent.get("kind", ""), project_id=made
        )
        return None
    if act not in project_service.ACTS:
        raise Refused("不认识的动作。请刷新页面后再试。")
    project_id = _uuid(sent.get("project", ""))
    if act == "copy":
        given["copy_id"] = made
    elif act in ("up", "down"):
        given["was"] = sent.get("was")
    elif act == "remove":
        given["seen"] = whole_number(sent.get("seen"))
    project_service.ACTS[act](**given, project_id=project_id)
    return project_id if act == "remove" else None


@require_POST
def parts(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """分工：把一部分交给同事。"""
    submission = access.get_submission(request.user, submission_id)
    sent = request.POST
    try:
        hand_part(
            submission_id=submission.pk, user=request.user, form=sent.get("form", ""),
            project=_uuid(sent["project"]) if sent.get("project") else None, to=_uuid(sent["to"]) if sent.get("to") else None,
        )  # fmt: skip
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("evaluations:workbench", submission_id=submission.pk)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("编号写法不对，没有做。请刷新页面。") from None


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """审核队列：待审、已退回、已通过；还没送审的只列任务。"""
    seen = access.visible_to(request.user).filter(office_at__isnull=False)
    waiting = access.overseen_by(request.user).filter(office_at__isnull=True)
    here = request.GET.get("tab", "todo")
    here = here if here in (*QUEUE_TABS, WAITING) else "todo"
    tabs = [
        {"name": name, "label": label, "count": seen.filter(state__in=states).count()}
        for name, (label, states) in QUEUE_TABS.items()
    ]
    tabs.append({"name": WAITING, "label": "未送审", "count": waiting.count()})
    rows = (
        [_waiting_row(one) for one in waiting.order_by("department__code")]
        if here == WAITING
        else [
            _queue_row(one, request.user)
            for one in seen.filter(state__in=QUEUE_TABS[here][1]).order_by(
                "-approved_at" if here == "approved" else "submitted_at"
            )
        ]
    )
    roles = {Role(a.role) for a in access.appointments_of(request.user)}
    context = {
        "tabs": tabs, "here": here, "rows": rows, "oversees": Role.BUREAU_REVIEWER in roles, "in_bureau": access.in_bureau(request.user), "notices": _notices(roles),
    }  # fmt: skip
    return render(request, "evaluations/queue.html", context)


def _queue_row(submission: Submission, me: User) -> dict[str, Any]:
    rate = submission.execution_rate
    return {
        "unit": submission.department, "state": submission.state, "state_label": submission.state_label,
        "score": submission.total_score, "final": submission.final_score, "submission": submission, "rate": None if rate is None else rate * 100,
        "warnings": submission.warnings, "submitted_at": submission.submitted_at,
        "claim": present.claim_of(submission, me), "due": submission.due if submission.returned else None,
        "url": reverse("evaluations:review", args=[submission.pk]),
    }  # fmt: skip


def _waiting_row(submission: Submission) -> dict[str, Any]:
    return {
        "unit": submission.department, "state": submission.state, "state_label": submission.state_label,
        "submission": submission, "deadline": access.due_of(submission), "extended": submission.due,
        "days_left": present.days_left(submission), "url": reverse("evaluations:task", args=[submission.pk]),
    }  # fmt: skip
