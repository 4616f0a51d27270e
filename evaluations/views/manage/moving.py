"""结转到下一年；把草稿换到新版方案。都先试算给人看。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evaluations.core.workflow import Role, State
from evaluations.forms.rounds import CLOSING_TIME, RoundForm
from evaluations.models import Pack, Round, Submission
from evaluations.repacking import newer_than, repack_of
from evaluations.rollover import carried_from
from evaluations.services.problems import Refused
from evaluations.services.repack import move_draft, move_round
from evaluations.services.rounds import roll_over
from evaluations.views.api import whole_number

from . import managing
from .round_pages import page, task_of

READ_OR_SEND = ["GET", "HEAD", "POST"]
PAGE = 30
"""一页试算几份：一份要算两遍全套。"""


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def roll(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """结转：选下一年的方案，看带什么、不带什么，确认后得到一个没开放的任务。"""
    task = task_of(round_id)
    packs = Pack.objects.filter(state=Pack.State.PUBLISHED, year=task.year + 1).order_by("key", "-version")
    sent = request.POST if request.method == "POST" else None
    form = RoundForm(sent, packs=packs, initial=_next_year(request, task, packs.first()))
    if sent is not None and form.is_valid():
        try:
            made = roll_over(round_id=task.pk, user=request.user, **form.given)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已结转成“{made.name}”，还没有开放。不对的话可以在“开放”那一步删掉。")
            return redirect("evaluations:round_units", round_id=made.pk)
    pack = _chosen(packs, sent or request.GET, form)
    carried = carried_from(task, pack) if pack and task.opened_at else None
    context = {"form": form, "pack": pack, "carried": carried, "year": task.year + 1}
    return page(request, "round_roll", task, "round_roll", 200 if sent is None else 409, **context)


def _next_year(request: HttpRequest, task: Round, pack: Pack | None) -> dict[str, Any]:
    day = timezone.localdate(task.deadline)
    leap = (day.month, day.day) == (2, 29)
    return {
        "name": task.name.replace(str(task.year), str(task.year + 1)), "pack": request.GET.get("pack") or (pack.pk if pack else None),
        "day": day.replace(year=day.year + 1, day=28 if leap else day.day), "at": CLOSING_TIME, "return_days": task.return_days,
    }  # fmt: skip


def _chosen(packs: Any, sent: Any, form: RoundForm) -> Pack | None:
    """试算用哪版：选的，没选的是第一版。"""
    wanted = sent.get("pack") or form.initial.get("pack") or ""
    try:
        return packs.filter(pk=UUID(str(wanted))).first() or packs.first()
    except ValueError:
        return packs.first()


# ---- 换到新版方案 -----------------------------------------------------------------------------


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def repack_round(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """一个任务的草稿都换到新版：逐份试算，再一次换完。"""
    task = task_of(round_id)
    packs = _newer(task)
    sent = request.POST if request.method == "POST" else None
    pack = _pack(packs, (sent or request.GET).get("pack", ""))
    if sent is not None and pack is None:
        messages.error(request, "没有选换到哪一版。请选。")
    elif sent is not None and pack is not None:
        results = move_round(round_id=task.pk, pack_id=pack.pk, user=request.user)
        context = {
            "label": f"换到{pack}", "done": [one for one in results if one.done],
            "refused": [one for one in results if not one.done],
        }  # fmt: skip
        return page(request, "round_result", task, "round", **context)
    drafts = task.submissions.whole().filter(state=State.DRAFT).order_by("department__code")
    first = (whole_number(request.GET.get("from")) or 0) // PAGE * PAGE
    shown = (
        [repack_of(one, pack) for one in drafts[first : first + PAGE] if one.pack_id != pack.pk]
        if pack
        else []
    )
    total = drafts.count()
    context = {
        "packs": packs, "pack": pack, "shown": shown, "total": total, "older": task.submissions.exclude(state=State.DRAFT).count(),
        "next": first + PAGE if first + PAGE < total else None, "before": first - PAGE if first else None,
    }  # fmt: skip
    return page(request, "round_repack", task, "round_repack", 200 if sent is None else 409, **context)


def _newer(task: Round) -> list[Pack]:
    """能换到的版本：比任务的，或比其中哪份草稿的新。"""
    used = Pack.objects.filter(
        Q(pk=task.pack_id) | Q(submissions__round=task, submissions__state=State.DRAFT)
    ).distinct()
    found = {pack.pk: pack for one in used.defer("files") for pack in newer_than(one).defer("files")}
    return sorted(found.values(), key=lambda pack: (pack.key, -pack.version))


def _pack(packs: list[Pack], wanted: str) -> Pack | None:
    return next(
        (pack for pack in packs if str(pack.pk) == wanted),
        packs[0] if len(packs) == 1 and not wanted else None,
    )


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def repack_one(request: HttpRequest, round_id: UUID, submission_id: UUID) -> HttpResponse:
    """一份草稿换到新版：哪些放不下、多出什么、哪些数和问题会变。"""
    task = task_of(round_id)
    submission = Submission.objects.whole().filter(round=task, pk=submission_id).first()
    if submission is None:
        raise Http404("没有这份材料")
    packs = list(newer_than(submission.pack).defer("files"))
    sent = request.POST if request.method == "POST" else None
    pack = _pack(packs, (sent or request.GET).get("pack", "")) or next(iter(packs), None)
    if sent is not None:
        try:
            if pack is None:
                raise Refused("没有更新的版本可换。")
            move_draft(submission_id=submission.pk, pack_id=pack.pk, user=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{submission.department}已换到{pack}。")
            return redirect("evaluations:round_repack", round_id=task.pk)
    made = repack_of(submission, pack) if pack and submission.state == State.DRAFT else None
    context = {"submission": submission, "packs": packs, "pack": pack, "made": made}
    return page(request, "round_repack_one", task, "round_repack", 200 if sent is None else 409, **context)
