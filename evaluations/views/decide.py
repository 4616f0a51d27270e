"""送审前核对、审核、流程动作、管任务。"""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.copying import twins_of
from evaluations.core.workflow import OVERSIGHT
from evaluations.exports.html import render_grid
from evaluations.models import Event, Phrase, Submission
from evaluations.selectors import Reading, history_of, last_of, read
from evaluations.services.copies import check_copies
from evaluations.services.problems import Refused
from evaluations.services.waivers import waiving_refusal
from evaluations.services.workflow import offers, perform

from . import present
from .api import whole_number
from .parts import parts_of
from .score_panel import panel_of


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
        "submission": submission, "action": action, "reply_to": present.returned_of(reading),
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
    made = offers(submission, request.user, reading)
    context = {
        "submission": submission, "form": {"key": form, "title": grid.title, "short": layout.short, "kind": layout.kind},
        "project": {"name": scope.shown(scope.scope.match)} if project else None,
        "grid_html": render_grid(grid, "read"), "sources": present.sources_json(reading, grid), "findings": present.findings_of(reading), "counts": reading.counts,
        **present.part_names(reading, form, project), "status": present.status_of(layout, scope), "revision": submission.revision, "readonly": True, "tabs": parts_of(reading, present.review_urls(submission), form, project),
        "idempotency_key": present.new_key(), "figures": present.figures_of(reading),
        "decision": present.actions_of(submission, [o for o in made if o.row.action not in ("submit", *OVERSIGHT)]),
        "can_flag": any(o.enabled and o.row.action == "return" for o in made),
        "claim": present.claim_of(submission, request.user), "return_due": present.return_due(submission),
        "since_last": _since_last(submission), "phrases": Phrase.objects.all(),
        "history": [present.event_json(event) for event in history_of(submission)],
        "returned": present.returned_of(reading), "scoring": panel_of(request.user, submission, reading, layout, scope),
        "waive_url": reverse("evaluations:task", args=[submission.pk]) if not waiving_refusal(submission, request.user) else "",
        "twins": twins_of(reading, request.user),
        "urls": {
            "why": present.form_url("why", submission, form, project), "pdf": present.form_url("pdf", submission, form, project),
            "xlsx": present.form_url("xlsx", submission, form, project),
            "preview": present.form_url("preview", submission, form, project), "package": present.package_urls(submission),
            "back": _back(request, submission), "history": reverse("evaluations:history", args=[submission.pk]),
            "checklist": reverse("evaluations:checklist", args=[submission.pk]),
        },
    }  # fmt: skip
    return render(request, "evaluations/review.html", context)


def _chosen(request: HttpRequest, reading: Reading) -> tuple[str, UUID | None]:
    """网址里选的表和项目；没选或选错了是第一张表。"""
    forms = reading.facts.pack.forms
    form = request.GET.get("form", "")
    layout = forms.get(form)
    if layout is None:
        layout = next(one for one in forms.values() if not one.scope or reading.facts.children[one.scope])
        first = reading.facts.children[layout.scope][0] if layout.scope else None
        return layout.key, UUID(first.id[1:]) if first else None
    if not layout.scope:
        return form, None
    try:
        return form, UUID(request.GET.get("project", ""))
    except ValueError:
        raise Http404("没有这个项目") from None


def _since_last(submission: Submission) -> str:
    """重报的：与上次退回时比较的地址；第一次报的为空串。"""
    returned, submitted = last_of(submission, "return"), last_of(submission, "submit")
    if returned is None or submitted is None or submitted.seq < returned.seq:
        return ""
    base = reverse("evaluations:compare", args=[submission.pk])
    return f"{base}?from={returned.revision - 1}&to={submitted.revision - 1}"


def _back(request: HttpRequest, submission: Submission) -> str:
    unit_side = access.roles_on(request.user, submission.department) & access.UNIT_ROLES
    return (
        reverse("evaluations:workbench", args=[submission.pk]) if unit_side else reverse("evaluations:queue")
    )


@require_POST
def act(request: HttpRequest, submission_id: UUID, action: str) -> HttpResponse:
    """做一个流程动作。被拒绝时回到来处，写的字还在。"""
    received = timezone.now()
    fetch = access.get_overseen if action in OVERSIGHT else access.get_submission
    submission = fetch(request.user, submission_id)
    text = request.POST.get("reply") or request.POST.get("reason") or ""
    revision = whole_number(request.POST.get("revision"))
    key = request.POST.get("idempotency_key", "")[:64] or present.new_key()
    try:
        event = perform(
            submission_id=submission.pk, user=request.user, action=action, text=text,
            revision=-1 if revision is None else revision, key=key,
            due=day_of(request.POST.get("due", "")), flags=request.POST.getlist("flags"), received=received,
            opinions=request.POST.get("opinions") == "1", seen_scores=whole_number(request.POST.get("seen_scores")),
        )  # fmt: skip
    except Refused as refusal:
        if action == "submit":
            check_copies(submission_id=submission.pk, user=request.user)
        return _not_done(request, submission, action, str(refusal), text)
    except IntegrityError:
        # 同一个幂等键同时用在两份材料上：后到的一个
        if not Event.objects.filter(key=key).exists():
            raise
        return _not_done(request, submission, action, "这次操作的编号已经用过。请刷新页面后再做。", text)
    messages.success(request, _done_words(event, submission))
    return redirect(_next(request, submission, event))


def _not_done(
    request: HttpRequest, submission: Submission, action: str, reason: str, text: str
) -> HttpResponse:
    back = reverse(f"evaluations:{BACK.get(action, 'review')}", args=[submission.pk])
    return refused(request, submission, reason, back, text)


BACK = {"submit": "submit", **dict.fromkeys(OVERSIGHT, "task")}


def _done_words(event: Event, submission: Submission) -> str:
    if event.source == event.target:
        return f"已{event.label}：{submission.department}。"
    submission.refresh_from_db()
    return f"已{event.label}。{submission.department}的材料现在是“{submission.state_label}”。"


def _next(request: HttpRequest, submission: Submission, event: Event) -> str:
    """做完去哪里：审核的回队列，占着、放下的留在审核页，单位的回工作台。"""
    if event.action in OVERSIGHT:
        return reverse("evaluations:queue") + "?tab=waiting"
    if event.action in ("claim", "take_over", "release", "revoke"):
        return reverse("evaluations:review", args=[submission.pk])
    if access.roles_on(request.user, submission.department) & access.UNIT_ROLES:
        return reverse("evaluations:workbench", args=[submission.pk])
    return reverse("evaluations:queue")


def refused(
    request: HttpRequest, submission: Submission, reason: str, back: str, text: str = "", status: int = 409
) -> HttpResponse:
    """说明为什么没有做成，并把写的字还给人。"""
    context = {"submission": submission, "reason": reason, "text": text, "back": back}
    return render(request, "evaluations/refused.html", context, status=status)


def day_of(text: str) -> datetime | None:
    """选的日期，到那天结束为止；没有选为 None。写法不对抛 ``Refused``。"""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"日期“{text[:20]}”读不懂，要像 2025-04-30。") from None
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
