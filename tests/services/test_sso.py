"""统一身份认证：签名的票据登录，只认已有的账号，一张只用一次；不开就没有。"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.crypto import get_random_string

from config.settings import AUTHENTICATION_BACKENDS
from evaluations.models import Event
from tests.conftest import City
from units.models import User
from units.sso import sign

pytestmark = pytest.mark.django_db
BACKENDS = [*AUTHENTICATION_BACKENDS, "units.sso.SignedTicketBackend"]


@pytest.fixture
def on() -> Iterator[None]:
    with override_settings(SSO_SECRET="s" * 40, AUTHENTICATION_BACKENDS=BACKENDS):
        yield


def ticket(user: str = "own", age: int = 0, **changed: str) -> dict[str, str]:
    moment, nonce = str(int(time.time()) - age), get_random_string(20)
    return {"user": user, "time": moment, "nonce": nonce, "sign": sign(user, moment, nonce)} | changed


def enter(given: dict[str, str], address: str = "10.0.0.1") -> tuple[Client, Any]:
    client = Client()
    return client, client.get(reverse("units:sso"), given, REMOTE_ADDR=address)


def test_it_is_off_unless_there_is_a_secret(town: City) -> None:
    assert enter({"user": "own"})[1].status_code == 404


@pytest.mark.parametrize("digest", ["sha256", "sm3"])
def test_a_good_ticket_signs_in_whom_it_names_once(on: None, town: City, digest: str) -> None:
    with override_settings(SSO_DIGEST=digest):
        good = ticket() | {"next": "/people/"}
        client, answer = enter(good)
        assert answer["Location"] == "/people/" and client.get("/people/").status_code == 200
        again, answer = enter(good)
        assert answer["Location"] == "/login/" and again.get("/people/").status_code == 302
    event = Event.objects.filter(action="login").get()
    assert event.user == town.preparer and "统一身份认证" in event.reason
    assert Event.objects.get(action="login_failed").user is None


def test_a_false_old_or_foreign_ticket_is_refused_and_makes_no_account(on: None, town: City) -> None:
    before = User.objects.count()
    User.objects.filter(pk=town.head.pk).update(is_active=False)
    wrong = [
        ticket(sign="0" * 64), ticket(user="reviewer") | {"user": "colleague"}, ticket(age=600), ticket(age=-600), ticket("new-man"),
        ticket("head"), ticket(nonce="short"), ticket(time="9" * 5000), ticket(sign="汉字"), {},
    ]  # fmt: skip
    for n, given in enumerate(wrong):
        client, answer = enter(given, f"10.0.1.{n}")
        assert answer.status_code == 302 and answer["Location"] == "/login/", given
        assert "_auth_user_id" not in client.session
    assert User.objects.count() == before
    assert enter(ticket() | {"next": "//evil.example"})[1]["Location"] == "/"
