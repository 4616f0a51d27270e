"""表达式的节点：每种节点会求值、会用中文写出自己。空白、不适用、零的运算规则见 notation §4。

不适用压过空白，除以零得不适用，比较和逻辑是三值的；除法得分数，从不经过二进制小数。
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, Inexact
from fractions import Fraction
from typing import Any, Protocol

from .schema import Field
from .values import EXACT, NotApplicable, Number, Value, is_number, plain

MAX_MAGNITUDE = 40
MAX_BITS = 40_000
DIVIDED_BY_ZERO = NotApplicable("分母为0")
TOO_LARGE = NotApplicable("数太大")


class Context(Protocol):
    """求值环境：一个范围，或列表中的一行。"""

    def up(self, depth: int) -> Context: ...
    def value(self, key: str) -> Value: ...
    def rows(self, path: tuple[str, ...]) -> Sequence[Context]: ...
    def prior(self, key: str) -> Value: ...
    def constant(self, name: str) -> Value: ...


@dataclass(frozen=True, slots=True)
class Name:
    """静态解析的结果。``path`` 不空时是列表：逐层的列表键；``key`` 为列（可空）。"""

    depth: int
    key: str
    field: Field | None = None
    path: tuple[str, ...] = ()
    constant: bool = False
    kind: str = "any"


class Node:
    """表达式的一个节点。``kind``：number text bool date any。"""

    kind = "any"

    def value(self, ctx: Context) -> Value:
        raise NotImplementedError

    def words(self, ctx: Context | None) -> str:
        """写成中文算式；给了 ``ctx`` 就在每个名称后用〔〕注上当前值。"""
        raise NotImplementedError

    def children(self) -> Sequence[Node]:
        return ()

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    literal: Value
    kind: str

    def value(self, ctx: Context) -> Value:
        return self.literal

    def words(self, ctx: Context | None) -> str:
        return show(self.literal) if is_number(self.literal) else f"“{self.literal or ''}”"


@dataclass(frozen=True, slots=True)
class Reference(Node):
    text: str
    name: Name
    kind: str

    def value(self, ctx: Context) -> Value:
        name = self.name
        if name.constant:
            return ctx.constant(name.key)
        got = (ctx.up(name.depth) if name.depth else ctx).value(name.key)
        if got is None and name.field is not None and name.field.blank_means == "0":
            return Decimal(0)
        return got

    def words(self, ctx: Context | None) -> str:
        if ctx is None:
            return self.text
        shown = show(self.value(ctx), self.name.field)
        return shown if isinstance(ctx, Figures) else f"{self.text}〔{shown}〕"


@dataclass(frozen=True, slots=True)
class Column(Node):
    """聚合函数里的 ``列表`` 或 ``列表.列``，可带逐行条件。"""

    text: str
    name: Name
    kind: str
    condition: Node | None = None

    def selected(self, ctx: Context) -> Iterator[Context]:
        rows, condition = ctx.up(self.name.depth).rows(self.name.path), self.condition
        if condition is None:
            yield from rows
        elif isinstance(condition, Matching):
            column, wanted = condition.terms
            value = wanted.value(Filtered(ctx, ctx))
            yield from (row for row in rows if compare("==", column.value(row), value) is True)
        else:
            yield from (row for row in rows if condition.value(Filtered(row, ctx)) is True)

    def values(self, ctx: Context) -> Iterator[Value]:
        zero = self.name.field is not None and self.name.field.blank_means == "0"
        for row in self.selected(ctx):
            got = row.value(self.name.key)
            yield Decimal(0) if got is None and zero else got

    def words(self, ctx: Context | None) -> str:
        if isinstance(ctx, Figures) and self.name.key:
            return (
                "、".join(show(got, self.name.field) for got in self.values(ctx) if got is not None) or "空"
            )
        shown = self.text
        if self.condition is not None:
            shown += f"（其中 {self.condition.words(None)}）"
        if ctx is not None and self.name.key:
            shown += f"〔{'、'.join(show(got, self.name.field) for got in self.values(ctx)) or '空'}〕"
        return shown

    def children(self) -> Sequence[Node]:
        return () if self.condition is None else (self.condition,)


@dataclass(frozen=True, slots=True)
class Filtered:
    """逐行条件的环境：第 0 层是行，第 1 层起是调用处。"""

    row: Context
    caller: Context

    def up(self, depth: int) -> Context:
        return self.row if depth == 0 else self.caller.up(depth - 1)

    def value(self, key: str) -> Value:
        return self.row.value(key)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        return self.row.rows(path)

    def prior(self, key: str) -> Value:
        return self.row.prior(key)

    def constant(self, name: str) -> Value:
        return self.caller.constant(name)


@dataclass(frozen=True, slots=True)
class Figures:
    """写算式的环境：名称不写，只写代入的数（``Node.words`` 认它）。"""

    inner: Context

    def up(self, depth: int) -> Context:
        return self.inner.up(depth)

    def value(self, key: str) -> Value:
        return self.inner.value(key)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        return self.inner.rows(path)

    def prior(self, key: str) -> Value:
        return self.inner.prior(key)

    def constant(self, name: str) -> Value:
        return self.inner.constant(name)


SIGNS = {
    "+": "+",
    "-": "−",
    "*": "×",
    "/": "÷",
    "==": "＝",
    "!=": "≠",
    "<": "＜",
    "<=": "≤",
    ">": "＞",
    ">=": "≥",
}


def _strict(left: Value, right: Value) -> Value:
    """不适用压过空白；两者都不是才返回 False 之外的值（由调用者继续算）。"""
    if isinstance(left, NotApplicable):
        return left
    return right if isinstance(right, NotApplicable) else None


def exact(op: str, a: Number, b: Number) -> Number | NotApplicable:
    """精确的结果；大到没有意义（超过 40 位整数）的得“数太大”，免得一条公式拖垮服务。"""
    if isinstance(a, Decimal) and isinstance(b, Decimal) and op != "/":
        try:
            result = _DECIMAL[op](a, b)
            return result if result.adjusted() <= MAX_MAGNITUDE else TOO_LARGE
        except Inexact:
            pass
    got = _FRACTION[op](Fraction(a), Fraction(b))
    if max(got.numerator.bit_length(), got.denominator.bit_length()) > MAX_BITS:
        return TOO_LARGE
    return got if abs(got.numerator) < got.denominator * 10 ** (MAX_MAGNITUDE + 1) else TOO_LARGE


_DECIMAL: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
}
_FRACTION: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    op: str
    left: Node
    right: Node
    kind: str = "number"

    def value(self, ctx: Context) -> Value:
        a, b = self.left.value(ctx), self.right.value(ctx)
        if self.op == "/" and is_number(b) and not b:
            return DIVIDED_BY_ZERO
        if not is_number(a) or not is_number(b):
            return _strict(a, b)
        return exact(self.op, a, b)

    def words(self, ctx: Context | None) -> str:
        weak = self.op in "+-"
        left, right = self.left.words(ctx), self.right.words(ctx)
        if not weak and isinstance(self.left, Arithmetic) and self.left.op in "+-":
            left = f"（{left}）"
        if (
            isinstance(self.right, Arithmetic) and (not weak or self.op == "-") and self.right.op in "+-"
        ) or (isinstance(self.right, Arithmetic) and self.op == "/"):
            right = f"（{right}）"
        return f"{left} {SIGNS[self.op]} {right}"

    def children(self) -> Sequence[Node]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Negative(Node):
    inner: Node
    kind: str = "number"

    def value(self, ctx: Context) -> Value:
        got = self.inner.value(ctx)
        if isinstance(got, Decimal):
            return EXACT.minus(got)
        return -got if isinstance(got, Fraction) else got

    def words(self, ctx: Context | None) -> str:
        words = self.inner.words(ctx)
        return f"−（{words}）" if isinstance(self.inner, Arithmetic | Negative) else f"−{words}"

    def children(self) -> Sequence[Node]:
        return (self.inner,)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARABLE = frozenset((Decimal, Fraction, str, bool, date))


def compare(op: str, a: Value, b: Value) -> bool | None:
    """三值比较：一边未知或种类不同为 None。"""
    if a.__class__ is b.__class__:
        return _COMPARISONS[op](a, b) if a.__class__ in _COMPARABLE else None
    if is_number(a) and is_number(b):
        return _COMPARISONS[op](Fraction(a), Fraction(b))
    return None


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """``a <= b <= c``：每一对都成立才成立。"""

    ops: tuple[str, ...]
    terms: tuple[Node, ...]
    kind: str = "bool"

    def value(self, ctx: Context) -> Value:
        if len(self.terms) == 2:
            return compare(self.ops[0], self.terms[0].value(ctx), self.terms[1].value(ctx))
        got = [term.value(ctx) for term in self.terms]
        return all_of(compare(op, a, b) for op, a, b in zip(self.ops, got, got[1:], strict=False))

    def words(self, ctx: Context | None) -> str:
        text = self.terms[0].words(ctx)
        for op, term in zip(self.ops, self.terms[1:], strict=True):
            text += f" {SIGNS[op]} {term.words(ctx)}"
        return text

    def children(self) -> Sequence[Node]:
        return self.terms


class Matching(Comparison):
    """逐行条件 ``列=值``：右边不看行，一次取值，各行都比它。"""

    __slots__ = ()


def all_of(answers: Iterator[bool | None] | Sequence[bool | None]) -> bool | None:
    """三值“且”。"""
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


@dataclass(frozen=True, slots=True)
class Logic(Node):
    op: str
    terms: tuple[Node, ...]
    kind: str = "bool"

    def value(self, ctx: Context) -> Value:
        answers = (_truth(term.value(ctx)) for term in self.terms)
        if self.op == "and":
            return all_of(answers)
        got = all_of(None if answer is None else not answer for answer in answers)
        return None if got is None else not got

    def words(self, ctx: Context | None) -> str:
        words = (
            f"（{term.words(ctx)}）" if isinstance(term, Logic) else term.words(ctx) for term in self.terms
        )
        return {"and": " 且 ", "or": " 或 "}[self.op].join(words)

    def children(self) -> Sequence[Node]:
        return self.terms


@dataclass(frozen=True, slots=True)
class Not(Node):
    inner: Node
    kind: str = "bool"

    def value(self, ctx: Context) -> Value:
        answer = _truth(self.inner.value(ctx))
        return None if answer is None else not answer

    def words(self, ctx: Context | None) -> str:
        return f"非（{self.inner.words(ctx)}）"

    def children(self) -> Sequence[Node]:
        return (self.inner,)


def _truth(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def show(value: Value, field: Field | None = None) -> str:
    """算式里一个值的样子；没有字段时数字最多印 6 位小数。"""
    if field is not None:
        return field.format(value) or "空"
    if value is None:
        return "空"
    if is_number(value):
        return plain(value, 6)
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else str(value)
