"""表达式里的函数：合计、计数、取小、取大……规则见 notation §4。"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .nodes import Column, Context, Figures, Node, Reference, exact, show
from .values import EXACT, NotApplicable, Number, Value, is_number, is_unknown, round_half_up

_FUNCTION_WORDS = {
    "SUM": "合计", "COUNT": "计数", "MIN": "取小", "MAX": "取大", "FIRST": "第一个", "IF": "如果", "ROUND": "四舍五入",
    "ABS": "绝对值", "BLANK": "为空", "LEN": "字数", "PRIOR": "上年",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]
    kind: str

    def value(self, ctx: Context) -> Value:
        return FUNCTIONS[self.function](self.arguments, ctx)

    def words(self, ctx: Context | None) -> str:
        if self.function == "PRIOR" and ctx is not None:
            return self._last_year(ctx)
        inside = "，".join(argument.words(ctx) for argument in self.arguments)
        return f"{_FUNCTION_WORDS[self.function]}({inside})"

    def _last_year(self, ctx: Context) -> str:
        """注的是上年的数，不是本年的。"""
        reference = self.arguments[0]
        assert isinstance(reference, Reference)
        shown = show(self.value(ctx), reference.name.field)
        return shown if isinstance(ctx, Figures) else f"{self.words(None)}〔{shown}〕"

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
            added = got if total is None else exact("+", total, got)
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


def _len(arguments: Sequence[Node], ctx: Context) -> Value:
    """看得见的字数；空格、换行不算。"""
    got = arguments[0].value(ctx)
    return Decimal(sum(1 for ch in got if not ch.isspace())) if isinstance(got, str) else None


def _prior(arguments: Sequence[Node], ctx: Context) -> Value:
    reference = arguments[0]
    assert isinstance(reference, Reference)
    return ctx.up(reference.name.depth).prior(reference.name.key)


FUNCTIONS: dict[str, Callable[[Sequence[Node], Context], Value]] = {
    "SUM": _sum, "MIN": _extreme(min), "MAX": _extreme(max), "COUNT": _count, "FIRST": _first, "IF": _if,
    "ROUND": _round, "ABS": _abs, "BLANK": _blank, "LEN": _len, "PRIOR": _prior,
}  # fmt: skip
ARITY = {
    "COUNT": (1, 1),
    "FIRST": (1, 1),
    "IF": (3, 3),
    "ROUND": (2, 2),
    "ABS": (1, 1),
    "LEN": (1, 1),
    "PRIOR": (1, 1),
}
AGGREGATES = frozenset(("SUM", "MIN", "MAX", "COUNT", "FIRST", "BLANK"))
FILTERABLE = frozenset(("SUM", "MIN", "MAX", "COUNT", "FIRST"))
