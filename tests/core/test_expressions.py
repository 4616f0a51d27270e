import time
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.expressions import MAX_CHARACTERS, ExpressionProblem, show, translate
from evaluations.core.nodes import TOO_LARGE, Figures, compare
from evaluations.core.values import NotApplicable
from tests.builders import NA, calculate, compile_in_lab, lab_facts, scope_input
from tests.goldens import same_as_golden

REFUSED = {
    "__import__('os')": "没有函数",
    "a.__class__": "下划线",
    "_a": "下划线",
    "a ** 2": "不能用",
    "a // 2": "不能用",
    "a % 2": "不能用",
    "a @ b": "不能用",
    "a | b": "不能用",
    "~a": "不能用",
    "+a": "不能用",
    "[a, b]": "不能用",
    "(a, b)": "不能用",
    "{a}": "不能用",
    "{'k': a}": "不能用",
    "lambda: a": "不能用",
    "f'{a}'": "不能用",
    "a if b else c": "不能用",
    "[x for x in a]": "不能用",
    "(a := 3)": "不能用",
    "a[0]": "不能用",
    "a is b": "不能用",
    "a in b": "不能用",
    "'名'.upper()": "没有函数",
    "SUM.x": "没有名为",
    "(a).b.c()": "没有函数",
    "eval('1')": "没有函数",
    "True": "不能用",
    "None": "不能用",
    "...": "不能用",
    "b'x'": "不能用",
    "1j": "不能用",
    "1e999": "写法不对",
    "1e2": "写法不对",
    "0x10": "写法不对",
    "1_000": "写法不对",
    "12345678901234567": "超过 16 位",
    "0.12345678901234567": "超过 16 位",
    "007": "写法不对",
    "９": "写法不对",
    "": "写法不对",
    "   ": "写法不对",
    "a +": "写法不对",
    "(a": "写法不对",
    "a; b": "写法不对",
    "a = b": "写法不对",
    "a\x00": "写法不对",
    "\ud800": "写法不对",
    "a b": "写法不对",
    "yield a": "写法不对",
    "不存在": "没有名为“不存在”",
    "资金": "没有名为",
    "资金.余额": "没有名为",
    "表.不存在": "没有名为",
    "本部门.a": "只能在项目里用",
    "表": "是列表",
    "表.数": "是列表",
    "表.数 + 1": "是列表",
    "not 表.数": "是列表",
    "表.数 > 1": "是列表",
    "项目.x": "是列表",
    "ABS(表.数)": "不能用列表",
    "IF(a > 1, 表.数, 0)": "不能用列表",
    "PRIOR(表.数)": "不能用列表",
    "SUM(表)": "要写到列",
    "BLANK(表)": "要写到列",
    "SUM(a, 组别='甲')": "正好有一个列表",
    "SUM(a, b > 1)": "正好有一个列表",
    "SUM(表.数, 另表.数, 组别='甲')": "正好有一个列表",
    "SUM(表.数, 不存在='甲')": "不是这个列表的列",
    "SUM(表.数, **a)": "写法不对",
    "SUM(*a)": "写法不对",
    "SUM()": "写法不对",
    "ROUND(表.数, 组别='甲')": "不能用列表",
    "ABS(a, x=1)": "正好有一个列表",
    "COUNT(a)": "要一个列表",
    "FIRST(a)": "要一个列表",
    "ABS(a, b)": "要 1 个参数",
    "IF(a > 1, b)": "要 3 个参数",
    "ROUND(a)": "要 2 个参数",
    "ROUND(a, b)": "0 到 10 的整数",
    "ROUND(a, -1)": "0 到 10 的整数",
    "ROUND(a, 0.5)": "0 到 10 的整数",
    "ROUND(a, 999999999)": "0 到 10 的整数",
    "PRIOR(1)": "一个字段的名称",
    "PRIOR(year)": "一个字段的名称",
    "名 + 1": "不是数",
    "'1' + 1": "不是数",
    "-名": "不是数",
    "money_unit * 2": "不是数",
    "(a > b) * 2": "不是数",
    "日 - 日": "不是数",
    "有 + 1": "不是数",
    "FIRST(表.名称) + 1": "不是数",
    "SUM(表.名称)": "不是数",
    "MAX(名, 1)": "不是数",
    "ROUND(名, 1)": "不是数",
    "IF(a > 1, '甲', '乙') + 1": "不是数",
    "IF(a > 1, 1, '乙')": "种类不同",
    "名 == 1": "不同种类",
    "日 > '2024-01-01'": "不同种类",
    "a == '1'": "不同种类",
    "SUM(表.数, 组别=1)": "种类不同",
    "SUM(表.数, 数 > SUM(表.数, 数 > SUM(表.数)))": "超过 2 层",
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=[ascii(text) for text in REFUSED])
@pytest.mark.asvs("5.2.4")
def test_what_is_not_on_the_whitelist_is_refused_in_one_sentence(text, why):
    with pytest.raises(ExpressionProblem) as refused:
        compile_in_lab(text)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


