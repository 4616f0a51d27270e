"""一份材料里的项目：增加、复制、上移下移、删除、恢复。内容都进修改记录，删了能找回来。"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction

from evaluations.core.addresses import Address
from evaluations.core.facts import ScopeInput
from evaluations.core.frozen import dump_scope, load_scope
from evaluations.core.schema import Scope
from evaluations.core.values import ValueProblem
from evaluations.models import AnnualData, CheckNote, Indicator, Project
from evaluations.selectors import PROJECT_SCOPE, project_row_id, scope_input
from units.models import Department, User

from .entry import Draft
from .problems import Refused
from .rows import REMOVED, new_row_id
from .storage import store_scope

MAX_PROJECTS = 60


@transaction.atomic
def add_project(*, submission_id: UUID, user: User, name: str) -> AnnualData:
    """增加一个项目；主管部门、实施单位按单位带入，可以改。"""
    draft = Draft.open(submission_id, user, "page")
    scope = _scope(draft)
    department = draft.submission.department
    given = ScopeInput()
    prefill = {
        scope.match: name,
        "项目.主管部门": _in_charge(department).name,
        "项目.实施单位": department.name,
    }
    for key, text in prefill.items():
        if key in scope.fields and text:
            given.values[key] = _parse(scope, key, text)
    return _insert(draft, scope, given, "增加项目")


@transaction.atomic
def copy_project(*, submission_id: UUID, user: User, project_id: UUID) -> AnnualData:
    """复制一个项目的全部内容，名称后加“（副本）”。"""
    draft = Draft.open(submission_id, user, "page")
    scope, data = _scope(draft), _data(draft, project_id)
    given = scope_input(data, scope, draft.pack)
    for rows in given.rows.values():
        for row in rows:
            row.id = new_row_id()
    given.values[scope.match] = f"{given.values.get(scope.match) or '未命名项目'}（副本）"
    given.printed = {}
    return _insert(draft, scope, given, "复制项目")


@transaction.atomic
def move_project(*, submission_id: UUID, user: User, project_id: UUID, step: int) -> None:
    """上移（-1）或下移（1）；到头了就不动。"""
    draft = Draft.open(submission_id, user, "page")
    data = _data(draft, project_id)
    rows = list(_projects(draft))
    index = rows.index(data)
    target = index + step
    if not 0 <= target < len(rows):
        return
    other = rows[target]
    data.position, other.position = other.position, data.position
    data.save(update_fields=["position"])
    other.save(update_fields=["position"])
    draft.record(_address(data), _name(draft, data), "", "上移" if step < 0 else "下移")
    draft.save_revision()


@transaction.atomic
def remove_project(*, submission_id: UUID, user: User, project_id: UUID) -> None:
    """删除一个项目。内容留在修改记录里，可用 ``restore_project`` 恢复。"""
    draft = Draft.open(submission_id, user, "page")
    scope, data = _scope(draft), _data(draft, project_id)
    kept = json.dumps(dump_scope(scope_input(data, scope, draft.pack), scope), ensure_ascii=False)
    draft.record(_address(data), _name(draft, data), kept, REMOVED)
    CheckNote.objects.filter(submission=draft.submission, cell__startswith=f"{_address(data)}/").delete()
    Indicator.objects.filter(annual_data=data).delete()
    data.delete()
    draft.save_revision()


@transaction.atomic
def restore_project(*, submission_id: UUID, user: User, project_id: UUID) -> AnnualData:
    """恢复删除的项目，放在最后。"""
    draft = Draft.open(submission_id, user, "page")
    project = Project.objects.filter(pk=project_id, department=draft.submission.department).first()
    address = str(Address(PROJECT_SCOPE, f"p{project_id.hex}"))
    removed = draft.submission.edits.filter(address=address, new=REMOVED).order_by("-seq").first()
    if project is None or removed is None:
        raise Refused("找不到删除的这个项目，无法恢复。请在修改记录里查看内容。")
    existing = draft.submission.annual_data.filter(project=project).first()
    if existing is not None:
        return existing
    return _insert(
        draft, _scope(draft), load_scope(json.loads(removed.old), _scope(draft)), "恢复项目", project
    )


def _scope(draft: Draft) -> Scope:
    scope = draft.pack.schema.children.get(PROJECT_SCOPE)
    if scope is None:
        raise Refused("这套方案没有项目表。")
    return scope


def _projects(draft: Draft) -> Any:
    return draft.submission.annual_data.filter(project__isnull=False).order_by("position", "id")


def _data(draft: Draft, project_id: UUID) -> AnnualData:
    data = draft.submission.annual_data.filter(project_id=project_id).first()
    if data is None:
        raise Refused("这个项目已经不在了，可能被别人删除。请刷新页面。")
    return data


def _insert(
    draft: Draft, scope: Scope, given: ScopeInput, word: str, project: Project | None = None
) -> AnnualData:
    if _projects(draft).count() >= MAX_PROJECTS:
        raise Refused(f"一份材料最多 {MAX_PROJECTS} 个项目。")
    name = str(given.values.get(scope.match) or "")
    project = project or Project.objects.create(department=draft.submission.department, name=name)
    last = _projects(draft).last()
    data = store_scope(draft.submission, draft.pack, scope, given, project, last.position + 1 if last else 1)
    draft.record(_address(data), name or "项目", "", word)
    draft.save_revision()
    return data


def _address(data: AnnualData) -> str:
    return str(Address(PROJECT_SCOPE, project_row_id(data)))


def _name(draft: Draft, data: AnnualData) -> str:
    return str(data.values.get(_scope(draft).match) or "项目")


def _parse(scope: Scope, key: str, text: str) -> Any:
    try:
        return scope.fields[key].parse(text)
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
