"""代办、交接、分工、在场。"""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import access, timeline
from evaluations.core.workflow import Role
from evaluations.models import Event, Presence
from evaluations.services.entry import Change, save_cells
from evaluations.services.people import end_stand_in, hand_over, stand_in
from evaluations.services.presence import hand_part, note_presence
from evaluations.services.problems import Refused
from tests.conftest import City
from units.models import Appointment, User

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
LONG_AGO = date(2024, 1, 1)


def held(user: User) -> Appointment:
    return user.appointments.get()


def week(city: City, person: User, **given) -> Appointment:
    wanted = {"since": TODAY(), "until": TODAY() + timedelta(days=7)} | given
    return stand_in(appointment_id=held(city.head).pk, by=city.head, person=person, **wanted)


def test_a_stand_in_signs_and_the_record_says_for_whom(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    week(city, city.colleague)
    event = city.act("sign", city.colleague)
    assert event.details["stand_in_for"] == "李建国"
    page = Client()
    page.force_login(city.head)
    history = page.get(reverse("evaluations:history", args=[city.submission.pk])).content.decode()
    assert "王立（代李建国）" in history


def test_a_stand_in_does_not_sign_what_he_submitted(city: City) -> None:
    city.import_into("2024-correct-package")
    week(city, city.preparer)
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="您送审的"):
        city.act("sign", city.preparer)


def test_whoever_has_filled_anything_does_not_sign_it(city: City) -> None:
    city.import_into("2024-correct-package")
    change = [Change("联系电话", "0730-1234567", was="0000-8888888")]
    week(city, city.colleague)
    assert save_cells(submission_id=city.submission.pk, user=city.colleague, changes=change).written
    back = [Change("联系电话", "0000-8888888", was="0730-1234567")]
    save_cells(submission_id=city.submission.pk, user=city.preparer, changes=back)
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="您填过"):
        city.act("sign", city.colleague)


def test_a_stand_in_has_what_his_principal_has_and_no_longer(city: City) -> None:
    later = TODAY() + timedelta(days=30)
    hand_over(appointment_id=held(city.head).pk, by=city.head, person=city.colleague, since=later)
    future = city.colleague.appointments.get(role=Role.UNIT_HEAD)
    with pytest.raises(Refused, match="任期以内"):
        stand_in(
            appointment_id=future.pk, by=city.colleague, person=city.preparer, since=TODAY(), until=later
        )
    with pytest.raises(Refused, match="任期以内"):
        week(city, city.preparer, until=later + timedelta(days=5))
    week(city, city.preparer)
    Appointment.objects.filter(pk=held(city.head).pk).update(until=TODAY() - timedelta(days=1))
    assert Role.UNIT_HEAD not in access.roles_on(city.preparer, city.unit), "被代的人已经不在任"


def test_a_stand_in_names_no_further_stand_in(city: City) -> None:
    made = week(city, city.colleague)
    with pytest.raises(Refused, match="代办的岗位不能再请人代办"):
        stand_in(appointment_id=made.pk, by=city.head, person=city.preparer, since=TODAY(), until=TODAY())


def test_a_post_is_handed_over_once_and_ends_when_it_would_have(city: City) -> None:
    ends = TODAY() + timedelta(days=20)
    post = held(city.head)
    Appointment.objects.filter(pk=post.pk).update(until=ends)
    given = {"appointment_id": post.pk, "by": city.head, "since": TODAY() + timedelta(days=5)}
    made = hand_over(**given, person=city.colleague)
    assert made.until == ends
    with pytest.raises(Refused, match="交接过了"):
        hand_over(**given, person=city.preparer)


def test_a_stand_in_ends_by_itself(city: City) -> None:
    made = week(city, city.colleague)
    assert Role.UNIT_HEAD in access.roles_on(city.colleague, city.unit)
    Appointment.objects.filter(pk=made.pk).update(since=LONG_AGO, until=TODAY() - timedelta(days=1))
    assert Role.UNIT_HEAD not in access.roles_on(city.colleague, city.unit)


