"""把值写进数据库的行：金额存元，别的存交换格式里的字；指标的列各有字段。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from evaluations.core.facts import Note, Package, RowInput, ScopeInput
from evaluations.core.pack import Pack
from evaluations.core.schema import Field, Scope
from evaluations.core.values import Value, is_number, to_yuan
from evaluations.models import (
    INDICATOR_COLUMNS,
    INDICATOR_LIST,
    AnnualData,
    CheckNote,
    Indicator,
    Project,
    Submission,
)
from units.models import User


def to_stored(value: Value, item: Field, pack: Pack) -> str:
    """值 → 存的字；金额存元。"""
    if item.kind == "money" and is_number(value):
        return f"{to_yuan(value, pack.money_unit):f}"
    return item.to_text(value)


LARGEST = 10**9
"""分值、得分的列放得下的数；再大的（打错的）照字放 ``extra``，免得一格打错整份读不出来。"""


def write_package(
    submission: Submission, pack: Pack, package: Package, kept: Mapping[str, AnnualData]
) -> None:
    """把数据库里的行变得与内存里的填报值一样：多的删，少的建，变了的改，没变的不碰。

    ``kept`` 是现在存着的行，按项目在地址里的 id（部门是空串）。
    """
    wanted: list[tuple[ScopeInput, Scope, int]] = [(package.root, pack.schema.root, 0)]
    for name, children in package.children.items():
        wanted += [(child, pack.schema.children[name], n) for n, child in enumerate(children, 1)]
    gone = set(kept) - {given.id for given, _, _ in wanted}
    for key in gone:
        kept[key].indicators.all().delete()
        kept[key].delete()
    for given, scope, position in wanted:
        data = kept.get(given.id) or AnnualData(
            submission=submission, project=_project(submission, given, scope)
        )
        _write_scope(data, given, scope, pack, position)


def _project(submission: Submission, given: ScopeInput, scope: Scope) -> Project | None:
    """项目在地址里的 id 就是它的编号；删过又恢复的还是原来那个。"""
    if not scope.name:
        return None
    name = {"name": _name(given, scope)}
    project, _ = Project.objects.get_or_create(
        pk=UUID(given.id[1:]), department=submission.department, defaults=name
    )
    return project


def _name(given: ScopeInput, scope: Scope) -> str:
    return str(given.values.get(scope.match) or "")[:300]


def _write_scope(data: AnnualData, given: ScopeInput, scope: Scope, pack: Pack, position: int) -> None:
    known = scope.fields.keys() | scope.lists.keys()
    values: dict[str, Any] = {key: text for key, text in data.values.items() if key not in known}
    values |= _texts(given.values, scope.fields, pack)
    for key, rows in given.rows.items():
        if key != INDICATOR_LIST and rows:
            fields = scope.lists[key].fields
            values[key] = [{"id": row.id, **_texts(row.values, fields, pack)} for row in rows]
    if data._state.adding or (data.values, data.printed, data.position) != (values, given.printed, position):
        data.values, data.printed, data.position = values, dict(given.printed), position
        data.save()
    if data.project is not None and data.project.name != _name(given, scope):
        data.project.name = _name(given, scope)
        data.project.save(update_fields=["name"])
    if INDICATOR_LIST in scope.lists:
        _write_indicators(data, given.rows.get(INDICATOR_LIST, []), scope.lists[INDICATOR_LIST].fields, pack)


def _texts(values: Mapping[str, Value], fields: Mapping[str, Field], pack: Pack) -> dict[str, str]:
    return {key: to_stored(value, fields[key], pack) for key, value in values.items() if value is not None}


def _write_indicators(
    data: AnnualData, rows: Sequence[RowInput], fields: Mapping[str, Field], pack: Pack
) -> None:
    stored = {row.row_id: row for row in data.indicators.all()}
    gone = stored.keys() - {row.id for row in rows}
    if gone:
        data.indicators.filter(row_id__in=gone).delete()
    made = []
    for position, row in enumerate(rows):
        kept = stored.get(row.id)
        wanted = _indicator(data, row, fields, pack, position)
        if kept is None:
            made.append(wanted)
        elif any(getattr(kept, name) != getattr(wanted, name) for name in INDICATOR_STORED):
            for name in INDICATOR_STORED:
                setattr(kept, name, getattr(wanted, name))
            kept.save(update_fields=INDICATOR_STORED)
    Indicator.objects.bulk_create(made)


INDICATOR_STORED = [*INDICATOR_COLUMNS.values(), "extra", "position"]
"""填报的列。"""


def _indicator(
    data: AnnualData, given: RowInput, fields: Mapping[str, Field], pack: Pack, position: int
) -> Indicator:
    """一行指标；数放自己的列，“不适用”和方案自有的列放 ``extra``。"""
    row = Indicator(annual_data=data, row_id=given.id, position=position)
    for key, value in given.values.items():
        column = INDICATOR_COLUMNS.get(key, "")
        if value is None:
            continue
        if column and (column not in ("weight", "score") or (is_number(value) and abs(value) < LARGEST)):
            setattr(row, column, value)
        else:
            row.extra[key] = to_stored(value, fields[key], pack)
    return row


def write_notes(submission: Submission, notes: Sequence[Note], user: User | None) -> None:
    """把说明变得与 ``notes`` 一样；没变的不碰，谁写的、何时写的照旧。"""
    stored = {(note.code, note.cell): note for note in submission.check_notes.all()}
    wanted = {(note.code, note.cell): note.text for note in notes}
    for key in stored.keys() - wanted.keys():
        stored[key].delete()
    for (code, cell), text in wanted.items():
        kept = stored.get((code, cell))
        if kept is None:
            kept = CheckNote(submission=submission, code=code, cell=cell)
        elif kept.text == text:
            continue
        kept.text, kept.user, kept.at = text, user, timezone.now()
        kept.save()
