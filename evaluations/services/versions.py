"""撤销、重做、恢复版本：都是新的改动，记在同一条修改链上，什么都不抹掉。"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from evaluations.core.addresses import AddressProblem
from evaluations.core.steps import UNDO, Kind, Step, differences, same_item, waiting_for
from evaluations.core.values import ValueProblem
from evaluations.core.working import Working
from evaluations.selectors import clock
from evaluations.timeline import acts_of, content_at
from units.models import User

from .drafting import Draft, Outcome, gone_words
from .problems import Refused, Stale


@dataclass
class Undone(Outcome):
    """撤销、重做、恢复的结果：``left`` 是因别人后来改过而没有动的几处，``focus`` 是光标该去的格。"""

    left: list[str] = field(default_factory=list)
    focus: str = ""

    @property
    def done(self) -> list[str]:
        """做了的几处叫什么。"""
        return [one.label for one in self.draft.work.written]


@transaction.atomic
def undo(*, submission_id: UUID, user: User, which: str = UNDO, of: int | None = None) -> Undone:
    """撤销（或重做）这个人最近一次的改动。

    ``of`` 是页面以为要撤销的那一次；轮到的已经不是它（重发）就什么都不做。别人后来改过的格不动，列在
    ``left`` 里；一处都动不了的那一次跳过，试更早的；都动不了时抛 ``Refused``。
    """
    draft = Draft.open(submission_id, user, which)
    waiting = waiting_for(acts_of(draft.submission, user), which)
    if of is not None and (not waiting or waiting[0] != of):
        return Undone(draft)
    left: list[str] = []
    for revision in waiting:
        steps = _steps(draft, revision, which)
        left += [_left(draft, step, revision) for step in steps if not _put(draft.work, step)]
        if draft.work.written:
            draft.undoes = revision
            draft.finish()
            return Undone(draft, left, _focus(draft.work, steps))
    word = "撤销" if which == UNDO else "重做"
    raise Refused(f"没有可以{word}的改动了。" + (f"没有动：{'；'.join(left[:3])}。" if left else ""))


def _steps(draft: Draft, revision: int, which: str) -> list[Step]:
    """把那一次倒回去（重做时是再做一遍）要做的各处。"""
    edits = draft.submission.edits.filter(revision=revision, user=draft.user).order_by("seq")
    steps = [edit.step for edit in edits]
    return [step.inverse for step in reversed(steps)] if which == UNDO else steps


def _put(work: Working, step: Step) -> bool:
    """现在还是改完那时的样子才换回去；别人后来改过的不动，返回 False。"""
    try:
        current = work.text_at(step.kind, step.address)
        if current == step.new:
            return True
        same = same_item(current, step.old) if step.kind == Kind.ITEM else current == step.old
        if same:
            work.put(step.kind, step.address, step.new)
        return same
    except (AddressProblem, ValueProblem):
        return False


def _left(draft: Draft, step: Step, revision: int) -> str:
    """没有动的一处：后来是谁改的、删的。"""
    if gone := gone_words(draft, step.address):
        return gone
    last = draft.last_by_others(step.address, revision)
    if last is None:
        return f"“{draft.work.label_of(step.kind, step.address)}”已经不是那时的样子"
    return f"“{last.label}”后来由{last.user or '系统'} {clock(last.at)} 改过"


def _focus(work: Working, steps: list[Step]) -> str:
    """光标去哪里：第一处还在的格。"""
    for step in steps:
        try:
            work.facts.locate(step.address)
        except AddressProblem:
            continue
        return step.address
    return ""


@transaction.atomic
def restore_version(*, submission_id: UUID, user: User, revision: int, seen: int) -> Undone:
    """把内容恢复成某个修订时的样子，成为新的一版；原来的各版都还在，恢复本身也能撤销。

    ``seen`` 是人看到的最新修订号；之后又有改动时抛 ``Stale``，免得盖掉没看过的内容。
    """
    draft = Draft.open(submission_id, user, "restore")
    if draft.submission.revision != seen:
        raise Stale("您看到的不是最新的内容，有人刚改过。请刷新页面，比较过再恢复。")
    if not 0 <= revision < seen:
        raise Refused("没有这个版本。请刷新页面。")
    left = []
    for step in differences(draft.work.content, content_at(draft.submission, revision)):
        try:
            draft.work.put(step.kind, step.address, step.new)
        except (AddressProblem, ValueProblem) as problem:
            left.append(str(problem))
    if not draft.work.written:
        raise Refused("现在就是那一版的样子，没有要恢复的。")
    draft.finish()
    return Undone(draft, left)