TOO_MUCH = {
    "long": "a" + " + a" * MAX_CHARACTERS,
    "many parts": "+".join("1" * 150),
    "deep minus": "-" * 390 + "a",
    "deep not": "not " * 99 + "有",
    "deep calls": "ABS(" * 60 + "a" + ")" * 60,
    "deep dots": ".".join("a" * 190),
    "wide": "SUM(" + ",".join("a" * 190) + ")",
    "long number": "9" * 399,
    "huge text": "a" * 5_000_000,
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_long_or_too_deep_is_refused_at_once(text):
    started = time.perf_counter()
    with pytest.raises(ExpressionProblem):
        compile_in_lab(text)
    assert time.perf_counter() - started < 0.5


@given(st.text(alphabet="abcSUMIF表数.()'\"=<>!+-*/, 0123456789√notandr\\\n{}[]:＞（", max_size=60))
def test_text_of_the_right_letters_never_raises_anything_else(text):
    try:
        compile_in_lab(text)
    except ExpressionProblem as problem:
        assert str(problem)


@given(st.text(max_size=80))
def test_any_text_never_raises_anything_else(text):
    try:
        compile_in_lab(text)
    except ExpressionProblem as problem:
        assert str(problem)


# ---- blank, 0, not applicable: notation §4 ----

ROWS = [{"数": 1, "满": 2}, {"数": None, "满": 3}, {"数": NA, "满": 4}, {"数": 5, "满": 6}]

TABLE = [
    ("a + b", {"a": 1, "b": 2}, 3),
    ("a + b", {"a": 1}, None),
    ("a + b", {"a": NA}, NA),
    ("a + b", {"b": NA}, NA),
    ("a - b", {}, None),
    ("a - b", {"a": 1, "b": NA}, NA),
    ("a * b", {"a": 0}, None),
    ("a * b", {"a": 0, "b": NA}, NA),
    ("a / b", {"a": 0, "b": 4}, 0),
    ("a / b", {"b": 4}, None),
    ("a / b", {"a": 4}, None),
    ("a / b", {"a": NA, "b": 4}, NA),
    ("a / b", {"a": 4, "b": NA}, NA),
    ("零当 + 1", {}, 1),
    ("零当 + 1", {"零当": NA}, NA),
    ("SUM(a, b, c)", {"a": 1, "c": 2}, 3),
    ("SUM(a, b)", {"a": 1, "b": NA}, 1),
    ("SUM(a, b)", {"a": 0, "b": NA}, 0),
    ("SUM(a, b)", {}, None),
    ("SUM(a, b)", {"b": NA}, NA),
    ("SUM(零当, b)", {}, 0),
    ("SUM(表.数)", {}, 6),
    ("SUM(另表.数)", {}, None),
    ("SUM(表.数, a)", {"a": 10}, 16),
    ("MIN(a, b)", {"a": 3, "b": 2}, 2),
    ("MIN(a, 1)", {}, None),
    ("MIN(a, 1)", {"a": NA}, NA),
    ("MAX(a, 1)", {}, None),
    ("MAX(a, b, 1)", {"b": NA}, NA),
    ("MIN(表.数)", {}, 1),
    ("MAX(表.数)", {}, 5),
    ("MAX(另表.数)", {}, None),
    ("MAX(表.数, a)", {}, None),
    ("MAX(表.数, a)", {"a": 9}, 9),
    ("MIN(另表.数, a)", {"a": 9}, 9),
    ("COUNT(表)", {}, 4),
    ("COUNT(表.数)", {}, 2),
    ("COUNT(另表)", {}, 0),
    ("COUNT(另表.数)", {}, 0),
    ("COUNT(表, 数 < 满)", {}, 2),
    ("COUNT(表, BLANK(数))", {}, 1),
    ("COUNT(表, not BLANK(数))", {}, 3),
    ("FIRST(表.满, 数 > 1)", {}, 6),
    ("FIRST(表.满, 数 > 100)", {}, None),
    ("FIRST(另表.满)", {}, None),
    ("ROUND(a, 1)", {"a": "2.25"}, "2.3"),
    ("ROUND(a, 1)", {}, None),
    ("ROUND(a, 1)", {"a": NA}, NA),
    ("ABS(a)", {"a": -3}, 3),
    ("ABS(a)", {}, None),
    ("ABS(a)", {"a": NA}, NA),
    ("-a", {"a": 3}, -3),
    ("-a", {}, None),
    ("-a", {"a": NA}, NA),
    ("BLANK(a)", {}, True),
    ("BLANK(a, b)", {"b": 1}, False),
    ("BLANK(a, b)", {}, True),
    ("BLANK(a)", {"a": NA}, False),
    ("BLANK(a)", {"a": 0}, False),
    ("BLANK(表.数)", {}, False),
    ("BLANK(另表.数)", {}, True),
    ("IF(a > 1, b, c)", {"a": 2, "b": 5}, 5),
    ("IF(a > 1, b, c)", {"a": 1, "c": 6}, 6),
    ("IF(a > 1, b, c)", {"b": 5, "c": 6}, None),
    ("IF(a > 1, b, c)", {"a": NA, "b": 5, "c": 6}, None),
    ("IF(a > 1, '甲', '')", {"a": 1}, None),
    ("a == b", {"a": 1, "b": 1}, True),
    ("a == b", {"a": 1}, None),
    ("a == b", {}, None),
    ("a != b", {"a": NA, "b": 1}, None),
    ("a < b <= c", {"a": 1, "b": 2, "c": 2}, True),
    ("a < b <= c", {"a": 3, "b": 2}, False),
    ("a < b <= c", {"a": 1, "b": 2}, None),
    ("a >= b", {"a": 1, "b": 2}, False),
    ("名 == '甲'", {"名": "甲"}, True),
    ("名 == ''", {"名": "甲"}, None),
    ("有 == 有", {"有": False}, True),
    ("日 == 日", {"日": date(2024, 1, 1)}, True),
    ("year + 1", {}, 2025),
    ("money_unit == '万元'", {}, True),
]  # fmt: skip


def case_id(case):
    return f"{case[0]} {case[1]}".replace("NotApplicable(reason='填报')", "NA")


@pytest.mark.parametrize(("text", "values", "expected"), TABLE, ids=[case_id(case) for case in TABLE])
def test_blank_zero_and_not_applicable_are_three_things(text, values, expected):
    got = calculate(text, rows={"表": ROWS}, **values)
    assert got == (Decimal(expected) if isinstance(expected, str) else expected)
    assert isinstance(got, bool) == isinstance(expected, bool)


@pytest.mark.parametrize("numerator", [0, 5, None, NA])
def test_division_by_zero_is_not_applicable_whatever_stands_above(numerator):
    got = calculate("a / b", a=numerator, b=0)
    assert isinstance(got, NotApplicable)


def test_full_points_are_never_given_for_an_unknown_rate():
    assert calculate("10 * MIN(资金.执行率, 1)", 资金__预算=0, 资金__执行=0) == NotApplicable("分母为0")
    assert calculate("10 * MIN(资金.执行率, 1)", 资金__预算=5) is None


def test_if_computes_only_the_branch_it_takes():
    assert calculate("IF(b == 0, 0, a / b)", a=1, b=0) == 0


THREE_VALUES = [
    ("a > 1 or 3 > 1", True),
    ("3 > 1 or a > 1", True),
    ("a > 1 or 1 > 3", None),
    ("1 > 3 or 2 > 3", False),
    ("a > 1 and 3 > 9", False),
    ("3 > 9 and a > 1", False),
    ("a > 1 and 3 > 1", None),
    ("3 > 1 and 2 > 1", True),
    ("not a > 1", None),
    ("not 1 > 3", True),
    ("not (a > 1 and 3 > 9)", True),
    ("有 and 3 > 1", None),
    ("not (not 3 > 1)", True),
]


@pytest.mark.parametrize(("text", "expected"), THREE_VALUES)
def test_logic_has_three_values(text, expected):
    assert calculate(text) is expected


def test_decimals_are_exact():
    assert calculate("0.1 + 0.2 == 0.3") is True
    assert calculate("1 / 3 * 3 == 1") is True
    assert calculate("3 * 5 / 24") == Fraction(5, 8)
    assert calculate("ROUND(3 * 5 / 24, 2)") == Decimal("0.63")


def test_numbers_that_grow_without_end_stop_being_numbers():
    nines = "*".join(["9999999999999999"] * 7)
    assert calculate(nines) == TOO_LARGE
    assert calculate(f"SUM({nines}, 1)") == 1
    assert calculate(f"1 / ({nines})") == TOO_LARGE


# ---- filters ----

GROUPS = [
    {"名称": "一", "组别": "甲", "数": 10, "满": 20},
    {"名称": "二", "组别": "乙", "数": 5, "满": 5},
    {"名称": "三", "组别": "甲", "数": 3, "满": 3},
    {"名称": "四", "数": 100},
]

FILTERS = [
    ("SUM(表.数, 组别='甲')", {}, 13),
    ("SUM(表.数, 组别='丙')", {}, None),
    ("SUM(0, 表.数, 组别='丙')", {}, 0),
    ("SUM(表.数, 数 < 满)", {}, 10),
    ("SUM(表.数, 数 > 5, 组别='甲')", {}, 10),
    ("SUM(表.数, 数 > a)", {"a": 5}, 110),
    ("SUM(表.数, 名称=名)", {"名": "二"}, 5),
    ("SUM(表.数, 名称=名)", {}, None),
    ("SUM(表.数, 组别 == '甲' or 数 > 50)", {}, 113),
    ("SUM(表.数, not 数 > 50)", {}, 18),
    ("SUM(表.数, BLANK(满))", {}, 100),
    ("COUNT(表, 组别='甲')", {}, 2),
    ("COUNT(表.满, 数 > 4)", {}, 2),
    ("MAX(表.数, 组别='甲')", {}, 10),
    ("MIN(表.数, 组别='甲')", {}, 3),
    ("FIRST(表.名称, 数 == MAX(表.数))", {}, "四"),
    ("SUM(表.差, 组别='甲')", {}, 10),
    ("SUM(框.规定)", {}, 80),
    ("SUM(框.规定, 组别='乙')", {}, 30),
    ("SUM(框.规定, 组别=名)", {"名": "甲"}, 50),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "expected"), FILTERS, ids=[case_id(case) for case in FILTERS])
