"""Every pack of the product: only data, loads, its example comes out as expected, its forms are the golden ones."""

import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluations.core.evaluation import evaluate
from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import loads, read_package, write_package
from evaluations.core.pack import Pack, load_folder, read_folder
from evaluations.core.schema import Scope
from tests.builders import EXAMPLE, ROOT, fixture

PACKS = ROOT / "evaluations" / "packs"
GOLDEN = ROOT / "tests" / "golden"
FOLDERS = sorted(path for path in PACKS.iterdir() if path.is_dir())
MOF, SICHUAN = "2024-mof-package", "2023-sichuan-package"
EXAMPLES = {"2024-yueyang": EXAMPLE, "2024-mof": MOF, "2023-sichuan": SICHUAN}
WITH_GOLDEN_FORMS = ("2024-mof", "2023-sichuan")
"""The department form of 2024-yueyang has its golden file in tests/exports."""


@cache
def pack_of(key: str) -> Pack:
    return load_folder(PACKS / key)


@cache
def facts_of(key: str) -> Facts:
    return Facts(pack_of(key), read_package(fixture(EXAMPLES[key]), pack_of(key)))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_pack_holds_data_only_and_all_of_it_is_read(folder: Path):
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(read_folder(folder))
    assert all(name.endswith(".toml") for name in found)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_pack_is_named_by_its_key_year_and_has_an_example(folder: Path):
    pack = load_folder(folder)
    assert pack.key == folder.name
    assert folder.name.startswith(f"{pack.year}-")
    assert pack.basis
    assert pack.key in EXAMPLES


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_single_fact_that_is_asked_has_a_form(folder: Path):
    pack = load_folder(folder)
    for scope in pack.schema.scopes():
        orphans = [
            key for key, field in scope.fields.items() if field.asked and not pack.home_of(scope.name, key)
        ]
        assert orphans == []


@pytest.mark.parametrize("name", [MOF, SICHUAN])
def test_an_example_goes_out_and_comes_back_the_same(name):
    pack = pack_of(fixture(name)["pack"])
    package = read_package(fixture(name), pack)
    assert read_package(loads(json.dumps(write_package(package, pack))), pack) == package


class Expected(NamedTuple):
    """What an example must come to: the totals of each project, and every finding (level, code, cell)."""

    totals: list[list[str]]
    findings: list[tuple[str, str, str]]


TOTALS = ("资金.执行率", "资金.得分", "总分.分值", "总分.得分")
RESULTS = {
    MOF: Expected(
        [["87%", "8.7", "100", "96.03"], ["100%", "10", "100", "100"]],
        [("warning", "P07", "项目[0]/资金.执行率"), ("warning", "S04", "项目[0]/资金.得分")],
    ),
    SICHUAN: Expected([["88%", "8.8", "100", "93.8"]], [("warning", "S04", "项目[0]/资金.得分")]),
}


@pytest.mark.parametrize("name", RESULTS)
def test_an_example_comes_to_the_expected_totals_and_findings(name):
    result = results(fixture(name))
    assert [[one["values"][key] for key in TOTALS] for one in result["projects"]] == RESULTS[name].totals
    assert found_in(result) == RESULTS[name].findings


@pytest.mark.parametrize("name", RESULTS)
def test_the_notes_of_an_example_answer_its_warnings(name):
    notes = [(note["code"], note["cell"]) for note in fixture(name)["notes"]]
    assert notes == [(code, cell) for level, code, cell in RESULTS[name].findings if level == "warning"]


def results(data: dict) -> dict:
    pack = pack_of(data["pack"])
    return evaluate(pack, read_package(data, pack))


def found_in(result: dict) -> list[tuple[str, str, str]]:
    return [(one["level"], one["code"], one["cells"][0]) for one in result["findings"]]


