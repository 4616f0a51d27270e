"""单位：增、改、移、停用、并入。财政局的管理员管全部；主管部门管理员在本部门之下增、改、移。"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from evaluations import access
from evaluations.core.values import clean_text
from evaluations.core.workflow import DONE_STATES, Role, State
from evaluations.models import Project, Submission
from units import services as primitive
from units.models import Appointment, Department, User

from .problems import Refused
from .records import record_event, wait_turn

TREE_LOCK = 7_310_002
"""改单位树要排队：两个人同时移动，也不会移出一个圈。"""
CODE = re.compile(r"[0-9A-Za-z._-]{1,40}\Z")


def plain_code(text: str) -> str:
    """编码的写法：全角变半角，去掉空白。"""
    return "".join(unicodedata.normalize("NFKC", clean_text(text)).split())


def fault_of_code(code: str) -> str:
    """编码写得对不对；不对时说怎么改。"""
    return "" if CODE.match(code) else "编码只能是 1 到 40 位数字、字母和 . _ -。请核对。"


@transaction.atomic
def add_unit(*, by: User, name: str, code: str, kind: str, parent: Department) -> Department:
    """在 ``parent`` 之下加一个单位。"""
    wait_turn(TREE_LOCK)
    parent = _fresh(by, parent.pk)
    if not parent.is_active:
        raise Refused(f"{parent} 已停用，下面不能再加单位。请选别的上级。")
    _check_kind(by, parent, kind)
    made = _whole(primitive.create_department, name=name, code=code, kind=kind, parent=parent)
    _record(by, "add_unit", "增加单位", made, f"{_named(made)}，上级 {parent}")
    return made


@transaction.atomic
def edit_unit(*, by: User, unit_id: UUID, name: str, code: str, kind: str) -> None:
    """改名称、编码、类别。"""
    unit = _changeable(by, unit_id)
    if kind != unit.kind:
        if unit.parent is None:
            raise Refused("财政局是单位树的根，类别不能改。")
        _check_kind(by, unit.parent, kind)
    given = {"name": name, "code": code or None, "kind": kind}
    new = {field: value for field, value in given.items() if getattr(unit, field) != value}
    if not new:
        return
    before = _named(unit)
    _whole(primitive.change_department, department=unit, **new)
    _record(by, "edit_unit", "修改单位", unit, f"{before} 改为 {_named(unit)}")


@transaction.atomic
def move_unit(*, by: User, unit_id: UUID, parent: Department) -> None:
    """移到另一个上级之下；不能移到自己或自己的下级之下。"""
    unit = _changeable(by, unit_id)
    parent = _fresh(by, parent.pk)
    check_move(unit, parent)
    if unit.parent_id == parent.pk:
        return
    old = unit.parent
    _whole(primitive.change_department, department=unit, parent=parent)
    _record(by, "move_unit", "移动单位", unit, f"{_named(unit)} 从 {old} 移到 {parent}")


def check_move(unit: Department, parent: Department) -> None:
    """能不能移过去；不能抛 ``Refused``。"""
    if unit.parent is None:
        raise Refused("财政局是单位树的根，不能移动。")
    if any(node.pk == unit.pk for node in parent.ancestors()):
        raise Refused(f"{parent} 是 {unit} 自己或它的下级，不能移到那里。请选别的上级。")
    if not parent.is_active:
        raise Refused(f"{parent} 已停用，不能移到那里。请选别的上级。")


@transaction.atomic
def disable_unit(*, by: User, unit_id: UUID) -> None:
    """停用：不再下达新任务；以前的材料照样查得到。"""
    unit = _governed(by, unit_id)
    if not unit.is_active:
        return
    _check_idle(unit, "停用")
    _whole(primitive.change_department, department=unit, is_active=False)
    _record(by, "disable_unit", "停用单位", unit, _named(unit))


@transaction.atomic
def enable_unit(*, by: User, unit_id: UUID) -> None:
    """恢复使用。"""
    unit = _governed(by, unit_id)
    if unit.merged_into is not None:
        raise Refused(f"{unit} 已并入 {unit.merged_into}，不能再启用。要用请另加一个单位。")
    if unit.parent is not None and not unit.parent.is_active:
        raise Refused(f"上级 {unit.parent} 已停用。请先启用上级，或移到别的上级之下。")
    if unit.is_active:
        return
    _whole(primitive.change_department, department=unit, is_active=True)
    _record(by, "enable_unit", "启用单位", unit, _named(unit))


@transaction.atomic
def merge_unit(*, by: User, unit_id: UUID, target: Department) -> None:
    """并入另一个单位：在任的人、项目跟过去，材料留在原处，``target`` 的人看得到；不能撤销。"""
    unit, target = _governed(by, unit_id), _fresh(by, target.pk)
    if not unit.is_active or not target.is_active or unit.pk == target.pk:
        raise Refused("只能把一个在用的单位并入另一个在用的单位。请重新选。")
    _check_idle(unit, "并入别的单位")
    people = _move_people(unit, target)
    projects = Project.objects.filter(department=unit).update(department=target)
    _whole(primitive.change_department, department=unit, is_active=False, merged_into=target)
    for earlier in Department.objects.filter(merged_into=unit):
        _whole(primitive.change_department, department=earlier, merged_into=target)
    words = f"{_named(unit)} 并入 {_named(target)}，{people} 个岗位、{projects} 个项目转过去"
    _record(by, "merge_unit", "并入单位", unit, words, target=str(target.pk))


def _move_people(unit: Department, target: Department) -> int:
    """在任的和以后开始的岗位：原处到昨天为止，新处从今天起，任期、代谁都不变。已有同样岗位的不重复。"""
    today = timezone.localdate()
    current = Appointment.objects.filter(department=unit).exclude(until__lt=today)
    moved = [(post, post.until) for post in current.select_related("user", "stand_in_for").order_by("since")]
    for post, _ in moved:
        end_post(post)
    for post, until in moved:
        since = max(post.since, today)
        same = Appointment.objects.filter(user=post.user, department=target, role=post.role, since__lte=since)
        if not same.exclude(until__lt=since).exists():
            start_post(
                user=post.user, department=target, role=Role(post.role), since=since, until=until,
                stand_in_for=post.stand_in_for,
            )  # fmt: skip
    return len(moved)


# ---- 能不能 ----


def _fresh(by: User, unit_id: UUID) -> Department:
    """锁好以后重新取：页面打开以后可能变过。"""
    wait_turn(TREE_LOCK)
    unit = access.managed_by(by).select_related("parent", "merged_into").filter(pk=unit_id).first()
    if unit is None:
        raise Refused("没有这个单位，或不归您管。请刷新页面。")
    return unit


def _changeable(by: User, unit_id: UUID) -> Department:
    """能改的单位：财政局的管理员都能改，主管部门管理员只改本部门之下的。"""
    unit = _fresh(by, unit_id)
    if not may_change(by, unit):
        raise Refused(f"{unit} 自己的名称、编码由财政局改。您可以改它下面的单位。")
    return unit


def _governed(by: User, unit_id: UUID) -> Department:
    """停用、启用、并入的单位。"""
    unit = _fresh(by, unit_id)
    if not may_govern(by, unit):
        raise Refused("停用、启用、并入单位由财政局的管理员办。请把情况告诉财政局绩效科。")
    if unit.parent is None:
        raise Refused("财政局是单位树的根，不能停用或并入别的单位。")
    return unit


def may_change(by: User, unit: Department) -> bool:
    """能不能改名称、编码、类别、上级。"""
    return may_govern(by, unit) or bool(unit.parent and access.manages(by, unit.parent))


def may_govern(by: User, unit: Department) -> bool:
    """能不能停用、启用、并入。"""
    return bool(access.manages(by, unit) & access.BUREAU_ADMINS)


def kinds_for(by: User, parent: Department) -> list[str]:
    """在这个上级之下，这个人能定的类别；财政部门只有财政局的管理员能定。"""
    kinds = [Department.Kind.DEPARTMENT.value, Department.Kind.UNIT.value]
    return [Department.Kind.BUREAU.value, *kinds] if may_govern(by, parent) else kinds


def _check_kind(by: User, parent: Department, kind: str) -> None:
    if kind not in kinds_for(by, parent):
        raise Refused("类别只能是主管部门或预算单位；财政部门由财政局的管理员定。")


def _check_idle(unit: Department, what: str) -> None:
    """没有在用的下级，没有还在报的材料。"""
    below = list(Department.objects.filter(parent=unit, is_active=True)[:3])
    if below:
        names = "、".join(map(str, below))
        raise Refused(
            f"{unit} 下面还有在用的单位（{names}{'等' if len(below) == 3 else ''}）。请先移走或停用它们，再{what}。"
        )
    open_ones = Submission.objects.select_related("round").filter(department=unit, round__closed_at=None)
    waiting = open_ones.exclude(state__in=[*DONE_STATES, State.CANCELLED]).first()
    if waiting is not None:
        raise Refused(
            f"{unit} 的“{waiting.round}”还没有报完（现在是“{waiting.state_label}”）。请先办完或取消这项任务，再{what}。"
        )


# ---- 写和记 ----


def start_post(**given: Any) -> Appointment:
    """任命；三员互斥、已有同样岗位的，变成给人看的拒绝。"""
    try:
        return primitive.appoint(**given)
    except ValidationError:
        raise Refused(f"{given['user']} 从 {given['since']} 起已经有这个岗位了。") from None
    except ValueError as problem:
        raise Refused(str(problem)) from None


def end_post(post: Appointment) -> None:
    """岗位立刻结束：到昨天为止；今天才开始的收回。"""
    today = timezone.localdate()
    if post.since < today:
        primitive.end_appointment(appointment=post, until=today - timedelta(days=1))
    else:
        primitive.withdraw_appointment(appointment=post)


def _whole(write: Any, **given: Any) -> Any:
    """写单位；不合规则的（编码重复、名称太长），变成给人看的拒绝。"""
    code = given.get("code")
    own = given["department"].pk if "department" in given else None
    if code and Department.objects.filter(~Q(pk=own), code=code).exists():
        raise Refused(f"预算编码 {code} 已经有单位用了：{Department.objects.get(code=code)}。请核对编码。")
    try:
        return write(**given)
    except ValidationError as problem:
        raise Refused("；".join(problem.messages)) from None


def _named(unit: Department) -> str:
    return f"{unit}（{unit.code or '没有编码'}，{unit.get_kind_display()}）"


def _record(by: User, action: str, label: str, unit: Department, words: str, **details: str) -> None:
    record_event(
        action=action, label=label, user=by, reason=words, details={"department": str(unit.pk), **details}
    )
