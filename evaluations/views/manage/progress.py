"""进度：开放以后各单位办到哪里；成批催报、延期、取消、恢复。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.workflow import REVIEW_STATES, Role, State
from evaluations.models import Round
from evaluations.progress import OVERDUE, TABS, Line, digest, lines_of, matching
from evaluations.services.problems import Refused
from evaluations.services.rounds import perform_each
from evaluations.views.decide import day_of
from evaluations.views.present import new_key

from . import managing
from .round_pages import page, task_of


@require_safe
@managing(Role.PACK_ADMIN)
def detail(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """一个任务：没开放的去向导，开放了的看进度。"""
    task = task_of(round_id)
    if task.opened_at is None:
        return redirect("evaluations:round_edit", round_id=task.pk)
    lines = lines_of(task)
    tab, branch, words = (
        request.GET.get("tab", "all"),
        request.GET.get("branch", ""),
        request.GET.get("words", "")[:60],
    )
    tab = tab if tab in (*TABS, OVERDUE) else "all"
    near = matching(lines, tab="all", branch=branch, words=words)
    tabs = [
        {"name": name, "label": label, "count": len(matching(near, tab=name))}
        for name, label in ((*((name, label) for name, (label, _) in TABS.items()), (OVERDUE, "逾期")))
    ]
    branches = sorted({line.branch for line in lines if line.branch}, key=lambda unit: unit.code or "")
    context: dict[str, Any] = {
        "tabs": tabs, "tab": tab, "branch": branch, "words": words, "branches": branches, "lines": matching(near, tab=tab),
        "total": len(lines), "key": new_key(), "today": timezone.localdate(), "untouched": not any(line.saved_at for line in lines),
        "done": sum(1 for line in lines if line.submission.state in TABS["done"][1]),
        "asked": sum(1 for line in lines if line.submission.state != State.CANCELLED),
    }  # fmt: skip
    return page(request, "round", task, "round", **context)


def unfinished(task: Round) -> dict[str, list[Line]]:
    """结束时还没有办完的：没送审的，和正在审的。"""
    lines = lines_of(task)
    return {
        "waiting": [line for line in lines if line.submission.state == State.DRAFT],
        "reviewing": [line for line in lines if line.submission.state in REVIEW_STATES],
    }


ACTS = {"extend": "延期", "cancel": "取消任务", "reinstate": "恢复任务"}
REMIND = "remind"


@require_POST
@managing(Role.PACK_ADMIN)
def each(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """对选中的单位：催报是列出一段话；延期、取消、恢复逐份做，列出做成的和没做成的。"""
    task, sent = task_of(round_id), request.POST
    action, chosen = sent.get("act", ""), set(sent.getlist("chosen"))
    reason = sent.get(f"{action}_reason", "")
    seen = access.overseen_by(request.user).filter(round=task).order_by("department__code")
    submissions = [one for one in seen if str(one.pk) in chosen]
    try:
        if not submissions:
            raise Refused("没有选单位。请先在左边勾选。")
        if action == REMIND:
            lines = [line for line in lines_of(task) if str(line.submission.pk) in chosen]
            return page(request, "round_remind", task, "round", text=digest(task, lines), count=len(lines))
        if action not in ACTS:
            raise Refused("不认识的动作。请刷新页面后再试。")
        due = day_of(sent.get("due", "")) if action == "extend" else None
    except Refused as refusal:
        messages.error(request, str(refusal))
        return page(request, "round_result", task, "round", 409, reason=reason)
    results = perform_each(
        submissions=submissions, user=request.user, action=action, text=reason, due=due, key=sent.get("key", "") or new_key(),
    )  # fmt: skip
    context = {
        "label": ACTS[action], "reason": reason, "done": [one for one in results if one.done],
        "refused": [one for one in results if not one.done],
    }  # fmt: skip
    return page(request, "round_result", task, "round", **context)
