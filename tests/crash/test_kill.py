"""随时可能断电：kill -9 网站进程，确认过的一格不丢，没有写到一半的事，文件要么完整要么没有。"""

from __future__ import annotations

import random
import time
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from django.urls import reverse

from evaluations.core.pack import load_folder
from evaluations.core.workflow import Role, State
from evaluations.models import Submission
from tests.conftest import PACK_FOLDER, City, fixture_json
from tests.crash.clerks import Clerk, at_work, clerk, decide, killed_during
from tests.crash.records import flow_broken, half_written, lost
from tests.server import Caller, Server, signed_in
from tests.size import times

pytestmark = pytest.mark.django_db(transaction=True)
KILLS_OF_ALL = 3
KILLS_WHILE_SAVING = times(4 * KILLS_OF_ALL)
UNITS = times(2)
"""平常的一次杀这么多，两种数据库都杀；make stress 杀得更多。"""
EXPORTS = times(2)
KILLS_TO_CATCH_A_LIE = 25
FORM = "department"
CELLS = [
    ("资金.全年执行数", "89.8"),
    ("资金.年初预算数", "94.8"),
    ("资金.全年预算数", "94.8"),
    ("性质.基本支出", ""),
]
Record = Callable[[str, object], None]


@pytest.fixture
def chance(record_property: Record) -> random.Random:
    seed = random.randrange(1_000_000)
    record_property("seed", seed)
    return random.Random(seed)


def people_saving(server: Server, city: City) -> list[Clerk]:
    """四个人：两个人在一份材料的三格，一个人在另一份材料的一格。"""
    facts = stored_texts(city.submission)
    users = [city.preparer, city.colleague, city.preparer, city.other_preparer]
    made = []
    for number, ((address, _), user) in enumerate(zip(CELLS, users, strict=True)):
        submission = city.other_submission if user is city.other_preparer else city.submission
        was = "" if submission is city.other_submission else facts(address)
        made.append(clerk(server, user, submission, FORM, address, was, 100_000 * (number + 1)))
    return made


def wait_for_one_more(clerks: list[Clerk]) -> None:
    """等到又有一次保存得到确认：杀得太密，就只剩启动，没有事可丢。"""
    seen, deadline = acknowledged_by(clerks), time.monotonic() + 20
    while acknowledged_by(clerks) == seen:
        assert time.monotonic() < deadline, [one.refused for one in clerks]
        time.sleep(0.002)


def acknowledged_by(clerks: list[Clerk]) -> int:
    return sum(len(one.acknowledged) for one in clerks)


def stored_texts(submission: Submission) -> Callable[[str], str]:
    from evaluations.selectors import read

    facts = read(Submission.objects.get(pk=submission.pk)).facts

    def text(address: str) -> str:
        node, key = facts.locate(address)
        return node.fields[key].to_text(node.value(key))

    return text


def losses(city: City, clerks: list[Clerk]) -> list[str]:
    """确认过而没有存下的值。"""
    found = []
    for submission in (city.submission, city.other_submission):
        path = reverse("evaluations:save", args=[submission.pk, FORM])
        found += lost(submission, {one.address: one.acknowledged for one in clerks if one.path == path})
    return found


