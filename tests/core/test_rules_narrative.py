"""The total spending that a report states: the sentences people write, and those about something else."""

import tomllib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.checks import run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.rules.narrative import find_total
from tests.builders import CORRECT, PACK_FOLDER, fixture, yueyang

CHECKS = tomllib.loads((PACK_FOLDER / "checks.toml").read_text(encoding="utf-8"))["checks"]
GIVEN = next(check["parameters"] for check in CHECKS if check["code"] == "X01")


def total(text: str) -> Fraction | None:
    stated = find_total(text, "2024", GIVEN)
    return None if stated is None else stated.yuan


@pytest.mark.parametrize(
    "text",
    [
        "本年支出合计94.8万元,其中:基本支出14.6万元,占15.4%;项目支出80.2万元,占84.6%。",
        "本年支出合计为 94.8 万元。",
        "２０２４年，我单位支出合计９４．８万元。",
        "2024年度支出总计：948,000.00元",
        "本年支出共计人民币94.8万",
        "全年支出0.00948亿元",
        "总支出948000元，其中项目支出802000元",
        "基本支出14.6万元，项目支出80.2万元，本年支出合计94.8万元。",
        "项目支出合计80.2万元；支出合计94.8万元。",
        "2023年支出合计348.65万元，2024年支出合计94.8万元。",
        "上年支出合计348.65万元，本年支出合计94.8万元。",
    ],
)  # fmt: skip
def test_the_total_of_the_year_is_read(text):
    assert total(text) == 948_000


@pytest.mark.parametrize(
    "text",
    [
        "", "无", "本年收支平衡。", "本年支出合计较上年减少5万元。", "项目支出合计80.2万元。", "基本支出合计14.6万元。",
        "2023年支出合计348.65万元。", "上年支出合计348.65万元。", "年初预算支出合计100万元。", "政府性基金支出合计3万元。",
        "上半年支出合计50万元。", "三公经费支出合计0.3万元。", "本年支出合计94.8。", "本年支出合计九十四万元。",
    ],
)  # fmt: skip
def test_what_is_about_something_else_is_not_a_total(text):
    assert total(text) is None


@given(st.text(alphabet="本年度支出合计总共为约2024上基项目,，.。:：万亿元 0123456789", max_size=60))
def test_any_text_is_read_or_left(text):
    find_total(text, "2024", GIVEN)


def gaps(text: str, executed: str = "94.8") -> list[tuple[str, str]]:
    data = fixture(CORRECT)
    data["report"]["二.一"], data["values"]["资金.全年执行数"] = text, executed
    found = run(yueyang(), Facts(yueyang(), read_package(data, yueyang())))
    return [(finding.expected, finding.actual) for finding in found if finding.code == "X01"]


@pytest.mark.parametrize(
    ("text", "executed", "expected"),
    [
        ("本年支出合计94.8万元", "94.8", []),
        ("本年支出合计94.80万元", "94.7962", []),
        ("本年支出合计94.81万元", "94.8", []),
        ("本年支出合计94.82万元", "94.8", [("94.82", "94.8")]),
        ("本年支出合计约95万元", "94.8", []),
        ("本年支出合计约96万元", "94.8", [("96", "94.8")]),
        ("本年支出合计948200元", "94.8", [("94.82", "94.8")]),
        ("本年支出合计0万元", "94.8", [("0", "94.8")]),
        ("本年支出合计94.8万元", "不适用", []),
    ],
)
def test_the_stated_total_is_compared_in_the_unit_of_the_form(text, executed, expected):
    assert gaps(text, executed) == expected


def test_the_message_quotes_the_sentence_and_names_the_difference():
    data = fixture(CORRECT)
    data["report"]["二.一"] = "本年支出合计100万元。"
    found = run(yueyang(), Facts(yueyang(), read_package(data, yueyang())))
    finding = next(finding for finding in found if finding.code == "X01")
    assert finding.cells == ("资金.全年执行数", "报告.二.一")
    assert "“本年支出合计100万元”，相差 5 万元" in finding.message
