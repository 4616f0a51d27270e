import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.addresses import Address, AddressProblem, join, parse_address
from tests.builders import lab_facts, scope_input

WRITTEN = {
    "人员.编制数": Address("人员.编制数"),
    "市级专项资金[k3].本年预算数": Address("市级专项资金", "k3", "本年预算数"),
    "指标[r7]": Address("指标", "r7"),
    "项目[p1]/资金.全年执行数": Address("资金.全年执行数", scope="项目", scope_row="p1"),
    "项目[p1]/指标[r7].得分": Address("指标", "r7", "得分", "p1", "项目"),
    "指标[0].得分": Address("指标", "0", "得分"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "address"), WRITTEN.items())
def test_an_address_is_written_and_read_the_same_way(text, address):
    assert parse_address(text) == address
    assert str(address) == text


names = st.text(alphabet="资金执行数指标abz_09", min_size=1, max_size=6)
keys = st.lists(names, min_size=1, max_size=3).map(".".join)


@given(keys, st.none() | names, keys, st.none() | st.tuples(names, names))
def test_writing_and_reading_an_address_are_inverse(key, row, column, scope):
    name, scope_row = scope or ("", "")
    address = Address(key, row or "", column if row else "", scope_row, name)
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "指标[", "指标[]", "指标[r1", "指标]r1[", "指标[r1].", "[r1].得分", "项目/资金", "a/b/c", "指标[r 1].得分",
     "指标[r1]得分", "指标[r1].得分\n", "a" * 5_000, "项目[p1]/项目[p2]/x", "../x", "a[b][c]"],
)  # fmt: skip
def test_another_writing_is_refused_with_an_example(text):
    with pytest.raises(AddressProblem, match="应如"):
        parse_address(text)


def test_the_refusal_quotes_the_beginning_and_shows_how_to_write_it():
    with pytest.raises(AddressProblem) as refused:
        parse_address("乱写 " * 20)
    assert str(refused.value) == (
        f"地址“{('乱写 ' * 20)[:40]}”写法不对。应如 资金.全年预算数、指标[r7].得分 或 项目[p1]/资金.得分。"
    )


def test_an_address_is_no_longer_than_three_hundred_characters():
    assert parse_address("a" * 300).key == "a" * 300
    with pytest.raises(AddressProblem):
        parse_address("a" * 301)


def test_a_whole_project_is_an_address_and_knows_its_prefix():
    at = parse_address("项目[p1]/")
    assert (at, str(at), at.prefix) == (Address("", "", "", "p1", "项目"), "项目[p1]/", "项目[p1]")
    assert parse_address("a").prefix == ""


def test_a_scope_prefix_is_joined_with_a_slash():
    assert join("", "资金.得分") == "资金.得分"
    assert join("项目[p1]", "资金.得分") == "项目[p1]/资金.得分"
    assert parse_address("项目[p1]/资金.得分").prefix == "项目[p1]"


# ---- finding what an address points to ----


def facts():
    return lab_facts(
        scope_input(a=5, rows={"表": [{"名称": "甲", "数": 1, "满": 3}]}),
        scope_input("p1", x=7, rows={"表": [{"数": 2}]}),
        scope_input("p2", x=8),
    )


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("a", 5),
        ("表[r0].数", 1),
        ("表[r0].差", 2),
        ("项目[p1]/x", 7),
        ("项目[p2]/x", 8),
        ("项目[p1]/表[r0].数", 2),
        ("b", None),
    ],
)
def test_an_address_finds_its_value_in_its_scope(address, value):
    assert facts().value(address) == value


@pytest.mark.parametrize(
    "address",
    [
        "不存在",
        "表[r9].数",
        "表[r0].不存在",
        "表[r0]",
        "项目[p9]/x",
        "别的[p1]/x",
        "项目[p1]/b",
        "表",
        "框[r0].规定",
    ],
)
def test_an_address_that_points_nowhere_is_refused(address):
    with pytest.raises(AddressProblem, match="刷新页面"):
        facts().value(address)


def test_every_computed_value_is_found_again_by_its_address():
    shown = facts()
    computed = {address: value for address, _, value in shown.computed()}
    assert set(computed) == {"资金.执行率", "表[r0].差", "项目[p1]/表[r0].差"}
    assert {address: shown.value(address) for address in computed} == computed