LONG = "长" * 201
FAILING = [
    (MOF, "P01", {"资金.全年执行数": ""}, "error", "资金.全年执行数"),
    (MOF, "P03", {"其他资金.年初预算数": "0.02"}, "error", "资金.年初预算数"),
    (MOF, "P03", {"上年结转资金.全年预算数": "0"}, "error", "资金.全年预算数"),
    (MOF, "P03", {"当年财政拨款.全年执行数": "1"}, "error", "资金.全年执行数"),
    (MOF, "P05", {"印 资金.执行率": "86%"}, "error", "资金.执行率"),
    (MOF, "D05", {"印 其他资金.执行率": "100%"}, "error", "其他资金.执行率"),
    (MOF, "P06", {"印 资金.得分": "10"}, "error", "资金.得分"),
    (MOF, "P07", {"资金.全年执行数": "100"}, "warning", "资金.执行率"),
    (MOF, "P08", {"资金.全年执行数": "4125600.51"}, "error", "资金.全年执行数"),
    (MOF, "P10", {"印 总分.得分": "99"}, "error", "总分.得分"),
    (MOF, "W01", {"0.分值": "9"}, "error", "总分.分值"),
    (MOF, "W02", {"8.分值": "9"}, "error", "指标[8].分值"),
    (MOF, "S01", {"0.实际完成值": ""}, "error", "指标[0].实际完成值"),
    (MOF, "S02", {"0.得分": "11"}, "error", "指标[0].得分"),
    (MOF, "S03", {"1.得分": "9"}, "error", "指标[1].得分"),
    (MOF, "S04", {"1.偏差原因": ""}, "error", "指标[1].偏差原因"),
    (MOF, "S05", {"0.实际完成值": "全部完成"}, "error", "指标[0].实际完成值"),
    (MOF, "S11", {"5.年度指标值": "2025年完成"}, "error", "指标[5].年度指标值"),
    (SICHUAN, "P01", {"资金.年初预算数": ""}, "error", "资金.年初预算数"),
    (SICHUAN, "P03", {"单位资金.调整后预算数": "0"}, "error", "资金.调整后预算数"),
    (SICHUAN, "P04", {"原因.预算调整": ""}, "error", "原因.预算调整"),
    (SICHUAN, "P05", {"印 资金.执行率": "90%"}, "error", "资金.执行率"),
    (SICHUAN, "P07", {"原因.执行率": ""}, "error", "原因.执行率"),
    (SICHUAN, "P07", {"资金.预算执行数": "40"}, "warning", "资金.执行率"),
    (SICHUAN, "P08", {"资金.预算执行数": "93"}, "error", "资金.预算执行数"),
    (SICHUAN, "W01", {"0.分值": "19"}, "error", "总分.分值"),
    (SICHUAN, "W02", {"0.分值": "19"}, "error", "指标[0].分值"),
    (SICHUAN, "S03", {"4.实际完成值": "12"}, "error", "指标[4].得分"),
    (SICHUAN, "S04", {"0.偏差原因": ""}, "error", "指标[0].偏差原因"),
    (SICHUAN, "S05", {"1.实际完成值": "≥68"}, "error", "指标[1].实际完成值"),
    (SICHUAN, "S11", {"3.年度指标值": "2022年11月底前开放"}, "error", "指标[3].年度指标值"),
    (SICHUAN, "T01", {"评价.结论": LONG}, "error", "评价.结论"),
    (SICHUAN, "T01", {"评价.存在问题": LONG}, "error", "评价.存在问题"),
    (SICHUAN, "T01", {"评价.改进措施": LONG}, "error", "评价.改进措施"),
    (SICHUAN, "T01", {"原因.执行率": LONG[:101]}, "error", "原因.执行率"),
    (SICHUAN, "T01", {"原因.预算调整": LONG[:101]}, "error", "原因.预算调整"),
    (SICHUAN, "T02", {"评价.改进措施": ""}, "error", "评价.改进措施"),
    (MOF, "P02", {"项目.实施单位": ""}, "error", "项目.实施单位"),
    (MOF, "P11", {"目标.实际完成情况": "已完成"}, "error", "目标.实际完成情况"),
    (MOF, "W04", {"0.分值": "0"}, "error", "指标[0].分值"),
    (MOF, "D07", {"目标.实际完成情况": "目标1：站点运行正常。目标2：仪器更新完成5个。"}, "warning", "目标.实际完成情况"),
    (MOF, "S07", {"2.实际完成值": "不适用"}, "warning", "指标[2].得分"),
    (MOF, "S08", {"0.实际完成值": "34"}, "warning", "指标[0].实际完成值"),
    (MOF, "S09", {"5.得分": "8"}, "error", "指标[5].得分"),
    (MOF, "S10", {"5.实际完成值": "及时预警，处置得当"}, "warning", "指标[5].实际完成值"),
    (MOF, "S12", {"1.偏差原因": "无"}, "warning", "指标[1].偏差原因"),
    (MOF, "S13", {"2.性质": "", "2.年度指标值": "92%"}, "warning", "指标[2].年度指标值"),
    (MOF, "S14", {"6.三级指标": "公众对水质的满意度"}, "warning", "指标[6].三级指标"),
    (MOF, "S15", {"4.性质": "定性", "4.年度指标值": "控制在预算内"}, "warning", "指标[4].年度指标值"),
    (MOF, "S16", {"1.三级指标": "运行维护的自动监测站"}, "warning", "指标[1].三级指标"),
    (MOF, "S17", {"0.三级指标": "1、运行站点 2、更新站点"}, "warning", "指标[0].三级指标"),
    (MOF, "S18", {"8.样本数": ""}, "warning", "指标[8].实际完成值"),
    (MOF, "S19", {"0.性质": "定性", "0.年度指标值": "正常运行"}, "warning", "指标[0].年度指标值"),
    (SICHUAN, "P02", {"项目.名称": ""}, "error", "项目.名称"),
    (SICHUAN, "P11", {"目标.实施内容": "按计划实施"}, "error", "目标.实施内容"),
    (SICHUAN, "W04", {"7.分值": "0"}, "error", "指标[7].分值"),
    (SICHUAN, "D05", {"印 其他资金.执行率": "100%"}, "error", "其他资金.执行率"),
    (SICHUAN, "D07", {"目标.预期目标": "1.建成分馆。2.配送图书。", "目标.实际完成情况": "1.建成分馆7个，其余未完工。"}, "warning", "目标.实际完成情况"),
    (SICHUAN, "S07", {"1.得分": "不适用"}, "warning", "指标[1].偏差原因"),
    (SICHUAN, "S08", {"1.实际完成值": "78"}, "warning", "指标[1].实际完成值"),
    (SICHUAN, "S09", {"3.得分": "9"}, "error", "指标[3].得分"),
    (SICHUAN, "S10", {"6.实际完成值": "专人值守"}, "warning", "指标[6].实际完成值"),
    (SICHUAN, "S12", {"0.偏差原因": "建成乡镇分馆"}, "warning", "指标[0].偏差原因"),
    (SICHUAN, "S13", {"1.计量单位": ""}, "warning", "指标[1].年度指标值"),
    (SICHUAN, "S14", {"5.三级指标": "读者满意度"}, "warning", "指标[5].三级指标"),
    (SICHUAN, "S15", {"4.性质": "定性", "4.年度指标值": "不超预算"}, "warning", "指标[4].年度指标值"),
    (SICHUAN, "S16", {"1.三级指标": "举办阅读活动举办阅读活动"}, "warning", "指标[1].三级指标"),
    (SICHUAN, "S17", {"6.年度指标值": "制度1项；培训2次"}, "warning", "指标[6].年度指标值"),
    (SICHUAN, "S18", {"7.实际完成值": "100"}, "warning", "指标[7].实际完成值"),
    (SICHUAN, "S19", {"1.性质": "定性", "1.年度指标值": "按计划举办"}, "warning", "指标[1].年度指标值"),
]  # fmt: skip
SILENT = [
    (MOF, "P03", {"其他资金.年初预算数": "0.01"}),
    (MOF, "P07", {"资金.全年执行数": "3713040.45"}),
    (MOF, "P08", {"资金.全年执行数": "4125600.5"}),
    (SICHUAN, "P04", {"资金.年初预算数": "92.5", "原因.预算调整": ""}),
    (SICHUAN, "P07", {"资金.预算执行数": "83.25", "原因.执行率": ""}),
    (SICHUAN, "S05", {"0.性质": ">="}),
    (SICHUAN, "D05", {"印 其他资金.执行率": "0%"}),
    (MOF, "D05", {"印 其他资金.执行率": "不适用"}),
    (MOF, "P05", {"印 其他资金.执行率": "100%"}),
    (SICHUAN, "T01", {"评价.结论": LONG[:200], "评价.存在问题": "有 空 格\n" + LONG[:197]}),
]


