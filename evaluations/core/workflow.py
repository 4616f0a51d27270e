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
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return STATE_LABELS[self]


class Role(StrEnum):
    """岗位。后三种（三员）互斥，不填报、不审核。"""

    PREPARER = "preparer"
    UNIT_HEAD = "unit_head"
    DEPARTMENT_REVIEWER = "department_reviewer"
    BUREAU_REVIEWER = "bureau_reviewer"
    DEPARTMENT_ADMIN = "department_admin"
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
    State.CANCELLED: "不用报",
}
ROLE_LABELS = {
    Role.PREPARER: "填报人",
    Role.UNIT_HEAD: "单位负责人",
    Role.DEPARTMENT_REVIEWER: "主管部门审核人",
    Role.BUREAU_REVIEWER: "财政审核人",
    Role.DEPARTMENT_ADMIN: "主管部门管理员",
    Role.PACK_ADMIN: "方案管理员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}
THREE_ADMINS = frozenset((Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN))
OFFICE_STATES = (State.DEPARTMENT_REVIEW, State.BUREAU_REVIEW)
"""主管部门、财政局手里的状态：审核人可以“开始审核”，占着不让别人同时审。"""
DONE_STATES = (State.APPROVED, State.PUBLISHED, State.ARCHIVED)
REVIEW_STATES = (State.UNIT_REVIEW, *OFFICE_STATES)


@dataclass(frozen=True, slots=True)
class Transition:
    """转换表的一行。``target`` 为 None 表示流程的下一步（跳过方案没有的步骤）；与 ``source`` 相同的不改状态。

    ``guards``、``effects`` 是名字，由 services/workflow.py 解析；``wants`` 是这一步要人写的：
    reply 按退回意见改了什么，reason 理由，due 期限和理由。
    """

    action: str
    source: State
    target: State | None
    role: Role
    guards: tuple[str, ...]
    effects: tuple[str, ...]
    label: str
    wants: str = ""

    @property
    def moves(self) -> bool:
        """改不改状态。"""
        return self.target != self.source


_SUBMIT = ("seen_revision", "in_time", "no_errors", "warnings_explained", "answers_return")
_OWN = ("not_own_work", "seen_revision")
_SEND_BACK = ("round_open", *_OWN)
_OFFICE = ("not_own_unit", "not_claimed_by_other", *_OWN)
_PASS = (*_OFFICE, "scores_explained", "seen_scores")
_CLAIM = ("not_own_unit", "not_own_work")
_RECALL = ("round_open", "unclaimed", "undecided")
_OPEN_TASK = ("round_open", "not_own_unit")
_RETURN = ("snapshot", "mark_returned")
_DRAFT, _UNIT, _DEPARTMENT, _BUREAU = (
    State.DRAFT,
    State.UNIT_REVIEW,
    State.DEPARTMENT_REVIEW,
    State.BUREAU_REVIEW,
)
_PREPARER, _HEAD = Role.PREPARER, Role.UNIT_HEAD
_BY_DEPARTMENT, _BY_BUREAU, _BY_ADMIN = Role.DEPARTMENT_REVIEWER, Role.BUREAU_REVIEWER, Role.PACK_ADMIN

TRANSITIONS: tuple[Transition, ...] = (
    Transition("submit", _DRAFT, _UNIT, _PREPARER, _SUBMIT, ("snapshot", "mark_submitted"), "送审", "reply"),
    Transition("withdraw", _UNIT, _DRAFT, _PREPARER, ("round_open",), (), "撤回"),
    Transition("sign", _UNIT, None, _HEAD, _OWN, ("reach_office", "receipt"), "签批"),
    Transition("return", _UNIT, _DRAFT, _HEAD, _SEND_BACK, _RETURN, "退回", "reason"),
    Transition("recall", _DEPARTMENT, _DRAFT, _HEAD, _RECALL, ("leave_office",), "撤回"),
    Transition("claim", _DEPARTMENT, _DEPARTMENT, _BY_DEPARTMENT, (*_CLAIM, "unclaimed"), ("claim",), "开始审核"),
    Transition("take_over", _DEPARTMENT, _DEPARTMENT, _BY_DEPARTMENT, (*_CLAIM, "claimed_by_other"), ("claim",), "接手审核"),
    Transition("release", _DEPARTMENT, _DEPARTMENT, _BY_DEPARTMENT, ("claimed_by_me",), ("release",), "放下"),
    Transition("pass", _DEPARTMENT, None, _BY_DEPARTMENT, _PASS, ("freeze_review",), "通过"),
    Transition("return", _DEPARTMENT, _DRAFT, _BY_DEPARTMENT, ("round_open", *_OFFICE), _RETURN, "退回", "reason"),
    Transition("recall", _BUREAU, _DRAFT, _HEAD, _RECALL, ("leave_office",), "撤回"),
    Transition("claim", _BUREAU, _BUREAU, _BY_BUREAU, (*_CLAIM, "unclaimed"), ("claim",), "开始审核"),
    Transition("take_over", _BUREAU, _BUREAU, _BY_BUREAU, (*_CLAIM, "claimed_by_other"), ("claim",), "接手审核"),
    Transition("release", _BUREAU, _BUREAU, _BY_BUREAU, ("claimed_by_me",), ("release",), "放下"),
    Transition("approve", _BUREAU, State.APPROVED, _BY_BUREAU, _PASS, ("snapshot", "freeze_review", "mark_approved"), "通过"),
    Transition("return", _BUREAU, _DRAFT, _BY_BUREAU, ("round_open", *_OFFICE), _RETURN, "退回", "reason"),
    Transition("revoke", State.APPROVED, _BUREAU, _BY_BUREAU, ("not_own_unit", "not_approver", *_OWN), ("unmark_approved",),
               "撤销审核", "reason"),
    Transition("extend", _DRAFT, _DRAFT, _BY_BUREAU, _OPEN_TASK, ("extend",), "延期", "due"),
    Transition("cancel", _DRAFT, State.CANCELLED, _BY_BUREAU, ("not_own_unit",), (), "取消任务", "reason"),
    Transition("reinstate", State.CANCELLED, _DRAFT, _BY_BUREAU, _OPEN_TASK, (), "恢复任务", "reason"),
    Transition("extend", _DRAFT, _DRAFT, _BY_ADMIN, _OPEN_TASK, ("extend",), "延期", "due"),
    Transition("cancel", _DRAFT, State.CANCELLED, _BY_ADMIN, ("not_own_unit",), (), "取消任务", "reason"),
    Transition("reinstate", State.CANCELLED, _DRAFT, _BY_ADMIN, _OPEN_TASK, (), "恢复任务", "reason"),
)  # fmt: skip


GUARD_WORDS = {
    "in_time": "任务没有结束，没过截止时间（以服务器收到为准）",
    "round_open": "任务没有结束",
    "no_errors": "没有错误",
    "warnings_explained": "提醒都写了说明",
    "answers_return": "退回过的写明改了什么",
    "not_own_work": "没有送审、填过它",
    "not_own_unit": "不是本单位的人",
    "not_approver": "不是通过它的人",
    "seen_revision": "看到的是最新的修订",
    "unclaimed": "没有人在审",
    "claimed_by_other": "别人在审",
    "not_claimed_by_other": "没有别人在审",
    "claimed_by_me": "自己在审",
    "undecided": "下一级还没有决定",
    "scores_explained": "与自评不同的审核得分都写了理由",
    "seen_scores": "看到的是最新的审核得分",
}
EFFECT_WORDS = {
    "snapshot": "定格快照",
    "mark_submitted": "记送审时间",
    "reach_office": "审核人从此看得到",
    "leave_office": "审核人不再看得到",
    "receipt": "出回执",
    "mark_returned": "记退回、改好的期限、标出的各处和连同给的意见",
    "freeze_review": "定格评审得分表",
    "mark_approved": "记通过时间和最后总分",
    "unmark_approved": "去掉通过时间和最后总分",
    "claim": "占着",
    "release": "不再占着",
    "extend": "改这个单位的期限",
}
WANTS_WORDS = {"": "", "reply": "改了什么", "reason": "理由", "due": "期限和理由"}
"""守卫、效果、要写的字怎么说：写进 docs/流程.md。"""
OVERSIGHT = frozenset(row.action for row in TRANSITIONS if row.role == _BY_ADMIN)
"""财政局对任务做的事（延期、取消、恢复）：只管任务，看不到还没送审的内容。"""


def transitions_from(state: str) -> Iterator[Transition]:
    """一个状态出发的各条转换，按表的次序。"""
    return (row for row in TRANSITIONS if row.source == state)


def actions_for(state: str, roles: Collection[str]) -> list[Transition]:
    """某状态下、有这些岗位的人能看到的转换；几个岗位都能做的一步只列一次。"""
    offered: dict[str, Transition] = {}
    for row in transitions_from(state):
        if row.role in roles:
            offered.setdefault(row.action, row)
    return list(offered.values())


def target_of(row: Transition, steps: Sequence[str]) -> State:
    """转换到哪个状态；“下一步”跳过方案 ``steps``（中文步骤名）里没有的审核。"""
    if row.target is not None:
        return row.target
    later = REVIEW_STATES[REVIEW_STATES.index(row.source) + 1 :]
    return next(state for state in later if state.label in steps)
