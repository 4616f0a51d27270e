from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evaluations.core.faults import PackProblem
from evaluations.core.measures import Measure
from evaluations.core.score_examples import as_markdown, methods
from evaluations.core.scoring import (
    Band,
    Cap,
    Deduction,
    Parameters,
    Score,
    deduction,
    execution,
    indicator,
    points_of,
    qualitative,
    quantitative,
    read_parameters,
    suggested_key,
    total,
)
from evaluations.core.values import NotApplicable
from tests.builders import LAB_FIELDS, NA, lab_facts, make_pack, scope_input
from tests.goldens import same_as_golden

D = Decimal
FULL = D(1)
BANDS = [
    {"name": "达成", "low": "0.8", "high": "1"},
    {"name": "部分达成", "low": "0.6", "high": "0.8"},
    {"name": "未达成", "low": "0", "high": "0.6"},
]
RATIO, LINEAR = Parameters(), Parameters(negative="linear")
REASON = Parameters(over_threshold=D("0.3"))
DEDUCT = Parameters(over_action="deduct", over_points=D(2))


def exact_points(weight, ratio):
    """Half up to two decimals, by integers only."""
    hundredths = Fraction(weight) * min(max(ratio, Fraction(0)), Fraction(1)) * 100
    return Fraction((2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator), 100)


# ---- F1 ----

EXECUTION = [
    (10, "89.8", "94.8", "9.47"),
    (10, "167.85", "256.46", "6.54"),
    (10, "13.5", "13.5", "10"),
    (10, "0", "94.8", "0"),
    (10, "100", "94.8", "10"),
    (10, "-5", "94.8", "0"),
    (3, "5", "24", "0.63"),
    (10, "0.000001", "9999999999.999999", "0"),
    (20, "95", "100", "19"),
]


@pytest.mark.parametrize(("weight", "executed", "budget", "points"), EXECUTION)
def test_execution_points_are_weight_times_the_exact_rate_at_most_all_of_it(weight, executed, budget, points):
    assert execution(D(weight), D(executed), D(budget)).points == D(points)


def test_the_rate_is_not_rounded_before_it_is_multiplied():
    executed, budget = D("167.85"), D("256.46")
    assert exact_points(10, Fraction(executed) / Fraction(budget)) == Fraction("6.54")
    assert execution(D(10), executed, budget).points == D("6.54")
    printed_rate = "65.45"
    assert f"执行率 {printed_rate}%" in execution(D(10), executed, budget).why
    assert exact_points(10, Fraction(printed_rate) / 100) == Fraction("6.55"), (
        "rounding twice would give this"
    )


@pytest.mark.case("N3")
def test_a_budget_of_zero_is_not_applicable_and_never_divides():
    for executed in ("0", "5", "-5"):
        assert isinstance(execution(D(10), D(executed), D(0)).points, NotApplicable)


@pytest.mark.parametrize("given_", [(None, D(1), D(2)), (D(10), None, D(2)), (D(10), D(1), None)])
def test_a_blank_is_not_a_zero(given_):
    assert execution(*given_).points is None


@pytest.mark.parametrize("given_", [(NA, D(1), D(2)), (D(10), NA, None), (D(10), D(1), NA)])
def test_not_applicable_money_gives_no_points(given_):
    assert isinstance(execution(*given_).points, NotApplicable)


def test_execution_tells_its_formula_its_rate_and_its_rounding():
    score = execution(D(10), D("89.8"), D("94.8"))
    assert score.why == "10 × min(89.8 ÷ 94.8, 1) = 9.47（执行率 94.73%）"
    assert len(score.steps) == 3


money = st.decimals(0, 10**9, places=6, allow_nan=False)
weights = st.decimals(0, 100, places=2, allow_nan=False)


@given(weights, money, money)
@pytest.mark.case("N3")
def test_execution_is_exact_and_between_zero_and_the_weight(weight, executed, budget):
    assume(budget > 0)
    points = execution(weight, executed, budget).points
    assert points == exact_points(weight, Fraction(executed) / Fraction(budget))
    assert 0 <= points <= weight


