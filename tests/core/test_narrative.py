"""Numbers in running text: what is read, with which unit and label, and what is left out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.narrative import read_text


def read(text: str) -> list[tuple[str, object]]:
    return [(figure.unit, figure.value) for figure in read_text(text).figures]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("本年支出合计94.8万元", [("元", 948_000)]),
        ("财政拨款 1,234.5 万元，非税收入３亿元", [("元", 12_345_000), ("元", 300_000_000)]),
        ("新建高标准农田3.26万亩，免疫畜禽86万头次", [("亩", 32_600), ("头", 860_000)]),
        ("在编教师32名，驻校民警两名", [("人", 32), ("人", 2)]),
        ("投入二十万元，培训一百二十人", [("元", 200_000), ("人", 120)]),
        ("满意度百分之九十六", [("%", 96)]),
        ("建筑面积1200㎡，绿地0.5公顷", [("平方米", 1200), ("公顷", Fraction(1, 2))]),
        ("窗口5，100%办结", [("", 5), ("%", 100)]),
        ("共1133件投诉工单，其中12345热线工单1106件，110转接3件", [("件", 1133), ("件", 1106), ("件", 3)]),
    ],
)
def test_a_number_is_read_with_its_unit(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024年5月13日印发", "2023—2025年规划", "6月7日上报党工委会", "湘财绩〔2024〕12号文件", "联系电话0730-8888888", "12345热线和110、120",
        "1、加强管理", "(2)规范流程", "3.完善制度", "附件4", "第3季度", "响应时间2-3天", "7×24小时值守", "上午9:30开会", "GB50016规范", "一是、二是",
    ],
)  # fmt: skip
def test_dates_numbers_of_documents_and_ranges_are_left_out(text):
    assert read(text) == []


def test_label_sentence_and_manner_are_known():
    first, second, third = read_text("办结1079件。比上年少54件，惠及近300户").figures
    assert (first.label, first.sentence, first.compared) == ("办结", 0, False)
    assert (second.sentence, second.compared) == (1, True)
    assert third.about and third.unit == "户"


@given(
    st.text(
        alphabet="共其中一二十百万亿元人件%年月日约余，,。；;：:0123456789.〔〕（）\n至—-百分之", max_size=80
    )
)
def test_any_text_is_read(text):
    reading = read_text(text)
    assert all(reading.text[f.start : f.end].strip() for f in reading.figures)
