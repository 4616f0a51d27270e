"""唯一的表达式语言：解析、求值、解释、写成 Excel 公式，都走同一棵树（节点在 nodes.py，函数在 functions.py）。

语法是 Python 表达式的一个小子集（白名单），全角符号先译成半角；数字按原文读成 Decimal。
名称在装入方案时静态解析成（层、键），求值时不再查找，写错的名称在装入时就报。
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from .functions import AGGREGATES, ARITY, FILTERABLE, FUNCTIONS, Call
from .nodes import (
    SIGNS,
    Arithmetic,
    Column,
    Comparison,
    Context,
    Filtered,
    Literal,
    Logic,
    Matching,
    Name,
    Negative,
    Node,
    Not,
    Reference,
    show,
)
from .values import MAX_DIGITS, Value

__all__ = [
    "Arithmetic", "Call", "Column", "Comparison", "Context", "Expression", "ExpressionProblem", "Literal", "Name",
    "Negative", "Node", "Reference", "Resolver", "parse_expression", "show", "translate",
]  # fmt: skip

MAX_CHARACTERS = 400
MAX_NODES = 120
MAX_DEPTH = 30
MAX_NESTING = 2
MAX_ROUNDING = 10

_FULL_WIDTH = str.maketrans(
    {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "（": "(", "）": ")", "，": ",", "．": ".", "－": "-",
     "＋": "+", "＝": "==", "＞": ">", "＜": "<", "％": "%"}
)  # fmt: skip
Resolver = Callable[[str], "Name | None"]
"""把点号名称译成 Name；不认识返回 None。"""


class ExpressionProblem(ValueError):
    """表达式写法不对。消息是给写方案的人看的一句话。"""


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
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                return self._call(name, node)
            case ast.Call():
                raise ExpressionProblem(f"没有函数“{ast.unparse(node.func)}”。可用：{'、'.join(FUNCTIONS)}。")
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
            raise ExpressionProblem(f"“{self._shown(node)}”不是数，不能参加“{SIGNS[sign]}”。")
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
            raise ExpressionProblem(f"数字“{self._shown(node)}”超过 {MAX_DIGITS} 位。")
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
        starred = [a for a in node.args if isinstance(a, ast.Starred)] + [
            k for k in node.keywords if not k.arg
        ]
        if not node.args or starred:
            raise ExpressionProblem(f"函数 {function} 的写法不对：“{self._shown(node)}”。")
        conditions = [a for a in node.args[1:] if _is_condition(a)] if function in FILTERABLE else []
        arguments = [self.build(argument) for argument in node.args if argument not in conditions]
        columns = [argument for argument in arguments if isinstance(argument, Column)]
        if columns and function not in AGGREGATES:
            raise ExpressionProblem(f"函数 {function} 里不能用列表“{columns[0].text}”。")
        if conditions or node.keywords:
            if function not in FILTERABLE or len(columns) != 1:
                raise ExpressionProblem(f"带条件的函数里要正好有一个列表：“{self._shown(node)}”。")
            filtered = replace(
                columns[0], condition=self._condition(columns[0].name, conditions, node.keywords)
            )
            arguments[arguments.index(columns[0])] = filtered
        low, high = ARITY.get(function, (1, MAX_NODES))
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
            column = in_row(str(word.arg))
            if column is None:
                raise ExpressionProblem(f"条件里的“{word.arg}”不是这个列表的列。")
            left = Reference(str(word.arg), column, _kind_of_field(column))
            right = outer._single(word.value)
            if left.kind != right.kind and "any" not in (left.kind, right.kind):
                raise ExpressionProblem(f"条件“{word.arg}”两边种类不同，永远比不出结果。")
            terms.append(Matching(("==",), (left, right)))
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
        wanted, word = ("text", "文字") if function == "LEN" else ("number", "数")
        for argument in arguments if function in ("SUM", "MIN", "MAX", "ROUND", "ABS", "LEN") else ():
            if argument.kind not in (wanted, "any"):
                raise ExpressionProblem(f"函数 {function} 里的“{argument.words(None)}”不是{word}。")


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