@given(weights, money, money, money)
@pytest.mark.case("N3")
def test_more_execution_never_gives_fewer_points(weight, one, other, budget):
    assume(budget > 0)
    low, high = sorted((one, other))
    assert execution(weight, low, budget).points <= execution(weight, high, budget).points


# ---- F2 to F5 ----

QUANTITATIVE = [
    (">=", 100, 100, RATIO, "10"),
    (">=", 100, 95, RATIO, "9.5"),
    (">=", "98", "95.24", RATIO, "9.72"),
    (">=", 3, 1, RATIO, "3.33"),
    (">=", 100, 0, RATIO, "0"),
    (">=", 100, -5, RATIO, "0"),
    (">=", 100, 120, RATIO, "10"),
    (">", 100, 100, RATIO, "10"),
    (">", 0, 0, RATIO, "0"),
    (">", 0, 1, RATIO, "10"),
    (">=", 0, 0, RATIO, "10"),
    (">=", 0, -1, RATIO, "0"),
    (">=", -5, -3, RATIO, "10"),
    (">=", -5, -6, RATIO, "0"),
    ("=", 36, 36, RATIO, "10"),
    ("=", 36, 18, RATIO, "5"),
    ("=", 36, 40, RATIO, "10"),
    ("=", 0, 0, RATIO, "10"),
    ("=", 0, -1, RATIO, "10"),
    ("=", 0, 1, RATIO, "0"),
    ("<=", 100, 100, RATIO, "10"),
    ("<=", 100, 90, RATIO, "10"),
    ("<=", 100, 120, RATIO, "8.33"),
    ("<=", 100, 120, LINEAR, "8"),
    ("<=", 100, 199, LINEAR, "0.1"),
    ("<=", 100, 200, LINEAR, "0"),
    ("<=", 100, 900, LINEAR, "0"),
    ("<=", 100, 900, RATIO, "1.11"),
    ("<", 100, 100, RATIO, "10"),
    ("<=", 0, 0, RATIO, "10"),
    ("<=", 0, 1, RATIO, "0"),
    ("<=", 0, 1, LINEAR, "0"),
    ("<", 0, 5, LINEAR, "0"),
]


@pytest.mark.parametrize(("direction", "target", "actual", "parameters", "points"), QUANTITATIVE)
def test_a_quantity_scores_by_its_direction(direction, target, actual, parameters, points):
    score = quantitative(D(10), Measure(direction, D(target), "个"), D(actual), parameters)
    assert score.points == D(points)


@given(
    weights,
    st.sampled_from([">=", "<=", "=", ">", "<"]),
    st.decimals(-1000, 1000, places=2, allow_nan=False),
    st.decimals(-1000, 1000, places=2, allow_nan=False),
    st.sampled_from([RATIO, LINEAR, REASON, DEDUCT]),
)
def test_a_quantity_never_divides_by_zero_and_stays_between_zero_and_the_weight(
    weight, direction, target, actual, parameters
):
    score = quantitative(weight, Measure(direction, target, ""), actual, parameters)
    assert 0 <= score.points <= weight
    assert score.why


@given(
    weights,
    st.decimals("0.01", 1000, places=2),
    st.decimals(0, 1000, places=2),
    st.decimals(0, 1000, places=2),
)
def test_doing_better_never_scores_lower(weight, target, one, other):
    low, high = sorted((one, other))

    def points(direction, actual, parameters=RATIO):
        return quantitative(weight, Measure(direction, target, ""), actual, parameters).points

    assert points(">=", low) <= points(">=", high)
    assert points("<=", low) >= points("<=", high)
    assert points("<=", low, LINEAR) >= points("<=", high, LINEAR)


@given(weights, st.decimals("0.01", 1000, places=2), st.decimals(0, 1000, places=2))
def test_a_positive_quantity_is_exact(weight, target, actual):
    score = quantitative(weight, Measure(">=", target, ""), actual, RATIO)
    assert score.points == exact_points(weight, Fraction(actual) / Fraction(target))


