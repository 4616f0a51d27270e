from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.measures import QUALITATIVE, Measure, direction_of, read_measure, read_number

QUANTITIES = [
    ("36个", ">=", "36", "个"),
    ("100%", ">=", "100", "%"),
    ("５０％", ">=", "50", "%"),
    ("≥98%", ">=", "98", "%"),
    (">=98 %", ">=", "98", "%"),
    ("＞＝98%", ">=", "98", "%"),
    ("≧98%", ">=", "98", "%"),
    ("≤3天", "<=", "3", "天"),
    (">5", ">", "5", ""),
    ("＜5", "<", "5", ""),
    ("=36", "=", "36", ""),
    ("等于36", "=", "36", ""),
    ("不超过3天", "<=", "3", "天"),
    ("不得超过3天", "<=", "3", "天"),
    ("不低于95%", ">=", "95", "%"),
    ("不少于 1,200 人次", ">=", "1200", "人次"),
    ("高于95%", ">", "95", "%"),
    ("少于5起", "<", "5", "起"),
    ("达到95%以上", ">=", "95", "%"),
    ("达95%", ">=", "95", "%"),
    ("95%以上", ">=", "95", "%"),
    ("95%及以上", ">=", "95", "%"),
    ("3天以内", "<=", "3", "天"),
    ("3天以下", "<=", "3", "天"),
    ("5个工作日内", "<=", "5", "个工作日"),
    ("30日之内", "<=", "30", "日"),
    ("12个月", ">=", "12", "个月"),
    ("3年", ">=", "3", "年"),
    ("5次/年", ">=", "5", "次/年"),
    ("3万人次", ">=", "3", "万人次"),
    ("控制在100万元以内", "<=", "100", "万元"),
    ("1.2亿元", ">=", "1.2", "亿元"),
    ("60㎡", ">=", "60", "m2"),
    ("大于等于3个。", ">=", "3", "个"),
    ("100", ">=", "100", ""),
    ("-5%", ">=", "-5", "%"),
    ("0", "=", "0", ""),
    ("0起", "=", "0", "起"),
    ("≤0", "<=", "0", ""),
]

QUALITIES = [
    "完成", "11月前完成", "2024年12月底前完成", "2024年", "2024年内", "12月", "12月31日", "2024-12-31", "企业满意度达到100%", "控制在预算内",
    "A类", "90%-95%", "3-5天", "约100个", "100余个", "是", "无", "≥", "%", "增长5%", "全年整体评价A类", "1e5", "9" * 100, "0x10",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "direction", "number", "unit"), QUANTITIES, ids=[row[0] for row in QUANTITIES]
)
def test_a_target_with_a_number_is_a_quantity(text, direction, number, unit):
    assert read_measure(text) == Measure(direction, Decimal(number), unit)
    assert direction_of(None, text) == direction


@pytest.mark.parametrize("text", QUALITIES)
def test_a_target_in_words_or_a_date_is_a_quality(text):
    assert read_measure(text) is None
    assert direction_of("", text) == QUALITATIVE


@pytest.mark.parametrize("target", ["", "  ", None])
def test_a_blank_target_has_no_direction(target):
    assert direction_of(None, target) == ""


def test_the_direction_that_was_chosen_wins_over_the_text():
    assert direction_of("<=", "≥98%") == "<="
    assert read_measure("≥98%", "<=") == Measure("<=", Decimal(98), "%")
    assert read_measure("98%", QUALITATIVE) is None


def test_a_direction_that_is_no_direction_gives_way_to_the_target():
    assert direction_of("越多越好", "不超过3次") == "<="


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("36", "个", 36), ("36个", "个", 36), ("36个", "", 36), ("３６", "个", 36), ("1,200", "人", 1200), ("95.24%", "%", "95.24"),
     ("100", "%", 100), (" 36 ", "个", 36), ("-3", "", -3)],
)  # fmt: skip
def test_an_actual_value_is_a_number_perhaps_with_the_unit_of_the_target(text, unit, number):
    assert read_number(text, unit) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("36人", "个"), ("≥36", ""), ("36个以上", "个"), ("36以内", ""), ("约36", ""), ("完成", ""), ("", ""), (None, ""), ("36个窗口", "个"),
     ("2024年", ""), ("9" * 50, ""), ("1e3", ""), (Decimal(5), "")],
)  # fmt: skip
def test_an_actual_value_with_a_sign_or_words_is_no_number(text, unit):
    assert read_number(text, unit) is None


@given(st.text(max_size=40), st.sampled_from(["", ">=", "<=", "=", ">", "<", QUALITATIVE]))
def test_any_text_is_read_or_left(text, direction):
    measure = read_measure(text, direction)
    assert measure is None or measure.direction
    assert direction_of(direction, text) in {direction, "", QUALITATIVE, ">=", "<=", "=", ">", "<"}