def test_a_stand_in_is_ended_early_by_the_one_he_stands_for(city: City) -> None:
    for since in (TODAY(), LONG_AGO):
        made = week(city, city.colleague)
        Appointment.objects.filter(pk=made.pk).update(since=since)
        with pytest.raises(Refused, match="不归您安排"):
            end_stand_in(appointment_id=made.pk, by=city.preparer)
        end_stand_in(appointment_id=made.pk, by=city.head)
        assert Role.UNIT_HEAD not in access.roles_on(city.colleague, city.unit), "立刻生效"


@pytest.mark.parametrize(
    ("since", "until"),
    [(-1, 7), (3, 2), (0, 400)],
    ids=["in the past", "ends before it begins", "over a year"],
)
def test_a_stand_in_with_impossible_days_is_refused(city: City, since: int, until: int) -> None:
    days = {"since": TODAY() + timedelta(days=since), "until": TODAY() + timedelta(days=until)}
    with pytest.raises(Refused, match="日期不对"):
        week(city, city.colleague, **days)


def test_only_people_of_the_same_unit_stand_in(city: City) -> None:
    with pytest.raises(Refused, match="同单位"):
        week(city, city.other_preparer)


def test_nobody_arranges_the_appointments_of_others(city: City) -> None:
    for by in (city.preparer, city.other_preparer, city.reviewer):
        with pytest.raises(Refused, match="不归您安排"):
            stand_in(
                appointment_id=held(city.head).pk, by=by, person=city.colleague, since=TODAY(), until=TODAY()
            )


def test_the_head_arranges_for_clerks(city: City) -> None:
    tomorrow = TODAY() + timedelta(days=1)
    hand_over(appointment_id=held(city.preparer).pk, by=city.head, person=city.colleague, since=tomorrow)
    assert held(city.preparer).until == TODAY()
    assert city.colleague.appointments.filter(role=Role.PREPARER, since=tomorrow, until=None).exists()


def test_after_a_handover_the_package_and_its_history_stay(city: City) -> None:
    save_cells(
        submission_id=city.submission.pk, user=city.preparer, changes=[Change("资金.全年执行数", "1", was="")]
    )
    tomorrow = TODAY() + timedelta(days=1)
    hand_over(appointment_id=held(city.preparer).pk, by=city.preparer, person=city.head, since=tomorrow)
    Appointment.objects.filter(user=city.preparer).update(until=TODAY() - timedelta(days=1))
    Appointment.objects.filter(user=city.head, role=Role.PREPARER).update(since=TODAY())
    assert not access.visible_to(city.preparer).exists()
    saved = save_cells(
        submission_id=city.submission.pk, user=city.head, changes=[Change("资金.全年执行数", "2", was="1")]
    )
    assert saved.written
    assert city.submission.edits.filter(user=city.preparer).exists()


def test_a_handover_for_today_or_by_a_stand_in_is_refused(city: City) -> None:
    with pytest.raises(Refused, match="明天"):
        hand_over(appointment_id=held(city.head).pk, by=city.head, person=city.colleague, since=TODAY())
    made = week(city, city.colleague)
    with pytest.raises(Refused, match="代办的岗位不能交接"):
        hand_over(
            appointment_id=made.pk, by=city.head, person=city.preparer, since=TODAY() + timedelta(days=1)
        )


def test_every_arrangement_is_recorded(city: City) -> None:
    made = week(city, city.colleague)
    end_stand_in(appointment_id=made.pk, by=city.head)
    labels = Event.objects.filter(user=city.head).values_list("label", flat=True)
    assert list(labels) == ["请人代办", "结束代办"]


def test_arranging_on_the_page(city: City) -> None:
    client = Client()
    client.force_login(city.head)
    assert "请人代办、交接" in client.get(reverse("evaluations:people")).content.decode()
    url = reverse("evaluations:appointment", args=[held(city.head).pk])
    assert "请人代办" in client.get(url).content.decode()
    form = {"act": "stand_in", "stand_in-person": str(city.colleague.pk), "stand_in-since": f"{TODAY()}"}
    refused = client.post(url, form)
    assert refused.status_code == 409 and "这个字段是必填项" in refused.content.decode()
    made = client.post(url, form | {"stand_in-until": f"{TODAY() + timedelta(days=3)}"})
    assert made.status_code == 302
    assert city.colleague.appointments.filter(role=Role.UNIT_HEAD, stand_in_for=city.head).exists()


