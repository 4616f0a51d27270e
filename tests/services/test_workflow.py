from datetime import date
from itertools import pairwise

import pytest
import time_machine

from evaluations.core.workflow import Role, State
from evaluations.models import Event, Snapshot
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.notes import write_note
from evaluations.services.problems import Refused, Stale
from evaluations.services.workflow import offers, perform
from tests.conftest import City
from units.services import appoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def correct(city: City) -> City:
    city.import_into("2024-correct-package")
    return city


def state(city: City) -> str:
    city.submission.refresh_from_db()
    return city.submission.state


def test_a_correct_package_goes_through_every_step(correct: City) -> None:
    correct.act("submit", correct.preparer)
    assert state(correct) == State.UNIT_REVIEW
    correct.act("sign", correct.head)
    assert state(correct) == State.BUREAU_REVIEW, "本方案没有主管部门审核，跳过"
    correct.act("approve", correct.reviewer)
    assert state(correct) == State.APPROVED
    assert str(correct.submission.total_score) == "99.22"
    assert list(Snapshot.objects.order_by("at").values_list("action", flat=True)) == ["submit", "approve"]


@pytest.mark.case("W4")
def test_a_package_with_errors_is_not_submitted(city: City) -> None:
    city.import_into("2024-yueyang-package")
    with pytest.raises(Refused, match=r"有 \d+ 处错误必须改正"):
        city.act("submit", city.preparer)
    assert state(city) == State.DRAFT


def test_who_signs_is_only_a_hint_while_filling_but_wanted_at_submit(correct: City) -> None:
    save_cells(
        submission_id=correct.submission.pk, user=correct.preparer, changes=[Change("联系电话", "", was="0000-8888888")]
    )  # fmt: skip
    assert [f.level for f in read(correct.submission).findings if f.code == "Z01"] == ["info"]
    with pytest.raises(Refused, match="没有填：联系电话"):
        correct.act("submit", correct.preparer)
    assert state(correct) == State.DRAFT


def test_a_warning_needs_its_note(city: City) -> None:
    city.import_into("2024-yueyang-mended")
    with pytest.raises(Refused, match="提醒没有写说明"):
        city.act("submit", city.preparer)
    for finding in read(city.submission).findings:
        if finding.level == "warning":
            write_note(
                submission_id=city.submission.pk, user=city.preparer, code=finding.code, cell=finding.cells[0],
                text="已核对，目标与完成情况写法相同但属实，附有台账。",
            )  # fmt: skip
    city.act("submit", city.preparer)
    assert state(city) == State.UNIT_REVIEW


@pytest.mark.parametrize("text", ["无", "已完成", "0", "好", "字" * 1001])
def test_an_empty_or_overlong_note_is_refused(city: City, text: str) -> None:
    city.import_into("2024-yueyang-package")
    with pytest.raises(Refused, match=r"说明太短|最多"):
        write_note(
            submission_id=city.submission.pk, user=city.preparer, code="S04", cell="资金.得分", text=text
        )


def test_a_note_for_a_warning_that_is_gone_is_refused(correct: City) -> None:
    with pytest.raises(Refused, match="已经没有了"):
        write_note(
            submission_id=correct.submission.pk,
            user=correct.preparer,
            code="P07",
            cell="资金.执行率",
            text="说明一下原因",
        )


def test_a_return_needs_a_reason_and_a_resubmission_a_reply(correct: City) -> None:
    correct.act("submit", correct.preparer)
    correct.act("sign", correct.head)
    with pytest.raises(Refused, match="退回的理由"):
        correct.act("return", correct.reviewer, "")
    correct.act("return", correct.reviewer, "满意度没有调查依据，请补充。")
    assert (
        state(correct) == State.DRAFT and correct.submission.returned and correct.submission.due is not None
    )
    with pytest.raises(Refused, match="按退回意见改了什么"):
        correct.act("submit", correct.preparer)
    correct.act("submit", correct.preparer, "已补充问卷 120 份的调查依据。")
    correct.act("sign", correct.head)
    correct.act("approve", correct.reviewer)
    assert state(correct) == State.APPROVED


