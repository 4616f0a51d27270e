"""The checks of the pack 2024-yueyang: the example package scope by scope, and every code failing and passing."""

import json
import tomllib

import pytest

from evaluations.core.checks import ERROR, INFO, WARNING, Finding, run, unexplained
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from tests import rule_examples
from tests.builders import (
    CORRECT,
    EXAMPLE,
    FIXTURES,
    MENDED,
    PACK_FOLDER,
    changed,
    checking,
    fixture,
    yueyang,
)
from tests.core.test_rules_report import RIGHT, WRONG

EXPECTED = json.loads((FIXTURES / "expected-findings-2024-yueyang.json").read_text(encoding="utf-8"))
CHECKS = tomllib.loads((PACK_FOLDER / "checks.toml").read_text(encoding="utf-8"))["checks"]
CODES = sorted({check["code"] for check in CHECKS})
SILENT = "B01 B03 B04 B05 B09 D02 D04 N01 N02 N05 P01 P03 P04 P05 P07 P08 R02 S03 W04 W05 X09 X15".split()
NOT_EVALUATED = "B10 B13 B15 P09 P12 W03 W06 S06 X14".split()
ELSEWHERE = {"X13", "N07"}
"""Codes that need last year's package, or those of other units: their examples stand in tests of their own."""
BOTH = {"D05", "D07", "D08", "S07", "S08", "S09", "S10", "S12", "S13", "S14", "S15", "S16", "S17", "S18", "S19", "P01", "P05", "P06", "P07", "P08", "P10", "P11", "W01", "W02", "W04", "W05", "S01", "S02", "S03", "S04", "S05", "S11", "X10", "N07"}  # fmt: skip
ONLY_PROJECT = {"P02", "P03", "P04", "X05"}


def findings(data: dict, **options) -> list[Finding]:
    return run(yueyang(), Facts(yueyang(), read_package(data, yueyang())), **options)


def without_words(finding: Finding) -> dict:
    return {key: value for key, value in finding.as_json().items() if key != "message"}


# ---- the three packages ----


@pytest.mark.parametrize("scope", ["", "项目[0]", "报告"])
def test_the_example_package_gives_exactly_the_table_of_its_scope(scope):
    found = [without_words(finding) for finding in findings(fixture(EXAMPLE)) if finding.scope == scope]
    assert found == [row for row in EXPECTED if row["scope"] == scope]
    assert found


def codes_of(level: str, scope: str) -> set[str]:
    return {row["code"] for row in EXPECTED if (row["level"], row["scope"]) == (level, scope)}


def test_the_table_says_what_the_domain_says():
    department = "B02 B06 B11 B12 D01 N03 P06 P10 S01 S11 W01 W02 X01 X02 X12"
    assert codes_of(ERROR, "") == set(department.split())
    assert codes_of(ERROR, "项目[0]") == set("P02 P06 P10 P11 S02 S11 W01 W02".split())
    assert codes_of(ERROR, "报告") == {"R01"}
    assert codes_of(WARNING, "") == set(
        "B07 B08 B14 D07 D08 S04 S05 S10 S12 S13 S14 S15 S16 S17 S18 S19 X03 X04 X06 X07 X08".split()
    )
    assert codes_of(WARNING, "项目[0]") == set("S05 S10 S13 S14 S15 S16 S17 S18 S19 X05".split())
    assert codes_of(WARNING, "报告") == set("N04 N08 N09 R03 X11".split())
    assert codes_of(INFO, "") | codes_of(INFO, "报告") == {"D03", "N06", "Z01"}


@pytest.mark.parametrize("code", SILENT)
def test_what_is_right_in_the_example_package_is_silent(code):
    assert code in CODES
    assert code not in {finding.code for finding in findings(fixture(EXAMPLE))}


def test_there_is_one_finding_per_code_and_primary_cell():
    keys = [finding.key for finding in findings(fixture(EXAMPLE))]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", [MENDED, CORRECT])
def test_a_package_in_order_has_no_error_in_any_scope(name):
    assert [finding.key for finding in findings(fixture(name)) if finding.level == ERROR] == []


