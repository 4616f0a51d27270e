"""一个计算值、一个得分为什么是这个数：各步（文字和数）、用没用上的规定、所用的格、依据。

屏幕上的“为什么”、``evaluate`` 和 PDF 的附页都用这一份话。
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .checks import describe
from .expressions import Expression, show
from .facts import Facts, RowFacts, ScopeFacts
from .nodes import Figures
from .schema import Field
from .scoring import ScoreRule, suggested_key
from .telling import RULES, Step, exactly
from .values import ROUNDED_KINDS, NotApplicable, Value, is_number, round_half_up

MAX_LINKS = 60


@dataclass(frozen=True, slots=True)
class Link:
    """用到的一格：地址、叫什么、现在的值（没填为“未填”）。"""

    address: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """一格的来历。``rule`` 是计分办法（公式算的为空）；``basis`` 是文号、条款。"""

    address: str
    label: str
    shown: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    rule: str = ""
    basis: str = ""
    suggested: bool = False

    @property
    def title(self) -> str:
        """问题的说法：填报的数、算出的数、建议得分各有一句。"""
        if self.suggested:
            return f"为什么建议 {self.shown}" if self.shown != "空" else "怎么给分"
        return f"为什么是 {self.shown}"


def explanation(facts: Facts, address: str) -> Explanation:
    """一格为什么是现在的值；问填报的得分时，说的是它的建议得分。没有这一格抛 ``AddressProblem``。"""
    node, key = facts.locate(address)
    key = suggested_key(node.rules, key) or key
    item, rule = node.fields[key], node.rules.get(key)
    label, shown = _label(node, key), show(node.value(key), item)
    if rule is None:
        return Explanation(node.address(key), label, shown, (Step("填报的数，不是算出来的", shown),))
    links = tuple(_links(node, key))
    basis = _basis(facts, item.source, isinstance(rule, ScoreRule))
    if isinstance(rule, ScoreRule):
        score = rule.score(node)
        told = score.tell()
        steps = told.steps or (Step(told.why),)
        return Explanation(
            node.address(key), label, shown, steps, told.notes, links, RULES.get(score.method, ""), basis,
            suggested="list" not in rule.keys and "score" in rule.keys,
        )  # fmt: skip
    assert isinstance(rule, Expression)
    steps, notes = _computed(node, rule, item, node.value(key))
    return Explanation(node.address(key), label, shown, steps, notes, links, basis=basis)


def score_addresses(facts: Facts) -> Iterator[str]:
    """全部得分的地址，按范围：执行率得分、各指标的建议得分、总分。"""
    for scope in facts.scopes():
        own = [(key, rule) for key, rule in scope.rules.items() if isinstance(rule, ScoreRule)]
        yield from (scope.address(key) for key, rule in own if "list" not in rule.keys)
        for rows in scope.lists.values():
            for row in rows:
                yield from (
                    row.address(key) for key, rule in row.rules.items() if isinstance(rule, ScoreRule)
                )
        yield from (scope.address(key) for key, rule in own if "list" in rule.keys)


def _label(node: ScopeFacts | RowFacts, key: str) -> str:
    scope = node.owner if isinstance(node, RowFacts) else node
    return describe(scope, node.address(key))


# ---- 公式 -----------------------------------------------------------------------------------


def _computed(
    node: ScopeFacts | RowFacts, rule: Expression, item: Field, value: Value
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """公式算的：公式、代入的数、舍入；空着和不适用的说为什么。"""
    result = show(value, item)
    exact = rule.value(node)
    rounds = item.kind in ROUNDED_KINDS and is_number(exact) and round_half_up(exact, item.digits) != exact
    middle = exactly(exact) if is_number(exact) and (rounds or item.kind == "percent") else result
    middle = str(exact) if isinstance(exact, NotApplicable) else middle
    numbers = rule.explain(Figures(node))
    steps = [
        Step(f"{item.label} ＝ {rule.explain()}", numbers if numbers == middle else f"{numbers} ＝ {middle}")
    ]
    if rounds:
        steps.append(Step(f"四舍五入，保留 {item.digits} 位小数", result))
    elif item.kind == "percent" and is_number(exact):
        steps.append(Step(f"印成百分数，保留 {item.digits} 位小数；再参加计算时用没有舍入的数", result))
    read = [source.value(used) for source, used in rule.reads(node) if used]
    complete = bool(read) and None not in read
    return tuple(steps), tuple(_notes(value, item, rounds, complete))


def _notes(value: Value, item: Field, rounds: bool, complete: bool) -> Iterator[str]:
    if value is None:
        yield "按公式，这种情况没有结果。" if complete else "要用的数没有填全，还算不出来。"
    elif isinstance(value, NotApplicable):
        yield f"不适用：{value.reason}。" if value.reason else "要用的数里有“不适用”，结果也不适用。"
        if item.format(value) != str(value):
            yield f"不适用的，这一格印“{item.format(value)}”。"
    elif item.kind in ROUNDED_KINDS and not rounds:
        yield f"结果不超过 {item.digits} 位小数，没有舍入。" if item.digits else "结果是整数，没有舍入。"


# ---- 所用的格、依据 -------------------------------------------------------------------------


def _links(node: ScopeFacts | RowFacts, key: str) -> Iterator[Link]:
    """所用的格：不在任何表上又空着的（如没填的性质）不列。"""
    rule = node.rules[key]
    unused = _unused(rule) if isinstance(rule, ScoreRule) else set()
    seen: set[str] = set()
    for source, used in rule.reads(node):
        if not isinstance(source, ScopeFacts | RowFacts) or used not in source.fields or used in unused:
            continue
        address, value = source.address(used), source.value(used)
        if address in seen or len(seen) >= MAX_LINKS or (value is None and not _home(source, used)):
            continue
        seen.add(address)
        yield Link(
            address, _label(source, used), "未填" if value is None else show(value, source.fields[used])
        )


def _unused(rule: ScoreRule) -> set[str]:
    """计分办法读了、但按方案的参数没有用上的格。"""
    keys, parameters = rule.keys, rule.parameters
    if "list" in keys:
        return {
            *([] if parameters.rescale else [keys["weight"]]),
            *([] if parameters.caps else [keys["rate"]]),
        }
    return {
        keys[name]
        for name in ("score", "name")
        if name in keys and (name == "score" or not parameters.deductions)
    }


def _home(node: ScopeFacts | RowFacts, key: str) -> str:
    path = f"{node.key}.{key}" if isinstance(node, RowFacts) else key
    return node.facts.pack.home_of(node.owner_scope(), path)


def _basis(facts: Facts, source: str, scored: bool) -> str:
    """字段写明的文号、条款；得分没有写明的，是方案的依据文件。文号写全文件名。"""
    documents = facts.pack.basis
    if source:
        return next((document for document in documents if document.startswith(source)), source)
    return "；".join(documents) if scored else ""
