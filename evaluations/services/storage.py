"""把值写进数据库的行：金额存元，别的存交换格式里的字；指标的列各有字段。"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluations.core.facts import ScopeInput
from evaluations.core.pack import Pack
from evaluations.core.schema import Field, Scope
from evaluations.core.values import Value, is_number, to_yuan
from evaluations.models import (
    INDICATOR_COLUMNS,
    INDICATOR_LIST,
    AnnualData,
    Indicator,
    Project,
    Submission,
)


def to_stored(value: Value, item: Field, pack: Pack) -> str:
    """值 → 存的字；金额存元。"""
    if item.kind == "money" and is_number(value):
        return f"{to_yuan(value, pack.money_unit):f}"
    return item.to_text(value)


def set_stored(into: dict[str, str], key: str, value: Value, item: Field, pack: Pack) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = to_stored(value, item, pack)


def store_indicator(
    row: Indicator, values: Mapping[str, Value], fields: Mapping[str, Field], pack: Pack
) -> Indicator:
    """把若干列写到 Indicator；数放自己的列，“不适用”和方案自有的列放 ``extra``。"""
    for key, value in values.items():
        column = INDICATOR_COLUMNS.get(key, "")
        numeric = column in ("weight", "score")
        row.extra.pop(key, None)
        fits = bool(column) and (not numeric or value is None or is_number(value))
        if column:
            setattr(row, column, (value if fits else None) if numeric else (value or ""))
        if not fits and value is not None:
            row.extra[key] = to_stored(value, fields[key], pack)
    row.save()
    return row


def store_scope(
    submission: Submission,
    pack: Pack,
    scope: Scope,
    given: ScopeInput,
    project: Project | None,
    position: int,
) -> AnnualData:
    """存一个范围（部门或一个项目）的全部填报值，行用 ``given`` 里的 id。"""
    stored: dict[str, Any] = {}
    for key, value in given.values.items():
        set_stored(stored, key, value, scope.fields[key], pack)
    for key, rows in given.rows.items():
        if key == INDICATOR_LIST:
            continue
        stored[key] = [{"id": row.id} for row in rows]
        for line, row in zip(stored[key], rows, strict=True):
            for name, value in row.values.items():
                set_stored(line, name, value, scope.lists[key].fields[name], pack)
    data = AnnualData.objects.create(
        submission=submission, project=project, position=position, values=stored, printed=given.printed
    )
    for number, row in enumerate(given.rows.get(INDICATOR_LIST, ())):
        made = Indicator(annual_data=data, row_id=row.id, position=number)
        store_indicator(made, row.values, scope.lists[INDICATOR_LIST].fields, pack)
    return data