def changed(name: str, change: dict[str, str]) -> dict:
    """The example with cells, indicator cells (``7.得分``) or printed cells (``印 资金.得分``) of its first project changed."""
    data = fixture(name)
    project = data["projects"][0]
    for place, text in change.items():
        kind, _, key = place.rpartition(" ")
        row, _, column = key.partition(".")
        if kind:
            project.setdefault("printed", {})[key] = text
        elif row.isdigit():
            project["indicators"][int(row)][column] = text
        else:
            project["values"][key] = text
    return data


@pytest.mark.parametrize(("name", "code", "change", "level", "cell"), FAILING, ids=str)
def test_a_mistake_is_found_at_its_cell(name, code, change, level, cell):
    assert (level, code, f"项目[0]/{cell}") in found_in(results(changed(name, change)))


@pytest.mark.parametrize(("name", "code", "change"), SILENT, ids=str)
def test_what_is_right_stays_silent(name, code, change):
    assert code not in [found for _, found, _ in found_in(results(changed(name, change)))]


@pytest.mark.parametrize("name", [MOF, SICHUAN])
def test_every_check_of_a_pack_has_a_mistake_that_it_finds(name):
    tried = {code for example, code, *_ in FAILING if example == name}
    checks = {check.code for check in pack_of(fixture(name)["pack"]).checks}
    assert checks - tried <= ({"P06", "P10", "S01", "S02"} if name == SICHUAN else set())


