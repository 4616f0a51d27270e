"""上传的表格：读出各格的值；读不了的各有各的一句话，服务器没有事。"""

import contextlib
import io
import random
import zipfile

import pytest

from evaluations.core.tabular import UNCOMPUTED, Row, table
from evaluations.exports.tables import Column, Table, write_tables
from evaluations.services.problems import Refused
from evaluations.services.sheets import read_sheets
from tests.size import SEED, times
from tests.workbooks import ENCRYPTED, OLE, PAGE, SHEET1, repacked, sheet_xml, workbook

GOOD = workbook({"单位": [["编码", "名称"], [101001, "甲"]]})
FAR = sheet_xml(
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
)
BOMB = sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>' + " " * 90_000_000 + "</t></is></c></row>")
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "' + "ha" * 500 + '">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcde", "bcdef", strict=True))
    + "]><workbook>&f;</workbook>"
).encode()  # fmt: skip


def many_parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
        for n in range(3_000):
            package.writestr(f"xl/{n}", "")
    return out.getvalue()


REFUSED = {
    "nothing": (b"", "空的"),
    "too large": (b"x" * 6_000_000, "最多 5 MB"),
    "an old xls": (OLE, "旧格式"),
    "a password": (ENCRYPTED, "密码"),
    "a page renamed": (PAGE, "网页"),
    "a PDF renamed": (b"%PDF-1.7\n", "PDF"),
    "text renamed": ("编码,名称\n".encode(), "内容却不是"),
    "a truncated file": (GOOD[: len(GOOD) // 2], "不完整"),
    "macros": (repacked(GOOD, {"xl/vbaProject.bin": b"x"}), "带宏"),
    "a binary workbook": (repacked(GOOD, {"xl/workbook.xml": None, "xl/workbook.bin": b"x"}), "xlsb"),
    "a Word document": (repacked(GOOD, {"xl/workbook.xml": None, "word/document.xml": b"x"}), "Word"),
    "any other archive": (repacked(GOOD, {"xl/workbook.xml": None}), "压缩包"),
    "thousands of parts": (many_parts(), "结构"),
    "a sheet that inflates to 90 MB": (repacked(GOOD, {SHEET1: BOMB}), "展开后太大"),
    "a cell at the far corner": (repacked(GOOD, {SHEET1: FAR}), "太大|最多"),
    "entities that multiply": (repacked(GOOD, {"xl/workbook.xml": LAUGHS}), "损坏|太大"),
    "broken xml": (repacked(GOOD, {"xl/workbook.xml": b"<workbook"}), "损坏"),
    "too many rows": (workbook({"单位": [["x"]] * 5_001}), "5,001 行"),
}


@pytest.mark.case("I5", "I6", "U1", "U2", "U3", "U4")
@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.asvs("12.1.2", "5.5.2")
@pytest.mark.dengbao("恶意代码防范")
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(case: str) -> None:
    data, words = REFUSED[case]
    with pytest.raises(Refused, match=words) as refusal:
        read_sheets(data, "单位.xlsx")
    assert str(refusal.value).endswith("。") and "Traceback" not in str(refusal.value)


@pytest.mark.case("U4")
def test_any_damage_to_a_file_is_refused_or_read() -> None:
    dice = random.Random(1 + SEED)
    for _ in range(times(6)):
        data = bytearray(GOOD)
        for _ in range(dice.randint(1, 20)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        with contextlib.suppress(Refused):
            read_sheets(bytes(data), "单位.xlsx")


@pytest.mark.case("U6")
def test_values_are_read_as_they_stand_and_broken_formulas_are_told() -> None:
    rows = [["编码", "数", "说明"], [101001, ("=1+1", 2), ("=A9", "#REF!")], ["００１", ("=B9", ""), True]]
    made = workbook({"表": rows, "空": []})
    sheets = read_sheets(made, "a.xlsx")
    assert sheets["表"] == [["编码", "数", "说明"], [101001, 2, "#REF!"], ["００１", UNCOMPUTED, True]]
    assert sheets["空"] == []


@pytest.mark.case("U13")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_csv_is_read_in_the_encodings_people_use(encoding: str) -> None:
    assert read_sheets("编码,名称\r\n001,\"甲,乙\"\r\n".encode(encoding), "a.csv") == {
        "csv": [["编码", "名称"], ["001", "甲,乙"]]
    }  # fmt: skip


HEADINGS = {"编码": True, "名称": True, "上级": False}


def test_a_table_is_read_by_its_headings_wherever_they_stand() -> None:
    rows = [
        ["说明"],
        [None, "名 称*", "备注", "编码"],
        [],
        ["", " 甲 ", "x", 101001.0],
        ["", "", "只有备注", ""],
    ]
    found, faults = table("单位", rows, HEADINGS)
    assert found == [Row("单位", 4, {"编码": "101001", "名称": "甲", "上级": ""})]
    assert [str(fault) for fault in faults] == ["“单位”第2行：多出来的列“备注”不读。"]
    assert faults[0].info


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "找不到表头"),
        ([["a", "b"]], "找不到表头"),
        ([["编码", "上级"], ["1", "2"]], "“单位”第1行“名称”：缺这一列"),
        ([["编码", "名称", "编码"], ["1", "2", "3"]], "“单位”第1行“编码”：有两列"),
        ([["编码", "名称"], ["1", "#REF!"]], "“单位”第2行“名称”：公式出错"),
        ([["编码", "名称"], ["1", UNCOMPUTED]], "“单位”第2行“名称”：是公式"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(rows: list[list[object]], words: str) -> None:
    _, faults = table("单位", rows, HEADINGS)
    assert [fault for fault in faults if words in str(fault) and not fault.info], faults


@pytest.mark.case("I5", "I6")
def test_what_is_written_is_read_back_and_text_never_becomes_a_formula() -> None:
    hostile = ["001", "=cmd|' /C calc'!A0", "+1", "@x", "－1", "甲\n乙"]
    columns = [Column(f"列{n}", required=n == 0, choices=("是", "否") if n == 5 else ()) for n in range(6)]
    made = write_tables([Table("表", columns, [hostile], notes=["说明"])], title="试")
    found, faults = table("表", read_sheets(made, "a.xlsx")["表"], {c.heading: True for c in columns})
    assert list(found[0].values.values()) == hostile and not faults
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert b"<f>" not in package.read(SHEET1)
