"""一行、一格的接口：行的增移删、抽屉、为什么、说明。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations.core.addresses import AddressProblem
from evaluations.core.explaining import explanation
from evaluations.core.facts import RowFacts
from evaluations.core.grid import VALUE, Cell, Piece
from evaluations.core.prescribed import GUIDE, is_locked, template_of
from evaluations.core.schema import Field
from evaluations.core.scoring import ScoreRule
from evaluations.core.working import GROUP_COLUMNS
from evaluations.exports.cells import CellWriter
from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services import rows as row_service
from evaluations.services.notes import write_note

from . import present
from .api import BadRequest, answer, body_of, json_api, number_of, text_of
from .library import library_texts


@json_api
@require_POST
def rows(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """增、移、删、恢复一行；答复带整张表，页面换上。"""
    submission = present.package_at(request.user, submission_id, form, project)
    changed = _row_act(body_of(request), submission, request, form, project)
    shown = present.answer_json(changed.reading, changed.revision, form, project, redraw=True)
    return answer({**shown, "acted": changed.acted, "focus": changed.focus, "undo_row": changed.undo})


def _row_act(
    data: dict[str, Any], submission: Submission, request: HttpRequest, form: str, project: UUID | None
) -> row_service.RowChanged:
    act, row = data.get("act"), data.get("row")
    common = {"submission_id": submission.pk, "user": request.user}
    if act == "add":
        group, key = data.get("group", {}), data.get("list")
        if not isinstance(group, dict) or not isinstance(key, str):
            raise BadRequest("加行的请求形状不对。请刷新页面后再试。")
        group = {str(name): str(text) for name, text in group.items()}
        layout, scope = present.form_and_scope(read(submission), form, project)
        key = key.rpartition("/")[2]
        texts = library_texts(text_of(data, "library"), layout, scope.scope.lists.get(key))
        levels = {name: texts[name] for name in GROUP_COLUMNS if name in texts}
        return row_service.add_row(
            **common,
            prefix=scope.prefix,
            key=key,
            group=group or levels,
            row_id=text_of(data, "id"),
            texts=texts,
        )
    if not isinstance(row, str):
        raise BadRequest("行的请求形状不对。请刷新页面后再试。")
    if act == "move":
        was = data.get("was")
        return row_service.move_row(
            **common, row=row, to=text_of(data, "to"), was=was if isinstance(was, str) else None
        )
    if act == "remove":
        return row_service.remove_row(**common, row=row, seen=number_of(data, "revision"))
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
        item
        for name, item in node.fields.items()
        if item.asked and item.by != "system" and not layout.asks(f"{node.key}.{name}")
    ]
    fields = [
        {
            "label": item.label,
            "help": item.help,
            "control": _control(node, item, may_edit and not is_locked(node, item.key)),
        }
        for item in hidden
    ]
    context = {
        "row": address,
        "label": _row_label(node),
        "fields": fields,
        "may_edit": may_edit,
        "guide": (template_of(node) or {}).get(GUIDE),
        "locked": is_locked(node),
        **_suggestion(node),
    }
    return render(request, "evaluations/_row.html", context)


def _control(node: RowFacts, item: Field, may_edit: bool) -> SafeString:
    """抽屉里的一个控件：与表里的格子同一种写法，所以也逐格保存。"""
    value = node.value(item.key)
    piece = Piece(item.format(value), node.address(item.key), item, value, may_edit)
    return mark_safe(CellWriter("entry").content(Cell(0, 0, 1, 1, (piece,), VALUE)))  # noqa: S308 CellWriter 已转义  # nosec B308


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
    submission = present.package_at(request.user, submission_id, form, project)
    reading = read(submission)
    try:
        found = explanation(reading.facts, request.GET.get("address", ""))
    except AddressProblem:
        raise Http404("没有这一格") from None
    places = [(link, present.place_of(link.address, reading)) for link in found.links]
    links = [
        (link, present.cell_url(link.address, reading) if place and place != (form, project) else "")
        for link, place in places
    ]
    return render(
        request, "evaluations/_why.html", {"why": found, "links": links, "pack": str(submission.pack)}
    )


@json_api
@require_POST
def note(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """写一处提醒的说明。"""
    submission = present.package_at(request.user, submission_id, form, project)
    code, cell, text = (request.POST.get(name, "") for name in ("code", "cell", "text"))
    noted = write_note(submission_id=submission.pk, user=request.user, code=code, cell=cell, text=text)
    shown = present.answer_json(noted.reading, noted.revision, form, project)
    return answer({**shown, "acted": noted.acted})
