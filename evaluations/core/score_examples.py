"""计分办法各举一例：docs/得分说明.md 由它写出，话与屏幕上的“为什么”是同一份。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .measures import Measure
from .scoring import (
    Deduction,
    Parameters,
    Score,
    deduction,
    execution,
    qualitative,
    quantitative,
    read_parameters,
    total,
)
from .values import NA, Value, plain

BANDS = (
    {"name": "达成", "low": "0.8", "high": "1"},
    {"name": "部分达成", "low": "0.6", "high": "0.8"},
    {"name": "未达成", "low": "0", "high": "0.6"},
)
CAPS = (
    {"below": "0.8", "total": "89"}, {"below": "0.7", "total": "79"}, {"below": "0.6", "total": "69"},
    {"below": "0.5", "total": "59"},
)  # fmt: skip
TEN = Decimal(10)


@dataclass(frozen=True, slots=True)
class Example:
    """一个例子：``story`` 是题目，``score`` 是算出来的。"""

    story: str
    score: Score


@dataclass(frozen=True, slots=True)
class Method:
    """一种计分办法：编号和名称、规定、例子。"""

    title: str
    rule: str
    examples: tuple[Example, ...]


def methods() -> Iterator[Method]:
    """F1–F9，按编号。"""
    yield from _money_and_targets()
    yield from _too_much()
    yield from _judged()
    yield from _totals()


def _money_and_targets() -> Iterator[Method]:
    yield Method(
        "F1 预算执行",
        "全年执行数除以全年预算数（调整后的预算，不是年初预算），得执行率；分值乘执行率就是得分。执行率超过 100% 的按 100% 计，不加分。只看“年度资金总额”一行。",
        (
            Example(
                "全年预算 94.8 万元，执行 89.8 万元，分值 10。",
                execution(TEN, Decimal("89.8"), Decimal("94.8")),
            ),
            Example(
                "全年预算 100 万元，执行 105 万元，分值 10。", execution(TEN, Decimal(105), Decimal(100))
            ),
            Example("全年预算是 0，没有执行数可比。", execution(TEN, Decimal(0), Decimal(0))),
        ),
    )
    yield Method(
        "F2 越多越好",
        "目标写“≥”“>”的定量指标：达到目标得满分；没有达到的，按完成了目标的几分之几给分。",
        (
            Example("目标 ≥ 98%，实际 95.24%，分值 10。", _quantity(">=", "98", "95.24", "%")),
            Example("目标 ≥ 36 个，实际 36 个，分值 10。", _quantity(">=", "36", "36", "个")),
        ),
    )
    yield Method(
        "F3 正好等于",
        "目标写“=”的：达到得满分，没有达到的与 F2 一样按比例。目标是 0 的不能做除数：没有超出得满分，超出不得分。",
        (
            Example("目标 = 36 次，实际 18 次，分值 10。", _quantity("=", "36", "18", "次")),
            Example("目标 = 0 起事故，实际 1 起，分值 10。", _quantity("=", "0", "1", "起")),
        ),
    )


def _too_much() -> Iterator[Method]:
    yield Method(
        "F4 越少越好",
        "目标写“≤”“<”的：没有超过目标得满分；超过的，方案规定用下面两种算法中的一种。一种是目标除以实际；一种是从 1 里减去超出部分占目标的比例，超出一倍就不得分。",
        (
            Example(
                "按“目标÷实际”：目标 ≤ 100 元，实际 120 元，分值 10。", _quantity("<=", "100", "120", "元")
            ),
            Example(
                "按“线性”：目标 ≤ 100 元，实际 120 元，分值 10。",
                _quantity("<=", "100", "120", "元", negative="linear"),
            ),
            Example("目标 ≤ 100 元，实际 90 元，分值 10。", _quantity("<=", "100", "90", "元")),
        ),
    )
    yield Method(
        "F5 超额完成",
        "实际比目标高出很多，可能是目标定低了。方案定一条线（一般是目标的 130%），到线的要么只须说明原因，要么再扣几分。越少越好的指标没有这条规定。",
        (
            Example(
                "方案规定只说明原因：目标 ≥ 100 人次，实际 135 人次，分值 10。",
                _quantity(">=", "100", "135", "人次"),
            ),
            Example(
                "方案规定扣 2 分：目标 ≥ 100 人次，实际 135 人次，分值 10。",
                _quantity(">=", "100", "135", "人次", over_action="deduct", over_points="2"),
            ),
        ),
    )


def _judged() -> Iterator[Method]:
    yield Method(
        "F6 定性分档",
        "说不成数的指标分三档：达成、部分达成、未达成。先选档，再在那一档的范围里给分。系统只算范围，不替人给分。",
        (
            Example("选“达成”，分值 10。", _band("达成")),
            Example("选“部分达成”，分值 10。", _band("部分达成")),
            Example("选“未达成”，分值 10。", _band("未达成")),
        ),
    )
    short = Deduction("培训场次", Decimal(1), Decimal(1))
    yield Method(
        "F7 按件扣分",
        "评分标准写明“少一件扣几分”的：少几件扣几次，不足一件的也算一次，扣完为止。",
        (
            Example("少一场扣 1 分：目标 12 场，实际 10 场，分值 10。", _deducted(TEN, "12", "10", short)),
            Example(
                "少一场扣 1 分：目标 12 场，实际 2 场，分值 5。", _deducted(Decimal(5), "12", "2", short)
            ),
        ),
    )


def _totals() -> Iterator[Method]:
    rows: list[tuple[Value, Value]] = [(Decimal(50), Decimal("48.5")), (Decimal(30), Decimal(30)), (TEN, TEN)]
    unused: list[tuple[Value, Value]] = [*rows[:2], (TEN, NA)]
    yield Method(
        "F8 总分",
        "执行率得分加各指标得分。有的指标不适用时，方案可以规定不计它的分值，其余的折算成 100 分。为了好念，下面的例子把每个一级指标合成一个数。",
        (
            Example("执行率得分 9.47，产出 48.5，效益 30，满意度 10。", _total("9.47", rows)),
            Example("满意度的 10 分不适用，方案规定折算。", _total("9.47", unused, rescale=True)),
            Example("满意度的 10 分不适用，方案没有规定折算。", _total("9.47", unused)),
        ),
    )
    yield Method(
        "F9 按执行率封顶",
        "有的地方规定：执行率低于某条线，总分最高只能到某个数。方案没有规定的不封顶。",
        (
            Example("规定低于 80% 最高 89 分、低于 70% 最高 79 分；执行率 65%，各项相加 95 分。", _total("6.5", rows, rate="0.65", caps=CAPS)),
            Example("同样的规定，执行率 94.73%。", _total("9.47", rows, caps=CAPS)),
        ),
    )  # fmt: skip


def _quantity(direction: str, target: str, actual: str, unit: str, **parameters: Any) -> Score:
    measure = Measure(direction, Decimal(target), unit)
    return quantitative(TEN, measure, Decimal(actual), read_parameters(parameters))


def _band(name: str) -> Score:
    return qualitative(TEN, name, read_parameters({"bands": BANDS}))


def _deducted(weight: Decimal, target: str, actual: str, rule: Deduction) -> Score:
    return deduction(weight, Decimal(target), Decimal(actual), rule)


def _total(points: str, rows: list[tuple[Value, Value]], rate: str = "0.9473", **parameters: Any) -> Score:
    given: Parameters = read_parameters(parameters)
    return total(Decimal(points), rows, Decimal(rate), given)


def as_markdown(example: Example) -> Iterator[str]:
    """一个例子写成 Markdown：题目、各步、规定、得分。"""
    told = example.score.tell()
    yield f"**例**　{example.story}"
    yield ""
    for number, step in enumerate(told.steps, 1):
        yield f"{number}. {step}"
    for note in told.notes:
        yield f"   - {note}" if told.steps else f"- {note}"
    if not told.steps:
        yield f"- {told.why}"
    points = example.score.points
    if isinstance(points, Decimal):
        yield ""
        yield f"得 **{plain(points, 2)}** 分。"
    yield ""
