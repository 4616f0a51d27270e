"""填报页和它的接口：保存、行、抽屉、为什么、说明。"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.addresses import AddressProblem
from evaluations.core.expressions import show
from evaluations.core.facts import RowFacts, ScopeFacts
from evaluations.core.grid import VALUE, Cell, Piece
from evaluations.core.schema import Field
from evaluations.core.scoring import ScoreRule
from evaluations.exports.cells import CellWriter
from evaluations.exports.html import render_grid
from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services import entry as entry_service
from evaluations.services import rows as row_service
from evaluations.services.entry import Change, Saved, save_cells
from evaluations.services.notes import write_note
from evaluations.services.problems import Refused
from evaluations.services.workflow import offers

from . import present
from .parts import parts_of

View = Callable[..., HttpResponse]


class BadRequest(Exception):
    """请求的形状不对；消息给人看。"""


def json_api(view: View) -> View:
    """接口的共同部分：没登录 403、形状不对 400、不允许 409，都是一句中文。"""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return JsonResponse(
                {"error": "登录已过期。您填的内容还在本页，重新登录后会继续保存。", "login": True}, status=403
            )
        try:
            return view(request, *args, **kwargs)
        except BadRequest as problem:
            return JsonResponse({"error": str(problem)}, status=400)
        except Refused as problem:
            return JsonResponse({"error": str(problem)}, status=409)

    wrapped.login_required = False  # type: ignore[attr-defined]
    return wrapped


def body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadRequest("收到的内容不是 JSON，没有保存。请刷新页面后再试。") from None
    if not isinstance(data, dict):
        raise BadRequest("收到的内容形状不对，没有保存。请刷新页面后再试。")
    return data


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
        "grid_html": render_grid(grid, "entry"), "findings": present.findings_of(reading), "counts": reading.counts,
        "status": present.status_of(layout, scope), "revision": submission.revision, "readonly": False,
        "urls": {
            "save": url("save"), "rows": url("rows"), "row": url("row"), "why": url("why"), "note": url("note"),
            "pdf": url("pdf"), "xlsx": url("xlsx"), "preview": url("preview"),
            "back": reverse("evaluations:workbench", args=[submission.pk]),
            "submit": reverse("evaluations:submit", args=[submission.pk]),
            "history": reverse("evaluations:history", args=[submission.pk]),
        },
        "tabs": parts_of(reading, present.entry_urls(submission), form, project), "returned": present.returned_of(submission),
        "actions": present.actions_of(submission, offers(submission, request.user, reading)),
        "deadline": access.deadline_of(submission), "days_left": present.days_left(submission), "reason": reason,
    }  # fmt: skip
    return render(request, "evaluations/entry.html", context)


@json_api
@require_POST
def save(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """逐格保存。"""
    submission = access.get_submission(request.user, submission_id)
    changes = _changes(body_of(request))
    saved = save_cells(submission_id=submission.pk, user=request.user, changes=changes)
    return JsonResponse(_answer(request, submission, form, project, saved))


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


def _answer(
    request: HttpRequest, submission: Submission, form: str, project: UUID | None, saved: Saved
) -> dict[str, Any]:
    reading = read(access.get_submission(request.user, submission.pk))
    return present.saved_json(saved, reading, form, project)


@json_api
@require_POST
def rows(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """增、移、删、恢复一行；答复带整张表，页面换上。"""
    submission = access.get_submission(request.user, submission_id)
    changed = _row_act(body_of(request), submission, request, form, project)
    reading = read(access.get_submission(request.user, submission.pk))
    answer = present.saved_json(Saved(changed.revision), reading, form, project, redraw=True)
    return JsonResponse({**answer, "focus": changed.focus, "undo": changed.undo})


def _row_act(
    data: dict[str, Any], submission: Submission, request: HttpRequest, form: str, project: UUID | None
) -> row_service.RowChanged:
    act, row = data.get("act"), data.get("row")
    common = {"submission_id": submission.pk, "user": request.user}
    if act == "add":
        group, key = data.get("group", {}), data.get("list")
        if not isinstance(group, dict) or not isinstance(key, str):
            raise BadRequest("加行的请求形状不对。请刷新页面后再试。")
        texts = {str(name): str(text) for name, text in group.items()}
        _, scope = present.form_and_scope(read(submission), form, project)
        made_id = data.get("id")
        return row_service.add_row(
            **common, prefix=scope.prefix, key=key.rpartition("/")[2], group=texts, row_id=made_id if isinstance(made_id, str) else "",
        )  # fmt: skip
    if not isinstance(row, str):
        raise BadRequest("行的请求形状不对。请刷新页面后再试。")
    if act == "move":
        return row_service.move_row(**common, row=row, to=str(data.get("to")))
    if act == "remove":
        return row_service.remove_row(**common, row=row)
    if act == "restore":
        return row_service.restore_row(**common, row=row)
    raise BadRequest(f"不认识的行动作“{act}”。请刷新页面后再试。")


@json_api
@require_safe
def row(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """一行的抽屉：表上没有列的字段，和建议得分的理由。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    layout, scope = present.form_and_scope(reading, form, project)
    address = request.GET.get("row", "")
    node = next((r for rows in scope.lists.values() for r in rows if r.address("") == address), None)
    if node is None:
        raise Http404("没有这一行")
    may_edit, _ = access.may(request.user, "edit", submission)
    hidden = [
        item for name, item in node.fields.items() if item.asked and not layout.asks(f"{node.key}.{name}")
    ]
    fields = [
        {
            "label": item.label,
            "help": item.help,
            "control": _control(node, item, may_edit),
        }
        for item in hidden
    ]
    context = {
        "row": address,
        "label": _row_label(node),
        "fields": fields,
        "may_edit": may_edit,
        **_suggestion(node),
    }
    return render(request, "evaluations/_row.html", context)


