"""整套材料：次序、目录、附件号、页码、横竖页、存档格式；逐页与小图比对。"""

from __future__ import annotations

import json
import re
from io import BytesIO

import pikepdf
import pytest
from PIL import Image, ImageChops

from evaluations.core.facts import Facts
from evaluations.core.grid import expand
from evaluations.core.interchange import read_package
from evaluations.exports import documents
from evaluations.exports.parts import Part
from evaluations.exports.pdf import render_pdf
from tests.conftest import fixture_json
from tests.exports.golden import PAGES, picture_file, pictures
from tests.exports.reading import eat, page_lines, page_texts, squash

NUMBER = re.compile(r"—(\d+)—$")


def facts_with(pack, **changes) -> Facts:
    """示例材料，改几处。"""
    data = fixture_json("2024-yueyang-package")
    for key, value in changes.items():
        data[key] = data.get(key, {}) | value if isinstance(value, dict) else value
    return Facts(pack, read_package(data, pack))


def render(facts: Facts, **options) -> bytes:
    return documents.pdf(facts, documents.choose(facts, "all"), **options)


def landscape(pdf: bytes) -> list[bool]:
    with pikepdf.open(BytesIO(pdf)) as opened:
        return [float(page.mediabox[2]) > float(page.mediabox[3]) for page in opened.pages]


def page_in_contents(lines: list[str], entry: str) -> int:
    """目录里这一条的页码；长的条目占几行。"""
    text = "\n".join(map(squash, lines)) + "\n"
    found = re.search("\n?".join(map(re.escape, entry)) + r"…*\n?…*(\d+)\n", text)
    assert found, entry
    return int(found[1])


# ---- 示例材料 ----


def test_the_report_comes_first_then_the_attachments(example_facts: Facts):
    keys = [layout.key for layout, _ in documents.choose(example_facts, "all")]
    assert keys[:4] == ["report", "base", "department", "project"]
    assert len(keys) == 7


def test_every_text_of_the_package_is_printed(example_facts: Facts, package_pages: list[str]):
    whole = "".join(package_pages)
    for layout, scope in documents.choose(example_facts, "all"):
        for cell in expand(layout, example_facts, scope).cells:
            for line in filter(None, map(squash, cell.text.split("\n"))):
                assert line in whole or eat(line, package_pages) == "", line


def test_pages_are_numbered_through_from_the_report_on(package_pages: list[str]):
    assert not NUMBER.search(package_pages[0]), "目录不编页码"
    found = [NUMBER.search(page) for page in package_pages[1:]]
    assert [match and int(match[1]) for match in found] == list(range(1, len(package_pages)))


def test_odd_numbers_stand_right_and_even_ones_left(package_pdf: bytes):
    for number, lines in enumerate(page_lines(package_pdf)[1:], 1):
        indent = len(lines[-1]) - len(lines[-1].lstrip())
        assert (indent > 20) == bool(number % 2), (number, lines[-1])


def test_the_contents_tell_the_right_pages(
    example_facts: Facts, package_pdf: bytes, package_pages: list[str]
):
    contents = package_pages[0]
    assert contents.startswith("目录2024年度")
    parts = documents.parts(example_facts, documents.choose(example_facts, "all"))
    for part in parts:
        entry = squash(part.annex + part.entry)
        page = package_pages[page_in_contents(page_lines(package_pdf)[0], entry)]
        title = squash(part.grid.title if part.grid.kind == "table" else part.entry)
        assert page.startswith(squash(part.annex) + title), entry
    with pikepdf.open(BytesIO(package_pdf)) as pdf:
        assert len(pdf.pages[0].Annots) >= len(parts), "目录可以点"
        assert [str(item.title) for item in pdf.open_outline().root][1:] == [part.entry for part in parts]
        assert pdf.pages[1].label == "1"


def test_attachments_are_labelled_and_tables_may_lie_on_their_side(
    example_facts: Facts, package_pdf: bytes, package_pages: list[str]
):
    parts = documents.parts(example_facts, documents.choose(example_facts, "all"))
    for part in parts:
        if part.annex:
            assert sum(page.startswith(part.annex) for page in package_pages) == 1
    wide = [page for page, flag in zip(package_pages, landscape(package_pdf), strict=True) if flag]
    assert len(wide) == 3
    assert all(re.match("附件[456]", page) for page in wide)


