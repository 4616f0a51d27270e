"""每个网址 × 每种人 × 每种方法：答案都写在表里；新网址没有行就不通过。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.conftest import City

pytestmark = pytest.mark.django_db
CANARY = "金丝雀单位机密文字"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# 名称 → 安全方法（GET）或 POST。带材料的地址，别的单位一律 404。
OPEN_TO_ALL = {"units:login": "GET", "units:healthz": "GET"}
SIGNED_IN = {
    "evaluations:home": "GET", "evaluations:people": "GET", "evaluations:queue": "GET", "units:password": "GET", "units:password_done": "GET",
    "units:logout": "POST",
}  # fmt: skip
OF_SUBMISSION = {
    "workbench": "GET", "submit": "GET", "act": "POST", "history": "GET", "review": "GET", "projects": "POST",
    "package": "GET", "versions": "GET", "compare": "GET", "restore": "POST", "parts": "POST", "task": "GET",
}  # fmt: skip
OF_FORM = {
    "form": "GET", "save": "POST", "rows": "POST", "row": "GET", "why": "GET", "note": "POST", "preview": "GET",
    "pdf": "GET", "xlsx": "GET", "undo": "POST", "live": "POST",
}  # fmt: skip


def names(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"


def known() -> dict[str, str]:
    table = {**OPEN_TO_ALL, **SIGNED_IN}
    table |= {f"evaluations:{name}": method for name, method in OF_SUBMISSION.items()}
    for prefix in ("", "project_"):
        table |= {f"evaluations:{prefix}{name}": method for name, method in OF_FORM.items()}
    return table


def test_every_url_has_a_row() -> None:
    assert set(names(get_resolver().url_patterns)) == set(known())


def address(name: str, submission: Any) -> str:
    short = name.split(":")[1]
    if short == "act":
        return reverse(name, args=[submission.pk, "submit"])
    if short == "package":
        return reverse(name, args=[submission.pk, "pdf"])
    if short in OF_SUBMISSION:
        return reverse(name, args=[submission.pk])
    if short.removeprefix("project_") in OF_FORM:
        keys = {"submission_id": submission.pk, "form": "department"}
        keys |= {"project": uuid4()} if short.startswith("project_") else {}
        return reverse(name, kwargs=keys)
    return reverse(name)


def client_of(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def secret(city: City) -> City:
    """别的单位的材料里放上金丝雀文字。"""
    data = city.other_submission.annual_data.get(project=None)
    data.values |= {"部门.名称": CANARY, "目标.预期目标": CANARY}
    data.save()
    city.other_unit.name = CANARY
    city.other_unit.save()
    return city


@pytest.mark.parametrize("name", sorted(known()))
def test_somebody_elses_package_does_not_exist(secret: City, name: str) -> None:
    if name in OPEN_TO_ALL or name in SIGNED_IN:
        return
    for user in (secret.preparer, secret.head, secret.reviewer):
        client = client_of(user)
        for method in METHODS:
            answer = client.generic(method, address(name, secret.other_submission), b"{}", "application/json")
            right = {404} if method == known()[name] else {404, 405}
            assert answer.status_code in right, (name, method, user.username, answer.status_code)
            assert CANARY.encode() not in answer.content


@pytest.mark.parametrize("name", sorted(known()))
def test_without_signing_in_nothing_is_shown(secret: City, name: str) -> None:
    if name in OPEN_TO_ALL:
        return
    answer = Client().generic(known()[name], address(name, secret.submission), b"{}", "application/json")
    assert answer.status_code in (302, 403), (name, answer.status_code)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/login/")


@pytest.mark.parametrize("name", sorted(known()))
def test_get_changes_nothing_and_other_methods_are_refused(secret: City, name: str) -> None:
    client = client_of(secret.preparer)
    expected = known()[name]
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        if method == expected or (name, method) in ALSO:
            continue
        answer = client.generic(method, address(name, secret.submission), b"{}", "application/json")
        assert answer.status_code in (302, 404, 405), (name, method, answer.status_code)
    secret.submission.refresh_from_db()
    assert secret.submission.revision == 0


ALSO = {
    ("units:login", "POST"),
    ("units:password", "POST"),
    ("units:logout", "GET"),
    ("units:login", "PUT"),
    ("units:password", "PUT"),
}


def test_a_reviewer_sees_a_package_only_after_it_was_submitted(city: City) -> None:
    city.import_into("2024-correct-package")
    client = client_of(city.reviewer)
    url = reverse("evaluations:review", args=[city.submission.pk])
    assert client.get(url).status_code == 404
    city.act("submit", city.preparer)
    assert client.get(url).status_code == 200


def test_a_moved_clerk_loses_the_package_with_the_next_request(city: City) -> None:
    client = client_of(city.preparer)
    url = reverse("evaluations:workbench", args=[city.submission.pk])
    assert client.get(url).status_code == 200
    city.preparer.appointments.update(until="2024-12-31")
    assert client.get(url).status_code == 404


def test_posting_without_a_csrf_token_is_refused(city: City) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.preparer)
    url = reverse("evaluations:act", args=[city.submission.pk, "submit"])
    assert client.post(url, {}).status_code == 403


def test_fields_that_are_not_asked_for_change_nothing(city: City) -> None:
    client = client_of(city.preparer)
    url = reverse("evaluations:save", args=[city.submission.pk, "department"])
    body = {"changes": [], "state": "approved", "role": "bureau_reviewer", "score": 100, "revision": 999}
    assert client.post(url, body, content_type="application/json").status_code == 200
    city.submission.refresh_from_db()
    assert (city.submission.state, city.submission.revision) == ("draft", 0)
