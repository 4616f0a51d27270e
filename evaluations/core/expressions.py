"""唯一的表达式语言：解析、求值、解释、写成 Excel 公式，都走同一棵树。

语法是 Python 表达式的一个小子集（白名单），全角符号先译成半角；数字按原文读成 Decimal。
名称在装入方案时静态解析成（层、键），求值时不再查找，写错的名称在装入时就报。
空白、不适用、零的运算规则见 notation §4：不适用压过空白，除以零得不适用，逻辑是三值的。
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, Inexact
from fractions import Fraction
from typing import Any, Protocol

from .schema import Field
from .values import (
    EXACT,
    MAX_DIGITS,
    NotApplicable,
    Number,
    Value,
    is_number,
    is_unknown,
    plain,
    round_half_up,
)

MAX_CHARACTERS = 400
MAX_NODES = 120
MAX_DEPTH = 30

_FULL_WIDTH = str.maketrans(
    {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "（": "(", "）": ")", "，": ",", "．": ".", "－": "-",
     "＋": "+", "＝": "==", "＞": ">", "＜": "<", "％": "%"}
)  # fmt: skip
MAX_NESTING = 2
MAX_ROUNDING = 10
MAX_MAGNITUDE = 40
MAX_BITS = 40_000
DIVIDED_BY_ZERO = NotApplicable("分母为0")
TOO_LARGE = NotApplicable("数太大")


class ExpressionProblem(ValueError):
    """表达式写法不对。消息是给写方案的人看的一句话。"""


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


Resolver = Callable[[str], "Name | None"]
"""把点号名称译成 Name；不认识返回 None。"""


# ---- 树 -------------------------------------------------------------------------------------


class Node:
    """表达式的一个节点。``kind``：number text bool date any。"""

    kind = "any"
    precedence = 9

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
        got = ctx.up(name.depth).value(name.key)
        if got is None and name.field is not None and name.field.blank_means == "0":
            return Decimal(0)
        return got

    def words(self, ctx: Context | None) -> str:
        if ctx is None:
            return self.text
        got = (
            ctx.constant(self.name.key)
            if self.name.constant
            else ctx.up(self.name.depth).value(self.name.key)
        )
        return f"{self.text}〔{show(got, self.name.field)}〕"


@dataclass(frozen=True, slots=True)
class Column(Node):
    """聚合函数里的 ``列表`` 或 ``列表.列``，可带逐行条件。"""

    text: str
    name: Name
    kind: str
    condition: Node | None = None

    def selected(self, ctx: Context) -> Iterator[Context]:
        for row in ctx.up(self.name.depth).rows(self.name.path):
            if self.condition is None or self.condition.value(Filtered(row, ctx)) is True:
                yield row

    def values(self, ctx: Context) -> Iterator[Value]:
        zero = self.name.field is not None and self.name.field.blank_means == "0"
        for row in self.selected(ctx):
            got = row.value(self.name.key)
            yield Decimal(0) if got is None and zero else got

    def words(self, ctx: Context | None) -> str:
        shown = self.text
        if self.condition is not None:
            shown += f"（其中 {self.condition.words(None)}）"
        if ctx is not None and self.name.key:
            shown += "〔" + "、".join(show(v, self.name.field) or "空" for v in self.values(ctx)) + "〕"
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


_SIGNS = {
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


def _exact(op: str, a: Number, b: Number) -> Number | NotApplicable:
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
        return _exact(self.op, a, b)

    def words(self, ctx: Context | None) -> str:
        weak = self.op in "+-"
        left, right = self.left.words(ctx), self.right.words(ctx)
        if not weak and isinstance(self.left, Arithmetic) and self.left.op in "+-":
            left = f"（{left}）"
        if (
            isinstance(self.right, Arithmetic) and (not weak or self.op == "-") and self.right.op in "+-"
        ) or (isinstance(self.right, Arithmetic) and self.op == "/"):
            right = f"（{right}）"
        return f"{left} {_SIGNS[self.op]} {right}"

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


def _kind_of(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    return "text" if isinstance(value, str) else "date"


def compare(op: str, a: Value, b: Value) -> bool | None:
    """三值比较：一边未知或种类不同为 None。"""
    if is_unknown(a) or is_unknown(b) or _kind_of(a) != _kind_of(b):
        return None
    x: Any = Fraction(a) if is_number(a) else a
    y: Any = Fraction(b) if is_number(b) else b
    if op == "==":
        return bool(x == y)
    if op == "!=":
        return bool(x != y)
    if op == "<":
        return bool(x < y)
    if op == "<=":
        return bool(x <= y)
    return bool(x > y) if op == ">" else bool(x >= y)


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """``a <= b <= c``：每一对都成立才成立。"""

    ops: tuple[str, ...]
    terms: tuple[Node, ...]
    kind: str = "bool"

    def value(self, ctx: Context) -> Value:
        got = [term.value(ctx) for term in self.terms]
        return all_of(compare(op, a, b) for op, a, b in zip(self.ops, got, got[1:], strict=False))

    def words(self, ctx: Context | None) -> str:
        text = self.terms[0].words(ctx)
        for op, term in zip(self.ops, self.terms[1:], strict=True):
            text += f" {_SIGNS[op]} {term.words(ctx)}"
        return text

    def children(self) -> Sequence[Node]:
        return self.terms


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


_FUNCTION_WORDS = {
    "SUM": "合计", "COUNT": "计数", "MIN": "取小", "MAX": "取大", "FIRST": "第一个", "IF": "如果", "ROUND": "四舍五入",
    "ABS": "绝对值", "BLANK": "为空", "PRIOR": "上年",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]
    kind: str

    def value(self, ctx: Context) -> Value:
        return _FUNCTIONS[self.function](self.arguments, ctx)

    def words(self, ctx: Context | None) -> str:
        inside = "，".join(argument.words(ctx) for argument in self.arguments)
        return f"{_FUNCTION_WORDS[self.function]}({inside})"

    def children(self) -> Sequence[Node]:
        return self.arguments


def _each(arguments: Sequence[Node], ctx: Context) -> Iterator[Value]:
    for argument in arguments:
        if isinstance(argument, Column):
            yield from argument.values(ctx)
        else:
            yield argument.value(ctx)


def _sum(arguments: Sequence[Node], ctx: Context) -> Value:
    total: Number | None = None
    not_applicable: Value = None
    for got in _each(arguments, ctx):
        if isinstance(got, Decimal | Fraction):
            added = got if total is None else _exact("+", total, got)
            if isinstance(added, NotApplicable):
                return added
            total = added
        elif isinstance(got, NotApplicable):
            not_applicable = got
    return total if total is not None else not_applicable


def _extreme(pick: Callable[..., Any]) -> Callable[[Sequence[Node], Context], Value]:
    def run(arguments: Sequence[Node], ctx: Context) -> Value:
        known: list[Any] = []
        missing: list[Value] = []
        for argument in arguments:
            if isinstance(argument, Column):
                known.extend(got for got in argument.values(ctx) if is_number(got))
                continue
            got = argument.value(ctx)
            (known if is_number(got) else missing).append(got)
        if missing:
            return next((got for got in missing if isinstance(got, NotApplicable)), None)
        return pick(known, key=Fraction) if known else None

    return run


def _count(arguments: Sequence[Node], ctx: Context) -> Value:
    column = arguments[0]
    assert isinstance(column, Column)
    if not column.name.key:
        return Decimal(sum(1 for _ in column.selected(ctx)))
    return Decimal(sum(1 for got in column.values(ctx) if not is_unknown(got)))


def _first(arguments: Sequence[Node], ctx: Context) -> Value:
    column = arguments[0]
    assert isinstance(column, Column)
    first: Value = next(iter(column.values(ctx)), None)
    return first


def _if(arguments: Sequence[Node], ctx: Context) -> Value:
    answer = arguments[0].value(ctx)
    if not isinstance(answer, bool):
        return None
    return arguments[1 if answer else 2].value(ctx)


def _round(arguments: Sequence[Node], ctx: Context) -> Value:
    got, digits = arguments[0].value(ctx), arguments[1].value(ctx)
    if isinstance(got, Decimal | Fraction) and isinstance(digits, Decimal):
        return round_half_up(got, int(digits))
    return got if is_unknown(got) else None


def _abs(arguments: Sequence[Node], ctx: Context) -> Value:
    got = arguments[0].value(ctx)
    if isinstance(got, Decimal):
        return EXACT.abs(got)
    return abs(got) if isinstance(got, Fraction) else got


def _blank(arguments: Sequence[Node], ctx: Context) -> Value:
    return all(got is None for got in _each(arguments, ctx))


def _prior(arguments: Sequence[Node], ctx: Context) -> Value:
    reference = arguments[0]
    assert isinstance(reference, Reference)
    return ctx.up(reference.name.depth).prior(reference.name.key)


_FUNCTIONS: dict[str, Callable[[Sequence[Node], Context], Value]] = {
    "SUM": _sum, "MIN": _extreme(min), "MAX": _extreme(max), "COUNT": _count, "FIRST": _first, "IF": _if,
    "ROUND": _round, "ABS": _abs, "BLANK": _blank, "PRIOR": _prior,
}  # fmt: skip
_ARITY = {"COUNT": (1, 1), "FIRST": (1, 1), "IF": (3, 3), "ROUND": (2, 2), "ABS": (1, 1), "PRIOR": (1, 1)}
_AGGREGATES = frozenset(("SUM", "MIN", "MAX", "COUNT", "FIRST", "BLANK"))
_FILTERABLE = frozenset(("SUM", "MIN", "MAX", "COUNT", "FIRST"))


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


# ---- 解析 -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expression:
    """一个编译好的表达式。"""

    text: str
    node: Node

    def value(self, ctx: Context) -> Value:
        return self.node.value(ctx)

    def explain(self, ctx: Context | None = None) -> str:
        return self.node.words(ctx)

    def references(self) -> Iterator[Reference | Column]:
        """用到的名称；列表条件里的不算。"""
        for node in _outside_conditions(self.node):
            if isinstance(node, Reference | Column):
                yield node

    def reads(self, ctx: Context, *, matching: bool = False) -> Iterator[tuple[Context, str]]:
        """读哪些格：（环境，键）。问题的位置、“为什么”里的链接、循环检查都用它。

        ``matching`` 时列表只算满足条件的行，条件里读的不算。``PRIOR`` 读的是上年，不算。
        """
        yield from _reads(self.node, ctx, matching)


def _outside_conditions(node: Node) -> Iterator[Node]:
    yield node
    if not isinstance(node, Column):
        for child in node.children():
            yield from _outside_conditions(child)


def _reads(node: Node, ctx: Context, matching: bool) -> Iterator[tuple[Context, str]]:
    if isinstance(node, Reference):
        if not node.name.constant:
            yield ctx.up(node.name.depth), node.name.key
    elif isinstance(node, Column):
        for row in node.selected(ctx) if matching else ctx.up(node.name.depth).rows(node.name.path):
            yield row, node.name.key
            if node.condition is not None and not matching:
                yield from _reads(node.condition, Filtered(row, ctx), matching)
    elif not (isinstance(node, Call) and node.function == "PRIOR"):
        for child in node.children():
            yield from _reads(child, ctx, matching)


def _nesting(node: Node) -> int:
    """列表条件套列表条件的层数：每套一层，行数就多乘一次。"""
    inside = max((_nesting(child) for child in node.children()), default=0)
    return inside + 1 if isinstance(node, Column) else inside


def translate(text: str) -> str:
    """全角符号译成半角，引号里的不动。"""
    out, quote = [], ""
    for ch in text:
        if quote:
            quote = "" if ch == quote else quote
            out.append(ch)
        elif ch in "'\"":
            quote = ch
            out.append(ch)
        else:
            out.append(ch.translate(_FULL_WIDTH))
    return "".join(out)


def parse_expression(text: str, resolve: Resolver, row_resolver: Callable[[Name], Resolver]) -> Expression:
    """解析并静态检查一个表达式。

    ``resolve`` 译名称；``row_resolver`` 给出某列表逐行条件里行内名称的译法。
    写法不在白名单里、太长、太深、名称不认识、文字参加算术时抛 ``ExpressionProblem``。
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionProblem(
            f"表达式有 {len(text)} 个字符，最多 {MAX_CHARACTERS} 个。请拆成几个计算字段。"
        )
    source = translate(text).strip()
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionProblem(f"表达式“{text}”写法不对。请检查括号、逗号和引号是否成对。") from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES * 3 or _depth(tree) > MAX_DEPTH:
        raise ExpressionProblem("表达式太长或嵌套太深。请拆成几个计算字段。")
    node = _Builder(source, resolve, row_resolver).build(tree.body)
    if sum(1 for _ in node.walk()) > MAX_NODES:
        raise ExpressionProblem(f"表达式超过 {MAX_NODES} 个部分。请拆成几个计算字段。")
    if isinstance(node, Column):
        raise ExpressionProblem(f"“{node.text}”是列表，不能单独用。请放进 SUM、COUNT、MIN、MAX、FIRST 里。")
    if _nesting(node) > MAX_NESTING:
        raise ExpressionProblem(f"列表的条件里又用列表，超过 {MAX_NESTING} 层。请拆成几个计算字段。")
    return Expression(text, node)


