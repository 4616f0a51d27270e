import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core import frozen as storage
from evaluations.core.addresses import Address, AddressProblem
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


# ---- last year ----

NAMED = [{"名称": "平台（一期）", "数": 1}, {"名称": "重", "数": 2}, {"名称": "重", "数": 3}, {"数": 4}]
LAST_YEAR = lab_facts(
    scope_input(a=9, rows={"表": NAMED, "框": []}),
    scope_input("q1", 项目__名称="广场 改造", x=5, rows={"表": [{"名称": "丁", "数": 6}]}),
    scope_input("q2", 项目__名称="重", x=7), scope_input("q3", 项目__名称="重", x=8), scope_input("q4", x=1),
)  # fmt: skip


def this_year(prior=LAST_YEAR):
    names = ["平台(一 期)", "重", "新的", None]
    return lab_facts(
        scope_input(a=1, rows={"表": [{"名称": name} for name in names], "另表": [{"名称": "重"}]}),
        scope_input("p1", 项目__名称="广场改造", rows={"表": [{"名称": "丁"}, {"名称": "平台（一期）"}]}),
        scope_input("p2", 项目__名称="重"), scope_input("p3", 项目__名称="新的"), scope_input("p4"),
        prior=prior,
    )  # fmt: skip


def prior_of(facts, address):
    node, key = facts.locate(address)
    return node.prior(key)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("a", 9), ("b", None), ("表[r0].数", 1), ("表[r1].数", None), ("表[r2].数", None), ("表[r3].数", None), ("另表[r0].数", None),
        ("项目[p1]/x", 5), ("项目[p2]/x", None), ("项目[p3]/x", None), ("项目[p4]/x", None), ("项目[p1]/表[r0].数", 6), ("项目[p1]/表[r1].数", None),
    ],
)  # fmt: skip
def test_last_year_is_found_by_a_name_that_occurs_once(address, value):
    assert prior_of(this_year(), address) == value
    assert prior_of(this_year(prior=None), address) is None


def test_a_cell_that_was_not_in_last_years_pack_has_no_value_of_last_year():
    last = Facts(make_pack('fields = [{key = "b", kind = "decimal"}]'), Package(root=scope_input(b=3)))
    facts = this_year(prior=last)
    assert [prior_of(facts, key) for key in ("a", "b", "表[r0].数", "项目[p1]/x")] == [None, 3, None, None]


def test_without_a_name_to_match_by_no_row_and_no_project_has_a_last_year():
    fields = """fields = [{key = "表[]", shape = "行"}]
[[shape]]
name = "行"
fields = [{key = "数", kind = "decimal"}]
[[scope]]
name = "项目"
fields = [{key = "x", kind = "decimal"}]"""
    package = Package(root=scope_input(rows={"表": [{"数": 1}]}), children={"项目": [scope_input("p1", x=1)]})
    pack = make_pack(fields)
    facts = Facts(pack, package, prior=Facts(pack, package))
    assert [prior_of(facts, address) for address in ("表[r0].数", "项目[p1]/x")] == [None, None]


# ---- where things are ----


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("没有", "方案里没有“没有”这一格。请刷新页面。"),
        ("表[r9].数", "没有“表[r9].数”这一格，这一行可能已被删除。请刷新页面。"),
        ("表[r0].没有", "没有“表[r0].没有”这一格，这一行可能已被删除。请刷新页面。"),
        ("项目[p9]/x", "没有“项目[p9]”。它可能已被删除，请刷新页面。"),
    ],
)
def test_what_is_not_there_is_said_with_advice(address, sentence):
    with pytest.raises(AddressProblem) as refused:
        this_year().locate(address)
    assert str(refused.value) == sentence


def test_an_address_already_read_is_located_too():
    assert this_year().locate(Address("表", "r1", "数"))[0].address("") == "表[r1]"


def test_every_scope_and_row_is_walked_in_order():
    assert [node.address("名称") for node in this_year().nodes()] == [
        "名称", "表[r0].名称", "表[r1].名称", "表[r2].名称", "表[r3].名称", "另表[r0].名称",
        "项目[p1]/名称", "项目[p1]/表[r0].名称", "项目[p1]/表[r1].名称", "项目[p2]/名称", "项目[p3]/名称", "项目[p4]/名称",
    ]  # fmt: skip


def test_scopes_and_rows_know_the_scope_that_they_belong_to():
    facts = this_year()
    assert [node.owner_scope() for node in (facts.root, facts.root.lists["表"][0])] == ["", ""]
    project = facts.children["项目"][0]
    assert [node.owner_scope() for node in (project, project.lists["表"][0])] == ["项目", "项目"]
    assert project.up(1) is facts.root and project.lists["表"][0].up(2) is facts.root
    assert project.lists["表"][0].up(0) is project.lists["表"][0]


