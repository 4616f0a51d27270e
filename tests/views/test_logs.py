"""日志：一件事一行 JSON，没有控制符，没有密码、令牌和表单的内容；出错时找得到是哪个请求、哪一行。"""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError, IntegrityError
from django.test import Client
from django.urls import reverse

from config.logs import logging_config
from evaluations.views import entry
from tests.conftest import City
from tests.workbooks import workbook
from units.models import User

PLANTED = {
    "password": "Planted-Passw0rd-一二三", "new": "Planted-N3w-Passw0rd-四五六", "typed": "planted-typed-as-account",
    "phone": "13912345678", "cell": "PlantedCell内容", "name": "邓种植", "query": "planted-query",
}  # fmt: skip


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """正式运行的日志，写在这里。"""
    stream = io.StringIO()
    config = logging_config(plain=False)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    yield stream
    logging.config.dictConfig(settings.LOGGING)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """各行；每行都读得成一个对象，没有看不见的字。"""
    text = log.getvalue()
    assert all(ch.isprintable() or ch == "\n" for ch in text)
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.django_db
@pytest.mark.case("I7")
@pytest.mark.asvs("7.3.1")
def test_one_request_is_one_line_with_its_number(log: io.StringIO, city: City) -> None:
    client = Client()
    client.force_login(city.preparer)
    answer = client.get(reverse("evaluations:home"), {"words": PLANTED["query"]})
    [line] = lines(log)
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/", 200)
    assert line["user"] == str(city.preparer.pk) and isinstance(line["ms"], int)
    assert PLANTED["query"] not in log.getvalue() and "陈晓燕" not in log.getvalue()


HOSTILE = '甲\r\n{"event": "forged"}\x1b[31m\u2028\u0085\u202e"乙\x08\x00'


@pytest.mark.django_db
@pytest.mark.case("I7")
def test_hostile_names_paths_and_agents_stay_in_their_line(log: io.StringIO, city: City) -> None:
    logging.getLogger("units").warning("坏名字 %s", HOSTILE)
    client = Client(raise_request_exception=False, headers={"user-agent": HOSTILE.replace("\r\n", "")})
    client.get("/" + HOSTILE.replace("\0", ""))
    client.post(reverse("units:login"), {"username": HOSTILE, "password": "x"})
    client.get("/", headers={"host": "evil\u2028.example"})
    found = lines(log)
    assert len(found) >= 4 and all(one["event"] != "forged" for one in found)
    assert found[0]["event"] == f"坏名字 {HOSTILE}", "转义以后读回来一字不差"


@pytest.mark.django_db
@pytest.mark.case("G12")
@pytest.mark.asvs("7.1.1")
def test_no_secret_and_nothing_typed_reaches_the_log(
    log: io.StringIO, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=city.preparer.pk).update(display_name=PLANTED["name"], phone=PLANTED["phone"])
    city.preparer.set_password(PLANTED["password"])
    city.preparer.save()
    client = Client(raise_request_exception=False)
    login, password = reverse("units:login"), reverse("units:password")
    client.post(login, {"username": PLANTED["typed"], "password": PLANTED["new"]})
    client.post(login, {"username": "own", "password": PLANTED["password"]})
    new = {"new_password1": PLANTED["new"], "new_password2": PLANTED["new"]}
    client.post(password, {"old_password": PLANTED["new"], **new})
    client.post(password, {"old_password": PLANTED["password"], **new})
    secrets = [morsel.value for morsel in client.cookies.values()]
    for problem in BAD:

        def broken(problem: Exception = problem, **_: object) -> None:
            raise problem

        monkeypatch.setattr(entry, "save_cells", broken)
        cell = {"changes": [{"address": "填表人", "was": "", "value": PLANTED["cell"]}]}
        save = reverse("evaluations:save", args=[city.submission.pk, "department"])
        assert client.post(save, cell, "application/json").status_code in (500, 503)
    upload = io.BytesIO(workbook({"单位": [["名称", PLANTED["cell"]]]}))
    upload.name = f"{PLANTED['name']}.xlsx"
    client.post(reverse("evaluations:unit_import"), {"file": upload})
    text = log.getvalue()
    assert not [kind for kind, word in PLANTED.items() if word in text]
    assert not [word for word in secrets if word in text]
    assert len(lines(log)) >= 10


BAD = [
    ValueError(f"invalid literal for int() with base 10: '{PLANTED['cell']}'"),
    KeyError(PLANTED["cell"]),
    IntegrityError(
        f"duplicate key value violates unique constraint\nDETAIL:  Key (phone)=({PLANTED['phone']})"
    ),
    DataError(f'invalid input syntax for type integer: "{PLANTED["cell"]}"'),
    OSError(28, "No space left on device", PLANTED["cell"]),
]


@pytest.mark.django_db
def test_an_error_tells_its_kind_its_cause_and_the_places(
    log: io.StringIO, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        try:
            raise KeyError("secret")
        except KeyError as problem:
            raise RuntimeError("没有算出来") from problem

    monkeypatch.setattr(entry, "save_cells", broken)
    client = Client(raise_request_exception=False)
    client.force_login(city.preparer)
    save = reverse("evaluations:save", args=[city.submission.pk, "department"])
    answer = client.post(save, {"changes": []}, "application/json")
    error = next(one for one in lines(log) if one["level"] == "error")
    assert error["request_id"] == answer.json()["number"]
    assert [one["type"] for one in error["error"]] == ["RuntimeError", "KeyError"]
    assert error["error"][0]["message"] == "没有算出来"
    assert any("evaluations/views/entry.py" in place for place in error["error"][0]["trace"])


def test_in_a_trial_a_line_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config(plain=True))
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError:
        logging.getLogger("units").exception("算不了\n%s", "甲")
    logging.config.dictConfig(settings.LOGGING)
    head, *rest = capsys.readouterr().err.splitlines()
    assert "ERROR units 算不了\\u000a甲" in head
    assert rest[0].strip() == "ZeroDivisionError: division by zero" and "test_logs.py" in rest[1]


SECRET = r"BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|(password|passwd|secret_key|token)['\"]? *[:=] *['\"][A-Za-z0-9+/_-]{24,}['\"]"


@pytest.mark.case("G12")
def test_no_secret_lies_in_the_repository() -> None:
    found = subprocess.run(
        ["git", "grep", "-nEi", SECRET, "--", ".", ":!*.lock", ":!static/vendor", ":!tests/vendor"],
        cwd=settings.BASE_DIR, capture_output=True, text=True,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (1, "")