def _depth(tree: ast.AST) -> int:
    depth, layer = 0, [tree]
    while layer:
        depth += 1
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    return depth


_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class _Builder:
    def __init__(self, source: str, resolve: Resolver, row_resolver: Callable[[Name], Resolver]) -> None:
        self.source = source
        self.resolve = resolve
        self.row_resolver = row_resolver

    def build(self, node: ast.expr) -> Node:
        match node:
            case ast.Constant():
                return self._literal(node)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                sign = _BINARY[type(op)]
                left = self._number(node.left, sign)
                return Arithmetic(sign, left, self._number(node.right, sign))
            case ast.UnaryOp(op=ast.USub()):
                return Negative(self._number(node.operand, "-"))
            case ast.UnaryOp(op=ast.Not()):
                return Not(self._single(node.operand))
            case ast.Compare(ops=ops) if all(type(op) in _COMPARE for op in ops):
                return self._comparison(node)
            case ast.BoolOp():
                return Logic(
                    "and" if isinstance(node.op, ast.And) else "or", tuple(map(self._single, node.values))
                )
            case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
                return self._call(name, node)
            case ast.Call():
                raise ExpressionProblem(
                    f"没有函数“{ast.unparse(node.func)}”。可用：{'、'.join(_FUNCTIONS)}。"
                )
        raise ExpressionProblem(
            f"表达式里不能用“{self._shown(node)}”。只能用数字、名称、+ − × ÷、比较、and/or/not 和规定的函数。"
        )

    def _shown(self, node: ast.expr) -> str:
        return (ast.get_source_segment(self.source, node) or type(node).__name__)[:40]

    def _single(self, node: ast.expr) -> Node:
        built = self.build(node)
        if isinstance(built, Column):
            raise ExpressionProblem(
                f"“{built.text}”是列表，不能单独用。请放进 SUM、COUNT、MIN、MAX、FIRST 里。"
            )
        return built

    def _number(self, node: ast.expr, sign: str) -> Node:
        built = self._single(node)
        if built.kind not in ("number", "any"):
            raise ExpressionProblem(f"“{self._shown(node)}”不是数，不能参加“{_SIGNS[sign]}”。")
        return built

    def _literal(self, node: ast.Constant) -> Node:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
            raise ExpressionProblem(f"表达式里不能用“{self._shown(node)}”。")
        if isinstance(node.value, str):
            return Literal(node.value or None, "text")
        text = ast.get_source_segment(self.source, node) or ""
        if not text.replace(".", "", 1).isdigit() or not text.isascii():
            raise ExpressionProblem(f"数字“{text}”写法不对。请写成普通数字，如 0.9。")
        if len(text.replace(".", "").lstrip("0")) > MAX_DIGITS:
            raise ExpressionProblem(f"数字“{text}”超过 {MAX_DIGITS} 位。")
        return Literal(Decimal(text), "number")

    def _dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise ExpressionProblem(f"表达式里不能用“{self._shown(node)}”。")
        return ".".join([node.id, *reversed(parts)])

    def _name(self, node: ast.expr) -> Node:
        text = self._dotted(node)
        if any(part.startswith("_") for part in text.split(".")):
            raise ExpressionProblem(f"名称“{text}”不能用下划线开头。")
        name = self.resolve(text)
        if name is None:
            raise ExpressionProblem(
                f"没有名为“{text}”的字段。请核对名称；下级的字段要写在 SUM、COUNT 等函数里，上级的要写“本部门.”。"
            )
        kind = _kind_of_field(name)
        return Column(text, name, kind) if name.path else Reference(text, name, kind)

    def _comparison(self, node: ast.Compare) -> Node:
        terms = tuple(self._single(term) for term in [node.left, *node.comparators])
        kinds = {term.kind for term in terms} - {"any"}
        if len(kinds) > 1:
            raise ExpressionProblem(
                f"“{self._shown(node)}”把不同种类的值相比，永远比不出结果。请核对名称和引号。"
            )
        return Comparison(tuple(_COMPARE[type(op)] for op in node.ops), terms)

    def _call(self, function: str, node: ast.Call) -> Node:
        if not node.args or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ExpressionProblem(f"函数 {function} 的写法不对：“{self._shown(node)}”。")
        conditions = [a for a in node.args[1:] if _is_condition(a)] if function in _FILTERABLE else []
        arguments = [self.build(argument) for argument in node.args if argument not in conditions]
        columns = [argument for argument in arguments if isinstance(argument, Column)]
        if columns and function not in _AGGREGATES:
            raise ExpressionProblem(f"函数 {function} 里不能用列表“{columns[0].text}”。")
        if conditions or node.keywords:
            if function not in _FILTERABLE or len(columns) != 1:
                raise ExpressionProblem(f"带条件的函数里要正好有一个列表：“{self._shown(node)}”。")
            filtered = replace(
                columns[0], condition=self._condition(columns[0].name, conditions, node.keywords)
            )
            arguments[arguments.index(columns[0])] = filtered
        low, high = _ARITY.get(function, (1, MAX_NODES))
        if not low <= len(arguments) <= high:
            raise ExpressionProblem(f"函数 {function} 要 {low} 个参数，这里有 {len(arguments)} 个。")
        self._check_arguments(function, arguments)
        return Call(function, tuple(arguments), _call_kind(function, arguments))

    def _condition(self, rows: Name, conditions: list[ast.expr], keywords: list[ast.keyword]) -> Node:
        """逐行条件。自由写的条件先找行内名称；``列=值`` 左边是行内的列，右边按调用处读。"""
        in_row = self.row_resolver(rows)

        def in_caller(text: str) -> Name | None:
            name = self.resolve(text)
            return name if name is None or name.constant else replace(name, depth=name.depth + 1)

        mixed = _Builder(self.source, lambda text: in_row(text) or in_caller(text), self.row_resolver)
        outer = _Builder(self.source, in_caller, self.row_resolver)
        terms = [mixed._single(condition) for condition in conditions]
        for word in keywords:
            column = in_row(word.arg or "")
            if column is None:
                raise ExpressionProblem(f"条件里的“{word.arg}”不是这个列表的列。")
            left = Reference(word.arg or "", column, _kind_of_field(column))
            right = outer._single(word.value)
            if left.kind != right.kind and "any" not in (left.kind, right.kind):
                raise ExpressionProblem(f"条件“{word.arg}”两边种类不同，永远比不出结果。")
            terms.append(Comparison(("==",), (left, right)))
        return terms[0] if len(terms) == 1 else Logic("and", tuple(terms))

    def _check_arguments(self, function: str, arguments: list[Node]) -> None:
        if function in ("COUNT", "FIRST") and not isinstance(arguments[0], Column):
            raise ExpressionProblem(f"函数 {function} 要一个列表，如 {function}(指标)。")
        if function == "PRIOR" and not (isinstance(arguments[0], Reference) and arguments[0].name.field):
            raise ExpressionProblem("函数 PRIOR 里要写一个字段的名称。")
        for argument in arguments:
            if function != "COUNT" and isinstance(argument, Column) and not argument.name.key:
                raise ExpressionProblem(f"函数 {function} 里的“{argument.text}”要写到列，如 指标.得分。")
        if function == "ROUND" and not _is_places(arguments[1]):
            raise ExpressionProblem(f"函数 ROUND 的第二个参数要写成 0 到 {MAX_ROUNDING} 的整数。")
        if function == "IF" and len(_kinds(arguments[1:])) > 1:
            raise ExpressionProblem("函数 IF 的两个结果种类不同。请都写成数，或都写成文字。")
        if function in ("SUM", "MIN", "MAX", "ROUND", "ABS"):
            for argument in arguments:
                if argument.kind not in ("number", "any"):
                    raise ExpressionProblem(f"函数 {function} 里的“{argument.words(None)}”不是数。")


def _is_places(node: Node) -> bool:
    """能作 ROUND 的小数位：写明的小整数。"""
    places = node.literal if isinstance(node, Literal) else None
    return isinstance(places, Decimal) and places == int(places) and places <= MAX_ROUNDING


def _kinds(nodes: Sequence[Node]) -> set[str]:
    """确定的种类；空文字和不知种类的不算。"""
    return {n.kind for n in nodes if not (isinstance(n, Literal) and n.literal is None)} - {"any"}


def _is_condition(node: ast.expr) -> bool:
    """写法上就是条件：比较、且或非、BLANK(…)。"""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.Call(func=ast.Name(id="BLANK")):
            return True
    return False


def _kind_of_field(name: Name) -> str:
    field = name.field
    if field is None:
        return name.kind
    if field.is_number:
        return "number"
    return {"date": "date", "yes_no": "bool"}.get(field.kind, "text")


def _call_kind(function: str, arguments: Sequence[Node]) -> str:
    if function == "BLANK":
        return "bool"
    if function == "IF":
        return next(iter(_kinds(arguments[1:])), "any")
    return arguments[0].kind if function in ("FIRST", "PRIOR") else "number"
