"""压实的字体：字形一笔不差，编号不变。"""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import RecordingPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from evaluations.exports.cff import cff_table, compact, integer, read_dict, read_numbers

FONT = Path(__file__).resolve().parents[2] / "build" / "fonts" / "FandolKai-Regular.otf"
TEXT = "项目支出绩效自评表0123"


def retained(text: str) -> tuple[bytes, list[int]]:
    """像排版那样先取子集、编号不变的字体，和用到的字形号。"""
    font = TTFont(FONT)
    glyphs = sorted({font.getGlyphID(font.getBestCmap()[ord(ch)]) for ch in text})
    subsetter = Subsetter(
        Options(retain_gids=True, desubroutinize=True, layout_features=[], notdef_outline=True)
    )
    subsetter.populate(gids=glyphs)
    subsetter.subset(font)
    content = BytesIO()
    font.save(content)
    return content.getvalue(), glyphs


def outlines(cff: bytes, names: list[str]) -> dict[str, object]:
    fonts = CFFFontSet()
    fonts.decompile(BytesIO(cff), None)
    found = {}
    for name in names:
        pen = RecordingPen()
        shape = fonts[0].CharStrings[name]
        shape.draw(pen)
        found[name] = (pen.value, shape.width)
    return found


def test_outlines_widths_and_numbers_stay():
    font, glyphs = retained(TEXT)
    table = cff_table(font)
    small = compact(table, glyphs)
    names = [f"cid{glyph:05}" for glyph in glyphs]
    assert outlines(small, names) == outlines(table, names)
    assert len(small) < len(table) * 0.9
    assert compact(small, []) != small


def test_what_is_no_cid_font_stays_as_it_is():
    assert cff_table(b"OTTO\x00\x00") == b""


def test_numbers_are_read_in_every_form():
    operands = bytes([139, 247, 0, 251, 0, 28, 0xFF, 0xFE]) + integer(70_000)
    assert read_numbers(operands) == [0, 108, -108, -2, 70_000]
    assert list(read_dict(operands + bytes([12, 30]))) == [(0x0C1E, operands)]
    assert list(read_dict(bytes([30, 0x1A, 0x5F, 5]))) == [(5, bytes([30, 0x1A, 0x5F]))]


def test_the_package_holds_only_what_it_uses(package_pdf: bytes):
    with pikepdf.open(BytesIO(package_pdf)) as pdf:
        fonts = [
            item
            for item in pdf.objects
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/CIDFontType0C"
        ]
        assert len(fonts) == 5
        for font in fonts:
            found = CFFFontSet()
            found.decompile(BytesIO(font.read_bytes()), None)
            assert len(found[0].charset) < 800
    checked = subprocess.run(["pdftotext", "-", "-"], input=package_pdf, capture_output=True, check=True)
    assert not checked.stderr
