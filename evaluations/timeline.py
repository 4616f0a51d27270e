"""读的一边：改过什么、有哪些版本、某个版本的内容、谁在场。什么都不改。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from evaluations.core.facts import Facts
from evaluations.core.frozen import dump_inputs, load_inputs
from evaluations.core.steps import Act, Content, Kind, rewind
from evaluations.models import Edit, Event, Pack, Presence, Snapshot, Submission
from evaluations.selectors import facts_of_snapshot, package_of, prior_if_read
from units.models import User

SAME_SITTING = timedelta(minutes=10)
"""同一个人相隔不到这么久的几次保存，算一个版本。"""
STILL_HERE = timedelta(seconds=75)
"""多久没有动静就不算在场：页面每 20 秒报一次，容许漏两三次。"""

REPACK = "repack"
"""换方案：事件的动作，修改记录里的经由。"""
WITHOUT_USER = {"prior": "开设时带入", "import": "导入", REPACK: "换到新版方案"}
"""不是哪个人填的改动叫什么。"""


# ---- 撤销、重做的依据 -------------------------------------------------------------------------


def acts_of(submission: Submission, user: User) -> list[Act]:
    """这个人可以撤销、重做的各次保存：这一轮填报里的，整套导入以后的。"""
    moved = submission.events.exclude(source=F("target")).order_by("-seq").values_list("revision", flat=True)
    whole = submission.edits.filter(kind=Kind.WHOLE).order_by("-seq").values_list("revision", flat=True)
    floor = max(moved.first() or 0, whole.first() or 0)
    mine = submission.edits.filter(user=user, revision__gt=floor).order_by("seq")
    found = dict.fromkeys(mine.values_list("revision", "through", "undoes"))
    return [Act(*act) for act in found]


# ---- 版本 -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """一个版本：一个人连着的几次保存，或送审、退回、通过时的定格。"""

    revision: int
    since: datetime
    at: datetime
    who: str
    through: str
    cells: int
    action: str = ""
    label: str = ""


def versions_of(submission: Submission) -> list[Version]:
    """全部版本，新的在前。"""
    edits = submission.edits.order_by("seq").values_list("revision", "at", "user__display_name", "through")
    found = _sittings(edits, _breaks(submission))
    snapshots = {snapshot.revision: snapshot for snapshot in submission.snapshots.order_by("at")}
    for event in submission.events.select_related("user").filter(action__in=("submit", "return", "approve")):
        if event.revision - 1 in snapshots:
            found.append(_frozen(event))
    return sorted(found, key=lambda version: (version.at, version.revision), reverse=True)


def _breaks(submission: Submission) -> set[int]:
    """从哪些修订起另算一个版本：流程动作以后的第一次保存。"""
    events = submission.events.values_list("revision", "source", "target")
    return {revision + (source == target) for revision, source, target in events}


def _frozen(event: Event) -> Version:
    who = str(event.user or "系统")
    return Version(event.revision - 1, event.at, event.at, who, "snapshot", 0, event.action, event.label)


def _sittings(edits: Iterable[tuple[int, datetime, str | None, str]], breaks: set[int]) -> list[Version]:
    """连着的几次保存合成一个版本；隔得久、换了人、中间有流程动作的分开。"""
    found: list[Version] = []
    for revision, at, name, through in edits:
        who = name or WITHOUT_USER.get(through, "系统")
        last = found[-1] if found else None
        joins = (
            last is not None and (last.who, last.through) == (who, through) and at - last.at <= SAME_SITTING
            and not breaks & set(range(last.revision + 1, revision + 1))
        )  # fmt: skip
        if last is not None and joins:
            found[-1] = replace(last, revision=revision, at=at, cells=last.cells + 1)
        else:
            found.append(Version(revision, at, at, who, through, 1))
    return found


def content_at(submission: Submission, revision: int) -> Content:
    """某个修订时的内容：从现在的倒退回去。"""
    now = dump_inputs(package_of(submission), submission.pack.compiled())
    later = submission.edits.filter(revision__gt=revision).order_by("seq")
    return rewind(now, [edit.step for edit in later])


def facts_at(submission: Submission, revision: int) -> Facts:
    """某个修订时的事实：有定格的取定格，没有的倒退后现算。"""
    snapshot = snapshot_at(submission, revision)
    if snapshot is not None:
        return facts_of_snapshot(snapshot)
    pack = pack_at(submission, revision).compiled()
    prior = prior_if_read(submission, pack)
    return Facts(pack, load_inputs(content_at(submission, revision), pack), prior=prior)


def pack_at(submission: Submission, revision: int) -> Pack:
    """某个修订时用的哪版方案：以后换过的，取最早那次换以前的。"""
    moved = submission.events.filter(action=REPACK, revision__gt=revision).order_by("seq").first()
    return Pack.objects.get(pk=moved.details["from"]) if moved else submission.pack


def repacked_since(submission: Submission, revision: int | None) -> bool:
    """页面看到的修订以后，换过方案没有：表的样子会变。"""
    if revision is None or revision >= submission.revision:
        return False
    return submission.events.filter(action=REPACK, revision__gt=revision).exists()


def snapshot_at(submission: Submission, revision: int) -> Snapshot | None:
    found = submission.snapshots.filter(revision=revision).select_related("pack")
    return found.order_by("-at").first()


# ---- 修改记录 ---------------------------------------------------------------------------------


def edits_matching(
    submission: Submission, *, start: str = "", user: str = "", words: str = ""
) -> QuerySet[Edit]:
    """修改记录，新的在前；按位置、人、字筛选。"""
    found = submission.edits.select_related("user").order_by("-seq")
    if start:
        found = found.filter(address__startswith=start)
    if user:
        found = found.filter(user__username=user)
    if words:
        found = (
            found.filter(label__contains=words)
            | found.filter(new__contains=words)
            | found.filter(old__contains=words)
        )
    return found


def editors_of(submission: Submission) -> Sequence[User]:
    """改过这份材料的人。"""
    return list(User.objects.filter(pk__in=submission.edits.values("user")).order_by("display_name"))


def who_changed(submission: Submission, start: int, end: int) -> dict[str, tuple[str, datetime]]:
    """两个修订之间，各处最后由谁、何时改的。"""
    edits = submission.edits.filter(revision__gt=start, revision__lte=end).order_by("seq")
    found = edits.values_list("address", "user__display_name", "at")
    return {address: (name or "系统", at) for address, name, at in found}


# ---- 谁在场 ---------------------------------------------------------------------------------


def people_at(submission: Submission, but: User | None = None) -> list[Presence]:
    """此刻在填这份材料的别人。"""
    here = Presence.objects.filter(submission=submission, at__gte=timezone.now() - STILL_HERE)
    return list(here.exclude(user=but).select_related("user").order_by("user__display_name"))


def last_place(submission: Submission, user: User) -> Presence | None:
    """这个人上次填到哪里：回来时接着填。"""
    return Presence.objects.filter(submission=submission, user=user).first()


def is_new(user: User) -> bool:
    """还没有填过一格的人：给他看第一次用的提示。"""
    return not Edit.objects.filter(user=user).exists()
