"""整套材料的存入与取出（交换格式）。"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.facts import Facts, Note, Package, ScopeInput
from evaluations.core.interchange import CHILD_SCOPE, InputProblem, read_package, write_package
from evaluations.core.pack import Pack as CorePack
from evaluations.core.workflow import State
from evaluations.models import Pack, Project, Round, Submission
from evaluations.selectors import package_of
from units.ids import uuid7
from units.models import Department, User

from .drafting import Draft, lock_submission
from .packs import issue, open_round
from .problems import Refused
from .rows import new_row_id

DEFAULT_DAYS = 30


@transaction.atomic
def import_package(*, data: Mapping[str, Any], pack: Pack, user: User | None = None) -> Submission:
    """把一套材料存成它的单位和年度的草稿，整套替换已有草稿的内容。

    单位按编码、再按名称找，没有就新建。已送审的不动，抛 ``Refused``；读不懂抛 ``InputProblem``。
    """
    built = pack.compiled()
    package = read_package(data, built)
    _check_notes(package, built)
    submission = issue(task=_round(pack), departments=[_department(package)], prefill=False)[0]
    submission = lock_submission(submission.pk)
    if submission.state != State.DRAFT:
        raise Refused(f"{submission} 的材料是“{submission.state_label}”，不能用导入覆盖。要改请先退回。")
    draft = Draft.of(submission, user, "import")
    draft.work.replace(_with_ids(package, built, submission.department))
    draft.finish()
    return submission


def find_submission(text: str) -> Submission:
    """按编号取材料；写法不对或没有时抛 ``Refused``。"""
    try:
        return Submission.objects.whole().get(pk=UUID(text))
    except (ValueError, Submission.DoesNotExist):
        raise Refused(f"没有编号为“{text[:60]}”的材料。请核对编号。") from None


def export_package(submission: Submission) -> dict[str, Any]:
    """写成交换格式；行和项目用位置，与导入正好互逆。"""
    pack = submission.pack.compiled()
    package = package_of(submission, pack)
    positions = _positions(package)
    notes = [replace(note, cell=_swap_ids(note.cell, positions)) for note in package.notes]
    package.notes = sorted(notes, key=_place)
    return write_package(package, pack)


def _place(note: Note) -> tuple[str, list[str | int]]:
    """说明的先后：按编号，再按位置；第 10 个项目在第 2 个之后。库里项目的编号不管先后。"""
    return note.code, [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", note.cell)]


def _check_notes(package: Package, pack: CorePack) -> None:
    facts = Facts(pack, package)
    for number, note in enumerate(package.notes):
        try:
            facts.locate(note.cell)
        except AddressProblem as problem:
            raise InputProblem(f"notes[{number}].cell：{problem}") from None


def _round(pack: Pack) -> Round:
    found = pack.rounds.filter(opened_at__isnull=False).order_by("deadline").last()
    deadline = timezone.now() + timedelta(days=DEFAULT_DAYS)
    return found or open_round(pack=pack, name=f"{pack.year}年度部门整体支出绩效自评", deadline=deadline)


def _department(package: Package) -> Department:
    """导入件所说的单位；编码、名称都空的归到一个没有名称的单位，等人改。"""
    code, name = package.department_code or None, package.department_name
    if code:
        return Department.objects.get_or_create(code=code, defaults={"name": name})[0]
    found = Department.objects.filter(name=name).order_by("code").first()
    return found or Department.objects.create(name=name)


def _with_ids(package: Package, pack: CorePack, department: Department) -> Package:
    """文件里行和项目的 id 是位置；换成不重用的 id。同名的项目接着用原来的编号。"""
    ids: dict[str, str] = {}
    _name_rows(package.root, "", "", ids)
    used: set[UUID] = set()
    for number, child in enumerate(package.children.get(CHILD_SCOPE, ()), 1):
        scope = pack.schema.children[CHILD_SCOPE]
        name = str((child.values.get(scope.match) if scope.match else "") or f"项目{number}")
        old = f"{CHILD_SCOPE}[{child.id}]/"
        child.id = f"p{_project_id(department, name, used).hex}"
        ids[old] = f"{CHILD_SCOPE}[{child.id}]/"
        _name_rows(child, old, ids[old], ids)
    package.notes = [replace(note, cell=_swap_ids(note.cell, ids)) for note in package.notes]
    return package


def _name_rows(given: ScopeInput, prefix: str, made: str, ids: dict[str, str]) -> None:
    for key, rows in given.rows.items():
        for row in rows:
            old, row.id = row.id, new_row_id()
            ids[f"{prefix}{key}[{old}]"] = f"{made}{key}[{row.id}]"


def _project_id(department: Department, name: str, used: set[UUID]) -> UUID:
    known = Project.objects.filter(department=department, name=name).exclude(pk__in=used).first()
    made = known.pk if known else uuid7()
    used.add(made)
    return made


def _positions(package: Package) -> dict[str, str]:
    """存下来的 id → 文件里的位置。"""
    found: dict[str, str] = {}

    def rows_of(given: ScopeInput, prefix: str, made: str) -> None:
        for key, rows in given.rows.items():
            for number, row in enumerate(rows):
                found[f"{prefix}{key}[{row.id}]"] = f"{made}{key}[{number}]"

    rows_of(package.root, "", "")
    for name, children in package.children.items():
        for number, child in enumerate(children):
            found[f"{name}[{child.id}]/"] = f"{name}[{number}]/"
            rows_of(child, f"{name}[{child.id}]/", f"{name}[{number}]/")
    return found


def _swap_ids(cell: str, ids: Mapping[str, str]) -> str:
    """把地址里的行和项目换成另一套 id。"""
    at = parse_address(cell)
    if at.row:
        made = ids[str(replace(at, column=""))]
        return f"{made}.{at.column}" if at.column else made
    return f"{ids[f'{at.prefix}/']}{at.key}" if at.scope else cell
