"""列表的行：增、移、删、恢复。每个动作都是一条修改记录，重发不会做两次。"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F

from evaluations.core.addresses import Address, AddressProblem, parse_address
from evaluations.core.checks import describe
from evaluations.core.facts import RowFacts, ScopeFacts
from evaluations.core.values import Value, ValueProblem
from evaluations.models import INDICATOR_LIST, AnnualData, CheckNote, Indicator
from units.models import User

from .entry import Draft
from .problems import Refused
from .storage import set_stored, store_indicator

REMOVED = "删除一行"
GROUP_COLUMNS = ("一级指标", "二级指标")


@dataclass(frozen=True)
class RowChanged:
    """行动作的结果：``focus`` 是该去的格，``undo`` 是可恢复的行。"""

    revision: int
    focus: str = ""
    undo: str = ""


def new_row_id() -> str:
    """字母开头，不重用。"""
    return "r" + secrets.token_hex(8)


@transaction.atomic
def add_row(
    *, submission_id: UUID, user: User, prefix: str, key: str, group: Mapping[str, str], row_id: str = ""
) -> RowChanged:
    """在列表里加一行，放在同组最后。``row_id`` 由页面给时，重发不会加两次。"""
    draft = Draft.open(submission_id, user, "page")
    scope, rows = _list_of(draft, prefix, key)
    at = _row_address(scope, key, row_id or new_row_id())
    fields = scope.scope.lists[key].fields
    first = next(name for name, item in fields.items() if item.asked and name not in group)
    if any(row.id == at.row for row in rows):
        return RowChanged(draft.submission.revision, f"{at}.{first}")
    if not at.row.isidentifier() or len(at.row) > 40:
        raise Refused("行的编号写法不对。请刷新页面后再加。")
    limit = scope.scope.lists[key].max_rows
    if len(rows) >= limit:
        raise Refused(f"“{key}”最多 {limit} 行。")
    _insert(draft, scope, at, _group_values(scope, key, group, _prescribed(draft, scope, key)))
    draft.record(str(at), "·".join(group.values()) or key, "", "增加一行")
    draft.finish()
    return RowChanged(draft.submission.revision, f"{at}.{first}")


@transaction.atomic
def move_row(*, submission_id: UUID, user: User, row: str, to: str) -> RowChanged:
    """在同组里上移（up）或下移（down）一行；到头了就不动。"""
    draft = Draft.open(submission_id, user, "page")
    scope, at, rows = _row_of(draft, row)
    index = next(i for i, one in enumerate(rows) if one.id == at.row)
    target = _neighbour(rows, index, {"up": -1, "down": 1}.get(to, 0))
    focus = _first_cell(rows[index])
    if target is None:
        return RowChanged(draft.submission.revision, focus)
    _swap(draft.data[scope.id], at.key, rows, index, target)
    draft.record(str(at), describe(scope, focus), "", "上移" if target < index else "下移")
    draft.finish()
    return RowChanged(draft.submission.revision, focus)


@transaction.atomic
def remove_row(*, submission_id: UUID, user: User, row: str) -> RowChanged:
    """删除一行。内容留在修改记录里，可用 ``restore_row`` 恢复。"""
    draft = Draft.open(submission_id, user, "page")
    scope, at, rows = _row_of(draft, row)
    victim = next(one for one in rows if one.id == at.row)
    label = describe(scope, _first_cell(victim))
    data = draft.data[scope.id]
    if at.key == INDICATOR_LIST:
        data.indicators.get(row_id=at.row).delete()
    else:
        data.values[at.key] = [one for one in data.values[at.key] if one["id"] != at.row]
    CheckNote.objects.filter(submission=draft.submission, cell__startswith=f"{at}.").delete()
    draft.record(str(at), label, _row_text(victim), REMOVED)
    draft.finish()
    return RowChanged(draft.submission.revision, undo=row)


@transaction.atomic
def restore_row(*, submission_id: UUID, user: User, row: str) -> RowChanged:
    """恢复删除的一行：内容取自修改记录，放在同组最后。"""
    draft = Draft.open(submission_id, user, "page")
    at = _address(row)
    scope, rows = _list_of(draft, at.prefix, at.key)
    if any(one.id == at.row for one in rows):
        return RowChanged(draft.submission.revision)
    removed = draft.submission.edits.filter(address=row, new=REMOVED).order_by("-seq").first()
    if removed is None:
        raise Refused("找不到删除的这一行，无法恢复。请在修改记录里查看内容。")
    fields = scope.scope.lists[at.key].fields
    texts = json.loads(removed.old)
    _insert(
        draft, scope, at, {name: fields[name].parse(text) for name, text in texts.items() if name in fields}
    )
    draft.record(row, removed.label, "", "恢复一行")
    draft.finish()
    first = next(name for name, item in fields.items() if item.asked and name not in GROUP_COLUMNS)
    return RowChanged(draft.submission.revision, f"{row}.{first}")


def _insert(draft: Draft, scope: ScopeFacts, at: Address, values: Mapping[str, Value]) -> None:
    data, fields = draft.data[scope.id], scope.scope.lists[at.key].fields
    if at.key == INDICATOR_LIST:
        row = Indicator(annual_data=data, row_id=at.row, position=_after_group(data, values))
        store_indicator(row, values, fields, draft.pack)
        return
    stored: dict[str, str] = {"id": at.row}
    for name, value in values.items():
        set_stored(stored, name, value, fields[name], draft.pack)
    data.values.setdefault(at.key, []).append(stored)


def _after_group(data: AnnualData, values: Mapping[str, Value]) -> int:
    """同组最后一行之后的位置；后面的各行让出一位。"""
    same = data.indicators.filter(level1=values.get("一级指标") or "", level2=values.get("二级指标") or "")
    last = same.order_by("-position").first() or data.indicators.order_by("-position").first()
    position = last.position + 1 if last else 0
    data.indicators.filter(position__gte=position).update(position=F("position") + 1)
    return position


def _swap(data: AnnualData, key: str, rows: list[RowFacts], index: int, target: int) -> None:
    if key != INDICATOR_LIST:
        stored = data.values[key]
        stored[index], stored[target] = stored[target], stored[index]
        return
    here, there = (data.indicators.get(row_id=rows[i].id) for i in (index, target))
    here.position, there.position = there.position, here.position
    here.save(update_fields=["position"])
    there.save(update_fields=["position"])


def _neighbour(rows: list[RowFacts], index: int, step: int) -> int | None:
    """同组的上一行或下一行。"""
    target = index + step
    while step and 0 <= target < len(rows):
        if _group(rows[target]) == _group(rows[index]):
            return target
        target += step
    return None


def _group(row: RowFacts) -> tuple[Value, ...]:
    return tuple(row.inputs.get(name) for name in GROUP_COLUMNS if name in row.fields)


def _prescribed(draft: Draft, scope: ScopeFacts, key: str) -> bool:
    """方案规定了这个列表的分组（表上有骨架）：加行时要说加在哪一组。"""
    forms = (form for form in draft.pack.forms.values() if form.scope == scope.scope.name)
    return any(band.over == key and band.skeleton for form in forms for band in form.bands)


def _group_values(
    scope: ScopeFacts, key: str, group: Mapping[str, str], prescribed: bool
) -> dict[str, Value]:
    fields = scope.scope.lists[key].fields
    missing = [name for name in GROUP_COLUMNS if name in fields and not group.get(name)]
    if missing and prescribed:
        raise Refused(f"请先选{'、'.join(missing)}，再加一行。")
    values: dict[str, Value] = {}
    for name, text in group.items():
        if name not in GROUP_COLUMNS or name not in fields:
            raise Refused(f"“{key}”不按“{name}”分组。请刷新页面。")
        try:
            values[name] = fields[name].parse(text)
        except ValueProblem as problem:
            raise Refused(str(problem)) from None
    return values


def _address(row: str) -> Address:
    try:
        return parse_address(row)
    except AddressProblem as problem:
        raise Refused(str(problem)) from None


def _list_of(draft: Draft, prefix: str, key: str) -> tuple[ScopeFacts, list[RowFacts]]:
    try:
        scope = draft.facts.scope_at(prefix)
    except AddressProblem as problem:
        raise Refused(str(problem)) from None
    if key not in scope.lists:
        raise Refused(f"方案里没有“{key}”这个列表。请刷新页面。")
    return scope, scope.lists[key]


def _row_of(draft: Draft, row: str) -> tuple[ScopeFacts, Address, list[RowFacts]]:
    at = _address(row)
    scope, rows = _list_of(draft, at.prefix, at.key)
    if not any(one.id == at.row for one in rows):
        raise Refused("这一行已经不在了，可能被别人删除。请刷新页面。")
    return scope, at, rows


def _row_address(scope: ScopeFacts, key: str, row_id: str) -> Address:
    return Address(key, row_id, "", scope.id if scope.scope.name else "", scope.scope.name)


def _first_cell(row: RowFacts) -> str:
    return row.address(
        next(name for name, item in row.fields.items() if item.asked and name not in GROUP_COLUMNS)
    )


def _row_text(row: RowFacts) -> str:
    """整行的内容：列 → 字；人看得懂，恢复时也能读回来。"""
    texts = {name: row.fields[name].to_text(value) for name, value in row.inputs.items() if value is not None}
    return json.dumps(texts, ensure_ascii=False)