def test_a_target_much_exceeded_wants_a_reason_or_costs_points():
    target = Measure(">=", D(100), "个")
    assert "须说明原因" in quantitative(D(10), target, D(130), REASON).tell().notes[0]
    assert quantitative(D(10), target, D(130), REASON).points == 10
    assert quantitative(D(10), target, D(130), DEDUCT).points == 8
    assert quantitative(D(1), target, D(130), DEDUCT).points == 0
    assert quantitative(D(10), target, D("129.99"), DEDUCT).points == 10
    assert quantitative(D(10), Measure("<=", D(100), ""), D(1), DEDUCT).points == 10
    assert quantitative(D(10), Measure(">=", D(0), ""), D(1), DEDUCT).points == 10


# ---- F6, F7 ----


@pytest.mark.parametrize(("band", "limits"), [("达成", "8–10"), ("部分达成", "6–8"), ("未达成", "0–6")])
def test_a_quality_gets_the_limits_of_its_band_and_the_person_gives_the_points(band, limits):
    score = qualitative(D(10), band, read_parameters({"bands": BANDS}))
    assert score.points is None
    assert limits in score.why


def test_without_a_band_the_bands_are_named():
    assert "达成、部分达成、未达成" in qualitative(D(10), None, read_parameters({"bands": BANDS})).why


DEDUCTED = [
    (10, 10, 1, 1, 5), (10, 12, 1, 1, 5), (10, 9, 1, 1, 4), (10, "8.5", 1, 1, 3), (10, 0, 1, 1, 0), (10, 6, 5, 1, 4),
    (10, 5, "2.5", "0.5", 4), (10, 5, 1, 1, 0), (10, 6, 1, 1, 1), (10, "9.5", "0.3", "0.333", "4.33"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "actual", "per", "points", "expected"),
    DEDUCTED,
)
def test_points_are_deducted_for_each_missing_piece_until_none_are_left(
    target, actual, per, points, expected
):
    rule = Deduction("培训场次", D(per), D(points))
    assert deduction(D(5), D(target), D(actual), rule).points == D(expected)


# ---- one row ----


def row(direction="", target="100%", actual="95", band=None, name="", weight="10", **parameters):
    values = (D(weight) if weight else None, direction, target, actual, band, name)
    return indicator(*values, parameters=read_parameters({"bands": BANDS, **parameters}))


def test_a_row_picks_its_method_from_the_direction_or_the_target():
    assert (row().method, row().points) == ("正向比例", D("9.5"))
    assert (row("<=", "100", "120").method, row("<=", "100", "120").points) == ("反向比例", D("8.33"))
    assert row(target="不超过3天", actual="4天", negative="linear").points == D("6.67")
    assert row("=", "36个", "36").method == "等于目标"
    assert row(target="完成", actual="完成").method == "定性分档"
    assert row("定性", "100%", "95").method == "定性分档"
    deductions = [{"indicator": "培训场次", "per": "1", "points": "1"}]
    assert row(target="10场", actual="8场", name="培训场次", deductions=deductions).points == 8


UNSCORED = [
    ({"weight": ""}, "分值填好后"),
    ({"target": None}, "年度指标值填好后"),
    ({"target": ""}, "年度指标值填好后"),
    ({"actual": None}, "实际完成值填成数后"),
    ({"actual": "95人"}, "实际完成值填成数后"),
    ({"actual": "完成"}, "实际完成值填成数后"),
    ({"direction": ">=", "target": "完成"}, "不是数"),
    ({"direction": "<", "target": "很少"}, "不是数"),
    ({"target": "9" * 100, "direction": ">="}, "不是数"),
    ({"actual": "9" * 100}, "实际完成值填成数后"),
]


@pytest.mark.parametrize(("given_", "why"), UNSCORED)
def test_a_row_that_cannot_be_scored_says_what_is_missing(given_, why):
    score = row(**given_)
    assert score.points is None
    assert why in score.why


# ---- F8, F9 ----


def summed(execution_points, *rows, rate=FULL, **parameters):
    return total(execution_points, list(rows), rate, read_parameters(parameters))


def test_the_total_is_execution_plus_all_rows_and_skips_what_is_unknown():
    assert summed(D("9.47"), (D(10), D("8.5")), (D(10), D(10))).points == D("27.97")
    assert summed(D("9.47"), (D(10), None), (D(10), D(10))).points == D("19.47")
    assert summed(None, (D(10), D(10))).points == 10
    assert summed(NA, (D(10), D(10))).points == 10
    assert summed(None, (D(10), None)).points is None