def test_a_single_form_has_no_label_and_no_contents(example_facts: Facts):
    parts = documents.parts(example_facts, documents.choose(example_facts, "base"))
    assert parts == [Part(parts[0].grid)]


def test_each_page_looks_as_it_did(package_pdf: bytes):
    """与黄金小图比：不同的点不超过百分之一。有意改动后运行 ``python -m tests.exports.golden``。"""
    found = pictures(package_pdf)
    assert len(found) == len(list(PAGES.glob("*.png")))
    for number, picture in enumerate(found, 1):
        path = picture_file(number)
        assert path.stat().st_size <= 15 * 1024
        with Image.open(path) as golden:
            assert golden.size == picture.size
            difference = ImageChops.difference(golden.convert("L"), picture)
        changed = sum(count for level, count in enumerate(difference.histogram()) if level > 64)
        assert changed <= picture.width * picture.height * 0.01, f"第 {number} 页变了 {changed} 点"


def test_the_package_is_not_large(package_pdf: bytes):
    assert len(package_pdf) <= 600 * 1024


# ---- 别的材料 ----


def test_what_the_worker_keeps_never_shows_old_text_or_numbers(yueyang, package_pages: list[str]):
    """改一张表、改到多一页：其余的照用排好的，文字和页码与从头排的一样。"""
    for text in ("只改这一格。", "".join(f"第{n}条措施，" for n in range(900))):
        changed = facts_with(yueyang, values={"厉行节约保障措施": text})
        kept = page_texts(render(changed))
        parts = documents.parts(changed, documents.choose(changed, "all"))
        assert kept == page_texts(render_pdf(parts, title=f"从头排{len(text)}"))
        assert eat(text, kept) == "" and kept[1] == package_pages[1]
    assert len(kept) > len(package_pages)


@pytest.fixture(scope="module")
def crowded(yueyang, rare: str) -> Facts:
    """二十个项目、四十个指标、2,500 字的一格、生僻字。"""
    data = fixture_json("2024-yueyang-package")
    rows = data["indicators"]
    data["indicators"] = [{**rows[n % len(rows)], "三级指标": f"第{n}号指标"} for n in range(40)]
    data["values"] |= {
        "目标.预期目标": "".join(f"第{n:04}句，" for n in range(400))[:2500],
        "部门.名称": f"{rare}局",
    }
    project = json.dumps(data["projects"][0])
    data["projects"] = [json.loads(project) for _ in range(20)]
    for number, one in enumerate(data["projects"]):
        one["values"]["项目.名称"] = f"第{number}号项目"
    return Facts(yueyang, read_package(data, yueyang))


@pytest.fixture(scope="module")
def crowded_pdf(crowded: Facts) -> bytes:
    return render(crowded, pdfa=True)


def test_a_crowded_package_is_complete(crowded: Facts, crowded_pdf: bytes, rare: str):
    pages = page_texts(crowded_pdf)
    whole = "".join(pages)
    for number in range(40):
        assert f"第{number}号指标" in whole
    assert eat(str(crowded.value("目标.预期目标")), pages) == ""
    assert f"{rare}局" in whole
    ahead = sum(not NUMBER.search(page) for page in pages)
    contents = [line for lines in page_lines(crowded_pdf)[:ahead] for line in lines]
    for number in range(20):
        title = f"附件3-{number + 1}2024年度项目支出绩效自评表"
        page = pages[page_in_contents(contents, f"{title}（第{number}号项目）") + ahead - 1]
        assert page.startswith(title) and f"第{number}号项目" in page
    listing = [page for page in pages if "号指标" in page]
    assert all("绩效指标" in page and "三级指标" in page for page in listing)


def test_the_archive_form_is_pdf_a(crowded_pdf: bytes):
    with pikepdf.open(BytesIO(crowded_pdf)) as opened, opened.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "U")
        assert opened.Root.OutputIntents[0].S == "/GTS_PDFA1"
        fonts = [
            item
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
        ]
        assert fonts and all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_the_standalone_page_holds_the_whole_package(example_facts: Facts):
    html = documents.html(example_facts, documents.choose(example_facts, "all")).decode()
    assert html.count('class="sheet ') == 8
    assert html.index("目　录") < html.index("一、部门（单位）基本情况") < html.index("附件4</p>")


def test_no_content_is_a_clear_problem(yueyang):
    facts = facts_with(yueyang, projects=[])
    with pytest.raises(documents.ExportProblem, match="没有可出的表"):
        documents.choose(facts, "project")
