"""流程：一张转换表，一个函数问“现在能做什么”。谁来执行、守卫怎么查，在 services/workflow.py。"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """材料的状态，按先后次序。"""

    DRAFT = "draft"
    UNIT_REVIEW = "unit_review"
    DEPARTMENT_REVIEW = "department_review"
    BUREAU_REVIEW = "bureau_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        return STATE_LABELS[self]


class Role(StrEnum):
    """岗位。后三种（三员）互斥，不填报、不审核。"""

    PREPARER = "preparer"
    UNIT_HEAD = "unit_head"
    DEPARTMENT_REVIEWER = "department_reviewer"
    BUREAU_REVIEWER = "bureau_reviewer"
    PACK_ADMIN = "pack_admin"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


STATE_LABELS = {
    State.DRAFT: "填报中",
    State.UNIT_REVIEW: "单位审核",
    State.DEPARTMENT_REVIEW: "主管部门审核",
    State.BUREAU_REVIEW: "财政审核",
    State.APPROVED: "已通过",
    State.PUBLISHED: "已公开",
    State.ARCHIVED: "已归档",
}
ROLE_LABELS = {
    Role.PREPARER: "填报人",
    Role.UNIT_HEAD: "单位负责人",
    Role.DEPARTMENT_REVIEWER: "主管部门审核人",
    Role.BUREAU_REVIEWER: "财政审核人",
    Role.PACK_ADMIN: "方案管理员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}
THREE_ADMINS = frozenset((Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN))
REVIEW_STATES = (State.UNIT_REVIEW, State.DEPARTMENT_REVIEW, State.BUREAU_REVIEW)


@dataclass(frozen=True, slots=True)
class Transition:
    """转换表的一行。``target`` 为 None 表示流程的下一步（跳过方案没有的步骤）。

    ``guards``、``effects`` 是名字，由 services/workflow.py 解析；``wants`` 是这一步要人写的字。
    """

    action: str
    source: State
    target: State | None
    role: Role
    guards: tuple[str, ...]
    effects: tuple[str, ...]
    label: str
    wants: str = ""


_SUBMIT_GUARDS = ("in_time", "no_errors", "warnings_explained", "answers_return")
_REVIEW_GUARDS = ("not_own_work", "seen_revision")
_OFFICE_GUARDS = ("not_own_unit", *_REVIEW_GUARDS)

TRANSITIONS: tuple[Transition, ...] = (
    Transition("submit", State.DRAFT, State.UNIT_REVIEW, Role.PREPARER, _SUBMIT_GUARDS, ("snapshot",), "送审", "reply"),
    Transition("withdraw", State.UNIT_REVIEW, State.DRAFT, Role.PREPARER, (), (), "撤回"),
    Transition("sign", State.UNIT_REVIEW, None, Role.UNIT_HEAD, _REVIEW_GUARDS, (), "签批"),
    Transition("return", State.UNIT_REVIEW, State.DRAFT, Role.UNIT_HEAD, _REVIEW_GUARDS, ("snapshot", "mark_returned"),
               "退回", "reason"),
    Transition("recall", State.DEPARTMENT_REVIEW, State.DRAFT, Role.UNIT_HEAD, (), (), "撤回"),
    Transition("pass", State.DEPARTMENT_REVIEW, None, Role.DEPARTMENT_REVIEWER, _OFFICE_GUARDS, (), "通过"),
    Transition("return", State.DEPARTMENT_REVIEW, State.DRAFT, Role.DEPARTMENT_REVIEWER, _OFFICE_GUARDS,
               ("snapshot", "mark_returned"), "退回", "reason"),
    Transition("recall", State.BUREAU_REVIEW, State.DRAFT, Role.UNIT_HEAD, ("undecided",), (), "撤回"),
    Transition("approve", State.BUREAU_REVIEW, State.APPROVED, Role.BUREAU_REVIEWER, _OFFICE_GUARDS,
               ("snapshot",), "通过"),
    Transition("return", State.BUREAU_REVIEW, State.DRAFT, Role.BUREAU_REVIEWER, _OFFICE_GUARDS,
               ("snapshot", "mark_returned"), "退回", "reason"),
)  # fmt: skip


def transitions_from(state: str) -> Iterator[Transition]:
    """一个状态出发的各条转换，按表的次序。"""
    return (row for row in TRANSITIONS if row.source == state)


def actions_for(state: str, roles: Collection[str]) -> list[Transition]:
    """某状态下、有这些岗位的人能看到的转换。"""
    return [row for row in transitions_from(state) if row.role in roles]


def target_of(row: Transition, steps: Sequence[str]) -> State:
    """转换到哪个状态；“下一步”跳过方案 ``steps``（中文步骤名）里没有的审核。"""
    if row.target is not None:
        return row.target
    later = REVIEW_STATES[REVIEW_STATES.index(row.source) + 1 :]
    return next(state for state in later if state.label in steps)