def _control(node: RowFacts, item: Field, may_edit: bool) -> SafeString:
    """抽屉里的一个控件：与表里的格子同一种写法，所以也逐格保存。"""
    value = node.value(item.key)
    piece = Piece(item.format(value), node.address(item.key), item, value, may_edit)
    return mark_safe(CellWriter("entry").content(Cell(0, 0, 1, 1, (piece,), VALUE)))  # noqa: S308 CellWriter 已转义


def _row_label(node: RowFacts) -> str:
    name = (
        node.value(node.owner.scope.lists[node.key].match) if node.owner.scope.lists[node.key].match else ""
    )
    return str(name or "这一行")


def _suggestion(node: RowFacts) -> dict[str, str]:
    for key, rule in node.rules.items():
        if isinstance(rule, ScoreRule):
            return {"suggested": node.fields[key].format(node.value(key)), "why": rule.score(node).why}
    return {"suggested": "", "why": ""}


@json_api
@require_safe
def why(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """一个计算值为什么是这个数。"""
    submission = access.get_submission(request.user, submission_id)
    facts = read(submission).facts
    try:
        node, key = facts.locate(request.GET.get("address", ""))
    except AddressProblem:
        raise Http404("没有这一格") from None
    item, rule = node.fields[key], node.rules.get(key)
    shown = show(node.value(key), item)
    score = rule.score(node) if isinstance(rule, ScoreRule) else None
    context = {
        "title": f"为什么是 {shown}", "label": item.full_label, "steps": list(score.steps) if score else [],
        "words": (score.why if score else node.explain(key)), "source": item.source, "pack": str(submission.pack),
        "links": _links(node, rule),
    }  # fmt: skip
    return render(request, "evaluations/_why.html", context)


def _links(node: ScopeFacts | RowFacts, rule: Any) -> list[dict[str, str]]:
    """所用的数：能跳过去的格。"""
    if rule is None:
        return []
    links: dict[str, dict[str, str]] = {}
    for source, key in rule.reads(node):
        if isinstance(source, ScopeFacts | RowFacts) and key in source.fields:
            item, address = source.fields[key], source.address(key)
            links[address] = {
                "address": address,
                "label": item.full_label,
                "text": show(source.value(key), item),
            }
    return list(links.values())[:12]


@json_api
@require_POST
def note(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """写一处提醒的说明。"""
    submission = access.get_submission(request.user, submission_id)
    code, cell, text = (request.POST.get(name, "") for name in ("code", "cell", "text"))
    write_note(submission_id=submission.pk, user=request.user, code=code, cell=cell, text=text)
    return JsonResponse(
        _answer(request, submission, form, project, Saved(entry_service.revision_of(submission.pk)))
    )