def test_rows_that_do_not_apply_are_left_out_and_the_rest_is_brought_to_a_hundred():
    rows = [(D(50), D(45)), (D(30), D(30)), (D(10), NA)]
    assert summed(D(10), *rows).points == 85
    assert summed(D(10), *rows, rescale=True).points == D("94.44")
    assert summed(D(10), (D(90), D(90)), rescale=True).points == 100
    assert summed(D(0), (D(100), NA), (D(0), D(0)), rescale=True).points == 0


CAPS = [
    {"below": "0.8", "total": "89"},
    {"below": "0.7", "total": "79"},
    {"below": "0.6", "total": "69"},
    {"below": "0.5", "total": "59"},
]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("0.8", 95),
        ("0.79", 89),
        ("0.7", 89),
        ("0.69", 79),
        ("0.6", 79),
        ("0.59", 69),
        ("0.5", 69),
        ("0.49", 59),
        ("0", 59),
    ],
)
def test_low_execution_caps_the_total_where_the_pack_says_so(rate, expected):
    assert summed(D(5), (D(90), D(90)), rate=D(rate), caps=CAPS).points == expected
    assert summed(D(5), (D(90), D(90)), rate=D(rate)).points == 95


@pytest.mark.parametrize("rate", [None, NA])
def test_an_unknown_rate_caps_nothing_and_a_low_total_stays(rate):
    assert summed(D(5), (D(90), D(90)), rate=rate, caps=CAPS).points == 95
    assert summed(D(5), (D(90), D(20)), rate=D("0.1"), caps=CAPS).points == 25


@pytest.mark.case("W11")
def test_points_are_held_between_zero_and_the_weight():
    assert (points_of(D(10), D(2)), points_of(D(10), D(-1)), points_of(D(10), Fraction(1, 3))) == (
        10,
        0,
        D("3.33"),
    )


# ---- parameters ----


@pytest.mark.parametrize(
    "raw",
    [
        {"negativ": "ratio"},
        {"negative": "cubic"},
        {"over_action": "shout"},
        {"over_threshold": "viel"},
        {"over_points": "-1"},
        {"bands": [{"name": "达成", "low": "abc", "high": "1"}]},
        {"bands": [{"name": "达成", "low": "NaN", "high": "1"}]},
        {"caps": [{"below": "0.8", "total": "1e99"}]},
        {"deductions": [{"indicator": "x", "per": "0", "points": "1"}]},
        {"deductions": [{"indicator": "x", "per": "1", "points": "Infinity"}]},
    ],
)
def test_wrong_parameters_are_refused_in_one_sentence(raw):
    with pytest.raises(PackProblem, match=r"scoring\.toml"):
        read_parameters(raw)


def test_a_number_without_quotes_is_read_from_its_decimal_writing():
    assert read_parameters({"over_threshold": 0.3}).over_threshold == D("0.3")


def test_every_parameter_is_read():
    assert read_parameters({}) == Parameters()
    assert read_parameters(
        {
            "negative": "linear", "over_threshold": "0.2", "over_action": "deduct", "over_points": "2", "rescale": True,
            "review_deviation": "0.05", "bands": BANDS[:1], "caps": CAPS[:1],
            "deductions": [{"indicator": "培训", "per": "0.5", "points": "1"}],
        }
    ) == Parameters(
        "linear", D("0.2"), "deduct", D(2), (Band("达成", D("0.8"), D(1)),), (Deduction("培训", D("0.5"), D(1)),),
        (Cap(D("0.8"), D(89)),), True, D("0.05"),
    )  # fmt: skip


@pytest.mark.parametrize("number", ["0", "0.8", "999999999.99"])
def test_a_parameter_is_a_plain_number_that_is_not_below_zero(number):
    assert read_parameters({"over_points": number}).over_points == D(number)


# ---- the words ----


