"""把服务和选择器给的东西变成页面和接口要的样子。"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from evaluations import access, timeline
from evaluations.core.checks import Finding, consequences
from evaluations.core.facts import ScopeFacts
from evaluations.core.grid import Grid, expand
from evaluations.core.layout import Layout
from evaluations.core.steps import Kind
from evaluations.core.workflow import DONE_STATES, OVERSIGHT, REVIEW_STATES, State, Transition
from evaluations.exports.html import render_grid
from evaluations.models import Event, Submission
from evaluations.selectors import Reading, clock, last_of
from evaluations.services.entry import Saved
from evaluations.services.workflow import Offer
from evaluations.sources import sources_of
from units.models import User

from .located import ends_of, part_of, place_in

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


def package_at(user: User, submission_id: UUID, form: str, project: UUID | None) -> Submission:
    """取材料，并确认网址指的表、项目是它的；不是的 404，什么都还没有做。"""
    submission = access.get_submission(user, submission_id)
    check_place(submission, form, project)
    return submission


def check_place(submission: Submission, form: str, project: UUID | None) -> None:
    """网址指的表、项目是这份材料的；不是的 404。"""
    layout = submission.pack.compiled().forms.get(form)
    if layout is None or bool(layout.scope) != bool(project):
        raise Http404("没有这张表")
    if project is not None and not submission.annual_data.filter(project=project).exists():
        raise Http404("没有这个项目")


def grid_of(reading: Reading, form: str, project: UUID | None = None, *, screen: bool = True) -> Grid:
    """一张表展开的样子；``screen`` 为假时是印出来的样子。"""
    layout, scope = form_and_scope(reading, form, project)
    return expand(layout, reading.facts, scope, screen=screen)


def first_project(reading: Reading) -> UUID:
    """第一个项目的编号。"""
    return UUID(next(iter(reading.facts.children.values()))[0].id[1:])


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
        if piece.suggested is not None:
            address, text = piece.suggested
            found[address] = {"text": text, "raw": ""}
    return found


def sources_json(reading: Reading, grid: Grid) -> dict[str, dict[str, str]]:
    """这张表取过数的各格：来源说的是什么（印的样子），哪个文件、哪天取的。"""
    known = sources_of(reading.submission)
    found = {}
    for piece in grid.value_pieces() if known else ():
        source = known.get(piece.address)
        if source is not None and piece.field is not None:
            day = timezone.localtime(source.batch.at)
            shown = piece.field.format(piece.field.parse(source.value))
            found[piece.address] = {"shown": shown, "from": f"{source.batch.name}，{day.month}月{day.day}日"}
    return found


def findings_of(reading: Reading) -> list[dict[str, Any]]:
    url = cache(lambda form, project: form_url("form", reading.submission, form, project) if form else "")
    follows = consequences(reading.findings)
    return [
        finding_json(finding, reading, url) | {"follows": finding.key in follows}
        for finding in reading.findings
    ]


def finding_json(
    finding: Finding, reading: Reading, url: Callable[[str, UUID | None], str]
) -> dict[str, Any]:
    """一处问题给页面的样子：位置、差额、说明、在哪张表，勾稽的各头在哪张表。"""
    form, project, numeric = place_in(reading.facts, finding.cells[0])
    rank, part = part_of(reading.facts, form, project)
    data = finding.as_json()
    data |= {
        "where": finding.where,
        "message": finding.message,
        "diff": _difference(finding.expected, finding.actual) if numeric else "",
        "note": reading.notes.get(finding.key, ""),
        "waived": waived_words(finding),
        "key": "|".join(finding.key),
        "form": form,
        "project": str(project or ""),
        "url": url(form, project),
        "rank": rank,
        "part": part,
        "ends": ends_of(reading.facts, finding.cells, url),
    }
    return data


def part_names(reading: Reading, form: str, project: UUID | None) -> dict[str, Any]:
    """打开的这一部分排第几、叫什么。"""
    rank, name = part_of(reading.facts, form, project)
    return {"rank": rank, "part_name": name}


def waived_words(finding: Finding) -> str:
    """豁免的理由和期限；没有豁免为空串。"""
    if (waived := finding.waived) is None:
        return ""
    return f"{waived.reason}（到{waived.until.year}年{waived.until.month}月{waived.until.day}日）"


def place_of(address: str, reading: Reading) -> tuple[str, UUID | None] | None:
    """一格在哪张表、哪个项目；不在任何表上为 None。"""
    place = place_in(reading.facts, address)
    return (place.form, place.project) if place.form else None


def cell_url(address: str, reading: Reading) -> str:
    """打开一格所在的表并转到它；格子不在了为空串。"""
    here = place_of(address, reading)
    return f"{form_url('form', reading.submission, *here)}#{quote(address)}" if here else ""


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


def structure_changed(submission: Submission, since: int | None, own: int | None = None) -> bool:
    """页面看到的修订以后，除了它自己刚存的这一次，有没有增删、移动过行：有就要把整张表重画给页面。"""
    if since is None or since >= submission.revision:
        return False
    later = submission.edits.filter(revision__gt=since).exclude(revision=own)
    return later.filter(kind__in=(Kind.ITEM, Kind.PLACE, Kind.WHOLE)).exists()


def saved_json(saved: Saved, form: str, project: UUID | None, *, redraw: bool = False) -> dict[str, Any]:
    """保存的答复；``acted`` 是可以撤销的这一次。"""
    layout, _ = form_and_scope(saved.reading, form, project)
    redraw = redraw or _changes_shape(layout, saved.written)
    return {
        **answer_json(saved.reading, saved.revision, form, project, redraw=redraw),
        "acted": saved.acted,
        "conflicts": [asdict(conflict) for conflict in saved.conflicts],
        "problems": [asdict(problem) for problem in saved.problems],
    }


def answer_json(
    reading: Reading, revision: int, form: str, project: UUID | None, *, redraw: bool = False
) -> dict[str, Any]:
    """各接口共同的答复：修订号、时间、各格、问题；``redraw`` 时带整张表。"""
    layout, scope = form_and_scope(reading, form, project)
    grid = expand(layout, reading.facts, scope, screen=True)
    answer = {
        "revision": revision,
        "saved_at": f"{timezone.localtime():%H:%M:%S}",
        "cells": cells_of(grid),
        "findings": findings_of(reading),
        "counts": reading.counts,
        "status": status_of(layout, scope),
    }
    if redraw:
        answer["html"] = render_grid(grid, "entry")
    return answer


# ---- 别人 -----------------------------------------------------------------------------------


def people_json(submission: Submission, me: User) -> list[dict[str, str]]:
    """此刻在填的别人：在哪张表、哪一格。"""
    forms = submission.pack.compiled().forms
    return [
        {
            "name": str(one.user), "form": one.form, "project": str(one.project or ""), "address": one.address,
            "where": forms[one.form].short if one.form in forms else "", "at": clock(one.at),
        }
        for one in timeline.people_at(submission, me)
    ]  # fmt: skip


def news_of(submission: Submission, since: int, me: User) -> list[dict[str, str]]:
    """页面看到的修订以后，别人改了哪些格。"""
    later = submission.edits.filter(revision__gt=since).exclude(user=me).select_related("user")
    found = {edit.address: edit for edit in later.order_by("seq") if edit.kind != Kind.NOTE}
    return [
        {"address": edit.address, "label": edit.label, "who": str(edit.user or "系统")}
        for edit in list(found.values())[-50:]
    ]


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
    oversight: bool
    at_once: bool
    earliest: date


def actions_of(submission: Submission, offers: list[Offer]) -> list[Action]:
    """各按钮；占着、放下、接手只在轮到时才有，不锁着摆在那里。"""
    return [_action(submission, offer) for offer in offers if offer.enabled or offer.row.action not in CLAIMS]


CLAIMS = ("claim", "take_over", "release")


def _action(submission: Submission, offer: Offer) -> Action:
    row: Transition = offer.row
    return Action(
        row.action, row.label, offer.enabled, offer.reason, row.wants,
        reverse("evaluations:act", args=[submission.pk, row.action]),
        row.action in ("submit", "sign", "pass", "approve"), row.action in ("return", "revoke", "cancel"),
        row.action in OVERSIGHT, row.action in ("claim", "release"), timezone.localdate(),
    )  # fmt: skip


def claim_of(submission: Submission, me: User) -> dict[str, Any] | None:
    """谁从何时起在审；没有人为 None。"""
    if submission.claimed_by is None or submission.claimed_at is None:
        return None
    mine = submission.claimed_by_id == me.pk
    return {
        "who": "您" if mine else str(submission.claimed_by),
        "mine": mine,
        "since": clock(submission.claimed_at),
    }


def return_due(submission: Submission) -> date:
    """退回时默认给几天改好：到哪一天。"""
    return timezone.localdate() + timedelta(days=submission.round.return_days)


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
    here = steps.index(State(submission.state)) if submission.state in steps else 0
    done = submission.state in DONE_STATES
    return [
        {"label": step.label, "state": "done" if n < here or done else "current" if n == here else "todo"}
        for n, step in enumerate(steps)
    ]


def event_json(event: Event | None) -> dict[str, Any] | None:
    """一个事件，用人话：谁（代谁）、做了什么、期限、标出的各处。"""
    if event is None:
        return None
    details = event.details
    due = details.get("due") or details.get("until")
    return {
        "when": event.at, "who": str(event.user or "系统"), "for": details.get("stand_in_for", ""),
        "what": event.label, "reason": event.reason, "target": event.target, "from": details.get("from", ""),
        "due": datetime.fromisoformat(due) if due else None, "flags": details.get("flags", []),
        "opinions": details.get("opinions", []),
    }  # fmt: skip


def returned_of(reading: Reading) -> dict[str, Any] | None:
    """正在整改的退回；没有退回为 None。"""
    if not reading.submission.returned:
        return None
    shown = event_json(last_of(reading.submission, "return"))
    if shown is not None:
        for marked in ("flags", "opinions"):
            shown[marked] = [
                {**one, "url": url} for one in shown[marked] if (url := cell_url(one["address"], reading))
            ]
    return shown


def days_left(submission: Submission) -> int:
    """离截止还有几天（不足一天算一天；过期为负）。"""
    return math.ceil((access.due_of(submission) - timezone.now()).total_seconds() / 86_400)


def figures_of(reading: Reading) -> list[dict[str, str]]:
    """关键的数：执行率、自评总分、等次。"""
    root = reading.facts.root
    wanted = [("执行率", RATE), ("分值合计", WEIGHT), ("自评总分", SCORE), ("等次", "等次")]
    shown = [(label, root.fields[key].format(root.value(key))) for label, key in wanted if key in root.fields]
    return [{"label": label, "text": text or "—"} for label, text in shown]
