from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.values import (
    NotApplicable,
    ValueProblem,
    clean_text,
    default_digits,
    format_value,
    from_yuan,
    is_number,
    is_unknown,
    parse,
    plain,
    round_half_up,
    shorten,
    tidy,
    to_text,
    to_yuan,
    visible,
)
from tests.goldens import same_as_golden
from tests.literals import NOT_APPLICABLE, NUMBERS, REFUSED


def money(text):
    return parse("money", text, digits=6)


@pytest.mark.case("N1", "N4", "U6")
@pytest.mark.dengbao("入侵防范 d")
@pytest.mark.parametrize(("typed", "number"), NUMBERS.items())
def test_amounts_as_people_type_them_are_read(typed, number):
    got = money(typed)
    assert got == Decimal(number)
    assert not (got == 0 and got.is_signed())


@pytest.mark.parametrize("typed", NOT_APPLICABLE)
def test_words_for_nothing_alone_in_a_number_cell_mean_not_applicable(typed):
    assert isinstance(money(typed), NotApplicable)


@pytest.mark.parametrize("typed", ["", " ", "\u3000", "\n", "\u200b", "\u202e"])
def test_empty_and_invisible_text_is_blank(typed):
    assert money(typed) is None
    assert parse("text", typed, digits=0) is None


@pytest.mark.case("N1", "N4", "U6")
@pytest.mark.parametrize(("typed", "why"), REFUSED.items(), ids=[text[:20] for text in REFUSED])
@pytest.mark.asvs("5.1.3")
def test_what_is_no_amount_is_refused_with_advice(typed, why):
    with pytest.raises(ValueProblem) as refused:
        money(typed)
    sentence = str(refused.value)
    assert why in sentence
    assert sentence.endswith("。")
    assert len(sentence) < 120


@pytest.mark.parametrize(
    ("kind", "digits", "typed"),
    [("money", 2, "94.805"), ("money", 6, "0.0000001"), ("integer", 0, "2.5"), ("points", 2, "9.475")],
)
def test_more_decimals_than_the_cell_holds_are_refused_not_rounded(kind, digits, typed):
    with pytest.raises(ValueProblem, match="位小数"):
        parse(kind, typed, digits=digits)


@pytest.mark.parametrize(
    ("typed", "ratio"), [("95%", "0.95"), ("95", "0.95"), ("９４．７３％", "0.9473"), ("0", "0")]
)
def test_a_percent_is_typed_in_percent_points_with_or_without_the_sign(typed, ratio):
    assert parse("percent", typed, digits=2) == Decimal(ratio)


@pytest.mark.parametrize(
    "typed", ["2025-03-20", "2025/3/20", "2025.3.20", "2025年3月20日", "２０２５年３月２０日"]
)
def test_dates_are_read_in_the_usual_ways(typed):
    assert parse("date", typed, digits=0) == date(2025, 3, 20)


@pytest.mark.parametrize(
    "typed", ["2025-02-30", "2025-13-01", "25-3-20", "3月20日", "0000-01-01", "明天", "٢٠٢٥-03-20"]
)
def test_what_is_no_date_is_refused(typed):
    with pytest.raises(ValueProblem, match="不是日期"):
        parse("date", typed, digits=0)


@pytest.mark.parametrize(
    ("typed", "answer"), [("是", True), ("TRUE", True), ("☑", True), ("否", False), ("没有", False)]
)
def test_yes_and_no_are_read(typed, answer):
    assert parse("yes_no", typed, digits=0) is answer


def test_yes_or_no_with_another_word_is_refused():
    with pytest.raises(ValueProblem, match="请填“是”或“否”"):
        parse("yes_no", "也许", digits=0)


def test_a_choice_is_compared_by_its_compatible_form_and_refused_otherwise():
    assert parse("choice", "＞＝", digits=0, choices=(">=", "<=")) == ">="
    with pytest.raises(ValueProblem, match=">=、<="):
        parse("choice", "大于", digits=0, choices=(">=", "<="))


def test_text_keeps_every_visible_character_and_loses_the_invisible_ones():
    assert (
        clean_text(" 𠮷\ue000㎡①\r\n第二行\x00\x08\x1b\ud800\u202e\u2066\u061c\ufeff ")
        == "𠮷\ue000㎡①\n第二行"
    )


