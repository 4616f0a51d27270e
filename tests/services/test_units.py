"""单位：增、改、移、停用、并入；谁能办哪些。"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role, State
from evaluations.models import Event, Project, Submission
from evaluations.services.problems import Refused
from evaluations.services.units import (
    add_unit,
    disable_unit,
    edit_unit,
    enable_unit,
    merge_unit,
    move_unit,
)
from tests.conftest import City
from units.models import Department

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(town: City, people: Callable[..., Any]) -> Any:
    return people("admin", "吴静", town.bureau, Role.PACK_ADMIN)


@pytest.fixture
def branch(town: City) -> Department:
    made = Department.objects.create(
        code="200", name="云湖市农业农村局", kind="department", parent=town.bureau
    )
    Department.objects.filter(pk=town.other_unit.pk).update(parent=made)
    return made


@pytest.fixture
def branch_admin(branch: Department, people: Callable[..., Any]) -> Any:
    return people("branch", "秦岚", branch, Role.DEPARTMENT_ADMIN)


def finished(submission: Submission) -> None:
    Submission.objects.filter(pk=submission.pk).update(state=State.APPROVED)


def test_a_unit_is_added_changed_and_moved_and_each_act_is_recorded(
    town: City, admin: Any, branch: Department
) -> None:
    made = add_unit(by=admin, name="云湖市种子站", code="200001", kind="unit", parent=town.bureau)
    edit_unit(by=admin, unit_id=made.pk, name="云湖市种子管理站", code="200002", kind="unit")
    edit_unit(by=admin, unit_id=made.pk, name="云湖市种子管理站", code="200002", kind="unit")
    move_unit(by=admin, unit_id=made.pk, parent=branch)
    made.refresh_from_db()
    assert (made.name, made.code, made.parent) == ("云湖市种子管理站", "200002", branch)
    assert list(Event.objects.filter(user=admin).values_list("action", flat=True)) == [
        "add_unit", "edit_unit", "move_unit",
    ]  # fmt: skip


def test_a_unit_never_comes_to_stand_under_itself(town: City, admin: Any, branch: Department) -> None:
    for target in (branch, town.other_unit):
        with pytest.raises(Refused, match="自己或它的下级"):
            move_unit(by=admin, unit_id=branch.pk, parent=target)
    with pytest.raises(Refused, match="树的根"):
        move_unit(by=admin, unit_id=town.bureau.pk, parent=branch)


def test_a_code_is_used_once(town: City, admin: Any) -> None:
    with pytest.raises(Refused, match="101 已经有单位用了：云湖市政务服务中心"):
        add_unit(by=admin, name="甲", code="101", kind="unit", parent=town.bureau)
    with pytest.raises(Refused, match="102 已经有单位用了"):
        edit_unit(by=admin, unit_id=town.unit.pk, name="甲", code="102", kind="unit")


def test_a_unit_that_still_reports_is_not_disabled(town: City, admin: Any, branch: Department) -> None:
    with pytest.raises(Refused, match="“2024年度自评”还没有报完（现在是“填报中”）"):
        disable_unit(by=admin, unit_id=town.unit.pk)
    with pytest.raises(Refused, match="下面还有在用的单位（云湖市档案馆）"):
        disable_unit(by=admin, unit_id=branch.pk)
    finished(town.submission)
    disable_unit(by=admin, unit_id=town.unit.pk)
    with pytest.raises(Refused, match="已停用"):
        add_unit(by=admin, name="甲", code="9", kind="unit", parent=town.unit)
    enable_unit(by=admin, unit_id=town.unit.pk)
    town.unit.refresh_from_db()
    assert town.unit.is_active


def test_the_root_is_neither_disabled_nor_merged(town: City, admin: Any) -> None:
    for act in (disable_unit, enable_unit):
        with pytest.raises(Refused, match="树的根"):
            act(by=admin, unit_id=town.bureau.pk)


def test_people_and_projects_follow_a_merged_unit_and_its_packages_stay_readable(
    town: City, admin: Any
) -> None:
    project = Project.objects.create(department=town.unit, name="数字政务")
    until = timezone.localdate() + timedelta(days=30)
    town.head.appointments.update(until=until)
    finished(town.submission)
    finished(town.other_submission)
    merge_unit(by=admin, unit_id=town.unit.pk, target=town.other_unit)
    town.unit.refresh_from_db()
    project.refresh_from_db()
    assert not town.unit.is_active and town.unit.merged_into == town.other_unit
    assert project.department == town.other_unit
    for user, role in ((town.preparer, Role.PREPARER), (town.head, Role.UNIT_HEAD)):
        assert access.roles_on(user, town.other_unit) == {role}
        assert access.roles_on(user, town.unit) == set()
    assert town.head.appointments.get(department=town.other_unit).until == until
    assert set(access.visible_to(town.other_preparer)) == {town.submission, town.other_submission}
    assert not access.may(town.other_preparer, "edit", town.submission)[0]
    with pytest.raises(Refused, match="已并入"):
        enable_unit(by=admin, unit_id=town.unit.pk)


def test_the_package_of_a_merged_unit_opens_for_the_people_of_the_target(
    city: City, people: Callable[..., Any]
) -> None:
    finished(city.submission)
    by = people("admin", "吴静", city.bureau, Role.PACK_ADMIN)
    merge_unit(by=by, unit_id=city.unit.pk, target=city.other_unit)
    page = Client()
    page.force_login(city.other_preparer)
    for name in ("workbench", "history", "review"):
        assert page.get(reverse(f"evaluations:{name}", args=[city.submission.pk])).status_code == 200


def test_who_was_merged_twice_is_read_by_the_last(town: City, admin: Any) -> None:
    third = add_unit(by=admin, name="云湖市数据局", code="300", kind="unit", parent=town.bureau)
    for one in (town.submission, town.other_submission):
        finished(one)
    merge_unit(by=admin, unit_id=town.unit.pk, target=town.other_unit)
    merge_unit(by=admin, unit_id=town.other_unit.pk, target=third)
    assert access.visible_to(town.other_preparer).count() == 2
    assert access.roles_on(town.preparer, third) == {Role.PREPARER}


def test_a_merge_that_cannot_be_done_changes_nothing(town: City, admin: Any) -> None:
    with pytest.raises(Refused, match="还没有报完"):
        merge_unit(by=admin, unit_id=town.unit.pk, target=town.other_unit)
    finished(town.submission)
    with pytest.raises(Refused, match="另一个在用的单位"):
        merge_unit(by=admin, unit_id=town.unit.pk, target=town.unit)
    assert access.roles_on(town.preparer, town.unit) == {Role.PREPARER}


def test_a_department_administrator_keeps_to_his_own_branch(
    town: City, branch: Department, branch_admin: Any
) -> None:
    made = add_unit(by=branch_admin, name="云湖市种子站", code="200001", kind="unit", parent=branch)
    move_unit(by=branch_admin, unit_id=made.pk, parent=town.other_unit)
    refused: list[tuple[str, Callable[[], Any]]] = [
        ("不归您管", lambda: move_unit(by=branch_admin, unit_id=made.pk, parent=town.bureau)),
        ("不归您管", lambda: add_unit(by=branch_admin, name="x", code="x", kind="unit", parent=town.bureau)),
        (
            "不归您管",
            lambda: edit_unit(by=branch_admin, unit_id=town.unit.pk, name="x", code="x", kind="unit"),
        ),
        (
            "由财政局改",
            lambda: edit_unit(by=branch_admin, unit_id=branch.pk, name="x", code="x", kind="unit"),
        ),
        ("财政局的管理员", lambda: disable_unit(by=branch_admin, unit_id=made.pk)),
        ("财政局的管理员", lambda: merge_unit(by=branch_admin, unit_id=made.pk, target=town.other_unit)),
        ("类别只能", lambda: add_unit(by=branch_admin, name="x", code="x", kind="bureau", parent=branch)),
    ]
    before = list(Department.objects.order_by("pk").values())
    for words, act in refused:
        with pytest.raises(Refused, match=words):
            act()
    assert list(Department.objects.order_by("pk").values()) == before


def test_the_page_keeps_what_was_typed_when_it_refuses(town: City, admin: Any) -> None:
    page = Client()
    page.force_login(admin)
    url = reverse("evaluations:unit", args=[town.unit.pk])
    sent = {"act": "edit", "edit-name": "云湖市政务中心", "edit-code": "102", "edit-kind": "unit"}
    refused = page.post(url, sent)
    assert refused.status_code == 409
    assert "已经有单位用了" in refused.content.decode() and "云湖市政务中心" in refused.content.decode()
    assert page.post(url, sent | {"edit-code": "１０１ 9"}).status_code == 302
    town.unit.refresh_from_db()
    assert (town.unit.name, town.unit.code) == ("云湖市政务中心", "1019")
    assert page.post(url, {"act": "merge", "merge-target": str(town.other_unit.pk)}).status_code == 409


def test_the_tree_lists_people_and_finds_units_under_their_parents(
    town: City, admin: Any, branch: Department
) -> None:
    page = Client()
    page.force_login(admin)
    rows = page.get(reverse("evaluations:units")).context["rows"]
    assert [(row.unit.name, row.depth, row.people) for row in rows] == [
        ("云湖市财政局", 0, 2), ("云湖市政务服务中心", 1, 3), ("云湖市农业农村局", 1, 0), ("云湖市档案馆", 2, 1),
    ]  # fmt: skip
    found = page.get(reverse("evaluations:units"), {"q": "档案"}).context["rows"]
    assert [(row.unit.name, row.context) for row in found] == [
        ("云湖市财政局", True), ("云湖市农业农村局", True), ("云湖市档案馆", False),
    ]  # fmt: skip
    assert "没有名称含" in page.get(reverse("evaluations:units"), {"q": "没有的"}).content.decode()
