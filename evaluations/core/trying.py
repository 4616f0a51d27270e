"""试一条核对：给几个数，看条件成不成立、消息怎么写。改规则的人在存之前就看到结果。"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .expressions import Context, Expression, ExpressionProblem
from .facts import Facts, Package, RowFacts, RowInput, ScopeFacts, ScopeInput
from .names import Place
from .schema import Field, Scope
from .texts import compile_template
from .values import ValueProblem

if TYPE_CHECKING:
    from .pack import Pack

SAMPLE = "x"
"""试算用的项目和行的编号。"""
VERDICTS = {True: "成立，没有问题", False: "不成立，会报出来", None: "有空格，暂不判断"}


@dataclass(frozen=True, slots=True)
class Asked:
    """要给的一个数：地址、叫什么、单位、给了什么、读不读得懂。"""

    address: str
    label: str
    unit: str
    text: str
    problem: str = ""


@dataclass(slots=True)
class Tried:
    """试的结果。``words`` 是条件的中文读法，``numbers`` 是代入数以后的；``problems`` 是写法上的错。"""

    problems: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    words: str = ""
    numbers: str = ""
    verdict: str = ""
    fires: bool = False
    message: str = ""


def try_check(pack: Pack, raw: Mapping[str, Any], given: Mapping[str, str]) -> Tried:
    """``raw`` 是 checks.toml 的一条（还没存的也行），``given`` 是地址 → 人打的数。"""
    scopes = raw.get("scopes") or [""]
    place = Place(str(scopes[0]), str(raw.get("each") or ""))
    tried, made = Tried(), {}
    for name, word in (("when", "什么时候核对"), ("expr", "条件")):
        if raw.get(name):
            try:
                made[name] = pack.names.compile(str(raw[name]), place)
            except ExpressionProblem as problem:
                tried.problems.append(f"{word}：{problem}{_near(pack, place, str(problem))}")
            except LookupError as unknown:
                tried.problems = [f"没有名为“{unknown.args[0]}”的范围或列表。请核对名称。"]
    if tried.problems or "expr" not in made:
        return tried
    tried.words = made["expr"].explain()
    ctx = _context(Facts(pack, _sample(pack)), place)
    if ctx is None:
        tried.problems.append(f"“{place.rows}”一行也没有，试不了。")
        return tried
    tried.asked = [_ask(*one, given) for one in _inputs(made.values(), ctx)]
    _judge(tried, made, ctx, raw, pack, place)
    return tried


def _judge(
    tried: Tried,
    made: Mapping[str, Expression],
    ctx: Context,
    raw: Mapping[str, Any],
    pack: Pack,
    place: Place,
) -> None:
    if "when" in made and made["when"].value(ctx) is not True:
        tried.verdict = "这种情况不核对"
        return
    verdict = made["expr"].value(ctx)
    tried.numbers = made["expr"].explain(ctx)
    judged = verdict is None or isinstance(verdict, bool)
    tried.verdict = VERDICTS[verdict] if judged else "得不出是或否"  # type: ignore[index]
    tried.fires = verdict is False
    try:
        tried.message = compile_template(str(raw.get("message", "")), pack.names, place).render(ctx)
    except ExpressionProblem as problem:
        tried.problems.append(f"消息：{problem}{_near(pack, place, str(problem))}")


def _sample(pack: Pack) -> Package:
    """每个列表一行、每个下级范围一个的空材料。"""
    package = Package(root=_scope(pack.schema.root, ""))
    for name, scope in pack.schema.children.items():
        package.children[name] = [_scope(scope, SAMPLE)]
    return package


def _scope(scope: Scope, id_: str) -> ScopeInput:
    return ScopeInput(id_, rows={key: [RowInput(SAMPLE)] for key in scope.lists})


def _context(facts: Facts, place: Place) -> Context | None:
    scope = facts.children[place.scope][0] if place.scope else facts.root
    rows = scope.rows((place.rows,)) if place.rows else (scope,)
    return rows[0] if rows else None


def _inputs(expressions: Any, ctx: Context) -> Iterator[tuple[ScopeFacts | RowFacts, str, Field]]:
    """条件最终用到的、由人填的格：计算的换成它所用的。"""
    waiting = [one for expression in expressions for one in expression.reads(ctx)]
    seen: set[tuple[int, str]] = set()
    while waiting:
        node, key = waiting.pop(0)
        if not isinstance(node, ScopeFacts | RowFacts) or not key or (id(node), key) in seen:
            continue
        seen.add((id(node), key))
        rule = node.rules.get(key)
        if rule is None:
            yield node, key, node.fields[key]
        else:
            waiting += rule.reads(node)


def _ask(node: ScopeFacts | RowFacts, key: str, item: Field, given: Mapping[str, str]) -> Asked:
    address, problem = node.address(key), ""
    text = given.get(address, "")
    try:
        node.inputs[key] = item.parse(text)
    except ValueProblem as refused:
        problem = str(refused)
    label = f"{node.key}·{item.label}" if isinstance(node, RowFacts) else item.full_label
    owner = node.owner if isinstance(node, RowFacts) else node
    return Asked(
        address, f"{owner.scope.name}：{label}" if owner.scope.name else label, item.unit, text, problem
    )


def _near(pack: Pack, place: Place, problem: str) -> str:
    """名称不认识时，列出写法相近的。"""
    wrong = problem.partition("没有名为“")[2].partition("”")[0]
    if not wrong:
        return ""
    scope = pack.schema.scope(place.scope)
    known = [path for path, _ in scope.all_fields()] + list(pack.constants)
    known += list(scope.lists[place.rows].fields) if place.rows in scope.lists else []
    near = difflib.get_close_matches(wrong, known, n=3)
    return f"是不是 {'、'.join(near)}？" if near else ""