def test_filters_read_the_row_on_the_left_and_the_caller_on_the_right(text, values, expected):
    assert calculate(text, rows={"表": GROUPS}, **values) == expected


def test_in_a_row_both_sides_may_bear_the_same_name():
    facts = lab_facts(scope_input(rows={"表": GROUPS}))
    in_row = compile_in_lab("SUM(表.数, 组别=组别)", rows="表")
    assert [in_row.value(row) for row in facts.root.lists["表"]] == [13, 5, 13, None]
    required = compile_in_lab("SUM(框.规定, 组别=组别)", rows="表")
    assert [required.value(row) for row in facts.root.lists["表"]] == [50, 30, 50, None]


def test_the_package_looks_down_into_its_projects_and_a_project_up_with_a_prefix():
    facts = lab_facts(
        scope_input(a=100),
        scope_input("p1", x=1, rows={"表": [{"数": 1}, {"数": 2}]}),
        scope_input("p2", x=2, a=7, rows={"表": [{"数": 4}]}),
    )
    assert compile_in_lab("SUM(项目.x)").value(facts.root) == 3
    assert compile_in_lab("SUM(项目.表.数)").value(facts.root) == 7
    assert compile_in_lab("COUNT(项目)").value(facts.root) == 2
    assert compile_in_lab("SUM(项目.x, x > 1)").value(facts.root) == 2
    up = compile_in_lab("a + 本部门.a", "项目")
    assert [up.value(project) for project in facts.children["项目"]] == [None, 107]
    from_row = compile_in_lab("数 + x + 本部门.a", "项目", "表")
    assert from_row.value(facts.children["项目"][1].lists["表"][0]) == 106


