"""管理页面：每个网址只给表里写的人；别人 404，没有登录的去登录页；只读的方法不写库。"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.access.rows import MODULES
from tests.access.test_matrix import EVERY_METHOD, METHODS, SAFE, _shown, asks
from tests.access.world import ANONYMOUS, DRAFT, PEOPLE, World, build, header_faults
from tests.writes import writes

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, quiet: None) -> World:
    return build(DRAFT)


def _cases(world: World) -> list[tuple[str, dict[str, Any], str, set[str], int]]:
    found = []
    for module in MODULES:
        for name, row in module.ROWS.items():
            method, people, right = row.split()
            found.append((name, module.keys(name, world), method, set(people.split(",")), int(right)))
    return found


def _right(who: str, sent: str, method: str, allowed: set[str], right: int) -> set[int]:
    if who == ANONYMOUS:
        return {302}
    if sent != method and (sent, method) != ("HEAD", "GET"):
        return {405, 404, 200, 409, 302} if sent in ("GET", "HEAD", "POST") else {405, 404}
    return {right} if who in allowed else {404}


@pytest.mark.case("A2", "A12", "A20", "G7", "G8")
@pytest.mark.asvs("4.1.3")
@pytest.mark.dengbao("系统管理", "访问控制 d", "访问控制 e", "访问控制 f")
def test_every_manage_page_is_for_the_people_in_its_row_only(world: World) -> None:
    wrong = []
    others = {who: world.client(who) for who in PEOPLE}
    for number, (name, keys, method, allowed, right) in enumerate(_cases(world)):
        url = reverse(name, kwargs=keys)
        for who in (one for one in PEOPLE if one in allowed or asks(one, number)):
            for sent in METHODS if EVERY_METHOD and (who in allowed or who == ANONYMOUS) else (method,):
                client = world.client(who) if who in allowed and sent == "POST" else others[who]
                with writes() as written:
                    answer = _send(client, sent, url)
                if answer.status_code not in _right(who, sent, method, allowed, right):
                    wrong.append(f"{who} {sent} {name}: {answer.status_code}")
                wrong += [f"{who} {sent} {name} has no right {header}" for header in header_faults(answer)]
                if sent in SAFE and written:
                    wrong.append(f"{who} {sent} {name} writes {written[0][:80]}")
                if sent == method and who not in allowed and _shown(answer, world.hidden_from(who)):
                    wrong.append(f"{who} {name} shows words of others")
    assert not wrong, "\n".join(wrong[:40])


def _send(client: Client, method: str, url: str) -> HttpResponse:
    return client.post(url, {}) if method == "POST" else client.generic(method, url)


def test_an_unknown_object_is_not_found(world: World) -> None:
    for name, keys, method, allowed, _ in _cases(world):
        wrong = {key: uuid4() if isinstance(value, UUID) else value for key, value in keys.items()}
        if wrong == keys:
            continue
        for who in allowed:
            answer = _send(world.client(who), method, reverse(name, kwargs=wrong))
            assert answer.status_code == 404, (who, name, answer.status_code)


@pytest.mark.case("A12")
@pytest.mark.asvs("4.2.2")
def test_every_post_of_a_manage_page_wants_its_csrf_token(world: World) -> None:
    for name, keys, method, allowed, _ in _cases(world):
        if method == "POST":
            for who in allowed:
                client = world.client(who, enforce_csrf_checks=True)
                assert client.post(reverse(name, kwargs=keys), {}).status_code == 403, (who, name)