UP_AND_DOWN = """
fields = [
  {key = "a", kind = "decimal"}, {key = "表[]", shape = "行"}, {key = "框[]", shape = "框", rows = [["甲", "50"], ["乙"]]},
  {key = "合", kind = "decimal", compute = "SUM(项目.表.数)"}, {key = "框和", kind = "decimal", compute = "SUM(框.规定)"},
  {key = "框里", kind = "decimal", compute = "SUM(框.规定, 规定 > 0)"}, {key = "个", kind = "decimal", compute = "COUNT(项目)"},
]
[[shape]]
name = "行"
fields = [
  {key = "数", kind = "decimal"}, {key = "序", kind = "decimal", compute = "行号"}, {key = "占", kind = "decimal", compute = "数 / a"},
  {key = "框和", kind = "decimal", compute = "SUM(框.规定)"}, {key = "表和", kind = "decimal", compute = "SUM(表.数)"},
]
[[shape]]
name = "框"
fields = [{key = "组别", kind = "text"}, {key = "规定", kind = "decimal"}]
[[scope]]
name = "项目"
match = "a"
fields = [{key = "a", kind = "decimal"}, {key = "表[]", shape = "行"}, {key = "部", kind = "decimal", compute = "本部门.a + SUM(框.规定)"}]
"""


def test_values_look_up_to_the_package_down_to_the_projects_and_into_constant_lists():
    lines = {"表": [{"数": 6}, {"数": 9}]}
    children = {
        "项目": [scope_input("p1", a=2, rows=lines), scope_input("p2", a=1, rows={"表": [{"数": 5}]})]
    }
    facts = Facts(make_pack(UP_AND_DOWN), Package(root=scope_input(a=3, rows=lines), children=children))
    wanted = {
        "合": 20, "框和": 50, "框里": 50, "个": 2, "表[r0].序": 1, "表[r1].序": 2, "表[r1].占": 3, "表[r1].框和": 50, "表[r0].表和": 15,
        "项目[p1]/部": 53, "项目[p1]/表[r1].占": Decimal("4.5"), "项目[p1]/表[r1].序": 2, "项目[p1]/表[r0].表和": 15, "项目[p2]/表[r0].框和": 50,
    }  # fmt: skip
    assert {address: facts.value(address) for address in wanted} == wanted


def test_a_row_of_a_constant_list_is_named_by_its_place_and_looks_from_its_scope():
    facts = this_year()
    project = facts.children["项目"][0]
    first, second = facts.root.rows(("框",))
    assert (first.address(), second.address()) == ("框[0]", "框[1]")
    row = project.rows(("框",))[1]
    assert row.address() == "项目[p1]/框[1]" and row.value("规定") == 30 and row.value("没有") is None
    assert row.up(0) is row and row.up(1) is project and row.up(2) is facts.root
    assert (row.prior("规定"), row.constant("year")) == (None, 2024)
    assert row.rows(("表",)) is project.lists["表"]
    assert facts.root.rows(("框",)) is facts.root.rows(("框",)), "只搭一次"


def test_a_live_text_shows_the_figures_of_its_own_scope():
    live = '{key = "句", kind = "text", live = true}, {key = "x", kind = "decimal"}'
    fields = (
        f'fields = [{live}]\n[[scope]]\nname = "项目"\nfields = [{live}, {{key = "y", kind = "decimal"}}]'
    )
    package = Package(
        root=scope_input(句="共 {x} 个", x=3), children={"项目": [scope_input("p1", 句="有 {y} 个", y=4)]}
    )
    facts = Facts(make_pack(fields), package)
    assert (facts.root.shown("句"), facts.children["项目"][0].shown("句")) == ("共 3 个", "有 4 个")
    assert facts.value("句") == "共 {x} 个"


def test_a_project_explains_its_values_by_their_full_names():
    facts = lab_facts(
        scope_input(资金__预算=4, 资金__执行=1), scope_input("p1", rows={"表": [{"数": 2, "满": 3}]})
    )
    assert facts.explain("资金.执行率") == "资金·执行率 = 资金.执行〔1〕 ÷ 资金.预算〔4〕 = 25%"
    assert facts.explain("项目[p1]/表[r0].差") == "差 = 满〔3〕 − 数〔2〕 = 1"
    assert facts.explain("b") == "b = 空（填报）"


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
