"""列表的行：增、移、删、恢复。每个动作都是一处改动，重发不会做两次；别人先动过的，说出是谁。"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from evaluations.core.addresses import Address, AddressProblem, parse_address
from evaluations.core.expressions import Context
from evaluations.core.facts import RowFacts, ScopeFacts
from evaluations.core.prescribed import is_locked
from evaluations.core.steps import Kind, item_text
from evaluations.core.values import ValueProblem
from evaluations.core.working import GONE, GROUP_COLUMNS, first_cell, row_address
from evaluations.models import Edit
from evaluations.selectors import clock
from units.models import User

from .drafting import Draft, Outcome
from .problems import Refused


@dataclass
class RowChanged(Outcome):
    """行动作的结果：``focus`` 是该去的格，``undo`` 是可恢复的行。"""

    focus: str = ""
    undo: str = ""


def new_row_id() -> str:
    """字母开头，不重用。"""
    return "r" + secrets.token_hex(8)


@transaction.atomic
def add_row(
    *, submission_id: UUID, user: User, prefix: str, key: str, group: Mapping[str, str], row_id: str = "",
    texts: Mapping[str, str] | None = None,
) -> RowChanged:  # fmt: skip
    """在列表里加一行，放在同组最后。``row_id`` 由页面给，重发不会加两次；用过的不能再用。

    ``texts`` 是带来的字（如从指标库选的）：列表里没有的列不要，读不懂的抛 ``Refused``。
    """
    draft = Draft.open(submission_id, user)
    scope, rows = _list_of(draft, prefix, key)
    row_id = row_id or new_row_id()
    address = row_address(scope.prefix, key, row_id)
    if any(row.id == row_id for row in rows):
        return _done(draft, address)
    _check_new(draft, key, row_id, len(rows), scope)
    values = _group_values(scope, key, group, _skeleton(draft, scope, key))
    values |= _row_texts(scope, key, texts or {})
    draft.work.put(Kind.ITEM, address, item_text(_last_of_group(rows, values), {"values": values}))
    return _done(draft, address)


def _check_new(draft: Draft, key: str, row_id: str, count: int, scope: ScopeFacts) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", row_id):
        raise Refused("行的编号写法不对。请刷新页面后再加。")
    if draft.submission.edits.filter(address=row_address(scope.prefix, key, row_id)).exists():
        raise Refused("这一行加过又删了。要找回请按撤销，要新的一行请再按一次“＋”。")
    limit = scope.scope.lists[key].max_rows
    if count >= limit:
        raise Refused(f"“{key}”最多 {limit} 行。")


@transaction.atomic
def move_row(*, submission_id: UUID, user: User, row: str, to: str, was: str | None = None) -> RowChanged:
    """在同组里上移（up）或下移（down）一行；到头了就不动。

    ``was`` 是页面上看到的同组里排在它前面的那一行：现在不是它，说明已经移过了（重发，或别人移的），不再移。
    """
    draft = Draft.open(submission_id, user)
    at, rows = _row_of(draft, row)
    index = next(i for i, one in enumerate(rows) if one.id == at.row)
    target = _neighbour(rows, index, {"up": -1, "down": 1}.get(to, 0))
    above = _neighbour(rows, index, -1)
    before = "" if above is None else rows[above].id
    if target is not None and was in (None, before):
        place = target if target > index else target - 1
        draft.work.put(Kind.PLACE, row, rows[place].id if place >= 0 else "")
    return _done(draft, row)


@transaction.atomic
def remove_row(*, submission_id: UUID, user: User, row: str, seen: int | None = None) -> RowChanged:
    """删除一行；已经删了的当作做完。内容留在修改记录里，可用 ``restore_row`` 恢复。

    ``seen`` 是页面看到的修订号：别人在那以后改过这一行的，不删，抛 ``Refused`` 说出是谁。
    """
    draft = Draft.open(submission_id, user)
    at = _address(row)
    _, rows = _list_of(draft, at.prefix, at.key)
    here = next((one for one in rows if one.id == at.row), None)
    if here is not None:
        if is_locked(here):
            raise Refused("这是财政局规定的指标，不能删除。确实不涉及的，完成值填“不适用”，并写明原因。")
        refuse_if_changed(draft, f"{row}.", seen)
        draft.work.put(Kind.ITEM, row, "")
    elif last_item(draft, row) is None:
        raise Refused(GONE)
    draft.finish()
    return RowChanged(draft, undo=row)


def refuse_if_changed(draft: Draft, start: str, seen: int | None) -> None:
    """别人在 ``seen`` 修订以后改过这里面的，抛 ``Refused`` 说出是谁、何时、哪一格。"""
    other = draft.last_by_others(start, seen) if seen is not None else None
    if other is not None:
        raise Refused(
            f"{other.user or '系统'} {clock(other.at)} 刚改过“{other.label}”，没有删除。请看过新的内容再决定。"
        )


@transaction.atomic
def restore_row(*, submission_id: UUID, user: User, row: str) -> RowChanged:
    """恢复删除的一行，内容和位置取自修改记录。"""
    draft = Draft.open(submission_id, user)
    at = _address(row)
    _, rows = _list_of(draft, at.prefix, at.key)
    if not any(one.id == at.row for one in rows):
        removed = last_item(draft, row)
        if removed is None or not removed.old:
            raise Refused("找不到删除的这一行，无法恢复。请在修改记录里查看内容。")
        draft.work.put(Kind.ITEM, row, removed.old)
    return _done(draft, row)


def last_item(draft: Draft, address: str) -> Edit | None:
    """这一行或这个项目最近一次增删。"""
    return draft.submission.edits.filter(address=address, kind=Kind.ITEM).order_by("-seq").first()


def _done(draft: Draft, row: str) -> RowChanged:
    draft.finish()
    at = parse_address(row)
    found = next(one for one in draft.work.facts.scope_at(at.prefix).lists[at.key] if one.id == at.row)
    return RowChanged(draft, first_cell(found))


def _last_of_group(rows: list[RowFacts], values: Mapping[str, str]) -> str:
    """同组的最后一行；没有同组的就是最后一行。"""
    wanted = tuple(values.get(name, "") for name in GROUP_COLUMNS)
    same = [row for row in rows if tuple(str(value or "") for value in _group(row)) == wanted]
    return (same or rows)[-1].id if rows else ""


def _neighbour(rows: list[RowFacts], index: int, step: int) -> int | None:
    """同组的上一行或下一行。"""
    target = index + step
    while step and 0 <= target < len(rows):
        if _group(rows[target]) == _group(rows[index]):
            return target
        target += step
    return None


def _group(row: RowFacts) -> tuple[object, ...]:
    return tuple(row.inputs.get(name) for name in GROUP_COLUMNS)


def _skeleton(draft: Draft, scope: ScopeFacts, key: str) -> str:
    """规定这个列表分组的常量列表（表上的骨架）；没有规定为空串。"""
    forms = (form for form in draft.work.pack.forms.values() if form.scope == scope.scope.name)
    bands = (band for form in forms for band in form.bands)
    return next((band.skeleton for band in bands if band.over == key and band.skeleton), "")


def _group_values(scope: ScopeFacts, key: str, group: Mapping[str, str], skeleton: str) -> dict[str, str]:
    """新行的分组；表上规定了分组的，只能是规定的那些。"""
    fields = scope.scope.lists[key].fields
    values: dict[str, str] = {}
    for name, text in group.items():
        if name not in GROUP_COLUMNS or name not in fields:
            raise Refused(f"“{key}”不按“{name}”分组。请刷新页面。")
        try:
            values[name] = fields[name].to_text(fields[name].parse(text))
        except ValueProblem as problem:
            raise Refused(str(problem)) from None
    given = {name: text for name, text in values.items() if text}
    missing = [name for name in GROUP_COLUMNS if name in fields and name not in given]
    if missing and skeleton:
        raise Refused(f"请先选{'、'.join(missing)}，再加一行。")
    if skeleton and not any(_fits(row, given) for row in scope.rows((skeleton,))):
        raise Refused(f"表上没有“{'·'.join(given.values())}”这一组。请刷新页面。")
    return given


def _row_texts(scope: ScopeFacts, key: str, texts: Mapping[str, str]) -> dict[str, str]:
    """带来的字里，这个列表由单位填的各列；分组的列由组定。"""
    fields = scope.scope.lists[key].fields
    values: dict[str, str] = {}
    for name, text in texts.items():
        item = fields.get(name)
        if item is None or name in GROUP_COLUMNS or not item.asked or item.by != "unit":
            continue
        try:
            values[name] = item.to_text(item.parse(text))
        except ValueProblem as problem:
            raise Refused(str(problem)) from None
    return {name: text for name, text in values.items() if text}


def _fits(row: Context, group: Mapping[str, str]) -> bool:
    return all(row.value(name) == text for name, text in group.items())


def _address(row: str) -> Address:
    try:
        at = parse_address(row)
    except AddressProblem as problem:
        raise Refused(str(problem)) from None
    if not at.row or at.column:
        raise Refused(f"“{row[:60]}”不是一行。请刷新页面。")
    return at


def _list_of(draft: Draft, prefix: str, key: str) -> tuple[ScopeFacts, list[RowFacts]]:
    try:
        scope = draft.work.facts.scope_at(prefix)
    except AddressProblem as problem:
        raise Refused(str(problem)) from None
    if key not in scope.lists:
        raise Refused(f"方案里没有“{key}”这个列表。请刷新页面。")
    return scope, scope.lists[key]


def _row_of(draft: Draft, row: str) -> tuple[Address, list[RowFacts]]:
    at = _address(row)
    _, rows = _list_of(draft, at.prefix, at.key)
    if not any(one.id == at.row for one in rows):
        raise Refused(GONE)
    return at, rows
