"""取数要先看会做什么：每个单位的每一格，上次的来源、这次的来源、单位现在的值，三个比过。什么都不写。"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from evaluations.core.facts import ScopeFacts, same_name
from evaluations.core.prefill import (
    CODE,
    NAME,
    PROJECT_CODE,
    PROJECT_NAME,
    Given,
    Sheets,
    Source,
    SourceRow,
    Verdict,
    read_source,
    unit_doubt,
    verdict,
)
from evaluations.core.schema import Field
from evaluations.core.steps import Kind
from evaluations.core.tabular import Fault
from evaluations.core.values import YUAN_PER_UNIT, ValueProblem
from evaluations.core.workflow import State
from evaluations.models import Project, Round, SourceValue, Submission
from evaluations.selectors import PROJECT_SCOPE
from evaluations.sources import sources_by_submission
from units.ids import uuid7
from units.models import Department, User

from .drafting import Draft
from .problems import Refused
from .projects import MAX_PROJECTS, project_address

GONE_PROJECT = "（单位已删去这个项目）"


@dataclass(frozen=True)
class PulledCell:
    """一格会怎样：上次的来源、这次的来源、单位现在的，和比出来的结果。整个项目也是一格。"""

    submission: Submission
    address: str
    label: str
    base: str | None
    source: str
    mine: str
    verdict: Verdict
    project: str = ""

    @property
    def token(self) -> str:
        """勾“用来源的”时带回来：看到的单位的值变了，就不算数。"""
        seen = hashlib.sha256(self.mine.encode()).hexdigest()[:16]
        return f"{self.submission.pk}|{self.address}|{seen}"


@dataclass
class NewProject:
    """要加的一个项目。``again`` 是单位删去过的，勾了才加回来。"""

    name: str
    values: dict[str, str]
    cell: PulledCell
    again: bool


@dataclass
class UnitPlan:
    """一个单位会怎样。"""

    draft: Draft
    cells: list[PulledCell] = field(default_factory=list)
    projects: list[NewProject] = field(default_factory=list)
    codes: dict[UUID, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    @property
    def submission(self) -> Submission:
        return self.draft.submission

    def with_verdict(self, *wanted: Verdict) -> list[PulledCell]:
        return [one for one in self.cells if one.verdict in wanted]

    @property
    def fresh(self) -> list[PulledCell]:
        """第一次带入的格。"""
        return self.with_verdict(Verdict.NEW)

    @property
    def added(self) -> list[str]:
        """要加的项目，叫什么。"""
        return [one.cell.label for one in self.projects if not one.again]


@dataclass
class Plan:
    """一次取数会做什么；``faults`` 不空就什么都不做。"""

    source: Source
    units: list[UnitPlan] = field(default_factory=list)
    untouched: list[Submission] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    absent: int = 0

    def cells(self, *wanted: Verdict) -> list[PulledCell]:
        return [cell for unit in self.units for cell in unit.with_verdict(*wanted)]

    @property
    def fresh(self) -> int:
        """第一次带入几格。"""
        return len(self.cells(Verdict.NEW))

    @property
    def changed(self) -> list[PulledCell]:
        """来源变了，单位没有动：会更新。"""
        return self.cells(Verdict.CHANGED)

    @property
    def kept(self) -> list[PulledCell]:
        """单位改过，来源没变：留着。"""
        return self.cells(Verdict.KEPT)

    @property
    def both(self) -> list[PulledCell]:
        """两边都变了：不勾就留单位的。"""
        return self.cells(Verdict.BOTH)

    @property
    def writes(self) -> bool:
        """有没有要写、要记的。"""
        return any(unit.given for unit in self.units)


def source_for(task: Round, sheets: Sheets, unit: str = "") -> Source:
    """照任务的方案读一个文件；``unit`` 是金额单位，空着就从文件看，不认识的抛 ``Refused``。"""
    if unit and unit not in YUAN_PER_UNIT:
        raise Refused("金额的单位只能是元或万元。请重新选。")
    pack = task.pack.compiled()
    return read_source(sheets, pack.schema, pack.money_unit, unit)


def plan_prefill(*, task: Round, source: Source, by: User) -> Plan:
    """看一个文件会做什么，什么都不写。任务结束了抛 ``Refused``。"""
    if task.closed_at is not None:
        raise Refused("任务已经结束，不能再取数。")
    plan = Plan(source, faults=list(source.faults))
    rows = rows_by_code(source)
    submissions = {one.department.code: one for one in task.submissions.whole() if one.department.code}
    open_ones = [one for code, one in submissions.items() if code in rows and one.state == State.DRAFT]
    known = sources_by_submission(open_ones)
    departments = {one.code: one for one in Department.objects.filter(code__in=rows)}
    for code in sorted(rows):
        submission = submissions.get(code)
        if submission is None:
            words = _why_outside(code, departments.get(code), bool(submissions))
            plan.faults.append(rows[code][0].row.fault(CODE, words))
        elif (wrong := _wrong_name(rows[code], submission)) is not None:
            plan.faults.append(wrong)
        elif submission.state != State.DRAFT:
            plan.untouched.append(submission)
        else:
            draft = Draft.of(submission, by, "source")
            plan.units.append(UnitPlanner(draft, known[submission.pk], plan).of(rows[code]))
    plan.absent = len(submissions.keys() - rows.keys())
    plan.faults.sort(key=lambda fault: (fault.sheet, fault.row))
    return plan


def rows_by_code(source: Source) -> dict[str, list[SourceRow]]:
    """单位编码 → 说它的各行，部门的在前。"""
    found: dict[str, list[SourceRow]] = {}
    for row in (*source.packages, *source.projects):
        found.setdefault(row.code, []).append(row)
    return found


def _why_outside(code: str, department: Department | None, issued: bool) -> str:
    if not issued:
        return "任务还没有下达给单位。请先开放任务，再取数。"
    if department is None:
        return f"没有编码是 {code} 的单位。请核对编码。"
    return f"{department} 不在这次任务里。请删去这一行，或先把它加进任务。"


def _wrong_name(rows: list[SourceRow], submission: Submission) -> Fault | None:
    """编码和名称对不上：多半是编码错了一行，数会带到别的单位。"""
    for one in rows:
        name = one.row.values.get(NAME, "")
        if name and same_name(name) != same_name(submission.department.name):
            return one.row.fault(NAME, f"{one.code} 是“{submission.department}”。请核对编码和名称。")
    return None


def _name_of(node: ScopeFacts) -> str:
    """项目叫什么；部门为空串。"""
    return str(node.value(node.scope.match) or "未命名项目") if node.scope.name else ""


def _namesake(row: SourceRow, others: Iterable[SourceRow]) -> SourceRow | None:
    """同一个文件里的同名项目；两行各有编码的是两个项目。"""
    for one in others:
        apart = row.project_code and one.project_code
        if (
            not apart
            and same_name(row.project_name)
            and same_name(one.project_name) == same_name(row.project_name)
        ):
            return one
    return None


@dataclass
class UnitPlanner:
    """看一个单位：``known`` 是上次来源的值。"""

    draft: Draft
    known: Mapping[str, SourceValue]
    plan: Plan

    def of(self, rows: list[SourceRow]) -> UnitPlan:
        unit = UnitPlan(self.draft)
        matched: dict[UUID, SourceRow] = {}
        for row in rows:
            if not (row.project_code or row.project_name):
                self._cells(unit, row, self.draft.work.facts.root)
                continue
            project_id = self._project(row, matched)
            if project_id is None:
                continue
            matched[project_id] = row
            child = self.children.get(project_id)
            if child is None:
                self._new_project(unit, row, project_id)
            else:
                self._cells(unit, row, child)
                if row.project_code and not self._code_of(project_id):
                    unit.codes[project_id] = row.project_code
        count = len(self.children) + len(unit.added)
        if unit.added and count > MAX_PROJECTS:
            self._fault(
                rows[-1],
                PROJECT_NAME,
                f"{unit.submission.department} 会有 {count} 个项目，最多 {MAX_PROJECTS} 个。",
            )
        return unit

    # ---- 哪个项目 ----

    @cached_property
    def children(self) -> dict[UUID, ScopeFacts]:
        """材料里现在的项目。"""
        return {UUID(one.id[1:]): one for one in self.draft.work.facts.children.get(PROJECT_SCOPE, ())}

    @cached_property
    def projects(self) -> dict[UUID, Project]:
        """这个单位的全部项目，连往年的、删去的。"""
        return {one.pk: one for one in self.draft.submission.department.projects.all()}

    def _code_of(self, project_id: UUID) -> str:
        return self.projects[project_id].code if project_id in self.projects else ""

    def _project(self, row: SourceRow, matched: Mapping[UUID, SourceRow]) -> UUID | None:
        """这一行说的是哪个项目：按编码，再按名称；都没有就是新项目。说不清的记下，返回 None。"""
        found = self._by_code(row) or self._by_name(row)
        if len(found) > 1:
            return self._fault(row, PROJECT_NAME, f"有 {len(found)} 个项目对得上，分不清。请填项目编码。")
        if not found and not row.project_name:
            words = f"没有编码是 {row.project_code} 的项目。新项目要填项目名称。"
            return self._fault(row, PROJECT_CODE, words)
        project_id = found[0] if found else uuid7()
        first = matched.get(project_id) or _namesake(row, matched.values())
        if first is not None:
            words = f"与第 {first.row.number} 行是同一个项目。请只留一行，或都填上项目编码。"
            return self._fault(row, PROJECT_NAME, words)
        code = self._code_of(project_id)
        if code and row.project_code and code != row.project_code:
            words = f"同名的项目编码是 {code}，表上是 {row.project_code}。请核对。"
            return self._fault(row, PROJECT_CODE, words)
        return project_id

    def _by_code(self, row: SourceRow) -> list[UUID]:
        found = [pk for pk, one in self.projects.items() if row.project_code and one.code == row.project_code]
        return [pk for pk in found if pk in self.children] or found

    def _by_name(self, row: SourceRow) -> list[UUID]:
        """材料里同名的；没有就找这个单位往年的、删去的。"""
        wanted = same_name(row.project_name)
        if not wanted:
            return []
        here = [pk for pk, one in self.children.items() if same_name(one.value(one.scope.match)) == wanted]
        return here or [pk for pk, one in self.projects.items() if same_name(one.name) == wanted][:1]

    def _fault(self, row: SourceRow, column: str, words: str) -> None:
        self.plan.faults.append(row.row.fault(column, words))

    # ---- 比 ----

    def _cells(self, unit: UnitPlan, row: SourceRow, node: ScopeFacts) -> None:
        for key, given in row.values.items():
            text = self._text(row, given, node.fields.get(key))
            if not text:
                continue
            address, item = node.address(key), node.fields[key]
            base, mine = self._base(address), item.to_text(node.inputs.get(key))
            if key == node.scope.match and same_name(text) == same_name(mine):
                text = mine  # 按名称认出来的，空格、全角不同不算改名
            label = self.draft.work.label_of(Kind.CELL, address)
            found = verdict(base, text, mine)
            unit.given[address] = text
            unit.cells.append(
                PulledCell(unit.submission, address, label, base, text, mine, found, _name_of(node))
            )
            if found != Verdict.SAME:
                self._doubt(row, given, item, mine or base or "")

    def _text(self, row: SourceRow, given: Given, item: Field | None) -> str:
        """按这份材料用的那版方案写成的字；它没有这一格、读不懂的记下，返回空串。"""
        if item is None or not item.asked:
            department = self.draft.submission.department
            return self._fault(row, given.heading, f"{department} 用的那版方案没有这一格。") or ""
        try:
            return item.to_text(item.parse(given.text))
        except ValueProblem as problem:
            return self._fault(row, given.heading, str(problem)) or ""

    def _base(self, address: str) -> str | None:
        known = self.known.get(address)
        return known.value if known else None

    def _doubt(self, row: SourceRow, given: Given, item: Field, before: str) -> None:
        """像是用错了单位的，提醒一声。"""
        amount, known = item.parse(given.text), item.parse(before)
        if item.kind != "money" or not isinstance(amount, Decimal):
            return
        unit, money_unit = self.plan.source.unit, self.draft.work.pack.money_unit
        words = unit_doubt(amount, known if isinstance(known, Decimal) else None, unit, money_unit)
        if words:
            self.plan.doubts.append(row.row.fault(given.heading, words))

    def _new_project(self, unit: UnitPlan, row: SourceRow, project_id: UUID) -> None:
        """材料里没有的项目：加上；取过数又没有了的，是单位删去的，不加回，除非人勾了。"""
        address = project_address(project_id)
        fields = self.draft.work.pack.schema.children[PROJECT_SCOPE].fields
        again = any(one.startswith(address) for one in self.known)
        values = {key: self._text(row, given, fields.get(key)) for key, given in row.values.items()}
        values = {key: text for key, text in values.items() if text}
        for key in values:
            self._doubt(row, row.values[key], fields[key], self._base(f"{address}{key}") or "")
        moved = any(self._base(f"{address}{key}") != text for key, text in values.items())
        found = (Verdict.BOTH if moved else Verdict.KEPT) if again else Verdict.NEW
        label = f"项目“{row.project_name or row.project_code}”"
        base, mine = ("有这个项目", GONE_PROJECT) if again else (None, "")
        cell = PulledCell(unit.submission, address, label, base, f"整个项目，{len(values)} 格", mine, found)
        unit.projects.append(NewProject(row.project_name, values, cell, again))
        unit.given |= {f"{address}{key}": text for key, text in values.items()}
        if again:
            unit.cells.append(cell)
        if row.project_code:
            unit.codes[project_id] = row.project_code
