"""三员互斥由数据库守着；三员、方案管理员要两个人任命；系统管理员看不到填报内容、动不了审计；解锁。"""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import THREE_ADMINS, Role
from evaluations.models import Event
from evaluations.services import people as posts_of_people
from evaluations.services.account_security import unlock
from evaluations.services.accounts import (
    add_person,
    appoint_person,
    end_person_post,
    reset_password,
    set_enabled,
)
from evaluations.services.login_limits import Held, admit
from evaluations.services.problems import Refused
from evaluations.services.proposals import confirm_post, decline_post, why_not_confirm
from tests.conftest import City
from tests.services.town import make_town
from units.ids import uuid7
from units.models import Appointment, ProposedPost, User

pytestmark = pytest.mark.django_db
OPEN, PAST = None, date(2024, 6, 30)


@pytest.fixture
def staff(town: City, people: Callable[..., Any]) -> dict[str, Any]:
    """财政局的几位管理员。"""
    named = {
        "system": Role.SYSTEM_ADMIN, "guard": Role.SECURITY_ADMIN, "auditor": Role.AUDIT_ADMIN, "admin": Role.PACK_ADMIN,
    }  # fmt: skip
    return {name: people(name, name, town.bureau, role) for name, role in named.items()}


def proposed(by: Any, town: City, username: str = "xin", role: Role = Role.AUDIT_ADMIN) -> ProposedPost:
    add_person(by=by, username=username, display_name="新来的", phone="", department=town.bureau, role=role)
    return ProposedPost.objects.get(user__username=username)


# ---- 数据库的约束 ----


def raw(user: Any, town: City, role: str, since: date, until: date | None) -> None:
    """绕过程序，直接写一行。"""
    pk = uuid7().hex if connection.vendor == "sqlite" else str(uuid7())
    whom, where = (
        (user.pk.hex, town.bureau.pk.hex)
        if connection.vendor == "sqlite"
        else (str(user.pk), str(town.bureau.pk))
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO units_appointment (id, user_id, department_id, role, since, until) VALUES (%s,%s,%s,%s,%s,%s)",
            [pk, whom, where, role, since, until],
        )


@pytest.mark.case("A10")
@pytest.mark.dengbao("访问控制 d")
def test_the_database_itself_refuses_a_second_post_beside_one_of_the_three(town: City) -> None:
    for number, first in enumerate(sorted(THREE_ADMINS)):
        for second in Role:
            user = User.objects.create(username=f"{number}{second.value}", display_name="某")
            raw(user, town, first, date(2024, 1, 1), OPEN)
            if second == first:
                raw(user, town, second, date(2024, 2, 1), OPEN)
                continue
            with pytest.raises(IntegrityError):
                raw(user, town, second, date(2024, 2, 1), OPEN)
            other = User.objects.create(username=f"{number}{second.value}-", display_name="某")
            raw(other, town, second, date(2024, 1, 1), OPEN)
            with pytest.raises(IntegrityError):
                raw(other, town, first, date(2024, 2, 1), date(2024, 3, 1))