def test_the_correct_package_has_an_explanation_for_every_warning():
    data = fixture(CORRECT)
    notes = [(note["code"], note["cell"]) for note in data["notes"]]
    assert unexplained(findings(data), notes) == []


def test_messages_are_whole_sentences_in_one_line():
    for finding in findings(fixture(EXAMPLE)):
        assert finding.message.endswith("。")
        assert not {"\n", "{", "}"} & set(finding.message)
        assert "None" not in finding.message


# ---- the pack itself ----


def test_every_code_of_the_task_is_checked_or_listed_with_its_reason():
    listed = dict(yueyang().not_evaluated)
    assert set(NOT_EVALUATED) <= listed.keys()
    assert not listed.keys() & set(CODES)
    assert all(why.endswith("。") for why in listed.values())


@pytest.mark.parametrize("code", CODES)
def test_a_check_speaks_in_the_scopes_where_it_applies(code):
    scopes = {scope for check in CHECKS if check["code"] == code for scope in check.get("scopes", [""])}
    expected = {"", "项目"} if code in BOTH else {"项目"} if code in ONLY_PROJECT else {""}
    assert scopes == expected


def keys_in(parameters: dict) -> list[str]:
    """Every key that the parameters of a check name, list columns as ``list.column``."""
    given = dict(parameters)
    keys = [*given.get("fields", ()), *given.get("texts", ()), *given.get("different_from", ())]
    keys += [given[name] for name in ("score", "weight", "field", "text") if name in given]
    columns = [given["value"], *(base["column"] for base in given["bases"])] if "bases" in given else []
    columns += [given[name] for name in ("here", "there") if name in given]
    keys += [given[name] for name in ("goal", "done") if isinstance(given.get(name), str)]
    for line in given.get("lines", ()):
        keys += [f"{line}.{column}" for column in columns] or [
            part.removesuffix(".*") for part in line.split()
        ]
    for rows in given.get("rows", ()):
        name = rows if isinstance(rows, str) else rows["list"]
        listed = columns or (["名称"] if isinstance(rows, str) else rows["columns"].split())
        keys += [f"{name}.{column}" for column in listed]
    keys += [f"{given['list']}.{given.get('column', '三级指标')}"] if "list" in given else []
    for record in (given.get("whole"), *given.get("parts", ())):
        keys += [f"{record}.{column}" for column in given.get("columns", ()) if record]
    return keys


def test_every_key_in_the_parameters_is_a_field_of_the_pack():
    """A slip in a parameter would switch a check off without a word."""
    known = set()
    for scope in yueyang().schema.scopes():
        for path, _ in scope.all_fields():
            known |= {path, path.rpartition(".")[0]}
    for each, column in (("指标", key) for key in yueyang().schema.root.lists["指标"].fields):
        known |= {column, f"{each}.{column}"}
    for check in CHECKS:
        assert [key for key in keys_in(check.get("parameters", {})) if key not in known] == [], check["code"]


# ---- one place changed in the correct package ----


def found_by(code: str, change: dict) -> list[tuple[str, str]]:
    noted = {(note["code"], note["cell"]) for note in fixture(CORRECT)["notes"]}
    facts = Facts(yueyang(), read_package(changed(change), yueyang()))
    return [
        (f.level, f.cells[0]) for f in run(checking(code), facts) if f.code == code and f.key not in noted
    ]