def test_a_return_reopens_editing_even_after_the_deadline(correct: City) -> None:
    correct.act("submit", correct.preparer)
    correct.task.deadline = correct.task.deadline.replace(year=2020)
    correct.task.save()
    correct.act("return", correct.head, "执行数请再核对一遍。")
    changes = [Change("联系电话", "0730-1234567", was="0731-88880000")]
    saved = save_cells(submission_id=correct.submission.pk, user=correct.preparer, changes=changes)
    assert saved.written or saved.conflicts


@pytest.mark.case("W3")
def test_the_one_who_submitted_cannot_sign(correct: City) -> None:
    appoint(user=correct.preparer, department=correct.unit, role=Role.UNIT_HEAD, since=date(2024, 1, 1))
    correct.act("submit", correct.preparer)
    with pytest.raises(Refused, match="您送审的"):
        correct.act("sign", correct.preparer)


@pytest.mark.case("W3")
def test_a_reviewer_does_not_review_his_own_unit(correct: City) -> None:
    appoint(user=correct.reviewer, department=correct.unit, role=Role.PREPARER, since=date(2024, 1, 1))
    correct.act("submit", correct.preparer)
    correct.act("sign", correct.head)
    with pytest.raises(Refused, match="这个单位的人"):
        correct.act("approve", correct.reviewer)


@pytest.mark.case("W5")
def test_an_approval_of_what_was_not_seen_is_refused(correct: City) -> None:
    correct.act("submit", correct.preparer)
    correct.act("sign", correct.head)
    seen = correct.submission.revision
    correct.act("return", correct.reviewer, "请核对执行数的来源。")
    correct.act("submit", correct.preparer, "已核对，与国库支付系统一致。")
    correct.act("sign", correct.head)
    with pytest.raises(Stale, match="不是最新"):
        correct.act("approve", correct.reviewer, revision=seen)
    assert state(correct) == State.BUREAU_REVIEW


@pytest.mark.case("W6")
def test_a_double_click_acts_once(correct: City) -> None:
    revision = correct.submission.revision
    for _ in range(3):
        perform(
            submission_id=correct.submission.pk,
            user=correct.preparer,
            action="submit",
            revision=revision,
            key="same-key",
        )
    assert Event.objects.filter(action="submit").count() == 1


def test_a_used_key_does_nothing_else(correct: City) -> None:
    correct.act("submit", correct.preparer, key="one")
    with pytest.raises(Refused, match="已经用过"):
        correct.act("sign", correct.head, key="one")


def test_withdrawing_works_until_the_next_step_decides(correct: City) -> None:
    correct.act("submit", correct.preparer)
    correct.act("withdraw", correct.preparer)
    assert state(correct) == State.DRAFT
    correct.act("submit", correct.preparer)
    correct.act("sign", correct.head)
    with pytest.raises(Refused):
        correct.act("withdraw", correct.preparer)
    correct.act("recall", correct.head)
    assert state(correct) == State.DRAFT


def test_a_submitted_package_is_read_from_its_snapshot(correct: City) -> None:
    correct.act("submit", correct.preparer)
    data = correct.submission.annual_data.get(project=None)
    data.values["资金.全年执行数"] = "1.00"
    data.save()
    assert str(read(correct.submission).facts.value("资金.得分")) == "9.5"


def test_a_disabled_button_says_why(city: City) -> None:
    city.import_into("2024-yueyang-package")
    (offer,) = offers(city.submission, city.preparer, read(city.submission))
    assert not offer.enabled and "处错误必须改正" in offer.reason


def test_events_form_one_chain_over_all_submissions(correct: City) -> None:
    correct.act("submit", correct.preparer)
    events = list(Event.objects.order_by("seq"))
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert all(later.prev == earlier.hash for earlier, later in pairwise(events))


@pytest.mark.case("W9")
@pytest.mark.parametrize("moved", ["2026-01-01T00:00:00+08:00", "2025-12-31T23:59:59.999999+08:00"])
def test_a_clock_that_is_set_back_does_not_disorder_the_records(correct: City, moved: str) -> None:
    correct.act("submit", correct.preparer)
    with time_machine.travel(moved, tick=False):
        correct.act("withdraw", correct.preparer)
    correct.act("submit", correct.preparer)
    events = list(Event.objects.order_by("seq"))
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert all(later.prev == earlier.hash for earlier, later in pairwise(events))
    assert all(event.digest() == event.hash for event in events)
