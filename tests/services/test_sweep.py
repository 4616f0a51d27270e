"""流程的全部三元组（状态 × 动作 × 岗位），和每个守卫：恰好它不许时，什么都不动，并说清原因。"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import OFFICE_STATES, TRANSITIONS, Role, State, actions_for, target_of
from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.notes import write_note
from evaluations.services.problems import Refused, Stale
from evaluations.services.reviewing import give_score
from evaluations.services.workflow import GUARDS, Attempt, perform
from tests.core.test_workflow import ALLOWED
from tests.services.staff import DOES, REASON, REPLY, Office, recorded
from tests.writes import writes
from units.services import appoint

pytestmark = pytest.mark.django_db
ACTIONS = (*sorted({row.action for row in TRANSITIONS}), "publish", "")
TRIPLES = list(product(State, ACTIONS, Role))
SINCE = date(2024, 1, 1)
CELL = "联系电话"


def soon() -> Any:
    return timezone.now() + timedelta(days=13)


# ---- 全部三元组 ------------------------------------------------------------------------------


def put_into(office: Office, state: State, action: str, user: Any) -> None:
    """放进这个状态；要占着才能做的，先占着。"""
    holder = {"release": user, "take_over": office.second[Role.BUREAU_REVIEWER]}.get(action)
    held = holder is not None and state in OFFICE_STATES
    Submission.objects.filter(pk=office.submission.pk).update(
        state=state, claimed_by=holder if held else None, claimed_at=timezone.now() if held else None
    )


def attempt(office: Office, action: str, user: Any, key: str = "key") -> Any:
    submission = Submission.objects.get(pk=office.submission.pk)
    return perform(
        submission_id=submission.pk, user=user, action=action, revision=submission.revision, key=key,
        text=REASON, due=soon() if action == "extend" else None,
    )  # fmt: skip


def test_there_are_more_than_seven_hundred_triples() -> None:
    assert len(TRIPLES) == len(State) * len(ACTIONS) * len(Role) > 700


@pytest.mark.parametrize("state", State)
@pytest.mark.case("W1")
@pytest.mark.asvs("11.1.1")
def test_in_this_state_only_the_rows_of_the_table_are_done(office: Office, state: State) -> None:
    office.go("submit", "sign")
    done = set()
    for _, action, role in (triple for triple in TRIPLES if triple[0] == state):
        with transaction.atomic():
            if accepted(office, state, action, role):
                done.add((state, action, role))
            transaction.set_rollback(True)
    assert done == {row for row in ALLOWED if row[0] == state}


def accepted(office: Office, state: State, action: str, role: Role) -> bool:
    user = office.by_role[role]
    put_into(office, state, action, user)
    before = recorded(office.submission) if (state, action, role) in ALLOWED else {}
    try:
        with writes() as written:
            event = attempt(office, action, user)
    except Refused as refusal:
        assert re.search("[\u4e00-\u9fff]", str(refusal)) and str(refusal).endswith("。"), str(refusal)
        assert not written, written
        return False
    assert before and written, (state, action, role)
    row = next(row for row in actions_for(state, {role}) if row.action == action)
    after = recorded(office.submission)
    assert event.target == after["row"]["state"] == target_of(row, office.submission.pack.compiled().steps)
    assert after["row"]["revision"] == before["row"]["revision"] + row.moves
    assert len(after["Event"]) == len(before["Event"]) + 1
    assert len(after["Snapshot"]) == len(before["Snapshot"]) + ("snapshot" in row.effects)
    assert (after["Edit"], after["data"]) == (before["Edit"], before["data"])
    return True


# ---- 每个守卫 --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """恰好 ``guard`` 不许：先准备，再由 ``who`` 做 ``action``。"""

    guard: str
    action: str
    who: Callable[[Office], Any]
    prepare: Callable[[Office], Any]
    match: str
    text: str = REASON
    behind: int = 0
    seen_scores: int | None = None


def first(role: Role) -> Callable[[Office], Any]:
    return lambda office: office.by_role[role]


def second(role: Role) -> Callable[[Office], Any]:
    return lambda office: office.second[role]


def went(*actions: str) -> Callable[[Office], None]:
    return lambda office: office.go(*actions)


def both(*steps: Callable[[Office], Any]) -> Callable[[Office], None]:
    return lambda office: [step(office) for step in steps] and None


def scored(role: Role) -> Callable[[Office], Any]:
    """审核得分写成 0，不写理由。"""

    def score(office: Office) -> None:
        row = read(office.submission).facts.root.lists["指标"][0]
        give_score(
            submission_id=office.submission.pk, user=office.by_role[role], address=row.address(""), score="0", opinion="", was=("", "")
        )  # fmt: skip

    return score


def claimed(role: Role) -> Callable[[Office], Any]:
    return lambda office: office.city.act("claim", office.by_role[role])


def also(who: Callable[[Office], Any], role: Role) -> Callable[[Office], Any]:
    """这个人在本单位还任一个岗位。"""
    return lambda office: appoint(user=who(office), department=office.city.unit, role=role, since=SINCE)


def saved(who: Callable[[Office], Any], address: str, value: str) -> Callable[[Office], Any]:
    def act(office: Office) -> None:
        facts = read(Submission.objects.get(pk=office.submission.pk)).facts
        node, key = facts.locate(address)
        was = node.fields[key].to_text(node.inputs.get(key))
        given = {"submission_id": office.submission.pk, "user": who(office)}
        assert save_cells(**given, changes=[Change(address, value, was=was)]).written

    return act


def overdue(office: Office) -> None:
    office.submission.round.deadline = timezone.now() - timedelta(minutes=1)
    office.submission.round.save()


def ended(office: Office) -> None:
    office.submission.round.closed_at = timezone.now() - timedelta(minutes=1)
    office.submission.round.save()


def unexplained(office: Office) -> None:
    given = {"submission_id": office.submission.pk, "user": office.city.preparer}
    write_note(**given, code="S04", cell="资金.得分", text="")


def sent_back(office: Office) -> None:
    office.city.act("return", office.city.head, REASON)


CLERK, COLLEAGUE, HEAD = first(Role.PREPARER), second(Role.PREPARER), first(Role.UNIT_HEAD)
BRANCH, BUREAU = first(Role.DEPARTMENT_REVIEWER), first(Role.BUREAU_REVIEWER)
BRANCH_2, BUREAU_2 = second(Role.DEPARTMENT_REVIEWER), second(Role.BUREAU_REVIEWER)
TO_BUREAU, APPROVED = went("submit", "sign", "pass"), went("submit", "sign", "pass", "approve")
IN_BRANCH = went("submit", "sign")

CASES = [
    Case("in_time", "submit", CLERK, overdue, "已过截止时间"),
    Case("round_open", "withdraw", CLERK, both(went("submit"), ended), "请先由方案管理员重新开放"),
    Case("no_errors", "submit", CLERK, saved(CLERK, "报告.八", ""), "处错误必须改正"),
    Case("warnings_explained", "submit", CLERK, unexplained, "处提醒没有写说明"),
    Case("answers_return", "submit", CLERK, both(went("submit"), sent_back), "按退回意见改了什么", text=""),
    Case("not_own_work", "sign", CLERK, both(also(CLERK, Role.UNIT_HEAD), went("submit")), "您送审的"),
    Case("not_own_work", "sign", COLLEAGUE,
         both(also(COLLEAGUE, Role.UNIT_HEAD), saved(COLLEAGUE, CELL, "0730-1111111"), went("submit")), "您填过"),
    Case("not_own_unit", "pass", BRANCH, both(IN_BRANCH, also(BRANCH, Role.PREPARER)), "您是这个单位的人"),
    Case("not_own_unit", "approve", BUREAU, both(TO_BUREAU, also(BUREAU, Role.BUREAU_REVIEWER)), "您是这个单位的人"),
    Case("not_own_unit", "claim", BUREAU, both(TO_BUREAU, also(BUREAU, Role.PREPARER)), "您是这个单位的人"),
    Case("not_own_unit", "extend", BUREAU, also(BUREAU, Role.PREPARER), "您是这个单位的人"),
    Case("not_approver", "revoke", BUREAU, APPROVED, "您通过的"),
    Case("seen_revision", "sign", HEAD, went("submit"), "不是最新的内容", behind=1),
    Case("seen_revision", "approve", BUREAU, TO_BUREAU, "不是最新的内容", behind=2),
    Case("unclaimed", "recall", HEAD, both(IN_BRANCH, claimed(Role.DEPARTMENT_REVIEWER)), "正在审核，不能再撤回"),
    Case("unclaimed", "claim", BUREAU_2, both(TO_BUREAU, claimed(Role.BUREAU_REVIEWER)), "正在审核，不能再开始审核"),
    Case("claimed_by_other", "take_over", BUREAU, TO_BUREAU, "没有人在审"),
    Case("claimed_by_other", "take_over", BUREAU, both(TO_BUREAU, claimed(Role.BUREAU_REVIEWER)), "您已经在审了"),
    Case("claimed_by_me", "release", BUREAU_2, both(TO_BUREAU, claimed(Role.BUREAU_REVIEWER)), "您没有在审"),
    Case("not_claimed_by_other", "approve", BUREAU_2, both(TO_BUREAU, claimed(Role.BUREAU_REVIEWER)), "请先“接手审核”"),
    Case("not_claimed_by_other", "return", BRANCH_2, both(IN_BRANCH, claimed(Role.DEPARTMENT_REVIEWER)), "请先“接手审核”"),
    Case("undecided", "recall", HEAD, TO_BUREAU, "下一级已经作出决定"),
    Case("scores_explained", "approve", BUREAU, both(TO_BUREAU, scored(Role.BUREAU_REVIEWER)), "没有写理由"),
    Case("seen_scores", "approve", BUREAU, TO_BUREAU, "打开页面以后变过", seen_scores=3),
]  # fmt: skip


def test_every_guard_has_a_case() -> None:
    assert {case.guard for case in CASES} == set(GUARDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.guard}-{case.action}")
@pytest.mark.case("W4")
def test_when_exactly_this_guard_refuses_nothing_changes_and_the_reason_is_told(
    office: Office, case: Case
) -> None:
    case.prepare(office)
    before, user = recorded(office.submission), case.who(office)
    submission = Submission.objects.get(pk=office.submission.pk)
    revision = submission.revision - case.behind
    held = access.roles_on(user, submission.department)
    row = next(row for row in actions_for(submission.state, held) if row.action == case.action)
    tried = Attempt(row, submission, user, revision, case.text, seen_scores=case.seen_scores)
    assert [name for name in row.guards if GUARDS[name](tried)] == [case.guard]
    with pytest.raises(Stale if case.guard == "seen_revision" else Refused, match=case.match):
        perform(
            submission_id=submission.pk, user=user, action=case.action, revision=revision, key="k",
            text=case.text, due=soon() if case.action == "extend" else None, seen_scores=case.seen_scores,
        )  # fmt: skip
    assert recorded(office.submission) == before


# ---- 占着审、放下、接手 ------------------------------------------------------------------------


@pytest.mark.parametrize("state", OFFICE_STATES)
def test_a_claim_is_taken_over_and_released(office: Office, state: State) -> None:
    role, steps = {
        State.DEPARTMENT_REVIEW: (Role.DEPARTMENT_REVIEWER, ("submit", "sign")),
        State.BUREAU_REVIEW: (Role.BUREAU_REVIEWER, ("submit", "sign", "pass")),
    }[state]
    office.go(*steps)
    one, other, city = office.by_role[role], office.second[role], office.city
    revision = office.submission.revision
    city.act("claim", one)
    assert (office.submission.claimed_by, office.submission.state) == (one, state)
    event = city.act("take_over", other)
    assert office.submission.claimed_by == other and event.details == {"from": str(one)}
    city.act("release", other)
    assert office.submission.claimed_by is None and office.submission.claimed_at is None
    assert office.submission.revision == revision


def test_a_decision_ends_the_claim(office: Office) -> None:
    office.go("submit", "sign")
    office.city.act("claim", BRANCH(office))
    office.go("pass")
    assert office.submission.claimed_by is None and office.submission.state == State.BUREAU_REVIEW


def test_a_head_recalls_what_the_next_level_has_not_touched(office: Office) -> None:
    office.go("submit", "sign")
    office.city.act("recall", office.city.head)
    assert office.submission.state == State.DRAFT and not office.submission.returned


# ---- 期限、取消、退回的各处 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "match"),
    [
        (None, "请选延到哪一天"),
        (timedelta(0), "期限要晚于现在"),
        (timedelta(days=-1), "期限要晚于现在"),
        (timedelta(days=367), "最晚到一年以后"),
    ],
)
def test_an_extension_needs_a_day_within_a_year(office: Office, due: timedelta | None, match: str) -> None:
    before, now = recorded(office.submission), timezone.now()
    given = {"due": now + due if due is not None else None, "received": now}
    with pytest.raises(Refused, match=match):
        office.city.act("extend", office.city.reviewer, REASON, **given)
    assert recorded(office.submission) == before


def test_an_extension_moves_only_this_deadline(office: Office) -> None:
    due, others = timezone.now() + timedelta(days=30), office.city.other_submission
    event = office.city.act("extend", office.city.reviewer, REASON, due=due)
    assert access.deadline_of(office.submission) == due and event.details == {"due": due.isoformat()}
    assert access.deadline_of(others) == others.round.deadline
    assert office.submission.state == State.DRAFT


def test_cancelling_and_reinstating_keep_the_contents(office: Office) -> None:
    before = recorded(office.submission)
    office.city.act("cancel", office.city.reviewer, "今年机构撤并，不用报。")
    change = [Change(CELL, "0730-2222222", was="0000-8888888")]
    with pytest.raises(Refused, match="取消这项任务"):
        save_cells(submission_id=office.submission.pk, user=office.city.preparer, changes=change)
    office.city.act("reinstate", office.city.reviewer, "撤并推迟，照常报。")
    after = recorded(office.submission)
    assert all(after[part] == before[part] for part in ("data", "Edit", "Snapshot"))
    assert after["row"] | {"revision": 0} == before["row"] | {"revision": 0}


def test_a_return_with_flags_needs_no_words_and_names_the_cells(office: Office) -> None:
    office.go("submit", "sign")
    event = office.city.act("return", BRANCH(office), "", flags=["资金.全年执行数", CELL])
    assert [flag["address"] for flag in event.details["flags"]] == ["资金.全年执行数", CELL]
    assert "全年执行数" in event.details["flags"][0]["label"]


@pytest.mark.parametrize("flag", ["不存在", "指标[zz].得分", "项目[p1]/资金.得分", "[", ""])
def test_a_return_with_an_unknown_flag_is_refused(office: Office, flag: str) -> None:
    office.go("submit", "sign")
    before = recorded(office.submission)
    with pytest.raises(Refused, match="标出的地方找不到了"):
        office.city.act("return", BRANCH(office), REASON, flags=[flag])
    assert recorded(office.submission) == before


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"text": "短"}, "退回的理由"),
        ({"text": "字" * 2_001}, "最多 2000 字"),
        ({"text": REASON, "flags": [CELL] * 201}, "最多 200 处"),
        ({"text": REASON, "due": timedelta(days=-1)}, "期限要晚于现在"),
    ],
)
def test_a_return_without_measure_is_refused(office: Office, given: dict[str, Any], match: str) -> None:
    office.go("submit")
    before = recorded(office.submission)
    if "due" in given:
        given = given | {"due": timezone.now() + given["due"]}
    with pytest.raises(Refused, match=match):
        office.city.act("return", office.city.head, **given)
    assert recorded(office.submission) == before


def test_a_return_gives_its_days_or_the_day_that_was_chosen(office: Office) -> None:
    for chosen in (None, timezone.now() + timedelta(days=20)):
        office.go("submit")
        event = office.city.act("return", office.city.head, REASON, due=chosen)
        usual = timezone.now() + timedelta(days=office.submission.round.return_days)
        due = chosen or usual
        assert abs(office.submission.due - due) < timedelta(seconds=5)
        assert event.details["due"] == office.submission.due.isoformat()


def test_who_stands_in_for_somebody_is_written_down(office: Office) -> None:
    stand_in = office.second[Role.BUREAU_REVIEWER]
    stand_in.appointments.update(stand_in_for=office.city.reviewer)
    office.go("submit", "sign", "pass")
    event = office.city.act("approve", stand_in)
    assert event.details["stand_in_for"] == str(office.city.reviewer)


def test_own_appointment_comes_before_a_stand_in(office: Office) -> None:
    user = office.city.reviewer
    appoint(
        user=user, department=office.city.unit.parent, role=Role.BUREAU_REVIEWER, since=SINCE,
        stand_in_for=office.second[Role.BUREAU_REVIEWER],
    )  # fmt: skip
    office.go("submit", "sign", "pass")
    assert "stand_in_for" not in office.city.act("approve", user).details


def test_a_revoked_approval_goes_back_to_review_and_is_approved_again(office: Office) -> None:
    office.go(*("submit", "sign", "pass", "approve"))
    office.city.act("revoke", office.second[Role.BUREAU_REVIEWER], "发现附表的数有误。")
    assert office.submission.state == State.BUREAU_REVIEW and office.submission.approved_at is None
    office.city.act("approve", office.second[Role.BUREAU_REVIEWER])
    assert office.submission.approved_at is not None


def test_the_reply_to_a_return_is_kept(office: Office) -> None:
    office.go("submit")
    sent_back(office)
    assert office.city.act("submit", office.by_role[DOES["submit"]], REPLY).reason == REPLY
