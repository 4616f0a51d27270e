"""得分方法：名称、参数进来，分数和理由出去。权重、档线、封顶、超额规则都是方案的数据。

分数 = 四舍五入（权重 × 精确比例, 2），只舍入一次；0 ≤ 分数 ≤ 权重。
方法依据：财预〔2020〕10号（单位自评的计分办法）；各地差别由 scoring.toml 的参数表达。
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from .expressions import Context
from .faults import PackProblem
from .measures import QUALITATIVE, SHOWN, Measure, direction_of, read_measure, read_number
from .telling import (
    Step,
    Told,
    Total,
    tell_deduction,
    tell_execution,
    tell_qualitative,
    tell_quantitative,
    tell_total,
)
from .values import NotApplicable, Number, Value, is_number, round_half_up, shorten

POINT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Band:
    """定性指标的一档：分数在权重的 ``low``–``high`` 之间（比例）。"""

    name: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Deduction:
    """F7：某个三级指标按“少 ``per`` 扣 ``points`` 分，扣完为止”计分。"""

    indicator: str
    per: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Cap:
    """F9：执行率低于 ``below`` 时总分最高 ``total``。"""

    below: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Parameters:
    """scoring.toml 的 [parameters]；每一项都可以因年、因地而异。"""

    negative: str = "ratio"
    over_threshold: Decimal = Decimal("0.3")
    over_action: str = "reason"
    over_points: Decimal = Decimal(0)
    bands: tuple[Band, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    caps: tuple[Cap, ...] = ()
    rescale: bool = False
    review_deviation: Decimal = Decimal("0.1")


PLAIN_NUMBERS = ("over_threshold", "over_points", "review_deviation")


def read_parameters(raw: Mapping[str, Any]) -> Parameters:
    """把 TOML 表读成 ``Parameters``；不认识的键或值抛 ``PackProblem``。"""
    known = {
        "negative",
        "over_threshold",
        "over_action",
        "over_points",
        "bands",
        "deductions",
        "caps",
        "rescale",
        "review_deviation",
    }
    if set(raw) - known:
        raise PackProblem(
            f"scoring.toml 的 [parameters]：不认识的参数 {'、'.join(sorted(set(raw) - known))}。"
        )
    if raw.get("negative", "ratio") not in ("ratio", "linear"):
        raise PackProblem("scoring.toml 的 negative 只能是 ratio（目标÷实际）或 linear（线性扣减）。")
    if raw.get("over_action", "reason") not in ("reason", "deduct"):
        raise PackProblem("scoring.toml 的 over_action 只能是 reason（说明原因）或 deduct（扣分）。")
    numbers = {name: _decimal(raw[name], name) for name in PLAIN_NUMBERS if name in raw}
    for row in raw.get("deductions", ()):
        if _decimal(row["per"], "per") == 0:
            raise PackProblem("scoring.toml 的 deductions：per（每少多少）不能是 0。")
    return Parameters(
        negative=raw.get("negative", "ratio"),
        over_action=raw.get("over_action", "reason"),
        rescale=bool(raw.get("rescale", False)),
        bands=tuple(
            Band(b["name"], _decimal(b["low"], "low"), _decimal(b["high"], "high"))
            for b in raw.get("bands", ())
        ),
        deductions=tuple(
            Deduction(d["indicator"], _decimal(d["per"], "per"), _decimal(d["points"], "points"))
            for d in raw.get("deductions", ())
        ),
        caps=tuple(
            Cap(_decimal(c["below"], "below"), _decimal(c["total"], "total")) for c in raw.get("caps", ())
        ),
        **numbers,
    )


def _decimal(raw: object, name: str) -> Decimal:
    """参数里的一个非负数，按文字读，不经过二进制小数。"""
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        number = Decimal("nan")
    if not (number.is_finite() and 0 <= number < 1_000_000_000):
        raise PackProblem(f'scoring.toml 的 {name}：“{raw}”不是数。请写成不带符号的普通数字，如 "0.8"。')
    return number


@dataclass(frozen=True, slots=True)
class Score:
    """一个得分和它的理由。``points`` 为 None 表示还算不出（缺数）；单位：分。

    理由要印许多数，算分的次数远多于看理由的次数，所以问到才写（``tell``）。
    """

    points: Value
    method: str
    tell: Callable[[], Told]

    @property
    def why(self) -> str:
        """一句话的理由。"""
        return self.tell().why

    @property
    def steps(self) -> tuple[Step, ...]:
        """一步一步的算法。"""
        return self.tell().steps


def _score(points: Value, method: str, why: str) -> Score:
    return Score(points, method, lambda: Told(why))


def points_of(weight: Number, ratio: Number) -> Decimal:
    """权重 × 比例，限在 0–权重，四舍五入一次到 2 位。"""
    exact = Fraction(weight) * min(max(Fraction(ratio), Fraction(0)), Fraction(1))
    return round_half_up(exact, POINT_DIGITS)


# ---- 各方法（纯函数：只认数和参数）-----------------------------------------------------------


def execution(weight: Value, executed: Value, budget: Value) -> Score:
    """F1 预算执行：权重 × min(全年执行数 ÷ 全年预算数, 1)。分母用调整后预算，财预〔2020〕10号。"""
    method = "执行率"
    for got in (weight, executed, budget):
        if isinstance(got, NotApplicable):
            return _score(got, method, "有一项不适用，不计分。")
    if not (is_number(weight) and is_number(executed) and is_number(budget)):
        return _score(None, method, "全年预算数、全年执行数填好后自动计算。")
    w, a, b = Fraction(weight), Fraction(executed), Fraction(budget)
    if b == 0:
        return _score(NotApplicable("全年预算数为0"), method, "全年预算数为 0，执行率不适用，不计分。")
    points = points_of(w, a / b)
    return Score(points, method, lambda: tell_execution(w, a, b, points))


def quantitative(weight: Number, target: Measure, actual: Decimal, parameters: Parameters) -> Score:
    """F2–F5 定量指标：达到目标得满分，否则按比例；超额按参数说明原因或扣分。"""
    if target.direction in ("<=", "<"):
        method = "反向比例" if parameters.negative == "ratio" else "反向线性"
        ratio = _negative_ratio(target.number, actual, parameters.negative)
    else:
        method = "等于目标" if target.direction == "=" else "正向比例"
        ratio = _positive_ratio(target, actual)
    full = points = points_of(weight, ratio)
    over = over_achieved(target, actual, parameters)
    if over and parameters.over_action == "deduct":
        points = max(points - parameters.over_points, Decimal(0))
    return Score(
        points,
        method,
        lambda: tell_quantitative(weight, target, actual, parameters, ratio, full, points, over),
    )


def _positive_ratio(target: Measure, actual: Decimal) -> Fraction:
    t = target.number
    if t > 0:
        return Fraction(actual) / Fraction(t)
    if target.direction == "=":
        return Fraction(int(actual <= t))
    return Fraction(int(actual > t if target.direction == ">" and t == 0 else actual >= t))


def _negative_ratio(t: Decimal, a: Decimal, family: str) -> Fraction:
    """F4a 目标÷实际；F4b 线性：超出部分占目标的比例从 1 里扣。"""
    if a <= t:
        return Fraction(1)
    if t <= 0:
        return Fraction(0)
    return Fraction(t) / Fraction(a) if family == "ratio" else 1 - (Fraction(a) - Fraction(t)) / Fraction(t)


def over_achieved(target: Measure, actual: Decimal, parameters: Parameters) -> bool:
    """F5：越高越好的指标，实际超过目标 ``over_threshold`` 以上。"""
    if target.direction in ("<=", "<") or target.number <= 0:
        return False
    return actual >= target.number * (1 + parameters.over_threshold)


def qualitative(weight: Number, band_name: Value, parameters: Parameters) -> Score:
    """F6 定性三档：人选档，再在档内给分；这里只给出范围，不替人给分。"""
    band = next((b for b in parameters.bands if b.name == band_name), None)
    if band is None:
        names = "、".join(b.name for b in parameters.bands)
        return _score(None, "定性分档", f"定性指标：请先在“档次”里选 {names}，再在该档范围内给分。")
    low, high = points_of(weight, band.low), points_of(weight, band.high)
    return Score(None, "定性分档", lambda: tell_qualitative(weight, band, low, high))


def deduction(weight: Number, target: Decimal, actual: Decimal, rule: Deduction) -> Score:
    """F7 扣分：每少 ``per`` 扣 ``points`` 分，扣完为止。"""
    short = max(Fraction(target) - Fraction(actual), Fraction(0))
    steps = -(-short // Fraction(rule.per))
    points = round_half_up(max(Fraction(weight) - steps * Fraction(rule.points), Fraction(0)), POINT_DIGITS)
    return Score(points, "扣分", lambda: tell_deduction(weight, target, actual, rule, steps, points))


def indicator(
    weight: Value,
    direction: Value,
    target: Value,
    actual: Value,
    band: Value,
    name: Value,
    parameters: Parameters,
) -> Score:
    """一行指标的建议得分：按性质选方法。缺数时 ``points`` 为 None。"""
    if not is_number(weight):
        return _score(None, "", "分值填好后自动计算。")
    kind = direction_of(direction, target)
    if kind == QUALITATIVE:
        return qualitative(weight, band, parameters)
    measure = read_measure(target, kind)
    if measure is None:
        return _score(
            None,
            "",
            "年度指标值填好后自动计算。"
            if not target
            else f"年度指标值“{shorten(str(target))}”不是数，无法按“{SHOWN.get(kind, kind)}”计分。",
        )
    number = read_number(actual, measure.unit)
    if number is None:
        return _score(None, "", "实际完成值填成数后自动计算。")
    rule = next((d for d in parameters.deductions if d.indicator == name), None)
    if rule is not None:
        return deduction(weight, measure.number, number, rule)
    return quantitative(weight, measure, number, parameters)


def total(
    execution_points: Value, rows: list[tuple[Value, Value]], rate: Value, parameters: Parameters
) -> Score:
    """F8 总分 = 预算执行得分 + Σ 指标得分；F9 按执行率封顶；``rescale`` 时不适用的行不计，其余折算成 100。

    ``rows`` 是（分值，得分）。
    """
    known = [Fraction(p) for _, p in rows if is_number(p)]
    if is_number(execution_points):
        known.append(Fraction(execution_points))
    if not known:
        return _score(None, "总分", "得分填好后自动合计。")
    added = sum(known, Fraction(0))
    unused = [Fraction(w) for w, p in rows if isinstance(p, NotApplicable) and is_number(w)]
    left_out = sum(unused, Fraction(0)) if parameters.rescale else Fraction(0)
    left_out = left_out if left_out < 100 else Fraction(0)
    scaled = added * 100 / (100 - left_out)
    caps = [c for c in parameters.caps if is_number(rate) and Fraction(rate) < Fraction(c.below)]
    cap = min(caps, key=lambda c: c.total, default=None)
    if cap is not None and scaled <= cap.total:
        cap = None
    points = round_half_up(scaled if cap is None else cap.total, POINT_DIGITS)
    made = Total(execution_points, rows, rate, added, left_out, scaled, cap, points)
    return Score(points, "总分", lambda: tell_total(made, parameters))


# ---- 接到字段上 -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """一个由得分方法计算的字段：从 ``ctx`` 取参数所指的字段，交给方法。"""

    method: str
    keys: Mapping[str, str]
    parameters: Parameters = field(default_factory=Parameters)

    def score(self, ctx: Context) -> Score:
        def get(name: str) -> Value:
            return ctx.value(self.keys[name])

        if self.method == "执行率":
            return execution(get("weight"), get("executed"), get("budget"))
        if self.method == "指标":
            names = ("weight", "direction", "target", "actual", "band", "name")
            weight, direction, target, actual, band, name = (get(key) for key in names)
            return indicator(weight, direction, target, actual, band, name, self.parameters)
        rows = [
            (row.value(self.keys["weight"]), row.value(self.keys["score"]))
            for row in ctx.rows((self.keys["list"],))
        ]
        return total(get("execution"), rows, get("rate"), self.parameters)

    def value(self, ctx: Context) -> Value:
        return self.score(ctx).points

    def reads(self, ctx: Context, *, matching: bool = False) -> Iterator[tuple[Context, str]]:
        """用到的格：（环境，键）。"""
        rows = self.keys.get("list", "")
        for name, key in self.keys.items():
            if rows and name in ("weight", "score"):
                for row in ctx.rows((rows,)):
                    yield row, key
            elif name != "list":
                yield ctx, key

    def explain(self, ctx: Context | None = None) -> str:
        return self.method if ctx is None else self.score(ctx).why


def suggested_key(rules: Mapping[str, Any], score: str) -> str:
    """一个填报的得分，它的建议得分是哪一格；没有为空串。"""
    for key, rule in rules.items():
        if isinstance(rule, ScoreRule) and "list" not in rule.keys and rule.keys.get("score") == score:
            return key
    return ""


METHOD_KEYS = {
    "执行率": frozenset(("weight", "executed", "budget")),
    "指标": frozenset(("weight", "direction", "target", "actual", "band", "name")),
    "总分": frozenset(("execution", "rate", "list", "weight", "score")),
}
