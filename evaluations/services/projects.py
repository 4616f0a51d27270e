"""项目：增加、复制、移动、删除、恢复。每个动作都是一处改动，重发不会做两次。"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction

from evaluations.core.addresses import Address
from evaluations.core.facts import ScopeFacts
from evaluations.core.prescribed import kinds_of
from evaluations.core.schema import Scope
from evaluations.core.steps import Kind, item_text
from evaluations.core.values import ValueProblem
from evaluations.core.working import GONE
from evaluations.models import Project
from evaluations.selectors import PROJECT_SCOPE
from units.ids import uuid7
from units.models import Department, User

from .drafting import Draft
from .prior import prescribed_rows
from .problems import Refused
from .rows import last_item, new_row_id, refuse_if_changed

MAX_PROJECTS = 60


@transaction.atomic
def add_project(
    *, submission_id: UUID, user: User, name: str, kind: str = "", project_id: UUID | None = None
) -> UUID:
    """增加一个项目；主管部门、实施单位按单位带入，方案为这类项目（``kind``）规定的指标先放上。

    ``project_id`` 由页面给时，重发不会加两次。
    """
    draft = Draft.open(submission_id, user)
    if kind and kind not in kinds_of(draft.work.pack, PROJECT_SCOPE):
        raise Refused("没有这个项目类型。请刷新页面再选。")
    return _insert(draft, starting_body(draft, name, kind), project_id)


def starting_body(draft: Draft, name: str, kind: str = "") -> dict[str, Any]:
    """新项目一开始就有的：名称、主管部门、实施单位，方案为这类项目规定的指标。"""
    rows: dict[str, list[dict[str, Any]]] = {}
    for key, row in prescribed_rows(draft.work.pack, PROJECT_SCOPE, kind):
        rows.setdefault(key, []).append(row)
    return {"values": _starting_values(draft, name), "rows": rows, "printed": {}}


def _starting_values(draft: Draft, name: str) -> dict[str, str]:
    scope, department = _scope(draft), draft.submission.department
    prefill = {
        scope.match: name,
        "项目.主管部门": _in_charge(department).name,
        "项目.实施单位": department.name,
    }
    return {key: _clean(scope, key, text) for key, text in prefill.items() if key in scope.fields and text}


@transaction.atomic
def copy_project(*, submission_id: UUID, user: User, project_id: UUID, copy_id: UUID | None = None) -> UUID:
    """复制一个项目的全部内容，名称后加“（副本）”。``copy_id`` 由页面给时，重发不会复制两次。"""
    draft = Draft.open(submission_id, user)
    child = _child(draft, project_id)
    body = json.loads(draft.work.text_at(Kind.ITEM, project_address(project_id)))
    del body["after"]
    for rows in body["rows"].values():
        for row in rows:
            row["id"] = new_row_id()
    body["values"][child.scope.match] = f"{child.value(child.scope.match) or '未命名项目'}（副本）"
    return _insert(draft, {**body, "printed": {}, "notes": []}, copy_id)


@transaction.atomic
def move_project(
    *, submission_id: UUID, user: User, project_id: UUID, step: int, was: str | None = None
) -> None:
    """上移（-1）或下移（1）；到头了就不动。``was`` 是看到的排在它前面的项目，现在不是它就不再移。"""
    draft = Draft.open(submission_id, user)
    child = _child(draft, project_id)
    ids = [one.id for one in draft.work.facts.children[PROJECT_SCOPE]]
    index = ids.index(child.id)
    before = ids[index - 1] if index else ""
    if 0 <= index + step < len(ids) and was in (None, before):
        place = index + step if step > 0 else index + step - 1
        draft.work.put(Kind.PLACE, project_address(project_id), ids[place] if place >= 0 else "")
    draft.finish()


@transaction.atomic
def remove_project(*, submission_id: UUID, user: User, project_id: UUID, seen: int | None = None) -> None:
    """删除一个项目；已经删了的当作做完。内容留在修改记录里，可用 ``restore_project`` 恢复。

    ``seen`` 是页面看到的修订号：别人在那以后改过这个项目的，不删，抛 ``Refused`` 说出是谁。
    """
    draft = Draft.open(submission_id, user)
    address = project_address(project_id)
    if draft.work.text_at(Kind.ITEM, address):
        refuse_if_changed(draft, address, seen)
        draft.work.put(Kind.ITEM, address, "")
        draft.finish()
    elif last_item(draft, address) is None:
        raise Refused(GONE)


@transaction.atomic
def restore_project(*, submission_id: UUID, user: User, project_id: UUID) -> None:
    """恢复删除的项目，内容和位置取自修改记录。"""
    draft = Draft.open(submission_id, user)
    address = project_address(project_id)
    if draft.work.text_at(Kind.ITEM, address):
        return
    removed = last_item(draft, address)
    if removed is None or not removed.old:
        raise Refused("找不到删除的这个项目，无法恢复。请在修改记录里查看内容。")
    draft.work.put(Kind.ITEM, address, removed.old)
    draft.finish()


def _scope(draft: Draft) -> Scope:
    scope = draft.work.pack.schema.children.get(PROJECT_SCOPE)
    if scope is None:
        raise Refused("这套方案没有项目表。")
    return scope


def _child(draft: Draft, project_id: UUID) -> ScopeFacts:
    wanted = f"p{project_id.hex}"
    children = draft.work.facts.children.get(PROJECT_SCOPE, ())
    child = next((one for one in children if one.id == wanted), None)
    if child is None:
        raise Refused(GONE)
    return child


def _insert(draft: Draft, body: dict[str, Any], project_id: UUID | None) -> UUID:
    project_id = project_id or uuid7()
    address, children = project_address(project_id), draft.work.facts.children[PROJECT_SCOPE]
    known = draft.work.text_at(Kind.ITEM, address)
    added = last_item(draft, address) if known else None
    if added is not None and json.loads(added.new)["values"] == body["values"]:
        return project_id
    if known or Project.objects.filter(pk=project_id).exists():
        raise Refused("这个页面放得太久了，没有增加。请刷新页面再加。")
    if len(children) >= MAX_PROJECTS:
        raise Refused(f"一份材料最多 {MAX_PROJECTS} 个项目。")
    draft.work.put(Kind.ITEM, address, item_text(children[-1].id if children else "", body))
    draft.finish()
    return project_id


def project_address(project_id: UUID) -> str:
    """整个项目的地址。"""
    return str(Address("", scope=PROJECT_SCOPE, scope_row=f"p{project_id.hex}"))


def _clean(scope: Scope, key: str, text: str) -> str:
    try:
        return scope.fields[key].to_text(scope.fields[key].parse(text))
    except ValueProblem as problem:
        raise Refused(str(problem)) from None


def _in_charge(department: Department) -> Department:
    """主管部门：自己是主管部门就是自己，否则是上级里的主管部门，没有就是自己。"""
    chain = department.ancestors()
    return next((node for node in chain if node.kind == Department.Kind.DEPARTMENT), department)


ACTS: dict[str, Callable[..., Any]] = {
    "copy": copy_project,
    "remove": remove_project,
    "restore": restore_project,
    "up": lambda **given: move_project(**given, step=-1),
    "down": lambda **given: move_project(**given, step=1),
}
"""对一个已有项目的动作，按页面上的名字。"""