def test_a_project_never_falls_through_to_the_package():
    with pytest.raises(ExpressionProblem, match="本部门"):
        compile_in_lab("b", "项目")


# ---- last year ----


def prior_facts():
    return lab_facts(
        scope_input(
            a=9, rows={"表": [{"名称": "大 桥", "数": 1}, {"名称": "路", "数": 2}, {"名称": "路", "数": 3}]}
        ),
        scope_input("old", 项目__名称="平台（一期）", x=7),
        scope_input("twin1", 项目__名称="同名", x=8),
        scope_input("twin2", 项目__名称="同名", x=8),
    )


def test_last_years_value_is_read_in_the_same_scope():
    facts = lab_facts(scope_input(a=1), prior=prior_facts())
    assert compile_in_lab("PRIOR(a)").value(facts.root) == 9
    assert compile_in_lab("a - PRIOR(a)").value(facts.root) == -8
    assert compile_in_lab("PRIOR(b)").value(facts.root) is None
    assert compile_in_lab("PRIOR(a)").value(lab_facts().root) is None


def test_projects_and_rows_pair_by_their_normalised_name_and_only_when_it_is_unique():
    facts = lab_facts(
        scope_input(rows={"表": [{"名称": "大桥"}, {"名称": "路"}, {"名称": "新"}, {}]}),
        scope_input("p1", 项目__名称="平台(一期)"),
        scope_input("p2", 项目__名称="同名"),
        scope_input("p3"),
        prior=prior_facts(),
    )
    in_project = compile_in_lab("PRIOR(x)", "项目")
    assert [in_project.value(project) for project in facts.children["项目"]] == [7, None, None]
    in_row = compile_in_lab("PRIOR(数)", rows="表")
    assert [in_row.value(row) for row in facts.root.lists["表"]] == [1, None, None, None]
    grown = compile_in_lab("COUNT(表, PRIOR(数) > 0)")
    assert grown.value(facts.root) == 1


