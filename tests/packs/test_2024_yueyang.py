"""The pack 2024-yueyang against real and repaired packages: which checks speak, and which stay silent."""

import json

import pytest

from evaluations.core.checks import Finding, blocking, run, unexplained
from evaluations.core.evaluation import as_text, evaluate
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from tests.builders import CORRECT, EXAMPLE, FIXTURES, MENDED, fixture, yueyang

EXPECTED = json.loads((FIXTURES / "expected-findings-2024-yueyang.json").read_text(encoding="utf-8"))


def findings(data: dict, **options) -> list[Finding]:
    return run(yueyang(), Facts(yueyang(), read_package(data, yueyang())), **options)


def identity(row: dict) -> tuple:
    return (row["code"], row["level"], tuple(row["cells"][:1]))


def test_the_example_package_gives_exactly_the_expected_findings():
    found = [finding.as_json() for finding in findings(fixture(EXAMPLE))]
    assert sorted(map(identity, found)) == sorted(map(identity, EXPECTED))


@pytest.mark.parametrize("expected", EXPECTED, ids=[f"{row['code']} {row['cells'][0]}" for row in EXPECTED])
def test_every_expected_finding_has_its_cells_figures_and_cause(expected):
    found = {identity(finding.as_json()): finding.as_json() for finding in findings(fixture(EXAMPLE))}
    actual = found[identity(expected)]
    assert actual["cells"][: len(expected["cells"])] == expected["cells"]
    for key in ("expected", "actual", "because_of"):
        if expected[key] is not None:
            assert actual[key] == expected[key]


@pytest.mark.parametrize("name", [MENDED, CORRECT])
def test_a_package_in_order_has_no_error_and_its_notes_answer_the_execution_row(name):
    data = fixture(name)
    found = findings(data)
    assert blocking(found) == []
    notes = [(note["code"], note["cell"]) for note in data["notes"]]
    assert "S04" not in [finding.code for finding in unexplained(found, notes)]


def test_every_message_says_where_and_is_one_line_without_open_braces():
    for finding in findings(fixture(EXAMPLE)):
        message = finding.as_json()["message"]
        assert finding.where and message.startswith(finding.where)
        assert "\n" not in message
        assert "{" not in message
        assert message.endswith("。")


@pytest.mark.case("N5")
def test_totals_and_grade_of_the_three_packages():
    results = {
        name: evaluate(yueyang(), read_package(fixture(name), yueyang()))
        for name in (EXAMPLE, MENDED, CORRECT)
    }
    values = {
        name: [r["values"][key] for key in ("资金.执行率", "资金.得分", "总分.分值", "总分.得分", "等次")]
        for name, r in results.items()
    }
    assert values == {
        EXAMPLE: ["94.73%", "9.47", "80", "79.47", ""],
        MENDED: ["94.73%", "9.47", "100", "98.52", "优"],
        CORRECT: ["95%", "9.5", "100", "99.22", "优"],
    }
    assert results[EXAMPLE]["projects"][0]["values"]["总分.得分"] == "85"


def test_the_result_says_for_every_score_how_it_came_about():
    scores = {
        row["cell"]: row for row in evaluate(yueyang(), read_package(fixture(EXAMPLE), yueyang()))["scores"]
    }
    assert scores["资金.得分"] == {
        "cell": "资金.得分", "points": "9.47", "weight": "10", "method": "执行率",
        "why": "10 × min(89.8 ÷ 94.8, 1) = 9.47（执行率 94.73%）",
        "steps": [
            "执行率 ＝ 全年执行数 ÷ 全年预算数：89.8 ÷ 94.8 ＝ 94.73%",
            "得分 ＝ 分值 × 执行率（最高按 100%）：10 × 89.8 ÷ 94.8 ＝ 9.472574…",
            "四舍五入，保留 2 位小数：9.47",
            "执行率没有超过 100%，没有用上“最高按 100%”。",
        ],
    }  # fmt: skip
    assert scores["指标[1].得分"]["suggested"] == "10"
    assert scores["项目[0]/资金.得分"]["points"] == "10"
    assert "总分.得分" not in scores


def test_the_result_as_text_names_totals_scores_and_findings():
    text = as_text(evaluate(yueyang(), read_package(fixture(EXAMPLE), yueyang())))
    assert "总分.得分 = 79.47" in text
    assert "    3. 四舍五入，保留 2 位小数：9.47" in text
    assert f"核对：{len(EXPECTED)} 处" in text


# ---- each check: one place changed in the correct package ----


def changed(change: dict) -> dict:
    """The correct package with cells, indicator cells (``7.得分``) or printed cells (``印 资金.得分``) changed."""
    data = fixture(CORRECT)
    for place, text in change.items():
        kind, _, key = place.rpartition(" ")
        row, _, column = key.partition(".")
        if kind:
            data.setdefault("printed", {})[key] = text
        elif row.isdigit():
            data["indicators"][int(row)][column] = text
        else:
            data["values"][key] = text
    return data


