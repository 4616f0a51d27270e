"""送审前核对、审核、流程动作、历史。"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.workflow import State
from evaluations.exports.html import render_grid
from evaluations.selectors import Reading, edits_of, history_of, read
from evaluations.services.problems import Refused
from evaluations.services.workflow import offers, perform

from . import present
from .parts import parts_of


@require_safe
def submit(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """送审前核对页：全部问题，被退回时写答复，确认后送审。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    actions = present.actions_of(submission, offers(submission, request.user, reading))
    action = next((one for one in actions if one.name == "submit"), None)
    if action is None:
        return redirect("evaluations:workbench", submission_id=submission.pk)
    findings = present.findings_of(reading)
    context = {
        "submission": submission, "action": action, "reply_to": present.returned_of(submission),
        "errors": [f for f in findings if f["level"] == "error"],
        "warnings": [f for f in findings if f["level"] == "warning"],
        "infos": [f for f in findings if f["level"] == "info"],
        "revision": submission.revision, "idempotency_key": present.new_key(), "figures": present.figures_of(reading),
        "reply": request.GET.get("reply", ""), "parts": parts_of(reading, present.entry_urls(submission)),
    }  # fmt: skip
    return render(request, "evaluations/submit.html", context)


@require_safe
def review(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """审核页：只读的表，旁边是核对和说明，下面是决定。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    form, project = _chosen(request, reading)
    layout, scope = present.form_and_scope(reading, form, project)
    grid = present.grid_of(reading, form, project)
    context = {
        "submission": submission, "form": {"key": form, "title": grid.title, "short": layout.short, "kind": layout.kind},
        "project": {"name": scope.shown(scope.scope.match)} if project else None,
        "grid_html": render_grid(grid, "read"), "findings": present.findings_of(reading), "counts": reading.counts,
        "status": present.status_of(layout, scope), "revision": submission.revision, "readonly": True, "tabs": parts_of(reading, present.review_urls(submission), form, project),
        "idempotency_key": present.new_key(), "figures": present.figures_of(reading),
        "decision": present.actions_of(submission, [o for o in offers(submission, request.user, reading) if o.row.action != "submit"]),
        "history": [present.event_json(event) for event in history_of(submission)],
        "returned": present.returned_of(submission),
        "urls": {
            "why": present.form_url("why", submission, form, project), "pdf": present.form_url("pdf", submission, form, project),
            "xlsx": present.form_url("xlsx", submission, form, project),
            "preview": present.form_url("preview", submission, form, project), "package": present.package_urls(submission),
            "back": _back(request, submission), "history": reverse("evaluations:history", args=[submission.pk]),
        },
    }  # fmt: skip
    return render(request, "evaluations/review.html", context)


def _chosen(request: HttpRequest, reading: Reading) -> tuple[str, UUID | None]:
    """网址里选的表和项目；没选或选错了是第一张表。"""
    forms = reading.facts.pack.forms
    form = request.GET.get("form", "")
    layout = forms.get(form)
    if layout is None:
        return next(
            key for key, one in forms.items() if not one.scope or reading.facts.children[one.scope]
        ), None
    if not layout.scope:
        return form, None
    try:
        return form, UUID(request.GET.get("project", ""))
    except ValueError:
        raise Http404("没有这个项目") from None


def _back(request: HttpRequest, submission: present.Submission) -> str:
    unit_side = access.roles_on(request.user, submission.department) & access.UNIT_ROLES
    return (
        reverse("evaluations:workbench", args=[submission.pk]) if unit_side else reverse("evaluations:queue")
    )


@require_POST
def act(request: HttpRequest, submission_id: UUID, action: str) -> HttpResponse:
    """做一个流程动作。被拒绝时回到来处，写的字还在。"""
    submission = access.get_submission(request.user, submission_id)
    text = request.POST.get("reply") or request.POST.get("reason") or ""
    back = "evaluations:submit" if action == "submit" else "evaluations:review"
    try:
        event = perform(
            submission_id=submission.pk, user=request.user, action=action, text=text,
            revision=_number(request.POST.get("revision")), key=request.POST.get("idempotency_key", "")[:64] or present.new_key(),
        )  # fmt: skip
    except Refused as refusal:
        return _refused(request, submission, action, str(refusal), text, back)
    messages.success(request, f"已{event.label}。材料现在是“{State(event.target).label}”。")
    if access.visible_to(request.user).filter(pk=submission.pk).exists() and action != "approve":
        return redirect(
            "evaluations:workbench" if action in ("submit", "withdraw", "recall") else back,
            submission_id=submission.pk,
        )
    return redirect("evaluations:home")


def _refused(
    request: HttpRequest, submission: present.Submission, action: str, reason: str, text: str, back: str
) -> HttpResponse:
    """409：说明原因，并把写的字还给人。"""
    context = {
        "submission": submission, "reason": reason, "text": text, "action": action,
        "back": reverse(back, args=[submission.pk]),
    }  # fmt: skip
    return render(request, "evaluations/refused.html", context, status=409)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


@require_safe
def history(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """谁、何时、改了什么：逐格的修改和流程上的每一步。"""
    submission = access.get_submission(request.user, submission_id)
    edits = [present.edit_json(edit) for edit in edits_of(submission)]
    events = [present.event_json(event) for event in history_of(submission)]
    return render(
        request, "evaluations/history.html", {"submission": submission, "edits": edits, "events": events}
    )