GOALS = "政务服务大厅运行保障项目"
BLANK_BUILDING = {"名称": "", "批复规模": "", "实际规模": "", "预算投资": "", "实际投资": ""}
NONE_BUILDING = {"名称": "无", "批复规模": "不适用", "实际规模": "不适用", "预算投资": "不适用", "实际投资": "不适用"}  # fmt: skip
FAILING = [
    ("B01", {"印 人员.控制率": "95%"}, ERROR, "人员.控制率"),
    ("B01", {"人员.实际在职人数": "3"}, WARNING, "人员.控制率"),
    ("B01", {"人员.编制数": "0"}, ERROR, "人员.编制数"),
    ("B02", {"出国经费.本年预算数": ""}, ERROR, "出国经费.本年预算数"),
    ("B02", {"人员.编制数": ""}, ERROR, "人员.编制数"),
    ("B02", {"市级专项资金": []}, ERROR, "市级专项资金"),
    ("B02", {"楼堂馆所": []}, ERROR, "楼堂馆所"),
    ("B02", {"楼堂馆所.0.预算投资": ""}, ERROR, "楼堂馆所[0].预算投资"),
    ("B02", {"其他业务项目.0.名称": ""}, ERROR, "其他业务项目[0].名称"),
    ("B02", {"厉行节约保障措施": ""}, ERROR, "厉行节约保障措施"),
    ("B03", {"印 三公经费.本年决算数": "0.3"}, ERROR, "三公经费.本年决算数"),
    ("B03", {"印 公务用车经费.上年决算数": ""}, ERROR, "公务用车经费.上年决算数"),
    ("B04", {"公务接待.本年决算数": "0.29"}, WARNING, "公务接待.本年决算数"),
    ("B05", {"公务接待.本年决算数": "0.31"}, WARNING, "三公经费.本年决算数"),
    ("B06", {"印 项目支出.本年预算数": ""}, ERROR, "项目支出.本年预算数"),
    ("B06", {"印 项目支出.本年预算数": "84"}, ERROR, "项目支出.本年预算数"),
    ("B07", {"办公经费.本年决算数": "2"}, ERROR, "公用经费.本年决算数"),
    ("B07", {"公用经费.上年决算数": "4.3"}, WARNING, "公用经费.上年决算数"),
    ("B08", {"运行维护经费.本年决算数": "11.99"}, WARNING, "运行维护经费.本年决算数"),
    ("B08", {"其他业务项目.0.本年决算数": "11.06"}, WARNING, "其他业务项目[0].本年决算数"),
    ("B08", {"市级专项资金.0.上年决算数": "20"}, WARNING, "市级专项资金[0].本年决算数"),
    ("B08", {"市级专项资金.0.本年预算数": "0"}, WARNING, "市级专项资金[0].本年决算数"),
    ("B09", {"会议培训费.本年决算数": "0.2"}, WARNING, "会议培训费.本年决算数"),
    ("B11", {"楼堂馆所": []}, ERROR, "楼堂馆所"),
    ("B11", {"楼堂馆所": [BLANK_BUILDING]}, ERROR, "楼堂馆所[0].批复规模"),
    ("B11", {"楼堂馆所.0.实际规模": "161"}, WARNING, "楼堂馆所[0].规模控制率"),
    ("B11", {"楼堂馆所.0.实际投资": "6.01"}, WARNING, "楼堂馆所[0].投资概算控制率"),
    ("B12", {"厉行节约保障措施": ""}, ERROR, "厉行节约保障措施"),
    ("B12", {"厉行节约保障措施": "厉行节约，反对浪费。"}, ERROR, "厉行节约保障措施"),
    ("B14", {"政府采购金额.本年决算数": ""}, WARNING, "政府采购金额.本年决算数"),
    ("D01", {"部门.名称": ""}, ERROR, "部门.名称"),
    ("D02", {"性质.项目支出": "80"}, ERROR, "资金.全年预算数"),
    ("D03", {}, INFO, "资金.全年执行数"),
    ("P01", {"资金.年初预算数": ""}, ERROR, "资金.年初预算数"),
    ("P01", {"项目.1 资金.全年执行数": ""}, ERROR, "项目[1]/资金.全年执行数"),
    ("P02", {"项目.0 项目.名称": ""}, ERROR, "项目[0]/项目.名称"),
    ("P02", {"项目.0 项目.实施单位": ""}, ERROR, "项目[0]/项目.实施单位"),
    ("P03", {"项目.0 其他资金.年初预算数": "1"}, ERROR, "项目[0]/资金.年初预算数"),
    ("P03", {"项目.0 当年财政拨款.全年预算数": "49"}, ERROR, "项目[0]/资金.全年预算数"),
    ("P03", {"项目.0 资金.全年执行数": "47"}, ERROR, "项目[0]/资金.全年执行数"),
    ("P04", {"项目.0 资金.年初预算数": "0"}, WARNING, "项目[0]/资金.全年预算数"),
    ("P04", {"项目.0 资金.年初预算数": "45"}, WARNING, "项目[0]/资金.全年预算数"),
    ("P05", {"项目.0 印 资金.执行率": "100%"}, ERROR, "项目[0]/资金.执行率"),
    ("P06", {"项目.0 印 资金.得分": "9"}, ERROR, "项目[0]/资金.得分"),
    ("P07", {"项目.0 资金.全年执行数": "44.99"}, WARNING, "项目[0]/资金.执行率"),
    ("P07", {"项目.0 资金.全年执行数": "29.99"}, WARNING, "项目[0]/资金.执行率"),
    ("P08", {"项目.0 资金.全年执行数": "50.01"}, ERROR, "项目[0]/资金.全年执行数"),
    ("P10", {"项目.0 印 总分.得分": ""}, ERROR, "项目[0]/总分.得分"),
    ("P10", {"项目.0 印 总分.分值": "90"}, ERROR, "项目[0]/总分.分值"),
    ("P11", {"目标.预期目标": ""}, ERROR, "目标.预期目标"),
    ("P11", {"项目.0 目标.预期目标": "保障运行"}, ERROR, "项目[0]/目标.预期目标"),
    ("P11", {"项目.0 目标.预期目标": GOALS}, ERROR, "项目[0]/目标.预期目标"),
    ("P11", {"项目.0 目标.实际完成情况": "100.00 100.00%"}, ERROR, "项目[0]/目标.实际完成情况"),
    ("W01", {"项目.0 指标.0.分值": "9"}, ERROR, "项目[0]/总分.分值"),
    ("W02", {"项目.0 指标.0.分值": "9"}, ERROR, "项目[0]/指标[0].分值"),
    ("W04", {"指标.3.分值": "0"}, ERROR, "指标[3].分值"),
    ("W04", {"项目.1 指标.3.分值": "0"}, ERROR, "项目[1]/指标[3].分值"),
    ("W05", {"指标.8.二级指标": "社会效益指标"}, WARNING, "指标框架[6]"),
    ("W05", {"项目.0 指标.0.分值": "40.01"}, WARNING, "项目[0]/指标[0].分值"),
    ("S01", {"项目.0 指标.0.年度指标值": ""}, ERROR, "项目[0]/指标[0].年度指标值"),
    ("S02", {"项目.0 指标.0.得分": "11"}, ERROR, "项目[0]/指标[0].得分"),
    ("S02", {"项目.0 印 资金.得分": "95"}, ERROR, "项目[0]/资金.得分"),
    ("S02", {"印 资金.得分": "-1"}, ERROR, "资金.得分"),
    ("S03", {"项目.0 指标.0.实际完成值": "14"}, ERROR, "项目[0]/指标[0].得分"),
    ("S04", {"项目.0 指标.9.偏差原因": ""}, ERROR, "项目[0]/指标[9].偏差原因"),
    ("S05", {"项目.0 指标.0.实际完成值": "按时完成"}, ERROR, "项目[0]/指标[0].实际完成值"),
    ("S11", {"项目.1 指标.3.年度指标值": "2025年10月底前上线"}, ERROR, "项目[1]/指标[3].年度指标值"),
    ("X01", {"报告.二.一": "本年支出合计100万元。"}, ERROR, "资金.全年执行数"),
    ("X02", {"业务工作经费.本年决算数": "31.02"}, ERROR, "项目支出.本年决算数"),
    ("X03", {"projects": []}, WARNING, "性质.项目支出"),
    ("X03", {"项目.0 资金.全年预算数": "49"}, WARNING, "性质.项目支出"),
    ("X03", {"项目.0 资金.全年预算数": "51"}, WARNING, "性质.项目支出"),
    ("X12", {"业务工作经费.本年决算数": "41.02"}, ERROR, "项目支出.本年决算数"),
    ("R01", {"报告.九": ""}, ERROR, "报告.九"),
    ("R01", {"报告.其他": ""}, ERROR, "报告.其他"),
    *rule_examples.FAILING,
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "change", "level", "cell"), FAILING, ids=[f"{c} {'、'.join(ch)}" for c, ch, *_ in FAILING]
)
def test_a_mistake_is_found_at_its_cell(code, change, level, cell):
    assert (level, cell) in found_by(code, change)


