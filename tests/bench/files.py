"""出件的目标：P1、P2、P3、P5、P6，每项旁边是同一次运行里的对照物。"""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from itertools import count
from typing import Any

from django.conf import settings

from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import read_package
from evaluations.core.pack import load_folder
from evaluations.exports import documents
from evaluations.exports.pdf import render_pdf
from tests.bench import rivals
from tests.bench.measure import Figure, pairs, result
from tests.conftest import PACK_FOLDER, fixture_json

Result = dict[str, Any]
NUMBERS = count()
FORM = "base"
"""不跨页的一张表。"""
FONTS = str(settings.BASE_DIR / "build" / "fonts")


def _facts(changed: str = "") -> Facts:
    pack = load_folder(PACK_FOLDER)
    data = fixture_json("2024-yueyang-package")
    if changed:
        data["values"]["厉行节约保障措施"] = changed
    return Facts(pack, read_package(data, pack))


def _fresh(facts: Facts, chosen: documents.Chosen) -> bytes:
    """每次换一个标题：排版子进程里记着的都用不上，从头排。"""
    return render_pdf(documents.parts(facts, chosen), title=str(next(NUMBERS)))


def _grids(facts: Facts, form: str = "all") -> list[Grid]:
    return [expand(layout, facts, scope) for layout, scope in documents.choose(facts, form)]


def _text(pdf: bytes) -> str:
    run = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return "".join(run.stdout.decode().split())


def assert_same_text(pdf: bytes, grids: Sequence[Grid]) -> None:
    """表里的每个字都印了：逐格的字，跨页处夹着页码和标签，所以按每 12 个字核对，容许少数断开。"""
    whole = _text(pdf)
    pieces = [text[n : n + 12] for grid in grids for cell in grid.cells for text in ["".join(cell.text.split())]
              for n in range(0, len(text), 12)]  # fmt: skip
    missing = [piece for piece in pieces if piece not in whole]
    assert len(missing) <= len(pieces) * 0.02, missing[:5]


def p1_package_against_chromium() -> list[Result]:
    """P1、P3、P5：整套和一张表，对照 Chromium 打印同一份 HTML。"""
    facts = _facts()
    whole, one = documents.choose(facts, "all"), documents.choose(facts, FORM)
    page_html = documents.html(facts, whole).decode()
    form_html = documents.html(facts, one).decode()
    with rivals.chromium() as page:
        package, printed = pairs(lambda: _fresh(facts, whole), lambda: rivals.print_html(page, page_html), 7)
        form, form_printed = pairs(lambda: _fresh(facts, one), lambda: rivals.print_html(page, form_html), 7)
        assert_same_text(rivals.print_html(page, page_html), _grids(facts))
    pdf = documents.pdf(facts, whole)
    assert_same_text(pdf, _grids(facts))
    size = len(pdf) / 1024
    return [
        _ratio("P1", "整套 PDF，按页切好", package, "Chromium", printed, 1.0),
        _ratio("P1", "不跨页的一张表", form, "Chromium", form_printed, 0.75),
        _ratio("P3", "一张表", form, "Chromium 打印整套", printed, 0.25),
        _ratio("P3", "一张表", form, "整套", package, 0.2),
        {"id": "P5", "what": "整套一个文件", "ours": f"{size:.0f} KiB", "against": "", "goal": "≤ 600 KiB", "met": size <= 600},
    ]  # fmt: skip


def p2_package_against_typst() -> list[Result]:
    """P2：整套，对照 typst；再改一张表，其余不变。"""
    if importlib.util.find_spec("typst") is None:
        missing = {
            "ours": "没有测",
            "against": "没有装 typst：uv pip install typst",
            "goal": "≤ 6、≤ 1.5",
            "met": False,
        }
        return [{"id": "P2", "what": "整套 PDF", **missing}]
    facts = _facts()
    grids = _grids(facts)

    def typst() -> bytes:
        return rivals.typst_pdf(rivals.typst_source(grids, str(next(NUMBERS))), FONTS)

    def changed() -> bytes:
        other = _facts(f"第{next(NUMBERS)}次修改：办公用品集中采购，会议费逐项审批。")
        return documents.pdf(other, documents.choose(other, "all"))

    assert_same_text(typst(), grids)
    whole, rival = pairs(lambda: _fresh(facts, documents.choose(facts, "all")), typst, 7)
    one, rival_again = pairs(changed, typst, 7)
    return [
        _ratio("P2", "整套 PDF", whole, "typst", rival, 6.0),
        _ratio("P2", "整套，只改了一张表", one, "typst", rival_again, 1.5),
    ]


def p6_workbook() -> list[Result]:
    """P6：整套工作簿，对照 openpyxl 从头写同样的工作簿；读回来逐格相等。"""
    facts = _facts()
    chosen = documents.choose(facts, "all")
    plain = rivals.read_book(documents.xlsx(facts, chosen))
    again = rivals.read_book(rivals.openpyxl_book(plain))
    assert rivals.contents(plain) == rivals.contents(again)
    assert sum(len(sheet.cells) for sheet in plain) > 1_000
    ours, theirs = pairs(lambda: documents.xlsx(facts, chosen), lambda: rivals.openpyxl_book(plain))
    return [_ratio("P6", "整套工作簿", ours, "openpyxl", theirs, 0.15)]


def _ratio(number: str, what: str, ours: Figure, name: str, theirs: Figure, goal: float) -> Result:
    ratio = ours.median / theirs.median
    against = f"{name} {theirs.median:.0f} ± {theirs.spread:.0f} 毫秒，比 {ratio:.2f}"
    return result(number, what, ours, against, f"≤ {goal}", ratio <= goal)
