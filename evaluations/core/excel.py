"""把计算字段的表达式写成 Excel 公式：同一棵树，同样的空白、不适用规则；说不清的就不写公式。

严格的运算（+ − × ÷、取小、取大）遇到不适用得“不适用”，遇到空白得空白；合计跳过两者；除以零得“不适用”。
写不成的（带条件的合计、上年、逻辑与或、跨范围的列表）返回 None，调用者只写值。
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from .expressions import Arithmetic, Call, Column, Comparison, Literal, Negative, Node, Reference

MAX_FORMULA = 8_000
NOT_APPLICABLE = '"不适用"'
_COMPARE = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Cells(Protocol):
    """名称在工作簿里的位置；不在工作簿里返回 None。"""

    def cell(self, reference: Reference) -> str | None:
        """``D5``、``'整体自评'!D5``；命名常数给出数字本身。"""

    def rows(self, column: Column) -> str | None:
        """列表的一列：``H12:H25``，含备用的空行。"""


class _Unsayable(Exception):
    """Excel 说不清。"""


@dataclass(frozen=True, slots=True)
class _Part:
    """一段公式和它的前提：``numbers`` 须都是数，``na`` 中任一成立即不适用，``blank`` 中任一成立即空白。"""

    body: str
    numbers: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    atom: bool = True

    @property
    def operand(self) -> str:
        return self.body if self.atom else f"({self.body})"

    def na_tests(self) -> list[str]:
        return [*(f"{number}={NOT_APPLICABLE}" for number in self.numbers), *self.na]

    def blank_tests(self) -> list[str]:
        if not self.numbers:
            return list(self.blank)
        if len(self.numbers) == 1:
            return [f"NOT(ISNUMBER({self.numbers[0]}))", *self.blank]
        return [f"COUNT({','.join(self.numbers)})<{len(self.numbers)}", *self.blank]

    def unknown(self) -> str:
        """前提不成立的条件；没有前提时为 FALSE。"""
        tests = [*self.na_tests(), *self.blank_tests()]
        return _any(tests) if tests else "FALSE"

    def guarded(self, body: str) -> str:
        blank, na = self.blank_tests(), self.na_tests()
        text = f'IF({_any(blank)},"",{body})' if blank else body
        return f"IF({_any(na)},{NOT_APPLICABLE},{text})" if na else text


def to_excel(node: Node, cells: Cells, digits: int | None = None) -> str | None:
    """一个表达式的公式（以 ``=`` 开头）；``digits`` 不空时四舍五入到这么多位。写不成返回 None。"""
    try:
        text = "=" + _whole(node, cells, digits)
    except _Unsayable:
        return None
    return text if len(text) <= MAX_FORMULA else None


def _whole(node: Node, cells: Cells, digits: int | None) -> str:
    if isinstance(node, Call) and node.function == "IF":
        condition = _part(node.arguments[0], cells)
        yes, no = (_whole(branch, cells, digits) for branch in node.arguments[1:])
        return f'IF({condition.unknown()},"",IF({condition.body},{yes},{no}))'
    part = _part(node, cells)
    return part.guarded(part.body if digits is None else f"ROUND({part.body},{digits})")


def _part(node: Node, cells: Cells) -> _Part:
    match node:
        case Literal():
            return _literal(node)
        case Reference():
            return _reference(node, cells)
        case Arithmetic():
            return _arithmetic(node, cells)
        case Negative():
            inner = _part(node.inner, cells)
            return _join(f"-{inner.operand}", [inner], atom=False)
        case Comparison(ops=(op,), terms=(left, right)):
            return _comparison(op, left, right, cells)
        case Call():
            return _call(node, cells)
    raise _Unsayable


def _literal(node: Literal) -> _Part:
    value = node.literal
    if isinstance(value, Decimal):
        return _Part(f"{value:f}")
    if value is None or isinstance(value, str):
        return _Part(_quoted(value or ""))
    raise _Unsayable


def _reference(node: Reference, cells: Cells) -> _Part:
    place = cells.cell(node)
    if place is None:
        raise _Unsayable
    if node.name.constant:
        return _Part(place)
    if node.kind == "text":
        return _Part(place, blank=(f'{place}=""',))
    if node.kind != "number":
        raise _Unsayable
    if node.name.field is not None and node.name.field.blank_means == "0":
        return _Part(f"N({place})", na=(f"{place}={NOT_APPLICABLE}",))
    return _Part(place, numbers=(place,))


def _arithmetic(node: Arithmetic, cells: Cells) -> _Part:
    left, right = _part(node.left, cells), _part(node.right, cells)
    zero = [_is_zero(node.right, right)] if node.op == "/" else []
    return _join(f"{left.operand}{node.op}{right.operand}", [left, right], na=zero, atom=False)


def _is_zero(node: Node, part: _Part) -> str:
    """除数确实是零（空白不是零）。"""
    if isinstance(node, Literal):
        return "TRUE" if node.literal == 0 else "FALSE"
    if part.numbers == (part.body,):
        return f"AND(ISNUMBER({part.body}),{part.body}=0)"
    return f"IF({part.unknown()},FALSE,{part.operand}=0)"


def _comparison(op: str, left: Node, right: Node, cells: Cells) -> _Part:
    parts = [_part(left, cells), _part(right, cells)]
    if {left.kind, right.kind} == {"text"} and op in ("==", "!="):
        same = f"EXACT({parts[0].body},{parts[1].body})"
        return _join(same if op == "==" else f"NOT({same})", parts)
    if {left.kind, right.kind} <= {"number", "any"}:
        return _join(f"{parts[0].operand}{_COMPARE[op]}{parts[1].operand}", parts, atom=False)
    raise _Unsayable


def _call(node: Call, cells: Cells) -> _Part:
    if node.function == "SUM":
        return _sum(node.arguments, cells)
    if node.function in ("MIN", "MAX"):
        return _extreme(node, cells)
    if node.function == "COUNT":
        return _Part(f"COUNT({_range(node.arguments[0], cells)})")
    if node.function in ("ROUND", "ABS"):
        parts = [_part(argument, cells) for argument in node.arguments]
        return _join(f"{node.function}({','.join(part.body for part in parts)})", parts)
    raise _Unsayable


def _range(node: Node, cells: Cells) -> str:
    """列表一列的区域；带条件的、不是数的说不清（合并格只有第一行有值）。"""
    if not isinstance(node, Column) or node.condition is not None or node.kind != "number":
        raise _Unsayable
    if node.name.field is not None and node.name.field.blank_means == "0":
        raise _Unsayable
    place = cells.rows(node)
    if place is None:
        raise _Unsayable
    return place


def _sum(arguments: Sequence[Node], cells: Cells) -> _Part:
    """跳过空白和不适用；一个数也没有时，有不适用得不适用，否则空白。"""
    places, na = [], []
    for argument in arguments:
        if isinstance(argument, Column):
            places.append(_range(argument, cells))
            na.append(f"COUNTIF({places[-1]},{NOT_APPLICABLE})>0")
            continue
        part = _part(argument, cells)
        if part.numbers != (part.body,) and not isinstance(argument, Literal):
            raise _Unsayable
        places.append(part.body)
        na += part.na_tests()
    inside = ",".join(places)
    none = f"COUNT({inside})=0"
    return _Part(f"SUM({inside})", na=(f"AND({none},{_any(na)})",) if na else (), blank=(none,))


def _extreme(node: Call, cells: Cells) -> _Part:
    """单个值是严格的，列表跳过空白和不适用。"""
    parts, empty = [], []
    for argument in node.arguments:
        if isinstance(argument, Column):
            place = _range(argument, cells)
            parts.append(_Part(place))
            empty.append(f"COUNT({place})=0")
        else:
            parts.append(_part(argument, cells))
    blank = empty if len(empty) == len(parts) else []
    return _join(f"{node.function}({','.join(part.body for part in parts)})", parts, blank=blank)


def _join(
    body: str, parts: Iterable[_Part], *, na: Iterable[str] = (), blank: Iterable[str] = (), atom: bool = True
) -> _Part:
    """合起来的一段：各段的前提都要成立。"""
    parts = list(parts)
    numbers = dict.fromkeys(number for part in parts for number in part.numbers)
    not_applicable = dict.fromkeys([*(test for part in parts for test in part.na), *na])
    blanks = dict.fromkeys([*(test for part in parts for test in part.blank), *blank])
    return _Part(body, tuple(numbers), tuple(not_applicable), tuple(blanks), atom)


def _any(tests: Sequence[str]) -> str:
    return tests[0] if len(tests) == 1 else f"OR({','.join(tests)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