@pytest.mark.case("A10")
def test_posts_one_after_the_other_are_allowed_and_a_change_is_checked_too(town: City) -> None:
    user = User.objects.create(username="later", display_name="某")
    raw(user, town, Role.SYSTEM_ADMIN, date(2024, 1, 1), PAST)
    raw(user, town, Role.AUDIT_ADMIN, PAST + timedelta(days=1), OPEN)
    posts = Appointment.objects.filter(user=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        posts.filter(role=Role.SYSTEM_ADMIN).update(until=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        posts.filter(role=Role.AUDIT_ADMIN).update(since=PAST)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(
            user=town.preparer, department=town.unit, role=Role.SECURITY_ADMIN, since=date(2025, 1, 1)
        )
    posts.filter(role=Role.AUDIT_ADMIN).update(until=date(2030, 1, 1))


@pytest.mark.case("A10")
@pytest.mark.django_db(transaction=True)
def test_two_transactions_at_once_cannot_give_two_of_the_three(people: Callable[..., Any]) -> None:
    town = make_town(people)
    user = User.objects.create(username="both", display_name="某")
    start, done = threading.Barrier(2), []

    def give(role: Role) -> None:
        try:
            start.wait()
            raw(user, town, role, date(2024, 1, 1), OPEN)
            done.append(role)
        except IntegrityError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=(role,)) for role in (Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1 == Appointment.objects.filter(user=user).count()


# ---- 两个人办 ----


@pytest.mark.case("A9")
@pytest.mark.dengbao("访问控制 d")
def test_a_powerful_post_is_held_only_after_a_second_person_confirmed(
    town: City, staff: dict[str, Any]
) -> None:
    one = proposed(staff["system"], town)
    person = one.user
    assert not person.appointments.exists() and not access.administers(person)
    for by in ("system", "admin"):
        with pytest.raises(Refused):
            confirm_post(by=staff[by], proposal_id=one.pk)
    with pytest.raises(Refused, match="处理过了"):
        confirm_post(by=staff["auditor"], proposal_id=one.pk)
    page = Client()
    page.force_login(staff["guard"])
    assert "新来的" in page.get(reverse("evaluations:accounts")).content.decode()
    page.post(reverse("evaluations:proposal", args=[one.pk]), {"act": "confirm"})
    assert access.administers(person) == {Role.AUDIT_ADMIN}
    told = Event.objects.order_by("seq").values_list("action", "user__username")
    assert list(told) == [("add_person", "system"), ("confirm_post", "guard")]


@pytest.mark.case("A9")
def test_nobody_confirms_what_he_proposed_or_what_is_for_himself(town: City, staff: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="您自己"):
        appoint_person(
            by=staff["system"], person_id=staff["system"].pk, department=town.bureau,
            role=Role.SECURITY_ADMIN, since=timezone.localdate(), until=None,
        )  # fmt: skip
    one = proposed(staff["system"], town, role=Role.SECURITY_ADMIN)
    assert "另一个人" in why_not_confirm(staff["system"], one)
    one.user = staff["guard"]
    assert "另一个人" in why_not_confirm(staff["guard"], one)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposedPost.objects.filter(pk=one.pk).update(user=staff["system"])
    with pytest.raises(Refused):
        decline_post(by=staff["admin"], proposal_id=one.pk)
    decline_post(by=staff["system"], proposal_id=one.pk)
    assert Event.objects.last().label == "收回提名" and not ProposedPost.objects.exists()


@pytest.mark.case("A9")
def test_the_first_security_administrator_is_confirmed_by_the_pack_administrator(
    town: City, people: Callable[..., Any]
) -> None:
    system = people("system", "郑凯", town.bureau, Role.SYSTEM_ADMIN)
    admin = people("admin", "吴静", town.bureau, Role.PACK_ADMIN)
    audit = proposed(system, town, "shenji")
    with pytest.raises(Refused, match="还没有安全管理员"):
        confirm_post(by=admin, proposal_id=audit.pk)
    first = proposed(system, town, "anquan", Role.SECURITY_ADMIN)
    confirm_post(by=admin, proposal_id=first.pk)
    guard = User.objects.get(username="anquan")
    confirm_post(by=guard, proposal_id=audit.pk)
    assert {post.role for post in Appointment.objects.filter(user__username="shenji")} == {"audit_admin"}


@pytest.mark.case("A9", "A10")
def test_what_waits_counts_among_the_three_and_a_stale_proposal_is_checked_again(
    town: City, staff: dict[str, Any]
) -> None:
    one = proposed(staff["system"], town)
    given = {"by": staff["system"], "person_id": one.user.pk, "department": town.bureau, "until": None}
    with pytest.raises(Refused, match="还没有确认"):
        appoint_person(**given, role=Role.SYSTEM_ADMIN, since=timezone.localdate())
    appoint_person(**given, role=Role.BUREAU_REVIEWER, since=timezone.localdate())
    with pytest.raises(Refused, match="三员互斥"):
        confirm_post(by=staff["guard"], proposal_id=one.pk)


@pytest.mark.case("A9")
def test_the_watchers_cannot_be_taken_over_or_removed_by_whom_they_watch(
    town: City, staff: dict[str, Any]
) -> None:
    for name in ("guard", "auditor"):
        given = {"by": staff["system"], "person_id": staff[name].pk}
        with pytest.raises(Refused, match="rescue"):
            reset_password(**given)
        with pytest.raises(Refused, match="最后一位"):
            set_enabled(**given, enabled=False)
        with pytest.raises(Refused, match="最后一位"):
            end_person_post(**given, appointment_id=staff[name].appointments.get().pk)
    second = proposed(staff["system"], town, "shenji2")
    confirm_post(by=staff["guard"], proposal_id=second.pk)
    post = staff["auditor"].appointments.get()
    end_person_post(by=staff["system"], person_id=staff["auditor"].pk, appointment_id=post.pk)


@pytest.mark.case("A9")
@pytest.mark.dengbao("访问控制 d")
def test_a_powerful_post_is_not_handed_over_among_friends(town: City, staff: dict[str, Any]) -> None:
    for one in staff.values():
        assert not posts_of_people.may_arrange(one, one.appointments.get())


@pytest.mark.case("A9")
def test_a_system_administrator_reads_no_package_and_the_security_administrator_runs_no_accounts(
    town: City, staff: dict[str, Any]
) -> None:
    for name in ("system", "guard", "auditor"):
        assert not access.visible_to(staff[name]).exists() and not access.overseen_by(staff[name]).exists()
    guard = Client()
    guard.force_login(staff["guard"])
    url = reverse("evaluations:account", args=[town.preparer.pk])
    for act in ("reset", "disable", "edit", "appoint", "end"):
        assert guard.post(url, {"act": act, "edit-display_name": "别人"}).status_code == 409, act
    town.preparer.refresh_from_db()
    assert town.preparer.is_active and not town.preparer.must_change_password
    assert guard.get(reverse("evaluations:account_add")).status_code == 404
    assert "重置密码" not in guard.get(url).content.decode()


# ---- 解锁、闲置 ----


@pytest.mark.case("A15")
@pytest.mark.dengbao("身份鉴别 b")
def test_the_security_administrator_unlocks_an_account_and_that_is_recorded(
    town: City, staff: dict[str, Any]
) -> None:
    for _ in range(5):
        admit(username="own", address="10.0.0.1")
    with pytest.raises(Held):
        admit(username="own", address="10.0.0.1")
    for by in (staff["system"], staff["admin"], town.head):
        with pytest.raises(Refused):
            unlock(by=by, person_id=town.preparer.pk)
    page = Client()
    page.force_login(staff["guard"])
    url = reverse("evaluations:account", args=[town.preparer.pk])
    assert "10.0.0.1" in page.get(url).content.decode()
    assert page.post(url, {"act": "unlock"}).status_code == 302
    admit(username="own", address="10.0.0.1")
    assert Event.objects.get(action="unlock").user == staff["guard"]
    with pytest.raises(Refused, match="没有锁"):
        unlock(by=staff["guard"], person_id=town.head.pk)


@pytest.mark.case("A11")
@pytest.mark.dengbao("访问控制 c")
def test_the_security_administrator_finds_the_accounts_nobody_uses(town: City, staff: dict[str, Any]) -> None:
    User.objects.filter(pk=town.head.pk).update(last_login=timezone.now() - timedelta(days=91))
    page = Client()
    page.force_login(staff["guard"])
    found = page.get(reverse("evaluations:accounts"), {"which": "idle"}).context["page"]
    assert {person.username for person in found} == {"head"}