@pytest.mark.parametrize("key", ["2024-mof", "2023-sichuan"])
def test_an_empty_project_is_not_accused_of_figures_it_does_not_have(key):
    levels = found_in(results({"pack": key, "projects": [{"values": {}}]}))
    assert {code for _, code, _ in levels} <= {"P01", "P02", "P11", "W01", "W02", "T02"}


@pytest.mark.parametrize("key", ["2024-mof", "2023-sichuan"])
def test_a_message_says_where_and_what_to_do(key):
    name = EXAMPLES[key]
    for _, _, change, *_ in [row for row in FAILING if row[0] == name]:
        for finding in results(changed(name, change))["findings"]:
            assert "\n" not in finding["message"]
            assert "{" not in finding["message"]
            assert finding["message"].endswith("。")


# ---- forms ----


def forms() -> list[tuple[str, str]]:
    return [(key, form) for key in WITH_GOLDEN_FORMS for form in pack_of(key).forms]


@pytest.mark.parametrize(("key", "form"), forms())
def test_a_form_is_the_golden_one(key, form):
    """After a wanted change: ``UPDATE_GOLDEN=1 pytest tests/packs/test_packs.py``, then read every changed cell."""
    path = GOLDEN / f"{key}-{form}.json"
    made = first_grid(key, form).dump()
    if os.environ.get("UPDATE_GOLDEN"):
        lines = ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in made)
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    assert made == json.loads(path.read_text(encoding="utf-8"))


def first_grid(key: str, form: str, **options: bool) -> Grid:
    facts = facts_of(key)
    layout = facts.pack.form(form)
    return expand(layout, facts, facts.children[layout.scope][0] if layout.scope else facts.root, **options)


def words_of(grid: Grid) -> set[str]:
    return {cell.text for cell in grid.cells}


def test_the_national_form_prints_the_official_heads_in_yuan():
    words = words_of(first_grid("2024-mof", "project"))
    assert {"年初预算数", "全年预算数（A）", "全年执行数（B）", "执行率（B/A）", "项目资金（元）"} <= words
    assert {"产出指标（50分）", "效益指标（30分）", "满意度指标（10分）", "偏差原因分析及改进措施"} <= words
    assert {"4125600.5", "3589272.43", "87%", "8.7", "96.03"} <= words


def test_the_sichuan_form_has_its_weights_duties_boxes_and_signers():
    words = words_of(first_grid("2023-sichuan", "project"))
    assert {"报表编号：510000_0013zp", "预算执行情况（10分）", "绩效指标（90分）", "调整后预算数"} <= words
    assert {"指标性质", "度量单位", "权重", "未完成原因分析", "评价结论", "存在问题", "改进措施"} <= words
    assert {"≥", "≤", "定性", "项目负责人：何敏", "财务负责人：罗建平"} <= words
    assert any(text.startswith("1.预算执行率低于90%的原因（100字以内）：") for text in words)


def test_free_levels_are_typed_row_by_row_and_printed_merged():
    typed = {
        piece.address
        for piece in first_grid("2023-sichuan", "project", screen=True).value_pieces()
        if piece.input
    }
    assert {f"项目[0]/指标[{row}].{level}" for row in range(8) for level in ("一级指标", "二级指标")} <= typed
    printed = [cell for cell in first_grid("2023-sichuan", "project").cells if cell.text == "产出指标"]
    assert [cell.h for cell in printed] == [4]


def scope_of(key: str) -> Scope:
    return pack_of(key).schema.children["项目"]


def test_amounts_are_exact_to_the_cent_in_the_unit_of_the_pack():
    assert scope_of("2024-mof").fields["资金.全年预算数"].digits == 2
    assert scope_of("2023-sichuan").fields["资金.调整后预算数"].digits == 6
