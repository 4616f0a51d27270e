"""密码：等保三级和纯 ASVS 两套规则，用过的不收，到期要换而不打断正在填的人。"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from evaluations.services.signing_in import change_password
from tests.conftest import City
from units.models import PasswordHistory, User

pytestmark = [pytest.mark.django_db, pytest.mark.case("A18"), pytest.mark.dengbao("身份鉴别 a")]
OWN = "correct horse battery"
FIRST = [f"Mi-ma-di-{n}-ge!" for n in range(8)]
ASVS = [
    {"NAME": "units.passwords.LengthValidator", "OPTIONS": {"least": 12, "most": 128}},
    {"NAME": "units.passwords.CommonValidator"},
    {"NAME": "units.passwords.NotOwnNameValidator"},
]


@pytest.fixture
def used(town: City) -> Iterator[User]:
    with override_settings(PASSWORD_DAYS=90):
        yield town.preparer


def log_in(password: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.post(reverse("units:login"), {"username": "own", "password": password})
    return client


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("Ab1-short", "至少要 10 个"), ("A1-" + "x" * 126, "最多 128 个"), ("alllowercase", "至少要有三种"),
        ("lower1234567", "至少要有三种"), ("my-Own-2024-x", "您的账号"), ("陈晓燕-Mima-2024", "您的姓名"),
        ("云湖市政务服务中心-A1", "您的单位名称"), ("Password123", None),
    ],
)  # fmt: skip
def test_a_weak_password_is_refused_with_the_reason(town: City, password: str, told: str | None) -> None:
    with pytest.raises(ValidationError) as problem:
        validate_password(password, town.preparer)
    assert told is None or told in "".join(problem.value.messages)


@pytest.mark.parametrize("password", ["Mi-ma-2024", "xian-ding-2024", "云湖的水 2024 x", "x" * 63 + "A1"])
def test_a_good_password_is_taken(town: City, password: str) -> None:
    validate_password(password, town.preparer)


@pytest.mark.asvs("2.1.1", "2.1.2", "2.1.7", "2.1.9", "2.1.10")
def test_without_dengbao_only_length_and_common_words_count(town: City) -> None:
    with override_settings(AUTH_PASSWORD_VALIDATORS=ASVS, PASSWORD_DAYS=0):
        validate_password("just many small letters", town.preparer)
        for weak in ("Ab1-ten-ch", "qwertyuiop123"):
            with pytest.raises(ValidationError):
                validate_password(weak, town.preparer)
        User.objects.update(password_at=timezone.now() - timedelta(days=4000))
        assert log_in(OWN).get(reverse("evaluations:home")).status_code == 200


def test_the_last_five_passwords_and_the_present_one_are_refused(used: User) -> None:
    for password in FIRST[:7]:
        change_password(user=used, password=password, key=None)
    assert PasswordHistory.objects.filter(user=used).count() == 5
    assert not any(FIRST[n] in f"{list(PasswordHistory.objects.values())}" for n in range(7)), "只有摘要"
    for password in FIRST[1:7]:
        with pytest.raises(ValidationError, match="最近用过"):
            validate_password(password, used)
    validate_password(FIRST[0], used)
    page = log_in(FIRST[6])
    sent = {"old_password": FIRST[6], "new_password1": FIRST[5], "new_password2": FIRST[5]}
    assert "最近用过" in page.post(reverse("units:password"), sent).content.decode()


def test_a_password_that_ran_out_is_changed_at_the_next_login(used: User) -> None:
    User.objects.filter(pk=used.pk).update(password_at=timezone.now() - timedelta(days=91))
    page = log_in(OWN)
    assert page.get(reverse("evaluations:home"))["Location"] == reverse("units:password")
    assert "到期了" in page.get(reverse("units:password")).content.decode()
    sent = {"old_password": OWN, "new_password1": FIRST[0], "new_password2": FIRST[0]}
    page.post(reverse("units:password"), sent)
    assert page.get(reverse("evaluations:home")).status_code == 200


def test_who_is_at_work_when_it_runs_out_is_not_interrupted(used: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        User.objects.filter(pk=used.pk).update(password_at=timezone.now() - timedelta(days=90, minutes=-10))
        page = log_in(OWN)
        clock.shift(timedelta(minutes=20))
        assert page.get(reverse("evaluations:home")).status_code == 200
        log_in(OWN, page2 := Client())
        assert page2.get(reverse("evaluations:home")).status_code == 302


def test_he_is_told_a_week_before(used: User) -> None:
    def told(days: int) -> Any:
        User.objects.filter(pk=used.pk).update(password_at=timezone.now() - timedelta(days=days, hours=1))
        return "天到期" in log_in(OWN).get(reverse("evaluations:home")).content.decode()

    assert told(84) and told(89) and not told(60)
