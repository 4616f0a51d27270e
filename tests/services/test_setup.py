"""首次设置：一个账号也没有时什么页面都到这里；设置好以后没有这一页。"""

import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

import manage
from evaluations.core.workflow import Role
from evaluations.models import Event
from evaluations.services.problems import Refused
from evaluations.services.setup import FirstPerson, set_up, setup_code
from units.models import Appointment, Department, User

URL = "/setup/"
PASSWORD = "yun-hu-2024-kai-shi"


def form(**changed: str) -> dict[str, str]:
    return {
        "code": setup_code(), "bureau_name": "云湖市财政局", "bureau_code": "001", "admin-username": "WuJing",
        "admin-display_name": "吴静", "admin-password": PASSWORD, "admin-again": PASSWORD,
    } | changed  # fmt: skip


SYSTEM = {
    "system-username": "zheng", "system-display_name": "郑凯", "system-password": "kai-fang-2024-ji-qi",
    "system-again": "kai-fang-2024-ji-qi",
}  # fmt: skip


@pytest.mark.dengbao("访问控制 b")
@pytest.mark.django_db
def test_while_there_is_no_account_every_page_leads_to_the_setup() -> None:
    page = Client()
    for url in ("/", "/login/", "/manage/units/", "/nowhere/"):
        assert page.get(url)["Location"] == URL
    assert page.get("/healthz").status_code == 200
    assert page.get(URL).status_code == 200


@pytest.mark.django_db
def test_the_setup_signs_in_shows_what_is_missing_and_is_gone() -> None:
    page = Client()
    assert page.post(URL, form(**SYSTEM))["Location"] == reverse("evaluations:units")
    answer = page.get(reverse("evaluations:units"))
    assert [step.done for step in answer.context["steps"]] == [False] * 4
    assert "云湖市财政局" in answer.content.decode()
    assert page.get(URL).status_code == Client().get(URL).status_code == 404
    assert Client().post(URL, form()).status_code == 404
    assert {(a.user.username, a.role) for a in Appointment.objects.all()} == {
        ("wujing", Role.PACK_ADMIN), ("zheng", Role.SYSTEM_ADMIN),
    }  # fmt: skip
    assert not User.objects.get(username="wujing").must_change_password
    assert User.objects.get(username="zheng").must_change_password, "别人代定的密码，登录后先改"
    assert [event.action for event in Event.objects.all()] == ["set_up", "login"]
    with pytest.raises(CommandError, match="已经有账号"):
        call_command("setup_code")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"code": "aaaa-bbbb-cccc"}, "设置码不对"),
        ({"code": ""}, "必填"),
        ({"bureau_code": "0 0;1"}, "编码只能是"),
        ({"admin-again": "another"}, "两遍密码不一样"),
        ({"admin-password": "12345678901", "admin-again": "12345678901"}, "数字"),
        ({"admin-password": "wujing-2024-x", "admin-again": "wujing-2024-x"}, "您的账号"),
        ({"system-username": "zheng"}, "必填"),
        ({**SYSTEM, "system-username": "wujing"}, "另用一个账号"),
    ],
)
def test_a_wrong_setup_keeps_what_was_typed_and_makes_nothing(changed: dict[str, str], words: str) -> None:
    answer = Client().post(URL, form(**changed))
    text = answer.content.decode()
    assert answer.status_code == 409 and words in text and 'value="吴静"' in text
    assert PASSWORD not in text
    assert not User.objects.exists() and not Department.objects.exists() and not Event.objects.exists()


def test_the_code_is_made_from_the_key_of_the_server_and_not_from_a_passing_one() -> None:
    assert "setup_code" in manage.SERVING
    assert setup_code() == setup_code() and len(setup_code()) == 14


@pytest.mark.django_db
def test_a_bureau_that_is_there_already_is_used() -> None:
    Department.objects.create(code="9", name="财政", kind="bureau")
    Client().post(URL, form())
    assert Department.objects.get().name == "云湖市财政局"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_up_at_once_one_wins() -> None:
    results: list[Any] = []
    ready = threading.Barrier(2)

    def install(name: str) -> None:
        ready.wait()
        try:
            admin = FirstPerson(name, "吴静", PASSWORD)
            results.append(
                set_up(code=setup_code(), bureau_name="局", bureau_code=name, admin=admin, system=None)
            )
        except Refused as refusal:
            results.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=install, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in results) == ["User", "str"]
    assert User.objects.count() == Department.objects.count() == 1