# ---- writing ----


def test_full_width_signs_are_read_and_quoted_text_is_left_alone():
    assert calculate("（a ＋ b）× 2 ÷ 4 ≥ 1．5", a=1, b=2) is True
    assert calculate("a ≠ b", a=1, b=2) is True
    assert calculate("IF（a ≤ 1，'（甲）'，'乙'）", a=1) == "（甲）"
    assert translate("'≥' ≥ \"×\"") == "'≥' >= \"×\""


EXPLAINED = [
    ("资金.执行 / 资金.预算", "资金.执行〔89.8〕 ÷ 资金.预算〔94.8〕"),
    ("10 * MIN(资金.执行率, 1)", "10 × 取小(资金.执行率〔94.73%〕，1)"),
    ("(a + b) * c", "（a〔1〕 + b〔空〕） × c〔3〕"),
    ("a - (b - c)", "a〔1〕 − （b〔空〕 − c〔3〕）"),
    ("a / (b * c)", "a〔1〕 ÷ （b〔空〕 × c〔3〕）"),
    ("-(a + c)", "−（a〔1〕 + c〔3〕）"),
    ("(a > 1 or b > 1) and c > 1", "（a〔1〕 ＞ 1 或 b〔空〕 ＞ 1） 且 c〔3〕 ＞ 1"),
    ("SUM(表.数, 组别='甲')", "合计(表.数（其中 组别 ＝ “甲”）〔10、3〕)"),
    ("not BLANK(名)", "非（为空(名〔甲〕)）"),
]


