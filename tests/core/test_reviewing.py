"""Review scores: who wins, what the total becomes, caps, grade, deviation; the parameter of the pack."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from evaluations.core.checks import Cause, Finding, Waived, blocking, unexplained, waive
from evaluations.core.facts import Facts
from evaluations.core.faults import PackProblem
from evaluations.core.frozen import dump_finding, load_finding
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack, build, read_folder
from evaluations.core.reviewing import (
    Given,
    Part,
    deviation,
    final_score,
    level_label,
    load_part,
    needs_reason,
    parts_of,
    reviewed,
    scorable,
    scored,
)
from evaluations.core.scoring import read_parameters
from evaluations.core.values import NA
from evaluations.core.workflow import State
from tests.conftest import PACK_FOLDER, fixture_json
from tests.goldens import same_as_golden

BRANCH, BUREAU = State.DEPARTMENT_REVIEW.value, State.BUREAU_REVIEW.value
DAY = date(2025, 5, 31)


@pytest.fixture(scope="module")
def facts(yueyang: Pack) -> Facts:
    return Facts(yueyang, read_package(fixture_json("2024-correct-package"), yueyang))


def rows(facts: Facts) -> list[str]:
    return [row.address("") for one in scored(facts) for row in one.rows]


def test_without_review_scores_nothing_changes(facts: Facts) -> None:
    parts = parts_of(facts, {})
    assert [(part.prefix, part.own, part.final, part.gap, part.far) for part in parts] == [
        ("", "99.22", "99.22", "", False),
        ("项目[0]", "99.3", "99.3", "", False),
        ("项目[1]", "99.29", "99.29", "", False),
    ]
    assert parts[0].lines[0].address == "", "预算执行率由系统计算，不给审核分"
    assert [load_part(json.loads(json.dumps(part.dumped()))) for part in parts] == parts


def test_the_bureau_wins_over_the_department_and_the_total_follows(facts: Facts) -> None:
    first, second = rows(facts)[:2]
    given = {
        (BRANCH, first): Given(Decimal(5), "只有一半的台账"),
        (BUREAU, first): Given(Decimal("7.5"), "补看了三个月的台账"),
        (BRANCH, second): Given(Decimal(6), "少办两场活动"),
        (BUREAU, second): Given(None, "同意主管部门的意见"),
    }
    part, *projects = parts_of(facts, given)
    one, two = part.lines[1:3]
    assert (one.own, one.final, one.gap, one.percent, one.far) == ("10", "7.5", "−2.5", "−25%", True)
    assert (two.own, two.final, two.scores) == ("8", "6", {BRANCH: "6", BUREAU: ""})
    assert (part.final, part.gap, part.percent, part.far) == ("94.72", "−4.5", "−4.54%", False)
    assert [project.final for project in projects] == ["99.3", "99.29"]


def test_the_grade_and_the_cap_by_execution_come_from_the_pack() -> None:
    files = dict(read_folder(PACK_FOLDER))
    capped = files["scoring.toml"].replace("caps = []", 'caps = [{below = "0.96", total = "89"}]')
    pack = build({**files, "scoring.toml": capped})
    facts = Facts(pack, read_package(fixture_json("2024-correct-package"), pack))
    (part, *_) = parts_of(facts, {})
    assert (part.own, part.final, part.own_grade) == ("89", "89", "良")
    given = {(BUREAU, row): Given(Decimal(1), "没有佐证材料") for row in rows(facts)[:5]}
    (part, *_) = parts_of(facts, given)
    assert (part.own, part.final, part.grade) == ("89", "62.5", "中")
    given = {(BUREAU, rows(facts)[0]): Given(Decimal(9), "少了一个月的台账")}
    assert parts_of(facts, given)[0].final == "89", "扣了一分，仍按执行率封顶"


@pytest.mark.parametrize(
    ("own", "final", "limit", "wanted"),
    [
        ("10", "9", "0.1", ("−1", "−10%", True)),
        ("10", "9.01", "0.1", ("−0.99", "−9.9%", False)),
        ("8", "10", "0.3", ("+2", "+25%", False)),
        ("0", "3", "0.1", ("+3", "", True)),
        ("7", "7", "0", ("", "", False)),
    ],
)
def test_the_deviation_is_told_in_points_and_percent(
    own: str, final: str, limit: str, wanted: tuple[str, str, bool]
) -> None:
    assert deviation(Decimal(own), Decimal(final), Decimal(limit)) == wanted


def test_only_a_score_that_differs_needs_its_reason() -> None:
    assert needs_reason(Decimal(10), Given(Decimal(9), "四个字的"))
    assert needs_reason(Decimal(9), Given(Decimal(10), ""))
    assert needs_reason(NA, Given(Decimal(1), ""))
    assert not needs_reason(Decimal(10), Given(Decimal("10.00"), ""))
    assert not needs_reason(Decimal(10), Given(Decimal(9), "少一个月台账"))
    assert not needs_reason(Decimal(10), Given(None, ""))


def test_only_rows_of_indicators_are_scored(facts: Facts) -> None:
    assert scorable(facts, rows(facts)[-1]) is not None
    assert [scorable(facts, address) for address in ("资金.得分", "指标[99]", "指标[0].得分", "")] == [
        None
    ] * 4


def test_the_limit_of_deviation_is_a_parameter_of_the_pack() -> None:
    assert read_parameters({}).review_deviation == Decimal("0.1")
    assert read_parameters({"review_deviation": "0.05"}).review_deviation == Decimal("0.05")
    with pytest.raises(PackProblem, match="review_deviation"):
        read_parameters({"review_deviation": "一成"})


def part_told(part: Part) -> str:
    head = f"# {part.prefix} | {part.name} | 自评 {part.own} {part.own_grade} | 最后 {part.final} {part.grade} | {part.gap} {part.percent} {part.far}"
    lines = [
        f"  {line.address} | {line.cell} | {line.group} | {line.name} | {line.weight} | {line.own} → {line.final} | "
        f"{line.gap} {line.percent} {line.far} | {line.scores} {line.opinions}"
        for line in part.lines
    ]
    return "\n".join([head, f"  {part.why}", *lines, ""])


def test_every_part_is_told_as_it_should_be(yueyang: Pack, facts: Facts) -> None:
    """The correct package with scores of both levels; a poor one; one whose scores and names are blank."""
    first, second, third, *_ = rows(facts)
    given = {
        (BRANCH, first): Given(Decimal(5), "只有一半的台账"), (BUREAU, first): Given(Decimal("9.99"), "补看了台账"),
        (BRANCH, second): Given(Decimal(6), "少办两场活动"), (BUREAU, third): Given(None, "同意"),
        (BUREAU, "项目[1]/指标[0]"): Given(Decimal(0), "没有佐证"),
    }  # fmt: skip
    data = fixture_json("2024-correct-package")
    data["indicators"][0]["得分"], data["indicators"][1]["得分"] = "", "不适用"
    data["indicators"][2] |= {"三级指标": "", "二级指标": ""}
    data["indicators"][3] |= {"一级指标": "", "二级指标": ""}
    data["projects"][0]["values"]["项目.名称"] = ""
    blank = Facts(yueyang, read_package(data, yueyang))
    poor = {(BUREAU, row): Given(Decimal(2), "没有达到") for row in rows(facts)[:7]}
    told = [*parts_of(facts, given), parts_of(facts, poor)[0], *parts_of(blank, given)[:2]]
    same_as_golden("reviewed.txt", "\n".join(map(part_told, told)))


def test_a_score_is_final_by_the_last_level_that_gave_one() -> None:
    given = {
        (BRANCH, "行"): Given(Decimal(3), ""),
        (BUREAU, "别的"): Given(Decimal(1), ""),
        (BUREAU, "行"): Given(None, "同意"),
    }
    assert final_score("行", Decimal(5), given) == 3
    assert final_score("行", Decimal(5), given | {(BUREAU, "行"): Given(Decimal(0), "")}) == 0
    assert final_score("没有的", Decimal(5), given) == 5
    assert final_score("没有的", None, given) is None


def test_a_review_changes_only_scores_and_keeps_what_was_printed_and_last_year(yueyang: Pack) -> None:
    data = fixture_json("2024-correct-package")
    data["printed"] = {"资金.执行率": "94%"}
    before = Facts(yueyang, read_package(data, yueyang), prior=Facts(yueyang, read_package(data, yueyang)))
    after = reviewed(before, {(BUREAU, rows(before)[0]): Given(Decimal(1), "没有佐证")})
    assert after.prior is before.prior
    assert after.root.printed == before.root.printed != {}
    changed = {address for address, _, value in after.computed() if value != before.value(address)}
    assert changed == {"总分.得分"}
    assert after.value("指标[0].得分") == 1 and before.value("指标[0].得分") == 10
    assert [scope.id for scope in after.scopes()] == [scope.id for scope in before.scopes()]


@pytest.mark.parametrize(
    ("own", "final", "far"),
    [
        (None, None, False),
        (NA, NA, False),
        (None, Decimal(1), True),
        (NA, Decimal(1), True),
        (Decimal(1), None, False),
    ],
)
def test_a_score_where_none_was_given_is_far_from_it(own, final, far) -> None:
    assert deviation(own, final, Decimal("0.1")) == ("", "", far)


def test_each_level_has_its_name() -> None:
    assert (level_label(BRANCH), level_label(BUREAU)) == ("主管部门", "财政局")


# ---- 豁免 -----------------------------------------------------------------------------------


def test_a_warning_that_follows_from_another_finding_needs_no_explanation_of_its_own() -> None:
    cause = Finding("P07", "warning", "", ("资金.执行率",), "执行率", "低于 90%")
    follower = replace(cause, code="S04", cells=("资金.得分",), because_of=Cause(*cause.key))
    assert unexplained([cause, follower], []) == [cause]
    assert unexplained([cause, follower], [cause.key]) == []
    hint = replace(cause, level="info")
    assert unexplained([hint, follower], []) == [follower], "提示不用说明，它引起的提醒要自己说明"
    circle = replace(cause, because_of=Cause(*follower.key))
    assert unexplained([circle, follower], []) == [circle, follower], "互为因果的都要说明"


def test_a_waived_finding_keeps_its_code_and_level_and_no_longer_blocks() -> None:
    error = Finding("B02", "error", "", ("公车购置.本年决算数",), "公车购置", "空白")
    other = replace(error, cells=("出国经费.本年决算数",))
    warning, info = (
        replace(error, code=code, level=level) for code, level in (("B08", "warning"), ("D03", "info"))
    )
    one = Waived("B02", error.cells[0], "机构改革，决算并入他处", DAY)
    whole = Waived("B08", "", "年中划转，上年不可比", DAY)
    found = waive([error, other, warning, info], [one, whole, replace(whole, code="D03")])
    assert [(f.code, f.level, f.waived) for f in found] == [
        ("B02", "error", one), ("B02", "error", None), ("B08", "warning", whole), ("D03", "info", None),
    ]  # fmt: skip
    assert blocking(found) == [other]
    assert unexplained(found, []) == []
    assert [load_finding(dump_finding(f)) for f in found] == found
    assert "waived" not in dump_finding(other), "没有豁免的，快照里的样子不变"
