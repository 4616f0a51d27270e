"""A check is tried with values before it is saved."""

import pytest

from evaluations.core.trying import try_check
from tests.builders import LAB_FIELDS, make_pack, yueyang
from tests.goldens import same_as_golden

RATE = {"expr": "人员.控制率 <= 1", "message": "控制率 {人员.控制率}，超编。"}


@pytest.fixture(scope="module")
def pack():
    return yueyang()


@pytest.mark.parametrize(
    ("staff", "posts", "verdict", "fires"),
    [
        ("10", "10", "成立，没有问题", False),
        ("12", "10", "不成立，会报出来", True),
        ("12", "", "有空格，暂不判断", False),
    ],
)
def test_values_in_give_the_verdict_and_the_message_out(pack, staff, posts, verdict, fires):
    tried = try_check(pack, RATE, {"人员.实际在职人数": staff, "人员.编制数": posts})
    assert (tried.verdict, tried.fires, tried.problems) == (verdict, fires, [])
    assert [one.address for one in tried.asked] == ["人员.实际在职人数", "人员.编制数"]
    assert not fires or tried.message == "控制率 120%，超编。"


def test_a_computed_name_is_asked_by_the_cells_it_is_made_of(pack):
    tried = try_check(pack, {"expr": "总分.分值 == 100", "message": ""}, {})
    assert "指标[x].分值" in [one.address for one in tried.asked]
    assert "总分.分值" not in [one.address for one in tried.asked]


def test_a_check_of_each_row_is_tried_on_one_row_of_its_scope(pack):
    raw = {"scopes": ["项目"], "each": "指标", "expr": "0 <= 得分 <= 分值", "message": "得分 {得分}"}
    tried = try_check(pack, raw, {"项目[x]/指标[x].得分": "12", "项目[x]/指标[x].分值": "10"})
    assert tried.fires and tried.message == "得分 12"


def test_an_unknown_name_is_told_with_names_that_look_like_it(pack):
    tried = try_check(pack, {"expr": "人员.控制力 <= 1"}, {})
    assert len(tried.problems) == 1
    assert "没有名为“人员.控制力”" in tried.problems[0] and "人员.控制率" in tried.problems[0]


def test_a_value_that_cannot_be_read_and_a_case_that_is_not_checked(pack):
    tried = try_check(pack, RATE, {"人员.编制数": "十个"})
    assert [bool(one.problem) for one in tried.asked] == [False, True]
    quiet = try_check(
        pack, {**RATE, "when": "人员.编制数 == 0"}, {"人员.编制数": "5", "人员.实际在职人数": "6"}
    )
    assert quiet.verdict == "这种情况不核对" and not quiet.fires


LAB_TRIES = [
    ({"expr": "a > b", "message": "{a}不大于{b}"}, {"a": "1", "b": "2"}),
    ({"expr": "a > b", "message": "{a}不大于{b}"}, {"a": "3", "b": "2"}),
    ({"expr": "a > b", "message": "{甲}"}, {"a": "1"}),
    ({"expr": "a > b"}, {"a": "多", "b": "1"}),
    ({"expr": "a + b"}, {"a": "1", "b": "1"}),
    ({"expr": "名"}, {"名": "甲"}),
    ({"when": "有", "expr": "资金.执行率 <= 1", "message": "{资金.执行率}"}, {"有": "是", "资金.执行": "3", "资金.预算": "2"}),
    ({"when": "有", "expr": "资金.执行率 <= 1"}, {"有": "否", "资金.执行": "3", "资金.预算": "2"}),
    ({"when": "有", "expr": "a > 1"}, {"a": "2"}),
    ({"when": "有"}, {}),
    ({}, {}),
    ({"when": "甲 > 1", "expr": "资金.执行力 > 1 and 乙"}, {}),
    ({"expr": "yeer > 1"}, {}),
    ({"expr": "资金.预 + 资金.执 > 1"}, {}),
    ({"expr": "a >"}, {}),
    ({"each": "表", "expr": "数 <= 满 and 行号 > 0 and a > 1", "message": "第{行号}行{名称}：{差}"}, {"表[x].数": "3", "表[x].满": "2", "a": "5"}),
    ({"each": "表", "expr": "数数 <= 满"}, {}),
    ({"each": "框", "expr": "规定 > 40", "message": "{组别}"}, {}),
    ({"each": "空", "expr": "规定 > 40"}, {}),
    ({"each": "没有", "expr": "规定 > 40"}, {}),
    ({"scopes": ["科室"], "when": "a > 1", "expr": "规定 > 40"}, {}),
    ({"scopes": ["项目"], "expr": "x > 本部门.a", "message": "{x}"}, {"项目[x]/x": "1", "a": "2"}),
    ({"scopes": ["项目"], "each": "表", "expr": "SUM(表.数) > x", "message": ""}, {"项目[x]/表[x].数": "1", "项目[x]/x": "0.5"}),
    ({"scopes": [], "each": "", "expr": "SUM(项目.x, 表.满) >= 5"}, {"项目[x]/x": "4", "表[x].满": "1"}),
    ({"expr": "人数 > 0"}, {"人数": "1.5"}),
]  # fmt: skip


def lab_pack():
    fields = LAB_FIELDS.replace("fields = [", 'fields = [\n  {key = "人数", kind = "integer", unit = "人", label = "在编人数"}, {key = "空[]", shape = "框", rows = []},', 1)  # fmt: skip
    return make_pack(fields)


def test_every_try_is_told_as_it_should_be():
    pack, told = lab_pack(), []
    for raw, given in LAB_TRIES:
        tried = try_check(pack, raw, given)
        asked = [
            f"    {one.address} | {one.label} | {one.unit} | {one.text} | {one.problem}"
            for one in tried.asked
        ]
        told += [
            f"{raw}",
            f"  {tried.words} || {tried.numbers}",
            f"  {tried.verdict} | {tried.fires} | {tried.message}",
        ]
        told += [f"  ！{problem}" for problem in tried.problems] + asked
    same_as_golden("tried-checks.txt", "\n".join(told) + "\n")
