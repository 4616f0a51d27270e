"""取数：把预算、决算表里的数按单位、按项目带进材料。单位自己改过的格，永远不悄悄盖掉。

先看（``prefill_plan``）后做，看的和做的是同一段程序；做时锁着材料重看一遍，一次一个事务。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction

from evaluations.core.prefill import Sheets, Verdict
from evaluations.core.steps import Kind, item_text
from evaluations.models import Project, Round, SourceBatch, SourceValue
from evaluations.selectors import PROJECT_SCOPE
from units.models import User

from .drafting import Draft
from .prefill_plan import NewProject, UnitPlan, plan_prefill, rows_by_code, source_for
from .problems import Refused
from .projects import starting_body
from .records import record_event


@transaction.atomic
def apply_prefill(
    *, round_id: UUID, by: User, sheets: Sheets, name: str, unit: str, take: Collection[str] = ()
) -> dict[str, int]:
    """照看过的做，一个事务；返回各类有几格。``take`` 是勾了“用来源的”各格的 ``token``。

    有一处不对就什么都不写，抛 ``Refused``。材料按编号的次序锁，两次取数不会互相等死。
    """
    task = Round.objects.select_related("pack").select_for_update(of=("self",)).get(pk=round_id)
    source = source_for(task, sheets, unit)
    asked = task.submissions.filter(department__code__in=rows_by_code(source))
    list(asked.select_for_update(of=("self",)).order_by("pk"))
    plan = plan_prefill(task=task, source=source, by=by)
    if plan.faults:
        raise Refused(f"表格有 {len(plan.faults)} 处不对，一格都没有带入。请改好再上传。")
    if not plan.writes:
        raise Refused("没有可以带入的：表里的单位都已送审，或一个数也没有。")
    batch = SourceBatch.objects.create(round=task, name=name[:200], by=by)
    counts: Counter[str] = Counter(units=len(plan.units), written=0, projects=0, kept=len(plan.kept))
    for one in plan.units:
        counts.update(_write(one, set(take)))
    _remember(plan.units, batch)
    record_event(
        action="prefill", label="取数", user=by, reason=name,
        details={"round": str(task.pk), "batch": str(batch.pk), "unit": plan.source.unit, "counts": dict(counts)},
    )  # fmt: skip
    return dict(counts)


def _write(unit: UnitPlan, take: set[str]) -> dict[str, int]:
    """把一个单位的写进去；返回写了几格、加了几个项目、留了几处、用了几处来源的。"""
    work = unit.draft.work
    chosen = [one for one in unit.with_verdict(Verdict.BOTH) if one.token in take]
    projects = {one.cell.address: one for one in unit.projects}
    added = [one for one in unit.projects if not one.again or one.cell in chosen]
    for cell in (*unit.with_verdict(Verdict.NEW, Verdict.CHANGED), *chosen):
        if cell.address not in projects:
            work.put(Kind.CELL, cell.address, cell.source)
    for one in added:
        _add_project(unit.draft, one)
    written = sum(1 for one in work.written if one.step.kind == Kind.CELL) + sum(
        len(one.values) for one in added
    )
    unit.draft.finish()
    for project in Project.objects.filter(pk__in=unit.codes):
        project.code = unit.codes[project.pk]
        project.save(update_fields=["code"])
    left = len(unit.with_verdict(Verdict.BOTH)) - len(chosen)
    return {"written": written, "projects": len(added), "left": left, "taken": len(chosen)}


def _add_project(draft: Draft, new: NewProject) -> None:
    last = [one.id for one in draft.work.facts.children[PROJECT_SCOPE]][-1:]
    body = starting_body(draft, new.name)
    body["values"] |= new.values
    draft.work.put(Kind.ITEM, new.cell.address, item_text(last[0] if last else "", body))


def _remember(units: Sequence[UnitPlan], batch: SourceBatch) -> None:
    """各格的来源：最近一次说的是什么、哪次说的，没有动的格也记。"""
    rows = [
        SourceValue(submission=unit.submission, address=address, value=text, batch=batch)
        for unit in units
        for address, text in unit.given.items()
    ]
    SourceValue.objects.bulk_create(
        rows, batch_size=200, update_conflicts=True, unique_fields=["submission", "address"],
        update_fields=["value", "batch"],
    )  # fmt: skip
