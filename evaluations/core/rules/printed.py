"""纸面或工作簿上印着的计算格，与系统算的比。"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ..checks import INFO, Hit
from ..expressions import Context
from ..facts import ScopeFacts
from ..schema import Field
from ..values import (
    MAX_DIGITS,
    NA_WORDS,
    NotApplicable,
    Number,
    Value,
    ValueProblem,
    is_number,
    parse,
    round_half_up,
)

if TYPE_CHECKING:
    from ..checks import Check

_TOLERANCE = Decimal("0.01")


def printed_equals_computed(scope: Context, check: Check) -> Iterator[Hit]:
    """P05 P06 P10：印着的数等于算出的数；印成空白也算印着。

    百分数按印着的位数对即为对；分数按印着的位数舍入正确时只提示。容差：金额、分数 0.01。
    """
    assert isinstance(scope, ScopeFacts)
    for key in check.parameters["fields"]:
        if key not in scope.printed:
            continue
        field = scope.fields[key]
        printed, computed = scope.printed[key].strip(), scope.value(key)
        right = field.format(computed)
        if printed == right or (field.kind == "percent" and isinstance(computed, NotApplicable)):
            continue  # 分母为 0 的由 D05 说
        level = _verdict(printed, computed, field)
        if level == "same":
            continue
        if not printed:
            message = f"纸面没有填{field.label}，应为 {right}。"
        elif level == INFO:
            message = f"纸面印 {printed}，系统按 2 位小数算得 {right}，舍入不同。"
        else:
            message = f"纸面印 {printed}，按规则应为 {right}。请以系统计算为准，并核对所用的数。"
        yield Hit((scope.address(key),), message, right, printed, level if level == INFO else "")


def printed_not_applicable(scope: Context, check: Check) -> Iterator[Hit]:
    """D05：分母为 0 的率，纸面印“不适用”（或方案规定的 0），不印百分数、不留空。"""
    assert isinstance(scope, ScopeFacts)
    for key in check.parameters["fields"]:
        field, computed = scope.fields[key], scope.value(key)
        if key not in scope.printed or not isinstance(computed, NotApplicable):
            continue
        printed, right = scope.printed[key].strip(), field.format(computed)
        if printed != right and printed not in NA_WORDS:
            shown = f"印 {printed}" if printed else "没有填"
            message = f"{computed.reason or '不适用'}，{field.label}算不出，纸面应印“{right}”，现在{shown}。"
            yield Hit((scope.address(key),), message, right, printed)


def printed_within_weight(scope: Context, check: Check) -> Iterator[Hit]:
    """S02：印着的 ``score`` 在 0 与算出的 ``weight`` 之间；空白和读不成数的由别的核对管。"""
    assert isinstance(scope, ScopeFacts)
    score, weight = check.parameters["score"], check.parameters["weight"]
    limit = scope.value(weight)
    try:
        got = parse("points", scope.printed.get(score, ""), digits=MAX_DIGITS)
    except ValueProblem:
        return
    if not is_number(got) or not is_number(limit) or 0 <= Fraction(got) <= Fraction(limit):
        return
    shown, most = scope.printed[score].strip(), scope.fields[weight].format(limit)
    message = f"纸面印 {shown} 分，不在 0 到分值 {most} 之间。{'得分不能是负数。' if got < 0 else '请核对是不是把百分数当成了分。'}"
    yield Hit((scope.address(score),), message, f"0–{most}", shown)


def _verdict(printed: str, computed: Value, field: Field) -> str:
    """``same``、``info``（只是舍入不同）或 ``wrong``。"""
    try:
        got = parse(field.kind, printed, digits=MAX_DIGITS)
    except ValueProblem:
        return "wrong"
    if not is_number(got) or not is_number(computed):
        return "same" if type(got) is type(computed) and got is not None else "wrong"
    assert isinstance(got, Decimal)
    places = _places(printed)
    if field.kind == "percent":
        return "same" if round_half_up(_times100(computed), places) == got * 100 else "wrong"
    if abs(Fraction(got) - Fraction(computed)) < Fraction(_TOLERANCE):
        return "same"
    if field.kind == "points" and round_half_up(computed, places) == got:
        return INFO
    return "wrong"


def _places(printed: str) -> int:
    return len(printed.rstrip("%％ ").partition(".")[2])


def _times100(value: Number) -> Fraction:
    return Fraction(value) * 100
