"""同时写同一格：每一个被确认的保存都在，每一次冲突都说出来。"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections

from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services import drafting
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Refused
from evaluations.services.workflow import perform
from tests.conftest import City

pytestmark = pytest.mark.django_db(transaction=True)
CELL = "资金.全年执行数"
EDITORS, ROUNDS = 4, 12


def together(workers: list[Callable[[], Any]]) -> list[Any]:
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
        thread.join(timeout=120)
    return results


def value_of(submission: Submission) -> int:
    return int(read(Submission.objects.get(pk=submission.pk)).facts.value(CELL) or 0)


def counter(city: City, user: Any) -> Callable[[], int]:
    """一个人反复把这一格加一；冲突了就看了对方的值再加。返回被确认的次数。"""

    def work() -> int:
        acknowledged = broken = 0
        while acknowledged + broken < ROUNDS:
            seen = value_of(city.submission)
            change = Change(CELL, str(seen + 1), was=str(seen) if seen else "")
            try:
                saved = save_cells(submission_id=city.submission.pk, user=user, changes=[change])
            except (IntegrityError, OperationalError):
                broken += 1
                continue
            acknowledged += len(saved.written)
        return acknowledged

    return work


def run_counters(city: City) -> tuple[int, int]:
    """（被确认的次数，最后的值）。"""
    users = [city.preparer, city.colleague] * (EDITORS // 2)
    acknowledged = together([counter(city, user) for user in users])
    assert all(isinstance(count, int) for count in acknowledged), acknowledged
    return sum(acknowledged), value_of(city.submission)


def test_no_acknowledged_save_is_lost(city: City) -> None:
    acknowledged, final = run_counters(city)
    assert acknowledged == final == EDITORS * ROUNDS
    assert city.submission.edits.filter(address=CELL).count() == final


def test_without_the_lock_postgresql_breaks(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """孪生：去掉行锁。SQLite 的 IMMEDIATE 事务自己排队，所以只有 PostgreSQL 会坏。"""
    rows = Submission.objects.select_related("round", "department", "pack")
    monkeypatch.setattr(drafting, "lock_submission", lambda pk: rows.get(pk=pk))
    acknowledged, final = run_counters(city)
    if connection.vendor == "postgresql":
        assert acknowledged < EDITORS * ROUNDS or final < acknowledged
    else:
        assert acknowledged == final == EDITORS * ROUNDS


def test_two_clerks_on_one_cell_both_learn_both_values(city: City) -> None:
    def writer(user: Any, value: str) -> Callable[[], Any]:
        change = Change(CELL, value, was="")
        return lambda: save_cells(submission_id=city.submission.pk, user=user, changes=[change])

    first, second = together([writer(city.preparer, "90"), writer(city.colleague, "95")])
    won, lost = (first, second) if first.written else (second, first)
    assert won.written == [CELL] and not lost.written
    (conflict,) = lost.conflicts
    assert {conflict.mine, conflict.theirs} == {"90", "95"}
    assert str(value_of(city.submission)) == conflict.theirs


def act(city: City, user: Any, action: str, text: str = "", key: str = "") -> Callable[[], Any]:
    revision = Submission.objects.get(pk=city.submission.pk).revision
    given = {"submission_id": city.submission.pk, "user": user, "action": action, "text": text}
    return lambda: perform(**given, revision=revision, key=key or f"{action}-{user.username}")


def test_of_approve_and_return_exactly_one_wins(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    reason = "请补充满意度调查的依据。"
    results = together([act(city, city.reviewer, "approve"), act(city, city.reviewer, "return", reason)])
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 1, results
    assert city.submission.events.filter(action__in=["approve", "return"]).count() == 1


def test_of_save_and_submit_the_later_is_told(city: City) -> None:
    city.import_into("2024-correct-package")
    change = Change("联系电话", "0730-7654321", was=str(read(city.submission).facts.value("联系电话")))
    save = lambda: save_cells(submission_id=city.submission.pk, user=city.colleague, changes=[change])  # noqa: E731
    saved, submitted = together([save, act(city, city.preparer, "submit")])
    snapshot_is_current = (
        read(Submission.objects.get(pk=city.submission.pk)).facts.value("联系电话") == "0730-7654321"
    )
    assert isinstance(saved, Refused) or isinstance(submitted, Refused) or snapshot_is_current
    assert not (isinstance(saved, Refused) and isinstance(submitted, Refused))


def test_the_same_submit_sent_ten_times_at_once_happens_once(city: City) -> None:
    city.import_into("2024-correct-package")
    results = together([act(city, city.preparer, "submit", key="one-click")] * 10)
    assert len({event.pk for event in results}) == 1, results
    assert city.submission.events.filter(action="submit").count() == 1
