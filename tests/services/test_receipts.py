"""回执：签批时出，编号连着，写在链里；凭编号和摘要认得出真假，说得出后来改过没有。"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.guards import guards_off
from evaluations.models import Event, Snapshot
from evaluations.receipts import check_receipt, receipts_of
from evaluations.services.entry import Change, save_cells
from tests.conftest import City
from tests.exports.reading import page_texts
from tests.services.staff import REASON, REPLY

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(city: City) -> City:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    assert receipts_of(city.submission) == []
    city.act("sign", city.head)
    return city


def resubmitted(city: City, phone: str = "") -> None:
    city.act("return", city.reviewer, REASON)
    if phone:
        change = Change("联系电话", phone, was="0000-8888888")
        assert save_cells(submission_id=city.submission.pk, user=city.preparer, changes=[change]).written
    city.act("submit", city.preparer, REPLY)
    city.act("sign", city.head)


def test_signing_gives_a_receipt_of_what_was_submitted(signed: City) -> None:
    (one,) = receipts_of(signed.submission)
    snapshot = Snapshot.objects.get()
    event = Event.objects.get(action="sign")
    assert (one.number, one.hash, one.received) == ("2024-101-01", snapshot.hash, event.at)
    assert (one.submitted, one.submitted_by, one.signed_by) == (snapshot.at, signed.preparer, signed.head)
    assert one.short.replace(" ", "") == snapshot.hash[:16]


def test_numbers_run_on_without_a_gap(signed: City) -> None:
    resubmitted(signed)
    resubmitted(signed)
    assert [one.number for one in receipts_of(signed.submission)] == [
        "2024-101-03",
        "2024-101-02",
        "2024-101-01",
    ]


def test_a_number_is_never_given_twice_though_a_code_is(signed: City) -> None:
    signed.unit.code, signed.other_unit.code = "901", "101"
    signed.unit.save()
    signed.other_unit.save()
    signed.import_into("2024-correct-package", unit=signed.other_unit)
    given: dict[str, Any] = {"department": signed.other_unit}
    from evaluations.core.workflow import Role
    from units.services import appoint

    appoint(user=signed.head, role=Role.UNIT_HEAD, since="2024-01-01", **given)
    signed.submission.refresh_from_db()
    from evaluations.selectors import read
    from evaluations.services.receipts import issue_receipt
    from evaluations.services.records import take_snapshot

    take_snapshot(signed.submission, read(signed.submission), "submit")
    assert issue_receipt(signed.submission)["number"] == "2024-101-02"


def test_a_receipt_is_told_genuine_and_the_package_unchanged(signed: City) -> None:
    (one,) = receipts_of(signed.submission)
    for typed in (one.short, one.hash, f" {one.short.upper()} "):
        verdict = check_receipt(f" {one.number} ", typed)
        assert verdict.genuine and verdict.same and not verdict.later
    wrong = "0" * 16 if not one.hash.startswith("0" * 16) else "1" * 16
    for number, typed in (
        (one.number, wrong),
        ("2024-101-09", one.hash),
        (one.number, one.hash[:15]),
        ("", ""),
        (one.number, ""),
    ):
        assert check_receipt(number, typed).receipt is None


def test_what_changed_after_a_receipt_is_counted(signed: City) -> None:
    (first,) = receipts_of(signed.submission)
    resubmitted(signed, phone="0730-1234567")
    old = check_receipt(first.number, first.hash)
    assert old.genuine and not old.same and old.changes == 1 and old.later
    new = receipts_of(signed.submission)[0]
    assert check_receipt(new.number, new.hash).same and new.hash != first.hash


@pytest.mark.case("G1")
def test_a_receipt_shows_that_the_stored_package_was_touched(signed: City) -> None:
    (one,) = receipts_of(signed.submission)
    with guards_off():
        Snapshot.objects.update(computed={})
    assert check_receipt(one.number, one.hash).damaged


def test_the_receipt_is_one_page_with_number_time_and_grouped_hash(signed: City) -> None:
    (one,) = receipts_of(signed.submission)
    client = Client()
    client.force_login(signed.preparer)
    url = reverse("evaluations:receipt", args=[signed.submission.pk])
    answer = client.get(url, {"number": one.number})
    (text,) = page_texts(answer.content)
    for word in (
        one.number,
        one.short,
        one.hash,
        "云湖市财政局",
        "云湖市政务服务中心",
        "报送回执",
        "陈晓燕",
        "李建国",
    ):
        assert word.replace(" ", "") in text.replace(" ", "").replace("\n", ""), word
    assert client.get(url, {"number": "2024-101-99"}).status_code == 404
    assert (
        one.number
        in client.get(reverse("evaluations:workbench", args=[signed.submission.pk])).content.decode()
    )


def test_the_bureau_checks_receipts_on_a_page_and_units_do_not(signed: City) -> None:
    (one,) = receipts_of(signed.submission)
    client, url = Client(), reverse("evaluations:receipt_check")
    client.force_login(signed.reviewer)
    assert "完全相同" in client.get(url, {"number": one.number, "hash": one.short}).content.decode()
    assert "没有这样的回执" in client.get(url, {"number": one.number, "hash": "x" * 16}).content.decode()
    client.force_login(signed.preparer)
    assert client.get(url).status_code == 404
