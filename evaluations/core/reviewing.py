"""审核得分：各级审核人在自评得分旁边给的分。最后的分 = 财政局的，没有给就是主管部门的，再没有就是自评的。

总分、封顶、等次由方案自己的公式和计分方法算（``scoring.total``），这里只把得分换成最后的分，不另算一遍。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from .facts import Facts, Package, RowFacts, RowInput, ScopeFacts, ScopeInput
from .schema import Field
from .scoring import POINT_DIGITS, ScoreRule
from .values import Number, Value, is_number, plain, round_half_up
from .workflow import OFFICE_STATES, State
from .working import GROUP_COLUMNS

SHORTEST_OPINION = 5
GRADE = "等次"


@dataclass(frozen=True, slots=True)
class Given:
    """一级审核人对一行给的分（没有给为 None）和意见。"""

    score: Decimal | None = None
    opinion: str = ""


GivenScores = Mapping[tuple[str, str], Given]
"""（哪一级，哪一行的地址）→ 给的分和意见。"""


@dataclass(frozen=True, slots=True)
class Line:
    """评审得分表的一行，都是印出来的字。``address`` 空的是预算执行率，由系统计算，不给审核分。"""

    address: str
    cell: str
    group: str
    name: str
    weight: str
    own: str
    final: str
    gap: str = ""
    percent: str = ""
    far: bool = False
    scores: Mapping[str, str] = field(default_factory=dict)
    opinions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """一张自评表（部门的，或一个项目的）：各行，自评总分、最后总分（封顶以后）、等次、差多少。"""

    prefix: str
    name: str
    own: str
    final: str
    why: str
    own_grade: str
    grade: str
    gap: str
    percent: str
    far: bool
    lines: tuple[Line, ...]

    def dumped(self) -> dict[str, Any]:
        """存进事件的样子。"""
        return asdict(self)


def load_part(data: Mapping[str, Any]) -> Part:
    """``Part.dumped`` 的逆。"""
    return Part(**{**data, "lines": tuple(Line(**line) for line in data["lines"])})


@dataclass(frozen=True, slots=True)
class Scored:
    """一个范围的总分怎么来：总分的键，计分方法。"""

    scope: ScopeFacts
    key: str
    rule: ScoreRule

    @property
    def rows(self) -> list[RowFacts]:
        return self.scope.lists[self.rule.keys["list"]]

    def column(self, row: RowFacts, name: str) -> tuple[Field, Value]:
        """一行的分值或得分：字段和值。"""
        key = self.rule.keys[name]
        return row.fields[key], row.value(key)

    def title(self, row: RowFacts) -> str:
        match = self.scope.scope.lists[row.key].match
        return str(row.value(match) or "") if match else ""


def scored(facts: Facts) -> Iterator[Scored]:
    """有总分的各个范围：部门在前，项目按次序。"""
    for scope in facts.scopes():
        for key, rule in scope.rules.items():
            if isinstance(rule, ScoreRule) and rule.method == "总分":
                yield Scored(scope, key, rule)


def scorable(facts: Facts, address: str) -> tuple[Scored, RowFacts] | None:
    """地址所指的、可以给审核分的一行；没有为 None。"""
    found = ((one, row) for one in scored(facts) for row in one.rows)
    return next(((one, row) for one, row in found if row.address("") == address), None)


def final_score(address: str, own: Value, given: GivenScores) -> Value:
    """最后的分：后一级的优先，都没有给是自评的。"""
    for level in reversed(OFFICE_STATES):
        score = given.get((level, address), Given()).score
        if score is not None:
            return score
    return own


def needs_reason(own: Value, given: Given) -> bool:
    """给的分与自评不同，理由还没有写够。"""
    return given.score is not None and given.score != own and len(given.opinion) < SHORTEST_OPINION


def reviewed(facts: Facts, given: GivenScores) -> Facts:
    """把得分换成最后的分以后的事实：总分、等次由它自己算。"""
    columns = {row.address(""): (row, one.rule.keys["score"]) for one in scored(facts) for row in one.rows}
    changed = {
        address: {key: final_score(address, row.value(key), given)} for address, (row, key) in columns.items()
    }

    def put(scope: ScopeFacts) -> ScopeInput:
        rows = {
            key: [RowInput(row.id, row.inputs | changed.get(row.address(""), {})) for row in made]
            for key, made in scope.lists.items()
        }
        return ScopeInput(scope.id, scope.inputs, rows, scope.printed)

    children = {name: [put(child) for child in found] for name, found in facts.children.items()}
    return Facts(facts.pack, Package(put(facts.root), children), prior=facts.prior)


def parts_of(facts: Facts, given: GivenScores) -> list[Part]:
    """评审得分表：每张有总分的表一份。"""
    after = {(one.scope.prefix, one.key): one for one in scored(reviewed(facts, given))}
    return [_part(one, after[one.scope.prefix, one.key], given) for one in scored(facts)]


def _part(before: Scored, after: Scored, given: GivenScores) -> Part:
    scope, key = before.scope, before.key
    own, final = scope.value(key), after.scope.value(key)
    gap, percent, far = deviation(own, final, before.rule.parameters.review_deviation)
    own_grade, grade = (one.scope.shown(GRADE) if GRADE in scope.fields else "" for one in (before, after))
    name = str(scope.value(scope.scope.match) or "未命名项目") if scope.scope.name else ""
    lines = (*_execution(before), *(_line(before, row, given) for row in before.rows))
    why = after.rule.score(after.scope).why
    return Part(
        scope.prefix, name, scope.shown(key), after.scope.shown(key), why, own_grade, grade, gap, percent, far, lines
    )  # fmt: skip


def _execution(one: Scored) -> Iterator[Line]:
    """预算执行率一行：系统计算，审核人不改。"""
    scope, key = one.scope, one.rule.keys["execution"]
    rule = scope.rules.get(key)
    weight = scope.shown(rule.keys["weight"]) if isinstance(rule, ScoreRule) else ""
    shown = scope.shown(key)
    yield Line("", scope.address(key), "预算执行", "预算执行率（系统计算）", weight, shown, shown)


def _line(one: Scored, row: RowFacts, given: GivenScores) -> Line:
    address = row.address("")
    item, own = one.column(row, "score")
    weight_item, weight = one.column(row, "weight")
    final = final_score(address, own, given)
    gap, percent, far = deviation(own, final, one.rule.parameters.review_deviation)
    here = {level: given[level, address] for level in OFFICE_STATES if (level, address) in given}
    groups = [str(row.value(name) or "") for name in reversed(GROUP_COLUMNS) if name in row.fields]
    return Line(
        address, row.address(one.rule.keys["score"]), next(filter(None, groups), ""), one.title(row),
        weight_item.format(weight), item.format(own), item.format(final), gap, percent, far,
        {level.value: "" if one.score is None else plain(one.score, POINT_DIGITS) for level, one in here.items()},
        {level.value: one.opinion for level, one in here.items()},
    )  # fmt: skip


def deviation(own: Value, final: Value, limit: Number) -> tuple[str, str, bool]:
    """最后的分比自评差多少：分（带正负号），占自评的百分之几，到没到 ``limit``。没有差是空的。"""
    if not (is_number(own) and is_number(final)) or own == final:
        return "", "", not is_number(own) and is_number(final)
    gap = Decimal(str(round_half_up(final, POINT_DIGITS))) - Decimal(str(round_half_up(own, POINT_DIGITS)))
    sign = "+" if gap > 0 else "−"
    if not own:
        return f"{sign}{plain(abs(gap), POINT_DIGITS)}", "", True
    ratio = abs(gap) / Decimal(str(round_half_up(own, POINT_DIGITS)))
    return (
        f"{sign}{plain(abs(gap), POINT_DIGITS)}",
        f"{sign}{plain(ratio * 100, 2)}%",
        ratio >= Decimal(str(limit)),
    )


def level_label(level: str) -> str:
    """哪一级的审核得分，给人看的。"""
    return {State.DEPARTMENT_REVIEW: "主管部门", State.BUREAU_REVIEW: "财政局"}[State(level)]