@pytest.mark.parametrize(("text", "words"), EXPLAINED)
def test_an_expression_explains_itself_with_its_numbers(text, words):
    given_ = scope_input(a=1, c=3, 名="甲", 资金__预算="94.8", 资金__执行="89.8", rows={"表": GROUPS})
    assert compile_in_lab(text).explain(lab_facts(given_).root) == words


def test_without_facts_only_the_formula_is_written():
    assert compile_in_lab("资金.执行 / 资金.预算").explain() == "资金.执行 ÷ 资金.预算"


# ---- what an expression reads ----


def read_by(text, matching=False):
    facts = lab_facts(scope_input(a=5, rows={"表": GROUPS}))
    return [node.address(key) for node, key in compile_in_lab(text).reads(facts.root, matching=matching)]


def test_it_reads_the_cells_it_names():
    assert read_by("a + 资金.执行率 + year") == ["a", "资金.执行率"]
    assert read_by("SUM(表.数, 组别='甲')", matching=True) == ["表[r0].数", "表[r2].数"]


def test_a_condition_is_read_in_its_own_row_and_the_caller():
    read = read_by("SUM(表.数, 满 > a)")
    assert set(read) == {"a", *(f"表[r{n}].{key}" for n in range(4) for key in ("数", "满"))}


def test_last_year_is_not_read_from_this_year():
    assert read_by("PRIOR(a) + b") == ["b"]


# ---- exactness against an independent evaluator ----

leaves = st.one_of(
    st.integers(0, 999).map(lambda n: (str(n), Fraction(n))),
    st.decimals(0, 100, places=3, allow_nan=False).map(lambda d: (f"{d:f}", Fraction(d))),
    st.just(("a", Fraction(7, 4))),
    st.just(("b", Fraction(-3))),
)


def combine(children):
    return st.tuples(st.sampled_from("+-*/"), children, children).map(_join)


def _join(parts):
    op, (left, x), (right, y) = parts
    text = f"({left} {op} {right})"
    if x is None or y is None or (op == "/" and y == 0):
        return text, None
    return text, {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else None}[op]


@given(st.recursive(leaves, combine, max_leaves=12))
def test_arithmetic_agrees_with_plain_fractions(tree):
    text, expected = tree
    got = calculate(text, a="1.75", b=-3)
    if expected is None:
        assert isinstance(got, NotApplicable)
    else:
        assert Fraction(got) == expected


# ---- the number of a row, the length of a text ----


def test_a_row_knows_its_number():
    facts = lab_facts(scope_input(rows={"表": GROUPS}))
    numbered = compile_in_lab("行号 * 10", rows="表")
    assert [numbered.value(row) for row in facts.root.lists["表"]] == [10, 20, 30, 40]


@pytest.mark.parametrize("rows", ["", "框"])
def test_only_a_row_of_a_list_has_a_number(rows):
    with pytest.raises(ExpressionProblem, match="没有名为“行号”"):
        compile_in_lab("行号", rows=rows)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [("LEN(名)", {"名": "三 个\n字"}, 3), ("LEN(名)", {}, None), ("LEN(名) >= 20", {"名": "短"}, False)],
)
def test_a_text_has_a_length_and_a_blank_has_none(text, values, expected):
    assert calculate(text, **values) == expected


@pytest.mark.parametrize("text", ["LEN(a)", "LEN(日)", "LEN(表.名称)", "LEN()", "LEN(名, 名)"])
def test_only_one_text_has_a_length(text):
    with pytest.raises(ExpressionProblem, match="LEN"):
        compile_in_lab(text)


