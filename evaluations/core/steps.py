"""改动：把一处从旧内容换成新内容。修改记录、撤销、版本比较、恢复版本用的都是它。

“内容”是 ``frozen.dump_inputs`` 写出的样子（方案单位的字，行和项目带 id），这里只认字，不认方案。
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .addresses import Address, join, parse_address

Content = dict[str, Any]
Item = dict[str, Any]


class Kind(StrEnum):
    """改的是什么。"""

    CELL = "cell"
    ITEM = "item"
    PLACE = "place"
    NOTE = "note"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Step:
    """一处改动；``old``、``new`` 都是字，空串表示没有。

    CELL 一格的字；ITEM 一行或一个项目（``项目[id]/``）的全部内容（JSON）；PLACE 排在哪一行（哪个项目）之后，空串是最前；
    NOTE 一处提醒的说明，地址是 ``编号|主格``；WHOLE 整套内容（JSON）。
    """

    kind: str
    address: str
    old: str
    new: str

    @property
    def inverse(self) -> Step:
        return Step(self.kind, self.address, self.new, self.old)


def item_text(after: str, body: Item) -> str:
    """一行或一个项目写成的字：排在谁之后，和它的内容。"""
    return json.dumps({"after": after, **body}, ensure_ascii=False, sort_keys=True)


def same_item(one: str, other: str) -> bool:
    """两份 ITEM 的内容是否一样；排在哪里不算，一行都没有的列表和没有这个列表是一回事。"""
    if not one or not other:
        return one == other
    return _body(one) == _body(other)


def _body(text: str) -> tuple[Any, Item]:
    body = json.loads(text)
    return body.get("values"), {key: rows for key, rows in body.get("rows", {}).items() if rows}


# ---- 在内容上重做、倒退 -----------------------------------------------------------------------


def rewind(content: Content, steps: Sequence[Step]) -> Content:
    """从现在的内容倒退：``steps`` 按发生的先后给，逐条撤回。"""
    made = deepcopy(content)
    for step in reversed(steps):
        made = _replay(made, step.inverse)
    return made


def _replay(content: Content, step: Step) -> Content:
    """把一处改动做在内容上（原地改）。"""
    if step.kind == Kind.WHOLE:
        made: Content = json.loads(step.new)
        return made
    if step.kind == Kind.NOTE:
        return content
    at = parse_address(step.address)
    if step.kind == Kind.CELL:
        _set_cell(content, at, step.new)
        return content
    items, key = _home(content, at)
    if step.kind == Kind.PLACE:
        _place(items, key, step.new)
    else:
        _put(items, key, step.new)
    return content


def _scope(content: Content, at: Address) -> Item | None:
    if not at.scope:
        root: Item = content["root"]
        return root
    return next((one for one in content["children"].get(at.scope, ()) if one["id"] == at.scope_row), None)


def _home(content: Content, at: Address) -> tuple[list[Item], str]:
    """这一行（或项目）所在的那一串，和它的 id。"""
    if not at.key:
        return content["children"].setdefault(at.scope, []), at.scope_row
    scope = _scope(content, at)
    return (scope["rows"].setdefault(at.key, []) if scope else []), at.row


def _set_cell(content: Content, at: Address, text: str) -> None:
    owner, key = _scope(content, at), at.key
    if owner is not None and at.row:
        rows = owner["rows"].get(at.key, ())
        owner, key = next((row for row in rows if row["id"] == at.row), None), at.column
    if owner is None:
        return
    if text:
        owner["values"][key] = text
    else:
        owner["values"].pop(key, None)


def _put(items: list[Item], key: str, text: str) -> None:
    items[:] = [one for one in items if one["id"] != key]
    if text:
        body = json.loads(text)
        after = body.pop("after")
        body.pop("notes", None)
        _insert(items, {"id": key, **body}, after)


def _insert(items: list[Item], item: Item, after: str) -> None:
    items.insert(place_after([one["id"] for one in items], after), item)


def place_after(ids: Sequence[str], after: str) -> int:
    """插在 ``after`` 之后是第几个；空串是最前，找不到 ``after`` 时是最后。"""
    if not after:
        return 0
    return ids.index(after) + 1 if after in ids else len(ids)


def _place(items: list[Item], key: str, after: str) -> None:
    item = next((one for one in items if one["id"] == key), None)
    if item is not None:
        items.remove(item)
        _insert(items, item, after)


def before_of(ids: Sequence[str], key: str) -> str:
    """排在 ``key`` 前面的那个；它是第一个时为空串。"""
    index = ids.index(key)
    return ids[index - 1] if index else ""


# ---- 两份内容的差别 ---------------------------------------------------------------------------


def differences(before: Content, after: Content) -> list[Step]:
    """把 ``before`` 变成 ``after`` 的改动，照次序做正好变成它；印着的纸面值不比。"""
    work = deepcopy(before)
    found: list[Step] = []
    names = dict.fromkeys([*work["children"], *after["children"]])
    for name in names:
        mine, wanted = work["children"].setdefault(name, []), after["children"].get(name, [])
        found.extend(_items(mine, wanted, lambda key, name=name: f"{name}[{key}]/"))
    pairs = [("", work["root"], after["root"])]
    for name in names:
        twins = {one["id"]: one for one in after["children"].get(name, [])}
        pairs += [(f"{name}[{one['id']}]", one, twins[one["id"]]) for one in work["children"][name]]
    for prefix, mine, wanted in pairs:
        found.extend(_scope_differences(prefix, mine, wanted))
    return found


def _scope_differences(prefix: str, mine: Item, wanted: Item) -> Iterator[Step]:
    yield from _cells(mine["values"], wanted["values"], lambda key: join(prefix, key))
    for key in dict.fromkeys([*mine["rows"], *wanted["rows"]]):
        rows, goal = mine["rows"].setdefault(key, []), wanted["rows"].get(key, [])
        yield from _items(rows, goal, lambda row, key=key: join(prefix, f"{key}[{row}]"))
        twins = {one["id"]: one for one in goal}
        for row in rows:
            at = join(prefix, f"{key}[{row['id']}]")
            yield from _cells(row["values"], twins[row["id"]]["values"], lambda name, at=at: f"{at}.{name}")


def _cells(mine: dict[str, str], wanted: dict[str, str], address: Any) -> Iterator[Step]:
    for key in dict.fromkeys([*mine, *wanted]):
        if mine.get(key, "") != wanted.get(key, ""):
            yield Step(Kind.CELL, address(key), mine.get(key, ""), wanted.get(key, ""))


def _items(mine: list[Item], wanted: list[Item], address: Any) -> Iterator[Step]:
    """多的删去，少的补上，次序不同的挪过去；``mine`` 原地变成 ``wanted`` 的次序。"""
    goal = [one["id"] for one in wanted]
    for item in [one for one in mine if one["id"] not in goal]:
        yield Step(Kind.ITEM, address(item["id"]), _text_of(mine, item), "")
        mine.remove(item)
    for index, item in enumerate(wanted):
        ids, after = [one["id"] for one in mine], goal[index - 1] if index else ""
        if item["id"] not in ids:
            _insert(mine, deepcopy(item), after)
            yield Step(Kind.ITEM, address(item["id"]), "", _text_of(mine, item))
        elif before_of(ids, item["id"]) != after:
            yield Step(Kind.PLACE, address(item["id"]), before_of(ids, item["id"]), after)
            _place(mine, item["id"], after)


def _text_of(items: Iterable[Item], item: Item) -> str:
    after = before_of([one["id"] for one in items], item["id"])
    return item_text(after, {part: body for part, body in item.items() if part != "id"})


# ---- 撤销与重做 -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """一个人的一次保存：修订号；是撤销或重做时，``of`` 是它撤销、重做的那一次。"""

    revision: int
    through: str
    of: int | None = None


UNDO, REDO = "undo", "redo"


def next_of(acts: Iterable[Act], which: str) -> int | None:
    """下一个可以撤销（``UNDO``）或重做（``REDO``）的是哪一次；没有为 None。"""
    waiting = waiting_for(acts, which)
    return waiting[0] if waiting else None


def waiting_for(acts: Iterable[Act], which: str) -> list[int]:
    """依次可以撤销（重做）的各次，最近的在前。"""
    stacks: dict[str, dict[int, None]] = {UNDO: {}, REDO: {}}
    for act in acts:
        if act.of is None:
            stacks[UNDO][act.revision] = None
            stacks[REDO].clear()
            continue
        source, target = (UNDO, REDO) if act.through == UNDO else (REDO, UNDO)
        stacks[source].pop(act.of, None)
        stacks[target][act.of] = None
    return list(reversed(stacks[which]))
