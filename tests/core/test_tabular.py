"""A sheet that somebody uploads: rows by their headings, and what is wrong by sheet, row and column."""

import pytest

from evaluations.core.tabular import HEADING_ROWS, Fault, Row, plain_heading, table, text_of

HEADINGS = {"预算编码": True, "单位名称": True, "备注": False}
HEAD = ["预算编码", "单位名称", "备注"]


def read(*rows):
    return table("名单", rows, HEADINGS)


def values(*texts):
    return dict(zip(HEADINGS, texts, strict=True))


def test_rows_are_read_by_their_headings_with_the_number_on_the_sheet():
    rows, faults = read(["2024年名单"], HEAD, ["101", "甲局", "新设"], [], [None, " ", ""], ["102", "乙局"])
    assert rows == [Row("名单", 3, values("101", "甲局", "新设")), Row("名单", 6, values("102", "乙局", ""))]
    assert faults == []


@pytest.mark.parametrize(
    "head",
    [
        ["单位名称", "预算编码"],
        [None, "单位名称*", "预算 编码"],
        ["＊单位名称", "预算\n编码＊"],
        ["*单位名称*", "预算编码", None, ""],
    ],
)
def test_headings_stand_in_any_order_and_may_be_starred_or_broken_over_lines(head):
    line = ["甲局" if "单位" in str(cell) else "101" if cell else "" for cell in head]
    rows, faults = read(head, line)
    assert ([row.values for row in rows], faults) == ([values("101", "甲局", "")], [])


def test_the_row_with_most_known_headings_is_the_head_and_the_first_of_equals():
    rows, _ = read(["单位名称"], HEAD, ["101", "甲局"])
    assert [row.number for row in rows] == [3]
    rows, _ = read(HEAD, HEAD)
    assert [row.number for row in rows] == [2], "第二行表头当作一行内容"


@pytest.mark.parametrize(("above", "found"), [(HEADING_ROWS - 1, True), (HEADING_ROWS, False)])
def test_the_head_is_looked_for_in_the_first_rows_only(above, found):
    rows, faults = read(*[[]] * above, HEAD, ["101", "甲局"])
    assert bool(rows) == found
    if not found:
        assert faults == [
            Fault(
                "名单",
                0,
                "",
                "",
                "前 10 行里找不到表头。表头要有：预算编码、单位名称、备注。请用下载的模板填。",
            )
        ]


def test_a_missing_column_stops_the_reading_unless_it_may_be_missing():
    rows, faults = read([], ["预算编码", "备注"], ["101", "x"])
    assert rows == []
    assert faults == [Fault("名单", 2, "单位名称", "", "缺这一列。请加上这个表头，或用下载的模板填。")]
    assert not faults[0].info
    rows, faults = read(HEAD[:2], ["101", "甲局"])
    assert rows and not faults


def test_two_columns_of_one_name_are_refused():
    rows, faults = read(["预算编码", "单位名称", "单位名称 "], ["101", "甲局", "乙局"])
    assert rows == []
    assert faults == [Fault("名单", 1, "单位名称", "单位名称", "有两列都叫这个名字。请只留一列。")]


def test_a_column_too_many_is_told_and_not_read():
    told = "多出来的列" * 5
    rows, faults = read([told, *HEAD[:2]], ["x", "101", "甲局"], ["y"])
    assert [row.values for row in rows] == [values("101", "甲局", "")], "只有不读的列有字的行是空行"
    assert faults == [Fault("名单", 1, "", told, f"多出来的列“{told[:20]}…”不读。", info=True)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("#未计算", "是公式，文件里没有它算出的值。请用 WPS 或 Excel 打开，保存一次再上传，或改成数。"),
        ("#REF!", "公式出错（#REF!）。请改正公式，或直接填值。"),
        ("#DIV/0!", "公式出错（#DIV/0!）。请改正公式，或直接填值。"),
    ],
)
def test_a_broken_formula_is_told_at_its_cell_and_the_row_is_kept(text, problem):
    rows, faults = read(HEAD, ["101", text], ["102", "#1 办公室"])
    assert len(rows) == 2
    assert faults == [Fault("名单", 2, "单位名称", text, problem)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), (True, "是"), (False, "否"), (7, "7"), (101001.0, "101001"), (94.80, "94.8"), (0.1 + 0.2, "0.3"),
        (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (-0.0, "0"), (-2.5, "-2.5"), (123456789012345680.0, "123456789012346000"),
        (" 甲\u200b局 ", "甲局"), ("甲\r\n乙", "甲\n乙"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_shows(cell, text):
    assert text_of(cell) == text


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("预算 编码", "预算编码"),
        ("单位\n名称*", "单位名称"),
        ("（万元）", "(万元)"),
        ("**名称**", "名称"),
        (2024.0, "2024"),
        (None, ""),
    ],
)
def test_headings_are_compared_without_width_space_and_star(cell, plain):
    assert plain_heading(cell) == plain


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("名单", 3, "备注", "x", "太长。"), "“名单”第3行“备注”：太长。"),
        (Fault("名单", 3, "", "x", "太长。"), "“名单”第3行：太长。"),
        (Fault("名单", 0, "", "", "没有表头。"), "“名单”：没有表头。"),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(fault, sentence):
    assert str(fault) == sentence


def test_a_row_says_what_is_wrong_in_one_of_its_columns():
    row = Row("名单", 5, values("101", "甲局", ""))
    assert row.fault("预算编码", "重复。") == Fault("名单", 5, "预算编码", "101", "重复。", info=False)
    assert row.fault("别的", "没有。", info=True) == Fault("名单", 5, "别的", "", "没有。", info=True)
