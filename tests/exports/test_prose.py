"""报告：公文版式（每页 22 行，每行 28 字），屏幕上的标记，工作簿里的一列。"""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO

import openpyxl
import pytest

from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import read_package
from evaluations.exports import documents
from evaluations.exports.html import render_grid
from evaluations.exports.pdf import render_pdf
from tests.conftest import fixture_json
from tests.exports.reading import page_lines, squash

LIVE = "执行{资金.全年执行数}万元，执行率{资金.执行率}。"


@pytest.fixture(scope="module")
def facts(yueyang) -> Facts:
    data = fixture_json("2024-yueyang-package")
    data["report"] = data["report"] | {"一": "国" * 1500, "三": f"　　第一段。\n\n  {LIVE}"}
    data["values"] |= {"部门.名称": "云湖市政务服务中心", "填报日期": "2025-03-18"}
    return Facts(yueyang, read_package(data, yueyang))


@pytest.fixture(scope="module")
def grid(facts: Facts) -> Grid:
    return expand(facts.pack.forms["report"], facts)


@pytest.fixture(scope="module")
def screen(facts: Facts) -> Grid:
    return expand(facts.pack.forms["report"], facts, screen=True)


@pytest.fixture(scope="module")
def lines(grid: Grid) -> list[list[str]]:
    return page_lines(render_pdf([grid], title="报告"))


def test_a_page_has_22_lines_of_28_characters(lines: list[list[str]]):
    full = [line for line in lines[1] if "国" in line]
    assert len(full) == 22
    assert {len(squash(line)) for line in full} == {28}


def test_a_paragraph_starts_two_characters_in(lines: list[list[str]]):
    body = [line for page in lines for line in page]
    first = next(line for line in body if "国国" in line)
    assert len(squash(first)) == 26
    assert squash(next(line for line in body if "第一段" in line)) == "第一段。"


def test_live_figures_are_printed_filled(lines: list[list[str]]):
    assert "执行89.8万元，执行率94.73%。" in "".join(squash(line) for page in lines for line in page)


def test_the_attachment_list_stays_together_and_the_signature_follows(lines: list[list[str]]):
    holding = [page for page in lines if any("附件：1." in line for line in page)]
    texts = [squash(line) for line in holding[0]]
    assert [text for text in texts if re.match(r"(附件：)?\d\.", text)][-1].startswith("6.")
    assert texts[-3:-1] == ["云湖市政务服务中心", "2025年3月18日"]


def test_guides_are_only_on_the_screen(grid: Grid, screen: Grid):
    assert "prose-guide" not in render_grid(grid, "print")
    html = render_grid(screen, "entry")
    described = set(re.findall(r'aria-describedby="([^"]+)"', html))
    assert described and described <= set(re.findall(r'class="prose-guide" id="([^"]+)"', html))


def test_entry_has_a_textarea_for_every_text(screen: Grid):
    html = render_grid(screen, "entry")
    asked = [piece.address for piece in screen.value_pieces() if piece.input]
    assert re.findall(r'<textarea[^>]*data-address="([^"]+)"', html) == asked
    tag = unescape(re.search(r'<textarea[^>]*data-address="报告.三"[^>]*>', html)[0])  # type: ignore[index]
    assert f'  {LIVE}" data-shown="' in tag, "data-was 是原文"
    assert '执行89.8万元，执行率94.73%。" ' in tag, "data-shown 是填好的"
    assert 'data-live="1"' in tag and 'data-kind="long_text"' in tag and 'aria-label="三、' in tag


def test_reading_shows_paragraphs_with_their_address(screen: Grid):
    html = render_grid(screen, "read", {"报告.三": "warning"})
    assert "<textarea" not in html
    assert re.search(r'class="prose-text mark-warning"><div class="v" data-address="报告.三"', html)
    assert "<p>第一段。</p><p>执行89.8万元，执行率94.73%。</p>" in html


@pytest.mark.parametrize("mode", ["print", "entry", "read"])
def test_user_text_is_never_markup(yueyang, hostile: str, mode: str):
    data = fixture_json("2024-yueyang-package")
    data["report"] = {"一": hostile}
    data["values"] |= {"部门.名称": hostile}
    facts = Facts(yueyang, read_package(json.loads(json.dumps(data)), yueyang))
    html = render_grid(expand(yueyang.forms["report"], facts, screen=True), mode)  # type: ignore[arg-type]
    assert "<img" not in html and "<script" not in html
    assert html.count("</textarea>") == html.count("<textarea")


def test_the_workbook_has_the_report_in_one_column(facts: Facts):
    chosen = documents.choose(facts, "report")
    sheet = openpyxl.load_workbook(BytesIO(documents.xlsx(facts, chosen))).worksheets[0]
    assert sheet.print_area == f"'自评报告'!$A$1:$A${sheet.max_row}"
    text = next(cell for cell in sheet["A"] if str(cell.value).startswith("国国"))
    assert (text.font.name, text.font.size, text.alignment.wrap_text) == ("仿宋", 16, True)
    assert (sheet["A1"].alignment.horizontal, sheet["A2"].font.name) == ("center", "黑体")
