"""Plain lists (review scores, checks): one table, the same words on screen, in PDF and in Excel."""

from __future__ import annotations

from io import BytesIO

import openpyxl

from evaluations.exports.lists import WRITERS, list_html
from evaluations.exports.tables import Column, Table
from tests.exports.reading import page_texts

COLUMNS = (Column("三级指标", 30), Column("最后得分", 8, numeric=True), Column("审核意见", 40))
ROWS = [[f"第{n}项指标", f"{n}.5", "=1+1 <b>按比例扣分</b>\n第二行"] for n in range(1, 61)]
TABLES = [
    Table("2024年度评审得分表", COLUMNS, ROWS, ["单位：云湖市档案馆"]),
    Table("2024年度评审得分表（一个名字很长很长很长很长很长很长的项目：[甲]）", COLUMNS, ROWS[:1]),
]


def test_a_long_list_goes_over_pages_with_its_head_on_each() -> None:
    pages = ["".join(text.split()) for text in page_texts(WRITERS["pdf"](TABLES, "评审得分表"))]
    assert len(pages) > 3
    assert all("三级指标" in page and "审核意见" in page for page in pages)
    assert all(f"第{n}项指标" in "".join(pages) for n in range(1, 61))
    assert "单位：云湖市档案馆" in pages[0]


def test_the_workbook_holds_text_only_and_has_legal_sheet_names() -> None:
    book = openpyxl.load_workbook(BytesIO(WRITERS["xlsx"](TABLES, "评审得分表")))
    first, second = book.worksheets
    assert first.title == "2024年度评审得分表" and len(second.title) <= 31
    values = [cell.value for cell in first[3]]
    assert values == ["第1项指标", "1.5", "=1+1 <b>按比例扣分</b>\n第二行"]
    assert {cell.data_type for cell in first[3]} == {"s"}


def test_what_people_wrote_is_text_on_the_page_too() -> None:
    html = list_html(TABLES[:1])
    assert "&lt;b&gt;按比例扣分&lt;/b&gt;<br>第二行" in html
    assert '<td class="a-right">60.5</td>' in html
