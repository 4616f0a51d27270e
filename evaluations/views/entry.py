"""填报页和它的接口：保存、撤销、互相看见。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations import access, timeline
from evaluations.core.layout import Layout
from evaluations.core.steps import REDO, UNDO, next_of
from evaluations.exports.html import render_grid
from evaluations.models import INDICATOR_LIST, Submission
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.presence import note_presence
from evaluations.services.problems import Refused
from evaluations.services.versions import undo as undo_service
from evaluations.services.workflow import offers

from . import present
from .api import BadRequest, answer, background, body_of, json_api, number_of, text_of
from .parts import parts_of


@require_safe
def form(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """填报页；此刻不能填的人转到只读的审核页。"""
    submission = access.get_submission(request.user, submission_id)
    may_edit, reason = access.may(request.user, "edit", submission)
    reading = read(submission)
    layout, scope = present.form_and_scope(reading, form, project)
    if not may_edit:
        return redirect(present.review_urls(submission)(form, project))
    grid = present.grid_of(reading, form, project)

    def url(name: str) -> str:
        return present.form_url(name, submission, form, project)

    context = {
        "submission": submission, "form": {"key": form, "title": grid.title, "short": layout.short, "kind": layout.kind},
        "project": {"name": scope.shown(scope.scope.match)} if project else None,
        "figures_to_insert": present.insertable(scope) if layout.kind == "prose" else [],
        "grid_html": render_grid(grid, "entry"), "sources": present.sources_json(reading, grid), "findings": present.findings_of(reading), "counts": reading.counts,
        **present.part_names(reading, form, project), "status": present.status_of(layout, scope), "revision": submission.revision, "readonly": False,
        "urls": {
            "save": url("save"), "live": url("live"), "undo": url("undo"), "rows": url("rows"), "row": url("row"), "why": url("why"), "note": url("note"),
            "pdf": url("pdf"), "xlsx": url("xlsx"), "preview": url("preview"),
            "back": reverse("evaluations:workbench", args=[submission.pk]),
            "submit": reverse("evaluations:submit", args=[submission.pk]),
            "history": reverse("evaluations:history", args=[submission.pk]),
        },
        "tabs": parts_of(reading, present.entry_urls(submission), form, project), "returned": present.returned_of(reading),
        "actions": present.actions_of(submission, offers(submission, request.user, reading)),
        "deadline": access.due_of(submission), "days_left": present.days_left(submission), "reason": reason,
        "project_id": project or "", "people": present.people_json(submission, request.user),
        "newcomer": timeline.is_new(request.user), **_undoable(submission, request),
        "library_url": reverse("evaluations:library_search") if _lists_indicators(layout) else "",
    }  # fmt: skip
    return render(request, "evaluations/entry.html", context)


def _lists_indicators(layout: Layout) -> bool:
    """这张表填指标，可以从指标库选。"""
    return any(band.over == INDICATOR_LIST for band in layout.bands)


def _undoable(submission: Submission, request: HttpRequest) -> dict[str, int | None]:
    """轮到撤销、重做的是哪一次；页面用来决定按钮亮不亮。"""
    acts = timeline.acts_of(submission, request.user)
    return {"undo": next_of(acts, UNDO), "redo": next_of(acts, REDO)}


@json_api
@require_POST
def save(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """逐格保存。"""
    received = timezone.now()
    submission = present.package_at(request.user, submission_id, form, project)
    data = body_of(request)
    saved = save_cells(
        submission_id=submission.pk, user=request.user, changes=_changes(data), received=received
    )
    since = number_of(data, "revision")
    moved = _moved(saved.draft.submission, since)
    redraw = present.structure_changed(saved.draft.submission, since, saved.acted) or bool(moved)
    return answer(present.saved_json(saved, form, project, redraw=redraw) | moved)


def _moved(submission: Submission, since: int | None) -> dict[str, str]:
    """页面打开以后换过方案的：告诉填的人，请他刷新；填的字都还在。"""
    if not timeline.repacked_since(submission, since):
        return {}
    return {"moved": "财政局把这份材料换到了新版方案，表有变动，已更新到您这里。您填的都在。"}


def _changes(data: dict[str, Any]) -> list[Change]:
    raw = data.get("changes")
    if not isinstance(raw, list):
        raise BadRequest("收到的内容缺 changes，没有保存。请刷新页面后再试。")
    changes = []
    for item in raw:
        names = ("address", "value", "was", "was_hash")
        texts = {name: item.get(name) for name in names} if isinstance(item, dict) else {}
        if not isinstance(texts.get("address"), str) or not isinstance(texts.get("value"), str):
            raise BadRequest("收到的改动形状不对（要有 address 和 value），没有保存。请刷新页面后再试。")
        if any(value is not None and not isinstance(value, str) for value in texts.values()):
            raise BadRequest("收到的改动里有不是文字的值，没有保存。请刷新页面后再试。")
        changes.append(Change(**texts))  # type: ignore[arg-type]
    return changes


@json_api
@require_POST
def undo(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """撤销、重做自己最近的改动；答复带整张表。"""
    submission = present.package_at(request.user, submission_id, form, project)
    data = body_of(request)
    which = text_of(data, "which") or UNDO
    if which not in (UNDO, REDO):
        raise BadRequest("不认识的动作。请刷新页面后再试。")
    undone = undo_service(
        submission_id=submission.pk, user=request.user, which=which, of=number_of(data, "of")
    )
    shown = present.answer_json(undone.reading, undone.revision, form, project, redraw=True)
    here = present.place_of(undone.focus, undone.reading)
    return answer({
        **shown, "done": undone.done, "left": undone.left, "focus": undone.focus,
        "url": present.form_url("form", submission, *here) if here and here != (form, project) else "",
        **_undoable(undone.reading.submission, request),
    })  # fmt: skip


@background
@json_api
@require_POST
def live(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """每隔一会儿报一次自己在哪一格，取回谁在、别人改了什么。不能再填时 409，说明为什么。"""
    submission = present.package_at(request.user, submission_id, form, project)
    allowed, reason = access.may(request.user, "edit", submission)
    if not allowed:
        raise Refused(reason)
    data = body_of(request)
    note_presence(
        submission=submission, user=request.user, form=form, project=project, address=text_of(data, "address")
    )
    shown: dict[str, Any] = {
        "project_id": project or "", "people": present.people_json(submission, request.user), "revision": submission.revision,
    }  # fmt: skip
    since = number_of(data, "revision")
    if since is not None and since < submission.revision:
        moved = _moved(submission, since)
        redraw = present.structure_changed(submission, since) or bool(moved)
        reading = read(submission)
        shown |= present.answer_json(reading, reading.submission.revision, form, project, redraw=redraw)
        shown |= {"news": present.news_of(submission, since, request.user), **moved}
    return answer(shown)