PASSING = [
    ("B01", {"人员.实际在职人数": "1", "印 人员.控制率": "50%"}),
    ("B01", {"人员.编制数": "0", "人员.实际在职人数": "0"}),
    ("B01", {"人员.编制数": ""}),
    ("B02", {"出国经费.本年预算数": "不适用", "市级专项资金.0.名称": "无"}),
    ("B02", {"楼堂馆所": [NONE_BUILDING]}),
    ("B02", {"其他业务项目": []}),
    ("B03", {"印 三公经费.本年决算数": "0.25", "印 公务用车经费.上年决算数": "0"}),
    ("B04", {"公务接待.本年决算数": "0.28"}),
    ("B04", {"公务接待.本年预算数": ""}),
    ("B04", {"出国经费.本年决算数": "不适用"}),
    ("B05", {"公务接待.本年决算数": "0.3"}),
    ("B05", {"公车购置.上年决算数": "", "公务接待.本年决算数": "5"}),
    ("B06", {"印 项目支出.本年预算数": "85", "印 项目支出.本年决算数": "80.00"}),
    ("B07", {"办公经费.本年决算数": "1.32"}),
    ("B07", {"公用经费.本年决算数": ""}),
    ("B07", {"公用经费.本年决算数": "0", "办公经费.本年决算数": "0", "水电差旅费.本年决算数": "0", "会议培训费.本年决算数": "0"}),
    ("B07", {"办公经费.本年决算数": "", "水电差旅费.本年决算数": "不适用", "会议培训费.本年决算数": ""}),
    ("B08", {"运行维护经费.本年决算数": "12"}),
    ("B08", {"市级专项资金.0.上年决算数": "0"}),
    ("B08", {"市级专项资金.0.上年决算数": "不适用", "市级专项资金.0.本年预算数": ""}),
    ("B09", {"会议培训费.本年决算数": "0.24"}),
    ("B09", {"会议培训费.本年决算数": ""}),
    ("B11", {"楼堂馆所": [NONE_BUILDING]}),
    ("B11", {"楼堂馆所": [{"名称": "无"}]}),
    ("B11", {"楼堂馆所.0.实际规模": "160", "楼堂馆所.0.实际投资": "6"}),
    ("B11", {"楼堂馆所.0.批复规模": "0", "楼堂馆所.0.实际规模": "0"}),
    ("B12", {"厉行节约保障措施": "会议改视频，接待按标准，办公用品统一采购领用。"}),
    ("B14", {"政府采购金额.本年决算数": "0"}),
    ("B14", {"政府采购金额.本年决算数": "", "报告.二.二": "全年未发生政府采购，也没有政府购买服务。", "报告.一": "无"}),
    ("D01", {}),
    ("D02", {}),
    ("D03", {"资金.全年执行数": "100"}),
    ("P01", {"资金.年初预算数": "0"}),
    ("P02", {}),
    ("P03", {"项目.0 其他资金.年初预算数": "", "项目.0 上年结转资金.年初预算数": "0.01"}),
    ("P03", {"项目.0 当年财政拨款.年初预算数": "", "项目.0 上年结转资金.年初预算数": "", "项目.0 其他资金.年初预算数": ""}),
    ("P04", {"项目.0 资金.年初预算数": ""}),
    ("P04", {"项目.0 资金.年初预算数": "0", "项目.0 资金.全年预算数": "0"}),
    ("P05", {"项目.0 印 资金.执行率": "95%"}),
    ("P06", {"项目.0 印 资金.得分": "9.5"}),
    ("P07", {"项目.0 资金.全年执行数": "45"}),
    ("P08", {"项目.0 资金.全年执行数": "50"}),
    ("P10", {"项目.0 印 总分.分值": "100", "项目.0 印 总分.得分": "99.3"}),
    ("P11", {"项目.0 目标.预期目标": "保障大厅28个窗口运行"}),
    ("W01", {}),
    ("W02", {}),
    ("W04", {"指标.3.分值": ""}),
    ("W04", {"指标.3.分值": "0.01"}),
    ("W05", {"指标.0.分值": "40"}),
    ("S01", {"项目.0 指标.0.实际完成值": "不适用"}),
    ("S02", {"印 资金.得分": "10"}),
    ("S02", {"印 资金.得分": "优"}),
    ("S02", {"印 资金.得分": ""}),
    ("S03", {"项目.0 指标.0.得分": "9"}),
    ("S04", {"项目.0 指标.0.得分": "9", "项目.0 指标.0.偏差原因": "窗口调整，少开一个"}),
    ("S05", {"项目.0 指标.0.实际完成值": "28个"}),
    ("S11", {"项目.1 指标.3.年度指标值": "2024年12月底前上线"}),
    ("X01", {"报告.二.一": "本年支出合计950000元。"}),
    ("X01", {"资金.全年执行数": ""}),
    ("X01", {"报告.二.一": ""}),
    ("X02", {"业务工作经费.本年决算数": "31"}),
    ("X02", {"性质.项目支出": ""}),
    ("X03", {"项目.0 资金.全年预算数": ""}),
    ("X03", {"性质.项目支出": "", "projects": []}),
    ("X03", {"性质.项目支出": "0", "projects": []}),
    ("X12", {"业务工作经费.本年决算数": "41"}),
    ("X12", {"资金.全年执行数": ""}),
    ("R01", {"报告.其他": "无"}),
    *rule_examples.PASSING,
]  # fmt: skip


