"""读的一边：各格的来源，和取过的数。什么都不改。"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evaluations.models import Event, Round, SourceBatch, SourceValue, Submission


def sources_of(submission: Submission) -> dict[str, SourceValue]:
    """一份材料各格的来源：地址 → 最近一次取到的值和哪次取的。一次查询。"""
    return {one.address: one for one in submission.source_values.select_related("batch")}


def sources_by_submission(submissions: Iterable[Submission]) -> dict[Any, dict[str, SourceValue]]:
    """几份材料各格的来源，按材料的编号。"""
    found: dict[Any, dict[str, SourceValue]] = {one.pk: {} for one in submissions}
    for one in SourceValue.objects.filter(submission__in=found):
        found[one.submission_id][one.address] = one
    return found


@dataclass(frozen=True)
class Pulled:
    """取过的一次：哪个文件，和当时写了多少。"""

    batch: SourceBatch
    counts: dict[str, int]

    @property
    def untouched(self) -> int:
        """单位改过、没有动的。"""
        return self.counts.get("kept", 0) + self.counts.get("left", 0)


def batches_of(task: Round) -> list[Pulled]:
    """这个任务取过的各次，新的在前；当时的数记在事件里。"""
    events = Event.objects.filter(action="prefill", details__round=str(task.pk))
    counts = {event.details["batch"]: event.details["counts"] for event in events}
    return [Pulled(one, counts.get(str(one.pk), {})) for one in task.batches.select_related("by")]
