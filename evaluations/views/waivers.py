"""财政局管一个单位的任务：延期、取消、恢复；豁免核对。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.addresses import AddressProblem
from evaluations.core.checks import INFO
from evaluations.core.workflow import OVERSIGHT
from evaluations.forms.waivers import WaiverForm
from evaluations.models import Submission, Waiver
from evaluations.receipts import receipts_of
from evaluations.selectors import describe_cell, history_of, read, waivers_of
from evaluations.services.problems import Refused
from evaluations.services.waivers import grant_waiver, waiving_refusal, withdraw_waiver
from evaluations.services.workflow import offers
from units.models import User

from . import present
from .decide import refused

TOLD = (*OVERSIGHT, "waive", "unwaive")
ONE_PLACE = "其中一处"


@require_safe
def task(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """一个单位的任务：延期、取消、恢复，豁免核对。没送审的内容看不到。"""
    submission = access.get_overseen(request.user, submission_id)
    asked = {name: request.GET.get(name, "")[:300] for name in ("code", "cell")}
    form = _form(request.user, submission, asked["cell"], initial=asked)
    return _page(request, submission, form)


def _page(request: HttpRequest, submission: Submission, form: WaiverForm, status: int = 200) -> HttpResponse:
    actions = present.actions_of(
        submission, [offer for offer in offers(submission, request.user) if offer.row.action in OVERSIGHT]
    )
    refusal = waiving_refusal(submission, request.user)
    context = {
        "submission": submission, "actions": actions, "deadline": access.due_of(submission),
        "days_left": present.days_left(submission), "revision": submission.revision,
        "idempotency_key": present.new_key(), "today": timezone.localdate(),
        "history": [present.event_json(event) for event in history_of(submission) if event.action in TOLD],
        "form": form, "waiving": not refusal, "why_not": refusal, "waivers": _rows(request.user, submission),
        "sees_content": _sees(request.user, submission),
        "receipts": receipts_of(submission) if _sees(request.user, submission) else [],
    }  # fmt: skip
    return render(request, "evaluations/task.html", context, status=status)


def _sees(user: User, submission: Submission) -> bool:
    return submission.office_at is not None and access.may(user, "view", submission)[0]


def _form(user: User, submission: Submission, cell: str, data: Any = None, **kwargs: Any) -> WaiverForm:
    """``cell`` 是从核对清单点过来的那一处；看不到内容的人只能豁免整条。"""
    titles: dict[str, list[str]] = {}
    for check in submission.pack.compiled().checks:
        if check.level != INFO and check.title not in titles.setdefault(check.code, []):
            titles[check.code].append(check.title)
    codes = [("", "请选"), *((code, f"{code}　{'；'.join(names)}"[:80]) for code, names in titles.items())]
    cells = [("", "这个单位的这条核对，各处都豁免")]
    if cell and _sees(user, submission):
        cells.insert(0, (cell, f"只豁免这一处：{_where(submission, cell)}"))
    return WaiverForm(data, codes=codes, cells=cells, **kwargs)


def _where(submission: Submission, cell: str) -> str:
    try:
        return describe_cell(read(submission), cell)
    except AddressProblem:
        return cell


def _rows(user: User, submission: Submission) -> list[dict[str, Any]]:
    """现在算数的豁免；看不到内容的人不写是哪一处。"""
    seen = _sees(user, submission)
    return [{"waiver": one, "where": _place(submission, one, seen)} for one in waivers_of(submission)]


def _place(submission: Submission, waiver: Waiver, seen: bool) -> str:
    if not waiver.cell:
        return "各处"
    return _where(submission, waiver.cell) if seen else ONE_PLACE


@require_POST
def waive(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """豁免一条核对。"""
    submission = access.get_overseen(request.user, submission_id)
    form = _form(request.user, submission, request.POST.get("cell", "")[:300], request.POST)
    if not form.is_valid():
        return _page(request, submission, form, status=409)
    try:
        waiver = grant_waiver(submission_id=submission.pk, user=request.user, **form.given)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, submission, form, status=409)
    last = f"{waiver.until.year}年{waiver.until.month}月{waiver.until.day}日"
    messages.success(request, f"已豁免 {waiver.code}，到 {last}。单位看得到理由。")
    return redirect(reverse("evaluations:task", args=[submission.pk]) + "#waivers")


@require_POST
def unwaive(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """收回一条豁免。"""
    submission = access.get_overseen(request.user, submission_id)
    back = reverse("evaluations:task", args=[submission.pk])
    try:
        waiver_id = UUID(request.POST.get("waiver", ""))
    except ValueError:
        return refused(request, submission, "没有说清收回哪一条。请回去重新选。", back)
    text = request.POST.get("reason", "")
    try:
        waiver = withdraw_waiver(
            submission_id=submission.pk, user=request.user, waiver_id=waiver_id, reason=text
        )
    except Refused as refusal:
        return refused(request, submission, str(refusal), back, text)
    messages.success(request, f"已收回 {waiver.code} 的豁免。")
    return redirect(back + "#waivers")