@pytest.mark.parametrize(("code", "change"), PASSING, ids=[f"{c} {'、'.join(ch)}" for c, ch in PASSING])
def test_what_is_right_or_unknown_stays_silent(code, change):
    assert [hit for hit in found_by(code, change) if hit[0] != INFO] == []


@pytest.mark.parametrize("examples", [[*FAILING, *WRONG], [*PASSING, *RIGHT]], ids=["failing", "passing"])
def test_every_code_has_an_example(examples):
    assert {row[0] for row in examples} == set(CODES) - ELSEWHERE


def test_an_empty_package_lacks_things_but_gets_nothing_wrong():
    codes = {finding.code for finding in findings({"projects": [{}]})}
    assert codes == set("B02 B11 B12 D01 P01 P02 P11 R01 R03 W01 W02 X08 Z01".split())


def test_no_check_fails_or_errs_whatever_single_cell_is_blank_zero_negative_or_not_applicable():
    for key, field in yueyang().schema.root.fields.items():
        if field.asked and field.is_number:
            for text in ("", "0", "-5", "不适用"):
                assert findings(changed({key: text}))


# ---- causes, words, places ----


def causes(data: dict) -> dict[str, tuple[str, str]]:
    return {f.code: (f.because_of.code, f.because_of.cell) for f in findings(data) if f.because_of}


