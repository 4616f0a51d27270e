"""A check is tried with values before it is saved."""

import pytest

from evaluations.core.trying import try_check
from tests.builders import yueyang

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
