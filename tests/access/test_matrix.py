"""每个网址 × 每种人 × 每种方法：答案都写在表里；新网址没有行就不通过。别人的字不出现在任何答复里。"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from evaluations import access
from evaluations.core.workflow import OVERSIGHT, TRANSITIONS
from evaluations.exports import documents
from evaluations.models import Edit, Event, Presence, Submission
from tests.access.rows import MANAGED
from tests.access.world import (
    ANONYMOUS,
    DRAFT,
    HEAD,
    MINE,
    OVERSEER,
    PEOPLE,
    PREPARER,
    REVIEWED,
    REVIEWER,
    STRANGER,
    THEIRS,
    Unit,
    World,
    build,
    header_faults,
    relation,
    texts_of,
)
from tests.conftest import City
from tests.exports.reading import page_texts
from tests.size import STRESS
from tests.writes import writes
from units.models import Appointment, User

pytestmark = pytest.mark.django_db
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE = ("GET", "HEAD")
ASK_EVERYTHING = {ANONYMOUS, "preparer", "head", "other_preparer", "bureau_reviewer", "system_admin"}
"""用全部方法问的人；别的人各网址只用对的方法问。"""
SQLITE = connection.vendor == "sqlite"
STATES = (DRAFT, REVIEWED) if SQLITE else (DRAFT,)
"""本单位的材料在哪个状态；别的单位的在另一个。一个世界里两种都有，所以矩阵只问一个世界，PostgreSQL 上也只造一个。"""
EVERY_METHOD = SQLITE or STRESS > 1
"""错的方法由 Django 一律回答 405，与数据库无关：平常在一种数据库上问就够了。"""
SHARE = 1 if STRESS > 1 else 3
"""平常只问三分之一的：错的方法，PostgreSQL 上的全部；各人错开，每个网址都有人问，只是不是每种人都问。make stress 时全问。"""

# 名称 → 方法，草稿时（填报人、负责人、审核人），财政审核时（同前）。别的人一律 404，别的方法一律 405。
OF_SUBMISSION = {
    "workbench": "GET 200 200 404 200 200 200",
    "submit": "GET 200 302 404 302 302 302",
    "act": "POST 409 409 404 409 409 409",
    "history": "GET 200 200 404 200 200 200",
    "versions": "GET 200 200 404 200 200 200",
    "compare": "GET 200 200 404 200 200 200",
    "restore": "POST 409 409 404 409 409 409",
    "projects": "POST 302 302 404 302 302 302",
    "parts": "POST 302 302 404 302 302 302",
    "package": "GET 200 200 404 200 200 200",
    "numbers": "GET 200 200 404 200 200 200",
    "receipt": "GET 404 404 404 200 200 200",
    "review": "GET 200 200 404 200 200 200",
    "task": "GET 404 404 200 404 404 200",
    "waive": "POST 404 404 409 404 404 409",
    "unwaive": "POST 404 404 409 404 404 409",
    "score": "POST 409 409 404 409 409 409",
    "scores": "GET 404 404 404 404 404 200",
    "scores_file": "GET 404 404 404 404 404 200",
    "checklist": "GET 200 200 404 200 200 200",
    "checklist_file": "GET 200 200 404 200 200 200",
}
OF_FORM = {
    "form": "GET 200 302 404 302 302 302",
    "save": "POST 200 409 404 409 409 409",
    "undo": "POST 200 409 404 409 409 409",
    "live": "POST 200 409 404 409 409 409",
    "rows": "POST 409 409 404 409 409 409",
    "row": "GET 200 200 404 200 200 200",
    "why": "GET 200 200 404 200 200 200",
    "note": "POST 200 409 404 409 409 409",
    "preview": "GET 200 200 404 200 200 200",
    "pdf": "GET 200 200 404 200 200 200",
    "xlsx": "GET 200 200 404 200 200 200",
}
OVERSEEN = {"task": 200, "waive": 409, "unwaive": 409}
"""只管任务的人（看不到内容）也能用的。"""
JSON_API = {"score", "save", "undo", "live", "rows", "row", "why", "note"}
"""没有登录时不转到登录页，而是 403 和一句话。"""
LIBRARY_USERS = ("preparer", "colleague", "other_preparer", "pack_admin")
BUREAU = ("bureau_reviewer", "pack_admin", "system_admin", "security_admin", "audit_admin")
WITHOUT_ID = {
    "units:healthz": {"anyone": "200 200 405 405 405 405 405"},
    "units:second_step": {"anyone": "302 302 302 405 405 405 405"},
    "units:sso": {"anyone": "404 405 405 405 405 405 405"},
    "units:account": {"anonymous": "302 302 302 302 302 302 302", "anyone": "200 200 302 405 405 405 405"},
    "units:totp": {"anonymous": "302 302 302 302 302 302 302", "anyone": "302 302 302 405 405 405 405"},
    "units:readyz": {"anyone": "200 200 405 405 405 405 405"},
    "units:login": {"anonymous": "200 200 200 200 405 405 200", "anyone": "302 302 302 302 302 302 302"},
    "units:logout": {"anonymous": "302 302 302 302 302 302 302", "anyone": "405 405 302 405 405 405 200"},
    "units:password": {"anonymous": "302 302 302 302 302 302 302", "anyone": "200 200 200 200 405 405 200"},
    "units:password_done": {
        "anonymous": "302 302 302 302 302 302 302",
        "anyone": "200 200 405 405 405 405 405",
    },
    "evaluations:home": {
        "anonymous": "302 302 302 302 302 302 302",
        "manager": "302 302 405 405 405 405 405",
        "reviewer": "302 302 405 405 405 405 405",
        "anyone": "200 200 405 405 405 405 405",
    },
    "evaluations:setup": {
        "anonymous": "404 404 404 405 405 405 405",
        "anyone": "404 404 404 405 405 405 405",
    },
    "evaluations:queue": {
        "anonymous": "302 302 302 302 302 302 302",
        "anyone": "200 200 405 405 405 405 405",
    },
    "evaluations:receipt_check": {
        "anonymous": "302 302 302 302 302 302 302",
        **dict.fromkeys(BUREAU, "200 200 405 405 405 405 405"),
        "anyone": "404 404 405 405 405 405 405",
    },
    "evaluations:library_search": {
        "anonymous": "403 403 403 403 403 403 403",
        **dict.fromkeys(LIBRARY_USERS, "200 200 405 405 405 405 405"),
        "anyone": "404 404 405 405 405 405 405",
    },
    "evaluations:people": {
        "anonymous": "302 302 302 302 302 302 302",
        "anyone": "200 200 405 405 405 405 405",
    },
}
"""不带编号的网址，各方法按 METHODS 的次序。"""

WITH_ID = {f"evaluations:{name}": row for name, row in OF_SUBMISSION.items()} | {
    f"evaluations:{prefix}{name}": row for prefix in ("", "project_") for name, row in OF_FORM.items()
}
APPOINTMENT = "evaluations:appointment"
"""带的是岗位的编号，另有一个测试。"""
POSTS = sorted(name for name, row in WITH_ID.items() if row.startswith("POST"))
NOWHERE, NESTED, NO_FORM = "nowhere", "nested", "no form"
"""没有的编号；自己的材料里套别的单位的项目；方案没有的表。"""


def names(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"


def short_of(name: str) -> str:
    return name.partition(":")[2].removeprefix("project_")


# ---- 问什么，该答什么 -------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """一次请求和它该有的答案。"""

    who: str
    name: str
    target: str
    method: str
    right: int


def cases(who: str, state_of_mine: str) -> Iterator[Case]:
    """这种人的全部请求；``state_of_mine`` 是本单位材料的状态。"""
    for name, rows in WITHOUT_ID.items():
        kinds = {ANONYMOUS: "anonymous"} if who == ANONYMOUS else {who: _kind(who)}
        answers = rows.get(who, rows.get(kinds[who], rows["anyone"])).split()
        for method, right in zip(METHODS, answers, strict=True):
            yield Case(who, name, "", method, int(right))
    for name, row in WITH_ID.items():
        method, *answers = row.split()
        for side, sent in _sides(who, method):
            right = _right(who, name, sent, method, answers, side, state_of_mine)
            yield Case(who, name, side, sent, right)
        if state_of_mine == DRAFT:
            continue
        missing = [NOWHERE]
        missing += [NESTED] if "project_" in name else []
        missing += [NO_FORM] if short_of(name) in OF_FORM else []
        for target in missing:
            right = _anonymous(name) if who == ANONYMOUS else 404
            yield Case(who, name, target, method, right)


def asks(who: str, number: int, *, wrong_method: bool = False) -> bool:
    """第几个问题这种人问不问。"""
    shared = wrong_method or not SQLITE
    return not shared or (number + list(PEOPLE).index(who)) % SHARE == 0


def asked(who: str, state_of_mine: str) -> list[Case]:
    """这种人在这种数据库上问的。"""
    every = enumerate(cases(who, state_of_mine))
    return [case for number, case in every if asks(who, number, wrong_method=case.right == 405)]


def _sides(who: str, method: str) -> Iterator[tuple[str, str]]:
    """两边各用全部方法问一遍；两边都是外人的只问一边，其余的人只用对的方法。"""
    outside = {relation(who, side) for side in (MINE, THEIRS)} <= {STRANGER, OVERSEER}
    for side in (MINE, THEIRS):
        whole = EVERY_METHOD and who in ASK_EVERYTHING and not (outside and side == MINE)
        yield from ((side, sent) for sent in (METHODS if whole else (method,)))


def _kind(who: str) -> str:
    if PEOPLE[who][1] in access.SEES_ACCOUNTS:
        return "manager"
    return REVIEWER if REVIEWER in (relation(who, MINE), relation(who, THEIRS)) else "anyone"


def _anonymous(name: str) -> int:
    return 403 if short_of(name) in JSON_API else 302


def _right(
    who: str, name: str, sent: str, method: str, answers: list[str], side: str, state_of_mine: str
) -> int:
    if who == ANONYMOUS:
        return _anonymous(name)
    if sent != method and (sent, method) != ("HEAD", "GET"):
        return 405
    tie = relation(who, side)
    if tie == OVERSEER and short_of(name) in OVERSEEN:
        return OVERSEEN[short_of(name)]
    if tie in (STRANGER, OVERSEER):
        return 404
    draft = (state_of_mine == DRAFT) == (side == MINE)
    column = (PREPARER, HEAD, REVIEWER).index(tie) + (0 if draft else 3)
    return int(answers[column])


# ---- 怎么问 --------------------------------------------------------------------------------


def address(case: Case, world: World) -> str:
    short = short_of(case.name)
    if case.name in WITHOUT_ID:
        return reverse(case.name)
    unit = world.units.get(case.target, world.units[MINE])
    keys: dict[str, Any] = {"submission_id": uuid4() if case.target == NOWHERE else unit.submission.pk}
    keys |= {
        "act": {"action": "publish"},
        "package": {"to": "pdf"},
        "scores_file": {"to": "xlsx"},
        "checklist_file": {"to": "xlsx"},
    }.get(short, {})
    in_project = "project_" in case.name
    if short in OF_FORM:
        keys["form"] = "no-form" if case.target == NO_FORM else "project" if in_project else "department"
    if in_project:
        keys["project"] = world.units[THEIRS].project if case.target == NESTED else unit.project
    return reverse(case.name, kwargs=keys) + query(short, in_project, unit)


def query(short: str, in_project: bool, unit: Unit) -> str:
    prefix = f"项目[p{unit.project.hex}]/" if in_project else ""
    row = _first_row(unit, prefix) if short == "row" else ""
    asked = {"why": f"?address={prefix}资金.执行率", "row": f"?row={row}", "compare": "?from=0&to=1"}
    return asked.get(short, "")


def _first_row(unit: Unit, prefix: str) -> str:
    if not prefix:
        return unit.row
    first = unit.submission.annual_data.get(project=unit.project).indicators.first()
    return f"{prefix}指标[{first.row_id}]"


BODIES: dict[str, dict[str, Any]] = {
    "save": {"changes": []},
    "rows": {"act": "add", "list": "指标", "group": {}},
    "undo": {"of": 999_999},
    "live": {},
    "score": {"address": "没有", "score": "1", "opinion": "", "was": {}},
}
"""接口要的 JSON；都什么也不会改。别的网址收表单。"""
FORMS: dict[str, dict[str, str]] = {"note": {"code": "S04", "cell": "没有", "text": ""}}


def send(client: Client, method: str, name: str, url: str, extra: dict[str, Any] | None = None) -> Any:
    """发一次请求；``extra`` 是多带的字段。"""
    short, extra = short_of(name), extra or {}
    if short in BODIES:
        return client.generic(method, url, json.dumps(BODIES[short] | extra), "application/json")
    if method in SAFE:
        return client.generic(method, url)
    if method == "POST":
        return client.post(url, FORMS.get(short, {}) | extra)
    return client.generic(method, url, b"a=1", "application/x-www-form-urlencoded")


GROUPS = {
    "outside": "anonymous nobody former",
    "mine": "preparer colleague head",
    "theirs": "other_preparer other_head other_department_reviewer",
    "reviewers": "department_reviewer bureau_reviewer",
    "administrators": "department_admin pack_admin system_admin security_admin audit_admin",
}
"""同一组的人共用一个造好的世界。"""


@pytest.fixture(params=STATES)
def world(request: pytest.FixtureRequest, db: None, quiet: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """排版很慢：PDF 的位置上放同样内容的 HTML，字一个不少。真的 PDF 另有一个测试。"""
    for kind in ("pdf", "pdfa"):
        monkeypatch.setitem(documents.WRITERS, kind, documents.html)
    monkeypatch.setattr("evaluations.views.receipts.receipt_pdf", lambda *given: str(given).encode())
    return build(request.param)


# ---- 矩阵 ----------------------------------------------------------------------------------


@pytest.mark.case("A7")
def test_no_address_counts_its_objects() -> None:
    def counted(patterns: list[Any]) -> Iterator[str]:
        for pattern in patterns:
            if "IntConverter" in (type(one).__name__ for one in pattern.pattern.converters.values()):
                yield str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from counted(pattern.url_patterns)

    assert list(counted(get_resolver().url_patterns)) == ["<uuid:pack_id>/checks/<int:number>/"], (
        "方案里第几条核对"
    )


@pytest.mark.case("A1")
def test_every_url_has_a_row() -> None:
    assert set(names(get_resolver().url_patterns)) == {*WITH_ID, *WITHOUT_ID, *MANAGED, APPOINTMENT}


def test_the_matrix_asks_thousands_of_questions() -> None:
    every = {case for who in PEOPLE for case in cases(who, REVIEWED)}
    questions = {case for who in PEOPLE for case in asked(who, REVIEWED)}
    assert len(every) > (4_000 if EVERY_METHOD else 2_000), len(every)
    assert len(questions) > len(every) // SHARE - len(PEOPLE), len(questions)
    assert {(one.name, one.method) for one in questions} == {(one.name, one.method) for one in every}
    assert sorted(" ".join(GROUPS.values()).split()) == sorted(PEOPLE)


@pytest.mark.case("A2", "A3", "A7", "A12", "A20", "G7", "G8")
@pytest.mark.dengbao("访问控制 e", "访问控制 f", "访问控制 a")
@pytest.mark.parametrize("world", [REVIEWED], indirect=True)
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.asvs("4.1.1", "4.1.3", "4.2.1", "13.2.1")
def test_every_answer_is_the_one_in_the_table_and_shows_nothing_of_others(world: World, group: str) -> None:
    wrong: list[str] = []
    for who in GROUPS[group].split():
        questions = asked(who, world.states[MINE])
        client, hidden = world.client(who), world.hidden_from(who)
        for case in questions:
            here = world.client(who) if case.name == "units:logout" else client
            wrong += _faults(here, case, address(case, world), hidden)
        assert len(questions) * SHARE > 50
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])


def _faults(client: Client, case: Case, url: str, hidden: set[str]) -> Iterator[str]:
    """一次请求的答复有什么不对。"""
    answer, written = _watched(client, case, url)
    told = f"{case.who} {case.method} {case.name} {case.target}"
    if answer.status_code != case.right:
        yield f"{told}: {answer.status_code}, not {case.right}"
    if case.who == ANONYMOUS and case.right == 302 and not answer["Location"].startswith("/login/"):
        yield f"{told} leads to {answer['Location']}"
    yield from (f"{told} has no right {name}" for name in header_faults(answer))
    yield from (f"{told} shows {word}" for word in _shown(answer, hidden))
    yield from (f"{told} writes: {sql[:80]}" for sql in written)


def _shown(answer: HttpResponse, words: Collection[str]) -> set[str]:
    text = "\n".join(texts_of(answer))
    return {word for word in words if word in text}


def _watched(client: Client, case: Case, url: str) -> tuple[Any, list[str]]:
    """答复，和（只读的方法时）它执行的写语句。"""
    with writes() as written:
        answer = send(client, case.method, case.name, url)
    return answer, written if case.method in (*SAFE, "OPTIONS") else []


def test_the_words_that_are_looked_for_would_be_found(world: World) -> None:
    """防止上面的检查落空：本单位的人确实看得到本单位的每一种字。"""
    seen: set[str] = set()
    client = world.client("preparer")
    for case in cases("preparer", world.states[MINE]):
        if case.method == "GET" and case.target == MINE:
            answer = client.get(address(case, world))
            seen |= _shown(answer, world.units[MINE].words.values())
    expected = dict(world.units[MINE].words)
    if world.states[MINE] == DRAFT:
        del expected["reason"], expected["reply"], expected["head"]
    assert seen == set(expected.values())


ARRANGED_BY = {"preparer": {"preparer", "head"}, "head": {"head"}, "bureau_reviewer": {"bureau_reviewer"}}
"""谁的岗位由谁安排。"""


@pytest.mark.parametrize("whose", ARRANGED_BY)
def test_only_its_holder_and_his_head_see_and_arrange_an_appointment(world: World, whose: str) -> None:
    before = _everything()
    url = reverse(APPOINTMENT, args=[Appointment.objects.get(user=world.people[whose]).pk])
    for who in PEOPLE:
        mine = who in ARRANGED_BY[whose]
        for method in METHODS:
            answer = world.client(who).generic(method, url)
            right = {"GET": 200, "HEAD": 200, "POST": 409}.get(method, 405) if mine else 404
            if who == ANONYMOUS:
                right = 302
            elif method not in ("GET", "HEAD", "POST"):
                right = 405
            assert answer.status_code == right, (who, method, answer.status_code)
            assert not _shown(answer, world.hidden_from(who)), (who, method)
    assert _everything() == before


# ---- 文件 ----------------------------------------------------------------------------


def test_a_printed_package_holds_nothing_of_another_unit(db: None) -> None:
    world = build(DRAFT)
    url = reverse("evaluations:package", args=[world.units[MINE].submission.pk, "pdf"])
    answer = world.client("preparer").get(url)
    assert answer["Content-Type"] == "application/pdf"
    text = "".join(page_texts(answer.content))
    assert all(world.units[MINE].words[kind] in text for kind in ("value", "project", "row"))
    assert not [word for word in world.hidden_from("preparer") if word in text]


# ---- 改不了的 --------------------------------------------------------------------------------

EXTRA = {
    "role": "security_admin", "unit": "102", "department": "102", "department_id": str(uuid4()), "user": "reviewer",
    "is_superuser": "1", "is_staff": "1", "is_active": "0", "state": "approved", "score": "100", "total_score": "100",
    "version": "999", "revision": "999", "submitted_at": "2020-01-01", "approved_at": "2020-01-01", "returned": "1",
    "claimed_by": str(uuid4()), "due": "2030-01-01", "deadline": "2030-01-01", "through": "import", "key": "k",
}  # fmt: skip


def _everything() -> list[Any]:
    """库里的材料、人、岗位、记录（被拒绝的那几条除外），一字不差。"""
    kinds = (Submission, User, Appointment, Edit)
    rows = [list(kind.objects.order_by("pk").values()) for kind in kinds]
    rows.append(list(Event.objects.exclude(action="refused").order_by("pk").values()))
    for user in rows[1]:
        del user["last_login"]
    return rows


@pytest.mark.case("A8")
@pytest.mark.parametrize("who", ["preparer", "head", "bureau_reviewer"])
@pytest.mark.asvs("4.1.2", "5.1.2")
def test_fields_that_are_not_asked_for_change_nothing(world: World, who: str) -> None:
    client, before = world.client(who), _everything()
    for name in POSTS:
        for side in (MINE, THEIRS):
            url = address(Case(who, name, side, "POST", 0), world)
            assert send(client, "POST", name, url, EXTRA).status_code < 500
    for name in ("units:password", "units:login"):
        client.post(reverse(name), EXTRA)
    assert _everything() == before


@pytest.mark.case("A4")
@pytest.mark.parametrize("world", [DRAFT], indirect=True)
@pytest.mark.asvs("4.2.1")
def test_no_action_reaches_a_package_that_is_not_yours(world: World) -> None:
    actions = sorted({row.action for row in TRANSITIONS})
    strangers = [
        (who, side)
        for who in PEOPLE
        for side in (MINE, THEIRS)
        if relation(who, side) in (STRANGER, OVERSEER)
    ]
    before = _everything()
    for who, side in strangers:
        client = world.client(who)
        for action in [one for one in actions if relation(who, side) == STRANGER or one not in OVERSIGHT]:
            url = reverse("evaluations:act", args=[world.units[side].submission.pk, action])
            answer = client.post(url, {"reason": "写得够长的理由", "due": "2030-01-01", "revision": "1"})
            assert answer.status_code == (302 if who == ANONYMOUS else 404), (who, action)
    assert len(strangers) * len(actions) > 200
    assert _everything() == before


@pytest.mark.case("A4", "A3")
@pytest.mark.parametrize("target", [NESTED, NO_FORM])
@pytest.mark.asvs("4.1.5")
def test_what_is_answered_with_not_found_has_changed_nothing(world: World, target: str) -> None:
    """套着别的单位的项目、没有的表：内容写得再对也不做。"""
    client, before = world.client("preparer"), _everything()
    cell = {"changes": [{"address": "联系电话", "was": "0000-8888888", "value": "0000-1111111"}]}
    good: dict[str, dict[str, Any]] = {
        "save": cell, "undo": {"which": "undo"}, "rows": {"act": "remove", "row": world.units[MINE].row}, "live": {"address": "联系电话"},
        "note": {"code": "S04", "cell": "资金.得分", "text": "尾款没有到约定的付款期。"},
    }  # fmt: skip
    for short, extra in good.items():
        name = f"evaluations:project_{short}"
        url = address(Case("preparer", name, target, "POST", 404), world)
        assert send(client, "POST", name, url, extra).status_code == 404, name
    assert _everything() == before
    assert not Presence.objects.exists()


@pytest.mark.case("A12")
@pytest.mark.asvs("4.2.2", "13.2.3")
def test_every_post_wants_its_csrf_token(world: World) -> None:
    before = _everything()
    for who in ("preparer", "head", "bureau_reviewer", ANONYMOUS):
        client = world.client(who, enforce_csrf_checks=True)
        for name in (*POSTS, "units:login", "units:logout", "units:password"):
            url = address(Case(who, name, MINE, "POST", 403), world)
            assert send(client, "POST", name, url).status_code == 403, (who, name)
    assert _everything() == before


@pytest.mark.case("A11")
def test_a_moved_clerk_loses_the_package_with_the_next_request(city: City) -> None:
    client = Client()
    client.force_login(city.preparer)
    url = reverse("evaluations:workbench", args=[city.submission.pk])
    assert client.get(url).status_code == 200
    city.preparer.appointments.update(until="2024-12-31")
    assert client.get(url).status_code == 404


@pytest.mark.case("A11")
@pytest.mark.dengbao("访问控制 c")
def test_a_disabled_account_is_out_with_the_next_request(city: City) -> None:
    client = Client()
    client.force_login(city.preparer)
    User.objects.filter(pk=city.preparer.pk).update(is_active=False)
    answer = client.get(reverse("evaluations:workbench", args=[city.submission.pk]))
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")
