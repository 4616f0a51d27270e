"""正在改的一套材料：内存里的填报值，和已经做的各处改动。写数据库是 services 的事。"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .addresses import Address, AddressProblem, join, parse_address
from .checks import describe
from .copies import Copy
from .expressions import show
from .facts import Facts, Note, Package, RowFacts, RowInput, ScopeFacts, ScopeInput
from .frozen import dump_inputs, dump_scope, dump_values, load_scope, load_values
from .pack import Pack
from .schema import Scope
from .steps import Content, Kind, Step, before_of, item_text, place_after
from .values import Value

GROUP_COLUMNS = ("一级指标", "二级指标")
"""由所在的组带来的列：不当作一行的名称。"""
GONE = "这一行（或项目）已经不在了，可能被别人删除。请刷新页面。"
Items = list[RowInput] | list[ScopeInput]


@dataclass(frozen=True, slots=True)
class Written:
    """一处做了的改动，和它在表上叫什么。"""

    step: Step
    label: str


@dataclass
class Working:
    """``package`` 就地改；``written`` 依次记下每处改动，正好可以倒退。"""

    pack: Pack
    package: Package
    prior: Facts | None = None
    copies: Sequence[Copy] = ()
    written: list[Written] = field(default_factory=list)
    _facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """现在的事实。行和项目有增减、移动后重新搭；只改格子时不用，取计算值前要 ``settle``。"""
        if self._facts is None:
            self._facts = Facts(self.pack, self.package, prior=self.prior, copies=self.copies)
        return self._facts

    def settle(self) -> Facts:
        """改完以后的事实：算过的都不作数。"""
        self._facts = None
        return self.facts

    @property
    def content(self) -> Content:
        """现在的内容，可以倒退、比较。"""
        return dump_inputs(self.package, self.pack)

    # ---- 现在是什么 ----

    def text_at(self, kind: str, address: str) -> str:
        """一处现在的字；没有这一行、这个项目或说明时是空串。格子所在的行没有了抛 ``AddressProblem``。"""
        if kind == Kind.NOTE:
            return next((note.text for note in self.package.notes if note_address(note) == address), "")
        if kind == Kind.CELL:
            node, key = self.facts.locate(address)
            return node.fields[key].to_text(node.inputs.get(key))
        at = parse_address(address)
        items, key = self._home(at)
        if key not in ids_of(items):
            if kind == Kind.PLACE:
                raise AddressProblem(GONE)
            return ""
        after = before_of(ids_of(items), key)
        return after if kind == Kind.PLACE else item_text(after, self._body(at, address))

    def _body(self, at: Address, address: str) -> dict[str, Any]:
        """一行或一个项目的全部内容，连同对它的说明。"""
        start = f"{address}." if at.key else address
        body: dict[str, Any] = {
            "notes": [[n.code, n.cell, n.text] for n in self.package.notes if n.cell.startswith(start)]
        }
        items, key = self._home(at)
        one = next(item for item in items if item.id == key)
        if isinstance(one, ScopeInput):
            dumped = dump_scope(one, self._child_scope(at.scope))
            return body | {part: dumped[part] for part in ("values", "rows", "printed")}
        return body | {"values": dump_values(one.values, self.scope_of(at).lists[at.key].fields)}

    def label_of(self, kind: str, address: str) -> str:
        """这一处在表上叫什么。"""
        if kind == Kind.NOTE:
            code, _, cell = address.partition("|")
            return f"{self._describe(cell)} {code} 说明"
        return self._describe(address)

    def _describe(self, address: str) -> str:
        at = parse_address(address)
        if at.scope and not at.key:
            child = next((c for c in self.facts.children[at.scope] if c.id == at.scope_row), None)
            name = child.value(child.scope.match) if child and child.scope.match else ""
            return str(name or at.scope)
        try:
            scope = self.facts.scope_at(at.prefix)
        except AddressProblem:
            return at.key
        if at.row and not at.column:
            row = next((row for row in scope.lists.get(at.key, ()) if row.id == at.row), None)
            return describe(scope, first_cell(row)).rpartition("·")[0] if row else at.key
        return describe(scope, address)

    # ---- 改 ----

    def put(self, kind: str, address: str, new: str) -> Step | None:
        """把一处换成 ``new`` 的字，记下改动；本来就是它时什么都不做。

        读不懂抛 ``ValueProblem``，没有这一处抛 ``AddressProblem``，都没有改。
        """
        old = self.text_at(kind, address)
        if old == new:
            return None
        made = kind == Kind.ITEM and not old  # 新加的行，加好了才叫得出第几行
        label = "" if made else self.label_of(kind, address)
        step = Step(kind, address, old, new)
        match kind:
            case Kind.CELL:
                node, key = self.facts.locate(address)
                node.inputs[key] = node.fields[key].parse(new)
            case Kind.NOTE:
                self._put_note(address, new)
            case Kind.PLACE:
                self._move(parse_address(address), new)
            case _:
                self._put_item(parse_address(address), address, new)
        self.written.append(Written(step, label or self.label_of(kind, address)))
        return step

    def set_value(self, node: ScopeFacts | RowFacts, key: str, value: Value) -> None:
        """把一格换成 ``value``，记下改动；调用者已知它与现在的不同。"""
        item, address = node.fields[key], node.address(key)
        step = Step(Kind.CELL, address, item.to_text(node.inputs.get(key)), item.to_text(value))
        self.written.append(Written(step, self.label_of(Kind.CELL, address)))
        node.inputs[key] = value

    def replace(self, package: Package) -> None:
        """整套换掉。"""
        old = self.content
        self.package = package
        self._facts = None
        step = Step(Kind.WHOLE, "", *(json.dumps(one, ensure_ascii=False) for one in (old, self.content)))
        self.written.append(Written(step, "整套材料"))

    def _put_note(self, address: str, text: str) -> None:
        code, _, cell = address.partition("|")
        self.package.notes = [note for note in self.package.notes if (note.code, note.cell) != (code, cell)]
        if text:
            self.package.notes.append(Note(code, cell, text))

    def _put_item(self, at: Address, address: str, text: str) -> None:
        items, key = self._home(at)
        start = f"{address}." if at.key else address
        self.package.notes = [note for note in self.package.notes if not note.cell.startswith(start)]
        for old in [item for item in items if item.id == key]:
            items.remove(old)  # type: ignore[arg-type]
        if text:
            body = json.loads(text)
            _insert(items, self._made(at, key, body), body["after"])
            self.package.notes += [Note(*given) for given in body.get("notes", ())]
        self._facts = None

    def _made(self, at: Address, key: str, body: dict[str, Any]) -> RowInput | ScopeInput:
        if not at.key:
            return load_scope({"rows": {}, "printed": {}, **body, "id": key}, self._child_scope(at.scope))
        return RowInput(key, load_values(body["values"], self.scope_of(at).lists[at.key].fields))

    def _move(self, at: Address, after: str) -> None:
        items, key = self._home(at)
        item = next(one for one in items if one.id == key)
        items.remove(item)  # type: ignore[arg-type]
        _insert(items, item, after)
        self._facts = None

    # ---- 在哪里 ----

    def input_at(self, at: Address) -> ScopeInput:
        """地址所在的范围（部门，或一个项目）的填报值；没有抛 ``AddressProblem``。"""
        if not at.scope:
            return self.package.root
        for child in self.package.children.get(at.scope, ()):
            if child.id == at.scope_row:
                return child
        raise AddressProblem(f"没有“{at.prefix}”。它可能已被删除，请刷新页面。")

    def scope_of(self, at: Address) -> Scope:
        return self._child_scope(at.scope) if at.scope else self.pack.schema.root

    def _child_scope(self, name: str) -> Scope:
        if name not in self.pack.schema.children:
            raise AddressProblem(f"方案里没有“{name}”。请刷新页面。")
        return self.pack.schema.children[name]

    def _home(self, at: Address) -> tuple[Items, str]:
        """这一行（或项目）所在的那一串，和它的 id。"""
        if not at.key:
            self._child_scope(at.scope)
            return self.package.children.setdefault(at.scope, []), at.scope_row
        if at.key not in self.scope_of(at).lists:
            raise AddressProblem(f"方案里没有“{at.key}”这个列表。请刷新页面。")
        return self.input_at(at).rows.setdefault(at.key, []), at.row


def ids_of(items: Items) -> list[str]:
    return [item.id for item in items]


def note_address(note: Note) -> str:
    """说明在修改记录里的地址。"""
    return f"{note.code}|{note.cell}"


def first_cell(row: RowFacts) -> str:
    """一行里第一个要人填的格：说起这一行、光标去这一行时用它。"""
    return row.address(first_column(row))


def first_column(row: RowFacts) -> str:
    return next(name for name, item in row.fields.items() if item.asked and name not in GROUP_COLUMNS)


def row_address(prefix: str, key: str, row: str) -> str:
    """一行的地址。"""
    return join(prefix, f"{key}[{row}]")


def _insert(items: Items, item: RowInput | ScopeInput, after: str) -> None:
    items.insert(place_after(ids_of(items), after), item)  # type: ignore[arg-type]


def changed_results(before: Facts, after: Facts) -> list[dict[str, str]]:
    """随之重算的：两边都有、显示不同的计算格，叫什么、前后的值。"""
    old = {address: show(value, item) for address, item, value in before.computed()}
    found = []
    work = Working(after.pack, after.package)
    for address, item, value in after.computed():
        shown = show(value, item)
        if address in old and old[address] != shown:
            project, _, _ = address.rpartition("/")
            where = f"{work.label_of(Kind.ITEM, f'{project}/')}：" if project else ""
            where += work.label_of(Kind.CELL, address)
            found.append({"where": where, "old": old[address], "new": shown})
    return found
