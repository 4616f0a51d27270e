"""读的一边：一份还没发布的方案，用已有的材料试算：谁的得分会变，谁会多出、少了哪些问题。什么都不改。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from evaluations.core.checks import Finding
from evaluations.core.facts import Facts
from evaluations.core.pack import Pack as CorePack
from evaluations.core.repack import fitted
from evaluations.core.workflow import State
from evaluations.core.working import changed_results
from evaluations.models import Pack, Round, Submission
from evaluations.selectors import prior_facts, read, reading_of

BATCH = 100
"""一次试算多少份：再多页面要等太久。"""


@dataclass(frozen=True)
class Tried:
    """一份材料换成这套方案会怎样。"""

    submission: Submission
    figures: list[dict[str, str]]
    appeared: list[Finding]
    gone: list[Finding]

    @property
    def changed(self) -> bool:
        return bool(self.figures or self.appeared or self.gone)


@dataclass
class Trial:
    """一批试算的结果：变了的各份，和每条核对多出、少了几个单位。"""

    tried: list[Tried] = field(default_factory=list)
    total: int = 0
    done: int = 0

    @property
    def changed(self) -> list[Tried]:
        return [one for one in self.tried if one.changed]

    @property
    def rescored(self) -> int:
        return sum(1 for one in self.tried if one.figures)

    @property
    def rules(self) -> list[tuple[str, int, int]]:
        """（编号，多出的单位数，少了的单位数）。"""
        more = Counter(code for one in self.tried for code in {f.code for f in one.appeared})
        less = Counter(code for one in self.tried for code in {f.code for f in one.gone})
        return [(code, more[code], less[code]) for code in sorted({*more, *less})]


def rounds_for(pack: Pack) -> QuerySet[Round]:
    """可以拿来试算的任务：今年的、上年的，有材料的。"""
    found = Round.objects.filter(year__in=(pack.year, pack.year - 1), submissions__isnull=False)
    return found.select_related("pack").distinct().order_by("-year", "name")


def try_round(built: CorePack, task: Round, start: int = 0) -> Trial:
    """用一个任务里填过的材料试算，从第 ``start`` 份起的一批。没填过的、不用报的不算。"""
    rows = Submission.objects.whole().filter(round=task, revision__gt=0).exclude(state=State.CANCELLED)
    chosen: Sequence[Submission] = rows.order_by("department__code")[start : start + BATCH]
    trial = Trial(total=rows.count())
    trial.tried = [_try_one(built, one) for one in chosen]
    trial.done = start + len(trial.tried)
    return trial


def _try_one(built: CorePack, submission: Submission) -> Tried:
    before = read(submission)
    made = fitted(before.facts.package, before.facts.pack, built)
    after = reading_of(submission, Facts(built, made, prior=prior_facts(submission)))
    known, found = ({f.key: f for f in one.findings} for one in (before, after))
    return Tried(
        submission, changed_results(before.facts, after.facts),
        [one for key, one in found.items() if key not in known],
        [one for key, one in known.items() if key not in found],
    )  # fmt: skip
