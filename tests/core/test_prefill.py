"""Reading a sheet of figures: the three-way comparison, the columns, the unit of money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from evaluations.core.pack import Pack
from evaluations.core.prefill import (
    Source,
    Verdict,
    heading_of,
    names_of,
    read_source,
    template_keys,
    unit_doubt,
    verdict,
)

HEAD = ["预算编码", "资金.全年预算数"]


@pytest.mark.parametrize(
    ("base", "source", "mine", "expected"),
    [
        (None, "5", "", Verdict.NEW),
        (None, "5", "5", Verdict.SAME),
        (None, "5", "6", Verdict.BOTH),
        ("5", "5", "5", Verdict.SAME),
        ("5", "7", "5", Verdict.CHANGED),
        ("5", "5", "6", Verdict.KEPT),
        ("5", "5", "", Verdict.KEPT),
        ("5", "7", "6", Verdict.BOTH),
        ("5", "7", "", Verdict.BOTH),
        ("5", "7", "7", Verdict.SAME),
    ],
)
def test_what_the_unit_changed_itself_is_never_simply_updated(
    base: str | None, source: str, mine: str, expected: Verdict
) -> None:
    assert verdict(base, source, mine) == expected


def read(yueyang: Pack, sheets: dict[str, list[list[Any]]], unit: str = "") -> Source:
    return read_source(sheets, yueyang.schema, "万元", unit)


@pytest.mark.parametrize(
    ("rows", "unit", "said", "text"),
    [
        ([["单位：元"], HEAD, ["101", 948_000]], "元", "单位：元", "94.8"),
        ([["2024年决算（万元）"], HEAD, ["101", 94.8]], "万元", "2024年决算", "94.8"),
        ([HEAD, ["101", 948_000.05]], "元", "按数的大小", "94.800005"),
        ([HEAD, ["101", 94.8]], "万元", "按数的大小", "94.8"),
    ],
)
def test_the_unit_of_money_is_proposed_from_the_file(
    yueyang: Pack, rows: list[list[Any]], unit: str, said: str, text: str
) -> None:
    source = read(yueyang, {"部门": rows})
    assert not source.faults
    assert (source.unit, source.packages[0].values["资金.全年预算数"].text) == (unit, text)
    assert said in source.said


def test_the_unit_that_is_chosen_wins(yueyang: Pack) -> None:
    source = read(yueyang, {"部门": [["单位：元"], HEAD, ["101", "94.8"]]}, unit="万元")
    assert source.packages[0].values["资金.全年预算数"].text == "94.8"
    assert not source.guessed


@pytest.mark.parametrize(
    ("amount", "known", "unit", "words"),
    [
        ("948000", "94.8", "万元", "把元当成了万元"),
        ("0.00948", "94.8", "元", "把万元当成了元"),
        ("94.8", "89.8", "万元", ""),
        ("0.00948", None, "元", "94.8 元"),
        ("1000000", None, "万元", "像是元"),
        ("94.8", None, "万元", ""),
        ("0", "94.8", "元", ""),
    ],
)
def test_an_amount_in_the_other_unit_is_noticed(
    amount: str, known: str | None, unit: str, words: str
) -> None:
    found = unit_doubt(Decimal(amount), Decimal(known) if known else None, unit, "万元")
    assert words in found if words else found == ""


def test_columns_are_known_by_key_full_label_or_a_label_that_is_unique(yueyang: Pack) -> None:
    root, project = yueyang.schema.root, yueyang.schema.children["项目"]
    for heading in ("资金.全年预算数", "年度资金总额·全年预算数"):
        assert names_of(root)[heading] == "资金.全年预算数"
    assert names_of(root)["一般公共预算"] == "来源.一般公共预算"
    assert names_of(project)["主管部门"] == "项目.主管部门"
    assert not {"全年预算数", "资金.执行率", "总分.得分", "指标", "项目.名称"} & names_of(root).keys()
    assert "项目.名称" not in names_of(project)


def test_every_heading_of_the_template_leads_back_to_its_key(yueyang: Pack) -> None:
    for scope in yueyang.schema.scopes():
        for key in template_keys(scope):
            assert names_of(scope)[heading_of(scope, key)] == key
