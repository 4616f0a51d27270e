"""报告文字里的金额，与表上的数比。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..checks import Hit
from ..expressions import Context
from ..facts import ScopeFacts
from ..values import YUAN_PER_UNIT, is_number, plain

if TYPE_CHECKING:
    from ..checks import Check

_UNITS = {**YUAN_PER_UNIT, "万": Decimal(10_000), "亿元": Decimal(100_000_000), "亿": Decimal(100_000_000)}
_AMOUNT = (
    r"(?:总?金?额|数)?[为是共计达有:\s]{0,4}(?P<about>约为|大约|约)?\s*(?:人民币)?\s*"
    r"(?P<number>\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,8})?|\d{1,14}(?:\.\d{1,8})?)\s*(?P<unit>亿元|万元|元|亿|万)"
)
_CLAUSE = re.compile(r"[，,。；;！!\n]")
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年")


@dataclass(frozen=True, slots=True)
class Stated:
    """文字里说的一个金额。``yuan`` 是元；``slack`` 是“约”字允许的误差（元），没有“约”为 0。"""

    yuan: Fraction
    slack: Fraction
    words: str


def stated_total_equals(scope: Context, check: Check) -> Iterator[Hit]:
    """X01：``text`` 里写的本年支出合计等于 ``field``。没写、读不懂、表上没填，都不算问题。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    value = scope.value(given["field"])
    stated = find_total(scope.shown(given["text"]), str(scope.constant("year")), given)
    if stated is None or not is_number(value):
        return
    unit = str(scope.constant("money_unit"))
    per_unit = Fraction(YUAN_PER_UNIT[unit])
    gap = abs(stated.yuan / per_unit - Fraction(value))
    if gap <= max(Fraction(given["tolerance"]), stated.slack / per_unit):
        return
    expected, actual = plain(stated.yuan / per_unit, 6), plain(value, 6)
    label = scope.fields[given["text"]].full_label
    message = (
        f"自评表填 {actual} {unit}，自评报告“{label}”写的是“{stated.words}”，相差 {plain(gap, 6)} {unit}。"
        "请对照决算核对，把写错的一处改成一致。"
    )
    yield Hit((scope.address(given["field"]), scope.address(given["text"])), message, expected, actual)


def find_total(text: str, year: str, given: Mapping[str, Any]) -> Stated | None:
    """第一处说本年支出合计的金额。

    ``words`` 是“本年支出合计”一类的说法；紧接在 ``not_after``（项目、基本……）后面的，
    同一小句里说的是别的年度或 ``other_times``（上年……）的，都不是本年合计。
    """
    plain_text = unicodedata.normalize("NFKC", text)
    words = "|".join(map(re.escape, sorted(given["words"], key=len, reverse=True)))
    for match in re.finditer(f"(?:{words}){_AMOUNT}", plain_text):
        clause = _CLAUSE.split(plain_text[: match.start()])[-1].rstrip()
        if not _is_about_something_else(clause, year, given):
            return _read(match)
    return None


def _is_about_something_else(clause: str, year: str, given: Mapping[str, Any]) -> bool:
    return (
        clause.endswith(tuple(given["not_after"]))
        or any(word in clause for word in given["other_times"])
        or any(found != year for found in _YEAR.findall(clause))
    )


def _read(match: re.Match[str]) -> Stated:
    digits = match["number"].replace(",", "")
    unit = Fraction(_UNITS[match["unit"]])
    places = len(digits.partition(".")[2])
    slack = unit / 10**places / 2 if match["about"] else Fraction(0)
    return Stated(Fraction(digits) * unit, slack, " ".join(match.group(0).split()))