def found_by(code: str, data: dict) -> list[tuple[str, str]]:
    return [(finding.level, finding.cells[0]) for finding in findings(data) if finding.code == code]


FAILING = [
    ("D01", {"部门.名称": ""}, "error", "部门.名称"),
    ("D02", {"来源.其他资金": "5"}, "error", "资金.全年预算数"),
    ("D02", {"性质.项目支出": "85.02"}, "error", "资金.全年预算数"),
    ("D03", {}, "info", "资金.全年执行数"),
    ("P05", {"印 资金.执行率": "94%"}, "error", "资金.执行率"),
    ("P05", {"印 资金.执行率": ""}, "error", "资金.执行率"),
    ("P05", {"印 资金.执行率": "不适用"}, "error", "资金.执行率"),
    ("P05", {"印 资金.执行率": "九五"}, "error", "资金.执行率"),
    ("P06", {"印 资金.分值": "9"}, "error", "资金.分值"),
    ("P06", {"印 资金.得分": "100"}, "error", "资金.得分"),
    ("P06", {"印 资金.得分": "9.51"}, "error", "资金.得分"),
    ("P06", {"印 资金.得分": "10"}, "info", "资金.得分"),
    ("P07", {"资金.全年执行数": "89.99"}, "warning", "资金.执行率"),
    ("P07", {"资金.全年执行数": "59.99"}, "warning", "资金.执行率"),
    ("P08", {"资金.全年执行数": "100.01"}, "error", "资金.全年执行数"),
    ("P10", {"印 总分.分值": "99"}, "error", "总分.分值"),
    ("P10", {"印 总分.得分": ""}, "error", "总分.得分"),
    ("W01", {"0.分值": "9", "1.分值": "8.99"}, "error", "总分.分值"),
    ("W02", {"10.分值": "9"}, "error", "指标[10].分值"),
    ("S01", {"3.实际完成值": ""}, "error", "指标[3].实际完成值"),
    ("S01", {"3.分值": "", "3.得分": ""}, "error", "指标[3].分值"),
    ("S02", {"3.得分": "10.01"}, "error", "指标[3].得分"),
    ("S02", {"3.得分": "-1"}, "error", "指标[3].得分"),
    ("S02", {"3.分值": "-1", "3.得分": ""}, "error", "指标[3].分值"),
    ("S03", {"3.得分": "9.73"}, "error", "指标[3].得分"),
    ("S03", {"5.实际完成值": "125"}, "error", "指标[5].得分"),
    ("S04", {"3.偏差原因": ""}, "error", "指标[3].偏差原因"),
    ("S04", {}, "warning", "资金.得分"),
    ("S05", {"3.实际完成值": "95.24个"}, "silent", ""),
    ("S05", {"3.实际完成值": "≥95.24"}, "error", "指标[3].实际完成值"),
    ("S05", {"3.实际完成值": "按期办结"}, "error", "指标[3].实际完成值"),
    ("S05", {"3.年度指标值": "98%", "3.实际完成值": "95.24个"}, "error", "指标[3].实际完成值"),
    ("S05", {"4.实际完成值": "2024 年10月底前，上线。"}, "warning", "指标[4].实际完成值"),
    ("S11", {"4.年度指标值": "2025年10月底前上线"}, "error", "指标[4].年度指标值"),
    ("S11", {"4.年度指标值": "２０２３年12月31日前完成"}, "error", "指标[4].年度指标值"),
    ("S11", {"0.三级指标": "2025年完成事项办理"}, "error", "指标[0].三级指标"),
    ("S11", {"4.三级指标": "2025年"}, "error", "指标[4].三级指标"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "change", "level", "cell"), FAILING, ids=[f"{c} {ch}" for c, ch, *_ in FAILING]
)
def test_a_mistake_is_found_at_its_cell(code, change, level, cell):
    found = found_by(code, changed(change))
    if level == "silent":
        assert found == []
    else:
        assert (level, cell) in found