def test_text_that_is_too_long_is_refused_with_its_length():
    with pytest.raises(ValueProblem, match="20,001 字，最多 20,000 字"):
        parse("long_text", "长" * 20_001, digits=0)


@given(st.text())
def test_cleaning_twice_changes_nothing_and_the_result_can_be_stored(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(
    st.text(), st.sampled_from(["money", "integer", "percent", "points", "date", "yes_no", "choice", "text"])
)
def test_reading_any_text_gives_a_value_or_one_sentence(text, kind):
    try:
        parse(kind, text, digits=2, choices=("甲",))
    except ValueProblem as problem:
        assert "\n" not in str(problem)


UNREADABLE = [
    *(("money", text) for text in REFUSED),
    ("integer", "2.5"), ("integer", "二"), ("integer", "9" * 65), ("percent", "95‰"), ("percent", "0.12345"), ("points", "9.475"),
    ("decimal", "x"), ("date", "2025-02-30"), ("date", "明天"), ("yes_no", "也许"), ("choice", "大于" * 11), ("text", "长" * 4_001),
    ("long_text", "长" * 20_001),
]  # fmt: skip


def test_every_refusal_says_what_stands_there_and_what_to_write():
    lines = []
    for kind, text in UNREADABLE:
        with pytest.raises(ValueProblem) as refused:
            parse(kind, text, digits={"money": 6, "integer": 0}.get(kind, 2), choices=("甲", "乙"))
        lines.append(f"{kind} {text[:25]!r} → {refused.value}")
    same_as_golden("values_refusals.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("kind", "text", "digits", "value"),
    [
        ("money", "1" * 16, 0, Decimal("1" * 16)), ("money", "-" + "1" * 16, 0, Decimal("-" + "1" * 16)), ("money", "0" * 64, 0, 0),
        ("money", "0" * 65, 0, None), ("percent", "12.34", 2, Decimal("0.1234")), ("percent", "95 %", 2, Decimal("0.95")),
        ("percent", "（5%）", 2, Decimal("-0.05")), ("percent", "(5)%", 2, None), ("percent", "(5)", 2, Decimal("-0.05")), ("integer", "¥5", 0, None),
        ("points", "(5", 2, None), ("points", "5)", 2, None), ("money", "( 5 )", 2, -5), ("decimal", "1.20", 1, Decimal("1.2")), ("decimal", "100", 0, 100),
        ("text", "长" * 4_000, 0, "长" * 4_000), ("long_text", "长" * 20_000, 0, "长" * 20_000),
    ],
)  # fmt: skip
def test_the_limits_of_what_is_read(kind, text, digits, value):
    if value is None:
        with pytest.raises(ValueProblem):
            parse(kind, text, digits=digits)
    else:
        assert parse(kind, text, digits=digits) == value


def test_not_applicable_that_was_typed_says_so():
    assert money("无").reason == "填报"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("字" * 20, "字" * 20),
        ("字" * 21, "字" * 20 + "…"),
        (" 甲 \n 乙 ", "甲 乙"),
        ("字" * 19 + "\n\n尾", "字" * 19 + " …"),
    ],
)
def test_a_quoted_text_is_one_line_of_twenty_characters(text, short):
    assert shorten(text) == short


def test_a_text_is_shortened_to_another_length_if_asked():
    assert (shorten("一二三四", 3), shorten("一二三", 3)) == ("一二三…", "一二三")


@pytest.mark.parametrize(
    ("value", "unknown", "number"),
    [
        (None, True, False),
        (NotApplicable(), True, False),
        (Decimal(0), False, True),
        (Fraction(1, 3), False, True),
        ("", False, False),
        (True, False, False),
    ],
)
def test_blank_not_applicable_and_zero_are_three_things(value, unknown, number):
    assert (is_unknown(value), is_number(value)) == (unknown, number)


# ---- rounding and printing ----


@pytest.mark.parametrize(
    ("number", "digits", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049", 2, "0"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("-0.004", 2, "0"),
        ("1.995", 2, "2"),
    ],
)
def test_five_rounds_up_away_from_zero(number, digits, rounded):
    assert round_half_up(Decimal(number), digits) == Decimal(rounded)


def test_an_exact_fraction_is_rounded_once_and_right():
    assert round_half_up(Fraction(5, 8), 2) == Decimal("0.63")
    assert round_half_up(Fraction(3 * 5, 24), 2) == Decimal("0.63")


