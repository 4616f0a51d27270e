"""Waivers: one named check of one unit let through, with a reason and an end; seen, recorded, withdrawn, ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import verification
from evaluations.core.workflow import Role, State
from evaluations.models import Event, Snapshot, Waiver
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Refused
from evaluations.services.waivers import grant_waiver, withdraw_waiver
from tests.conftest import City
from units.models import User

pytestmark = pytest.mark.django_db
CODE = "B02"
REASON = "机构改革，接待费并入市政府办公室核算。"


@pytest.fixture
def faulty(city: City) -> City:
    """一处错误（编制数没有填），别的都对。"""
    city.import_into("2024-correct-package")
    was = read(city.submission).facts.root.inputs["人员.编制数"]
    change = Change("人员.编制数", "", was=str(was))
    save_cells(submission_id=city.submission.pk, user=city.preparer, changes=[change])
    city.submission.refresh_from_db()
    assert errors(city) == [CODE]
    return city


def errors(city: City) -> list[str]:
    return [f.code for f in read(city.submission).findings if f.level == "error" and f.waived is None]


def grant(city: City, **given: Any) -> Waiver:
    wanted: dict[str, Any] = {
        "user": city.reviewer, "code": CODE, "cell": "", "reason": REASON, "until": today() + timedelta(days=30),
    } | given  # fmt: skip
    return grant_waiver(submission_id=city.submission.pk, **wanted)


def today() -> date:
    return timezone.localdate()


def page(user: User, name: str, city: City, **data: str) -> Any:
    client = Client()
    client.force_login(user)
    url = reverse(f"evaluations:{name}", args=[city.submission.pk])
    return client.post(url, data, follow=True) if data else client.get(url)


def test_a_waived_error_lets_the_package_go_and_stays_visible(faulty: City) -> None:
    with pytest.raises(Refused, match="有 1 处错误必须改正"):
        faulty.act("submit", faulty.preparer)
    grant(faulty)
    (waived,) = [f for f in read(faulty.submission).findings if f.waived is not None]
    assert (waived.code, waived.level, waived.waived.reason) == (CODE, "error", REASON)
    assert read(faulty.submission).counts["error"] == 0
    shown = page(faulty.preparer, "submit", faulty).content.decode()
    assert f"已豁免：{REASON}（到{today() + timedelta(days=30):%Y}年" in shown
    faulty.act("submit", faulty.preparer)
    assert faulty.submission.state == State.UNIT_REVIEW
    snapshot = Snapshot.objects.get()
    assert [row["waived"]["reason"] for row in snapshot.findings if "waived" in row] == [REASON]
    assert list(verification.problems_of(snapshot)) == []
    told = page(faulty.preparer, "history", faulty).content.decode()
    assert f"豁免核对 {CODE}" in told and REASON in told


def test_a_waiver_for_one_place_leaves_the_other_places(faulty: City) -> None:
    grant(faulty, cell="人员.编制数")
    assert errors(faulty) == []
    change = Change(
        "厉行节约保障措施", "", was=str(read(faulty.submission).facts.root.inputs["厉行节约保障措施"])
    )
    save_cells(submission_id=faulty.submission.pk, user=faulty.preparer, changes=[change])
    assert "B02" in errors(faulty)


def test_a_waiver_ends_by_itself(faulty: City, monkeypatch: pytest.MonkeyPatch) -> None:
    grant(faulty, until=today())
    assert errors(faulty) == []
    tomorrow = today() + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *_: tomorrow)
    assert errors(faulty) == [CODE]
    assert grant(faulty, until=tomorrow).pk, "到期以后可以再豁免"


def test_a_waiver_is_withdrawn_with_a_reason_and_counts_no_more(faulty: City) -> None:
    waiver = grant(faulty)
    given = {"submission_id": faulty.submission.pk, "user": faulty.reviewer, "waiver_id": waiver.pk}
    with pytest.raises(Refused, match="至少 5 个字"):
        withdraw_waiver(**given, reason="不行")
    withdraw_waiver(**given, reason="查明决算数本单位有账。")
    assert errors(faulty) == [CODE]
    events = Event.objects.filter(action__in=("waive", "unwaive")).values_list(
        "label", "reason", "submission"
    )
    assert list(events) == [
        (f"豁免核对 {CODE}", REASON, faulty.submission.pk),
        (f"收回豁免 {CODE}", "查明决算数本单位有账。", faulty.submission.pk),
    ]
    with pytest.raises(Refused, match="没有这条豁免"):
        withdraw_waiver(**given, reason="再收回一次看看。")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"code": "B99"}, "没有这条核对"),
        ({"code": "D03"}, "不用豁免"),
        ({"cell": "<b>"}, "地址"),
        ({"reason": "特殊"}, "至少 5 个字"),
        ({"until": date(2024, 1, 1)}, "最早是今天"),
        ({"until": date(2999, 1, 1)}, "最晚到一年以后"),
    ],
)
def test_a_waiver_that_says_too_little_or_too_much_is_refused(
    faulty: City, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        grant(faulty, **given)
    assert not Waiver.objects.exists() and not Event.objects.filter(action="waive").exists()


def test_only_the_bureau_waives_and_not_twice(faulty: City, people: Any) -> None:
    admin = people("packs", "吴静", faulty.bureau, Role.PACK_ADMIN)
    branch = people("branch", "何静", faulty.bureau, Role.DEPARTMENT_REVIEWER)
    for user in (faulty.preparer, faulty.head, branch):
        with pytest.raises(Refused, match="只有财政局"):
            grant(faulty, user=user)
    grant(faulty, user=admin)
    with pytest.raises(Refused, match="已经豁免到"):
        grant(faulty, cell="人员.编制数")


def test_the_page_of_the_task_waives_and_withdraws(faulty: City) -> None:
    until = today() + timedelta(days=20)
    form = {"code": CODE, "reason": "短", "until": until.isoformat()}
    answer = page(faulty.reviewer, "waive", faulty, **form)
    assert answer.status_code == 409 and "至少 5 个字" in answer.content.decode()
    assert f'value="{until.isoformat()}"' in answer.content.decode(), "填过的还在"
    shown = page(faulty.reviewer, "waive", faulty, **(form | {"reason": REASON})).content.decode()
    assert REASON in shown and f"{until.month}月{until.day}日" in shown
    waiver = Waiver.objects.get()
    assert page(faulty.reviewer, "unwaive", faulty, waiver=str(waiver.pk), reason="短").status_code == 409
    page(faulty.reviewer, "unwaive", faulty, waiver=str(waiver.pk), reason="查明本单位有账。")
    waiver.refresh_from_db()
    assert waiver.withdrawn_by == faulty.reviewer


def test_the_check_list_tells_every_rule_with_its_result(faulty: City) -> None:
    shown = page(faulty.preparer, "checklist", faulty).content.decode()
    codes = {check.code for check in faulty.pack.compiled().checks}
    assert all(f">{code}</td>" in shown for code in codes)
    assert "错误 1 处" in shown and "豁免" not in shown.split("<tbody>")[1]
    note = read(faulty.submission).facts.package.notes[0].text
    assert note in shown
    grant(faulty)
    shown = page(faulty.preparer, "checklist", faulty).content.decode()
    assert "错误 0 处" in shown and "豁免 1 处" in shown and f"：{REASON}" in shown
