"""读的一边：一份草稿换到新版方案会怎样。什么都不改。"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from evaluations.core.checks import Finding
from evaluations.core.facts import Facts
from evaluations.core.pack import Pack as CorePack
from evaluations.core.repack import field_at, fitted, new_fields, steps_to_fit
from evaluations.core.schema import Field
from evaluations.core.steps import Kind, Step
from evaluations.core.working import Working, changed_results
from evaluations.models import Pack, Submission
from evaluations.selectors import package_of, prior_facts, reading_of


@dataclass(frozen=True)
class Lost:
    """新版里没有地方放的一处：叫什么，填的是什么，为什么放不下。"""

    label: str
    text: str
    why: str


@dataclass(frozen=True)
class Repack:
    """一份草稿换到 ``pack`` 会怎样。"""

    submission: Submission
    pack: Pack
    lost: list[Lost]
    gained: list[str]
    figures: list[dict[str, str]]
    appeared: list[Finding]
    gone: list[Finding]

    @property
    def words(self) -> str:
        """一句话，记在事件里。"""
        counts = (
            (f"去掉 {len(self.lost)} 处", self.lost), (f"多出 {len(self.gained)} 项要填的", self.gained),
            (f"{len(self.figures)} 个数变了", self.figures), (f"新出问题 {len(self.appeared)} 处", self.appeared),
            (f"不再有的问题 {len(self.gone)} 处", self.gone),
        )  # fmt: skip
        told = [words for words, found in counts if found]
        return "，".join(told) or "内容和结果都不变"


def newer_than(pack: Pack) -> QuerySet[Pack]:
    """可以换到的：同一方案更新的版本，或同年同地后来发布的另一套。"""
    same_key = Q(key=pack.key, version__gt=pack.version)
    same_place = Q(place=pack.place, published_at__gt=pack.published_at) & ~Q(key=pack.key)
    found = Pack.objects.filter(state=Pack.State.PUBLISHED, year=pack.year)
    return found.filter(same_key | same_place if pack.published_at else same_key).order_by("-published_at")


def repack_of(submission: Submission, pack: Pack) -> Repack:
    """算出换到 ``pack`` 以后的样子，与现在的比。"""
    old, new = submission.pack.compiled(), pack.compiled()
    package, prior = package_of(submission, old), prior_facts(submission)
    made = fitted(package, old, new)
    before = reading_of(submission, Facts(old, package, prior=prior))
    after = reading_of(submission, Facts(new, made, prior=prior))
    work = Working(old, package)
    lost = [_lost(work, new, step) for step in steps_to_fit(package, made, old, new)]
    found, known = ({finding.key: finding for finding in one.findings} for one in (after, before))
    return Repack(
        submission, pack, lost, [_name(*one) for one in new_fields(old, new)], changed_results(before.facts, after.facts),
        [one for key, one in found.items() if key not in known],
        [one for key, one in known.items() if key not in found],
    )  # fmt: skip


def _name(scope: str, item: Field) -> str:
    return f"{scope}：{item.full_label}" if scope else item.full_label


def _lost(work: Working, new: CorePack, step: Step) -> Lost:
    """一处放不下的；一行、一个项目是一大段 JSON，只说是整行。"""
    label = work.label_of(step.kind, step.address)
    if step.kind == Kind.NOTE:
        return Lost(label, step.old, "对应的核对没有了")
    if step.kind == Kind.ITEM:
        return Lost(label, "（整行）", "新版没有这个列表")
    item = field_at(new, step.address)
    why = "新版没有这一格" if item is None else "按新版读不懂" if item.asked else "新版由系统计算"
    return Lost(label, step.old, why)