@given(st.fractions(min_value=-(10**12), max_value=10**12), st.integers(0, 6))
def test_rounding_is_within_half_a_unit(number, digits):
    rounded = round_half_up(number, digits)
    assert abs(Fraction(rounded) - number) <= Fraction(1, 2 * 10**digits)
    assert Fraction(rounded) * 10**digits % 1 == 0


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("94.80", "94.8"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("0.000001", "0.000001"),
        ("-0.0000001", "0"),
        ("1E-20", "0"),
    ],
)
@pytest.mark.case("N4")
def test_numbers_print_without_trailing_zeros_exponent_or_minus_zero(number, printed):
    assert plain(Decimal(number), 6) == printed


@pytest.mark.parametrize(
    ("value", "kind", "printed"),
    [
        (None, "money", ""),
        (NotApplicable("分母为0"), "percent", "不适用"),
        (Decimal("94.8"), "money", "94.8"),
        (Fraction(898, 948), "percent", "94.73%"),
        (Fraction(1), "percent", "100%"),
        (Decimal(0), "percent", "0%"),
        (date(2025, 3, 2), "date", "2025年3月2日"),
        (True, "yes_no", "是"),
        (False, "yes_no", "否"),
        ("甲", "text", "甲"),
    ],
)
def test_every_kind_prints_as_on_paper(value, kind, printed):
    assert format_value(value, kind, digits=2) == printed


def test_a_column_head_may_carry_the_percent_sign_and_a_form_its_own_word_for_not_applicable():
    assert format_value(Decimal("0.5"), "percent", digits=2, sign=False) == "50"
    assert format_value(NotApplicable(), "percent", digits=2, na_shows="0") == "0"


amounts = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
typed_values = st.one_of(
    st.tuples(st.just("money"), amounts),
    st.tuples(st.just("integer"), st.integers(-(10**9), 10**9).map(Decimal)),
    st.tuples(st.just("percent"), st.decimals(0, 10, places=8, allow_nan=False)),
    st.tuples(st.just("date"), st.dates()),
    st.tuples(st.just("yes_no"), st.booleans()),
    st.tuples(st.just("text"), st.text().map(clean_text).map(lambda text: text or None)),
    st.tuples(st.sampled_from(["money", "percent", "points"]), st.just(NotApplicable("填报"))),
)


@given(typed_values)
def test_what_is_written_out_reads_back_as_the_same_value(typed):
    kind, value = typed
    assert parse(kind, to_text(value, kind, digits=6), digits=6) == value


@given(amounts)
@pytest.mark.case("N3")
def test_yuan_and_ten_thousand_yuan_convert_exactly_both_ways(amount):
    yuan = to_yuan(amount, "万元")
    assert yuan == amount * 10_000
    assert from_yuan(yuan, "万元") == amount


@given(st.decimals(-(10**13), 10**13, places=2, allow_nan=False))
def test_a_cent_is_never_lost(yuan):
    assert to_yuan(from_yuan(yuan, "万元"), "万元") == yuan
    assert to_yuan(from_yuan(yuan, "元"), "元") == yuan


def test_money_holds_the_cent_in_either_unit():
    assert (default_digits("money", "元"), default_digits("money", "万元")) == (2, 6)


@pytest.mark.parametrize(
    ("kind", "digits"), [("integer", 0), ("percent", 2), ("decimal", 2), ("points", 2), ("text", 2)]
)
def test_other_kinds_have_their_usual_decimals(kind, digits):
    assert default_digits(kind, "万元") == default_digits(kind, "元") == digits


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1.500", "1.5"),
        ("1E+3", "1000"),
        ("10", "10"),
        ("100", "100"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("1E-7", "1E-7"),
        ("-20.0", "-20"),
    ],
)
def test_a_number_has_one_writing(number, written):
    assert str(tidy(Decimal(number))) == written


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (" a ", " a "),
        ("a\tb", "a\tb"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("甲\u200b乙", "甲乙"),
        ("a\x00", "a"),
        (" 甲\u3000", " 甲\u3000"),
    ],
)
def test_invisible_characters_go_and_spaces_stay(text, seen):
    assert visible(text) == seen


def test_negative_digits_do_not_round_what_is_written_out():
    assert to_text(Decimal("15"), "decimal", digits=-1) == "15"
    assert to_text(Decimal("0.123"), "decimal", digits=1) == "0.1"
