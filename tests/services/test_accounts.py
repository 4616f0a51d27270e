"""账号和岗位：新增、任命、结束、重置、停用；谁也不给自己办；第一次登录先改密码。"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from evaluations.models import Event
from evaluations.services.accounts import (
    Credential,
    add_person,
    appoint_person,
    edit_person,
    end_person_post,
    reset_password,
    set_enabled,
)
from evaluations.services.problems import Refused
from tests.conftest import City
from units import models
from units.models import Department, User

pytestmark = pytest.mark.django_db
OWN = "correct horse battery"
NEW = "xian-ding-mi-ma-2024"


@pytest.fixture
def admin(town: City, people: Callable[..., Any]) -> Any:
    return people("admin", "吴静", town.bureau, Role.PACK_ADMIN)


@pytest.fixture
def system(town: City, people: Callable[..., Any]) -> Any:
    return people("system", "郑凯", town.bureau, Role.SYSTEM_ADMIN)


def added(by: Any, town: City, username: str = "lisi", role: Role = Role.PREPARER) -> Credential:
    place = town.unit if role in (Role.PREPARER, Role.UNIT_HEAD) else town.bureau
    return add_person(by=by, username=username, display_name="李四", phone="1", department=place, role=role)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def log_in(client: Client, username: str, password: str) -> Any:
    return client.post(reverse("units:login"), {"username": username, "password": password})


def change(client: Client, old: str, new: str, again: str = "") -> Any:
    sent = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(reverse("units:password"), sent)


# ---- 初始密码 ----


@pytest.mark.case("A18", "G13")
def test_the_initial_password_is_shown_once_and_kept_nowhere(
    town: City, admin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = signed_in(admin)
    sent = {
        "username": "LiSi",
        "display_name": "李四",
        "phone": "",
        "department": str(town.unit.pk),
        "role": "preparer",
    }
    answer = page.post(reverse("evaluations:account_add"), sent)
    made = answer.context["made"][0]
    assert answer.status_code == 200 and made.password in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    person = User.objects.get(username="lisi")
    assert made.password not in f"{list(Event.objects.values())}{list(User.objects.values())}{caplog.text}"
    assert made.password not in page.get(reverse("evaluations:account", args=[person.pk])).content.decode()
    sheet = page.post(reverse("evaluations:account_passwords"), {"sheet": answer.context["sheet"]})
    assert sheet.content.startswith(b"PK") and "no-store" in sheet["Cache-Control"]


def test_the_sheet_of_passwords_is_made_for_nobody_else(town: City, admin: Any, system: Any) -> None:
    page = signed_in(admin)
    sent = {"username": "lisi", "display_name": "李四", "department": str(town.unit.pk), "role": "preparer"}
    sheet = page.post(reverse("evaluations:account_add"), sent).context["sheet"]
    url = reverse("evaluations:account_passwords")
    assert signed_in(system).post(url, {"sheet": sheet}).status_code == 404
    assert page.post(url, {"sheet": sheet[:-2]}).status_code == 404


@pytest.mark.case("A18")
@pytest.mark.dengbao("身份鉴别 a", "访问控制 b")
def test_whoever_holds_an_initial_password_changes_it_before_anything_else(town: City, admin: Any) -> None:
    made = added(admin, town)
    page = Client()
    assert log_in(page, "lisi", made.password).status_code == 302
    for name in ("home", "people", "queue"):
        assert page.get(reverse(f"evaluations:{name}"))["Location"] == reverse("units:password")
    save = page.post(
        reverse("evaluations:save", args=[town.submission.pk, "department"]), {}, "application/json"
    )
    assert save.status_code == 403 and "初始密码" in save.json()["error"]
    assert page.get(reverse("units:healthz")).status_code == 200
    assert change(page, made.password, made.password).status_code == 200, "还是初始密码，不收"
    assert change(page, made.password, NEW).status_code == 302
    assert page.get(reverse("evaluations:home")).status_code == 200
    person = User.objects.get(username="lisi")
    assert not person.must_change_password and person.initial_until is None


@pytest.mark.case("A17")
def test_a_wrong_guess_at_an_initial_password_costs_as_much_time_as_any_other(
    town: City, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, slow = added(admin, town), []
    monkeypatch.setattr(models, "make_password", slow.append)
    log_in(Client(), "lisi", "wrong")
    assert slow == ["wrong"]
    assert log_in(Client(), "lisi", made.password).status_code == 302
    log_in(Client(), "lisi", "wrong again")
    assert slow == ["wrong"], "登录过就换成慢的了"


def test_he_can_leave_without_changing_it(town: City, admin: Any) -> None:
    made = added(admin, town)
    page = Client()
    log_in(page, "lisi", made.password)
    assert page.post(reverse("units:logout"))["Location"] == reverse("units:login")


@pytest.mark.case("A17", "A18")
def test_an_expired_initial_password_says_so_only_to_who_knows_it(town: City, admin: Any) -> None:
    made = added(admin, town)
    User.objects.filter(username="lisi").update(initial_until=timezone.now() - timedelta(seconds=1))
    right = log_in(Client(), "lisi", made.password)
    assert right.status_code == 200 and "已经过期" in right.content.decode()
    wrong = log_in(Client(), "lisi", "wrong").content.decode()
    assert "已经过期" not in wrong and "账号或密码不对" in wrong


WEAK = ("short", "1234567890", "password123", "my-lisi-2024-x", "新的密码李四二〇二四")


@pytest.mark.case("A18")
@pytest.mark.dengbao("身份鉴别 a")
def test_a_weak_password_or_one_with_his_name_is_refused(town: City, admin: Any) -> None:
    made = added(admin, town)
    page = Client()
    log_in(page, "lisi", made.password)
    for new in WEAK:
        assert change(page, made.password, new).context["form"].errors, new
    assert change(page, made.password, NEW, again=f"{NEW}5").context["form"].errors


@pytest.mark.case("A13")
def test_a_changed_password_ends_the_other_sessions(town: City) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        log_in(client, "own", OWN)
    assert change(here, OWN, NEW).status_code == 302
    assert here.get(reverse("evaluations:home")).status_code == 200
    assert elsewhere.get(reverse("evaluations:home")).status_code == 302


@pytest.mark.case("A11")
def test_a_reset_ends_every_session_and_the_old_password(town: City, admin: Any) -> None:
    page = Client()
    log_in(page, "own", OWN)
    made = reset_password(by=admin, person_id=town.preparer.pk)
    assert page.get(reverse("evaluations:home"))["Location"].startswith("/login/")
    assert log_in(Client(), "own", OWN).status_code == 200
    assert log_in(Client(), "own", made.password).status_code == 302


@pytest.mark.case("A11")
@pytest.mark.dengbao("访问控制 c")
def test_a_disabled_account_is_out_and_back_when_enabled(town: City, admin: Any) -> None:
    page = signed_in(town.preparer)
    set_enabled(by=admin, person_id=town.preparer.pk, enabled=False)
    assert page.get(reverse("evaluations:home")).status_code == 302
    with pytest.raises(Refused, match="已停用"):
        reset_password(by=admin, person_id=town.preparer.pk)
    set_enabled(by=admin, person_id=town.preparer.pk, enabled=True)
    assert log_in(Client(), "own", OWN).status_code == 302


# ---- 谁给谁办 ----


@pytest.mark.case("A9")
@pytest.mark.dengbao("访问控制 d")
def test_nobody_does_anything_for_himself(town: City, admin: Any, system: Any) -> None:
    for me, role in ((admin, Role.BUREAU_REVIEWER), (system, Role.SECURITY_ADMIN)):
        given = {"by": me, "person_id": me.pk}
        with pytest.raises(Refused, match="您自己"):
            appoint_person(**given, department=town.bureau, role=role, since=timezone.localdate(), until=None)
        with pytest.raises(Refused, match="您自己"):
            reset_password(**given)
        with pytest.raises(Refused, match="您自己"):
            end_person_post(**given, appointment_id=me.appointments.get().pk)


@pytest.mark.case("A9")
def test_an_administrator_has_no_power_over_posts_he_cannot_give(town: City, admin: Any, system: Any) -> None:
    for act in (
        lambda: reset_password(by=admin, person_id=system.pk),
        lambda: set_enabled(by=admin, person_id=system.pk, enabled=False),
        lambda: edit_person(by=admin, person_id=system.pk, display_name="别人", phone=""),
        lambda: end_person_post(by=admin, person_id=system.pk, appointment_id=system.appointments.get().pk),
    ):
        with pytest.raises(Refused, match="不归您管"):
            act()
    with pytest.raises(Refused, match="不能在 云湖市财政局 任命审计管理员"):
        added(admin, town, role=Role.AUDIT_ADMIN)
    page = signed_in(admin).get(reverse("evaluations:account", args=[system.pk]))
    assert page.context["why_not"] and "重置密码" not in page.content.decode()
    reset_password(by=system, person_id=admin.pk)


@pytest.mark.case("A10")
@pytest.mark.dengbao("访问控制 d")
def test_the_three_administrators_exclude_one_another(town: City, system: Any) -> None:
    added(system, town, "anquan", Role.SECURITY_ADMIN)
    person = User.objects.get(username="anquan")
    with pytest.raises(Refused, match="三员互斥"):
        appoint_person(
            by=system, person_id=person.pk, department=town.bureau, role=Role.AUDIT_ADMIN,
            since=timezone.localdate(), until=None,
        )  # fmt: skip


def test_a_post_belongs_to_a_kind_of_unit_and_is_given_once(town: City, admin: Any) -> None:
    given = {"by": admin, "person_id": town.preparer.pk, "since": timezone.localdate(), "until": None}
    with pytest.raises(Refused, match="财政审核人设在财政部门"):
        appoint_person(**given, department=town.unit, role=Role.BUREAU_REVIEWER)
    with pytest.raises(Refused, match="任期有重叠"):
        appoint_person(**given, department=town.unit, role=Role.PREPARER)
    with pytest.raises(Refused, match="从今天或以后"):
        appoint_person(
            **given | {"since": timezone.localdate() - timedelta(days=1)},
            department=town.other_unit,
            role=Role.PREPARER,
        )


def test_an_ended_post_is_gone_at_once(town: City, admin: Any) -> None:
    assert access.visible_to(town.preparer).exists()
    post = town.preparer.appointments.get()
    end_person_post(by=admin, person_id=town.preparer.pk, appointment_id=post.pk)
    assert not access.visible_to(town.preparer).exists()
    with pytest.raises(Refused, match="已经结束"):
        end_person_post(by=admin, person_id=town.preparer.pk, appointment_id=post.pk)
    today = added(admin, town)
    person = User.objects.get(username=today.username)
    end_person_post(by=admin, person_id=person.pk, appointment_id=person.appointments.get().pk)
    assert not person.appointments.exists(), "今天才开始的，收回"


@pytest.mark.dengbao("身份鉴别 a")
def test_an_account_belongs_to_one_person(town: City, admin: Any) -> None:
    with pytest.raises(Refused, match="账号 own 已经有了（陈晓燕）"):
        added(admin, town, "ＯＷＮ")
    for wrong in ("a", "a b", "a/b", "x" * 61, "a\n"):
        with pytest.raises(Refused):
            added(admin, town, wrong if wrong != "a\n" else "!")


def test_a_department_administrator_reaches_only_his_own_people(
    town: City, admin: Any, people: Callable[..., Any]
) -> None:
    branch = Department.objects.create(
        code="2", name="云湖市农业农村局", kind="department", parent=town.bureau
    )
    Department.objects.filter(pk=town.other_unit.pk).update(parent=branch)
    me = people("branch", "秦岚", branch, Role.DEPARTMENT_ADMIN)
    reviewer = people("rev", "何静", branch, Role.DEPARTMENT_REVIEWER)
    reset_password(by=me, person_id=town.other_preparer.pk)
    with pytest.raises(Refused, match="不归您管"):
        reset_password(by=me, person_id=town.preparer.pk)
    with pytest.raises(Refused, match="不归您管"):
        reset_password(by=me, person_id=reviewer.pk)
    page = signed_in(me)
    shown = {person.username for person in page.get(reverse("evaluations:accounts")).context["page"]}
    assert shown == {"other", "branch", "rev"}
    appoint_person(
        by=admin, person_id=town.other_preparer.pk, department=town.unit, role=Role.PREPARER,
        since=timezone.localdate(), until=None,
    )  # fmt: skip
    with pytest.raises(Refused, match="不归您管"):
        reset_password(by=me, person_id=town.other_preparer.pk)


@pytest.mark.case("G3")
@pytest.mark.dengbao("安全审计 a")
def test_every_act_is_recorded(town: City, admin: Any) -> None:
    person = User.objects.get(username=added(admin, town).username)
    given = {"by": admin, "person_id": person.pk}
    edit_person(**given, display_name="李思", phone="0730-1")
    post = appoint_person(
        **given, department=town.other_unit, role=Role.UNIT_HEAD, since=timezone.localdate(), until=None
    )
    end_person_post(**given, appointment_id=post.pk)
    reset_password(**given)
    set_enabled(**given, enabled=False)
    set_enabled(**given, enabled=True)
    assert list(Event.objects.filter(user=admin).values_list("action", flat=True)) == [
        "add_person", "edit_person", "appoint", "end_post", "reset_password", "disable_person", "enable_person",
    ]  # fmt: skip


# ---- 清单 ----


@pytest.mark.dengbao("访问控制 c")
def test_people_are_found_by_word_unit_role_and_last_login(town: City, admin: Any) -> None:
    page = signed_in(admin)
    User.objects.filter(pk=town.head.pk).update(last_login=timezone.now() - timedelta(days=100))

    def shown(**asked: str) -> set[str]:
        return {
            person.username for person in page.get(reverse("evaluations:accounts"), asked).context["page"]
        }

    assert shown(q="陈晓") == {"own"}
    assert shown(unit=str(town.unit.pk)) == {"own", "colleague", "head"}
    assert shown(unit=str(town.bureau.pk), role="preparer") == {"own", "colleague", "other"}
    assert shown(which="idle") == {"head"}
    assert "own" in shown(which="never") and "head" not in shown(which="never")
    town.colleague.appointments.all().delete()
    assert shown(which="no_post") == {"colleague"}
    assert shown(which="disabled") == set()
    assert shown(unit="nonsense", role="nonsense", which="nonsense", page="99") >= {"own", "head"}


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    town: City, admin: Any, django_assert_max_num_queries: Any
) -> None:
    page = signed_in(admin)
    for n in range(60):
        User.objects.create(username=f"u{n}", display_name=f"某{n}")
    with django_assert_max_num_queries(20):
        answer = page.get(reverse("evaluations:accounts"))
    assert len(answer.context["page"].object_list) == 50 and "下一页" in answer.content.decode()
