"""撤销、重做、恢复版本：都是新的改动，记在同一条修改链上，什么都不抹掉。"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from evaluations.core.addresses import AddressProblem
from evaluations.core.steps import UNDO, Kind, Step, differences, next_of, same_item
from evaluations.core.values import ValueProblem
from evaluations.core.working import Working
from evaluations.selectors import clock, last_edit_of
from evaluations.timeline import acts_of, content_at
from units.models import User

from .drafting import Draft, Outcome
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
    ``left`` 里；一处都动不了时抛 ``Refused``。
    """
    draft = Draft.open(submission_id, user, which)
    target = next_of(acts_of(draft.submission, user), which)
    if of is not None and target != of:
        return Undone(draft)
    if target is None:
        raise Refused("没有可以撤销的改动了。" if which == UNDO else "没有可以重做的改动了。")
    steps = [edit.step for edit in draft.submission.edits.filter(revision=target, user=user).order_by("seq")]
    if which == UNDO:
        steps = [step.inverse for step in reversed(steps)]
    left = [_left(draft, step) for step in steps if not _put(draft.work, step)]
    if not draft.work.written:
        raise Refused("没有动：" + "；".join(left[:3]) if left else "已经是那个样子了，没有要动的。")
    draft.undoes = target
    draft.finish()
    return Undone(draft, left, _focus(draft.work, steps))


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


def _left(draft: Draft, step: Step) -> str:
    """没有动的一处：是谁后来改的。"""
    start = step.address if step.kind != Kind.ITEM else step.address.rstrip("/")
    last = draft.last_by_others(start, 0) or last_edit_of(draft.submission, step.address)
    if last is None:
        return "这一处已经不在了"
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
