"""修改记录、版本、比较、恢复。"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from evaluations import access, timeline
from evaluations.core.facts import Facts
from evaluations.core.frozen import dump_inputs
from evaluations.core.marking import marked
from evaluations.core.steps import Kind, Step, differences
from evaluations.core.working import Working, changed_results
from evaluations.models import Edit, Submission
from evaluations.reviewing import changes_seen
from evaluations.selectors import history_of
from evaluations.services.problems import Refused
from evaluations.services.versions import restore_version

from . import present
from .api import whole_number
from .decide import refused

PAGE = 100
THROUGH = timeline.WITHOUT_USER | {"source": "取数", "undo": "撤销", "redo": "重做", "restore": "恢复版本"}


@require_safe
def history(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """谁、何时、改了什么：逐格的修改和流程上的每一步；可按格、按人、按字找，翻到最早。"""
    submission = access.get_submission(request.user, submission_id)
    wanted = {name: request.GET.get(name, "")[:300] for name in ("at", "who", "words")}
    edits = timeline.edits_matching(submission, start=wanted["at"], user=wanted["who"], words=wanted["words"])
    before = whole_number(request.GET.get("before"))
    if before is not None:
        edits = edits.filter(seq__lt=before)
    shown = list(edits[: PAGE + 1])
    older = urlencode({**wanted, "before": shown[PAGE - 1].seq}) if len(shown) > PAGE else ""
    context = {
        "submission": submission, "edits": [edit_json(edit) for edit in shown[:PAGE]], "older": older,
        "first": before is None, "wanted": wanted, "people": timeline.editors_of(submission),
        "place": shown[0].label if wanted["at"] and shown else "", "filtered": any(wanted.values()),
        "events": [present.event_json(event) for event in history_of(submission)],
        "score_changes": changes_seen(request.user, submission),
    }  # fmt: skip
    return render(request, "evaluations/history.html", context)


def edit_json(edit: Edit) -> dict[str, Any]:
    """一次修改，用人话：行和项目写成“列：字”，不露出存的样子。"""
    step = edit.step
    who = str(edit.user) if edit.user else THROUGH.get(edit.through, "系统")
    how = THROUGH.get(edit.through, "") if edit.user else ""
    return {
        "when": edit.at, "who": who, "how": how, "where": edit.label, **words_of(step), "address": edit.address,
    }  # fmt: skip


def words_of(step: Step) -> dict[str, str]:
    """一处改动的原来和改成；``word`` 是增减、移动这样的动作。"""
    match step.kind:
        case Kind.ITEM:
            word = "删除" if not step.new else "增加" if not step.old else "换成"
            return {"word": word, "old": _in_words(step.old), "new": _in_words(step.new)}
        case Kind.PLACE:
            return {"word": "换了次序", "old": "", "new": ""}
        case Kind.WHOLE:
            return {"word": "整套换成导入的内容", "old": "", "new": ""}
    return {"word": "", "old": step.old, "new": step.new}


def _in_words(text: str) -> str:
    values = json.loads(text)["values"] if text else {}
    return "；".join(f"{key}：{value}" for key, value in values.items())


@require_safe
def versions(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """全部版本：谁、何时、改了几处；选两个比较，或恢复成其中一个。"""
    submission = access.get_submission(request.user, submission_id)
    before = whole_number(request.GET.get("before"))
    found = [one for one in timeline.versions_of(submission) if before is None or one.revision < before]
    older = f"?before={found[PAGE].revision + 1}" if len(found) > PAGE else ""
    can_edit, reason = access.may(request.user, "edit", submission)
    rows = [
        {"version": version, "how": THROUGH.get(version.through, ""), "current": version.revision >= submission.revision and not version.action,
         "compare": _compare_url(submission, version.revision, submission.revision)}
        for version in found[:PAGE]
    ]  # fmt: skip
    context = {
        "submission": submission,
        "rows": rows,
        "older": older,
        "total": len(found),
        "can_edit": can_edit,
        "reason": reason,
    }
    return render(request, "evaluations/versions.html", context)


def _compare_url(submission: Submission, start: int, end: int) -> str:
    base = reverse("evaluations:compare", args=[submission.pk])
    return f"{base}?from={start}&to={end}"


@require_safe
def compare(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """两个版本只列不同的格，按表分组；随之重算的另列。"""
    submission = access.get_submission(request.user, submission_id)
    start, end = sorted((_revision(request, submission, "from"), _revision(request, submission, "to")))
    before, after = timeline.facts_at(submission, start), timeline.facts_at(submission, end)
    can_edit, _ = access.may(request.user, "edit", submission)
    groups = changed_cells(before, after, timeline.who_changed(submission, start, end))
    found = timeline.versions_of(submission)
    context = {
        "submission": submission, "start": start, "groups": groups, "count": sum(len(one["lines"]) for one in groups),
        "computed": changed_results(before, after), "can_restore": can_edit and groups and start < submission.revision,
        "left": _side(submission, found, start, before), "right": _side(submission, found, end, after),
        "revision": submission.revision, **_back(request, submission),
    }  # fmt: skip
    return render(request, "evaluations/compare.html", context)


def _side(
    submission: Submission, found: list[timeline.Version], revision: int, facts: Facts
) -> dict[str, Any]:
    """比较的一边：叫什么、何时、谁、总分。"""
    near = max(
        (v for v in found if v.revision <= revision), key=lambda v: (v.revision, v.action), default=None
    )
    exact = near is not None and near.revision == revision and near.action
    now = revision >= submission.revision and not exact
    label = f"{near.label}时" if near and exact else "现在" if now else f"第 {revision} 次保存"
    score = facts.root.shown(present.SCORE) if present.SCORE in facts.root.fields else ""
    return {"label": label, "at": near.at if near else None, "who": near.who if near else "", "score": score}


def _back(request: HttpRequest, submission: Submission) -> dict[str, str]:
    unit_side = access.roles_on(request.user, submission.department) & access.UNIT_ROLES
    name = "workbench" if unit_side else "review"
    return {
        "back": reverse(f"evaluations:{name}", args=[submission.pk]), "back_word": "回到工作台" if unit_side else "回到审核",
    }  # fmt: skip


def _revision(request: HttpRequest, submission: Submission, name: str) -> int:
    revision = whole_number(request.GET.get(name))
    if revision is None or revision > submission.revision:
        raise Http404("没有这个版本")
    return revision


def changed_cells(before: Facts, after: Facts, who: dict[str, tuple[str, datetime]]) -> list[dict[str, Any]]:
    """不同的格，按表（项目的表按项目）分组；``who`` 是各处最后由谁、何时改的。"""
    old, new = Working(before.pack, before.package), Working(after.pack, after.package)
    groups: dict[str, list[dict[str, Any]]] = {}
    for step in differences(old.content, dump_inputs(after.package, after.pack)):
        work = new if step.new else old
        words = words_of(step)
        name, when = who.get(step.address, ("", None))
        left, right = marked(words["old"], words["new"])
        line = {
            "where": work.label_of(step.kind, step.address), "word": words["word"], "before": left, "after": right,
            "who": name, "when": when,
        }  # fmt: skip
        groups.setdefault(_form_name(work, step.address), []).append(line)
    return [{"name": name, "lines": lines} for name, lines in groups.items()]


def _form_name(work: Working, address: str) -> str:
    """一处在哪张表：表的简称，项目的表加上项目名。"""
    project, _, local = address.partition("/") if "/" in address else ("", "", address)
    scope = project.partition("[")[0]
    forms = work.pack.forms
    key = local.partition("[")[0] if "[" in local and "." not in local else local
    home = next(
        (forms[form] for form in (work.pack.home_of(scope, _without_row(key)),) if form in forms),
        next((form for form in forms.values() if form.scope == scope), None),
    )
    name = home.short if home else "其他"
    return f"{name}：{work.label_of(Kind.ITEM, f'{project}/')}" if project else name


def _without_row(key: str) -> str:
    head, bracket, rest = key.partition("[")
    return f"{head}.{rest.partition('].')[2]}" if bracket else key


@require_POST
def restore(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """恢复成某个版本的样子，成为新的一版。"""
    submission = access.get_submission(request.user, submission_id)
    back = reverse("evaluations:versions", args=[submission.pk])
    revision, seen = (whole_number(request.POST.get(name)) for name in ("revision", "seen"))
    if revision is None or seen is None:
        return refused(request, submission, "没有说清恢复哪个版本。请回去重新选。", back)
    try:
        undone = restore_version(submission_id=submission.pk, user=request.user, revision=revision, seen=seen)
    except Refused as refusal:
        return refused(request, submission, str(refusal), back)
    left = f"；{len(undone.left)} 处没有恢复：{undone.left[0]}" if undone.left else ""
    messages.success(request, f"已恢复，改了 {len(undone.done)} 处{left}。不对的话可以再恢复回来。")
    return redirect("evaluations:workbench", submission_id=submission.pk)
