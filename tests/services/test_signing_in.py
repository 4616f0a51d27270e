"""登录：限制次数、会话的结束、不让人看出有没有这个账号、事件。"""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from evaluations.core.workflow import Role
from evaluations.models import Edit, Event
from evaluations.services import login_limits, signing_in
from evaluations.services.accounts import reset_password, set_enabled
from evaluations.services.login_limits import Held
from tests.conftest import City
from tests.services.town import make_town
from units.models import LoginCount, User, UserSession
from units.origin import browser_of, network_of

pytestmark = pytest.mark.django_db
OWN, WRONG = "correct horse battery", "wrong"
HOME = "evaluations:home"


def try_in(username: str, password: str = WRONG, address: str = "10.0.0.1", client: Any = None) -> Any:
    sent = {"username": username, "password": password}
    return (client or Client()).post(reverse("units:login"), sent, REMOTE_ADDR=address)


def alive(client: Client) -> bool:
    return client.get(reverse(HOME)).status_code == 200


def signed_in(username: str = "own", address: str = "10.0.0.1") -> Client:
    client = Client()
    assert try_in(username, OWN, address, client).status_code == 302
    return client


# ---- 锁 ----


@pytest.mark.case("A15")
@pytest.mark.dengbao("身份鉴别 b")
@pytest.mark.asvs("2.2.1")
def test_the_fifth_wrong_password_locks_this_address_only_and_says_until_when(town: City) -> None:
    answers = [try_in("own") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    until = LoginCount.objects.get(kind="pair").until
    assert f"{timezone.localtime(until):%H:%M}" in answers[-1].content.decode()
    assert 1700 < int(answers[-1]["Retry-After"]) <= 1801
    assert try_in("own", OWN).status_code == 429, "对的密码也不行"
    assert try_in("own", OWN, address="10.0.0.2").status_code == 302, "别的地址照常"
    with time_machine.travel(until + timedelta(seconds=1)):
        assert try_in("own", OWN).status_code == 302


@pytest.mark.case("A15")
def test_a_whole_network_of_one_person_is_one_address() -> None:
    assert network_of("10.0.0.9") == "10.0.0.9"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") != network_of("2001:db8:0:1::1")


@pytest.mark.case("A15")
def test_new_forged_headers_do_not_evade_the_lock(town: City) -> None:
    for n in range(5):
        Client().post(
            reverse("units:login"), {"username": "own", "password": "x"}, HTTP_X_FORWARDED_FOR=f"6.6.6.{n}"
        )
    assert try_in("own", OWN, address="127.0.0.1").status_code == 429


@pytest.mark.case("A15")
@pytest.mark.dengbao("身份鉴别 b")
def test_fifty_failures_block_an_address_but_not_who_signed_in_there_before(town: City) -> None:
    signed_in("colleague")
    for n in range(50):
        login_limits.admit(username=f"guess{n}", address="10.0.0.1")
    with pytest.raises(Held) as problem:
        login_limits.admit(username="own", address="10.0.0.1")
    assert problem.value.kind == "address"
    assert try_in("own", OWN).status_code == 429
    assert try_in("colleague", OWN).status_code == 302
    assert try_in("own", OWN, address="10.0.0.2").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert try_in("head", OWN).status_code == 302


@pytest.mark.case("A16")
def test_locking_everybody_from_one_address_locks_nobody_elsewhere(town: City) -> None:
    for username in ("own", "colleague", "head", "other"):
        for _ in range(5):
            login_limits.admit(username=username, address="66.6.6.6")
        assert try_in(username, OWN, address="66.6.6.6").status_code == 429
    for username in ("own", "colleague", "head", "other"):
        assert try_in(username, OWN).status_code == 302


@pytest.mark.case("A16")
def test_guesses_from_many_addresses_slow_the_account_but_not_its_owner(town: City) -> None:
    signed_in()
    for n in range(20):
        login_limits.admit(username="own", address=f"66.6.6.{n}")
    answer = try_in("own", OWN, address="66.6.7.1")
    assert answer.status_code == 429 and int(answer["Retry-After"]) <= 31
    assert try_in("own", OWN).status_code == 302, "在他常用的地址照常登录"
    with time_machine.travel(timezone.now() + timedelta(seconds=32)):
        assert try_in("own", OWN, address="66.6.7.1").status_code == 302, "只是放慢"


@pytest.mark.case("A15")
def test_a_blocked_guess_writes_nothing(town: City, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        try_in("own")
    before = Event.objects.count()
    with django_assert_num_queries(1), pytest.raises(Held):
        login_limits.admit(username="own", address="10.0.0.1")
    try_in("own")
    assert Event.objects.count() == before


class SlowHasher(hashers.MD5PasswordHasher):
    """慢的那种摘要，记下算了几次。"""

    algorithm = "slow"
    done: list[str] = []

    def encode(self, password: str, salt: str) -> str:
        self.done.append(password)
        return super().encode(password, salt)


SLOW = ["tests.services.test_signing_in.SlowHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]


@pytest.fixture
def slow() -> Iterator[list[str]]:
    with override_settings(PASSWORD_HASHERS=SLOW):
        SlowHasher.done.clear()
        yield SlowHasher.done


@pytest.mark.case("A15")
@pytest.mark.django_db(transaction=True)
def test_of_fifty_guesses_at_once_no_more_than_five_are_checked(
    people: Callable[..., Any], slow: list[str]
) -> None:
    make_town(people)
    slow.clear()
    codes: list[int] = []

    def guess(n: int) -> None:
        try:
            codes.append(try_in("own", f"guess {n}").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slow) == 5 and codes.count(200) == 4 and codes.count(429) == 46
    assert Event.objects.filter(action__startswith="login_").count() == 5


@pytest.mark.case("A15")
def test_the_old_password_cannot_be_guessed_on_the_page_that_changes_it(town: City) -> None:
    client = signed_in()

    def change(old: str, new: str = "xian-ding-mi-ma-2024") -> int:
        sent = {"old_password": old, "new_password1": new, "new_password2": new}
        return client.post(reverse("units:password"), sent, REMOTE_ADDR="10.0.0.1").status_code

    assert [change(OWN, "short") for _ in range(6)] == [200] * 6, "新密码不合规则不算试密码"
    assert [change(f"guess-{n}") for n in range(5)] == [200] * 5
    assert change(OWN) == 429
    assert Event.objects.filter(action__in=("login_failed", "login_locked")).count() == 5


# ---- 看不出有没有这个账号 ----


@pytest.mark.case("A17")
@pytest.mark.asvs("2.2.1")
def test_whether_an_account_exists_shows_neither_in_words_nor_in_work(
    town: City, people: Callable[..., Any], slow: list[str]
) -> None:
    admin = people("admin", "吴静", town.bureau, Role.PACK_ADMIN)
    reset_password(by=admin, person_id=town.colleague.pk)
    set_enabled(by=admin, person_id=town.head.pk, enabled=False)
    told = {}
    for username in ("own", "nobody-here", "head", "colleague"):
        page = Client()
        page.get(reverse("units:login"))
        slow.clear()
        answer = try_in(username, client=page)
        words = re.sub(r"[A-Za-z0-9]{64}", "", answer.content.decode()).replace(f'value="{username}"', "")
        told[username] = (answer.status_code, len(slow), words)
        assert len(slow) == 1 and "账号或密码不对" in words, username
    assert len(set(told.values())) == 1
    locked = [[try_in(name).status_code for _ in range(6)] for name in ("other", "not-there")]
    assert locked[0] == locked[1]


# ---- 会话 ----


@pytest.mark.case("A13")
@pytest.mark.asvs("3.2.1", "3.3.1")
def test_a_session_is_new_after_login_and_dead_after_logout(town: City) -> None:
    client = Client()
    client.get(reverse("units:login"))
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted0planted0planted0planted0"
    try_in("own", OWN, client=client)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key != "planted0planted0planted0planted0" and alive(client)
    answer = client.post(reverse("units:logout"))
    assert answer["Clear-Site-Data"] == '"storage"'
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not alive(client)
    assert not UserSession.objects.filter(pk=key).exists()


@pytest.mark.case("A13")
@pytest.mark.asvs("3.3.3")
def test_changing_the_password_ends_every_other_session_and_is_recorded(town: City) -> None:
    here, there = signed_in(), signed_in(address="10.0.0.2")
    new = "xian-ding-mi-ma-2024"
    sent = {"old_password": OWN, "new_password1": new, "new_password2": new}
    assert here.post(reverse("units:password"), sent).status_code == 302
    assert alive(here) and not alive(there)
    assert UserSession.objects.filter(user=town.preparer).count() == 1
    assert Event.objects.filter(action="change_password", user=town.preparer).exists()


@pytest.mark.case("A14")
@pytest.mark.dengbao("身份鉴别 b")
@pytest.mark.asvs("3.3.2")
def test_half_an_hour_without_use_ends_a_session_and_use_keeps_it(town: City) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in()
        for _ in range(4):
            clock.shift(timedelta(minutes=20))
            assert alive(client)
        clock.shift(timedelta(minutes=31))
        assert not alive(client)
        signed_in("colleague")
        assert Event.objects.filter(action="timeout", user=town.preparer).count() == 1


@pytest.mark.case("A14")
def test_twelve_hours_end_a_session_however_busy(town: City) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in()
        for _ in range(24):
            clock.shift(timedelta(minutes=29))
            assert client.get(reverse("units:password_done")).status_code == 200
            session = client.session
            session["anything"] = str(clock)
            session.save()
        clock.shift(timedelta(minutes=25))
        assert not alive(client)


def live(city: City, client: Client) -> Any:
    url = reverse("evaluations:live", args=[city.submission.pk, "department"])
    return client.post(url, {}, "application/json")


@pytest.mark.case("A14")
def test_what_a_page_asks_by_itself_keeps_no_session_alive(city: City) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in()
        for _ in range(5):
            clock.shift(timedelta(minutes=5))
            assert live(city, client).status_code == 200
        clock.shift(timedelta(minutes=6))
        answer = live(city, client)
        assert answer.status_code == 403 and answer.json()["login"] is True


@pytest.mark.case("A14")
def test_what_was_typed_before_the_time_ran_out_is_saved_after_signing_in_again(city: City) -> None:
    url = reverse("evaluations:save", args=[city.submission.pk, "department"])
    typed = {"changes": [{"address": "联系电话", "was": "", "value": "0730-8888888"}], "revision": 0}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in()
        clock.shift(timedelta(minutes=31))
        answer = client.post(url, typed, "application/json")
        assert answer.status_code == 403 and answer.json()["login"] is True
        assert "Clear-Site-Data" not in answer and not Edit.objects.filter(address="联系电话").exists()
        try_in("own", OWN, client=client)
        assert client.post(url, typed, "application/json").json()["conflicts"] == []
    assert Edit.objects.get(address="联系电话").new == "0730-8888888"


@pytest.mark.case("A11")
@pytest.mark.dengbao("访问控制 c")
def test_a_disabled_account_is_out_and_its_sessions_are_gone(town: City, people: Callable[..., Any]) -> None:
    admin = people("admin", "吴静", town.bureau, Role.PACK_ADMIN)
    client = signed_in()
    set_enabled(by=admin, person_id=town.preparer.pk, enabled=False)
    assert not UserSession.objects.filter(user=town.preparer).exists() and not alive(client)


@pytest.mark.case("A22")
@pytest.mark.asvs("3.3.4")
def test_the_third_login_ends_the_oldest_and_he_sees_and_ends_the_others(town: City) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = signed_in()
        clock.shift(timedelta(minutes=1))
        second = signed_in(address="10.0.0.2")
        clock.shift(timedelta(minutes=1))
        third = signed_in(address="10.0.0.3")
        assert not alive(first) and alive(second) and alive(third)
        page = third.get(reverse("units:account"))
        text = page.content.decode()
        assert "10.0.0.2" in text and "10.0.0.3" in text and "就是这里" in text
        assert not any(one.pk in text for one in UserSession.objects.all()), "会话的键不给人看"
        names = {name: here for name, _, here in page.context["sessions"]}
        mine = next(name for name, here in names.items() if here)
        other = next(name for name, here in names.items() if not here)
        for name in (mine, other, "nonsense"):
            third.post(reverse("units:account"), {"session": name})
        assert not alive(second) and alive(third)
    assert Event.objects.filter(action="end_session").count() == 1
    stranger = signed_in("colleague")
    stranger.post(reverse("units:account"), {"session": mine})
    assert alive(third), "别人的结束不了"


@pytest.mark.case("G11")
def test_sessions_survive_a_new_secret_key_until_the_old_one_is_removed(town: City) -> None:
    client = signed_in()
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="k" * 60, SECRET_KEY_FALLBACKS=[old]):
        assert alive(client)
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[]):
        assert not alive(client)


@pytest.mark.case("G14")
@pytest.mark.dengbao("剩余信息保护 a")
def test_old_counts_and_sessions_are_swept(town: City) -> None:
    signed_in()
    try_in("own")
    with time_machine.travel(timezone.now() + timedelta(days=100)):
        signed_in("colleague")
        assert {row.kind for row in LoginCount.objects.all()} == {"known", "account", "address"}
        assert not LoginCount.objects.filter(username="own").exists()
        assert not UserSession.objects.filter(user=town.preparer).exists()


# ---- 去哪里 ----


@pytest.mark.case("A19")
@pytest.mark.asvs("5.1.5")
@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example",
        "https:evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "%2F%2Fevil.example/",
    ],
)
def test_a_login_leads_to_no_other_site(town: City, onward: str) -> None:
    sent = {"username": "own", "password": OWN, "next": onward}
    answer = Client().post(reverse("units:login"), sent)
    assert answer.status_code == 302 and (answer["Location"] == "/" or answer["Location"].startswith("%2F"))


# ---- 事件 ----


@pytest.mark.case("G3")
@pytest.mark.dengbao("安全审计 a")
def test_login_failure_lock_and_logout_are_recorded_with_their_address(town: City) -> None:
    for _ in range(5):
        try_in("own", address="10.0.0.7")
    try_in("my-secret-password", address="10.0.0.8")
    signed_in("colleague").post(reverse("units:logout"))
    told = [(event.action, event.details.get("address")) for event in Event.objects.order_by("seq")]
    assert told == [
        *[("login_failed", "10.0.0.7")] * 4, ("login_locked", "10.0.0.7"), ("login_failed", "10.0.0.8"),
        ("login", "10.0.0.1"), ("logout", "127.0.0.1"),
    ]  # fmt: skip
    assert "my-secret-password" not in f"{list(Event.objects.values())}"
    assert User.objects.get(username="colleague").last_login is not None


def test_browsers_are_named_as_people_know_them() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
    asked = RequestFactory().get
    assert browser_of(asked("/", HTTP_USER_AGENT=chrome)) == "Chrome 120 · Windows"
    assert browser_of(asked("/", HTTP_USER_AGENT="\x1b[31m")) == "认不出的浏览器"
    assert signing_in.name_in_limits("ＯＷＮ") == "own"
