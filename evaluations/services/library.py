"""指标库：增、改、停用、从表格导入、存入随产品的一批。抄到材料里的不跟着变。"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.db import transaction

from evaluations.core.library import ACTIVE, HEADINGS, faults_of, tidy_entry
from evaluations.core.tabular import Cell, Fault, Row, table
from evaluations.library import entry_of
from evaluations.models import LibraryIndicator
from units.models import User

from .problems import Refused
from .records import record_event

Sheets = Mapping[str, Sequence[Sequence[Cell]]]


@transaction.atomic
def save_indicator(
    *, by: User, values: Mapping[str, str], indicator_id: UUID | None = None
) -> LibraryIndicator:
    """新增一条，或改一条。``values`` 按表头；写法不对、编号或名称重复时抛 ``Refused``。"""
    wanted = tidy_entry(values)
    for heading, problem in faults_of(wanted):
        raise Refused(f"“{heading}”：{problem}")
    kept = _locked(indicator_id) if indicator_id else None
    _refuse_twins(wanted, kept)
    if kept is None:
        made = LibraryIndicator()
        _write(made, wanted)
        record_event(action="library_add", label=f"指标库新增 {made.code}", user=by, details={"new": wanted})
        return made
    changed = _changed(kept, wanted)
    if changed:
        _write(kept, wanted)
        record_event(
            action="library_edit", label=f"指标库修改 {kept.code}", user=by, details={"changed": changed}
        )
    return kept


@transaction.atomic
def set_active(*, by: User, indicator_id: UUID, active: bool) -> LibraryIndicator:
    """停用或恢复一条；已经是了就什么都不做。停用的不能再选，抄走的不变。"""
    kept = _locked(indicator_id)
    if kept.is_active != active:
        kept.is_active = active
        kept.save(update_fields=["is_active"])
        word = "恢复" if active else "停用"
        record_event(
            action="library_restore" if active else "library_retire",
            label=f"指标库{word} {kept.code}",
            user=by,
        )
    return kept


@transaction.atomic
def load_library(*, path: Path, user: User | None = None) -> int:
    """存入一个 TOML 文件里的各条，返回新增几条。已有的编号不动（可能已在页面上改过），所以可以重复运行。"""
    known = set(LibraryIndicator.objects.values_list("code", flat=True))
    made = []
    for raw in tomllib.loads(path.read_text(encoding="utf-8"))["indicator"]:
        values = tidy_entry({heading: str(raw.get(column.field, "")) for heading, column in HEADINGS.items()})
        for heading, problem in faults_of(values):
            raise Refused(f"{path.name} 的 {values['编号']}“{heading}”：{problem}")
        if values["编号"] not in known:
            known.add(values["编号"])
            made.append(LibraryIndicator(**_columns(values)))
    LibraryIndicator.objects.bulk_create(made)
    if made:
        record_event(action="library_load", label=f"指标库存入 {len(made)} 条", user=user)
    return len(made)


# ---- 从表格导入 -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amended:
    """要改的一条：哪几列，原来和现在。"""

    code: str
    name: str
    columns: list[tuple[str, str, str]]


@dataclass
class LibraryPlan:
    """导入会做什么；有不对的（``faults``）就什么都不做。"""

    added: list[dict[str, str]] = field(default_factory=list)
    amended: list[Amended] = field(default_factory=list)
    same: int = 0
    faults: list[Fault] = field(default_factory=list)
    told: list[Fault] = field(default_factory=list)

    @property
    def writes(self) -> int:
        return len(self.added) + len(self.amended)


def plan_import(sheets: Sheets) -> LibraryPlan:
    """看一个表格导入会做什么，什么都不写。按编号找：有就改，没有就加；表里没有的不动。"""
    plan = LibraryPlan()
    rows = _rows(sheets, plan)
    known = {one.code: one for one in LibraryIndicator.objects.all()}
    twins = {_twin(entry_of(one)): one.code for one in known.values()}
    seen: dict[str, int] = {}
    for row in rows:
        values = tidy_entry(row.values)
        code = values["编号"]
        before = len(plan.faults)
        plan.faults += [row.fault(heading, problem) for heading, problem in faults_of(values)]
        plan.faults += _doubled(row, values, seen, twins)
        if row.values[ACTIVE] not in ("", "是", "否"):
            plan.faults.append(row.fault(ACTIVE, "请填“是”或“否”。"))
        if len(plan.faults) == before:
            _place(plan, values, row, known.get(code))
    return plan


@transaction.atomic
def apply_import(*, by: User, sheets: Sheets, name: str) -> LibraryPlan:
    """照 ``plan_import`` 的结果写；有一处不对就都不写，抛 ``Refused``。"""
    list(LibraryIndicator.objects.select_for_update().order_by("pk"))
    plan = plan_import(sheets)
    if plan.faults:
        raise Refused(f"表格有 {len(plan.faults)} 处不对，一条都没有导入。请改好再上传。")
    if not plan.writes:
        raise Refused("表格里的内容与指标库现在的一样，没有要导入的。")
    known = {one.code: one for one in LibraryIndicator.objects.all()}
    for values in plan.added:
        _write(LibraryIndicator(), values, active=values[ACTIVE] != "否")
    for amended in plan.amended:
        kept = known[amended.code]
        wanted = entry_of(kept) | {heading: new for heading, _, new in amended.columns if heading != ACTIVE}
        active = next(
            (new == "是" for heading, _, new in amended.columns if heading == ACTIVE), kept.is_active
        )
        _write(kept, wanted, active=active)
    record_event(
        action="library_import", label="指标库导入", user=by, reason=name,
        details={"added": len(plan.added), "changed": [[one.code, one.columns] for one in plan.amended]},
    )  # fmt: skip
    return plan


def _rows(sheets: Sheets, plan: LibraryPlan) -> list[Row]:
    """第一张有表头的工作表里的各行。"""
    headings = {heading: column.required for heading, column in HEADINGS.items()} | {ACTIVE: False}
    for sheet, cells in sheets.items():
        rows, faults = table(sheet, cells, headings)
        plan.told = [fault for fault in faults if fault.info]
        plan.faults = [fault for fault in faults if not fault.info]
        if rows:
            break
    if not rows and not plan.faults:
        plan.faults.append(Fault(next(iter(sheets), ""), 0, "", "", "表头下面没有内容。请填好再上传。"))
    return rows


def _doubled(
    row: Row, values: Mapping[str, str], seen: dict[str, int], twins: dict[tuple[str, ...], str]
) -> list[Fault]:
    """编号在表里重复，或与别的编号同领域、同级、同名。"""
    code, twin = values["编号"], _twin(values)
    found = []
    if code and seen.setdefault(code, row.number) != row.number:
        found.append(row.fault("编号", f"与第 {seen[code]} 行重复。请只留一行。"))
    if values["三级指标"] and twins.setdefault(twin, code) != code:
        found.append(
            row.fault("三级指标", f"与 {twins[twin]} 同领域、同级、同名。请改名称，或改成那个编号。")
        )
    return found


def _place(plan: LibraryPlan, values: dict[str, str], row: Row, kept: LibraryIndicator | None) -> None:
    """归到要加的、要改的，或不变的。"""
    if kept is None:
        plan.added.append(values | {ACTIVE: row.values[ACTIVE] or "是"})
        return
    changed = _changed(kept, values)
    active = "是" if kept.is_active else "否"
    if row.values[ACTIVE] not in ("", active):
        changed.append((ACTIVE, active, row.values[ACTIVE]))
    if changed:
        plan.amended.append(Amended(kept.code, values["三级指标"], changed))
    else:
        plan.same += 1


# ---- 写 ---------------------------------------------------------------------------------------


def _locked(indicator_id: UUID) -> LibraryIndicator:
    kept = LibraryIndicator.objects.select_for_update().filter(pk=indicator_id).first()
    if kept is None:
        raise Refused("指标库里没有这一条。请刷新页面。")
    return kept


def _refuse_twins(values: Mapping[str, str], kept: LibraryIndicator | None) -> None:
    others = LibraryIndicator.objects.exclude(pk=kept.pk) if kept else LibraryIndicator.objects.all()
    if others.filter(code=values["编号"]).exists():
        raise Refused(f"编号 {values['编号']} 已经有了。请换一个编号。")
    same = {HEADINGS[name].field: values[name] for name in ("领域", "一级指标", "二级指标", "三级指标")}
    twin = others.filter(**same).first()
    if twin is not None:
        raise Refused(f"{twin.code} 已有同领域、同级、同名的指标。请改名称，或去改那一条。")


def _twin(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(values[name] for name in ("领域", "一级指标", "二级指标", "三级指标"))


def _changed(kept: LibraryIndicator, wanted: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """改了的各列：（表头，原来，现在）。"""
    old = entry_of(kept)
    return [(name, old[name], wanted[name]) for name in HEADINGS if old[name] != wanted[name]]


def _columns(values: Mapping[str, str]) -> dict[str, str]:
    return {column.field: values[heading] for heading, column in HEADINGS.items()}


def _write(one: LibraryIndicator, values: Mapping[str, str], *, active: bool | None = None) -> None:
    for name, text in _columns(values).items():
        setattr(one, name, text)
    if active is not None:
        one.is_active = active
    one.full_clean()
    one.save()
