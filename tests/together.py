"""同时做几件事：各用各的连接；可以让它们在守卫之后、写之前碰头。"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.db import connections

from evaluations.models import Submission
from evaluations.services import drafting, workflow


def together(workers: Sequence[Callable[[], Any]], seconds: float = 120) -> list[Any]:
    """同时运行，返回各自的结果或异常。"""
    results: list[Any] = [None] * len(workers)
    gate = threading.Barrier(len(workers))

    def run(number: int) -> None:
        try:
            gate.wait(timeout=20)
            results[number] = workers[number]()
        except Exception as problem:
            results[number] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds)
    assert not any(thread.is_alive() for thread in threads), "有人没有做完"
    return results


class Meeting:
    """两个人都查过守卫、都还没有写时碰头，然后一个接一个写。

    有锁时后来的在锁上等，碰不到头：先到的等够一会儿就自己写。没有锁时一定碰得到，等多久都行：机器再慢也要等到另一个。
    ``met`` 说碰到了没有。
    """

    def __init__(self, locked: bool) -> None:
        self.barrier = threading.Barrier(2)
        self.patience = 0.8 if locked else 60
        self.turn = threading.Lock()
        self.met = False

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        alone = self.in_turn(function)

        @wraps(function)
        def waits(*args: Any, **given: Any) -> Any:
            try:
                self.barrier.wait(self.patience)
                self.met = True
            except threading.BrokenBarrierError:
                pass
            return alone(*args, **given)

        return waits

    def in_turn(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """碰头以前就会撞上的（先删后存），一个接一个做：让两个人都走到碰头的地方。"""

        @wraps(function)
        def alone(*args: Any, **given: Any) -> Any:
            with self.turn:
                return function(*args, **given)

        return alone


def without_lock(monkeypatch: Any) -> None:
    """取材料时不锁行。"""
    rows = Submission.objects.select_related("round", "department", "pack", "claimed_by")
    for module in (drafting, workflow):
        monkeypatch.setattr(module, "lock_submission", lambda pk: rows.get(pk=pk))


def without_transaction(service: Callable[..., Any]) -> Callable[..., Any]:
    """同一个服务，去掉外面的事务。"""
    bare: Callable[..., Any] = service.__wrapped__  # type: ignore[attr-defined]
    return bare
