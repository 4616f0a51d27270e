"""读的一边：年度任务办到哪里了。只数到哪一步、填了几成，不看填了什么。"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from evaluations import access
from evaluations.core.pack import Pack
from evaluations.core.workflow import DONE_STATES, OFFICE_STATES, Role, State
from evaluations.models import AnnualData, Edit, Round, Submission
from evaluations.selectors import PROJECT_SCOPE
from units.models import Appointment, Department, User

TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    "all": ("全部", tuple(State)),
    "draft": ("填报中", (State.DRAFT,)),
    "unit": ("单位审核", (State.UNIT_REVIEW,)),
    "office": ("主管、财政审核", OFFICE_STATES),
    "done": ("已通过", DONE_STATES),
    "cancelled": ("不用报", (State.CANCELLED,)),
}
OVERDUE = "overdue"
NOT_SENT = (State.DRAFT, State.UNIT_REVIEW)
"""还没有送出单位的。"""


def day_words(moment: datetime) -> str:
    """2025年3月1日 18:00。"""
    local = timezone.localtime(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def rounds_with_counts() -> list[tuple[Round, dict[str, int]]]:
    """全部任务，新的年度在前；各有几份在哪一步，还没开放的数选了几个单位。"""
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for pk, state, count in Submission.objects.values_list("round", "state").annotate(Count("pk")):
        for name, (_, states) in TABS.items():
            counts[pk][name] += count if state in states else 0
    rounds = Round.objects.select_related("pack", "follows").annotate(chosen=Count("asked"))
    return [
        (task, {**counts[task.pk], "asked": task.chosen}) for task in rounds.order_by("-year", "-deadline")
    ]


def untouched(task: Round) -> str:
    """单位都没有动过为空串；动过的，说是谁、何时先存的。"""
    edits = (
        Edit.objects.filter(submission__round=task)
        .exclude(user=None)
        .select_related("user", "submission__department")
    )
    first = edits.order_by("at").first()
    if first is not None:
        return f"{first.submission.department}的{first.user}已在 {day_words(first.at)} 填过"
    moved = task.submissions.filter(
        Q(edits__through="import") | Q(snapshots__isnull=False) | ~Q(state__in=(State.DRAFT, State.CANCELLED))
    )
    one = moved.select_related("department").first()
    return f"{one.department}的材料已经有内容" if one else ""


# ---- 单位树 -----------------------------------------------------------------------------------


@dataclass
class Node:
    """树上的一个单位。"""

    unit: Department
    depth: int
    children: list[Node] = field(default_factory=list)


def tree() -> list[Node]:
    """在用单位的树。上级停用的，挂在最近的在用上级下面。"""
    units = list(Department.objects.order_by("code", "name"))
    by_pk = {unit.pk: unit for unit in units}
    below: dict[UUID | None, list[Department]] = defaultdict(list)
    for unit in units:
        if unit.is_active:
            below[_active_above(unit, by_pk)].append(unit)

    def grow(parent: UUID | None, depth: int) -> list[Node]:
        return [Node(unit, depth, grow(unit.pk, depth + 1)) for unit in below[parent]]

    return grow(None, 0)


def _active_above(unit: Department, by_pk: Mapping[UUID, Department]) -> UUID | None:
    above = by_pk.get(unit.parent_id) if unit.parent_id else None
    while above is not None and not above.is_active:
        above = by_pk.get(above.parent_id) if above.parent_id else None
    return above.pk if above else None


def flat(nodes: Iterable[Node]) -> list[Node]:
    """树排成一列，下级跟在上级后面。"""
    return [one for node in nodes for one in (node, *flat(node.children))]


def branches() -> dict[UUID, Department]:
    """每个单位归哪个主管部门：自己或最近的上级里类别是主管部门的。"""
    units = {unit.pk: unit for unit in Department.objects.all()}
    found = {}
    for unit in units.values():
        node: Department | None = unit
        seen: set[UUID] = set()
        while node is not None and node.pk not in seen and node.kind != Department.Kind.DEPARTMENT:
            seen.add(node.pk)
            node = units.get(node.parent_id) if node.parent_id else None
        if node is not None and node.kind == Department.Kind.DEPARTMENT:
            found[unit.pk] = node
    return found


# ---- 谁在填、谁签批 ----------------------------------------------------------------------------


def staff_of(units: Iterable[UUID]) -> dict[tuple[UUID, str], list[User]]:
    """各单位今天在任的填报人、负责人。"""
    held = Appointment.objects.on(timezone.localdate()).filter(
        department__in=list(units), role__in=access.UNIT_ROLES
    )
    found: dict[tuple[UUID, str], list[User]] = defaultdict(list)
    for one in held.select_related("user").order_by("stand_in_for", "user__display_name"):
        if one.user not in found[one.department_id, one.role]:
            found[one.department_id, one.role].append(one.user)
    return found


def without_staff(units: Sequence[Department]) -> tuple[list[Department], list[Department]]:
    """（没有填报人的，没有负责人的）。"""
    staff = staff_of(unit.pk for unit in units)
    return tuple(
        [unit for unit in units if not staff.get((unit.pk, role))] for role in (Role.PREPARER, Role.UNIT_HEAD)
    )  # type: ignore[return-value]


# ---- 进度 -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """进度表的一行。"""

    submission: Submission
    branch: Department | None
    preparers: Sequence[User]
    heads: Sequence[User]
    due: datetime
    overdue: bool
    filled: int
    required: int
    saved_at: datetime | None

    @property
    def extended(self) -> bool:
        return self.submission.due is not None


def lines_of(task: Round) -> list[Line]:
    """一个任务里各单位的进度。"""
    saved = (
        Edit.objects.filter(submission=OuterRef("pk")).exclude(user=None).order_by("-seq").values("at")[:1]
    )
    submissions = list(
        task.submissions.whole()
        .annotate(saved_at=Subquery(saved))
        .order_by("department__code", "department__name")
    )
    staff, above = staff_of(one.department_id for one in submissions), branches()
    filled, now = _filled(task, submissions), timezone.now()
    lines = []
    for one in submissions:
        due, unit = access.due_of(one), one.department_id
        late = one.state in NOT_SENT and now > due
        lines.append(Line(
            one, above.get(unit), staff.get((unit, Role.PREPARER), ()), staff.get((unit, Role.UNIT_HEAD), ()), due, late,
            *filled.get(one.pk, (0, 0)), one.saved_at,
        ))  # fmt: skip
    return lines


def _filled(task: Round, submissions: Iterable[Submission]) -> dict[UUID, tuple[int, int]]:
    """草稿的必填格填了几个、共几个；不用展开各表，只数存着的键。"""
    drafts = {one.pk: one for one in submissions if one.state == State.DRAFT}
    counts = dict.fromkeys(drafts, (0, 0))
    stored = AnnualData.objects.filter(submission__in=drafts).values_list("submission", "project", "values")
    for pk, project, values in stored:
        wanted = _required(drafts[pk].pack.compiled(), PROJECT_SCOPE if project else "")
        filled, total = counts[pk]
        counts[pk] = (filled + len(wanted & values.keys()), total + len(wanted))
    return counts


def _required(pack: Pack, scope: str) -> set[str]:
    return {key for key, item in pack.schema.scope(scope).fields.items() if item.required and item.asked}


def matching(lines: Iterable[Line], *, tab: str, branch: str = "", words: str = "") -> list[Line]:
    """按状态（或逾期）、主管部门、名称筛选。"""
    states = TABS[tab][1] if tab in TABS else NOT_SENT
    return [
        line
        for line in lines
        if line.submission.state in states
        and (tab != OVERDUE or line.overdue)
        and (not branch or (line.branch is not None and str(line.branch.pk) == branch))
        and (not words or words in line.submission.department.name)
    ]


def digest(task: Round, lines: Sequence[Line]) -> str:
    """催报的一段话，贴到工作群里：哪些单位还没有送审，找谁。已经送审、不用报的不在其中。"""
    waiting = [line for line in lines if line.submission.state in NOT_SENT]
    if not waiting:
        return ""
    told = [
        f"{task.name}：以下 {len(waiting)} 个单位还没有送审，请抓紧办理。截止 {day_words(task.deadline)}。"
    ]
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in waiting:
        groups[str(line.branch) if line.branch else ""].append(line)
    number = 0
    for name, members in groups.items():
        told += [f"【{name}】"] if name and len(groups) > 1 else []
        for line in members:
            number += 1
            told.append(f"{number}. {_digest_line(line)}")
    return "\n".join(told)


def _digest_line(line: Line) -> str:
    unit, state = line.submission.department, line.submission
    who, role = (line.heads, "负责人") if state.state == State.UNIT_REVIEW else (line.preparers, "填报人")
    names = "、".join(str(user) for user in who) or f"还没有{role}"
    where = "等负责人签批" if state.state == State.UNIT_REVIEW else "退回待改" if state.returned else "填报中"
    late = (
        "，已逾期"
        if line.overdue
        else f"，延期到 {day_words(line.due)}"
        if line.extended and not state.returned
        else ""
    )
    return f"{unit}（{where}{late}；{role} {names}）" if who else f"{unit}（{where}{late}；{names}）"