def executions():
    yield from ((f"{w} 分，执行 {a}，预算 {b}", execution(D(w), D(a), D(b))) for w, a, b, _ in EXECUTION)
    yield "写不完的数", execution(D("9.99"), D("12.3456789"), D("98.7654321"))
    yield "预算是 0", execution(D(10), D(1), D(0))
    yield "没有执行数", execution(D(10), None, D(1))
    yield "分值不适用", execution(NA, D(1), D(1))


def quantities():
    for direction, target, actual, parameters, _ in QUANTITATIVE:
        title = f"10 分，目标 {direction} {target}，实际 {actual}，{parameters.negative}"
        yield title, quantitative(D(10), Measure(direction, D(target), "个"), D(actual), parameters)
    for direction, parameters in ((">=", RATIO), ("<=", RATIO), ("<=", LINEAR), ("=", DEDUCT)):
        low, high = D("0.12345678"), D("0.23456789")
        actual, target = (high, low) if direction == "<=" else (low, high)
        title = f"写不完的数，{direction} {parameters.negative}"
        yield title, quantitative(D("9.99"), Measure(direction, target, "万元"), actual, parameters)
    over = Parameters("ratio", D("0.12345"), "deduct", D("0.25"))
    yield "写不完的超额", quantitative(D("9.99"), Measure(">=", D("0.12345678"), ""), D("0.2"), over)
    much = [(D(10), ">=", 100, 130), (D(1), "=", 100, 131), (D(10), ">", 100, "129.99"), (D(10), ">=", 0, 1), (D(10), "<", 100, 1)]  # fmt: skip
    for weight, direction, target, actual in much:
        for parameters in (DEDUCT, REASON, Parameters("ratio", D("0.5"), "deduct", D("0.5"))):
            title = f"{weight} 分，目标 {direction} {target}，实际 {actual}，{parameters.over_threshold} {parameters.over_action}"
            yield title, quantitative(weight, Measure(direction, D(target), "%"), D(actual), parameters)


def judged():
    parameters = read_parameters({"bands": BANDS})
    for band in ("达成", "部分达成", "未达成", "", "优"):
        yield f"档次 {band}", qualitative(D("7.5"), band, parameters)
    for target, actual, per, points, _ in DEDUCTED:
        title = f"5 分，目标 {target}，实际 {actual}，每少 {per} 扣 {points}"
        yield title, deduction(D(5), D(target), D(actual), Deduction("", D(per), D(points)))
    rule = Deduction("", D("0.1234567"), D("0.1234567"))
    yield "写不完的扣分", deduction(D("9.99"), D("1.2345678"), D("0.8765432"), rule)
    odd = read_parameters({"bands": [{"name": "中", "low": "0.33333", "high": "0.66667"}]})
    yield "写不完的档次", qualitative(D("9.99"), "中", odd)
    for given_, _ in UNSCORED:
        yield f"{given_}", row(**given_)


def totals():
    rows, unused = [(D(50), D("45.5")), (D(30), D(30))], [(D(10), NA), (D(5), None), (D(5), None)]
    yield "全部", summed(D("9.47"), *rows)
    yield (
        "写不完的总分",
        summed(D("1.2345678"), (D("33.333"), D("33.3333333")), (D("0.1234567"), NA), rescale=True),
    )
    caps = [{"below": "0.12345", "total": "1.2345"}]
    yield "写不完的封顶", summed(D(1), (D(90), D("1.2345678")), rate=D("0.1234"), caps=caps)
    yield "写不完的不封顶", summed(D(1), (D(90), D("0.1")), rate=D("0.1234"), caps=caps)
    yield "写不完的没有到", summed(D(1), (D(90), D(5)), rate=D("0.123456"), caps=caps)
    yield "没有执行率得分", summed(None, *rows)
    yield "不适用，没有规定折算", summed(D("9.47"), *rows, *unused)
    yield "不适用，折算", summed(D("9.47"), *rows, *unused, rescale=True)
    yield "折算，都适用", summed(D("9.47"), *rows, rescale=True)
    yield "折算，全不适用", summed(D(0), (D(99), NA), (D(1), NA), rescale=True)
    yield "折算，只剩一分", summed(D(0), (D(99), NA), (D(1), D("0.5")), rescale=True)
    yield "不适用的没有分值", summed(D(0), (None, NA), rescale=True)
    yield "还没有得分", summed(None, (D(10), None))
    for rate in (D("0.95"), D("0.8"), D("0.75"), D("0.65"), None, NA):
        yield f"封顶，执行率 {rate}", summed(D(5), *rows, (D(10), D(10)), rate=rate, caps=CAPS)
    yield "封顶，正好在顶上", summed(D(5), (D(90), D(84)), rate=D("0.75"), caps=CAPS)
    yield "封顶，总分低", summed(D(5), *rows, rate=D("0.65"), caps=CAPS)
    yield "折算又封顶", summed(D(5), *rows, (D(20), NA), rate=D("0.75"), caps=CAPS, rescale=True)


