"""测量：与对照物交替运行，取中位数和散布。结果正确性由各项自己先断言。"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """一项的中位数和四分位散布，单位毫秒。"""

    median: float
    spread: float

    @classmethod
    def of(cls, seconds: list[float]) -> Figure:
        low, _, high = statistics.quantiles(seconds, n=4)
        return cls(statistics.median(seconds) * 1000, (high - low) * 1000)


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def pairs(
    ours: Callable[[], object], yardstick: Callable[[], object], rounds: int = 9
) -> tuple[Figure, Figure]:
    """交替测 ``rounds`` 对；各先热一次。"""
    ours()
    yardstick()
    taken = [(timed(ours), timed(yardstick)) for _ in range(rounds)]
    return Figure.of([a for a, _ in taken]), Figure.of([b for _, b in taken])


def result(number: str, what: str, ours: Figure, against: str, goal: str, met: bool) -> dict[str, Any]:
    """一项的结果：印出来，也写进 build/bench.json。"""
    return {
        "id": number, "what": what, "ours": f"{ours.median:.1f} ± {ours.spread:.1f} 毫秒", "against": against,
        "goal": goal, "met": met,
    }  # fmt: skip
