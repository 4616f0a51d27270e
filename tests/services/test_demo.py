"""演示城市：两年的材料都对得上，各种地步都有；再建一次什么都不动。"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from evaluations.access import deadline_of
from evaluations.core.checks import unexplained
from evaluations.core.workflow import Role, State
from evaluations.models import AnnualData, Edit, Event, Notice, Phrase, Project, Snapshot, Submission
from evaluations.selectors import read
from evaluations.services.demo import PASSWORD, build_city
from evaluations.services.demo.city import accounts, units
from tests.conftest import PACK_FOLDER, fixture_json
from units.models import Appointment, Department, User

pytestmark = pytest.mark.django_db
COUNTED = (User, Department, Appointment, Submission, AnnualData, Edit, Event, Snapshot, Notice, Phrase)


def build() -> None:
    build_city(pack_folder=PACK_FOLDER, example=fixture_json("2024-yueyang-package"))


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Built once for the module, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        build()
        yield
        transaction.set_rollback(True)


def packages(year: int) -> dict[str, Submission]:
    rows = Submission.objects.whole().filter(round__year=year)
    return {one.department.code or "": one for one in rows}


def test_last_year_everything_was_approved_and_this_year_every_state_is_there(town: None) -> None:
    last, now = packages(2023), packages(2024)
    assert len(last) == 14 and {one.state for one in last.values()} == {State.APPROVED}
    assert now.keys() == last.keys() | {"101001"}
    states = {one.state_label for one in now.values()}
    assert states == {"填报中", "单位审核", "财政审核", "已退回", "已通过", "不用报"}
    drafts = [one for one in now.values() if one.state == State.DRAFT and not one.returned]
    assert any(one.revision == 0 for one in drafts)
    assert any(deadline_of(one) < timezone.now() for one in drafts)
    assert any(one.due for one in drafts) and any(one.claimed_by for one in now.values())
    returned = next(one for one in now.values() if one.returned)
    event = returned.events.filter(action="return").get()
    assert event.reason and len(event.details["flags"]) == 3


def test_the_example_keeps_its_mistakes_and_the_others_have_none(town: None) -> None:
    for code, one in packages(2024).items():
        reading = read(one)
        if code == "101001":
            assert reading.counts["error"] == 29
        elif one.submitted_at:
            assert reading.counts["error"] == 0, one
            assert not unexplained(reading.findings, reading.notes), one


def test_the_figures_of_last_year_are_carried_into_this_year(town: None) -> None:
    last, now = packages(2023), packages(2024)
    for code, one in now.items():
        if code not in last:
            continue
        before, after = read(last[code]).facts.root, read(one).facts.root
        for key in after.fields:
            if key.endswith(".上年决算数"):
                assert after.value(key) == before.value(key.replace("上年", "本年")), (code, key)


def test_the_city_has_what_is_hard_to_show(town: None) -> None:
    data = AnnualData.objects.filter(submission__round__year=2024)
    assert data.filter(submission__department__code="102", project__isnull=False).count() == 6
    long = data.get(submission__department__code="106", project=None).values["目标.实际完成情况"]
    assert len(long) >= 2_000
    tiny = data.get(submission__department__code="103", project=None).values
    assert [tiny[f"无此项.{key}"] for key in ("政府性基金", "国有资本经营", "社会保险基金")] == ["是"] * 3
    for code, key in (("104", "政府性基金"), ("111", "国有资本经营")):
        assert data.get(submission__department__code=code, project=None).values[key]
    assert not Project.objects.filter(department__code__in=[u["code"] for u in units()], code="").exists()
    assert {Role(post.role) for post in Appointment.objects.all()} == set(Role)
    assert User.objects.get(username="tianbao1").check_password(PASSWORD)


def test_what_happened_is_recorded_in_order_and_unbroken(town: None) -> None:
    events = list(Event.objects.order_by("seq"))
    assert all(event.hash == event.digest() for event in events)
    assert all(a.hash == b.prev and a.at <= b.at for a, b in pairwise(events))
    assert all(snapshot.hash == snapshot.digest() for snapshot in Snapshot.objects.all())
    assert timezone.now() >= events[-1].at


def test_building_again_changes_nothing(town: None) -> None:
    before = [model.objects.count() for model in COUNTED]  # type: ignore[attr-defined]
    build()
    assert [model.objects.count() for model in COUNTED] == before  # type: ignore[attr-defined]
    assert len(list(accounts())) == User.objects.count()