def test_every_refusal_is_worded_as_it_should_be():
    told = []
    for title, text in [*((text, text) for text in REFUSED), *TOO_MUCH.items()]:
        with pytest.raises(ExpressionProblem) as refused:
            compile_in_lab(text)
        told.append(f"{title if title.isprintable() else ascii(title)}\n    {refused.value}\n")
    text = "".join(told).encode(errors="backslashreplace").decode().replace("\0", "\\0")
    same_as_golden("refused_expressions.txt", text)


EVERY_NODE = [
    "a", "名", "日", "有", "year", "money_unit", "资金.执行率", "1.50", "'字'", "''", "a + b - c", "(a + b) - (a - b)", "a - b * c",
    "(a - b) * (b + c)", "a * b / c", "a / b / c", "a / (b / c)", "a * (b * c)", "a + (b + c)", "-a", "-(-a)", "-(a * b)", "-ABS(a)",
    "a < b <= c == c", "a != b", "a >= 1 and not (b < 2 or c > 3)", "(a > 1 and b > 1) or (c > 1 and a > 2)", "a > 1 or b > 1 or c > 1",
    "COUNT(表)", "COUNT(表.数)", "SUM(表.数, a)", "SUM(零当, 表.数, 组别='甲')", "SUM(表.数, 数 > a, 组别=名)", "MIN(a, b)", "MAX(表.数)",
    "FIRST(表.名称, 数 > 3)", "IF(a > 1, '大', '小')", "ROUND(a / c, 2)", "ABS(-a)", "BLANK(a, 名)", "LEN(名)", "PRIOR(a)",
    "SUM(框.规定, 组别='甲')", "SUM(项目.x, x > 1)", "COUNT(项目)", "SUM(另表.数)",
]  # fmt: skip


def test_every_expression_is_written_in_words_with_values_and_in_figures():
    """Each with its value: in words, with every value in brackets, in figures only; then with nothing filled in."""
    root = scope_input(
        a="1.5", c="3.1234567", 名="甲", 日=date(2024, 5, 6), 有=True, 资金__预算=3, 资金__执行=1, rows={"表": [*GROUPS, {"数": NA}]}
    )  # fmt: skip
    filled = lab_facts(
        root, scope_input("p", x=2), scope_input("q", x=1), prior=lab_facts(scope_input(a=9))
    ).root
    blank = lab_facts().root
    told = []
    for text in EVERY_NODE:
        made = compile_in_lab(text)
        lines = [text, made.explain()]
        for node in (filled, blank):
            lines += [f"{made.explain(node)} = {show(made.value(node))}", made.explain(Figures(node))]
        told.append("\n    ".join(lines))
    same_as_golden("expressions.txt", "\n".join(told) + "\n")