PASSING = [
    ("D01", {}),
    ("D02", {}),
    ("D02", {"来源.其他资金": "0.01"}),
    ("D02", {"资金.全年预算数": ""}),
    ("D02", {"来源.一般公共预算": "", "来源.政府性基金拨款": "", "来源.非税收入拨款": "", "来源.其他资金": "", "性质.基本支出": "", "性质.项目支出": ""}),
    ("D03", {"资金.全年执行数": "100"}),
    ("P05", {"印 资金.执行率": "95%"}),
    ("P05", {"印 资金.执行率": "95"}),
    ("P05", {"资金.全年执行数": "94.73", "印 资金.执行率": "95%"}),
    ("P05", {"资金.全年执行数": "94.7257", "印 资金.执行率": "94.73%"}),
    ("P05", {"资金.全年执行数": "94.7257", "印 资金.执行率": "94.7257%"}),
    ("P05", {"印 资金.执行率": "９５％"}),
    ("P05", {"资金.全年预算数": "", "印 资金.执行率": ""}),
    ("P05", {"资金.全年预算数": "0", "资金.全年执行数": "0", "印 资金.执行率": "不适用"}),
    ("P06", {"印 资金.分值": "10", "印 资金.得分": "9.5"}),
    ("P06", {"印 资金.得分": "9.50"}),
    ("P06", {"资金.全年执行数": "94.7257", "印 资金.得分": "9.4726"}),
    ("P07", {"资金.全年执行数": "90"}),
    ("P07", {"资金.全年执行数": ""}),
    ("P07", {"资金.全年预算数": "0", "资金.全年执行数": "0"}),
    ("P08", {"资金.全年执行数": "100"}),
    ("P08", {"资金.全年预算数": ""}),
    ("P10", {"印 总分.分值": "100", "印 总分.得分": "99.22"}),
    ("W01", {}),
    ("W02", {}),
    ("S01", {"3.实际完成值": "不适用"}),
    ("S02", {"3.得分": "0"}),
    ("S02", {"3.得分": ""}),
    ("S02", {"3.分值": "", "3.得分": "5"}),
    ("S03", {"3.得分": "9"}),
    ("S03", {"4.得分": "6"}),
    ("S03", {"3.实际完成值": "很好"}),
    ("S05", {"3.实际完成值": "95.24%"}),
    ("S05", {"3.实际完成值": ""}),
    ("S05", {"4.年度指标值": ""}),
    ("S11", {}),
    ("S11", {"4.年度指标值": "2024年10月底前上线"}),
    ("S11", {"0.三级指标": "办件量比2023年增长"}),
    ("S11", {"4.三级指标": "工单量较2023年下降后的按期办结率"}),
    ("S11", {"0.三级指标": "2023—2024年跨年项目完成率"}),
    ("S11", {"4.三级指标": "2023-2025年规划任务按期完成率"}),
    ("S11", {"4.三级指标": "2023年至2025年任务按期完成率"}),
    ("S11", {"4.三级指标": "2023年度结转资金拨付及时率"}),
    ("S11", {"4.三级指标": "2023年结转项目按期完工率"}),
    ("S11", {"0.三级指标": "2020年以来累计办件"}),
    ("S11", {"0.三级指标": "落实2025年规划编制"}),
    ("S11", {"4.年度指标值": "2025个"}),
    ("S11", {"4.年度指标值": "12025年"}),
    ("S11", {"4.年度指标值": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "change"), PASSING, ids=[f"{c} {ch}" for c, ch in PASSING])
def test_what_is_right_or_unknown_stays_silent(code, change):
    assert [
        level for level, _ in found_by(code, changed(change)) if level != "warning" or code != "S04"
    ] == []


def test_the_execution_row_is_silent_at_full_points_and_without_money():
    for executed in ("100", ""):
        found = found_by("S04", changed({"资金.全年执行数": executed}))
        assert [cell for _, cell in found if not cell.startswith("项目")] == []


def test_checks_of_printed_cells_only_inform_while_the_package_is_being_filled():
    live = {finding.code: finding.level for finding in findings(fixture(EXAMPLE), live=True)}
    assert {live[code] for code in ("P06", "P10")} == {"info"}
    assert live["W01"] == live["S01"] == "error"


def test_an_empty_package_is_not_accused_of_anything_but_its_gaps():
    codes = {finding.code for finding in findings({})}
    assert {"D01", "W02"} <= codes
    assert not codes & {
        "D02",
        "D03",
        "P05",
        "P06",
        "P07",
        "P08",
        "P10",
        "S01",
        "S02",
        "S03",
        "S04",
        "S05",
        "S11",
    }


def test_a_missing_part_of_the_weights_names_its_cause():
    found = findings(changed({"10.分值": "9"}))
    cause = next(finding.because_of for finding in found if finding.code == "W01")
    assert (cause.code, cause.cell) == ("W02", "指标[10].分值")


def test_a_group_without_rows_points_to_the_group_in_the_skeleton():
    data = changed({})
    data["indicators"] = data["indicators"][:10]
    found = next(finding for finding in findings(data) if finding.code == "W02")
    assert (found.cells, found.expected, found.actual) == (("指标框架[8]",), "10", "0")


def test_a_finding_says_in_words_where_it_is():
    places = {finding.cells[0]: finding.where for finding in findings(fixture(EXAMPLE))}
    assert places["指标[2].三级指标"] == "时效指标第1行·三级指标"
    assert places["资金.得分"] == "年度资金总额·得分"


@pytest.mark.parametrize(("key", "codes"), [("市级专项资金", {"B02"}), ("楼堂馆所", {"B02", "B11"})])
def test_a_declared_none_stands_for_the_missing_rows(key: str, codes: set[str]):
    data = fixture(CORRECT)
    data["rows"].pop(key)
    assert {finding.code for finding in findings(data) if key in finding.cells[0]} == codes
    data["values"][f"无此项.{key}"] = "是"
    assert {finding.code for finding in findings(data) if key in finding.cells[0]} == set()
