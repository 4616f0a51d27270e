"""Excel：数是数，文字是文字，公式只来自方案，读回来与事实相等。"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, Piece
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack
from evaluations.core.values import is_number
from evaluations.exports import documents
from evaluations.exports.problems import ExportProblem
from evaluations.exports.xlsx import META_COLUMNS, render_xlsx
from evaluations.exports.xlsx_cells import labelled
from tests.conftest import fixture_json


@pytest.fixture(scope="module")
def facts(make_facts) -> Facts:
    return make_facts({"填表人": '=HYPERLINK("http://a")', "来源.其他资金": "-1.5", "联系电话": "+86 730"})


@pytest.fixture(scope="module")
def grid(facts: Facts, grid_of) -> Grid:
    return grid_of(facts, open_rows=True)


@pytest.fixture(scope="module")
def content(facts: Facts, grid: Grid) -> bytes:
    return render_xlsx([(grid, facts.root), (grid, facts.root)], title="自评表")


def opened(content: bytes, *, values: bool = False) -> Any:
    return openpyxl.load_workbook(BytesIO(content), data_only=values)


def row_ids(sheet: Any) -> dict[str, int]:
    column = sheet.max_column
    return {sheet.cell(row, column).value: row for row in range(1, sheet.max_row + 1)}


def meta(book: Any) -> Iterator[dict[str, str]]:
    lines = [[cell or "" for cell in line] for line in book["_meta"].iter_rows(values_only=True)]
    start = lines.index(list(META_COLUMNS))
    for line in lines[start + 1 :]:
        yield dict(zip(META_COLUMNS, line, strict=True))


@pytest.mark.case("N2")
def test_numbers_read_back_equal_to_the_facts(content: bytes, facts: Facts):
    book = opened(content, values=True)
    compared = 0
    for line in meta(book):
        sheet = book[line["sheet"]]
        read = sheet[f"{line['column']}{row_ids(sheet)[line['row']]}"].value
        value = facts.value(line["address"])
        if is_number(value):
            node, key = facts.locate(line["address"])
            digits = node.fields[key].digits + (2 if line["kind"] == "percent" else 0)
            assert read == pytest.approx(float(round(value, digits))), line["address"]
            compared += 1
        elif value is None and not line["pattern"]:
            assert read is None, line["address"]
    assert compared >= 60


@pytest.mark.case("I6")
def test_texts_read_back_as_they_are(content: bytes, grid: Grid):
    sheet = opened(content).worksheets[0]
    written = {str(cell.value) for line in sheet.iter_rows() for cell in line if cell.value is not None}
    for cell in grid.cells:
        if cell.text.strip() and not any(piece.field and piece.field.is_number for piece in cell.values):
            assert cell.text in written


@pytest.mark.case("I5")
def test_formulas_come_from_the_pack_only(content: bytes):
    book = opened(content)
    formulas = {
        cell.coordinate: cell.value
        for line in book.worksheets[0].iter_rows()
        for cell in line
        if cell.data_type == "f"
    }
    assert len(formulas) == 2
    assert all(text.startswith("=IF(") for text in formulas.values())
    assert "HYPERLINK" not in "".join(formulas.values())
    total = next(text for text in formulas.values() if "SUM" in text)
    ids = row_ids(book.worksheets[0])
    spare = max(row for row_id, row in ids.items() if row_id.startswith("指标"))
    assert f"G{spare})" in total, "合计到备用的空行为止"


def test_a_mixed_cell_is_a_number_with_its_label_in_the_format(content: bytes):
    sheet = opened(content).worksheets[0]
    cells = {
        cell.number_format: cell.value
        for line in sheet.iter_rows()
        for cell in line
        if cell.value is not None
    }
    found = next(form for form in cells if form.startswith('"其中：一般公共预算："'))
    assert cells[found] == 94.8
    assert next(value for form, value in cells.items() if "其他资金" in form) == -1.5
    assert next(value for form, value in cells.items() if "政府性基金" in form).strip() == "政府性基金拨款："


def test_a_label_with_quotes_stays_a_label():
    assert labelled('甲"乙"：', "General", "元", words="@").split(";")[0] == '"甲"\\""乙"\\""："General"元"'


def test_every_row_has_its_id_and_long_rows_have_several(content: bytes, grid: Grid):
    sheet = opened(content).worksheets[0]
    ids = row_ids(sheet)
    column = openpyxl.utils.get_column_letter(sheet.max_column)
    assert sheet.column_dimensions[column].hidden
    assert {row.id for row in grid.rows} <= set(ids)
    assert [row_id for row_id in ids if row_id.endswith("~1")] == ["department-2-10~1"]
    assert max(sheet.row_dimensions[row].height for row in ids.values()) <= 409


def test_it_prints_on_a4_one_page_wide(content: bytes):
    sheet = opened(content).worksheets[0]
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)
    assert sheet.print_area.endswith("$I$" + str(sheet.max_row))
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_sheets_have_legal_distinct_names_and_meta_is_hidden(content: bytes, facts: Facts):
    book = opened(content)
    assert book.sheetnames == ["整体自评", "整体自评（2）", "_meta"]
    assert book["_meta"].sheet_state == "hidden"
    assert book["_meta"]["B2"].value == facts.pack.checksum


@pytest.mark.case("I4")
def test_dirty_text_does_not_stop_a_workbook(facts: Facts, grid: Grid):
    dirty = Piece("=甲\x08\ud800\ufffe\x1b乙", "部门.名称")
    cells = tuple(
        replace(cell, pieces=(dirty,)) if cell.row == 1 and cell.col else cell for cell in grid.cells
    )
    book = opened(render_xlsx([(replace(grid, cells=cells, sheet="a[1]:*?/\\'b" * 9), facts.root)]))
    assert book.worksheets[0]["B2"].value == "=甲乙"
    assert book.worksheets[0]["B2"].data_type == "s"
    assert len(book.sheetnames[0]) <= 31


def test_no_forms_is_a_clear_problem():
    with pytest.raises(ExportProblem):
        render_xlsx([])


# ---- 整套 ----


@pytest.fixture(scope="module")
def whole(example_facts: Facts) -> Any:
    return opened(documents.xlsx(example_facts, documents.choose(example_facts, "all")))


def test_every_form_and_project_has_its_sheet(whole: Any):
    assert [name[:5] for name in whole.sheetnames] == [
        "自评报告",
        "基础数据",
        "整体自评",
        "项目自评-",
        "政府性基金",
        "国有资本",
        "社保基金",
        "_meta",
    ]
    assert all(len(name) <= 31 for name in whole.sheetnames)


def test_each_sheet_prints_like_the_official_form(whole: Any):
    for sheet in whole.worksheets[:-1]:
        wide = sheet.title in ("政府性基金", "国有资本", "社保基金")
        assert sheet.page_setup.orientation == ("landscape" if wide else "portrait")
        assert sheet.print_area and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert bool(sheet.print_title_rows) == (sheet.title != "自评报告")
        assert sheet.column_dimensions[openpyxl.utils.get_column_letter(sheet.max_column)].hidden


def test_formulas_across_sheets_name_a_sheet_that_is_there(whole: Any):
    names = set(whole.sheetnames)
    for sheet in whole.worksheets:
        for line in sheet.iter_rows():
            for cell in line:
                if cell.data_type == "f":
                    assert set(re.findall(r"'([^']+)'!", cell.value)) <= names


def test_twenty_projects_of_one_long_name_have_distinct_sheets(yueyang: Pack):
    data = fixture_json("2024-yueyang-package")
    name = "[推进/深化]*项目?" + "𠮷" * 30
    data["projects"] = [json.loads(json.dumps(data["projects"][0])) for _ in range(20)]
    for project in data["projects"]:
        project["values"]["项目.名称"] = name
    facts = Facts(yueyang, read_package(data, yueyang))
    names = opened(documents.xlsx(facts, documents.choose(facts, "project"))).sheetnames
    assert len(set(map(str.casefold, names))) == 21
    assert all(len(name.encode("utf-16-le")) <= 62 and not set(name) & set("[]:*?/\\") for name in names)


def test_a_long_text_leaves_no_page_out(example_facts: Facts):
    """续行里有一个空格，LibreOffice 才印那几页。"""
    content = documents.xlsx(example_facts, documents.choose(example_facts, "report"))
    ids = row_ids(opened(content).worksheets[0])
    spare = [row for row_id, row in ids.items() if "~" in row_id]
    xml = zipfile.ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert spare and all(re.search(rf'<c r="A{row}"[^>]* t="s">', xml) for row in spare)
