"""动态口令：谁必须用、第二步以前什么都没有、用过的不能再用、安全管理员解除。"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from evaluations.core.workflow import Role
from evaluations.models import Event
from evaluations.services import second_factor
from evaluations.services.account_security import remove_totp
from evaluations.services.problems import Refused
from tests.conftest import City
from units.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.case("A21"), pytest.mark.dengbao("身份鉴别 d")]
OWN = "correct horse battery"
STEP = "units:second_step"


@pytest.fixture(autouse=True)
def required() -> Any:
    with override_settings(TOTP_REQUIRED="reviewers"):
        yield


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def password(username: str, client: Client | None = None, onward: str = "") -> tuple[Client, Any]:
    client = client or Client()
    sent = {"username": username, "password": OWN, "next": onward}
    return client, client.post(reverse("units:login"), sent)


def code(user: User, steps: int = 0) -> str:
    """手机上的数；``steps`` 是手机的钟快几个半分钟。"""
    totp = TOTP(TOTPDevice.objects.get(user=user).bin_key)
    totp.time = timezone.now().timestamp() + 30 * steps
    return f"{totp.token():06d}"


def answer(client: Client, text: str) -> Any:
    return client.post(reverse(STEP), {"code": text})


def bound(user: User, clock: Any) -> None:
    second_factor.offer(user)
    assert second_factor.bind(user, code(user))
    clock.shift(timedelta(seconds=60))


def test_a_reviewer_binds_at_his_first_login_and_is_nowhere_before(town: City, clock: Any) -> None:
    client, first = password("reviewer", onward="/review/")
    assert first["Location"].startswith(reverse(STEP))
    assert client.get(reverse("evaluations:queue"))["Location"].startswith("/login/"), "还没有登录"
    page = client.get(first["Location"])
    assert "data:image/svg+xml" in page.content.decode() and "<script" not in page.context["qr"]
    assert client.post(first["Location"], {"code": code(town.reviewer)})["Location"] == "/review/"
    assert client.get(reverse("evaluations:queue")).status_code == 200
    actions = list(Event.objects.values_list("action", flat=True))
    assert actions == ["bind_totp", "login"]


def test_who_must_use_it_is_a_setting(town: City, people: Callable[..., Any]) -> None:
    people_of = {
        "own": town.preparer, "head": town.head, "reviewer": town.reviewer,
        "admin": people("admin", "吴静", town.bureau, Role.PACK_ADMIN),
        "audit": people("audit", "沈斌", town.bureau, Role.AUDIT_ADMIN),
    }  # fmt: skip
    asked = {}
    for level in ("none", "admins", "reviewers"):
        with override_settings(TOTP_REQUIRED=level):
            asked[level] = {name for name, user in people_of.items() if second_factor.must(user)}
    assert asked == {"none": set(), "admins": {"admin", "audit"}, "reviewers": {"admin", "audit", "reviewer"}}


def test_a_used_code_is_refused_and_a_clock_may_be_half_a_minute_off(town: City, clock: Any) -> None:
    bound(town.reviewer, clock)
    used = code(town.reviewer)
    client, _ = password("reviewer")
    assert answer(client, used).status_code == 302
    again, _ = password("reviewer")
    assert "已经用过" in answer(again, used).content.decode()
    for steps, right in ((1, True), (-1, True), (2, False), (-2, False)):
        clock.shift(timedelta(minutes=5))
        TOTPDevice.objects.update(drift=0, throttling_failure_count=0)
        client, _ = password("reviewer")
        assert (answer(client, code(town.reviewer, steps)).status_code == 302) is right, steps


def test_wrong_codes_are_slowed_down(town: City, clock: Any) -> None:
    bound(town.reviewer, clock)
    client, _ = password("reviewer")
    right = code(town.reviewer)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert answer(client, wrong).status_code == 200
    held = answer(client, right)
    assert held.status_code == 429 and int(held["Retry-After"]) >= 1
    clock.shift(timedelta(seconds=2))
    assert answer(client, right).status_code == 302
    assert Event.objects.filter(action="totp_failed").count() == 1
    assert "六位数字" in answer(password("reviewer")[0], "12345x").content.decode()


def test_the_second_step_is_for_ten_minutes_and_for_the_password_that_was_given(
    town: City, clock: Any
) -> None:
    bound(town.reviewer, clock)
    client, _ = password("reviewer")
    clock.shift(timedelta(minutes=11))
    assert answer(client, code(town.reviewer))["Location"] == "/login/"
    client, _ = password("reviewer")
    town.reviewer.set_password("another password 1")
    town.reviewer.save()
    assert answer(client, code(town.reviewer))["Location"] == "/login/"
    assert answer(Client(), "123456")["Location"] == "/login/"


def test_anyone_may_bind_and_is_asked_from_then_on(town: City, clock: Any) -> None:
    client, first = password("own")
    assert first["Location"] == "/"
    assert client.get(reverse("units:totp"))["Location"] == reverse("units:account")
    client.post(reverse("units:account"), {"act": "totp"})
    assert client.post(reverse("units:totp"), {"code": code(town.preparer)}).status_code == 302
    assert "已绑定" in client.get(reverse("units:account")).content.decode()
    assert password("own")[1]["Location"].startswith(reverse(STEP))


def test_a_key_that_was_shown_and_not_bound_is_worth_nothing_later(town: City, clock: Any) -> None:
    password("reviewer")
    seen = TOTPDevice.objects.get(user=town.reviewer).key
    password("reviewer")
    assert TOTPDevice.objects.get(user=town.reviewer).key != seen


def test_only_the_security_administrator_removes_it_and_that_ends_the_sessions(
    town: City, people: Callable[..., Any], clock: Any
) -> None:
    guard = people("guard", "冯雪", town.bureau, Role.SECURITY_ADMIN)
    system = people("system", "郑凯", town.bureau, Role.SYSTEM_ADMIN)
    bound(town.reviewer, clock)
    client, _ = password("reviewer")
    answer(client, code(town.reviewer))
    for by in (system, town.reviewer):
        with pytest.raises(Refused, match="不归您办"):
            remove_totp(by=by, person_id=town.reviewer.pk)
    with pytest.raises(Refused, match="您自己"):
        remove_totp(by=guard, person_id=guard.pk)
    page = Client()
    page.force_login(guard)
    page.post(reverse("evaluations:account", args=[town.reviewer.pk]), {"act": "remove_totp"})
    assert not second_factor.has(town.reviewer)
    assert client.get(reverse("evaluations:queue"))["Location"].startswith("/login/")
    assert Event.objects.get(action="remove_totp").user == guard


def test_the_server_can_rescue_the_last_administrator(
    town: City, people: Callable[..., Any], clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = people("guard", "冯雪", town.bureau, Role.SECURITY_ADMIN)
    bound(guard, clock)
    call_command("rescue", "guard")
    printed = capsys.readouterr().out
    guard.refresh_from_db()
    assert guard.must_change_password and guard.check_password(printed.split("初始密码：")[1].split()[0])
    assert not second_factor.has(guard)
    assert Event.objects.get(action="rescue").user is None
    with pytest.raises(SystemExit):
        call_command("rescue", "nobody-here")
