"""One error planted at a random place of a correct package: exactly its finding, at its cell, with its consequences.

The packages are the correct fixture and papers of the demo city. A finding is a consequence when its ``because_of``
leads to the planted one. The report repeats figures of the tables, so the checks of the narrative may speak as well.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from functools import cache
from random import Random
from typing import Any

import pytest

from evaluations.core.checks import ERROR, INFO, WARNING, Finding, run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.services.demo.city import units
from evaluations.services.demo.papers import write_paper
from tests.builders import CORRECT, fixture, yueyang
from tests.size import seeds

Data = dict[str, Any]
Place = tuple[str, Data]
"""The prefix of a scope (empty for the department) and its part of the package."""
UNITS = ("101002", "104", "106", "108")
SEEDS = seeds(2)
NARRATIVE = ("R", "N", "X01", "X06", "X10", "X11")


@cache
def _packages() -> list[Data]:
    papers = [
        write_paper(unit, 2024, yueyang(), date(2025, 3, 18)) for unit in units() if unit["code"] in UNITS
    ]
    return [fixture(CORRECT), *papers]


def findings(data: Data) -> list[Finding]:
    return run(yueyang(), Facts(yueyang(), read_package(data, yueyang())))


@cache
def _before(number: int) -> set[tuple[str, str]]:
    return {finding.key for finding in findings(_packages()[number])}


# ---- where ----


def a_scope(data: Data, random: Random) -> Place:
    places = [("", data)] + [(f"项目[{n}]/", project) for n, project in enumerate(data["projects"])]
    return random.choice(places)


def a_project(data: Data, random: Random) -> Place:
    number = random.randrange(len(data["projects"]))
    return f"项目[{number}]/", data["projects"][number]


def a_row(data: Data, random: Random, wanted: Callable[[Data], bool] = lambda row: True) -> Place:
    """The address of an indicator row that is as wanted, and the row."""
    places = [("", data)] + [(f"项目[{n}]/", project) for n, project in enumerate(data["projects"])]
    rows = [
        (f"{prefix}指标[{n}].", row)
        for prefix, part in places
        for n, row in enumerate(part["indicators"])
        if wanted(row)
    ]
    return random.choice(rows)


def quantitative(row: Data) -> bool:
    return row["性质"] != "定性"


def qualitative(row: Data) -> bool:
    return row["性质"] == "定性"


def full(row: Data) -> bool:
    return row["得分"] == row["分值"]


def more(text: str, by: str) -> str:
    return str(round(float(text or 0) + float(by), 6))


# ---- what is planted: changes the package, says the cell ----


def income_sum_broken(data: Data, random: Random) -> str:
    key = random.choice(["来源.一般公共预算", "来源.其他资金", "来源.非税收入拨款"])
    data["values"][key] = more(data["values"].get(key, "0"), "3.5")
    return "资金.全年预算数"


def project_sum_broken(data: Data, random: Random) -> str:
    prefix, project = a_project(data, random)
    column = random.choice(["年初预算数", "全年预算数", "全年执行数"])
    key = f"{random.choice(['当年财政拨款', '上年结转资金', '其他资金'])}.{column}"
    project["values"][key] = more(project["values"][key], "0.5")
    return f"{prefix}资金.{column}"


def score_above_weight(data: Data, random: Random) -> str:
    address, row = a_row(data, random)
    row["得分"] = more(row["分值"], "1")
    return f"{address}得分"


def required_cell_blank(data: Data, random: Random) -> str:
    address, row = a_row(data, random)
    key = random.choice(["年度指标值", "实际完成值", "得分"])
    row[key] = ""
    return f"{address}{key}"


def weight_lost(data: Data, random: Random) -> str:
    prefix, part = a_scope(data, random)
    row = random.choice([row for row in part["indicators"] if full(row)])
    row["分值"] = row["得分"] = more(row["分值"], "-1")
    first = next(n for n, one in enumerate(part["indicators"]) if one["一级指标"] == row["一级指标"])
    return f"{prefix}指标[{first}].分值"


def name_emptied(data: Data, random: Random) -> str:
    data["values"]["部门.名称"] = random.choice(["", " "])
    return "部门.名称"


def target_of_another_year(data: Data, random: Random) -> str:
    address, row = a_row(data, random)
    row["三级指标"] = f"{random.choice(['2023', '2025', '２０２６'])}年完成的{row['三级指标']}".replace(
        "（2024年", "（"
    )
    return f"{address}三级指标"


def actual_copied(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: qualitative(row) and "时效" not in row["二级指标"])
    row["实际完成值"] = row["年度指标值"] + random.choice(["", "。", " "])
    return f"{address}实际完成值"


def actual_in_words(data: Data, random: Random) -> str:
    address, row = a_row(data, random, quantitative)
    row["实际完成值"] = random.choice(["按期完成", f"≥{row['年度指标值']}", "基本达到目标"])
    return f"{address}实际完成值"


def points_off_without_reason(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: quantitative(row) and full(row))
    row["得分"] = more(row["分值"], "-1")
    return f"{address}偏差原因"


def empty_reason(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: quantitative(row) and full(row))
    row["得分"] = more(row["分值"], "-1")
    row["偏差原因"] = random.choice(["无", "0", "已完成", row["三级指标"], "无偏差"])
    return f"{address}偏差原因"


def band_too_low(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: qualitative(row) and full(row))
    row["档次"] = random.choice(["部分达成", "未达成"])
    return f"{address}得分"


def project_unit_emptied(data: Data, random: Random) -> str:
    prefix, project = a_project(data, random)
    key = random.choice(["项目.主管部门", "项目.实施单位"])
    project["values"][key] = ""
    return f"{prefix}{key}"


def goal_emptied(data: Data, random: Random) -> str:
    prefix, part = a_scope(data, random)
    key = random.choice(["目标.预期目标", "目标.实际完成情况"])
    part["values"][key] = random.choice(["", "已完成", "100"])
    return f"{prefix}{key}"


def base_cell_blank(data: Data, random: Random) -> str:
    key = random.choice(["出国经费.本年预算数", "出国经费.本年决算数", "公务接待.上年决算数", "人员.编制数", "政府采购金额.本年决算数"])  # fmt: skip
    data["values"][key] = ""
    return key


def thrift_too_short(data: Data, random: Random) -> str:
    data["values"]["厉行节约保障措施"] = random.choice(["厉行节约。", "严格执行八项规定", "12345"])
    return "厉行节约保障措施"


def spent_more_than_budgeted(data: Data, random: Random) -> str:
    prefix, project = a_project(data, random)
    values = project["values"]
    gap = float(more(values["资金.全年预算数"], "0.8")) - float(values["资金.全年执行数"])
    part = next(part for part in ("当年财政拨款", "其他资金") if float(values[f"{part}.全年执行数"]))
    for key in ("资金", part):
        values[f"{key}.全年执行数"] = more(values[f"{key}.全年执行数"], str(gap))
    return f"{prefix}资金.全年执行数"


def staff_over_the_establishment(data: Data, random: Random) -> str:
    data["values"]["人员.编制数"] = str(int(data["values"]["人员.实际在职人数"]) - 1)
    return "人员.控制率"


def section_empty(data: Data, random: Random) -> str:
    key = random.choice(["三", "四", "五", "八"])
    data["report"][key] = ""
    return f"报告.{key}"


def no_word_about_a_fund(data: Data, random: Random) -> str:
    key = random.choice([key for key in data["values"] if key.startswith("无此项.") and "基金" in key])
    data["values"][key] = random.choice(["", "否"])
    return key


def row_twice(data: Data, random: Random) -> str:
    prefix, part = a_scope(data, random)
    rows = part["indicators"]
    first, second = sorted(random.sample([n for n, row in enumerate(rows) if row["一级指标"] == "产出指标"], 2))  # fmt: skip
    rows[second]["三级指标"] = rows[first]["三级指标"]
    return f"{prefix}指标[{second}].三级指标"


def phrase_twice(data: Data, random: Random) -> str:
    address, row = a_row(data, random)
    row["三级指标"] = f"保障运行保障运行{row['三级指标']}"
    return f"{address}三级指标"


def no_survey(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: row["一级指标"] == "满意度指标")
    row["三级指标"] = row["三级指标"].partition("（")[0]
    row.pop(random.choice(["调查方式", "样本数", "调查日期"]), None)
    return f"{address}实际完成值"


def unit_of_measure_lost(data: Data, random: Random) -> str:
    address, row = a_row(data, random, lambda row: quantitative(row) and row["计量单位"] != "%")
    row[random.choice(["计量单位", "性质"]) if row["性质"] == ">=" else "计量单位"] = ""
    return f"{address}年度指标值"


def goal_of_the_province(data: Data, random: Random) -> str:
    prefix, part = a_scope(data, random)
    part["values"]["目标.预期目标"] += random.choice(
        ["进一步优化全省系统。", "推进全国改革。", "加强全省管理。"]
    )
    return f"{prefix}目标.预期目标"


def quotes_unbalanced(data: Data, random: Random) -> str:
    prefix, project = a_project(data, random)
    project["values"]["项目.名称"] = f"”{project['values']['项目.名称']}”"
    return f"{prefix}项目.名称"


def signature_missing(data: Data, random: Random) -> str:
    key = random.choice(["填表人", "填报日期", "联系电话", "单位负责人"])
    data["values"][key] = ""
    return key


def printed_score_wrong(data: Data, random: Random) -> str:
    data["printed"] = {"资金.得分": random.choice(["1", "8.5", ""])}
    return "资金.得分"


PLANTED: dict[Callable[[Data, Random], str], tuple[str, str]] = {
    income_sum_broken: ("D02", ERROR), project_sum_broken: ("P03", ERROR), score_above_weight: ("S02", ERROR),
    required_cell_blank: ("S01", ERROR), weight_lost: ("W02", ERROR), name_emptied: ("D01", ERROR),
    target_of_another_year: ("S11", ERROR), actual_copied: ("S05", WARNING), actual_in_words: ("S05", ERROR),
    points_off_without_reason: ("S04", ERROR), empty_reason: ("S12", WARNING), band_too_low: ("S09", ERROR),
    project_unit_emptied: ("P02", ERROR), goal_emptied: ("P11", ERROR), base_cell_blank: ("B02", ERROR),
    thrift_too_short: ("B12", ERROR), spent_more_than_budgeted: ("P08", ERROR), section_empty: ("R01", ERROR),
    staff_over_the_establishment: ("B01", WARNING), no_word_about_a_fund: ("X08", WARNING),
    row_twice: ("S16", WARNING), phrase_twice: ("S16", WARNING), no_survey: ("S18", WARNING),
    unit_of_measure_lost: ("S13", WARNING), goal_of_the_province: ("D08", WARNING),
    quotes_unbalanced: ("X05", WARNING), signature_missing: ("Z01", INFO), printed_score_wrong: ("P06", ERROR),
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_error_is_found_at_its_cell_and_nothing_else(plant, seed):
    random = Random(f"{plant.__name__}{seed}")
    number = random.randrange(len(_packages()))
    data = deepcopy(_packages()[number])
    planted = (PLANTED[plant][0], plant(data, random))
    new = {one.key: one for one in findings(data) if one.key not in _before(number)}
    assert planted in new, f"not found; new are {list(new)}"
    assert new[planted].level == PLANTED[plant][1]
    stray = [
        key
        for key in new
        if root_of(key, new) != planted and (key == planted or not key[0].startswith(NARRATIVE))
    ]
    assert stray == [], [new[key].message for key in stray]


def root_of(key: tuple[str, str], found: dict[tuple[str, str], Finding]) -> tuple[str, str]:
    """The first cause of a finding."""
    seen = [key]
    while key in found and (cause := found[key].because_of) and (cause.code, cause.cell) not in seen:
        key = (cause.code, cause.cell)
        seen.append(key)
    return key


def test_the_packages_are_correct_before_anything_is_planted():
    for data in _packages():
        assert [one.key for one in findings(data) if one.level == ERROR] == []
