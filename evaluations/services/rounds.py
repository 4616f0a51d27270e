"""年度任务：新建、选单位、开放、收回、结束、重新开放；成批延期、取消。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations.core.values import clean_text
from evaluations.core.workflow import State
from evaluations.models import Event, Pack, Round, Submission
from evaluations.progress import day_words, untouched
from evaluations.rollover import carried_from
from units.models import Department, User

from .packs import issue
from .problems import Missing, Refused
from .records import record_event
from .repack import Result, move_draft
from .workflow import perform

MAX_RETURN_DAYS = 90
LATEST = timedelta(days=3 * 366)


def lock_round(round_id: UUID) -> Round:
    """锁住任务的行；没有抛 ``Missing``。"""
    if not Round.objects.select_for_update().filter(pk=round_id).exists():
        raise Missing
    return Round.objects.select_related("pack", "follows").get(pk=round_id)


# ---- 新建与改 ---------------------------------------------------------------------------------


@transaction.atomic
def plan_round(
    *, user: User, name: str, pack: Pack, deadline: datetime, return_days: int, follows: Round | None = None,
    asked: Iterable[Department] = (),
) -> Round:  # fmt: skip
    """新建一个还没有开放的任务；``follows`` 是由它结转的上年任务。"""
    task = Round(year=pack.year, follows=follows)
    _fill(task, name, pack, deadline, return_days)
    task.save()
    task.asked.set(asked)
    action, label = ("roll_over", "结转到下一年") if follows else ("plan_round", "新建任务")
    _record(task, user, action, label, f"截止 {day_words(deadline)}，用{pack}，{task.asked.count()} 个单位。")
    return task


def roll_over(
    *, round_id: UUID, user: User, name: str, pack: Pack, deadline: datetime, return_days: int
) -> Round:  # fmt: skip
    """由开放过的任务结转出下一年的：单位照旧（并走的换成接收的，停用的不带），还不开放。"""
    task = Round.objects.filter(pk=round_id).first()
    if task is None:
        raise Missing
    if task.opened_at is None:
        raise Refused("任务还没有开放过，没有可结转的。")
    if pack.year != task.year + 1:
        raise Refused(f"要用 {task.year + 1} 年的方案。请先把今年的方案复制成 {task.year + 1} 年的再发布。")
    return plan_round(
        user=user, name=name, pack=pack, deadline=deadline, return_days=return_days, follows=task,
        asked=carried_from(task, pack).units,
    )  # fmt: skip


@transaction.atomic
def change_round(
    *, round_id: UUID, user: User, name: str, pack: Pack, deadline: datetime, return_days: int
) -> Round:
    """改名称、截止时间、退回天数；方案只在开放以前能换，年度也随它。"""
    task = lock_round(round_id)
    if task.closed_at is not None:
        raise Refused("任务已经结束，不能改。要改请先重新开放。")
    if task.opened_at is not None and pack.pk != task.pack_id:
        raise Refused("任务已经开放，方案不能在这里换。请用“换到新版方案”。")
    if task.follows is not None and pack.year != task.follows.year + 1:
        raise Refused(f"这个任务接着 {task.follows.year} 年的，方案要是 {task.follows.year + 1} 年的。")
    before = (task.name, task.deadline, task.return_days, task.pack_id)
    was = day_words(task.deadline)
    _fill(task, name, pack, deadline, return_days)
    if (task.name, task.deadline, task.return_days, task.pack_id) == before:
        return task
    task.year = pack.year
    task.save()
    words = f"截止 {was} 改为 {day_words(deadline)}，退回后 {return_days} 天改好，用{pack}。"
    _record(task, user, "change_round", "改任务", words)
    return task


def _fill(task: Round, name: str, pack: Pack, deadline: datetime, return_days: int) -> None:
    name = clean_text(name)
    if not 2 <= len(name) <= 100:
        raise Refused("任务名称要 2 到 100 个字。")
    if Round.objects.filter(year=pack.year, name=name).exclude(pk=task.pk).exists():
        raise Refused(f"{pack.year} 年已经有叫“{name}”的任务。请换个名称。")
    if pack.state != Pack.State.PUBLISHED:
        raise Refused(f"{pack}是“{pack.get_state_display()}”，只能用已发布的方案。")
    if deadline != task.deadline and deadline <= timezone.now():
        raise Refused("截止时间要晚于现在。请重新选。")
    if deadline > timezone.now() + LATEST:
        raise Refused("截止时间最晚到三年以后。请核对年份。")
    if not 1 <= return_days <= MAX_RETURN_DAYS:
        raise Refused(f"退回后几日内改好：要是 1 到 {MAX_RETURN_DAYS} 天。")
    task.name, task.pack, task.deadline, task.return_days = name, pack, deadline, return_days


@transaction.atomic
def ask_units(*, round_id: UUID, user: User, units: Sequence[UUID]) -> int:
    """选要报的单位。没开放的，选的就是全部；开放了的只增加，减少用“取消任务”。返回现在（或新加）几个。"""
    task = lock_round(round_id)
    if task.closed_at is not None:
        raise Refused("任务已经结束，不能加单位。要加请先重新开放。")
    chosen = list(Department.objects.filter(pk__in=units, is_active=True).order_by("code"))
    if len(chosen) != len(set(units)):
        raise Refused("选的单位里有已停用或不存在的。请刷新页面后重新选。")
    if task.opened_at is None:
        task.asked.set(chosen)
        _record(task, user, "ask_units", "选定单位", f"{len(chosen)} 个单位。")
        return len(chosen)
    known = set(task.submissions.values_list("department_id", flat=True))
    added = [unit for unit in chosen if unit.pk not in known]
    if added:
        issue(task=task, departments=added)
        task.asked.add(*added)
        _record(
            task, user, "ask_units", "增加单位", "、".join(str(unit) for unit in added[:50]), count=len(added)
        )
    return len(added)


# ---- 开放与收回 -------------------------------------------------------------------------------


@transaction.atomic
def open_planned(*, round_id: UUID, user: User) -> int:
    """开放：给选定的单位各开一份材料，带入上年的数。已经开放的什么都不做。返回几个单位。"""
    task = lock_round(round_id)
    if task.opened_at is not None:
        return task.submissions.count()
    if task.pack.state != Pack.State.PUBLISHED:
        raise Refused(f"{task.pack}是“{task.pack.get_state_display()}”，不能开放。请先在“基本”里换一版。")
    if task.deadline <= timezone.now():
        raise Refused("截止时间已经过了。请先在“基本”里改。")
    asked = list(task.asked.order_by("code"))
    if not asked:
        raise Refused("还没有选单位。请先选。")
    if closed := [str(unit) for unit in asked if not unit.is_active]:
        raise Refused(f"{'、'.join(closed[:5])}已停用。请在“单位”里去掉再开放。")
    _settle_old(task, asked, user)
    issue(task=task, departments=asked)
    task.opened_at = timezone.now()
    task.save(update_fields=["opened_at"])
    _record(
        task,
        user,
        "open_round",
        "开放任务",
        f"{len(asked)} 个单位，截止 {day_words(task.deadline)}。",
        count=len(asked),
    )
    return len(asked)


def _settle_old(task: Round, asked: Sequence[Department], user: User) -> None:
    """收回过再开放的：留着的各份跟上现在选的单位和方案。"""
    wanted = {unit.pk for unit in asked}
    for submission in task.submissions.select_related("department"):
        state = State.DRAFT if submission.department_id in wanted else State.CANCELLED
        if submission.state != state:
            submission.state, source, submission.revision = state, submission.state, submission.revision + 1
            submission.save(update_fields=["state", "revision"])
            action, label = ("reinstate", "恢复任务") if state == State.DRAFT else ("cancel", "取消任务")
            record_event(
                action=action, label=label, user=user, submission=submission, source=source, target=state,
                reason="收回后重新选了单位。",
            )  # fmt: skip
        if state == State.DRAFT and submission.pack_id != task.pack_id:
            move_draft(submission_id=submission.pk, pack_id=task.pack_id, user=user)


@transaction.atomic
def take_back(*, round_id: UUID, user: User, reason: str) -> None:
    """收回开放：没有一个单位动过时才行。各份留着（修改记录只增不删），谁都看不到，重新开放时接着用。"""
    task = lock_round(round_id)
    if task.opened_at is None:
        raise Refused("任务没有开放，不用收回。")
    _reason(reason, "收回")
    list(Submission.objects.select_for_update().filter(round=task).order_by("pk").values_list("pk"))
    if first := untouched(task):
        raise Refused(f"{first}，不能收回了。要停下来请用“结束”。")
    task.opened_at = task.closed_at = None
    task.save(update_fields=["opened_at", "closed_at"])
    _record(task, user, "take_back", "收回开放", clean_text(reason))


@transaction.atomic
def drop_round(*, round_id: UUID, user: User) -> None:
    """删掉一个从没有开放过的任务（撤销结转也是它）。"""
    task = lock_round(round_id)
    if task.opened_at is not None or task.submissions.exists() or task.batches.exists():
        raise Refused("任务开放过，单位的材料和记录要留着，不能删。不用的任务放着就行，单位看不到。")
    if task.followed_by.exists():
        raise Refused("后一年的任务由它结转，不能删。请先删后一年的。")
    _record(task, user, "drop_round", "删除任务", "没有开放过。")
    task.delete()


# ---- 结束与重新开放 ---------------------------------------------------------------------------


@transaction.atomic
def close_round(*, round_id: UUID, user: User, reason: str) -> None:
    """结束：从此不能填、不能送审、不能退回；已送审的照常审完。"""
    task = lock_round(round_id)
    if task.opened_at is None or task.closed_at is not None:
        raise Refused("任务没有开放，或已经结束。请刷新页面。")
    _reason(reason, "结束")
    task.closed_at = timezone.now()
    task.save(update_fields=["closed_at"])
    _record(task, user, "close_round", "结束任务", clean_text(reason))


@transaction.atomic
def reopen_round(*, round_id: UUID, user: User, reason: str) -> None:
    """重新开放已结束的任务；截止时间照旧，过了的另行延期。"""
    task = lock_round(round_id)
    if task.closed_at is None:
        raise Refused("任务没有结束，不用重新开放。请刷新页面。")
    _reason(reason, "重新开放")
    task.closed_at = None
    task.save(update_fields=["closed_at"])
    _record(task, user, "reopen_round", "重新开放任务", clean_text(reason))


def _reason(text: str, what: str) -> None:
    if not 5 <= len(clean_text(text)) <= 500:
        raise Refused(f"请写{what}的理由（5 到 500 个字）。")


def _record(task: Round, user: User, action: str, label: str, words: str, **details: Any) -> Event:
    given = {"round": str(task.pk), **details}
    return record_event(action=action, label=label, user=user, reason=f"{task.name}：{words}", details=given)


# ---- 成批 -----------------------------------------------------------------------------------


def perform_each(
    *, submissions: Sequence[Submission], user: User, action: str, text: str, key: str, due: datetime | None = None
) -> list[Result]:  # fmt: skip
    """对选中的各份逐一做同一个动作；一份不成不影响别的。``key`` 是这一批的幂等键，重发得到同样的结果。"""
    made = []
    for one in submissions:
        do = partial(
            perform, submission_id=one.pk, user=user, action=action, revision=one.revision,
            key=f"{key[:24]}-{one.pk.hex}", text=text, due=due,
        )  # fmt: skip
        made.append(_tried(one, do))
    return made


def _tried(submission: Submission, do: Callable[[], Event]) -> Result:
    try:
        event = do()
    except Refused as refusal:
        return Result(submission, False, str(refusal))
    due = event.details.get("due")
    return Result(
        submission, True, f"{event.label}到 {day_words(datetime.fromisoformat(due))}" if due else event.label
    )
