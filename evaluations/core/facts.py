"""一套自评材料的全部事实：填报值加懒算的计算值，按范围（部门、项目、列表行）组织。

同一个 ``Facts`` 供屏幕、PDF、Excel、核对、得分使用；``frozen`` 时计算值取自快照，不再重算。
金额单位是方案的单位（元或万元）。
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from .addresses import Address, AddressProblem, join, parse_address
from .expressions import Context, show
from .names import ROW_NUMBER
from .schema import Field, Scope
from .values import ROUNDED_KINDS, Value, is_number, round_half_up

if TYPE_CHECKING:
    from .copies import Copy
    from .pack import Pack


@dataclass(slots=True)
class RowInput:
    """列表中的一行：行 id（字母开头，不重用；来自文件时是位置）和各列的值。"""

    id: str
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class ScopeInput:
    """一个范围里填报的内容；``printed`` 是纸面或工作簿上印着的计算格（只用来比较）。"""

    id: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    rows: dict[str, list[RowInput]] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """对某个核对结果的说明。"""

    code: str
    cell: str
    text: str


@dataclass(slots=True)
class Package:
    """一套材料的输入。``children`` 按下级范围名（项目）列出各项目。"""

    root: ScopeInput = field(default_factory=ScopeInput)
    children: dict[str, list[ScopeInput]] = field(default_factory=dict)
    department_code: str = ""
    department_name: str = ""
    notes: list[Note] = field(default_factory=list)


class Rule(Protocol):
    """一个计算字段怎么算：表达式或得分方法。"""

    def value(self, ctx: Context) -> Value: ...
    def explain(self, ctx: Context | None = None) -> str: ...
    def reads(self, ctx: Context, *, matching: bool = False) -> Iterator[tuple[Context, str]]: ...


class CycleProblem(ValueError):
    """计算字段互相引用成环。"""


_BUSY = object()


class _Node:
    """范围与行共有的部分：取值、计算、缓存。"""

    __slots__ = ("cache", "facts", "inputs", "rules")

    facts: Facts
    inputs: dict[str, Value]
    cache: dict[str, object]

    rules: Mapping[str, Rule]
    fields: Mapping[str, Field]

    def address(self, key: str) -> str:
        raise NotImplementedError

    def owner_scope(self) -> str:
        """所在范围的名字（部门为空）。"""
        raise NotImplementedError

    def value(self, key: str) -> Value:
        rule = self.rules.get(key)
        if rule is None:
            return self.inputs.get(key)
        got = self.cache.get(key, self)
        if got is _BUSY:
            raise CycleProblem(f"“{self.address(key)}”绕了一圈又用到自己。请改公式。")
        if got is not self:
            return got  # type: ignore[return-value]
        frozen = self.facts.frozen_values
        if frozen is not None:
            result = frozen.get(self.address(key))
        else:
            self.cache[key] = _BUSY
            try:
                result = rounded(rule.value(self), self.fields[key])  # type: ignore[arg-type]
            finally:
                del self.cache[key]
        self.cache[key] = result
        return result

    def constant(self, name: str) -> Value:
        return self.facts.pack.constants[name]

    def shown(self, key: str) -> str:
        """印在表上的字；``live`` 的文字里，``{键}`` 换成那一格印出的值。"""
        item, value = self.fields[key], self.value(key)
        if item.live and isinstance(value, str):
            return self.facts.pack.fill(value, self.owner_scope(), self)  # type: ignore[arg-type]
        return item.format(value)

    def explain(self, key: str) -> str:
        """``资金.得分 = 资金.分值〔10〕 × … = 9.47``；填报的字段只写值。"""
        field_ = self.fields[key]
        shown = show(self.value(key), field_)
        rule = self.rules.get(key)
        if rule is None:
            return f"{field_.full_label} = {shown}（填报）"
        words = rule.explain(self)  # type: ignore[arg-type]
        return f"{field_.full_label} = {words} = {shown}"


def rounded(value: Value, field_: Field) -> Value:
    """金额、分数、整数、小数算出即四舍五入，之后都用舍入后的值；百分数永不舍入。"""
    if field_.kind in ROUNDED_KINDS and is_number(value):
        return round_half_up(value, field_.digits)
    return value


class ScopeFacts(_Node):
    """一个范围（部门或一个项目）的事实。"""

    __slots__ = ("constants", "id", "lists", "parent", "printed", "scope")

    def __init__(self, facts: Facts, scope: Scope, given: ScopeInput, parent: ScopeFacts | None) -> None:
        self.facts = facts
        self.scope = scope
        self.rules = facts.pack.rules[scope.name, ""]
        self.id = given.id
        self.inputs = given.values
        self.printed = given.printed
        self.parent = parent
        self.cache = {}
        self.constants: dict[str, list[Context]] = {}
        self.lists = {
            key: [RowFacts(facts, self, key, row.id, row.values) for row in given.rows.get(key, ())]
            for key in scope.lists
        }

    @property
    def fields(self) -> Mapping[str, Field]:  # type: ignore[override]
        return self.scope.fields

    @property
    def prefix(self) -> str:
        """地址前缀：部门为空，项目为 ``项目[id]``。"""
        return f"{self.scope.name}[{self.id}]" if self.scope.name else ""

    def address(self, key: str) -> str:
        return join(self.prefix, key)

    def owner_scope(self) -> str:
        return self.scope.name

    def up(self, depth: int) -> ScopeFacts:
        if depth == 0:
            return self
        assert self.parent is not None, "名称解析保证层数不越界"
        return self.parent.up(depth - 1)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        head, rest = path[0], path[1:]
        if head in self.lists:
            return self.lists[head]
        if head in self.facts.children and self.parent is None:
            children = self.facts.children[head]
            return [row for child in children for row in child.rows(rest)] if rest else children
        if head not in self.constants:
            given = self.facts.pack.schema.constants[head].rows or ()
            self.constants[head] = [
                ConstantRow(self, f"{head}[{n}]", values) for n, values in enumerate(given)
            ]
        return self.constants[head]

    def prior(self, key: str) -> Value:
        twin = self.facts.prior_scope(self)
        return twin.value(key) if twin is not None and key in twin.fields else None


class RowFacts(_Node):
    """列表中一行的事实；``owner`` 是列表所在的范围。"""

    __slots__ = ("id", "key", "owner")

    def __init__(
        self, facts: Facts, owner: ScopeFacts, key: str, row_id: str, values: dict[str, Value]
    ) -> None:
        self.facts = facts
        self.owner = owner
        self.rules = facts.pack.rules[owner.scope.name, key]
        self.key = key
        self.id = row_id
        self.inputs = values
        self.cache = {}

    @property
    def fields(self) -> Mapping[str, Field]:  # type: ignore[override]
        return self.owner.scope.lists[self.key].fields

    def address(self, key: str) -> str:
        return self.owner.address(f"{self.key}[{self.id}].{key}" if key else f"{self.key}[{self.id}]")

    def owner_scope(self) -> str:
        return self.owner.scope.name

    def up(self, depth: int) -> Context:
        return self if depth == 0 else self.owner.up(depth - 1)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        return self.owner.rows(path)

    def constant(self, name: str) -> Value:
        if name == ROW_NUMBER:
            return Decimal(self.owner.lists[self.key].index(self) + 1)
        return super().constant(name)

    def prior(self, key: str) -> Value:
        match = self.owner.scope.lists[self.key].match
        twin = self.facts.prior_scope(self.owner)
        if twin is None or not match:
            return None
        wanted = same_name(self.value(match))
        found = [
            row for row in twin.lists.get(self.key, ()) if wanted and same_name(row.value(match)) == wanted
        ]
        return found[0].value(key) if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class ConstantRow:
    """常量列表的一行；从行里往上看到的是用它的那个范围。"""

    owner: ScopeFacts
    name: str
    values: Mapping[str, Value]

    def address(self) -> str:
        """这一行本身：问题没有格子可指时（如某个一级指标一行都没有）用它。"""
        return self.owner.address(self.name)

    def up(self, depth: int) -> Context:
        return self if depth == 0 else self.owner.up(depth - 1)

    def value(self, key: str) -> Value:
        return self.values.get(key)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        return self.owner.rows(path)

    def prior(self, key: str) -> Value:
        return None

    def constant(self, name: str) -> Value:
        return self.owner.constant(name)


@lru_cache(maxsize=4096)
def same_name(value: Value) -> str:
    """配对用的名称：NFKC、去空白。"""
    return "".join(unicodedata.normalize("NFKC", value).split()) if isinstance(value, str) else ""


class Facts:
    """一套材料在一套方案下的全部事实。

    ``prior`` 是上年已通过材料的 Facts；``frozen`` 是快照里的计算值（地址 → 值），给了就不再计算；
    ``copies`` 是比出来的与别的单位相同的文字。
    """

    def __init__(
        self,
        pack: Pack,
        package: Package,
        *,
        prior: Facts | None = None,
        frozen: Mapping[str, Value] | None = None,
        copies: Sequence[Copy] = (),
    ) -> None:
        self.pack = pack
        self.copies = copies
        self.package = package
        self.prior = prior
        self.frozen_values = frozen
        self.root = ScopeFacts(self, pack.schema.root, package.root, None)
        self.children = {
            name: [ScopeFacts(self, scope, given, self.root) for given in package.children.get(name, ())]
            for name, scope in pack.schema.children.items()
        }

    @classmethod
    def frozen(cls, pack: Pack, package: Package, computed: Mapping[str, Value]) -> Facts:
        """从快照恢复：填报值和计算值都不再变。"""
        return cls(pack, package, frozen=computed)

    def scopes(self) -> Iterator[ScopeFacts]:
        """部门在前，各项目按顺序在后。"""
        yield self.root
        for children in self.children.values():
            yield from children

    def scope_at(self, prefix: str) -> ScopeFacts:
        """前缀（空或 ``项目[id]``）所指的范围；没有时抛 ``AddressProblem``。"""
        for scope in self.scopes():
            if scope.prefix == prefix:
                return scope
        raise AddressProblem(f"没有“{prefix}”。它可能已被删除，请刷新页面。")

    def locate(self, address: str | Address) -> tuple[ScopeFacts | RowFacts, str]:
        """地址所在的范围或行，以及字段键；不存在时抛 ``AddressProblem``。"""
        at = parse_address(address) if isinstance(address, str) else address
        scope = self.scope_at(at.prefix)
        if not at.row:
            if at.key not in scope.fields:
                raise AddressProblem(f"方案里没有“{at.key}”这一格。请刷新页面。")
            return scope, at.key
        for row in scope.lists.get(at.key, ()):
            if row.id == at.row and at.column in row.fields:
                return row, at.column
        raise AddressProblem(f"没有“{at}”这一格，这一行可能已被删除。请刷新页面。")

    def value(self, address: str) -> Value:
        node, key = self.locate(address)
        return node.value(key)

    def explain(self, address: str) -> str:
        """这个值怎么来的：填报，或公式、代入的数、结果。"""
        node, key = self.locate(address)
        return node.explain(key)

    def computed(self) -> Iterator[tuple[str, Field, Value]]:
        """全部计算值：（地址、字段、值）。"""
        for node in self.nodes():
            for key in node.rules:
                yield node.address(key), node.fields[key], node.value(key)

    def nodes(self) -> Iterator[ScopeFacts | RowFacts]:
        for scope in self.scopes():
            yield scope
            for rows in scope.lists.values():
                yield from rows

    def prior_scope(self, scope: ScopeFacts) -> ScopeFacts | None:
        """上年对应的范围；项目按 ``match``（名称）配对，配不上或不唯一为 None。"""
        if self.prior is None:
            return None
        if not scope.scope.name:
            return self.prior.root
        match = scope.scope.match
        wanted = same_name(scope.value(match)) if match else ""
        twins = [
            twin
            for twin in self.prior.children.get(scope.scope.name, ())
            if wanted and same_name(twin.value(match)) == wanted
        ]
        return twins[0] if len(twins) == 1 else None