def test_a_part_is_handed_to_a_colleague_and_taken_back(city: City) -> None:
    given = {"submission_id": city.submission.pk, "user": city.preparer, "form": "base", "project": None}
    hand_part(**given, to=city.colleague.pk)
    hand_part(**given, to=city.colleague.pk)
    assert [str(one.user) for one in city.submission.part_owners.all()] == ["王立"]
    client = Client()
    client.force_login(city.colleague)
    page = client.get(reverse("evaluations:workbench", args=[city.submission.pk])).content.decode()
    assert "王立（您）负责" in page
    hand_part(**given, to=None)
    assert not city.submission.part_owners.exists()
    assert Event.objects.filter(action="hand_part").count() == 2, "重发不另记一条"


def test_a_part_goes_only_to_clerks_of_the_own_unit(city: City) -> None:
    given = {"submission_id": city.submission.pk, "form": "base", "project": None}
    with pytest.raises(Refused, match="本单位在任的填报人"):
        hand_part(**given, user=city.preparer, to=city.other_preparer.pk)
    with pytest.raises(Refused, match="本单位的人"):
        hand_part(**given, user=city.reviewer, to=city.colleague.pk)
    with pytest.raises(Refused, match="没有这一部分"):
        hand_part(**{**given, "form": "nowhere"}, user=city.preparer, to=city.colleague.pk)


def here(city: City, user: User, address: str = "资金.全年执行数") -> None:
    note_presence(submission=city.submission, user=user, form="department", project=None, address=address)


def test_colleagues_see_each_other_but_not_themselves(city: City) -> None:
    here(city, city.preparer)
    here(city, city.colleague, "资金.年初预算数")
    assert [(str(p.user), p.address) for p in timeline.people_at(city.submission, city.preparer)] == [
        ("王立", "资金.年初预算数")
    ]


def test_who_has_left_is_no_longer_shown_but_his_place_is_kept(city: City) -> None:
    here(city, city.preparer)
    Presence.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert timeline.people_at(city.submission) == []
    assert timeline.last_place(city.submission, city.preparer).address == "资金.全年执行数"


def test_staying_in_one_cell_is_written_seldom(city: City) -> None:
    here(city, city.preparer)
    first = Presence.objects.get().at
    here(city, city.preparer)
    assert Presence.objects.get().at == first
    here(city, city.preparer, "部门.名称")
    assert Presence.objects.get().at > first


def test_the_workbench_leads_back_to_the_cell_left(city: City) -> None:
    here(city, city.preparer)
    client = Client()
    client.force_login(city.preparer)
    page = client.get(reverse("evaluations:workbench", args=[city.submission.pk])).content.decode()
    assert "上次填到“年度资金总额·全年执行数”" in page


def live(city: City, user: User, **body):
    client = Client()
    client.force_login(user)
    url = reverse("evaluations:live", args=[city.submission.pk, "department"])
    return client.post(url, body, content_type="application/json")


def test_the_page_learns_what_others_changed(city: City) -> None:
    saved = save_cells(
        submission_id=city.submission.pk,
        user=city.colleague,
        changes=[Change("资金.全年执行数", "1", was="")],
    )
    answer = live(city, city.preparer, revision=0, address="部门.名称").json()
    assert answer["revision"] == saved.revision
    assert answer["cells"]["资金.全年执行数"]["text"] == "1"
    assert answer["news"] == [
        {"address": "资金.全年执行数", "label": "年度资金总额·全年执行数", "who": "王立"}
    ]
    assert "cells" not in live(city, city.preparer, revision=saved.revision).json()
    assert [one["name"] for one in live(city, city.colleague, revision=1).json()["people"]] == ["陈晓燕"]


def test_the_page_learns_that_the_package_has_been_submitted(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.colleague)
    answer = live(city, city.preparer, revision=1)
    assert answer.status_code == 409 and "已送审" in answer.json()["error"]


def test_a_reviewer_who_looks_is_not_shown_as_filling(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    assert live(city, city.reviewer, revision=1).status_code == 404, "还没签批，看不到"
    city.act("sign", city.head)
    assert live(city, city.reviewer, revision=1).status_code == 409
    assert not Presence.objects.exists()