# ---- scores as rules of a pack ----

SCORED = LAB_FIELDS.replace(
    "fields = [",
    """fields = [
  {key = "满", kind = "points"}, {key = "执", kind = "points"}, {key = "总", kind = "points"}, {key = "建议", kind = "points"}, {key = "向", kind = "text"},""",
    1,
)
RULES = """scores = [
  {field = "执", method = "执行率", weight = "满", executed = "资金.执行", budget = "资金.预算"},
  {field = "总", method = "总分", execution = "执", rate = "资金.执行率", list = "表", weight = "满", score = "数"},
  {field = "建议", method = "指标", weight = "满", direction = "向", target = "名", actual = "名", band = "名", name = "名", score = "c"},
]"""


def scored_facts():
    pack = make_pack(SCORED, scoring=RULES)
    values = {"满": 10, "资金__执行": 9, "资金__预算": 10, "名": "30个"}
    return lab_facts(
        scope_input(rows={"表": [{"满": 50, "数": 45}, {"满": 40, "数": 30}]}, **values), pack=pack
    )


READ = [
    ("执", ["满", "资金.执行", "资金.预算"]),
    ("总", ["执", "资金.执行率", "表[r0].满", "表[r1].满", "表[r0].数", "表[r1].数"]),
    ("建议", ["满", "向", "名", "名", "名", "名", "c"]),
]


@pytest.mark.parametrize(("key", "cells"), READ)
def test_a_score_reads_the_cells_that_its_rule_names(key, cells):
    root = scored_facts().root
    assert [node.address(used) for node, used in root.rules[key].reads(root)] == cells


def test_a_score_is_its_points_and_explains_itself():
    root = scored_facts().root
    assert (root.value("执"), root.value("总"), root.value("建议")) == (9, 84, 10)
    assert [root.rules[key].explain() for key in ("执", "总", "建议")] == ["执行率", "总分", "指标"]
    assert [root.explain(key) for key in ("执", "总", "建议")] == [
        "执 = 10 × min(9 ÷ 10, 1) = 9（执行率 90%） = 9",
        "总 = 执行率得分 9 + 指标得分合计 = 84 = 84",
        "建议 = 达到目标，得满分 10 = 10",
    ]


def test_only_the_points_of_one_row_are_suggested_beside_a_score():
    rules = scored_facts().root.rules
    assert suggested_key(rules, "c") == "建议"
    assert [suggested_key(rules, key) for key in ("数", "满", "执", "")] == [""] * 4


def as_told(title: str, score: Score) -> str:
    told = score.tell()
    assert (told.why, told.steps) == (score.why, score.steps)
    lines = [f"# {title}", f"{score.method} {score.points!r}", told.why]
    lines += [f"  {number}. {step.words} || {step.numbers}" for number, step in enumerate(told.steps, 1)]
    return "\n".join([*lines, *(f"  注 {note}" for note in told.notes), ""])


def test_every_score_is_told_as_it_should_be():
    cases = [*executions(), *quantities(), *judged(), *totals()]
    same_as_golden("told-scores.txt", "\n".join(as_told(*case) for case in cases))


def test_the_examples_of_the_guide_are_worded_as_they_should_be():
    text = [line for one in methods() for line in (f"## {one.title}", one.rule, *(line for example in one.examples for line in as_markdown(example)))]  # fmt: skip
    same_as_golden("score-examples.md", "\n".join(text))
