"""读的一边：从数据库取出材料、事实、核对结果、工作清单。什么都不改。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.core.checks import Finding, Waived, run, waive
from evaluations.core.copies import Copy
from evaluations.core.facts import Facts, Note, Package, RowInput, ScopeInput
from evaluations.core.frozen import load_computed, load_finding, load_inputs
from evaluations.core.pack import Pack
from evaluations.core.schema import Field, Scope
from evaluations.core.steps import Kind
from evaluations.core.values import NA, Value, from_yuan, parse, tidy
from evaluations.core.workflow import DONE_STATES, State
from evaluations.core.working import Working
from evaluations.models import (
    INDICATOR_COLUMNS,
    INDICATOR_LIST,
    AnnualData,
    CheckNote,
    Edit,
    Event,
    Indicator,
    Notice,
    Snapshot,
    Submission,
    Waiver,
)

PROJECT_SCOPE = "项目"


def project_row_id(data: AnnualData) -> str:
    """项目在地址里的 id（字母开头，不重用）。"""
    return f"p{data.project_id.hex}" if data.project_id else ""


# ---- 取出填报值 -----------------------------------------------------------------------------


def package_of(submission: Submission, pack: Pack | None = None) -> Package:
    """一份材料的填报值；金额已从元换成方案的单位。"""
    return package_from(submission, pack or submission.pack.compiled(), data_of(submission))


def data_of(submission: Submission) -> list[AnnualData]:
    """一份材料存着的行：部门在前，项目按次序。"""
    rows = submission.annual_data.select_related("project").prefetch_related("indicators")
    return sorted(rows, key=lambda data: (data.project_id is not None, data.position, data.pk))


def package_from(submission: Submission, pack: Pack, rows: Iterable[AnnualData]) -> Package:
    """存着的行 → 填报值。"""
    package = Package(
        department_code=submission.department.code or "",
        department_name=submission.department.name,
        notes=[Note(note.code, note.cell, note.text) for note in submission.check_notes.all()],
    )
    for data in rows:
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
        """各级问题数；已写说明的提醒仍算提醒，豁免了的不算。"""
        open_ones = [finding.level for finding in self.findings if finding.waived is None]
        return {level: open_ones.count(level) for level in ("error", "warning", "info")}


def prior_snapshot(submission: Submission) -> Snapshot | None:
    """上年已通过（或已公开、归档）材料的快照；没有为 None。"""
    return _prior_snapshots(submission).select_related("pack").first()


def _prior_snapshots(submission: Submission) -> QuerySet[Snapshot]:
    last = Submission.objects.filter(
        department=submission.department_id, round__year=submission.round.year - 1, state__in=DONE_STATES
    )
    return Snapshot.objects.filter(submission__in=last, action="approve").order_by("-at")


def prior_facts(submission: Submission) -> Facts | None:
    """上年材料的事实，取自通过时的快照；没有为 None。每次保存都要用，所以记住最近的：快照不会变。"""
    found = _prior_snapshots(submission).values_list("pk", "hash").first()
    return _remembered(*found) if found else None


@lru_cache(maxsize=100)
def _remembered(pk: UUID, hash_: str) -> Facts:
    """一份快照的事实，只读；``hash_`` 认出内容，编号重用也不会拿错。"""
    return facts_of_snapshot(Snapshot.objects.select_related("pack").get(pk=pk, hash=hash_))


def prior_if_read(submission: Submission, pack: Pack) -> Facts | None:
    """方案的公式用到上年的数时才取。"""
    return prior_facts(submission) if pack.reads_prior else None


def copies_in(submission: Submission) -> list[Copy]:
    """最近一次比出来的、与别的单位相同的文字。"""
    rows = submission.text_prints.exclude(twins=[])
    return [
        Copy(row.address, row.digest, twin["percent"], twin["passage"]) for row in rows for twin in row.twins
    ]


def read(submission: Submission) -> Reading:
    """读一份材料：草稿现算，送审后取最近一次快照。"""
    snapshot = None
    if submission.state not in (State.DRAFT, State.CANCELLED):
        snapshot = submission.snapshots.select_related("pack").order_by("-at").first()
    if snapshot is None:
        pack = submission.pack.compiled()
        return reading_of(
            submission,
            Facts(
                pack,
                package_of(submission, pack),
                prior=prior_facts(submission),
                copies=copies_in(submission),
            ),
        )
    findings = waive(findings_of_snapshot(snapshot), waived_now(submission))
    return Reading(submission, facts_of_snapshot(snapshot), findings, notes_of(submission))


def reading_of(submission: Submission, facts: Facts) -> Reading:
    """正在填的材料：核对现跑，说明就在填报值里。"""
    notes = {(note.code, note.cell): note.text for note in facts.package.notes}
    findings = waive(run(facts.pack, facts, live=True), waived_now(submission))
    return Reading(submission, facts, findings, notes)


def waivers_of(submission: Submission) -> QuerySet[Waiver]:
    """今天还算数的豁免：没有收回，没有到期。"""
    return submission.waivers.filter(withdrawn_at=None, until__gte=timezone.localdate()).select_related("by")


def waived_now(submission: Submission) -> list[Waived]:
    """今天还算数的豁免，给核对用。"""
    rows = waivers_of(submission).values_list("code", "cell", "reason", "until")
    return [Waived(*row) for row in rows]


def facts_of_snapshot(snapshot: Snapshot) -> Facts:
    """快照里的事实，按快照用的那版方案，不重算。"""
    pack = snapshot.pack.compiled()
    return Facts.frozen(pack, load_inputs(snapshot.inputs, pack), load_computed(snapshot.computed))


def findings_of_snapshot(snapshot: Snapshot) -> list[Finding]:
    return [load_finding(row) for row in snapshot.findings]


def notes_of(submission: Submission) -> dict[tuple[str, str], str]:
    """说明：（编号，主格）→ 文字。"""
    return {(note.code, note.cell): note.text for note in CheckNote.objects.filter(submission=submission)}


def describe_cell(reading: Reading, address: str) -> str:
    """一格在表上叫什么，项目的写上项目名。"""
    return Working(reading.facts.pack, reading.facts.package).label_of(Kind.CELL, address)


# ---- 历史与清单 -----------------------------------------------------------------------------


def clock(moment: datetime) -> str:
    """今天的只写时刻，早先的带日期。"""
    local = timezone.localtime(moment)
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M}" if today else f"{local.month}月{local.day}日 {local:%H:%M}"


def last_of(submission: Submission, action: str) -> Event | None:
    """最近一次某个动作。"""
    return submission.events.filter(action=action).select_related("user").order_by("-seq").first()


def history_of(submission: Submission) -> QuerySet[Event]:
    return submission.events.select_related("user").order_by("-seq")


def last_edit_of(submission: Submission, address: str) -> Edit | None:
    """某处最近一次修改：冲突时说出是谁改的。"""
    return submission.edits.filter(address=address).select_related("user").order_by("-seq").first()


def notices_for(units: bool, reviewers: bool) -> QuerySet[Notice]:
    """今天给这个人看的公告；``units`` 是有单位岗位的，``reviewers`` 是有审核岗位的。"""
    seen = [
        Notice.Audience.EVERYONE,
        *[Notice.Audience.UNITS] * units,
        *[Notice.Audience.REVIEWERS] * reviewers,
    ]
    today = timezone.localdate()
    found = Notice.objects.filter(audience__in=seen, since__lte=today)
    return found.filter(Q(until__isnull=True) | Q(until__gte=today))
