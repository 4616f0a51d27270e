"""表达式写成 Excel 公式：空白、不适用、除以零的规则一样；说不清的不写。"""

from __future__ import annotations

import pytest

from evaluations.core.excel import to_excel
from evaluations.core.expressions import Column, Name, Reference, parse_expression
from evaluations.core.schema import Field

PLACES = {"甲": "A1", "乙": "B1", "名": "D1", "零": "E1", "权重": "10"}
FIELDS = {
    "甲": Field("甲", "money", "甲", "甲", 2),
    "乙": Field("乙", "money", "乙", "乙", 2),
    "名": Field("名", "text", "名", "名", 0),
    "零": Field("零", "money", "零", "零", 2, blank_means="0"),
    "缺": Field("缺", "money", "缺", "缺", 2),
}
SCORE = Field("分值", "points", "分值", "分值", 2)


class Book:
    def cell(self, reference: Reference) -> str | None:
        return PLACES.get(reference.text)

    def rows(self, column: Column) -> str | None:
        return "C1:C9" if column.text == "指标.分值" else None


def resolve(text: str) -> Name | None:
    if text == "权重":
        return Name(0, text, constant=True)
    if text == "指标.分值":
        return Name(0, "分值", SCORE, ("指标",))
    return Name(0, text, FIELDS[text]) if text in FIELDS else None


def in_row(_: Name):
    return lambda text: Name(0, text, SCORE) if text == "分值" else None


def formula(text: str, digits: int | None = None) -> str | None:
    return to_excel(parse_expression(text, resolve, in_row).node, Book(), digits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲 / 乙", '=IF(OR(A1="不适用",B1="不适用",AND(ISNUMBER(B1),B1=0)),"不适用",IF(COUNT(A1,B1)<2,"",A1/B1))'),
        ("甲 - (乙 - 甲)", '=IF(OR(A1="不适用",B1="不适用"),"不适用",IF(COUNT(A1,B1)<2,"",A1-(B1-A1)))'),
        ("权重 * 2", "=10*2"),
        ("SUM(甲, 指标.分值)", '=IF(AND(COUNT(A1,C1:C9)=0,OR(A1="不适用",COUNTIF(C1:C9,"不适用")>0)),"不适用",IF(COUNT(A1,C1:C9)=0,"",SUM(A1,C1:C9)))'),
        ("MIN(甲, 1)", '=IF(A1="不适用","不适用",IF(NOT(ISNUMBER(A1)),"",MIN(A1,1)))'),
        ("MAX(指标.分值)", '=IF(COUNT(C1:C9)=0,"",MAX(C1:C9))'),
        ("COUNT(指标.分值)", "=COUNT(C1:C9)"),
        ("零 + 1", '=IF(E1="不适用","不适用",N(E1)+1)'),
        ("IF(甲 >= 90, '优', '差')", '=IF(OR(A1="不适用",NOT(ISNUMBER(A1))),"",IF(A1>=90,"优","差"))'),
        ("IF(名 == '是\"否', 1, 2)", '=IF(D1="","",IF(EXACT(D1,"是""否"),1,2))'),
        ("ABS(-甲)", '=IF(A1="不适用","不适用",IF(NOT(ISNUMBER(A1)),"",ABS(-A1)))'),
    ],
)  # fmt: skip
def test_it_keeps_the_rules_of_blank_and_not_applicable(text: str, expected: str):
    assert formula(text) == expected


def test_it_rounds_only_the_result():
    assert (
        formula("甲 * 乙", 2)
        == '=IF(OR(A1="不适用",B1="不适用"),"不适用",IF(COUNT(A1,B1)<2,"",ROUND(A1*B1,2)))'
    )


@pytest.mark.parametrize(
    "text",
    ["缺 + 1", "SUM(指标.分值, 分值 > 1)", "FIRST(指标.分值)", "PRIOR(甲)", "IF(甲 > 1 and 乙 > 1, 1, 2)",
     "SUM(甲 + 1, 乙)", "COUNT(指标.分值, 分值 > 1)"],
)  # fmt: skip
def test_what_excel_cannot_say_has_no_formula(text: str):
    assert formula(text) is None
