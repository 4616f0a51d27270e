"""年度任务：新建、选单位、开放、收回、结束、重新开放、成批、结转。"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role, State
from evaluations.models import Edit, Event, Pack, Round, Submission
from evaluations.progress import digest, lines_of, matching, without_staff
from evaluations.rollover import carried_from
from evaluations.selectors import read
from evaluations.services import rounds
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Missing, Refused
from tests.conftest import City
from tests.services.packs_made import NEWER, NEXT_YEAR, pack_with
from tests.together import together
from units.models import Department, User
from units.services import appoint

pytestmark = pytest.mark.django_db
WHY = "领导要求重新核对。"


@pytest.fixture
def admin(city: City, people: Any) -> User:
    return people("packs", "吴静", city.bureau, Role.PACK_ADMIN)


def soon(days: int = 20) -> Any:
    return timezone.now() + timedelta(days=days)


def plan(city: City, admin: User, **changes: Any) -> Round:
    given = {"name": "第二批自评", "pack": city.pack, "deadline": soon(), "return_days": 5} | changes
    return rounds.plan_round(user=admin, **given)


def opened(city: City, admin: User, *units: Department) -> Round:
    task = plan(city, admin)
    rounds.ask_units(round_id=task.pk, user=admin, units=[unit.pk for unit in units])
    rounds.open_planned(round_id=task.pk, user=admin)
    return Round.objects.get(pk=task.pk)


def fill(task: Round, user: User, department: Department, value: str = "周晓") -> None:
    submission = task.submissions.get(department=department)
    save_cells(submission_id=submission.pk, user=user, changes=[Change("填表人", value, was="")])


# ---- 新建、选、开放、收回 ------------------------------------------------------------------------


def test_a_planned_round_is_seen_by_no_unit_and_opening_issues_it_once(city: City, admin: User) -> None:
    task = plan(city, admin)
    assert rounds.ask_units(round_id=task.pk, user=admin, units=[city.unit.pk, city.other_unit.pk]) == 2
    assert not task.submissions.exists()
    assert (
        rounds.open_planned(round_id=task.pk, user=admin)
        == rounds.open_planned(round_id=task.pk, user=admin)
        == 2
    )
    assert access.visible_to(city.preparer).filter(round=task).count() == 1
    assert Event.objects.filter(action="open_round", details__round=str(task.pk)).count() == 1
    closed = Department.objects.create(code="103", name="已撤的", parent=city.bureau)
    assert rounds.ask_units(round_id=task.pk, user=admin, units=[city.unit.pk, closed.pk]) == 1
    assert task.submissions.count() == 3


WRONG = (
    ({"name": "2024年度自评"}, "已经有叫"),
    ({"name": " "}, "2 到 100 个字"),
    ({"deadline": soon(-1)}, "晚于现在"),
    ({"deadline": soon(2000)}, "三年以后"),
    ({"return_days": 0}, "1 到 90 天"),
)


def test_a_wrong_plan_is_refused(city: City, admin: User) -> None:
    for changes, words in WRONG:
        with pytest.raises(Refused, match=words):
            plan(city, admin, **changes)
    city.pack.state = Pack.State.RETIRED
    with pytest.raises(Refused, match="已发布"):
        plan(city, admin)
    with pytest.raises(Refused, match="2025 年的方案"):
        roll(city, admin, city.pack)


def test_a_disabled_unit_is_not_asked_and_stops_the_opening(city: City, admin: User) -> None:
    task = plan(city, admin, asked=[city.unit, city.other_unit])
    with pytest.raises(Refused, match="还没有选单位"):
        rounds.open_planned(round_id=plan(city, admin, name="空的").pk, user=admin)
    city.other_unit.is_active = False
    city.other_unit.save()
    for attempt in (
        lambda: rounds.open_planned(round_id=task.pk, user=admin),
        lambda: rounds.ask_units(round_id=task.pk, user=admin, units=[city.other_unit.pk]),
    ):
        with pytest.raises(Refused, match="停用"):
            attempt()
    assert not task.submissions.exists()


def test_an_opened_round_is_taken_back_only_while_nobody_has_typed(
    city: City, admin: User, tmp_path: Path
) -> None:
    task = opened(city, admin, city.unit, city.other_unit)
    edits = Edit.objects.filter(submission__round=task).count()
    rounds.take_back(round_id=task.pk, user=admin, reason=WHY)
    assert not access.visible_to(city.preparer).filter(round=task).exists()
    with pytest.raises(Missing):
        fill(task, city.preparer, city.unit)
    with pytest.raises(Refused, match="开放过"):
        rounds.drop_round(round_id=task.pk, user=admin)
    assert edits and Edit.objects.filter(submission__round=task).count() == edits
    newer = pack_with(tmp_path / "newer", NEWER)
    given = {"name": task.name, "deadline": task.deadline, "return_days": 5}
    rounds.change_round(round_id=task.pk, user=admin, pack=newer, **given)
    rounds.ask_units(round_id=task.pk, user=admin, units=[city.unit.pk])
    rounds.open_planned(round_id=task.pk, user=admin)
    states = {one.department: (one.state, one.pack) for one in task.submissions.all()}
    assert states == {city.unit: (State.DRAFT, newer), city.other_unit: (State.CANCELLED, city.pack)}
    fill(task, city.preparer, city.unit)
    with pytest.raises(Refused, match=r"陈晓燕已在 .* 填过，不能收回"):
        rounds.take_back(round_id=task.pk, user=admin, reason=WHY)


@pytest.mark.django_db(transaction=True)
def test_of_taking_back_and_the_first_save_at_once_exactly_one_happens(city: City, admin: User) -> None:
    task = opened(city, admin, city.unit)
    results = together([
        lambda: rounds.take_back(round_id=task.pk, user=admin, reason=WHY),
        lambda: fill(task, city.preparer, city.unit),
    ])  # fmt: skip
    assert [isinstance(one, Refused | Missing) for one in results].count(True) == 1, results


# ---- 结束 -----------------------------------------------------------------------------------


def test_after_the_close_nobody_fills_or_sends_and_the_review_goes_on(city: City, admin: User) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    received = timezone.now()
    rounds.close_round(round_id=city.task.pk, user=admin, reason=WHY)
    late = {"submission_id": city.other_submission.pk, "user": city.other_preparer, "received": received}
    assert save_cells(**late, changes=[Change("联系电话", "0730-1", was="")]).written
    with pytest.raises(Refused, match=r"已于 .* 结束"):
        fill(city.task, city.other_preparer, city.other_unit)
    with pytest.raises(Refused, match="重新开放"):
        city.act("withdraw", city.preparer)
    city.act("sign", city.head)
    with pytest.raises(Refused, match="重新开放"):
        city.act("return", city.reviewer, WHY)
    city.act("approve", city.reviewer)
    assert city.submission.state == State.APPROVED
    with pytest.raises(Refused, match="已经结束"):
        rounds.ask_units(round_id=city.task.pk, user=admin, units=[])
    rounds.reopen_round(round_id=city.task.pk, user=admin, reason=WHY)
    fill(city.task, city.other_preparer, city.other_unit)


# ---- 进度与成批 -------------------------------------------------------------------------------


def test_many_are_extended_at_once_and_the_refused_are_told(city: City, admin: User) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    chosen = list(access.overseen_by(admin).order_by("department__code"))
    given = {
        "submissions": chosen,
        "user": admin,
        "action": "extend",
        "text": WHY,
        "key": "k" * 32,
        "due": soon(30),
    }
    first, second = rounds.perform_each(**given), rounds.perform_each(**given)
    assert [(one.done, one.words) for one in first] == [(one.done, one.words) for one in second]
    assert [one.done for one in first] == [False, True] and "单位审核" in first[0].words
    assert Event.objects.filter(action="extend").count() == 1


def test_the_progress_and_the_reminder_name_who_has_not_sent(city: City, admin: User) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    fill(city.task, city.other_preparer, city.other_unit)
    one, other = lines_of(city.task)
    assert (one.required, other.filled, other.required) == (0, 1, 5)
    assert one.saved_at is None and other.saved_at is not None
    assert without_staff([city.unit, city.other_unit]) == ([], [city.other_unit])
    text = digest(city.task, [one, other])
    assert "以下 1 个单位还没有送审" in text and "云湖市档案馆（填报中；填报人 周敏）" in text
    assert city.unit.name not in text and digest(city.task, [one]) == ""
    Round.objects.filter(pk=city.task.pk).update(deadline=soon(-1))
    late = matching(lines_of(Round.objects.get(pk=city.task.pk)), tab="overdue")
    assert [line.submission.department for line in late] == [city.other_unit]


# ---- 结转 -----------------------------------------------------------------------------------


@pytest.fixture
def next_year(city: City, tmp_path: Path) -> Pack:
    return pack_with(tmp_path / "next", NEXT_YEAR)


def approve(city: City) -> None:
    city.import_into("2024-correct-package")
    for action, user in (("submit", city.preparer), ("sign", city.head), ("approve", city.reviewer)):
        city.act(action, user)


def roll(city: City, admin: User, pack: Pack) -> Round:
    return rounds.roll_over(
        round_id=city.task.pk, user=admin, name="2025年度自评", pack=pack, deadline=soon(300), return_days=7
    )


def test_the_dry_run_says_what_is_carried_and_what_is_not(
    city: City, admin: User, next_year: Pack, tmp_path: Path
) -> None:
    approve(city)
    target = Department.objects.create(code="104", name="并入后的馆", parent=city.bureau)
    Department.objects.filter(pk=city.other_unit.pk).update(is_active=False, merged_into=target)
    appoint(
        user=city.colleague, department=city.unit, role=Role.UNIT_HEAD, since=date(2024, 1, 1),
        until=timezone.localdate() + timedelta(days=3), stand_in_for=city.head,
    )  # fmt: skip
    carried = carried_from(city.task, next_year)
    assert carried.units == [city.unit, target] and carried.with_figures == [city.unit]
    assert [(str(old), str(new)) for old, new in carried.merged] == [("云湖市档案馆", "并入后的馆")]
    assert [unit for unit, _ in carried.without_figures] == [target]
    assert (
        carried.projects == city.unit.projects.count()
        and carried.posts == 3
        and [one.user for one in carried.ending] == [city.colleague]
    )
    assert len(carried.figures) > 5 and not carried.lost
    old = (
        ("fields.toml", "公车购置", "公车购买"),
        ("forms/*", "公车购置", "公车购买"),
        ("checks.toml", "公车购置", "公车购买"),
    )
    city.task.pack = pack_with(tmp_path / "old", old)
    assert any("公车购置" in label for label in carried_from(city.task, next_year).lost)


def test_a_round_is_rolled_over_opened_with_last_years_figures_and_the_roll_over_is_undone(
    city: City, admin: User, next_year: Pack
) -> None:
    approve(city)
    Submission.objects.filter(pk=city.other_submission.pk).update(state=State.CANCELLED)
    task = roll(city, admin, next_year)
    assert (task.follows, task.opened_at, list(task.asked.all())) == (city.task, None, [city.unit])
    rounds.drop_round(round_id=task.pk, user=admin)
    assert not Round.objects.filter(pk=task.pk).exists()
    task = roll(city, admin, next_year)
    rounds.open_planned(round_id=task.pk, user=admin)
    facts = read(task.submissions.get()).facts
    assert facts.root.value("部门.名称") == city.unit.name
    assert (
        facts.root.value("公用经费.上年决算数")
        == read(city.submission).facts.root.value("公用经费.本年决算数")
        is not None
    )
    rounds.take_back(round_id=task.pk, user=admin, reason=WHY)
    assert not access.visible_to(city.preparer).filter(round=task).exists()
    actions = list(Event.objects.filter(details__round=str(task.pk)).values_list("action", flat=True))
    assert actions == ["roll_over", "open_round", "take_back"]
