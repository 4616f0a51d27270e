"""五十个人同时填一份材料：每个被确认的保存都在修改链上，每次冲突都给输的人看了两个值。

存多少次由 tests/size.py 定。
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, close_old_connections, connection

from evaluations.core.facts import Facts, RowFacts, ScopeFacts
from evaluations.core.workflow import Role
from evaluations.models import Edit, Submission
from evaluations.selectors import PROJECT_SCOPE, read
from evaluations.services.entry import Change, save_cells
from tests.conftest import City
from tests.size import SEED, times
from tests.together import together, without_lock, without_transaction
from units.models import User
from units.services import appoint, create_user

pytestmark = pytest.mark.django_db(transaction=True)
SAVES = times(50)
EDITORS, CELLS = 50, 40
AT_ONCE = {"postgresql": 8, "sqlite": 2}
"""同时在办的请求：PostgreSQL 上与随产品的网站服务器一样多（两个进程，各四个线程）。SQLite 不排队，等的人隔一会儿
来看一次，人多了大半时间在等，还有人等满 20 秒得到“database is locked”，所以只放两个。"""
STALE = 0.3
"""这么多的人不看别人的新值就写：冲突由此而来。"""


@dataclass(frozen=True)
class Acknowledged:
    """一格被确认写下：谁、写了什么、哪个修订号。"""

    user: Any
    address: str
    value: str
    revision: int


@dataclass
class Log:
    """全体编辑的见闻。"""

    wanted: int
    saves: int = 0
    broken: list[str] = field(default_factory=list)
    done: list[Acknowledged] = field(default_factory=list)
    clashes: list[tuple[Any, Any]] = field(default_factory=list)
    problems: list[Any] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0

    def fresh(self) -> int:
        """没有人写过的数：每个写下的值都认得出是谁的。"""
        with self.lock:
            self.number += 1
            return self.number

    def note(self, user: User, wrote: dict[str, str], saved: Any) -> None:
        with self.lock:
            self.saves += bool(saved.written)
            self.done += [Acknowledged(user, one, wrote[one], saved.revision) for one in saved.written]
            self.clashes += [(user, conflict) for conflict in saved.conflicts]
            self.problems += saved.problems


def chosen_cells(facts: Facts) -> list[str]:
    """部门的、项目的、指标行的，金额和文字各一些。"""
    project = facts.children[PROJECT_SCOPE][0]
    rows = [*facts.root.lists["指标"], *project.lists["指标"]]
    found = [*_of(facts.root, 16), *_of(project, 10)]
    return [*found, *(row.address("实际完成值") for row in rows)][:CELLS]


def _of(scope: ScopeFacts, count: int) -> Iterator[str]:
    """一半金额，一半文字。"""
    mine = {key: item.kind for key, item in scope.fields.items() if item.asked and item.by == "unit"}
    for kind in ("money", "text"):
        yield from [scope.address(key) for key in mine if mine[key] == kind][: count // 2]


def text_in(facts: Facts, address: str) -> str:
    node, key = facts.locate(address)
    assert isinstance(node, ScopeFacts | RowFacts)
    return node.fields[key].to_text(node.inputs.get(key))


def is_money(facts: Facts, address: str) -> bool:
    node, key = facts.locate(address)
    return node.fields[key].kind == "money"


def value_for(money: bool, number: int) -> str:
    return f"{number / 100:.2f}".rstrip("0").rstrip(".") if money else f"第{number}次写的字"


@dataclass
class Desk:
    """一份材料，五十个填报人，四十个格子。"""

    submission: Submission
    users: list[User]
    money: dict[str, bool]
    before: dict[str, str]

    def editor(
        self, user: User, seed: int, log: Log, save: Callable[..., Any], room: Any
    ) -> Callable[[], None]:
        """一个人：挑一两格，照自己看到的旧值写新值；输了就看对方的值，再写别的。"""

        def work() -> None:
            chance, seen = random.Random(seed), dict(self.before)
            while log.saves < log.wanted and len(log.broken) < log.wanted:
                cells = chance.sample(list(self.money), chance.choice((1, 1, 2)))
                wrote = {cell: value_for(self.money[cell], log.fresh()) for cell in cells}
                changes = [Change(cell, wrote[cell], was=seen[cell]) for cell in cells]
                with room:
                    try:
                        saved = save(submission_id=self.submission.pk, user=user, changes=changes)
                    except DatabaseError as problem:
                        log.broken.append(str(problem).partition("\n")[0])
                        close_old_connections()
                        continue
                log.note(user, wrote, saved)
                seen |= {one: wrote[one] for one in saved.written}
                seen |= {conflict.address: conflict.theirs for conflict in saved.conflicts}
                if chance.random() > STALE:
                    seen = {cell: text_in(saved.reading.facts, cell) for cell in self.money}

        return work

    def run(self, wanted: int, save: Callable[..., Any]) -> Log:
        log, room = Log(wanted), threading.Semaphore(AT_ONCE[connection.vendor])
        workers = [
            self.editor(user, seed, log, save, room) for seed, user in enumerate(self.users, 1000 * SEED)
        ]
        assert together(workers, seconds=3_600) == [None] * len(workers)
        return log

    def edits(self) -> list[Edit]:
        return list(self.submission.edits.filter(address__in=self.money, user__isnull=False).order_by("seq"))

    def lost(self, log: Log) -> int:
        """被确认、却不在链上，或没有人看过就被盖掉的有几次。"""
        chain = {(edit.user_id, edit.address, edit.new, edit.revision) for edit in self.edits()}
        missing = [
            one for one in log.done if (one.user.pk, one.address, one.value, one.revision) not in chain
        ]
        return len(missing) + len(list(self.overwritten()))

    def overwritten(self) -> Iterator[str]:
        """下一次的原值不是上一次的新值，或最后存着的不是最后写的。"""
        now, facts = dict(self.before), read(Submission.objects.get(pk=self.submission.pk)).facts
        for edit in self.edits():
            if edit.old != now[edit.address]:
                yield edit.address
            now[edit.address] = edit.new
        yield from (cell for cell in self.money if text_in(facts, cell) != now[cell])


@pytest.fixture
def desk(city: City) -> Desk:
    city.import_into("2024-correct-package")
    facts = read(city.submission).facts
    cells = chosen_cells(facts)
    users = [_clerk(city, number) for number in range(EDITORS)]
    money = {cell: is_money(facts, cell) for cell in cells}
    return Desk(city.submission, users, money, {cell: text_in(facts, cell) for cell in cells})


def _clerk(city: City, number: int) -> User:
    user = create_user(username=f"clerk{number}", display_name=f"填报人{number}")
    appoint(user=user, department=city.unit, role=Role.PREPARER, since=date(2024, 1, 1))
    return user


@pytest.mark.case("C1", "C2")
def test_fifty_editors_lose_nothing_and_every_clash_is_shown(desk: Desk) -> None:
    assert len(desk.money) == CELLS and 10 < sum(desk.money.values()) < 30
    log = desk.run(SAVES, save_cells)
    assert log.saves >= SAVES and not log.problems
    assert not log.broken, Counter(log.broken)
    edits = desk.edits()
    told = Counter((one.user.pk, one.address, one.value, one.revision) for one in log.done)
    assert Counter((e.user_id, e.address, e.new, e.revision) for e in edits) == told
    assert list(desk.overwritten()) == []
    everything = list(desk.submission.edits.order_by("seq"))
    assert [edit.seq for edit in everything] == list(range(1, len(everything) + 1))
    assert all(edit.digest() == edit.hash for edit in everything)
    desk.submission.refresh_from_db()
    assert len({edit.revision for edit in edits}) == log.saves == desk.submission.revision - 1
    clashes_were_shown(desk, log)


def clashes_were_shown(desk: Desk, log: Log) -> None:
    """输的人看到自己的值和对方的值；自己的没有写下，对方的确实是存过的。"""
    ever = {(edit.address, edit.new) for edit in desk.edits()} | set(desk.before.items())
    assert len(log.clashes) >= log.saves // 50, f"只有 {len(log.clashes)} 次冲突，试不出什么"
    for _, conflict in log.clashes:
        assert conflict.mine != conflict.theirs and conflict.who
        assert (conflict.address, conflict.theirs) in ever
        assert (conflict.address, conflict.mine) not in ever


def test_without_lock_and_transaction_acknowledged_saves_are_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """孪生。SQLite 的 IMMEDIATE 事务自己会排队，所以两种数据库上都连事务一起去掉。"""
    without_lock(monkeypatch)
    log = desk.run(min(SAVES, 60), without_transaction(save_cells))
    lost = desk.lost(log)
    words = f"确认了 {len(log.done)} 格，丢了 {lost} 格，另有 {len(log.broken)} 次报错"
    print(words)
    assert lost > 0, f"没有锁也没有丢：{words}。这个测试看不出锁的用处。"
