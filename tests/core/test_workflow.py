from itertools import product

import pytest

from evaluations.core.workflow import (
    OFFICE_STATES,
    OVERSIGHT,
    REVIEW_STATES,
    THREE_ADMINS,
    TRANSITIONS,
    Role,
    State,
    actions_for,
    target_of,
    transitions_from,
)

ALLOWED = {
    (State.DRAFT, "submit", Role.PREPARER),
    (State.UNIT_REVIEW, "withdraw", Role.PREPARER),
    (State.UNIT_REVIEW, "sign", Role.UNIT_HEAD),
    (State.UNIT_REVIEW, "return", Role.UNIT_HEAD),
    (State.DEPARTMENT_REVIEW, "recall", Role.UNIT_HEAD),
    (State.DEPARTMENT_REVIEW, "pass", Role.DEPARTMENT_REVIEWER),
    (State.DEPARTMENT_REVIEW, "return", Role.DEPARTMENT_REVIEWER),
    (State.BUREAU_REVIEW, "recall", Role.UNIT_HEAD),
    (State.BUREAU_REVIEW, "approve", Role.BUREAU_REVIEWER),
    (State.BUREAU_REVIEW, "return", Role.BUREAU_REVIEWER),
    *(
        (State.DEPARTMENT_REVIEW, action, Role.DEPARTMENT_REVIEWER)
        for action in ("claim", "take_over", "release")
    ),
    *((State.BUREAU_REVIEW, action, Role.BUREAU_REVIEWER) for action in ("claim", "take_over", "release")),
    (State.APPROVED, "revoke", Role.BUREAU_REVIEWER),
    (State.DRAFT, "extend", Role.BUREAU_REVIEWER),
    (State.DRAFT, "cancel", Role.BUREAU_REVIEWER),
    (State.CANCELLED, "reinstate", Role.BUREAU_REVIEWER),
    (State.DRAFT, "extend", Role.PACK_ADMIN),
    (State.DRAFT, "cancel", Role.PACK_ADMIN),
    (State.CANCELLED, "reinstate", Role.PACK_ADMIN),
}
ACTIONS = sorted({row.action for row in TRANSITIONS})
TWO, THREE = ("单位审核", "财政审核"), ("单位审核", "主管部门审核", "财政审核")


@pytest.mark.parametrize(("state", "action", "role"), list(product(State, ACTIONS, Role)))
@pytest.mark.case("W1")
def test_every_state_action_and_role_is_allowed_exactly_where_the_table_says(state, action, role):
    offered = action in [row.action for row in actions_for(state, {role})]
    assert offered == ((state, action, role) in ALLOWED)


def test_the_table_has_no_row_twice():
    assert (
        len({(row.source, row.action, row.role) for row in TRANSITIONS}) == len(TRANSITIONS) == len(ALLOWED)
    )


@pytest.mark.dengbao("访问控制 d")
def test_administrators_never_fill_or_decide():
    assert not [row for row in TRANSITIONS if row.role in THREE_ADMINS | {Role.DEPARTMENT_ADMIN}]
    assert {row.action for row in TRANSITIONS if row.role == Role.PACK_ADMIN} == OVERSIGHT
    for state in State:
        assert actions_for(state, THREE_ADMINS) == []


def test_a_step_that_two_roles_of_a_person_allow_is_offered_once():
    both = actions_for(State.DRAFT, {Role.BUREAU_REVIEWER, Role.PACK_ADMIN})
    assert sorted(row.action for row in both) == ["cancel", "extend"]


def test_without_a_role_nothing_is_offered():
    assert all(actions_for(state, ()) == [] for state in State)


def sole(state, action):
    return next(row for row in transitions_from(state) if row.action == action)


@pytest.mark.parametrize(
    ("state", "action", "steps", "target"),
    [
        (State.DRAFT, "submit", TWO, State.UNIT_REVIEW),
        (State.UNIT_REVIEW, "sign", TWO, State.BUREAU_REVIEW),
        (State.UNIT_REVIEW, "sign", THREE, State.DEPARTMENT_REVIEW),
        (State.DEPARTMENT_REVIEW, "pass", THREE, State.BUREAU_REVIEW),
        (State.BUREAU_REVIEW, "approve", THREE, State.APPROVED),
        (State.BUREAU_REVIEW, "return", TWO, State.DRAFT),
        (State.UNIT_REVIEW, "withdraw", TWO, State.DRAFT),
    ],
)
def test_the_next_step_skips_those_that_the_place_does_not_have(state, action, steps, target):
    assert target_of(sole(state, action), steps) == target


def test_every_return_asks_for_a_reason_and_keeps_a_snapshot():
    returns = [row for row in TRANSITIONS if row.action == "return"]
    assert {row.source for row in returns} == set(REVIEW_STATES)
    for row in returns:
        assert row.wants == "reason"
        assert row.target == State.DRAFT
        assert {"snapshot", "mark_returned"} <= set(row.effects)


def test_nobody_decides_on_own_work_or_on_a_revision_not_seen():
    for row in TRANSITIONS:
        if row.action in ("sign", "pass", "approve", "return"):
            assert {"not_own_work", "seen_revision"} <= set(row.guards)
        if row.role in (Role.DEPARTMENT_REVIEWER, Role.BUREAU_REVIEWER) and row.action != "release":
            assert "not_own_unit" in row.guards


def test_a_recall_ends_where_somebody_began_to_review():
    for row in TRANSITIONS:
        if row.action == "recall":
            assert {"unclaimed", "undecided"} <= set(row.guards)
        if row.action in ("pass", "approve", "return") and row.source in OFFICE_STATES:
            assert "not_claimed_by_other" in row.guards


def test_claims_and_extensions_leave_the_state_alone():
    still = {row.action for row in TRANSITIONS if not row.moves}
    assert still == {"claim", "take_over", "release", "extend"}


def test_the_bureau_manages_tasks_without_seeing_drafts():
    assert {"extend", "cancel", "reinstate"} == OVERSIGHT


def test_an_approval_is_revoked_by_somebody_else_with_a_reason():
    (row,) = transitions_from(State.APPROVED)
    assert row.wants == "reason" and "not_approver" in row.guards and row.target == State.BUREAU_REVIEW


def test_only_a_package_without_errors_and_in_time_is_submitted():
    assert set(sole(State.DRAFT, "submit").guards) >= {"in_time", "no_errors", "warnings_explained"}


def test_submit_and_approval_keep_a_snapshot():
    assert "snapshot" in sole(State.DRAFT, "submit").effects
    assert "snapshot" in sole(State.BUREAU_REVIEW, "approve").effects


@pytest.mark.parametrize("word", [*State, *Role])
def test_every_state_and_role_has_its_chinese_name(word):
    assert word.label
    assert not word.label.isascii()
