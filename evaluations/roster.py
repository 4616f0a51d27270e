"""读的一边：单位树、人员清单、首次设置还缺什么。什么都不改。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from evaluations.models import Pack, Round
from units.models import Appointment, Department, User

IDLE_DAYS = 90
PEOPLE_FILTERS = {
    "": "在用的账号",
    "never": "从没登录过",
    "idle": f"{IDLE_DAYS} 天没登录",
    "no_post": "没有岗位",
    "disabled": "已停用",
}


@dataclass(frozen=True)
class UnitRow:
    """单位树上的一行；``context`` 是为了看清层级才列出来的上级，不是查到的。"""

    unit: Department
    depth: int
    people: int = 0
    context: bool = False


def tree_of(units: Iterable[Department]) -> list[tuple[Department, int]]:
    """按树的次序：上级在前，下级紧跟，层数从 0 起；上级不在其中的算第一层。"""
    rows = list(units)
    known = {unit.pk for unit in rows}
    children: dict[UUID | None, list[Department]] = defaultdict(list)
    for unit in rows:
        children[unit.parent_id if unit.parent_id in known else None].append(unit)
    found: list[tuple[Department, int]] = []
    waiting = [(unit, 0) for unit in reversed(children[None])]
    while waiting:
        unit, depth = waiting.pop()
        found.append((unit, depth))
        waiting += [(child, depth + 1) for child in reversed(children[unit.pk])]
    return found


def unit_rows(user: User, *, asked: str = "", closed: bool = False) -> list[UnitRow]:
    """管着的单位：在用的，或停用的；``asked`` 查名称、编码，查到的连上级一起列。"""
    every = tree_of(access.managed_by(user).select_related("merged_into"))
    wanted = [
        unit
        for unit, _ in every
        if unit.is_active != closed and (asked in unit.name or (unit.code or "").startswith(asked))
    ]
    hits = {unit.pk for unit in wanted}
    parents = {unit.pk: unit.parent_id for unit, _ in every}
    shown = set(hits)
    for pk in hits:
        above = parents[pk]
        while above in parents and above not in shown:
            shown.add(above)
            above = parents[above]
    held = Appointment.objects.on(timezone.localdate()).order_by().values("department")
    counts = dict(held.annotate(n=Count("user", distinct=True)).values_list("department", "n"))
    return [
        UnitRow(unit, depth, counts.get(unit.pk, 0), unit.pk not in hits)
        for unit, depth in every
        if unit.pk in shown
    ]


def people_list(
    user: User, *, asked: str = "", unit: UUID | None = None, role: str = "", which: str = ""
) -> QuerySet[User]:
    """管着的人：按账号、姓名、电话查，按单位（连下级）、岗位、登录情况挑。"""
    people = access.people_of(user).filter(is_active=which != "disabled")
    if asked:
        people = people.filter(
            Q(username__icontains=asked) | Q(display_name__icontains=asked) | Q(phone__contains=asked)
        )
    posts = current_posts().filter(user=OuterRef("pk"))
    if unit is not None:
        posts = posts.filter(department__in=access.subtree([unit]))
    if role:
        posts = posts.filter(role=role)
    if unit is not None or role:
        people = people.filter(Exists(posts))
    if which == "never":
        people = people.filter(last_login=None)
    elif which == "idle":
        people = people.filter(last_login__lt=timezone.now() - timedelta(days=IDLE_DAYS))
    elif which == "no_post":
        people = people.filter(~Exists(posts))
    held = current_posts().select_related("department", "stand_in_for")
    return people.order_by("username").prefetch_related(
        Prefetch("appointments", queryset=held, to_attr="posts")
    )


def current_posts() -> QuerySet[Appointment]:
    """在任的和以后开始的岗位；停用的账号的也算。"""
    return Appointment.objects.exclude(until__lt=timezone.localdate())


@dataclass(frozen=True)
class Step:
    """开始使用的一步。"""

    label: str
    done: bool
    page: str
    button: str
    hint: str


def first_steps() -> list[Step]:
    """开始使用要做的几步，和各步做了没有。"""
    posts = current_posts()
    units = Department.objects.exclude(kind=Department.Kind.BUREAU).filter(is_active=True)
    return [
        Step("导入单位和人员", units.exists(), "evaluations:unit_import", "导入", "下载模板，填好各单位和人员，上传核对后一次存入。"),
        Step(
            "任命财政审核人", posts.filter(role=Role.BUREAU_REVIEWER).exists(), "evaluations:account_add", "新增人员",
            "至少一位。送审的材料由他审核。",
        ),
        Step("选定方案", Pack.objects.filter(state=Pack.State.PUBLISHED).exists(), "evaluations:packs", "去选方案", "表样、指标、计分都在方案里。"),
        Step("开年度任务", Round.objects.exists(), "evaluations:rounds", "去开任务", "选年度、截止时间和要报的单位，单位就能填了。"),
    ]  # fmt: skip