def test_a_cause_is_the_finding_at_the_same_cell_and_not_just_the_first_of_its_code():
    found = causes(changed({"公车购置.本年决算数": "", "楼堂馆所": [], "厉行节约保障措施": ""}))
    assert found["B11"] == ("B02", "楼堂馆所")
    assert found["B12"] == ("B02", "厉行节约保障措施")


def test_a_text_that_is_too_short_is_not_blamed_on_blank_cells_elsewhere():
    assert "B12" not in causes(changed({"公车购置.本年决算数": "", "厉行节约保障措施": "厉行节约"}))


def test_one_low_execution_is_one_problem_with_its_consequence():
    assert causes(changed({"资金.全年执行数": "80"}))["S04"] == ("P07", "资金.执行率")


def test_a_line_of_blanks_is_one_finding_with_all_its_blank_cells():
    found = [f for f in findings(changed({"出国经费.本年预算数": "", "出国经费.本年决算数": ""})) if f.code == "B02"]  # fmt: skip
    assert [f.cells for f in found] == [("出国经费.本年预算数", "出国经费.本年决算数")]
    assert found[0].message.startswith("没有填：本年预算数、本年决算数。")


def test_a_line_off_in_two_ways_is_one_finding():
    found = [f for f in findings(changed({"业务工作经费.本年决算数": "12"})) if f.code == "B08"]
    assert [f.cells for f in found] == [
        ("业务工作经费.本年决算数", "业务工作经费.本年预算数", "业务工作经费.上年决算数")
    ]
    assert found[0].actual == "-53.85%；-50%"