@pytest.mark.case("C5")
def test_no_acknowledged_save_is_lost_when_the_server_is_killed(
    city: City, chance: random.Random, record_property: Record
) -> None:
    city.import_into("2024-yueyang-package")
    with Server(workers=2) as server:
        clerks = people_saving(server, city)

        def kill() -> None:
            for _ in range(KILLS_OF_ALL):
                for _ in range(KILLS_WHILE_SAVING // KILLS_OF_ALL):
                    wait_for_one_more(clerks)
                    time.sleep(chance.uniform(0, 0.25))
                    server.kill_worker(chance)
                server.kill_all()
                server.start()
            wait_for_one_more(clerks)

        at_work(clerks, kill)
    acknowledged = acknowledged_by(clerks)
    broken = sum(one.caller.broken for one in clerks)
    told = f"{KILLS_WHILE_SAVING + KILLS_OF_ALL} 次 kill -9，确认 {acknowledged} 次保存，断开 {broken} 次"
    record_property("kills", told)
    assert losses(city, clerks) == [], told
    assert half_written(city.submission) + half_written(city.other_submission) == [], told
    assert [problem for one in clerks for problem in one.refused] == [], told
    assert acknowledged >= KILLS_WHILE_SAVING and broken >= 10, told


def test_an_answer_sent_before_the_commit_is_caught(
    city: City, chance: random.Random, record_property: Record
) -> None:
    """孪生：先回答后提交的服务器（tests.early）。同一个检查要看得出有丢失。"""
    with Server(application="tests.early", workers=1) as server:
        one = clerk(server, city.preparer, city.submission, FORM, CELLS[0][0], "", 0)
        kills = 0

        def kill() -> None:
            nonlocal kills
            while kills < KILLS_TO_CATCH_A_LIE and not lost(
                city.submission, {one.address: [*one.acknowledged]}
            ):
                wait_for_one_more([one])
                time.sleep(chance.uniform(0, 0.02))
                server.kill_worker(chance)
                kills += 1

        at_work([one], kill)
    told = f"{kills} 次 kill -9，确认 {len(one.acknowledged)} 次保存"
    record_property("kills", told)
    assert lost(city.submission, {one.address: one.acknowledged}) != [], told
    assert half_written(city.submission) == [], "丢的是整次保存，不是半次"


def units_ready_to_submit(city: City, count: int) -> list[Any]:
    """若干单位，各有一份没有错的材料；同几个人任职。"""
    from units.models import Department
    from units.services import appoint

    made = []
    for number in range(count):
        unit = Department.objects.create(code=f"2{number:02}", name=f"云湖市第{number}局", parent=city.bureau)
        for user, role in ((city.preparer, Role.PREPARER), (city.head, Role.UNIT_HEAD)):
            appoint(user=user, department=unit, role=role, since=date(2024, 1, 1))
        made.append(city.import_into("2024-correct-package", unit=unit, notes=notes_on_copies()))
    return made


def notes_on_copies() -> list[dict[str, str]]:
    """这些单位的材料是同一套：文字相同的提醒先写好说明。"""
    data, checks = fixture_json("2024-correct-package"), load_folder(PACK_FOLDER).checks
    given = next(check.parameters for check in checks if check.code == "N07")
    cells = [*given["copied_texts"]]
    for number in range(len(data["projects"])):
        cells += [f"项目[{number}]/{key}" for key in given["child_texts"]]
    return [
        *data["notes"],
        *({"code": "N07", "cell": cell, "text": "几个单位由同一个中心代写。"} for cell in cells),
    ]


@pytest.mark.case("C5")
def test_a_killed_submit_or_approval_happens_once_and_whole(
    city: City, chance: random.Random, record_property: Record
) -> None:
    first, *submissions = units_ready_to_submit(city, UNITS + 1)
    with Server(workers=1) as server:
        clerk_, reviewer = (Caller(server, signed_in(user)) for user in (city.preparer, city.reviewer))

        def pass_through(submission: Any, do: Callable[[Callable[[], object]], None]) -> None:
            """送审、签批、通过；送审和通过时由 ``do`` 去杀。"""
            city.submission = submission
            do(lambda: decide(clerk_, submission, "submit", revision()))
            city.act("sign", city.head)
            do(lambda: decide(reviewer, submission, "approve", revision()))

        def revision() -> int:
            return Submission.objects.values_list("revision", flat=True).get(pk=city.submission.pk)

        began = time.monotonic()
        pass_through(first, lambda work: work())
        usual = (time.monotonic() - began) / 2
        for submission in submissions:
            pass_through(submission, lambda work: killed_during(server, work, usual, chance))
    told = f"{2 * UNITS} 次 kill -9，断开 {clerk_.broken + reviewer.broken} 次"
    record_property("kills", told)
    assert flow_broken([first, *submissions]) == [], told
    states = set(
        Submission.objects.filter(pk__in=[s.pk for s in submissions]).values_list("state", flat=True)
    )
    assert states == {State.APPROVED}, told
    assert clerk_.broken + reviewer.broken >= UNITS // 2, told


def assert_whole(to: str, content: bytes) -> None:
    if to == "xlsx":
        assert zipfile.ZipFile(BytesIO(content)).testzip() is None
    else:
        assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
        with pikepdf.open(BytesIO(content)) as document:
            assert len(document.pages) > 5


def seconds_for_whole(caller: Caller, to: str, path: str) -> float:
    began = time.monotonic()
    status, content = caller.until_answered("GET", path)
    assert status == 200
    assert_whole(to, content)
    return time.monotonic() - began


@pytest.mark.case("C5")
def test_a_killed_export_comes_whole_or_not_at_all(
    city: City, chance: random.Random, record_property: Record
) -> None:
    submission = city.import_into("2024-yueyang-package")
    paths = {to: reverse("evaluations:package", args=[submission.pk, to]) for to in ("pdf", "xlsx")}
    before = Submission.objects.values().get(pk=submission.pk)
    whole = 0
    with Server(workers=1) as server:
        caller = Caller(server, signed_in(city.preparer))
        usual = {to: 1.2 * seconds_for_whole(caller, to, path) for to, path in paths.items()}
        for number in range(EXPORTS):
            to = ("pdf", "xlsx")[number % 2]
            answers: list[Any] = []
            killed_during(server, lambda: answers.append(caller.once("GET", paths[to])), usual[to], chance)  # noqa: B023
            for status, content in filter(None, answers):
                assert status == 200
                assert_whole(to, content)
                whole += 1
        for to, path in paths.items():
            assert seconds_for_whole(caller, to, path) < 60, "杀过之后还能出件"
    told = f"{EXPORTS} 次 kill -9，{whole} 份已完整送出，断开 {caller.broken} 次"
    record_property("kills", told)
    assert whole + caller.broken >= EXPORTS, told
    assert Submission.objects.values().get(pk=submission.pk) == before
