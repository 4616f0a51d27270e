"""同时做两件事：恰好一件成，或者结果等于先后做的；没成的说出原因。去掉锁和事务的孪生必须坏。"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from evaluations.core.workflow import Role, State
from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services import workflow
from evaluations.services.drafting import Draft, lock_submission
from evaluations.services.entry import Change, Saved, save_cells
from evaluations.services.problems import Refused
from evaluations.services.rows import add_row, remove_row
from evaluations.services.versions import undo
from evaluations.services.workflow import perform
from tests.conftest import City
from tests.services.staff import REASON, Office, recorded
from tests.together import Meeting, together, without_lock, without_transaction

pytestmark = pytest.mark.django_db(transaction=True)
CELL, PHONE, OLD_PHONE = "资金.全年执行数", "联系电话", "0000-8888888"
ROWS = "其他业务项目"
EDITORS, ROUNDS = 4, 12


# ---- 反复加一 -------------------------------------------------------------------------------


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


@pytest.mark.case("C1", "C2")
def test_no_acknowledged_save_is_lost(city: City) -> None:
    acknowledged, final = run_counters(city)
    assert acknowledged == final == EDITORS * ROUNDS
    assert city.submission.edits.filter(address=CELL).count() == final


def test_without_the_lock_postgresql_breaks(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """孪生：去掉行锁。SQLite 的 IMMEDIATE 事务自己排队，所以只有 PostgreSQL 会坏。"""
    without_lock(monkeypatch)
    acknowledged, final = run_counters(city)
    if connection.vendor == "postgresql":
        assert acknowledged < EDITORS * ROUNDS or final < acknowledged
    else:
        assert acknowledged == final == EDITORS * ROUNDS


# ---- 一对一对地比 ----------------------------------------------------------------------------

Service = Callable[..., Any]
Doing = Callable[[Office, Callable[[Service], Service]], Callable[[], Any]]
"""准备好一次请求：给它材料和服务的取法（原样，或去掉事务），返回要同时做的那一下。"""


def performs(who: str, action: str, text: str = "") -> Doing:
    def ready(office: Office, take: Callable[[Service], Service]) -> Callable[[], Any]:
        user = person(office, who)
        revision = Submission.objects.get(pk=office.submission.pk).revision
        given = {"submission_id": office.submission.pk, "user": user, "action": action, "text": text}
        return lambda: take(perform)(**given, revision=revision, key=f"{action}-{who}")

    return ready


def drafts(service: Service, who: str, **given: Any) -> Doing:
    def ready(office: Office, take: Callable[[Service], Service]) -> Callable[[], Any]:
        fixed = {"submission_id": office.submission.pk, "user": person(office, who)}
        return lambda: take(service)(**fixed, **given)

    return ready


def phones(who: str, value: str, was: str = OLD_PHONE) -> Doing:
    return drafts(save_cells, who, changes=[Change(PHONE, value, was=was)])


def person(office: Office, who: str) -> Any:
    others = {
        "branch": office.by_role[Role.DEPARTMENT_REVIEWER],
        "reviewer2": office.second[Role.BUREAU_REVIEWER],
    }
    return others.get(who) or getattr(office.city, who)


def won(result: Any) -> bool:
    """做成了；没做成的必须说出原因，别的错都不算。"""
    if isinstance(result, Saved):
        assert result.written or result.conflicts, result
        return bool(result.written)
    if isinstance(result, Refused):
        assert str(result).endswith(("。", "改过")), str(result)
        return False
    assert not isinstance(result, Exception), repr(result)
    return True


def phone_in(office: Office) -> str:
    return str(read(Submission.objects.get(pk=office.submission.pk)).facts.value(PHONE))


def rows_in(office: Office) -> list[str]:
    facts = read(Submission.objects.get(pk=office.submission.pk)).facts
    return [row.id for row in facts.root.lists[ROWS]]


def exactly_one(office: Office, first: Any, second: Any) -> None:
    assert [won(first), won(second)].count(True) == 1, (first, second)


def both_won(office: Office, first: Any, second: Any) -> None:
    """坏处：两个都得到“做成了”的答复。"""
    assert won(first) and won(second), (first, second)


def submit_holds_what_was_seen(office: Office, submitted: Any, saved: Any) -> None:
    """送审在先，保存被告知；保存在先，送审的人被告知看到的不是最新。定格里只有看过的内容。"""
    exactly_one(office, submitted, saved)
    snapshots = [one.inputs["root"]["values"][PHONE] for one in office.submission.snapshots.all()]
    assert snapshots == ([OLD_PHONE] if won(submitted) else [])


def snapshot_misses_what_was_saved(office: Office, submitted: Any, saved: Any) -> None:
    both_won(office, submitted, saved)
    assert office.submission.snapshots.get().inputs["root"]["values"][PHONE] == OLD_PHONE


def both_rows(office: Office, added: Any, removed: Any) -> None:
    assert won(added) and won(removed) and rows_in(office) == ["rnew"], rows_in(office)


def one_row_act_is_lost(office: Office, added: Any, removed: Any) -> None:
    both_won(office, added, removed)
    assert rows_in(office) != ["rnew"]


def undo_or_save(office: Office, undone: Any, saved: Any) -> None:
    exactly_one(office, undone, saved)
    assert phone_in(office) == (OLD_PHONE if won(undone) else "0730-2222222")


@dataclass(frozen=True)
class Pair:
    """两件同时做的事；有锁时该怎样，没有锁时坏成怎样。"""

    at: tuple[str, ...]
    first: Doing
    second: Doing
    right: Callable[[Office, Any, Any], None]
    damage: Callable[[Office, Any, Any], None]
    prepare: Doing | None = None


IN_BUREAU, IN_BRANCH = ("submit", "sign", "pass"), ("submit", "sign")
PAIRS = {
    "approve and return": Pair(IN_BUREAU, performs("reviewer", "approve"), performs("reviewer", "return", REASON), exactly_one, both_won),
    "two approvers": Pair(IN_BUREAU, performs("reviewer", "approve"), performs("reviewer2", "approve"), exactly_one, both_won),
    "two returns": Pair(IN_BUREAU, performs("reviewer", "return", REASON), performs("reviewer2", "return", REASON), exactly_one, both_won),
    "two claims": Pair(IN_BUREAU, performs("reviewer", "claim"), performs("reviewer2", "claim"), exactly_one, both_won),
    "two submits": Pair((), performs("preparer", "submit"), performs("colleague", "submit"), exactly_one, both_won),
    "withdraw and sign": Pair(("submit",), performs("preparer", "withdraw"), performs("head", "sign"), exactly_one, both_won),
    "recall and claim": Pair(IN_BRANCH, performs("head", "recall"), performs("branch", "claim"), exactly_one, both_won),
    "cancel and submit": Pair((), performs("reviewer", "cancel", REASON), performs("preparer", "submit"), exactly_one, both_won),
    "save and submit": Pair((), performs("preparer", "submit"), phones("colleague", "0730-1111111"), submit_holds_what_was_seen, snapshot_misses_what_was_saved),
    "two saves": Pair((), phones("preparer", "0730-1111111"), phones("colleague", "0730-2222222"), exactly_one, both_won),
    "add and remove": Pair(
        (), drafts(add_row, "preparer", prefix="", key=ROWS, group={}, row_id="rnew"),
        lambda office, take: drafts(remove_row, "colleague", row=f"{ROWS}[{rows_in(office)[0]}]")(office, take),
        both_rows, one_row_act_is_lost,
    ),
    "undo and save": Pair(
        (), drafts(undo, "preparer"), phones("colleague", "0730-2222222", was="0730-1111111"), undo_or_save, both_won,
        prepare=phones("preparer", "0730-1111111"),
    ),
}  # fmt: skip


def as_it_is(service: Service) -> Service:
    return service


def race(
    office: Office, monkeypatch: pytest.MonkeyPatch, pair: Pair, take: Callable[[Service], Service]
) -> tuple[Meeting, list[Any]]:
    """两件事都查过守卫才碰头；返回碰头的情况和两个结果。"""
    office.go(*pair.at)
    if pair.prepare is not None:
        assert won(pair.prepare(office, as_it_is)())
    ready = [doing(office, take) for doing in (pair.first, pair.second)]
    meeting = Meeting(locked=take is not without_transaction)
    monkeypatch.setattr(workflow, "refresh_prints", meeting.in_turn(workflow.refresh_prints))
    monkeypatch.setattr(workflow, "_do", meeting.before(workflow._do))
    monkeypatch.setattr(Draft, "finish", meeting.before(Draft.finish))
    return meeting, together(ready)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.case("C3", "C4", "W12")
def test_of_two_at_once_one_waits_for_the_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    meeting, results = race(office, monkeypatch, PAIRS[name], as_it_is)
    assert not meeting.met, "有锁，后来的应当在锁上等"
    PAIRS[name].right(office, *results)
    chained(office)


@pytest.mark.parametrize("name", PAIRS)
def test_without_lock_and_transaction_the_same_two_do_damage(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """孪生：说明上面的测试不是白测，两种数据库上都要坏。"""
    without_lock(monkeypatch)
    meeting, results = race(office, monkeypatch, PAIRS[name], without_transaction)
    assert meeting.met, f"没有锁，两个人应当碰头：{results}"
    PAIRS[name].damage(office, *results)


def chained(office: Office) -> None:
    """修订号没有重用：每次保存、每次流转各占一个。"""
    found = recorded(office.submission)
    moves = [event["revision"] for event in found["Event"] if event["source"] != event["target"]]
    saves = {edit["revision"] for edit in found["Edit"]}
    assert len({*moves, *saves}) == len(moves) + len(saves) <= found["row"]["revision"] + 1


@pytest.mark.case("W6")
def test_the_same_submit_sent_ten_times_at_once_happens_once(city: City) -> None:
    city.import_into("2024-correct-package")
    given = {"submission_id": city.submission.pk, "user": city.preparer, "action": "submit"}
    revision = city.submission.revision
    results = together([lambda: perform(**given, revision=revision, key="one-click")] * 10)
    assert len({event.pk for event in results}) == 1, results
    assert city.submission.events.filter(action="submit").count() == 1


def test_two_clerks_on_one_cell_both_learn_both_values(city: City) -> None:
    def writer(user: Any, value: str) -> Callable[[], Any]:
        change = Change(CELL, value, was="")
        return lambda: save_cells(submission_id=city.submission.pk, user=user, changes=[change])

    first, second = together([writer(city.preparer, "90"), writer(city.colleague, "95")])
    victor, loser = (first, second) if first.written else (second, first)
    assert victor.written == [CELL] and not loser.written
    (conflict,) = loser.conflicts
    assert {conflict.mine, conflict.theirs} == {"90", "95"}
    assert str(value_of(city.submission)) == conflict.theirs


# ---- 排队排过了截止时间 ------------------------------------------------------------------------


def wait_past_the_deadline(city: City, work: Callable[[], Any]) -> Any:
    """截止前到的，排在锁后面，等到截止以后才轮到。"""
    city.task.deadline = timezone.now() + timedelta(seconds=1)
    city.task.save()
    pause = threading.Event()

    def holds() -> None:
        with transaction.atomic():
            lock_submission(city.submission.pk)
            pause.wait(1.6)

    def comes() -> Any:
        pause.wait(0.3)
        return work()

    _, result = together([holds, comes])
    assert timezone.now() > city.task.deadline
    return result


@pytest.mark.parametrize("action", ["save", "submit"])
@pytest.mark.case("W8")
def test_what_was_received_before_the_deadline_counts_though_its_turn_comes_later(
    city: City, action: str
) -> None:
    city.import_into("2024-correct-package")
    result = wait_past_the_deadline(city, lambda: doing(city, action, timezone.now()))
    assert won(result) and city.submission.state == State.DRAFT


def test_without_the_time_of_receipt_the_one_who_waited_is_refused(city: City) -> None:
    """孪生：不带收到的时刻，轮到时已经过了。"""
    city.import_into("2024-correct-package")
    assert not won(wait_past_the_deadline(city, lambda: doing(city, "save", None)))


@pytest.mark.parametrize("action", ["save", "submit"])
@pytest.mark.case("W8")
def test_the_deadline_is_exact_to_the_microsecond(city: City, action: str) -> None:
    city.import_into("2024-correct-package")
    tick = timedelta(microseconds=1)
    with pytest.raises(Refused, match="已过截止时间"):
        doing(city, action, city.task.deadline + tick)
    assert won(doing(city, action, city.task.deadline))


def doing(city: City, action: str, received: Any) -> Any:
    given = {"submission_id": city.submission.pk, "user": city.preparer, "received": received}
    if action == "submit":
        return perform(**given, action="submit", revision=city.submission.revision, key="k")
    return save_cells(**given, changes=[Change(PHONE, "0730-1111111", was=OLD_PHONE)])
