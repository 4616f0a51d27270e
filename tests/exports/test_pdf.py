"""PDF：一字不少，标签逐页重印，字体内嵌，什么外部内容也取不到。"""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from evaluations.core.grid import Grid
from evaluations.core.paging import Break
from evaluations.exports.pdf import ExportProblem, find_breaks, pool, render_pdf
from evaluations.exports.pdf_worker import make_fetcher
from tests.exports.reading import eat, page_texts, squash

EXPORTS = Path(__file__).resolve().parents[2] / "evaluations"


@pytest.fixture(scope="module")
def printed(department: Grid) -> bytes:
    return render_pdf([department], title="自评表", footer="校验码 7F3A-90C2")


def test_every_text_is_printed_once(department: Grid, printed: bytes):
    pages = page_texts(printed)
    whole = "".join(pages)
    for cell in department.cells:
        assert squash(cell.text) in whole or eat(cell.text, pages) == "", cell.text
    longest = max((cell.text for cell in department.cells), key=len)
    assert len(longest) > 1_800
    assert squash(longest) not in whole, "跨页，中间夹着页码和标签"
    assert whole.count(squash(longest)[:40]) == 1


def test_a_cell_over_three_pages_has_its_label_on_each(printed: bytes):
    pages = page_texts(printed)
    assert len(pages) == 4
    assert ["年度总体目标" in page for page in pages] == [True, True, True, False]
    assert ["绩效指标" in page for page in pages] == [False, False, True, True]
    assert ["三级指标" in page for page in pages] == [False, False, True, True]


def test_pages_are_numbered_and_carry_the_footer(printed: bytes):
    for number, page in enumerate(page_texts(printed), 1):
        assert f"—{number}—" in page
        assert "校验码7F3A-90C2" in page


def test_fonts_are_embedded_and_chinese(printed: bytes):
    with pikepdf.open(BytesIO(printed)) as pdf:
        fonts = [
            obj for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary) and obj.get("/Type") == "/Font"
        ]
        descriptors = [
            obj
            for obj in pdf.objects
            if isinstance(obj, pikepdf.Dictionary) and obj.get("/Type") == "/FontDescriptor"
        ]
        names = {str(font["/BaseFont"]) for font in fonts}
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(item.keys()) for item in descriptors)
        assert descriptors and all("Noto-Serif-CJK-SC" in name for name in names), names


@pytest.mark.case("I10")
def test_the_file_tells_its_title_and_no_path(printed: bytes):
    with pikepdf.open(BytesIO(printed)) as pdf:
        assert str(pdf.docinfo["/Title"]) == "自评表"
    assert b"file://" not in printed and str(EXPORTS.parent).encode() not in printed


def test_forty_indicators_keep_group_labels_on_every_page(make_facts, grid_of):
    grid = grid_of(make_facts(indicators=40))
    pages = page_texts(render_pdf([grid, grid], title="四十行"))
    whole = "".join(pages)
    for number in range(40):
        assert whole.count(f"第{number}号") == 2
    listing = [page for page in pages if "三级指标" in page]
    assert len(listing) >= 8
    assert all("绩效指标" in page and re.search("产出指标|效益指标|满意度指标", page) for page in listing)
    assert f"—{len(pages)}—" in pages[-1], "两张表的页码连续"


@pytest.mark.case("I4")
def test_rare_characters_are_printed_in_a_chinese_font(make_facts, grid_of, rare: str):
    pdf = render_pdf([grid_of(make_facts({"部门.名称": f"岳阳{rare}局"}))], title="生僻字")
    assert f"岳阳{rare}局" in "".join(page_texts(pdf))
    assert (
        "DejaVu"
        not in subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    )


@pytest.mark.case("I3", "I4", "I10")
def test_hostile_text_is_printed_and_nothing_is_fetched(make_facts, grid_of, hostile: str):
    grid = grid_of(make_facts({"部门.名称": hostile, "目标.预期目标": hostile}))
    pdf = render_pdf([grid], title=hostile, footer=hostile)
    assert squash(hostile) in "".join(page_texts(pdf))
    assert b"root:" not in pdf
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert not list(opened.attachments)
        assert not any("/Annots" in page for page in opened.pages)


@pytest.mark.case("I3", "I10")
@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://127.0.0.1/", "data:,x", "font:other", "ftp://a/b", "x"]
)
def test_the_fetcher_gives_nothing_but_its_own_fonts(url: str):
    fetcher = make_fetcher({"6162": b"OTTO"})
    with pytest.raises(ValueError):
        fetcher.fetch(url)
    assert fetcher.denied == 1
    assert fetcher.fetch("font:6162").read() == b"OTTO"


@pytest.mark.case("I3")
@pytest.mark.asvs("5.2.6")
def test_markup_that_asks_for_files_gets_none():
    """即使有人把标记放进了排版（模板不会），也什么都取不到。"""
    html = (
        '<link rel=stylesheet href="http://127.0.0.1:9/a.css"><link rel=attachment href="file:///etc/passwd">'
        "<style>@import url(file:///etc/hosts); p {background: url(http://127.0.0.1:9/b)}</style>"
        '<p><img src="file:///etc/passwd">甲<a rel=attachment href="file:///etc/passwd">乙</a></p>'
    )
    with pool().worker() as worker:
        reply, _ = worker.ask({"do": "lay", "name": "1"}, html.encode())
        pdf = worker.ask({"do": "write", "order": ["1"], "variant": "", "ahead": 0})[1]
    assert reply["denied"] >= 4
    assert b"root:" not in pdf
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert not list(opened.attachments)


def test_no_forms_is_a_clear_problem():
    with pytest.raises(ExportProblem, match="没有可以导出的表"):
        render_pdf([], title="")


def test_breaks_are_read_from_what_each_page_holds(department: Grid):
    row = next(cell.row for cell in department.cells if cell.text.startswith("目标1"))
    pages = [
        {"1": {"0": 8}, str(row): {"1": 10, "5": 100}},
        {str(row): {"1": 0, "5": 50}},
        {str(row + 1): {"1": 4}, str(row + 2): {}},
        {str(row + 3): {}},
    ]
    breaks = find_breaks(department, pages)
    assert [(point.row, point.inside) for point in breaks] == [
        (row, True),
        (row + 1, False),
        (row + 3, False),
    ]
    text = next(cell.text for cell in department.cells if cell.row == row and cell.col == 5)
    assert squash(text[: breaks[0].printed[5]]) == squash(text)[:100]
    assert breaks[0] == Break(row, True, breaks[0].printed)


def test_only_the_worker_touches_the_library():
    users = {
        path.name
        for path in EXPORTS.rglob("*.py")
        if re.search(r"import weasyprint|from weasyprint|\bHTML\(|\bCSS\(", path.read_text())
    }
    assert users == {"pdf_worker.py"}
    assert "full_fonts" not in "".join(path.read_text() for path in EXPORTS.rglob("*.py"))
