"""表达式写成 Excel 公式：空白、不适用、除以零的规则一样；说不清的不写。"""

from __future__ import annotations

import pytest

from evaluations.core.excel import MAX_FORMULA, to_excel
from evaluations.core.expressions import Column, Name, Reference, parse_expression
from evaluations.core.schema import Field
from tests.goldens import same_as_golden

PLACES = {"甲": "A1", "乙": "B1", "名": "D1", "零": "E1", "权重": "10"}
FIELDS = {
    "甲": Field("甲", "money", "甲", "甲", 2),
    "乙": Field("乙", "money", "乙", "乙", 2),
    "名": Field("名", "text", "名", "名", 0),
    "零": Field("零", "money", "零", "零", 2, blank_means="0"),
    "缺": Field("缺", "money", "缺", "缺", 2),
}
SCORE = Field("分值", "points", "分值", "分值", 2)
COLUMNS = {
    "指标.分值": Name(0, "分值", SCORE, ("指标",)),
    "指标.名": Name(0, "名", FIELDS["名"], ("指标",)),
    "指标.零": Name(0, "零", FIELDS["零"], ("指标",)),
    "别表.数": Name(0, "数", FIELDS["甲"], ("别表",)),
}


class Book:
    def cell(self, reference: Reference) -> str | None:
        return PLACES.get(reference.text)

    def rows(self, column: Column) -> str | None:
        return "C1:C9" if column.text.startswith("指标.") else None


def resolve(text: str) -> Name | None:
    if text == "权重":
        return Name(0, text, constant=True)
    return COLUMNS.get(text) or (Name(0, text, FIELDS[text]) if text in FIELDS else None)


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


EXPRESSIONS = """
甲
名
零
权重
'文'
1.50
-1
-甲
甲 + 甲
甲 * 乙 + 1
-(甲 + 乙)
甲 - -乙
甲 / 4
甲 / 0
甲 / 零
甲 / 权重
甲 / (乙 + 1)
甲 / ABS(乙)
甲 == 1
甲 != 1
甲 < 1
甲 <= 1
甲 > 1
甲 >= 1
甲 + 1 == 乙 * 2
名 == '甲'
名 != '甲'
名 < '甲'
IF(甲 != 乙, 甲, 乙)
IF(名 != '甲', 1, 甲)
IF('甲' == 名, '', 2)
IF(1 > 0, 甲, 0)
IF(甲 > 1, IF(乙 > 2, 甲, 乙), 0)
IF(1 < 甲 <= 3, 1, 2)
IF(not 甲 > 1, 1, 2)
SUM(甲)
SUM(甲, 乙)
SUM(甲, 1)
SUM(1, 2)
SUM(零, 甲)
SUM(权重, 甲)
SUM(甲 * 2)
SUM(指标.分值)
SUM(指标.分值, 指标.分值)
SUM(指标.零)
SUM(别表.数)
MIN(甲, 乙, 3)
MIN(甲 + 1, 乙)
MIN(甲, 缺)
MIN(甲, 指标.分值)
MAX(指标.分值, 1)
MAX(指标.分值, 指标.分值)
MAX(指标.零)
COUNT(指标.分值)
COUNT(指标.名)
COUNT(别表.数)
ROUND(甲 / 乙, 2)
ABS(甲)
甲 ；小数位 0
甲 * 乙 ；小数位 2
SUM(指标.分值) ；小数位 2
IF(甲 > 1, IF(乙 > 2, 甲, 乙), 0) ；小数位 1
LEN(名)
BLANK(甲)
"""


def test_every_form_of_expression_has_its_formula_or_none():
    lines = []
    for text in EXPRESSIONS.strip().splitlines():
        expression, _, digits = text.partition(" ；小数位 ")
        lines += [text, f"    {formula(expression, int(digits) if digits else None) or '写不成'}"]
    same_as_golden("excel.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(("length", "written"), [(3_994, True), (3_995, False)])
def test_a_formula_longer_than_excel_takes_is_not_written(length: int, written: bool):
    class LongBook(Book):
        def cell(self, reference: Reference) -> str | None:
            return "A" * length

    found = to_excel(parse_expression("名", resolve, in_row).node, LongBook())
    assert found == (f'=IF({"A" * length}="","",{"A" * length})' if written else None)
    assert found is None or len(found) == MAX_FORMULA