def test_a_finding_of_a_project_names_the_project_and_one_of_the_report_belongs_to_the_report():
    data = changed({"项目.1 项目.实施单位": "", "项目.0 项目.名称": "", "报告.七": ""})
    places = {f.cells[0]: (f.scope, f.where) for f in findings(data) if f.level == ERROR}
    assert places["项目[1]/项目.实施单位"] == ("项目[1]", "项目2（一网通办平台升级项目）·项目·实施单位")
    assert places["项目[0]/项目.名称"] == ("项目[0]", "项目1·项目·名称")
    assert places["报告.七"] == ("报告", "七、存在的问题及原因分析")


def test_checks_of_printed_cells_only_inform_while_the_package_is_being_filled():
    live = {(f.code, f.cells[0]): f.level for f in findings(fixture(EXAMPLE), live=True)}
    assert live["B06", "项目支出.本年决算数"] == live["S02", "项目[0]/资金.得分"] == INFO
    assert live["B02", "楼堂馆所"] == live["X02", "项目支出.本年决算数"] == ERROR


def test_the_report_is_read_with_its_live_figures():
    data = changed({"报告.二.一": "本年支出合计{资金.全年预算数}万元。"})
    stated = [f for f in findings(data) if f.code == "X01"]
    live = yueyang().schema.root.fields["报告.二.一"].live
    assert [f.expected for f in stated] == (["100"] if live else [])


# ---- last year ----


def with_prior(change: dict, before: dict) -> list[tuple[str, str, str]]:
    """What X13 finds in the correct package when last year's was the same with ``before`` changed."""
    past = {column.replace("上年", "本年"): text for column, text in fixture(CORRECT)["values"].items() if "上年决算数" in column}  # fmt: skip
    prior = Facts(yueyang(), read_package(changed(past | before), yueyang()))
    found = run(yueyang(), Facts(yueyang(), read_package(changed(change), yueyang()), prior=prior))
    return [(f.level, f.cells[0], f.expected) for f in found if f.code == "X13"]


ROWS_THEN = {"市级专项资金.0.本年决算数": "33.5", "其他业务项目.0.本年决算数": "8.5"}


def test_last_years_figures_are_those_of_last_years_approved_package():
    assert with_prior({}, ROWS_THEN) == []
    assert with_prior({"公用经费.上年决算数": "2.51"}, ROWS_THEN) == []
    found = with_prior({"公用经费.上年决算数": "2.6"}, {**ROWS_THEN, "市级专项资金.0.本年决算数": "30"})
    assert found == [(ERROR, "公用经费.上年决算数", "2.5"), (ERROR, "市级专项资金[0].上年决算数", "30")]


def test_a_line_that_last_year_did_not_have_is_not_compared():
    renamed = {"市级专项资金.0.名称": "另一个专项", "公用经费.本年决算数": ""}
    assert with_prior({"公用经费.上年决算数": "9"}, {**ROWS_THEN, **renamed}) == []
    assert found_by("X13", {"公用经费.上年决算数": "9"}) == []


def test_the_pack_asks_for_last_years_package_because_a_check_reads_it():
    assert yueyang().reads_prior
