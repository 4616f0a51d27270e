"""核对（勾稽）：checks.toml 的每一行编译成一个 Check，对 Facts 运行，得到 Finding。

条件“确定为假”才算问题；有未知的不算（空白由必填类核对管）。同一套核对用于填报、送审、导入、审核和 evaluate。
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from .expressions import Context, Expression
from .facts import ConstantRow, Facts, RowFacts, ScopeFacts
from .values import shorten

if TYPE_CHECKING:
    from .pack import Pack
    from .texts import Template

ERROR, WARNING, INFO = "error", "warning", "info"
LEVELS = (ERROR, WARNING, INFO)
NARRATIVE = "报告"


@dataclass(frozen=True, slots=True)
class Cause:
    """由另一个问题引起：那个问题的编号和主格。"""

    code: str
    cell: str


@dataclass(frozen=True, slots=True)
class Waived:
    """财政局对这个单位的一条核对（``cell`` 空着）或一处的豁免：理由，到哪天（那天还算）。"""

    code: str
    cell: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Finding:
    """一处问题。``cells`` 第一个是主格；地址是绝对的。豁免了的级别不变，只是不再拦送审。"""

    code: str
    level: str
    scope: str
    cells: tuple[str, ...]
    where: str
    message: str
    expected: str = ""
    actual: str = ""
    because_of: Cause | None = None
    waived: Waived | None = None

    @property
    def key(self) -> tuple[str, str]:
        """编号加主格：同一处问题的身份，说明就挂在它上面。"""
        return (self.code, self.cells[0])

    def as_json(self) -> dict[str, Any]:
        cause = self.because_of
        return {
            "code": self.code,
            "level": self.level,
            "scope": self.scope,
            "cells": list(self.cells),
            "message": f"{self.where}：{self.message}",
            "expected": self.expected,
            "actual": self.actual,
            "because_of": None if cause is None else {"code": cause.code, "cell": cause.cell},
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """具名核对函数的一个结果；留空的部分用 checks.toml 的写法。"""

    cells: tuple[str, ...] = ()
    message: str = ""
    expected: str = ""
    actual: str = ""
    level: str = ""
    because_of: tuple[str, ...] = ()


CheckFunction = Callable[[Context, "Check"], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Check:
    """一条编译好的核对。``each`` 是逐行核对的列表；``printed`` 表示比的是纸面印着的计算格。

    ``final`` 的（签字人、日期）送审才要：平时只提示，送审时由 ``missing_at_submit`` 拦住。
    """

    code: str
    level: str
    scopes: tuple[str, ...]
    message: Template
    cells: tuple[Expression, ...]
    each: str = ""
    when: Expression | None = None
    expr: Expression | None = None
    fn: CheckFunction | None = None
    expected: Template | None = None
    actual: Template | None = None
    because_of: tuple[str, ...] = ()
    only_blank: bool = False
    printed: bool = False
    parameters: Mapping[str, Any] = None  # type: ignore[assignment]
    title: str = ""
    source: str = ""
    where: Template | None = None
    final: bool = False
    fn_name: str = ""


def run(pack: Pack, facts: Facts, *, live: bool = False) -> list[Finding]:
    """跑全部核对。``live`` 为真时（填报中的材料），只比纸面的核对降为提示，不拦送审。"""
    found: list[Finding] = []
    for scope in facts.scopes():
        here: list[tuple[Sourced, Finding]] = []
        for check in pack.checks:
            if scope.scope.name in check.scopes:
                here.extend(_run_one(check, scope, live))
        found.extend(_with_causes(here))
    return found


class Sourced(NamedTuple):
    """一处问题可能由哪些编号引起，是不是逐行核对出来的（列表的键）。"""

    codes: tuple[str, ...]
    each: str


def _run_one(check: Check, scope: ScopeFacts, live: bool) -> Iterator[tuple[Sourced, Finding]]:
    """一条核对的问题，各带可能由什么引起。"""
    contexts: Sequence[Context] = scope.rows((check.each,)) if check.each else (scope,)
    for ctx in contexts:
        if check.when is not None and check.when.value(ctx) is not True:
            continue
        for hit in _hits(check, ctx):
            level = hit.level or check.level
            cells = hit.cells or _cells(check, ctx, scope)
            home = _home(scope, cells[0])
            finding = Finding(
                check.code,
                INFO if check.final or (live and check.printed) else level,
                _scope_of(home, cells[0]),
                cells,
                _project(home) + (check.where.render(ctx) if check.where else describe(home, cells[0])),
                hit.message or check.message.render(ctx),
                hit.expected or (check.expected.render(ctx) if check.expected else ""),
                hit.actual or (check.actual.render(ctx) if check.actual else ""),
            )
            yield Sourced(hit.because_of or check.because_of, check.each), finding


def _home(scope: ScopeFacts, cell: str) -> ScopeFacts:
    """主格所在的范围：部门的核对也可以落在项目的格上。"""
    prefix, slash, _ = cell.partition("/")
    return scope.facts.scope_at(prefix) if slash and prefix != scope.prefix else scope


def _scope_of(scope: ScopeFacts, cell: str) -> str:
    """问题属于哪里：部门的表为空，项目是 ``项目[id]``，自评报告（写成文章的表）是“报告”。"""
    pack = scope.facts.pack
    form = pack.forms.get(pack.home_of(scope.scope.name, cell)) if not scope.prefix else None
    return NARRATIVE if form is not None and form.kind == "prose" else scope.prefix


def _project(scope: ScopeFacts) -> str:
    """哪一个项目：几个项目的问题列在一起时要分得清。部门的表不写。"""
    if not scope.scope.name:
        return ""
    number = scope.facts.children[scope.scope.name].index(scope) + 1
    name = scope.value(scope.scope.match) if scope.scope.match else None
    shown = f"（{shorten(name, 16)}）" if isinstance(name, str) and name else ""
    return f"{scope.scope.name}{number}{shown}·"


def _hits(check: Check, ctx: Context) -> Iterable[Hit]:
    if check.fn is not None:
        return check.fn(ctx, check)
    assert check.expr is not None
    return (Hit(),) if check.expr.value(ctx) is False else ()


def _cells(check: Check, ctx: Context, scope: ScopeFacts) -> tuple[str, ...]:
    addresses: list[str] = []
    for spec in check.cells:
        reads = spec.reads(ctx, matching=True)
        addresses.extend(node.address(key) for node, key in reads if isinstance(node, ScopeFacts | RowFacts))
    if check.only_blank:
        addresses = [a for a in addresses if scope.facts.value(a) is None] or addresses
    if not addresses:
        lists = [node.name.path[0] for spec in check.cells for node in spec.references() if node.name.path]
        addresses = [ctx.address() if isinstance(ctx, ConstantRow) else scope.address(lists[0])]
    return tuple(dict.fromkeys(addresses))


def _with_causes(here: list[tuple[Sourced, Finding]]) -> Iterator[Finding]:
    """补上 because_of：同一范围里指名的核对也有问题时，连到它。"""
    found: dict[str, list[Finding]] = {}
    for _, finding in here:
        found.setdefault(finding.code, []).append(finding)
    for source, finding in here:
        causes = (_cause(finding, found[code], source.each) for code in source.codes if code in found)
        cause = next((cause for cause in causes if cause is not None), None)
        yield finding if cause is None else replace(finding, because_of=cause)


def _cause(finding: Finding, causes: Sequence[Finding], each: str) -> Cause | None:
    """碰着同一格的那一处；没有的话，逐行的核对不怪别的行，整表的核对怪第一处。"""
    cells = set(finding.cells)
    near = next((cause for cause in causes if cells.intersection(cause.cells)), None)
    if near is None and not each:
        near = causes[0]
    return None if near is None else Cause(near.code, near.cells[0])


def describe(scope: ScopeFacts, address: str) -> str:
    """一格在表上叫什么：``年度资金总额·得分``、``时效指标第1行·三级指标``。"""
    local = address[len(scope.prefix) + 1 :] if scope.prefix else address
    try:
        node, key = scope.facts.locate(address)
    except ValueError:
        return local
    label = node.fields[key].full_label
    if isinstance(node, RowFacts):
        rows = scope.lists[node.key]
        group = _group_name(node)
        same = [row for row in rows if _group_name(row) == group]
        return f"{group or node.key}第{same.index(node) + 1}行·{label}"
    return label


def _group_name(row: RowFacts) -> str:
    for key in ("二级指标", "一级指标"):
        value = row.inputs.get(key) if key in row.fields else None
        if isinstance(value, str) and value:
            return value
    return ""


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """拦住送审的问题；豁免了的不拦。"""
    return [finding for finding in findings if finding.level == ERROR and finding.waived is None]


def missing_at_submit(pack: Pack, findings: Iterable[Finding]) -> list[Finding]:
    """填报时只提示、送审时必须改好的问题。"""
    codes = {check.code for check in pack.checks if check.final}
    return [finding for finding in findings if finding.code in codes]


def unexplained(findings: Iterable[Finding], notes: Iterable[tuple[str, str]]) -> list[Finding]:
    """还没写说明的提醒；``notes`` 是已有说明的（编号，主格）。由别处引起的不用再写：原因改好或说明了就够。"""
    findings, written = list(findings), set(notes)
    follows = consequences(findings)
    return [
        finding
        for finding in findings
        if finding.level == WARNING and finding.waived is None and finding.key not in written | follows
    ]


def consequences(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """由另一处错误或提醒引起的问题（编号，主格）；互为因果的不算，免得都不用说明。"""
    by_key = {finding.key: finding for finding in findings if finding.level != INFO}
    found = set()
    for key in by_key:
        seen, at = {key}, key
        while (up := by_key[at].because_of) is not None and (up.code, up.cell) in by_key:
            at = (up.code, up.cell)
            if at in seen:
                break
            seen.add(at)
        else:
            if at != key:
                found.add(key)
    return found


def waive(findings: Iterable[Finding], waivers: Iterable[Waived]) -> list[Finding]:
    """给豁免了的问题写上豁免：一处的先于整条的；提示不用豁免，已经写上的不换。"""
    known = {(waiver.code, waiver.cell): waiver for waiver in waivers}
    found = []
    for finding in findings:
        waiver = known.get(finding.key) or known.get((finding.code, ""))
        waivable = waiver is not None and finding.waived is None and finding.level != INFO
        found.append(replace(finding, waived=waiver) if waivable else finding)
    return found
