"""填报：逐格比较后写入（compare-and-set）。

每次都先锁住材料的行；存着的等于新值就当已完成（重试不花钱），等于 ``was`` 才写，否则是冲突，两个值都还给人。
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.addresses import AddressProblem
from evaluations.core.checks import describe
from evaluations.core.facts import Facts, RowFacts, ScopeFacts
from evaluations.core.pack import Pack
from evaluations.core.schema import Field
from evaluations.core.values import Value, ValueProblem
from evaluations.models import INDICATOR_LIST, AnnualData, Submission
from evaluations.selectors import last_edit_of, package_of, project_row_id
from units.models import User

from .problems import Refused
from .records import record_edit
from .storage import set_stored, store_indicator

MAX_CHANGES = 2_000


@dataclass(frozen=True)
class Change:
    """想把一格从 ``was`` 改成 ``value``（都是人打的字）；长文可用 ``was_hash`` 代替 ``was``。"""

    address: str
    value: str
    was: str | None = None
    was_hash: str | None = None


@dataclass(frozen=True)
class Conflict:
    """别人先改了：两个值和对方是谁、何时。存着的没有动。"""

    address: str
    label: str
    mine: str
    theirs: str
    theirs_shown: str
    who: str
    when: str


@dataclass(frozen=True)
class Problem:
    """一格读不懂，没有存；打的字由页面留着。"""

    address: str
    message: str


@dataclass
class Saved:
    """一次保存的结果。"""

    revision: int
    written: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@transaction.atomic
def save_cells(*, submission_id: UUID, user: User, changes: Sequence[Change], through: str = "page") -> Saved:
    """保存若干格。状态、岗位、期限不许时抛 ``Refused``；一格有错不影响别的格。"""
    if len(changes) > MAX_CHANGES:
        raise Refused(f"一次最多保存 {MAX_CHANGES} 格，这次有 {len(changes)} 格。请分几次粘贴。")
    draft = Draft.open(submission_id, user, through)
    saved = Saved(draft.submission.revision)
    for change in changes:
        draft.apply(change, saved)
    draft.finish()
    saved.revision = draft.submission.revision
    return saved


def lock_submission(submission_id: UUID) -> Submission:
    """锁住材料的行（PostgreSQL 行锁；SQLite 的 IMMEDIATE 事务本身排队）。"""
    rows = Submission.objects.select_for_update(of=("self",)).select_related("round", "department", "pack")
    return rows.get(pk=submission_id)


@dataclass
class Draft:
    """锁住的一份草稿：内存里的事实，和要写回数据库的行。"""

    submission: Submission
    user: User
    through: str
    pack: Pack
    facts: Facts
    data: dict[str, AnnualData]
    touched: bool = False

    @classmethod
    def open(cls, submission_id: UUID, user: User, through: str) -> Draft:
        submission = lock_submission(submission_id)
        allowed, reason = access.may(user, "edit", submission)
        if not allowed:
            raise Refused(reason)
        pack = submission.pack.compiled()
        data = {project_row_id(row): row for row in submission.annual_data.select_related("project")}
        return cls(submission, user, through, pack, Facts(pack, package_of(submission, pack)), data)

    def apply(self, change: Change, saved: Saved) -> None:
        try:
            node, key = self.facts.locate(change.address)
            item = self._writable(node, key, change.address)
            value = item.parse(change.value)
        except (AddressProblem, ValueProblem) as problem:
            saved.problems.append(Problem(change.address, str(problem)))
            return
        current, new = item.to_text(node.inputs.get(key)), item.to_text(value)
        if current == new:
            return
        if not _matches(item, current, change):
            saved.conflicts.append(self._conflict(change, node, key, current))
            return
        label = describe(self.scope_of(node), change.address)
        self.store(node, key, value)
        self.record(change.address, label, current, new)
        saved.written.append(change.address)

    def _writable(self, node: ScopeFacts | RowFacts, key: str, address: str) -> Field:
        """只有单位填的、本方案有表填的格能写。"""
        item = node.fields[key]
        if not item.asked:
            raise AddressProblem(f"“{item.full_label}”由系统计算，不能改。请改它所用的数。")
        if item.by != "unit":
            raise AddressProblem(f"“{item.full_label}”由审核人填。")
        return item

    def scope_of(self, node: ScopeFacts | RowFacts) -> ScopeFacts:
        return node.owner if isinstance(node, RowFacts) else node

    def _conflict(self, change: Change, node: ScopeFacts | RowFacts, key: str, current: str) -> Conflict:
        last = last_edit_of(self.submission, change.address)
        item = node.fields[key]
        return Conflict(
            change.address, describe(self.scope_of(node), change.address), change.value, current,
            item.format(node.inputs.get(key)), last.user.display_name if last and last.user else "导入",
            _clock(last.at) if last else "",
        )  # fmt: skip

    def record(self, address: str, label: str, old: str, new: str) -> None:
        if not self.touched:
            self.submission.revision += 1
            self.touched = True
        record_edit(
            self.submission,
            address=address,
            label=label,
            old=old,
            new=new,
            user=self.user,
            through=self.through,
        )

    def store(self, node: ScopeFacts | RowFacts, key: str, value: Value) -> None:
        """改内存里的事实，并写到数据库的行上。"""
        node.inputs[key] = value
        data = self.data[self.scope_of(node).id]
        if isinstance(node, RowFacts) and node.key == INDICATOR_LIST:
            store_indicator(data.indicators.get(row_id=node.id), {key: value}, node.fields, self.pack)
        elif isinstance(node, RowFacts):
            row = next(row for row in data.values[node.key] if row["id"] == node.id)
            set_stored(row, key, value, node.fields[key], self.pack)
        else:
            set_stored(data.values, key, value, node.fields[key], self.pack)
            self._rename(node, key, data)

    def _rename(self, node: ScopeFacts | RowFacts, key: str, data: AnnualData) -> None:
        """项目改了名称，项目本身也跟着改，来年好按名称接上。"""
        if data.project is not None and key == self.scope_of(node).scope.match:
            data.project.name = str(node.inputs[key] or "")[:300]
            data.project.save(update_fields=["name"])

    def finish(self) -> None:
        """有改动才写回；修订号一次保存只加一。"""
        if not self.touched:
            return
        for data in self.data.values():
            data.save(update_fields=["values"])
        self.save_revision()

    def save_revision(self) -> None:
        self.submission.save(update_fields=["revision"])


def _clock(moment: datetime) -> str:
    """今天的只写时刻，早先的带日期。"""
    local = timezone.localtime(moment)
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M}" if today else f"{local.month}月{local.day}日 {local:%H:%M}"


def _matches(item: Field, current: str, change: Change) -> bool:
    """``was`` 与存着的是否同一个值（按值比，不按写法比）。"""
    if change.was_hash is not None:
        return hashlib.sha256(current.encode()).hexdigest() == change.was_hash
    if change.was is None:
        return current == ""
    if change.was == current:
        return True
    try:
        return item.to_text(item.parse(change.was)) == current
    except ValueProblem:
        return False


def revision_of(submission_id: UUID) -> int:
    """现在的修订号。"""
    return Submission.objects.values_list("revision", flat=True).get(pk=submission_id)
