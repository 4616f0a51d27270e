"""得分的理由：一句话、一步一步（每步文字一行、数一行）、用上和没用上的规定。算分在 scoring.py，这里只写话。

屏幕、``evaluate``、PDF 的附页、docs/得分说明.md 都用这里的话。
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from .measures import SHOWN, Measure
from .values import NotApplicable, Number, Value, is_number, plain

if TYPE_CHECKING:
    from .scoring import Band, Cap, Deduction, Parameters

RULES = {
    "执行率": "F1 预算执行", "正向比例": "F2 越多越好", "等于目标": "F3 正好等于", "反向比例": "F4 越少越好（目标÷实际）",
    "反向线性": "F4 越少越好（线性）", "定性分档": "F6 定性分档", "扣分": "F7 按件扣分", "总分": "F8 总分",
}  # fmt: skip
"""计分办法的编号和名称，与 docs/得分说明.md 的各节相同。"""
ROUNDING = "四舍五入，保留 2 位小数"


@dataclass(frozen=True, slots=True)
class Step:
    """一步：``words`` 是公式，``numbers`` 是代入的数和结果。"""

    words: str
    numbers: str = ""

    def __str__(self) -> str:
        return f"{self.words}：{self.numbers}" if self.numbers else self.words


@dataclass(frozen=True, slots=True)
class Told:
    """``why`` 是一句话；``notes`` 是封顶、扣分、超额的规定，没用上的也说明。"""

    why: str
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


def exactly(number: Number) -> str:
    """精确的数：最多写 6 位小数，写不完的后面是“…”。"""
    shown = plain(number, 6)
    return shown if Fraction(shown) == Fraction(number) else f"{shown}…"


def percent(ratio: Number) -> str:
    return plain(ratio * 100, 2) + "%"


def tell_execution(weight: Number, executed: Number, budget: Number, points: Decimal) -> Told:
    """F1：执行率和得分；说明按 100% 封顶有没有用上。"""
    w, a, b = plain(weight, 2), plain(executed, 6), plain(budget, 6)
    exact = Fraction(executed) / Fraction(budget)
    held = min(max(exact, Fraction(0)), Fraction(1))
    rate = percent(exact)
    by = f"{a} ÷ {b}" if held == exact else percent(held)
    steps = (
        Step("执行率 ＝ 全年执行数 ÷ 全年预算数", f"{a} ÷ {b} ＝ {rate}"),
        Step("得分 ＝ 分值 × 执行率（最高按 100%）", f"{w} × {by} ＝ {exactly(Fraction(weight) * held)}"),
        Step(ROUNDING, plain(points, 2)),
    )
    if exact > 1:
        note = f"执行率 {rate} 超过 100%，按 100% 计，不加分。"
    elif exact < 0:
        note = f"执行率 {rate} 小于 0，按 0 计。"
    else:
        note = "执行率没有超过 100%，没有用上“最高按 100%”。"
    return Told(f"{w} × min({a} ÷ {b}, 1) = {plain(points, 2)}（执行率 {rate}）", steps, (note,))


# ---- 定量指标 -------------------------------------------------------------------------------


def tell_quantitative(
    weight: Number, target: Measure, actual: Decimal, parameters: Parameters, ratio: Fraction,
    full: Decimal, points: Decimal, over: bool,
) -> Told:  # fmt: skip
    """F2–F5：代入的数、公式、舍入；``full`` 是超额扣分以前的分。"""
    w, unit = plain(weight, 2), target.unit
    t, a = plain(target.number, 6), plain(actual, 6)
    if ratio >= 1:
        why = f"达到目标，得满分 {w}"
    elif target.number <= 0:
        why = f"目标是 {t}，实际是 {a}，没有达到，不得分"
    else:
        why = f"{w} × {_short(target, actual, parameters)} = {plain(full, 2)}"
    steps = [Step("实际和目标相比", f"目标 {SHOWN[target.direction]} {t}{unit}，实际 {a}{unit}")]
    if ratio >= 1:
        steps.append(Step("达到目标，得满分", w))
    else:
        steps += _below_target(weight, target, actual, parameters, ratio, full)
    note = _over_note(target, parameters, over)
    if over and parameters.over_action == "deduct":
        off = plain(parameters.over_points, 2)
        why = f"实际超过目标 {percent(parameters.over_threshold)} 以上，扣 {off} 分，得 {plain(points, 2)}"
        steps.append(
            Step(f"超额太多，按规定扣 {off} 分，最低 0", f"{plain(full, 2)} − {off} ＝ {plain(points, 2)}")
        )
    return Told(why, tuple(steps), (note,) if note else ())


def _below_target(
    weight: Number, target: Measure, actual: Decimal, parameters: Parameters, ratio: Fraction, full: Decimal
) -> list[Step]:
    words, sum_, result = _ratio_words(target, actual, parameters, ratio)
    if not sum_:
        return [Step(words, "0")]
    held = max(ratio, Fraction(0))
    by = sum_ if held == ratio else "0"
    return [
        Step(words, f"{sum_} ＝ {result}"),
        Step("得分 ＝ 分值 × 完成比例", f"{plain(weight, 2)} × {by} ＝ {exactly(Fraction(weight) * held)}"),
        Step(ROUNDING, plain(full, 2)),
    ]


def _ratio_words(
    target: Measure, actual: Decimal, parameters: Parameters, ratio: Fraction
) -> tuple[str, str, str]:
    """完成比例的公式、算式、结果；目标是 0 时没有算式。"""
    t, a = plain(target.number, 6), plain(actual, 6)
    if target.number <= 0:
        return f"目标是 {t}，不能做除数：达到得满分，达不到不得分", "", ""
    shown = percent(ratio) if ratio >= 0 else f"{percent(ratio)}，小于 0，按 0 计"
    if target.direction not in ("<=", "<"):
        return "没有达到目标，完成比例 ＝ 实际 ÷ 目标", f"{a} ÷ {t}", shown
    if parameters.negative == "ratio":
        return "越少越好，超过了目标，完成比例 ＝ 目标 ÷ 实际", f"{t} ÷ {a}", shown
    return (
        "越少越好，超过了目标，完成比例 ＝ 1 −（实际 − 目标）÷ 目标",
        f"[1 −（{a} − {t}）÷ {t}]",
        shown,
    )


def _short(target: Measure, actual: Decimal, parameters: Parameters) -> str:
    """一句话里的算式；目标不是 0。"""
    t, a = plain(target.number, 6), plain(actual, 6)
    if target.direction not in ("<=", "<"):
        return f"{a} ÷ {t}"
    return f"{t} ÷ {a}" if parameters.negative == "ratio" else f"(1 − ({a} − {t}) ÷ {t})"


def _over_note(target: Measure, parameters: Parameters, over: bool) -> str:
    """超额的规定：用上了怎样，没用上也说明；越少越好的、目标是 0 的没有这条规定。"""
    if target.direction in ("<=", "<") or target.number <= 0:
        return ""
    deducts = parameters.over_action == "deduct"
    line = percent(1 + parameters.over_threshold)
    if over:
        return f"实际达到目标的 {line} 以上，" + ("按规定扣分。" if deducts else "不扣分，但须说明原因。")
    action = f"扣 {plain(parameters.over_points, 2)} 分" if deducts else "须说明原因"
    return f"实际没有达到目标的 {line}，没有用上“超额太多{action}”的规定。"


# ---- 定性、扣分 -----------------------------------------------------------------------------


def tell_qualitative(weight: Number, band: Band, low: Decimal, high: Decimal) -> Told:
    """F6：选的档给出范围，分由人定。"""
    w, span = plain(weight, 2), f"{plain(low, 2)}–{plain(high, 2)}"
    shares = f"{percent(band.low)}–{percent(band.high)}"
    steps = (
        Step(
            f"选的档次是“{band.name}”，可得分值的 {shares}",
            f"{w} × {percent(band.low)} 到 {w} × {percent(band.high)}",
        ),
        Step(ROUNDING, f"{span} 分"),
    )
    notes = ("定性指标只给出范围，分由填报人在范围里定，系统不代填。",)
    return Told(f"{band.name}：可给 {span} 分（分值的 {shares}）", steps, notes)


def tell_deduction(
    weight: Number, target: Decimal, actual: Decimal, rule: Deduction, times: int, points: Decimal
) -> Told:
    """F7：少了几次、扣几分；说明有没有扣完。"""
    w, t, a = plain(weight, 2), plain(target, 6), plain(actual, 6)
    per, off = plain(rule.per, 6), plain(rule.points, 6)
    short = max(Fraction(target) - Fraction(actual), Fraction(0))
    left = Fraction(weight) - times * Fraction(rule.points)
    steps = (
        Step(
            "少了多少 ＝ 目标 − 实际（不少的按 0）",
            f"{t} − {a} ＝ {plain(Fraction(target) - Fraction(actual), 6)}",
        ),
        Step(f"每少 {per} 扣 {off} 分，不足 {per} 的也算一次", f"{plain(short, 6)} ÷ {per}，算 {times} 次"),
        Step(
            "得分 ＝ 分值 − 次数 × 每次扣分，最低 0",
            f"{w} − {times} × {off} ＝ {exactly(left)}{'，按 0 计' if left < 0 else ''}",
        ),
        Step(ROUNDING, plain(points, 2)),
    )
    note = "扣完为止：已经扣完，得 0 分。" if left <= 0 else "扣完为止：还没有扣完。"
    why = f"每少 {per} 扣 {off} 分：{w} − {times} × {off} = {plain(points, 2)}"
    return Told(why, steps, (note,))


# ---- 总分 -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Total:
    """算总分经过的数：``rows`` 是（分值，得分），``left_out`` 是折算时不计的分值（没有折算为 0），``cap`` 是压低了总分的上限。"""

    execution: Value
    rows: Sequence[tuple[Value, Value]]
    rate: Value
    added: Fraction
    left_out: Fraction
    scaled: Fraction
    cap: Cap | None
    points: Decimal


def tell_total(made: Total, parameters: Parameters) -> Told:
    """F8、F9：相加、折算、封顶、舍入；没用上的折算和封顶也说明。"""
    parts = f"执行率得分 {plain(made.execution, 2) if is_number(made.execution) else '—'} + 指标得分合计"
    known = [p for p in (made.execution, *(p for _, p in made.rows)) if is_number(p)]
    why = [f"{parts} = {plain(made.added, 2)}"]
    steps = [
        Step(
            "总分 ＝ 执行率得分 ＋ 各指标得分",
            f"{' ＋ '.join(plain(p, 2) for p in known)} ＝ {exactly(made.added)}",
        )
    ]
    if made.left_out:
        out, scaled = plain(made.left_out, 2), exactly(made.scaled)
        why.append(f"不适用的 {out} 分不计，折算成 100 分：{plain(made.scaled, 2)}")
        steps.append(
            Step(
                f"不适用的 {out} 分不计，其余折算成 100 分",
                f"{exactly(made.added)} × 100 ÷（100 − {out}）＝ {scaled}",
            )
        )
    if made.cap is not None:
        below, top = percent(made.cap.below), plain(made.cap.total, 2)
        why.append(f"执行率低于 {below}，总分最高 {top}")
        steps.append(
            Step(f"执行率低于 {below}，总分最高 {top} 分", f"{exactly(made.scaled)} 超过 {top}，按 {top} 计")
        )
    steps.append(Step(ROUNDING, plain(made.points, 2)))
    return Told("；".join(why), tuple(steps), tuple(_total_notes(made, parameters)))


def _total_notes(made: Total, parameters: Parameters) -> Sequence[str]:
    blank = sum(1 for _, points in made.rows if points is None)
    notes = [f"有 {blank} 行指标的得分没有填，没有计入。"] if blank else []
    unused = any(isinstance(points, NotApplicable) for _, points in made.rows)
    if parameters.rescale and not made.left_out:
        notes.append(
            "不适用的指标没有分值，或者分值满 100 分，不能折算。"
            if unused
            else "没有不适用的指标，没有用上折算。"
        )
    elif unused and not parameters.rescale:
        notes.append("方案没有规定折算：不适用的指标不得分，其余的分不变。")
    if not parameters.caps:
        notes.append("方案没有规定按执行率给总分封顶。")
    elif made.cap is None:
        notes.append(_cap_note(made, parameters))
    return notes


def _cap_note(made: Total, parameters: Parameters) -> str:
    if not is_number(made.rate):
        return "执行率还没有算出，没有用上总分封顶。"
    met = [cap for cap in parameters.caps if made.rate < cap.below]
    if not met:
        top = max(parameters.caps, key=lambda cap: cap.below)
        return f"执行率 {percent(made.rate)}，不低于 {percent(top.below)}，总分没有封顶。"
    cap = min(met, key=lambda one: one.total)
    return f"执行率 {percent(made.rate)}，低于 {percent(cap.below)}，总分最高 {plain(cap.total, 2)} 分；现在没有超过，没有用上。"
