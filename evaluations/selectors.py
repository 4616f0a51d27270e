"""读的一边：从数据库取出材料、事实、核对结果、工作清单。什么都不改。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from evaluations.core.checks import Finding, run
from evaluations.core.facts import Facts, Note, Package, RowInput, ScopeInput
from evaluations.core.frozen import load_computed, load_finding, load_inputs
from evaluations.core.pack import Pack
from evaluations.core.schema import Field, Scope
from evaluations.core.values import NA, Value, from_yuan, parse, tidy
from evaluations.core.workflow import State
from evaluations.models import (
    INDICATOR_COLUMNS,
    INDICATOR_LIST,
    AnnualData,
    CheckNote,
    Edit,
    Event,
    Indicator,
    Snapshot,
    Submission,
)

PROJECT_SCOPE = "项目"


def project_row_id(data: AnnualData) -> str:
    """项目在地址里的 id（字母开头，不重用）。"""
    return f"p{data.project_id.hex}" if data.project_id else ""


# ---- 取出填报值 -----------------------------------------------------------------------------


def package_of(submission: Submission, pack: Pack | None = None) -> Package:
    """一份材料的填报值；金额已从元换成方案的单位。"""
    pack = pack or submission.pack.compiled()
    package = Package(
        department_code=submission.department.code or "",
        department_name=submission.department.name,
        notes=[Note(note.code, note.cell, note.text) for note in submission.check_notes.all()],
    )
    for data in submission.annual_data.prefetch_related("indicators"):
        scope = pack.schema.scope(PROJECT_SCOPE if data.project_id else "")
        given = scope_input(data, scope, pack)
        if data.project_id:
            package.children.setdefault(PROJECT_SCOPE, []).append(given)
        else:
            package.root = given
    return package


def scope_input(data: AnnualData, scope: Scope, pack: Pack) -> ScopeInput:
    """一个范围存着的填报值。"""
    given = ScopeInput(project_row_id(data), printed=dict(data.printed))
    for key, stored in data.values.items():
        if key in scope.lists:
            fields = scope.lists[key].fields
            given.rows[key] = [_row_input(row, fields, pack) for row in stored]
        elif key in scope.fields:
            given.values[key] = from_stored(stored, scope.fields[key], pack)
    if INDICATOR_LIST in scope.lists:
        fields = scope.lists[INDICATOR_LIST].fields
        given.rows[INDICATOR_LIST] = [indicator_input(row, fields, pack) for row in data.indicators.all()]
    return given


def _row_input(row: Mapping[str, str], fields: Mapping[str, Field], pack: Pack) -> RowInput:
    values = {key: from_stored(text, fields[key], pack) for key, text in row.items() if key in fields}
    return RowInput(row["id"], values)


def indicator_input(row: Indicator, fields: Mapping[str, Field], pack: Pack) -> RowInput:
    """Indicator 的一行 → 列表的一行。"""
    values: dict[str, Value] = {}
    for key, column in INDICATOR_COLUMNS.items():
        stored = getattr(row, column)
        if stored is None or stored == "" or key not in fields:
            continue
        values[key] = tidy(stored) if isinstance(stored, Decimal) else stored
    for key, text in row.extra.items():
        if key in fields:
            values[key] = from_stored(text, fields[key], pack)
    return RowInput(row.row_id, values)


def from_stored(text: str, field: Field, pack: Pack) -> Value:
    """存的字 → 值；金额存的是元。"""
    if field.kind != "money":
        return parse(field.kind, text, digits=field.digits, choices=field.choices)
    return NA if text == "不适用" else from_yuan(Decimal(text), pack.money_unit)


# ---- 事实与核对 -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """一份材料的事实和核对结果；已送审的取自快照。"""

    submission: Submission
    facts: Facts
    findings: list[Finding]
    notes: dict[tuple[str, str], str]

    @property
    def counts(self) -> dict[str, int]:
        """各级问题数；已写说明的提醒仍算提醒。"""
        return {
            level: sum(1 for f in self.findings if f.level == level) for level in ("error", "warning", "info")
        }


def prior_facts(submission: Submission) -> Facts | None:
    """上年已通过（或已公开、归档）材料的事实，取自通过时的快照；没有为 None。"""
    done = (State.APPROVED, State.PUBLISHED, State.ARCHIVED)
    last = Submission.objects.filter(
        department=submission.department_id, round__year=submission.round.year - 1, state__in=done
    ).select_related("pack")
    snapshot = Snapshot.objects.filter(submission__in=last, action="approve").order_by("-at").first()
    return facts_of_snapshot(snapshot, snapshot.submission.pack.compiled()) if snapshot else None


def read(submission: Submission) -> Reading:
    """读一份材料：草稿现算，送审后取最近一次快照。"""
    pack = submission.pack.compiled()
    notes = notes_of(submission)
    snapshot = None if submission.state == State.DRAFT else submission.snapshots.order_by("-at").first()
    if snapshot is None:
        facts = Facts(pack, package_of(submission, pack), prior=prior_facts(submission))
        return Reading(submission, facts, run(pack, facts, live=True), notes)
    facts = facts_of_snapshot(snapshot, pack)
    return Reading(submission, facts, findings_of_snapshot(snapshot), notes)


def facts_of_snapshot(snapshot: Snapshot, pack: Pack) -> Facts:
    """快照里的事实，不重算。"""
    return Facts.frozen(pack, load_inputs(snapshot.inputs, pack), load_computed(snapshot.computed))


def findings_of_snapshot(snapshot: Snapshot) -> list[Finding]:
    return [load_finding(row) for row in snapshot.findings]


def notes_of(submission: Submission) -> dict[tuple[str, str], str]:
    """说明：（编号，主格）→ 文字。"""
    return {(note.code, note.cell): note.text for note in CheckNote.objects.filter(submission=submission)}


# ---- 历史与清单 -----------------------------------------------------------------------------


def last_return(submission: Submission) -> Event | None:
    """最近一次退回。"""
    return submission.events.filter(action="return").select_related("user").order_by("-seq").first()


def last_submit(submission: Submission) -> Event | None:
    """最近一次送审。"""
    return submission.events.filter(action="submit").select_related("user").order_by("-seq").first()


def history_of(submission: Submission) -> QuerySet[Event]:
    return submission.events.select_related("user").order_by("-seq")


def edits_of(submission: Submission, limit: int = 200) -> Iterable[Edit]:
    return submission.edits.select_related("user").order_by("-seq")[:limit]


def last_edit_of(submission: Submission, address: str) -> Edit | None:
    """某格最近一次修改：冲突时说出是谁改的。"""
    return submission.edits.filter(address=address).select_related("user").order_by("-seq").first()
