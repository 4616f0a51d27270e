"""出错的答复：哪个视图坏了、数据库没了、请求读不懂，都是一句中文、一个编号，看不出里面的事。"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpResponse, UnreadablePostError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.rows import MODULES
from tests.access.test_matrix import APPOINTMENT, WITH_ID, WITHOUT_ID, Case, _shown, address, send, short_of
from tests.access.world import DRAFT, MINE, World, build, header_faults
from tests.conftest import City
from units import errors
from units.models import Appointment

pytestmark = [pytest.mark.django_db, pytest.mark.dengbao("入侵防范 d")]
INSIDE = ("CanaryInside", "SELECT", "Traceback", "RuntimeError", "OperationalError", ".py", "Django", "/srv/")
LOUD = "CanaryInside SELECT secret FROM units at /srv/app.py"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    logging.disable(logging.CRITICAL)
    yield build(DRAFT)
    logging.disable(logging.NOTSET)


def addresses(world: World) -> Iterator[tuple[str, str, str]]:
    """每个网址：名称、方法、地址。"""
    for name in WITHOUT_ID:
        yield name, "GET", reverse(name)
    for name, row in WITH_ID.items():
        yield name, row.split()[0], address(Case("", name, MINE, "", 0), world)
    for module in MODULES:
        for name, row in module.ROWS.items():
            yield name, row.split()[0], reverse(name, kwargs=module.keys(name, world))
    yield APPOINTMENT, "GET", reverse(APPOINTMENT, args=[Appointment.objects.all()[0].pk])


def patterns(found: list[Any]) -> Iterator[URLPattern]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns)
        else:
            yield one


def broken(*_: Any, **__: Any) -> HttpResponse:
    raise RuntimeError(LOUD)


def faults(told: str, answer: HttpResponse, status: int, words: str) -> list[str]:
    """这个出错的答复有什么不对。"""
    text = answer.content.decode()
    wrong = header_faults(answer)
    wrong += [] if answer.status_code == status else [f"{answer.status_code}"]
    wrong += [] if words in text and answer["X-Request-ID"] in text else ["words or number"]
    wrong += sorted(_shown(answer, INSIDE))
    wrong += ["no Retry-After"] if status == 503 and not answer.get("Retry-After") else []
    return [f"{told}: {one}" for one in wrong]


@pytest.mark.case("G9", "G7")
@pytest.mark.asvs("7.4.1")
def test_whatever_view_breaks_the_answer_is_a_general_one_with_a_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list(addresses(world))
    client = world.client("preparer", raise_request_exception=False)
    for pattern in patterns(get_resolver().url_patterns):
        monkeypatch.setattr(pattern, "callback", broken)
    wrong: list[str] = []
    for name, method, url in asked:
        answer = send(client, method, name, url)
        wrong += faults(name, answer, 500, "系统出错")
        if short_of(name) in ("save", "rows"):
            assert answer.json()["number"] == answer["X-Request-ID"]
    assert len(asked) > 90 and not wrong, "\n".join(wrong[:40])


@pytest.mark.case("C8", "G9")
def test_without_a_database_every_page_says_come_again(world: World) -> None:
    def away(*_: Any) -> None:
        raise OperationalError(LOUD)

    asked = list(addresses(world))
    client = world.client("preparer", raise_request_exception=False)
    wrong: list[str] = []
    with connection.execute_wrapper(away):
        for name, method, url in asked:
            if name != "units:healthz":
                wrong += faults(name, send(client, method, name, url), 503, "系统忙")
        wrong += faults("no page", client.get("/nowhere/"), 503, "系统忙")
    assert not wrong, "\n".join(wrong[:40])
    assert client.get(reverse("evaluations:home")).status_code == 200


@pytest.mark.case("G9")
def test_the_page_of_errors_needs_neither_queries_nor_collected_files() -> None:
    text = (settings.BASE_DIR / "templates" / "error.html").read_text()
    assert "{% static" not in text.partition("#}")[2] and "{% load" not in text and "extends" not in text


# ---- 别的出错 --------------------------------------------------------------------------------


def ask(city: City, **given: Any) -> HttpResponse:
    client = Client(raise_request_exception=False)
    client.force_login(city.preparer)
    path = given.pop("path", reverse("evaluations:projects", args=[city.submission.pk]))
    return client.generic(given.pop("method", "POST"), path, **given)


FORM = "application/x-www-form-urlencoded"
ODD: dict[str, tuple[dict[str, Any], int, str]] = {
    "host": ({"headers": {"host": "evil.example"}}, 400, "网址不对"),
    "nul": ({"data": b"name=%00", "content_type": FORM}, 400, "请求读不懂"),
    "fields": ({"data": b"&".join([b"a=1"] * 1_200), "content_type": FORM}, 413, "内容太大"),
    "size": ({"data": b"a=" + b"1" * 3_000_000, "content_type": FORM}, 413, "内容太大"),
    "parts": ({"data": b"x", "content_type": "multipart/form-data"}, 400, "请求读不懂"),
    "no page": ({"method": "GET", "path": "/nowhere/"}, 404, "没有这一页"),
    "button": ({"method": "GET"}, 405, "不能直接打开"),
}


@pytest.mark.case("G7", "G9")
@pytest.mark.parametrize("kind", ODD)
def test_odd_requests_are_answered_in_words(city: City, kind: str) -> None:
    given, status, words = ODD[kind]
    assert faults(kind, ask(city, **given), status, words) == []


def test_a_json_request_that_is_too_large_is_answered_in_json(city: City) -> None:
    url = reverse("evaluations:save", args=[city.submission.pk, "department"])
    body = json.dumps({"changes": [{"address": "目标.预期目标", "was": "", "value": "字" * 1_000_000}]})
    answer = ask(city, path=url, data=body.encode(), content_type="application/json")
    assert (answer.status_code, answer.json()["number"]) == (413, answer["X-Request-ID"])


def test_a_stale_page_is_told_so(city: City) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.preparer)
    page = client.post(reverse("evaluations:projects", args=[city.submission.pk]), {})
    assert faults("csrf", page, 403, "页面放得太久") == []
    call = client.post(
        reverse("evaluations:save", args=[city.submission.pk, "department"]), {}, "application/json"
    )
    assert call.status_code == 403 and "页面放得太久" in call.json()["error"]


@pytest.mark.case("C9")
@pytest.mark.parametrize(
    ("problem", "trouble"),
    [
        (OperationalError("database or disk is full"), errors.FULL),
        (OSError(28, "No space left on device"), errors.FULL),
        (OperationalError("database is locked"), errors.BUSY),
        (OperationalError("no such table: units_user"), errors.BROKEN),
        (UnreadablePostError("gone"), errors.UNREADABLE),
        (ValueError("x"), errors.BROKEN),
    ],
)
def test_each_trouble_has_its_own_words(problem: Exception, trouble: errors.Trouble) -> None:
    assert errors.trouble_of(problem) == trouble


# ---- 从哪里来，到哪里去 -------------------------------------------------------------------------


@pytest.mark.case("A12")
@pytest.mark.parametrize("foreign", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_a_right_token_from_a_foreign_page_is_refused(city: City, foreign: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.preparer)
    page = client.get(reverse("evaluations:workbench", args=[city.submission.pk]))
    token = page.context["csrf_token"]
    url = reverse("evaluations:projects", args=[city.submission.pk])
    sent = {"act": "none", "csrfmiddlewaretoken": str(token)}
    assert client.post(url, sent, headers=foreign).status_code == 403
    assert client.post(url, sent, headers={"origin": "http://testserver"}).status_code == 302
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(city.colleague)
    assert stranger.post(url, sent).status_code == 403


@pytest.mark.case("A19")
@pytest.mark.asvs("5.1.5")
@pytest.mark.parametrize(
    "there",
    [
        "//evil.example", "https://evil.example", "https:evil.example", "http:///evil.example", "\\\\evil.example",
        "/\\evil.example", "javascript:alert(1)", "%2f%2fevil.example", "/%09/evil.example", "\t//evil.example",
        "https://testserver@evil.example", "data:text/html,x",
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(city: City, there: str) -> None:
    answer = Client().post(
        reverse("units:login"),
        {"username": "own", "password": "correct horse battery", "next": there},
    )
    assert answer.status_code == 302
    there = urlsplit(
        urljoin("http://testserver/login/", answer["Location"].replace("\\", "/").replace("\t", ""))
    )
    assert (there.scheme, there.netloc) == ("http", "testserver")


@pytest.mark.case("A20")
def test_no_address_is_built_from_what_the_request_says_its_host_is() -> None:
    """初始密码单上的登录网址是管理员自己正用的，主机名须是 ALLOWED_HOSTS 里的；登录后去哪里只拿主机名来比；别处都是相对的。"""
    found = {
        path.name
        for folder in ("units", "evaluations")
        for path in (settings.BASE_DIR / folder).rglob("*.py")
        if re.search(r"build_absolute_uri|get_host\(", path.read_text())
    }
    assert found == {"accounts.py", "views.py"}
    assert not settings.USE_X_FORWARDED_HOST and "*" not in settings.ALLOWED_HOSTS


@pytest.mark.case("G7")
def test_static_files_carry_the_headers_and_may_be_kept(client: Client) -> None:
    answer = client.get(f"/{settings.STATIC_URL.strip('/')}/css/tokens.css")
    assert answer.status_code == 200
    assert header_faults(answer) == ["Cache-Control"] and "max-age" in answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.case("G7")
@pytest.mark.dengbao("身份鉴别 c")
def test_https_only_and_for_a_year() -> None:
    """正式运行的设置；测试自己不用 HTTPS，所以读设置本身。"""
    import os
    import subprocess
    import sys

    told = "import config.settings as s; print(s.SECURE_SSL_REDIRECT, s.ANSWER_HEADERS['Strict-Transport-Security'], s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)"
    environment = {**os.environ, "HTTPS": "true"}
    run = subprocess.run([sys.executable, "-c", told], env=environment, capture_output=True, text=True)
    assert run.stdout.split() == ["True", "max-age=31536000", "__Host-session", "True", "__Host-csrf", "True", "Lax"]  # fmt: skip
