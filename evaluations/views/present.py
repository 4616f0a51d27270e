"""把服务和选择器给的东西变成页面和接口要的样子。"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from evaluations import access
from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.checks import Finding
from evaluations.core.facts import ScopeFacts
from evaluations.core.grid import Grid, expand
from evaluations.core.layout import Layout
from evaluations.core.workflow import REVIEW_STATES, State, Transition
from evaluations.exports.html import render_grid
from evaluations.models import Edit, Event, Submission
from evaluations.selectors import Reading, last_return
from evaluations.services.entry import Saved
from evaluations.services.rows import REMOVED
from evaluations.services.workflow import Offer

WEIGHT, SCORE, RATE = "总分.分值", "总分.得分", "资金.执行率"


def form_and_scope(reading: Reading, form: str, project: UUID | None) -> tuple[Layout, ScopeFacts]:
    """网址指的表和范围；没有时 404。"""
    layout = reading.facts.pack.forms.get(form)
    if layout is None or bool(layout.scope) != bool(project):
        raise Http404("没有这张表")
    if project is None:
        return layout, reading.facts.root
    children = reading.facts.children[layout.scope]
    scope = next((child for child in children if child.id == f"p{project.hex}"), None)
    if scope is None:
        raise Http404("没有这个项目")
    return layout, scope


def grid_of(reading: Reading, form: str, project: UUID | None = None, *, screen: bool = True) -> Grid:
    """一张表展开的样子；``screen`` 为假时是印出来的样子。"""
    layout, scope = form_and_scope(reading, form, project)
    return expand(layout, reading.facts, scope, screen=screen)


def form_url(name: str, submission: Submission, form: str, project: UUID | None = None, **extra: Any) -> str:
    """一张表的网址：有项目时在项目下。"""
    keys = {"submission_id": submission.pk, "form": form, **extra}
    if project is not None:
        return reverse(f"evaluations:project_{name}", kwargs={**keys, "project": project})
    return reverse(f"evaluations:{name}", kwargs=keys)


def entry_urls(submission: Submission) -> Callable[[str, UUID | None], str]:
    """各张表的填报网址。"""
    return lambda form, project: form_url("form", submission, form, project)


def review_urls(submission: Submission) -> Callable[[str, UUID | None], str]:
    """各张表的只读网址。"""
    base = reverse("evaluations:review", args=[submission.pk])
    return lambda form, project: f"{base}?form={form}" + (f"&project={project}" if project else "")


def package_urls(submission: Submission) -> dict[str, str]:
    """整套材料的文件。"""
    return {to: reverse("evaluations:package", args=[submission.pk, to]) for to in ("pdf", "pdfa", "xlsx")}


def insertable(scope: ScopeFacts) -> list[dict[str, str]]:
    """能插进报告的数：有值的数，按记录分组；插入的是 ``{键}``，表上的数变了句子跟着变。"""
    found = []
    for key, item in scope.fields.items():
        if item.is_number and (text := scope.shown(key)):
            group = item.full_label.partition("·")[0]
            found.append({"group": group, "label": item.full_label, "token": "{" + key + "}", "text": text})
    return found


def cells_of(grid: Grid) -> dict[str, dict[str, str]]:
    """这张表每个值格现在的样子：印的字和原字。"""
    found = {}
    for piece in grid.value_pieces():
        if piece.field is not None:
            found[piece.address] = {"text": piece.text, "raw": piece.field.to_text(piece.value)}
    return found


def findings_of(reading: Reading) -> list[dict[str, Any]]:
    return [finding_json(finding, reading) for finding in reading.findings]


def finding_json(finding: Finding, reading: Reading) -> dict[str, Any]:
    """一处问题给页面的样子：位置、差额、说明、在哪张表。"""
    form, project, numeric = _place_of(finding, reading)
    data = finding.as_json()
    data |= {
        "where": finding.where,
        "message": finding.message,
        "diff": _difference(finding.expected, finding.actual) if numeric else "",
        "note": reading.notes.get(finding.key, ""),
        "key": "|".join(finding.key),
        "form": form,
        "project": str(project or ""),
        "url": form_url("form", reading.submission, form, project) if form else "",
    }
    return data


def _place_of(finding: Finding, reading: Reading) -> tuple[str, UUID | None, bool]:
    """主格在哪张表、哪个项目，是不是数：别的表上的问题要能跳过去。"""
    facts, address = reading.facts, finding.cells[0]
    try:
        at = parse_address(address)
        scope = facts.scope_at(at.prefix)
    except AddressProblem:
        return "", None, True
    project = UUID(scope.id[1:]) if scope.scope.name else None
    rows = scope.scope.lists.get(at.key)
    if rows is not None:  # 列表的一格，或整个列表（一行都没有时）
        columns = [at.column] if at.column else list(rows.fields)
        homes = [facts.pack.home_of(scope.scope.name, f"{at.key}.{column}") for column in columns]
        return next(filter(None, homes), ""), project, rows.fields[columns[0]].is_number
    item = scope.fields.get(at.key)
    return facts.pack.home_of(scope.scope.name, at.key), project, item is None or item.is_number


def _difference(expected: str, actual: str) -> str:
    try:
        gap = abs(Decimal(expected) - Decimal(actual))
    except InvalidOperation:
        return ""
    return f"{gap.normalize():f}"


def status_of(layout: Layout, scope: ScopeFacts) -> dict[str, str]:
    """状态栏：这张表的分值合计、还差多少、自评总分；没有总分的表没有。"""
    if WEIGHT not in layout.shows:
        return {}
    weight = scope.value(WEIGHT)
    left = 100 - weight if isinstance(weight, Decimal) else Decimal(100)
    return {
        "weight": scope.fields[WEIGHT].format(weight) or "0",
        "weight_left": f"{left.normalize():f}" if left else "",
        "score": scope.shown(SCORE),
    }


def _changes_shape(layout: Layout, written: list[str]) -> bool:
    """写的格里有没有决定表的形状的（如“无此项”）：有就要把整张表重画给页面。"""
    flags = [band.empty_when for band in layout.bands if band.empty_when is not None]
    deciding = {name.name.key for flag in flags for name in flag.references()}
    return any(address.rpartition("/")[2] in deciding for address in written)


def saved_json(
    saved: Saved, reading: Reading, form: str, project: UUID | None, *, redraw: bool = False
) -> dict[str, Any]:
    """保存的答复：修订号、时间、各格、问题、冲突；表的形状变了（或 ``redraw``）时带整张表。"""
    layout, scope = form_and_scope(reading, form, project)
    grid = grid_of(reading, form, project)
    answer = {
        "revision": saved.revision,
        "saved_at": f"{timezone.localtime():%H:%M:%S}",
        "cells": cells_of(grid),
        "findings": findings_of(reading),
        "counts": reading.counts,
        "status": status_of(layout, scope),
        "conflicts": [asdict(conflict) for conflict in saved.conflicts],
        "problems": [asdict(problem) for problem in saved.problems],
    }
    if redraw or _changes_shape(layout, saved.written):
        answer["html"] = render_grid(grid, "entry")
    return answer


# ---- 流程 -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """一个流程按钮。"""

    name: str
    label: str
    enabled: bool
    reason: str
    wants: str
    url: str
    primary: bool
    danger: bool


def actions_of(submission: Submission, offers: list[Offer]) -> list[Action]:
    return [_action(submission, offer) for offer in offers]


def _action(submission: Submission, offer: Offer) -> Action:
    row: Transition = offer.row
    return Action(
        row.action, row.label, offer.enabled, offer.reason, row.wants,
        reverse("evaluations:act", args=[submission.pk, row.action]),
        row.action in ("submit", "sign", "pass", "approve"), row.action == "return",
    )  # fmt: skip


def new_key() -> str:
    """一次打开页面一个幂等键：双击、重发只做一次。"""
    return uuid4().hex


def steps_of(submission: Submission) -> list[dict[str, str]]:
    """流程的各步和现在走到哪。"""
    steps = [
        State.DRAFT,
        *(s for s in REVIEW_STATES if s.label in submission.pack.compiled().steps),
        State.APPROVED,
    ]
    here = steps.index(State(submission.state)) if submission.state in steps else len(steps)
    done = submission.state == State.APPROVED
    return [
        {"label": step.label, "state": "done" if n < here or done else "current" if n == here else "todo"}
        for n, step in enumerate(steps)
    ]


THROUGH = {"import": "导入", "prior": "上年带入"}


def edit_json(edit: Edit) -> dict[str, Any]:
    """一次修改，用人话：删掉的行和项目写成“列：字”，不露出存的样子。"""
    who = edit.user.display_name if edit.user else THROUGH.get(edit.through, "系统")
    return {
        "when": edit.at,
        "who": who,
        "where": edit.label,
        "old": _in_words(edit.old) if edit.new == REMOVED else edit.old,
        "new": edit.new,
    }


def _in_words(text: str) -> str:
    """删除记录里存的是整行或整个项目的 JSON。"""
    data = json.loads(text)
    values = data.get("values", data)
    return "；".join(f"{key}：{value}" for key, value in values.items() if isinstance(value, str))


def event_json(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    who = event.user.display_name if event.user else "系统"
    return {"when": event.at, "who": who, "what": event.label, "reason": event.reason, "target": event.target}


def returned_of(submission: Submission) -> dict[str, Any] | None:
    """正在整改的退回；没有退回为 None。"""
    return event_json(last_return(submission)) if submission.returned else None


def days_left(submission: Submission) -> int:
    """离截止还有几天（不足一天算一天；过期为负）。"""
    return math.ceil((access.deadline_of(submission) - timezone.now()).total_seconds() / 86_400)


def figures_of(reading: Reading) -> list[dict[str, str]]:
    """关键的数：执行率、自评总分、等次。"""
    root = reading.facts.root
    wanted = [("执行率", RATE), ("分值合计", WEIGHT), ("自评总分", SCORE), ("等次", "等次")]
    shown = [(label, root.fields[key].format(root.value(key))) for label, key in wanted if key in root.fields]
    return [{"label": label, "text": text or "—"} for label, text in shown]
