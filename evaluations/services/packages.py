"""整套材料的存入与取出（交换格式）。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.facts import Facts, Package, ScopeInput
from evaluations.core.interchange import CHILD_SCOPE, InputProblem, read_package, write_package
from evaluations.core.pack import Pack as CorePack
from evaluations.core.schema import Scope
from evaluations.core.workflow import State
from evaluations.models import (
    AnnualData,
    CheckNote,
    Indicator,
    Pack,
    Project,
    Round,
    Submission,
)
from evaluations.selectors import package_of
from units.models import Department, User

from .packs import issue, open_round
from .problems import Refused
from .records import record_edit
from .rows import new_row_id
from .storage import store_scope

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
    if submission.state != State.DRAFT:
        raise Refused(f"{submission} 的材料是“{submission.state_label}”，不能用导入覆盖。要改请先退回。")
    _clear(submission)
    ids = _Store(submission, built).store(package)
    submission.revision += 1
    submission.save(update_fields=["revision"])
    for note in package.notes:
        CheckNote.objects.create(
            submission=submission, code=note.code, cell=ids.address(note.cell), text=note.text, user=user,
            at=timezone.now(),
        )  # fmt: skip
    record_edit(submission, address="", label="整套材料", old="", new="导入", user=user, through="import")
    return submission


def find_submission(text: str) -> Submission:
    """按编号取材料；写法不对或没有时抛 ``Refused``。"""
    try:
        return Submission.objects.select_related("round", "department", "pack").get(pk=UUID(text))
    except (ValueError, Submission.DoesNotExist):
        raise Refused(f"没有编号为“{text[:60]}”的材料。请核对编号。") from None


def export_package(submission: Submission) -> dict[str, Any]:
    """写成交换格式；行和项目用位置，与导入正好互逆。"""
    pack = submission.pack.compiled()
    package = package_of(submission, pack)
    positions = _positions(package)
    package.notes = [replace(note, cell=_swap_ids(note.cell, positions)) for note in package.notes]
    return write_package(package, pack)


def _check_notes(package: Package, pack: CorePack) -> None:
    facts = Facts(pack, package)
    for number, note in enumerate(package.notes):
        try:
            facts.locate(note.cell)
        except AddressProblem as problem:
            raise InputProblem(f"notes[{number}].cell：{problem}") from None


def _round(pack: Pack) -> Round:
    found = pack.rounds.order_by("deadline").last()
    deadline = timezone.now() + timedelta(days=DEFAULT_DAYS)
    return found or open_round(pack=pack, name=f"{pack.year}年度部门整体支出绩效自评", deadline=deadline)


def _department(package: Package) -> Department:
    """导入件所说的单位；编码、名称都空的归到一个没有名称的单位，等人改。"""
    code, name = package.department_code or None, package.department_name
    if code:
        return Department.objects.get_or_create(code=code, defaults={"name": name})[0]
    found = Department.objects.filter(name=name).order_by("code").first()
    return found or Department.objects.create(name=name)


def _clear(submission: Submission) -> None:
    Indicator.objects.filter(annual_data__submission=submission).delete()
    AnnualData.objects.filter(submission=submission).delete()
    CheckNote.objects.filter(submission=submission).delete()


class _Store:
    """把 Package 写进数据库；``address`` 把文件里的位置换成存下来的 id。"""

    def __init__(self, submission: Submission, pack: CorePack) -> None:
        self.submission = submission
        self.pack = pack
        self.ids: dict[str, str] = {}

    def store(self, package: Package) -> _Store:
        self._scope(package.root, self.pack.schema.root, None, 0)
        for number, child in enumerate(package.children.get(CHILD_SCOPE, ()), 1):
            scope = self.pack.schema.children[CHILD_SCOPE]
            name = child.values.get(scope.match) if scope.match else ""
            project, _ = Project.objects.get_or_create(
                department=self.submission.department, name=str(name or f"项目{number}")
            )
            if AnnualData.objects.filter(submission=self.submission, project=project).exists():
                project = Project.objects.create(department=self.submission.department, name=project.name)
            self._scope(child, scope, project, number)
        return self

    def _scope(self, given: ScopeInput, scope: Scope, project: Project | None, position: int) -> None:
        """文件里行的 id 是位置；存的时候换成不重用的 id，记下对照。"""
        prefix, made_prefix = "", ""
        if project is not None:
            prefix, made_prefix = f"{scope.name}[{given.id}]/", f"{scope.name}[p{project.id.hex}]/"
            self.ids[prefix.rstrip("/")] = made_prefix.rstrip("/")
        for key, rows in given.rows.items():
            for row in rows:
                made = new_row_id()
                self.ids[f"{prefix}{key}[{row.id}]"] = f"{made_prefix}{key}[{made}]"
                row.id = made
        store_scope(self.submission, self.pack, scope, given, project, position)

    def address(self, cell: str) -> str:
        return _swap_ids(cell, self.ids)


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
            found[f"{name}[{child.id}]"] = f"{name}[{number}]"
            rows_of(child, f"{name}[{child.id}]/", f"{name}[{number}]/")
    return found


def _swap_ids(cell: str, ids: Mapping[str, str]) -> str:
    """把地址里的行和项目换成另一套 id。"""
    at = parse_address(cell)
    if at.row:
        made = ids[str(replace(at, column=""))]
        return f"{made}.{at.column}" if at.column else made
    return f"{ids[at.prefix]}/{at.key}" if at.scope else cell
