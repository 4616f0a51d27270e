"""读的一边：结转到下一年，什么带过去、什么不带。只是试算，什么都不改。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from evaluations import access
from evaluations.core.pack import Pack as CorePack
from evaluations.core.schema import Field
from evaluations.core.workflow import DONE_STATES, State
from evaluations.models import Pack, Project, Round, Submission
from units.models import Appointment, Department


@dataclass(frozen=True)
class Carried:
    """由 ``task`` 结转到用 ``pack`` 的下一年。"""

    task: Round
    pack: Pack
    units: list[Department]
    merged: list[tuple[Department, Department]]
    stopped: list[Department]
    cancelled: list[Department]
    with_figures: list[Department]
    without_figures: list[tuple[Department, str]]
    figures: list[str]
    lost: list[str]
    projects: int
    posts: int
    ending: list[Appointment]


def carried_from(task: Round, pack: Pack) -> Carried:
    """试算：单位、上年的数、项目、岗位。"""
    submissions = list(task.submissions.select_related("department").order_by("department__code"))
    cancelled = [one.department for one in submissions if one.state == State.CANCELLED]
    units, merged, stopped = _units([one.department for one in submissions if one.state != State.CANCELLED])
    approved, states = _approved(task.year), {one.department_id: one.state_label for one in submissions}
    figures, lost = _prior_fields(task.pack.compiled(), pack.compiled())
    held = Appointment.objects.on(timezone.localdate()).filter(department__in=units)
    stand_ins = held.exclude(stand_in_for=None).exclude(until=None)
    return Carried(
        task, pack, units, merged, stopped, cancelled,
        with_figures=[unit for unit in units if unit.pk in approved],
        without_figures=[(unit, states.get(unit.pk, "上年没有报")) for unit in units if unit.pk not in approved],
        figures=figures, lost=lost, projects=Project.objects.filter(department__in=units).count(),
        posts=held.filter(stand_in_for=None, role__in=access.UNIT_ROLES).count(),
        ending=list(stand_ins.select_related("user", "stand_in_for", "department").order_by("until")),
    )  # fmt: skip


def _units(
    asked: list[Department],
) -> tuple[list[Department], list[tuple[Department, Department]], list[Department]]:
    """（今年要报的，并走的和接收的，停用不带的）。"""
    every = {unit.pk: unit for unit in Department.objects.all()}
    kept: dict[UUID, Department] = {}
    merged, stopped = [], []
    for unit in asked:
        target = _target(unit, every)
        if target is None:
            stopped.append(unit)
            continue
        kept.setdefault(target.pk, target)
        if target.pk != unit.pk:
            merged.append((unit, target))
    return sorted(kept.values(), key=lambda unit: (unit.code or "", unit.name)), merged, stopped


def _target(unit: Department, every: dict[UUID, Department]) -> Department | None:
    """现在由谁报：自己在用就是自己，并走了的是接收的单位，停用的为 None。"""
    seen: set[UUID] = set()
    while not unit.is_active:
        if unit.merged_into_id is None or unit.pk in seen:
            return None
        seen.add(unit.pk)
        unit = every[unit.merged_into_id]
    return unit


def _approved(year: int) -> set[UUID]:
    """某年有已通过材料的单位。"""
    done = Submission.objects.filter(round__year=year, state__in=DONE_STATES, snapshots__action="approve")
    return set(done.values_list("department_id", flat=True))


def units_with_figures(task: Round, units: list[Department]) -> list[Department]:
    """开放时会带入上年的数的单位。"""
    approved = _approved(task.year - 1)
    return [unit for unit in units if unit.pk in approved]


def _prior_fields(old: CorePack, new: CorePack) -> tuple[list[str], list[str]]:
    """（会带上年的数的格，上年方案里没有来处、带不了的格）。"""
    figures, lost = [], []
    for item, source in _wanting(old, new):
        (figures if item.prior in source else lost).append(item.full_label)
    return figures, lost


def _wanting(old: CorePack, new: CorePack) -> Iterator[tuple[Field, set[str]]]:
    """新方案里声明了上年来处、由人填的格，和上年方案里可取的键。"""
    root, before = new.schema.root, old.schema.root
    for item in root.fields.values():
        if item.prior and item.asked:
            yield item, set(before.fields)
    for rows in root.lists.values():
        twin = before.lists.get(rows.key)
        for item in rows.fields.values():
            if item.prior and item.asked:
                yield item, set(twin.fields) if twin else set()
