"""一行一行的核对：有没有空格、和另一列差多少、其中各项与合计。

参数里的 ``lines`` 是范围里的行：“公车购置”指它的各列；``rows`` 是列表，每一行算一行。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..checks import ERROR, WARNING, Hit
from ..expressions import Context
from ..facts import RowFacts, ScopeFacts
from ..values import Number, Value, is_number, plain

if TYPE_CHECKING:
    from ..checks import Check

_DIGITS = 6
_BLANK = "空白"


@dataclass(frozen=True, slots=True)
class _Line:
    """表上的一行：范围里的一条记录（``start`` 是“公车购置.”）或列表里的一行（``start`` 为空）。"""

    node: ScopeFacts | RowFacts
    start: str = ""

    def value(self, column: str) -> Value:
        return self.node.value(self.start + column)

    def number(self, column: str) -> Number | None:
        got = self.value(column)
        return got if is_number(got) else None

    def address(self, column: str) -> str:
        return self.node.address(self.start + column)

    def label(self, column: str) -> str:
        return self.node.fields[self.start + column].label


def _lines(scope: ScopeFacts, parameters: Mapping[str, Any]) -> Iterator[_Line]:
    for record in parameters.get("lines", ()):
        yield _Line(scope, f"{record}.")
    for key in parameters.get("rows", ()):
        for row in scope.lists[key]:
            yield _Line(row)


# ---- 空格 -----------------------------------------------------------------------------------


def lines_filled(scope: Context, check: Check) -> Iterator[Hit]:
    """B02 P01 P02 R01：一行里没有空格。不适用、0 都算填了；整行空白也只报一处。

    ``lines`` 一项是一行的各格，空格隔开，“公车购置.*”是它的全部填报列；
    ``rows`` 是列表，``needed`` 的至少要有一行，除非 ``none`` 声明了无此项。``advice`` 写怎么填。
    """
    assert isinstance(scope, ScopeFacts)
    advice = check.parameters["advice"]
    for line in check.parameters.get("lines", ()):
        yield from _gaps(_Line(scope), _keys(scope, line), advice)
    for rows in check.parameters.get("rows", ()):
        found = scope.lists[rows["list"]]
        declared = scope.value(rows["none"]) if "none" in rows else None
        if not found and rows.get("needed") and declared is not True:
            yield Hit((scope.address(rows["list"]),), rows["needed"], rows.get("expected", ""), _BLANK)
        for row in found:
            yield from _gaps(_Line(row), rows["columns"].split(), advice + "多余的行请删除。")


def _keys(scope: ScopeFacts, line: str) -> list[str]:
    """一行的各格；``.*`` 展开成填报的列（计算的列不会空着怪人）。"""
    keys: list[str] = []
    for part in line.split():
        if part.endswith(".*"):
            names = (part[:-1] + column for column in scope.scope.record_columns(part[:-2]))
            keys.extend(name for name in names if scope.fields[name].asked)
        else:
            keys.append(part)
    return keys


def _gaps(line: _Line, keys: Sequence[str], advice: str) -> Iterator[Hit]:
    blank = [key for key in keys if line.value(key) is None]
    if not blank:
        return
    which = "" if len(keys) == 1 else "：" + "、".join(line.label(key) for key in blank)
    yield Hit(tuple(line.address(key) for key in blank), f"没有填{which}。{advice}", actual=_BLANK)


# ---- 与另一列比 -----------------------------------------------------------------------------


def change_within(scope: Context, check: Check) -> Iterator[Hit]:
    """B04 B08 B09：每一行的 ``value`` 列与 ``bases`` 各列比，增减在限度以内；一行只报一处。

    每个 base：``column``；``up``、``down`` 最多增、减多少（比例，不写不限）；
    ``new`` 为真时，那一列是 0 的不比（上年没有的新增项目，变动率不适用）。
    """
    assert isinstance(scope, ScopeFacts)
    column, advice = check.parameters["value"], check.parameters["advice"]
    for line in _lines(scope, check.parameters):
        now = line.number(column)
        if now is None:
            continue
        changes = [got for base in check.parameters["bases"] if (got := _change(line, now, column, base))]
        if changes:
            cells = dict.fromkeys((line.address(column), *(change.cell for change in changes)))
            yield Hit(
                tuple(cells),
                "；".join(change.words for change in changes) + f"。{advice}",
                "；".join(change.expected for change in changes),
                "；".join(change.actual for change in changes),
            )


@dataclass(frozen=True, slots=True)
class _Change:
    """超出限度的一处变动。"""

    cell: str
    words: str
    expected: str
    actual: str


def _change(line: _Line, now: Number, column: str, base: Mapping[str, Any]) -> _Change | None:
    before = line.number(base["column"])
    if before is None or (not before and base.get("new")):
        return None
    grown = Fraction(now) - Fraction(before)
    limit = base.get("up" if grown > 0 else "down")
    # 基数可能是负的（冲减），限度按绝对值算
    if limit is None or abs(grown) <= abs(Fraction(before)) * Fraction(limit):
        return None
    was, word = plain(before, _DIGITS), base["column"]
    start = f"{column} {plain(now, _DIGITS)} 比{word} {was}"
    more, cell = "多" if grown > 0 else "少", line.address(base["column"])
    if not before or not Fraction(limit):
        sign = "≤" if grown > 0 else "≥"
        return _Change(
            cell, f"{start} {more} {plain(abs(grown), _DIGITS)}", f"{sign} {was}", plain(now, _DIGITS)
        )
    rate, allowed = plain(grown / abs(Fraction(before)) * 100, 2), plain(Fraction(limit) * 100, 2)
    words = f"{start} {more} {rate.lstrip('-')}%，超过 {allowed}%"
    return _Change(cell, words, f"与{word}相差不超过 {allowed}%", f"{rate}%")


# ---- 其中各项与合计 -------------------------------------------------------------------------


def parts_within_whole(scope: Context, check: Check) -> Iterator[Hit]:
    """B07：“其中”各项之和不大于合计（错误）；没有列明的部分不超过 ``rest``（提醒）。

    各列一起看，一种问题只报一处；``columns`` 里写在前面的是主格。
    """
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    over: list[str] = []
    loose: list[str] = []
    for column in given["columns"]:
        whole, parts = _Line(scope, given["whole"] + ".").number(column), _sum(scope, given["parts"], column)
        if whole is None or parts is None:
            continue
        if parts > Fraction(whole) + Fraction(given["tolerance"]):
            over.append(column)
        elif whole > 0 and Fraction(whole) - parts > Fraction(whole) * Fraction(given["rest"]):
            loose.append(column)
    if over:
        yield _parts_hit(scope, given, over, ERROR)
    if loose:
        yield _parts_hit(scope, given, loose, WARNING)


def _sum(scope: ScopeFacts, parts: Sequence[str], column: str) -> Fraction | None:
    known = [got for part in parts if (got := _Line(scope, part + ".").number(column)) is not None]
    return sum((Fraction(got) for got in known), Fraction(0)) if known else None


def _parts_hit(scope: ScopeFacts, given: Mapping[str, Any], columns: list[str], level: str) -> Hit:
    """主格是合计的第一个有问题的列，后面是其余各列和其中各项。"""
    name, first = given["whole"], columns[0]
    records = [name, *given["parts"]]
    cells = tuple(scope.address(f"{record}.{column}") for column in columns for record in records)
    whole = _Line(scope, name + ".").number(first)
    parts = _sum(scope, given["parts"], first)
    assert whole is not None and parts is not None
    shown, total = plain(whole, _DIGITS), plain(parts, _DIGITS)
    others = f"（{'、'.join(columns[1:])}也是这样）" if columns[1:] else ""
    if level == ERROR:
        message = f"{first}：其中各项合计 {total}，大于{name} {shown}{others}。请核对哪一项填错。"
        return Hit(cells, message, f"≥ {total}", shown, level)
    rest = Fraction(whole) - parts
    rate, allowed = plain(rest / Fraction(whole) * 100, 2), plain(Fraction(given["rest"]) * 100, 2)
    message = (
        f"{first}：{name} {shown}，其中列明的只有 {total}，还有 {plain(rest, _DIGITS)}（{rate}%）没有列明，"
        f"超过 {allowed}%{others}。请核对是否漏填其中各项；属实的，说明用在哪里。"
    )
    return Hit(cells, message, f"没有列明的 ≤ {allowed}%", f"{rate}%", level)
