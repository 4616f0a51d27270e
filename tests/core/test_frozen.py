"""How a snapshot is written: values as exact texts with their kinds, rows and projects with their ids."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from evaluations.core.checks import Cause, Finding, Waived
from evaluations.core.facts import Package
from evaluations.core.frozen import (
    dump_computed,
    dump_finding,
    dump_inputs,
    load_computed,
    load_finding,
    load_inputs,
)
from tests.builders import LAB_FIELDS, NA, lab, lab_facts, make_pack, scope_input

PACKAGE = Package(
    root=scope_input(
        a="1.50", 名="甲", 有=True, b=NA, c=None, 日=date(2024, 5, 1), 资金__预算="0.000001",
        rows={"表": [{"名称": "一", "数": 1}, {"数": None}], "另表": []},
    ),
    children={"项目": [scope_input("p1", x=1, rows={"表": [{"数": 2}]})]},
)  # fmt: skip
PACKAGE.root.printed["资金.执行率"] = "95%"
STORED = {
    "root": {
        "id": "",
        "values": {
            "a": "1.5",
            "名": "甲",
            "有": "是",
            "b": "不适用",
            "日": "2024-05-01",
            "资金.预算": "0.000001",
        },
        "rows": {
            "表": [{"id": "r0", "values": {"名称": "一", "数": "1"}}, {"id": "r1", "values": {}}],
            "另表": [],
        },
        "printed": {"资金.执行率": "95%"},
    },
    "children": {
        "项目": [
            {
                "id": "p1",
                "values": {"x": "1"},
                "rows": {"表": [{"id": "r0", "values": {"数": "2"}}]},
                "printed": {},
            }
        ]
    },
}


def test_a_package_is_stored_as_texts_with_ids_and_blanks_are_left_out():
    assert dump_inputs(PACKAGE, lab()) == STORED


def test_what_is_stored_is_read_back_and_stored_the_same():
    package = load_inputs(STORED, lab())
    assert package.root.values["资金.预算"] == Decimal("0.000001")
    assert (package.root.printed, package.children["项目"][0].id) == ({"资金.执行率": "95%"}, "p1")
    assert dump_inputs(package, lab()) == STORED


def test_a_stored_cell_that_the_pack_does_not_know_is_left_out_and_choices_are_known():
    pack = make_pack(
        LAB_FIELDS.replace('key = "名", kind = "text"', 'key = "名", kind = "choice", choices = ["甲", "乙"]')
    )
    stored = {**STORED, "root": {**STORED["root"], "values": {"名": "乙", "没有": "1"}}}
    assert load_inputs(stored, pack).root.values == {"名": "乙"}


def test_computed_values_are_stored_by_address_with_their_kind_and_blanks_are_left_out():
    facts = lab_facts(
        scope_input(资金__预算=3, 资金__执行=1, rows={"表": [{"数": 1, "满": "3.5"}, {"数": 1}]})
    )
    assert dump_computed(facts) == {"资金.执行率": ["fraction", "1/3"], "表[r0].差": ["decimal", "2.5"]}
    facts = lab_facts(scope_input(资金__预算=0, 资金__执行=1))
    assert dump_computed(facts) == {"资金.执行率": ["na", "分母为0"]}


STORED_VALUES = {
    "na": (["na", "分母为0"], "不适用"),
    "yes": (["bool", "1"], True),
    "no": (["bool", ""], False),
    "decimal": (["decimal", "1.50"], Decimal("1.5")),
    "fraction": (["fraction", "1/3"], Fraction(1, 3)),
    "date": (["date", "2024-05-01"], date(2024, 5, 1)),
    "text": (["text", "1.50"], "1.50"),
}


@pytest.mark.parametrize(("stored", "value"), STORED_VALUES.values(), ids=STORED_VALUES)
def test_a_stored_value_is_read_by_its_kind(stored, value):
    got = load_computed({"a": stored})["a"]
    if stored[0] == "na":
        assert (str(got), got.reason) == (value, "分母为0")
    else:
        assert got == value and type(got) is type(value)


FINDING = Finding(
    code="S04", level="warning", scope="项目[p1]", cells=("a", "b"), where="项目表", message="不对。", expected="1", actual="2",
    because_of=Cause("W01", "总分"), waived=Waived("S04", "a", "另有文件", date(2025, 6, 1)),
)  # fmt: skip
DUMPED = {
    "code": "S04",
    "level": "warning",
    "scope": "项目[p1]",
    "cells": ["a", "b"],
    "message": "项目表：不对。",
    "expected": "1",
    "actual": "2",
    "because_of": {"code": "W01", "cell": "总分"},
    "where": "项目表",
    "text": "不对。",
    "waived": {"code": "S04", "cell": "a", "reason": "另有文件", "until": "2025-06-01"},
}


def test_a_finding_is_stored_with_its_place_cause_and_waiver():
    assert dump_finding(FINDING) == DUMPED
    assert load_finding(DUMPED) == FINDING


def test_a_finding_without_cause_and_waiver_has_none_when_read_back():
    bare = {**DUMPED, "because_of": None}
    del bare["waived"]
    found = load_finding(bare)
    assert (found.because_of, found.waived) == (None, None)
    assert dump_finding(found) == bare
