"""把草稿换到新版方案：先看过，再逐份锁住换；放不下的值作为一处处改动记下，一个字都不悄悄丢。"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from evaluations.core.repack import fitted, steps_to_fit
from evaluations.core.workflow import State
from evaluations.models import Event, Pack, Round, Submission
from evaluations.repacking import newer_than, repack_of
from evaluations.selectors import data_of, project_row_id
from evaluations.timeline import REPACK
from units.models import User

from .drafting import Draft, lock_submission
from .problems import Missing, Refused
from .records import record_event
from .storage import write_package


@dataclass(frozen=True)
class Result:
    """成批办的一份：办成没有，怎么说。"""

    submission: Submission
    done: bool
    words: str


@transaction.atomic
def move_draft(*, submission_id: UUID, pack_id: UUID, user: User) -> Event | None:
    """把一份草稿换到另一版方案；已经是那一版的什么都不做，返回 None。

    只换草稿；送审过的快照照旧用原来那版。换是一次修订，正在填的人下一次保存就会知道。
    """
    try:
        submission = lock_submission(submission_id)
    except Submission.DoesNotExist:
        raise Missing from None
    if submission.pack_id == pack_id:
        return None
    pack = _target(submission.pack, pack_id)
    if submission.state != State.DRAFT:
        raise Refused(f"材料现在是“{submission.state_label}”，不换方案：送审的按送审时的那版算。")
    words = repack_of(submission, pack).words
    before = submission.pack
    _rewrite(submission, pack)
    return record_event(
        action=REPACK, label="换到新版方案", user=user, submission=submission, source=submission.state,
        target=submission.state, reason=f"由{before}换到{pack}：{words}。",
        details={"from": str(before.pk), "to": str(pack.pk)},
    )  # fmt: skip


def _target(current: Pack, pack_id: UUID) -> Pack:
    """能换到的那一版；金额单位不同的不行，否则以前的版本会读错。"""
    pack = newer_than(current).filter(pk=pack_id).first()
    if pack is None:
        raise Refused("只能换到同一方案更新的版本，或同年同地后来发布的方案。请重新选。")
    if pack.compiled().money_unit != current.compiled().money_unit:
        raise Refused(f"{pack}的金额单位与现在的不同，不能换。请新开任务用它。")
    return pack


def _rewrite(submission: Submission, pack: Pack) -> None:
    """先在原来那版上去掉放不下的（记进修改链），再按新版写一遍。"""
    old, new = submission.pack.compiled(), pack.compiled()
    draft = Draft.of(submission, None, REPACK)
    made = fitted(draft.work.package, old, new)
    for step in steps_to_fit(draft.work.package, made, old, new):
        draft.work.put(step.kind, step.address, step.new)
    draft.finish()
    submission.pack, submission.revision = pack, submission.revision + (not draft.work.written)
    submission.save(update_fields=["pack", "revision"])
    write_package(submission, new, made, {project_row_id(row): row for row in data_of(submission)})


def move_round(*, round_id: UUID, pack_id: UUID, user: User) -> list[Result]:
    """把一个任务的全部草稿换到新版，一份一个事务；都换成了，任务也换，以后下达的用新版。

    可以重来：换过的不再换。有没换成的，任务先不换，说出是哪几份。
    """
    task = Round.objects.select_related("pack").filter(pk=round_id).first()
    if task is None:
        raise Missing
    if task.pack_id != pack_id:
        _target(task.pack, pack_id)
    drafts = task.submissions.filter(state=State.DRAFT).select_related("department")
    results = [_moved(one, pack_id, user) for one in drafts.order_by("department__code")]
    if all(one.done for one in results):
        _move_task(round_id, pack_id, user, len(results))
    return results


def _moved(submission: Submission, pack_id: UUID, user: User) -> Result:
    try:
        event = move_draft(submission_id=submission.pk, pack_id=pack_id, user=user)
    except Refused as refusal:
        return Result(submission, False, str(refusal))
    return Result(submission, True, event.reason.partition("：")[2] if event else "本来就是这一版。")


@transaction.atomic
def _move_task(round_id: UUID, pack_id: UUID, user: User, count: int) -> None:
    task = Round.objects.select_for_update(of=("self",)).select_related("pack").get(pk=round_id)
    if task.pack_id == pack_id:
        return
    task.pack = _target(task.pack, pack_id)
    task.save(update_fields=["pack"])
    words = f"{task.name}：以后下达的用{task.pack}，{count} 份草稿已换。"
    record_event(
        action="repack_round",
        label="任务换到新版方案",
        user=user,
        reason=words,
        details={"round": str(task.pk)},
    )