BOUNDARIES = [
    ("as long as it may be", "a".ljust(MAX_CHARACTERS), "a".ljust(MAX_CHARACTERS + 1), "有 401 个字符，最多 400 个"),
    ("as many parts as it may have", f"SUM({','.join('a' * 119)})", f"SUM({','.join('a' * 120)})", "超过 120 个部分"),
    ("as deep as it may be", "-" * 27 + "a", "-" * 28 + "a", "嵌套太深"),
    ("as many digits as there may be", "a * 1234567890.123456", "a * 1234567890.1234567", "超过 16 位"),
    ("zeros in front do not count", "a * 0.1234567890123456", "a * 0.12345678901234567", "超过 16 位"),
    ("places of ROUND", "ROUND(a, 10)", "ROUND(a, 11)", "0 到 10 的整数"),
    ("a list within a list", "SUM(表.数, 数 > MAX(表.数))", "SUM(表.数, 数 > MAX(表.数, 数 > MAX(表.数)))", "超过 2 层"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("good", "bad", "why"), [row[1:] for row in BOUNDARIES], ids=[row[0] for row in BOUNDARIES]
)
def test_just_within_the_limit_is_read_and_just_over_it_is_refused(good, bad, why):
    assert compile_in_lab(good).text == good
    with pytest.raises(ExpressionProblem, match=why):
        compile_in_lab(bad)


def test_a_number_may_have_forty_one_digits_and_no_more():
    large = "1" + "0" * 10
    forty = f"{large} * {large} * {large} * {large}"
    assert calculate(forty) == Decimal(10) ** 40
    assert calculate(f"{forty} * 9") == 9 * Decimal(10) ** 40
    assert calculate(f"{forty} * 10") == TOO_LARGE
    assert calculate(f"{forty} / 3 * 3 * 9") == 9 * Decimal(10) ** 40
    assert calculate(f"{forty} / 3 * 3 * 10") == TOO_LARGE
    assert calculate(f"0 - {forty} / 3 * 3 * 10") == TOO_LARGE
    assert calculate(f"SUM({forty}, {forty} * 9)") == TOO_LARGE


def test_the_words_of_a_refusal_quote_at_most_forty_characters():
    with pytest.raises(ExpressionProblem) as refused:
        compile_in_lab("[" + ", ".join("a" * 30) + "]")
    assert "不能用“[a, a, a, a, a, a, a, a, a, a, a, a, a, ”。" in str(refused.value)


REFERENCES = [
    ("a + 资金.执行率 * year", ["a", "资金.执行率", "year"]),
    ("SUM(表.数, 满 > b) - a", ["表.数", "a"]),
    ("IF(not BLANK(名), COUNT(表), -c)", ["名", "表", "c"]),
]


@pytest.mark.parametrize(("text", "names"), REFERENCES)
def test_it_names_what_it_uses_but_not_what_stands_in_a_condition(text, names):
    assert [node.text for node in compile_in_lab(text).references()] == names


DAY = date(2024, 5, 6)
COMPARED = [
    (Decimal(2), Fraction(2), True, False), (Fraction(1, 3), Fraction(1, 3), True, False), (Fraction(1, 3), Decimal("0.3"), False, False),
    (Decimal(1), Decimal(2), False, True), ("甲", "甲", True, False), ("a", "b", False, True), (DAY, DAY, True, False), (DAY, date(2025, 1, 1), False, True),
    (False, False, True, False), (False, True, False, True), (None, None, None, None), (NA, NA, None, None), (True, Decimal(1), None, None),
    ("1", Decimal(1), None, None), (DAY, "2024-05-06", None, None), (None, Decimal(0), None, None), (Decimal(0), NA, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "equal", "less"), COMPARED, ids=str)
def test_only_values_of_one_kind_compare(left, right, equal, less):
    assert (compare("==", left, right), compare("<", left, right)) == (equal, less)
    assert compare("!=", left, right) == (None if equal is None else not equal)
    assert compare(">=", left, right) == (None if less is None else not less)
    assert compare("<=", left, right) == (None if less is None else less or equal)
    assert compare(">", right, left) == less


def test_a_condition_sees_its_row_and_last_years_values_of_the_row_and_the_caller():
    """Whatever stands in a condition: a constant, a field above, last year, a list."""
    prior = lab_facts(scope_input(a=3, rows={"表": [{"名称": "一", "数": 10}, {"名称": "二", "数": 1}]}))
    now = lab_facts(scope_input(a=3, b=4, rows={"表": GROUPS}), scope_input("p", x=2), prior=prior).root
    for text, expected in [
        ("COUNT(表, 数 == PRIOR(数))", 1), ("COUNT(表, 数 > PRIOR(a))", 3), ("COUNT(表, 数 > year)", 0), ("COUNT(表, 数 < COUNT(框) + b)", 2),
        ("COUNT(表, 数 > SUM(项目.x))", 4), ("COUNT(项目, x < b)", 1), ("SUM(表.数, 数=MAX(表.数))", 100), ("COUNT(框, 规定 > SUM(表.满))", 2),
    ]:  # fmt: skip
        assert compile_in_lab(text).value(now) == expected, text
