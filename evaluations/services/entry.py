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

from evaluations.core.addresses import AddressProblem
from evaluations.core.facts import RowFacts, ScopeFacts
from evaluations.core.prescribed import is_locked
from evaluations.core.schema import Field
from evaluations.core.steps import Kind
from evaluations.core.values import ValueProblem
from evaluations.selectors import clock, last_edit_of
from units.models import User

from .drafting import Draft, Outcome, gone_words
from .problems import Refused

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
class Saved(Outcome):
    """一次保存的结果。"""

    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        """写了的各格。"""
        return [one.step.address for one in self.draft.work.written]


@transaction.atomic
def save_cells(
    *, submission_id: UUID, user: User, changes: Sequence[Change], through: str = "page",
    received: datetime | None = None,
) -> Saved:  # fmt: skip
    """保存若干格。状态、岗位、期限不许时抛 ``Refused``；一格有错不影响别的格。

    ``received`` 是服务器收到请求的时刻：截止前收到的，排队到截止后也照存。
    """
    if len(changes) > MAX_CHANGES:
        raise Refused(f"一次最多保存 {MAX_CHANGES} 格，这次有 {len(changes)} 格。请分几次粘贴。")
    draft = Draft.open(submission_id, user, through, received)
    conflicts, problems = [], []
    for change in changes:
        try:
            conflict = _apply(draft, change)
        except AddressProblem as problem:
            gone = gone_words(draft, change.address)
            words = f"{gone}。您填的字还在本页，可以复制。" if gone else str(problem)
            problems.append(Problem(change.address, words))
        except ValueProblem as problem:
            problems.append(Problem(change.address, str(problem)))
        else:
            conflicts += [conflict] if conflict else []
    draft.finish()
    return Saved(draft, conflicts, problems)


def _apply(draft: Draft, change: Change) -> Conflict | None:
    node, key = draft.work.facts.locate(change.address)
    item = writable(node, key)
    value = item.parse(change.value)
    current = item.to_text(node.inputs.get(key))
    if current == item.to_text(value):
        return None
    if not _matches(item, current, change):
        return conflict_of(draft, node, key, change.value)
    draft.work.set_value(node, key, value)
    return None


def writable(node: ScopeFacts | RowFacts, key: str) -> Field:
    """只有单位填的格能写；计算的、审核人填的、模板锁定的抛 ``AddressProblem``。"""
    item = node.fields[key]
    if not item.asked:
        raise AddressProblem(f"“{item.full_label}”由系统计算，不能改。请改它所用的数。")
    if item.by != "unit":
        raise AddressProblem(f"“{item.full_label}”由{'审核人' if item.by == 'reviewer' else '系统'}填。")
    if isinstance(node, RowFacts) and is_locked(node, key):
        raise AddressProblem(f"“{item.full_label}”由财政局的指标模板规定，不能改。")
    return item


def conflict_of(draft: Draft, node: ScopeFacts | RowFacts, key: str, mine: str) -> Conflict:
    """这一格现在是别人的值：两个值，对方是谁、何时。"""
    address, item = node.address(key), node.fields[key]
    last = last_edit_of(draft.submission, address)
    return Conflict(
        address, draft.work.label_of(Kind.CELL, address), mine, item.to_text(node.inputs.get(key)),
        item.format(node.inputs.get(key)), last.user.display_name if last and last.user else "导入",
        clock(last.at) if last else "",
    )  # fmt: skip


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
