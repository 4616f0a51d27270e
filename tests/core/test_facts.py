import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core import frozen as storage
from evaluations.core.checks import run
from evaluations.core.facts import CycleProblem, Facts, Package, same_name
from evaluations.core.faults import PackProblem
from evaluations.core.frozen import (
    dump_computed,
    dump_finding,
    dump_inputs,
    load_computed,
    load_finding,
    load_inputs,
)
from evaluations.core.interchange import read_package
from evaluations.core.values import NotApplicable
from tests.builders import (
    CORRECT,
    EXAMPLE,
    HEAD,
    MENDED,
    NA,
    compile_in_lab,
    fixture,
    lab,
    lab_facts,
    make_pack,
    scope_input,
    yueyang,
)

MONEY = """
fields = [
  {key = "一", kind = "money"}, {key = "二", kind = "money"},
  {key = "三分之一", kind = "money", compute = "一 / 3"},
  {key = "合计", kind = "money", compute = "三分之一 + 三分之一 + 三分之一"},
  {key = "率", kind = "percent", compute = "一 / 二"},
  {key = "三率", kind = "percent", compute = "率 * 3"},
  {key = "人", kind = "integer", compute = "一 / 2"},
  {key = "文", kind = "text", compute = "IF(一 > 1, '大', '小')"},
]
"""


def money_facts(**values):
    pack = make_pack(MONEY, head=HEAD.replace("万元", "元"))
    return Facts(pack, Package(root=scope_input(**values)))


def test_money_is_rounded_when_computed_and_then_used_rounded():
    facts = money_facts(一=100)
    assert facts.value("三分之一") == Decimal("33.33")
    assert facts.value("合计") == Decimal("99.99")


def test_a_percent_is_never_rounded_in_its_value():
    facts = money_facts(一=1, 二=3)
    assert facts.value("率") == Fraction(1, 3)
    assert facts.value("三率") == 1
    assert facts.root.fields["率"].format(facts.value("率")) == "33.33%"


def test_an_integer_rounds_to_a_whole():
    assert money_facts(一=5).value("人") == 3


def test_inputs_are_never_rounded():
    assert money_facts(一="1.005").value("一") == Decimal("1.005")


def test_not_applicable_passes_through_rounding():
    assert isinstance(money_facts(一=1, 二=0).value("率"), NotApplicable)
    assert money_facts(一=NA).value("三分之一") == NA


def test_a_value_explains_itself():
    facts = money_facts(一=100, 二=3)
    assert facts.explain("一") == "一 = 100（填报）"
    assert facts.explain("三分之一") == "三分之一 = 一〔100〕 ÷ 3 = 33.33"
    assert facts.explain("文") == "文 = 如果(一〔100〕 ＞ 1，“大”，“小”) = 大"


def test_a_value_is_computed_once():
    facts = lab_facts(scope_input(资金__预算=4, 资金__执行=1))
    first = facts.value("资金.执行率")
    facts.package.root.values["资金.执行"] = Decimal(2)
    assert facts.value("资金.执行率") is first


def test_scopes_come_package_first_then_projects_in_order():
    facts = lab_facts(scope_input(), scope_input("p1"), scope_input("p2"))
    assert [scope.prefix for scope in facts.scopes()] == ["", "项目[p1]", "项目[p2]"]


def test_names_are_compared_by_compatible_form_without_spaces():
    assert same_name("平台（一 期）") == same_name("平台(一期)")
    assert same_name(None) == same_name(NA) == ""


# ---- cycles ----


def cyclic(*computes):
    rows = "".join(f'{{key = "{key}", kind = "money", compute = "{text}"}},' for key, text in computes)
    return f'fields = [{rows} {{key = "表[]", shape = "行"}}]\n[[shape]]\nname = "行"\nfields = [{{key = "数", kind = "money", compute = "甲"}}]'


def test_a_cycle_is_refused_at_load_with_the_whole_ring():
    with pytest.raises(PackProblem, match="甲 → 乙 → 丙 → 甲"):
        make_pack(cyclic(("甲", "乙 + 1"), ("乙", "丙 + 1"), ("丙", "甲 + 1")))


@pytest.mark.parametrize(
    "computes",
    [
        [("甲", "甲")],
        [("甲", "SUM(表.数)")],
        [("甲", "IF(1 > 2, 甲, 0)")],
        [("甲", "COUNT(表.数)")],
        [("甲", "SUM(1, 乙)"), ("乙", "SUM(表.数, 数 > 甲)")],
    ],
)
def test_a_cycle_through_lists_conditions_and_branches_is_found_too(computes):
    with pytest.raises(PackProblem, match="绕成了圈"):
        make_pack(cyclic(*computes))


def test_a_value_may_rest_on_its_own_value_of_last_year():
    pack = make_pack(cyclic(("甲", "PRIOR(甲) + 1")))
    last_year = Facts(pack, Package(), frozen={"甲": Decimal(5)})
    assert Facts(pack, Package(), prior=last_year).value("甲") == 6


def test_a_cycle_that_slips_through_is_still_an_error_that_names_the_cell():
    pack = make_pack(cyclic(("甲", "1")))
    pack.rules["", ""]["甲"] = compile_in_lab("a")
    pack.rules["", ""]["a"] = pack.rules["", ""]["甲"]
    with pytest.raises(CycleProblem, match="“a”绕了一圈"):
        Facts(pack, Package()).root.value("a")


def test_a_chain_of_values_too_long_to_compute_is_refused_at_load():
    chain = [(f"k{n}", f"k{n + 1} + 1") for n in range(300)] + [("k300", "1")]
    with pytest.raises(PackProblem, match="一层套一层"):
        make_pack(cyclic(*chain, ("甲", "1")))


# ---- frozen ----


@pytest.mark.parametrize("name", [EXAMPLE, MENDED, CORRECT])
def test_a_snapshot_gives_back_every_value_to_the_last_digit(name):
    facts = Facts(yueyang(), read_package(fixture(name), yueyang()))
    inputs = json.loads(json.dumps(dump_inputs(facts.package, yueyang())))
    computed = json.loads(json.dumps(dump_computed(facts)))
    package = load_inputs(inputs, yueyang())
    assert (package.root, package.children) == (facts.package.root, facts.package.children)
    frozen = Facts.frozen(yueyang(), package, load_computed(computed))
    assert list(frozen.computed()) == list(facts.computed())


def test_a_frozen_value_is_never_computed_again():
    frozen = Facts.frozen(
        lab(), Package(root=scope_input(资金__预算=4, 资金__执行=1)), {"资金.执行率": Fraction(1, 3)}
    )
    assert frozen.value("资金.执行率") == Fraction(1, 3)
    assert (
        Facts.frozen(lab(), Package(root=scope_input(资金__预算=4, 资金__执行=1)), {}).value("资金.执行率")
        is None
    )


exact = st.one_of(
    st.fractions(), st.decimals(allow_nan=False, allow_infinity=False), st.booleans(), st.dates(), st.text(min_size=1),
    st.text().map(NotApplicable),
)  # fmt: skip


@given(st.dictionaries(st.text(), exact))
def test_any_computed_value_survives_being_stored(values):
    stored = {key: storage._dump_value(value) for key, value in values.items()}
    back = load_computed(json.loads(json.dumps(stored)))
    assert back == values
    assert [type(value) for value in back.values()] == [type(value) for value in values.values()]


def test_a_finding_survives_being_stored():
    facts = Facts(yueyang(), read_package(fixture(EXAMPLE), yueyang()))
    found = run(yueyang(), facts)
    assert [load_finding(json.loads(json.dumps(dump_finding(one)))) for one in found] == found
