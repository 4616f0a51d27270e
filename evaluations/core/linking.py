"""报告里的数与表上的数连起来：哪一句的数说的是哪一格，两边是不是一样。

说得清的才判断（``sure``）：小句里正好是方案写的说法，同一句没有预算、上年之类的话，全文只有这一处；
说不清的，与表上的数相同就算对上，不相同就是“没有对上”，不算错。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .facts import Facts, RowFacts, ScopeFacts
from .measures import read_number
from .narrative import Figure, Reading, normalized, read_text
from .prescribed import NAME
from .schema import Field
from .values import YUAN_PER_UNIT, Value, is_number, plain

LINKS = "links"
"""核对的参数里有它的那一条（N03）说明各个说法指哪一格。"""
INDICATORS = "指标"
SAME, DIFFERENT, LOOSE = "same", "different", "loose"
_LEAD = re.compile(r"\A(?:其中|年末|截至|[我本]?(?:单位|中心)|[我本](?:部门?|[局校院馆])|实际|共|[:\s])+")
_TAIL = re.compile(r"(?:总?金额|为|是|有|达到?|约|数量|[:\s])+\Z")
_NAME_TAIL = re.compile(r"(?:数量|数|\(.*\))+\Z")
_OTHER_TIME = re.compile(r"上年|去年|上一年|同期|年初|上半年|季度|预计|计划|拟")
_YEAR_WORDS = re.compile(r"(?:19|20)\d{2}\s*年度?")
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年")
_SHORTEST_NAME = 4
_AROUND = 30
_STOP = re.compile(r"[，,;。]")


@dataclass(frozen=True, slots=True)
class Linked:
    """报告里的一个数，和它对上的格（没有对上为空）。``state`` 是 same、different、loose。"""

    text: str
    label: str
    figure: Figure
    sentence: str
    before: str
    after: str
    cell: str = ""
    cell_label: str = ""
    stated: str = ""
    on_table: str = ""
    gap: str = ""
    unit: str = ""
    state: str = LOOSE
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """一个数可能说的一格：值已换成文字里的口径（元、件、百分数）。"""

    cell: str
    label: str
    value: Fraction
    unit: str
    sure: bool
    cause: str = ""


def link_rules(facts: Facts) -> Mapping[str, Any]:
    """方案里各个说法指哪一格；没有这样的核对为空。"""
    return next((check.parameters for check in facts.pack.checks if LINKS in check.parameters), {})


def numbers_of(facts: Facts) -> list[Linked]:
    """报告里的每一个数，按先后：对上了哪一格，两边各是多少。"""
    given = link_rules(facts)
    return list(linked(facts.root, given, list(_measures(facts)))) if given else []


def linked(
    scope: ScopeFacts, given: Mapping[str, Any], measures: Sequence[tuple[str, Target]] = ()
) -> Iterator[Linked]:
    """``given`` 的 ``texts`` 各段里的数，连到 ``links``、``child_links`` 说的各格，和 ``measures`` 各项指标。"""
    made: list[tuple[str, Reading, Figure, list[Target]]] = []
    names = _names(scope.facts)
    for key in given["texts"]:
        reading = read_text(scope.shown(key))
        for figure in reading.figures:
            made.append((key, reading, figure, _targets(scope, given, reading, figure, names, measures)))
    counts: dict[str, list[bool]] = {}
    for _, _, figure, targets in made:
        for target in (one for one in targets if one.sure):
            counts.setdefault(target.cell, []).append(_agrees(figure, target))
    for key, reading, figure, targets in made:
        yield _settle(scope, key, reading, figure, targets, counts)


def _settle(
    scope: ScopeFacts, key: str, reading: Reading, figure: Figure, targets: Sequence[Target], counts: Mapping[str, list[bool]]
) -> Linked:  # fmt: skip
    plain_one = Linked(
        key, scope.fields[key].full_label, figure, reading.sentence(figure.sentence),
        _lead_in(reading.before(figure)), _rest(reading.rest(figure)),
    )  # fmt: skip
    found = next((one for one in targets if _agrees(figure, one)), None)
    # 同一格说了几次、都不同的，不知道哪一处说的是它
    found = found or next((one for one in targets if one.sure and counts[one.cell] == [False]), None)
    if found is None:
        return plain_one
    unit = str(scope.constant("money_unit")) if found.unit == "元" else found.unit
    per, digits = Fraction(YUAN_PER_UNIT.get(unit, 1)), 2 if unit == "%" else 6
    return replace(
        plain_one, cell=found.cell, cell_label=found.label, stated=plain(figure.value / per, digits),
        on_table=plain(found.value / per, digits), gap=plain(abs(figure.value - found.value) / per, digits), unit=unit,
        state=SAME if _agrees(figure, found) else DIFFERENT, cause=found.cause,
    )  # fmt: skip


def _lead_in(text: str) -> str:
    """数前面的几个小句；长的从一个小句的开头起。"""
    if len(text) <= _AROUND:
        return text.lstrip()
    cut = _STOP.search(text, len(text) - _AROUND)
    return "…" + text[cut.end() if cut else len(text) - _AROUND :]


def _rest(text: str) -> str:
    """数后面的几个小句；长的到一个小句的末尾为止。"""
    stops = [match.end() for match in _STOP.finditer(text, 0, _AROUND)]
    return text.rstrip() if len(text) <= _AROUND else text[: stops[-1] if stops else _AROUND].rstrip() + "…"


def _agrees(figure: Figure, target: Target) -> bool:
    """写到几位就按几位比；概数按它的最后一位。"""
    slack = figure.step if figure.about else figure.step / 2 if figure.step < 1 or figure.scaled else 0
    return abs(figure.value - target.value) <= slack


# ---- 一个数可能说的各格 ---------------------------------------------------------------------


def _targets(
    scope: ScopeFacts, given: Mapping[str, Any], reading: Reading, figure: Figure,
    names: Sequence[tuple[str, ScopeFacts]], measures: Sequence[tuple[str, Target]],
) -> list[Target]:  # fmt: skip
    label = bare(figure.label.removeprefix(_own_name(scope)))
    child, rest = _named_child(names, reading, figure)
    if child is not None:
        return list(
            _cells(
                child,
                given.get("child_links", ()),
                bare(rest),
                figure,
                sure=_plain_talk(scope, reading, figure, "季度"),
            )
        )
    sure = _plain_talk(scope, reading, figure, "预算")
    found = list(_cells(scope, given[LINKS], label, figure, sure=sure))
    found += _cells(scope, given.get("shown_links", ()), label, figure, sure=False)
    found += _cells(scope, given.get("child_links", ()), label, figure, sure=False)
    return found + [
        one for name, one in measures if one.unit == figure.unit and _about_measure(name, label, figure)
    ]


def _own_name(scope: ScopeFacts) -> str:
    """本单位的名称：“某某中心编制 4 名”说的是编制。"""
    name = scope.facts.root.inputs.get(NAME)
    return normalized(name).strip() if isinstance(name, str) else ""


def bare(label: str) -> str:
    """小句里的说法去掉头尾的虚字：“其中：我单位公务接待费为” → “公务接待费”。"""
    plain_label = _YEAR_WORDS.sub("", label).replace("“", "").replace("”", "").replace('"', "").strip()
    return _TAIL.sub("", _LEAD.sub("", plain_label))


def _plain_talk(scope: ScopeFacts, reading: Reading, figure: Figure, *words: str) -> bool:
    """这一句说的就是本年的实际数：前面没有预算、上年、比较，也不是概数。"""
    before = reading.before(figure)
    year = str(scope.constant("year"))
    return (
        not figure.about
        and not figure.compared
        and not any(word in before for word in words)
        and not _OTHER_TIME.search(before)
        and all(found == year for found in _YEAR.findall(before))
    )


def _cells(
    scope: ScopeFacts, links: Sequence[Mapping[str, Any]], label: str, figure: Figure, *, sure: bool
) -> Iterator[Target]:
    for link in links:
        if label not in link["words"] or link["field"] not in scope.fields:
            continue
        item, value = scope.fields[link["field"]], scope.value(link["field"])
        if is_number(value) and _unit_fits(item, figure, link.get("unit", item.unit)):
            amount, unit = _as_spoken(scope, item, value)
            name = f"{_child_name(scope)}{item.full_label}"
            yield Target(scope.address(link["field"]), name, amount, unit, sure, link.get("cause", ""))


def _unit_fits(item: Field, figure: Figure, unit: str) -> bool:
    if item.kind == "money":
        return figure.is_money
    return figure.unit == ("%" if item.kind == "percent" else unit)


def _as_spoken(scope: ScopeFacts, item: Field, value: Value) -> tuple[Fraction, str]:
    assert is_number(value)
    if item.kind == "money":
        return Fraction(value) * Fraction(YUAN_PER_UNIT[str(scope.constant("money_unit"))]), "元"
    if item.kind == "percent":
        return Fraction(value) * 100, "%"
    return Fraction(value), item.unit


def _child_name(scope: ScopeFacts) -> str:
    name = scope.value(scope.scope.match) if scope.scope.match else None
    return f"{name}·" if isinstance(name, str) else ""


def _names(facts: Facts) -> list[tuple[str, ScopeFacts]]:
    """各项目的名称（统一写法）；太短的认不准，不要。"""
    children = [child for group in facts.children.values() for child in group]
    named = [(child.value(child.scope.match) if child.scope.match else None, child) for child in children]
    found = [(normalized(name).strip(), child) for name, child in named if isinstance(name, str)]
    return [(name, child) for name, child in found if len(name) >= _SHORTEST_NAME]


def _named_child(
    names: Sequence[tuple[str, ScopeFacts]], reading: Reading, figure: Figure
) -> tuple[ScopeFacts | None, str]:
    """这一句里，数前面最后提到的项目，和提到它以后到数为止的说法；没有提到为 None。"""
    before = reading.before(figure)
    ends = [(at + len(name), child) for name, child in names if (at := before.rfind(name)) >= 0]
    if not ends:
        return None, ""
    end, child = max(ends, key=lambda one: one[0])
    return child, figure.label if len(figure.label) <= len(before) - end else before[end:]


# ---- 指标的实际完成值 -----------------------------------------------------------------------


def measured(row: RowFacts) -> Figure | None:
    """一行指标的实际完成值，连计量单位读成数；读不成为 None。"""
    actual, unit = row.value("实际完成值"), row.value("计量单位")
    return _one_figure(actual, unit if isinstance(unit, str) else "") if isinstance(actual, str) else None


@lru_cache(maxsize=4096)
def _one_figure(actual: str, unit: str) -> Figure | None:
    number = read_number(actual, unit)
    if number is None:
        return None
    figures = read_text.__wrapped__(f"{number:f}{unit}" if unit else actual).figures
    return figures[0] if len(figures) == 1 else None


def indicator_name(row: RowFacts) -> str:
    """三级指标的名称，去掉括号里的说明和“数量”。"""
    name = row.value("三级指标")
    return _short_name(name) if isinstance(name, str) else ""


@lru_cache(maxsize=4096)
def _short_name(name: str) -> str:
    return bare(_NAME_TAIL.sub("", normalized(name).strip()))


def _measures(facts: Facts) -> Iterator[tuple[str, Target]]:
    for scope in facts.scopes():
        for row in scope.lists.get(INDICATORS, ()):
            figure = measured(row)
            name = indicator_name(row)
            if figure is not None and len(name) >= 2:
                label = f"{_child_name(scope)}{row.value('三级指标')}"
                yield name, Target(row.address("实际完成值"), label, figure.value, figure.unit, False)


def _about_measure(name: str, label: str, figure: Figure) -> bool:
    """数前后的字与指标名称说的是一回事：一个包含另一个，或有三个字相同。"""
    around = label or figure.after
    if not around or figure.compared:
        return False
    if len(around) >= 2 and (around in name or name in around or name in figure.label):
        return True
    return any(around[n : n + 3] in name for n in range(len(around) - 2)) or (
        len(figure.after) >= 2 and figure.after[:4] in name
    )
