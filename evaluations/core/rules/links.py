"""报告里的数与表上的数（N03），一个数在两处的写法（X06），成本指标与执行数（X10）。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import RowFacts, ScopeFacts
from ..linking import DIFFERENT, INDICATORS, bare, indicator_name, linked, measured
from ..measures import read_measure, read_number
from ..narrative import Figure, read_text
from ..values import YUAN_PER_UNIT, is_number, plain, shorten

if TYPE_CHECKING:
    from ..checks import Check

_NOUN = re.compile(r"[^\W\d_]{2}")
_COUNTED = re.compile(r"\d\s*[^\W\d_%]")
_CHANGED = re.compile(r"新|增|减|改|换|升级|抽|每|各|其中|部分|建设|重点|示范|另|补")
_TOTAL_COST = re.compile(r"支出控制|成本控制|总成本|总支出|项目成本|预算控制|控制额|预算内")


def figures_equal_tables(scope: Context, check: Check) -> Iterator[Hit]:
    """N03：报告里说得清的数，与表上那一格相同；一格只报一处。说法与格的对应见参数。"""
    assert isinstance(scope, ScopeFacts)
    told: set[str] = set()
    for one in linked(scope, check.parameters):
        if one.state != DIFFERENT or one.cell in told:
            continue
        told.add(one.cell)
        message = (
            f"自评报告“{one.label}”写“{shorten(one.sentence, 40)}”，说的是 {one.stated}{one.unit}；"
            f"表上“{one.cell_label}”是 {one.on_table}{one.unit}，相差 {one.gap}{one.unit}。请核对，把写错的一处改成一致。"
        )
        causes = (one.cause,) if one.cause else ()
        yield Hit((one.cell, scope.address(one.text)), message, one.stated, one.on_table, because_of=causes)


# ---- 一个数在两处 ---------------------------------------------------------------------------


def repeated_figures_agree(scope: Context, check: Check) -> Iterator[Hit]:
    """X06：部门表与项目表说同一件事的数相同：指标名称里的“37 个窗口”，同名同目标的指标的完成值；一件事报一处。"""
    assert isinstance(scope, ScopeFacts)
    children = [child for children in scope.facts.children.values() for child in children]
    own = list(scope.lists[INDICATORS])
    others = [row for child in children for row in child.lists[INDICATORS]]
    found = [
        *_same_nouns(own, others),
        *_same_names(own, others),
        *_told_in_texts(scope, check, [*own, *others]),
    ]
    yield from {hit.cells[0]: hit for hit in reversed(found)}.values()


def _same_nouns(own: list[RowFacts], others: list[RowFacts]) -> Iterator[Hit]:
    mine, theirs = _nouns(own), _nouns(others)
    for thing in mine.keys() & theirs.keys():
        values = {figure.value for _, figure in [*mine[thing], *theirs[thing]]}
        if len(mine[thing]) != 1 or len(values) != 2 or len({f.value for _, f in theirs[thing]}) != 1:
            continue
        (row, figure), (other, again) = mine[thing][0], theirs[thing][0]
        message = (
            f"这里写“{figure.words}{thing[1]}”，项目表写“{again.words}{thing[1]}”。同一个数请写成一致；"
            "说的是两件事的，写清各是什么。"
        )
        yield Hit(
            (row.address("三级指标"), other.address("三级指标")),
            message,
            plain(again.value, 6),
            plain(figure.value, 6),
        )


def _nouns(rows: list[RowFacts]) -> dict[tuple[str, str], list[tuple[RowFacts, Figure]]]:
    """指标名称里的“数＋单位＋名词”；新增、改造、抽查一类的是另一个数，不算。"""
    found: dict[tuple[str, str], list[tuple[RowFacts, Figure]]] = {}
    for row in rows:
        name = row.value("三级指标")
        for figure in read_text(name).figures if isinstance(name, str) and _COUNTED.search(name) else ():
            noun = _NOUN.match(figure.after)
            counted = figure.unit not in ("%", "元", "") and not figure.about and not figure.compared
            if noun and counted and not _CHANGED.search(figure.label):
                found.setdefault((figure.unit, noun.group(0)), []).append((row, figure))
    return found


def _same_names(own: list[RowFacts], others: list[RowFacts]) -> Iterator[Hit]:
    named: dict[str, list[RowFacts]] = {}
    for row in others:
        if name := indicator_name(row):
            named.setdefault(name, []).append(row)
    for row in own:
        name = indicator_name(row)
        twins = [twin for twin in named.get(name, ()) if twin.value("三级指标") == row.value("三级指标")]
        mine = measured(row) if twins else None
        for twin in twins:
            theirs = measured(twin)
            if mine is None or theirs is None or twin.value("年度指标值") != row.value("年度指标值"):
                continue
            if (theirs.unit, theirs.value) != (mine.unit, mine.value):
                shown, other = (str(one.value("实际完成值")) for one in (row, twin))
                message = (
                    f"“{shorten(name)}”的实际完成值，部门表是 {shown}，项目表是 {other}，目标相同。"
                    "请核对，写成一致；口径不同的，在名称里写清。"
                )
                yield Hit((row.address("实际完成值"), twin.address("实际完成值")), message, other, shown)
                break


def _told_in_texts(scope: ScopeFacts, check: Check, rows: list[RowFacts]) -> Iterator[Hit]:
    """报告里正好用指标的名称说的数，与完成值相同；全文只说一次的才判断。"""
    told: dict[str, list[tuple[str, Figure]]] = {}
    for key in check.parameters["texts"]:
        for figure in read_text(scope.shown(key)).figures:
            label = bare(figure.label)
            if len(label) >= 4 and not figure.about and not figure.compared:
                told.setdefault(label, []).append((key, figure))
    names: dict[str, list[tuple[RowFacts, Figure]]] = {}
    for row in rows if told else ():
        if (name := indicator_name(row)) in told and (measure := measured(row)) is not None:
            names.setdefault(name, []).append((row, measure))
    for name in names:
        said = told[name]
        values = {(f.unit, f.value) for _, f in names[name]}
        key, figure = said[0]
        if len(said) == 1 and len(values) == 1 and figure.unit == names[name][0][1].unit:
            row, actual = names[name][0]
            if (figure.unit, figure.value) not in values:
                message = (
                    f"实际完成值是 {actual.words}，“{scope.fields[key].full_label}”里写的是“{name}{figure.words}”。"
                    "请核对，写成一致。"
                )
                cells = (row.address("实际完成值"), scope.address(key))
                yield Hit(cells, message, figure.words, actual.words)


# ---- 成本 -----------------------------------------------------------------------------------


def cost_equals_executed(scope: Context, check: Check) -> Iterator[Hit]:
    """X10：以全部预算为目标的成本指标，完成值等于全年执行数；“数量×单价”正好是预算的，完成的乘起来等于执行数。"""
    assert isinstance(scope, ScopeFacts)
    budget, executed = (
        _yuan(scope, key) for key in (check.parameters["budget"], check.parameters["executed"])
    )
    if budget is None or executed is None or not budget:
        return
    for row in scope.lists[INDICATORS]:
        if "成本" not in str(row.value("二级指标") or ""):
            continue
        target, actual = (_amounts(row, key) for key in ("年度指标值", "实际完成值"))
        if target is None or actual is None:
            continue
        total = _total(scope, row, target, actual, budget)
        if total is None or abs(total - executed) <= _slack(scope, check.parameters):
            continue
        per = Fraction(YUAN_PER_UNIT[str(scope.constant("money_unit"))])
        said, right = plain(total / per, 6), plain(executed / per, 6)
        unit = scope.constant("money_unit")
        message = (
            f"目标是全部预算，实际完成值合 {said} {unit}，全年执行数是 {right} {unit}，相差 {plain(abs(total - executed) / per, 6)} {unit}。"
            "请核对；口径不同的，说明这里算的是哪一部分。"
        )
        yield Hit(
            (row.address("实际完成值"), scope.address(check.parameters["executed"])), message, right, said
        )


def _yuan(scope: ScopeFacts, key: str) -> Fraction | None:
    value = scope.value(key)
    unit = str(scope.constant("money_unit"))
    return Fraction(value) * Fraction(YUAN_PER_UNIT[unit]) if is_number(value) else None


def _slack(scope: ScopeFacts, given: Mapping[str, str]) -> Fraction:
    return Fraction(given["tolerance"]) * Fraction(YUAN_PER_UNIT[str(scope.constant("money_unit"))])


def _amounts(row: RowFacts, key: str) -> tuple[Fraction, str] | None:
    """成本行的一格：多少元，每什么（“/件”，没有为空）。"""
    unit, text = str(row.value("计量单位") or ""), row.value(key)
    measure = read_measure(text, str(row.value("性质") or ""))
    number = measure.number if measure else read_number(text, unit)
    unit = unit or (measure.unit if measure else "")
    money, _, per = unit.partition("/")
    scale = {**YUAN_PER_UNIT, "亿元": Decimal(100_000_000)}.get(money)
    return (Fraction(number) * Fraction(scale), per) if number is not None and scale else None


def _total(
    scope: ScopeFacts, row: RowFacts, target: tuple[Fraction, str], actual: tuple[Fraction, str], budget: Fraction
) -> Fraction | None:  # fmt: skip
    """这一行说的全部成本（元）；说的不是全部的为 None。"""
    if not target[1]:
        whole = target[0] == budget and _TOTAL_COST.search(str(row.value("三级指标") or ""))
        return actual[0] if whole else None
    counted = [
        one for one in scope.lists[INDICATORS]
        if "数量" in str(one.value("二级指标") or "") and one.value("计量单位") == target[1]
    ]  # fmt: skip
    if len(counted) != 1:
        return None
    planned, done = (read_number(counted[0].value(key), target[1]) for key in ("年度指标值", "实际完成值"))
    if planned is None or done is None or Fraction(planned) * target[0] != budget:
        return None
    return Fraction(done) * actual[0]
