"""读上传表格的子进程：拆包、解压、解析都在这里，内存和时间有上限。由 services/sheets.py 启动，做完一份就退出。

标准输入：一行 JSON（``name`` 文件名，``uncomputed`` 公式没有存值的格写成什么），随后是文件。标准输出：JSON，``sheets`` 各工作表的格子，或 ``refused`` 一句话。
按内容认格式，不信文件名。收 .xlsx 和 .csv。
"""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from datetime import date, datetime, time
from typing import Any
from xml.etree import ElementTree  # nosec B405 只在有上限的子进程里用

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 15
MAX_INFLATED = 80 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS, MAX_COLUMNS, MAX_CELLS, MAX_LETTERS = 5_000, 200, 300_000, 5_000_000
CSV_SHEET = "csv"
PLEASE = "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（*.xlsx）”再上传。"
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]+)<")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


Cell = str | int | float | bool | None


class Refused(Exception):
    """读不了，消息给用户看。"""


def read(data: bytes, name: str, uncomputed: str) -> dict[str, list[list[Cell]]]:
    """各工作表的格子；读不了抛 ``Refused``。"""
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data, uncomputed)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refused("这个文件设了打开密码，读不了。请去掉密码，另存后再上传。")
        raise Refused(f"这是旧格式的表（97-2003 版 .xls，或 WPS 的 .et）。{PLEASE}")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta")):
        raise Refused(f"这是网页，只是名字写成了表格（从网站上导出的常是这样）。{PLEASE}")
    if data.startswith(b"%PDF"):
        raise Refused("这是 PDF，不是表格。请上传 .xlsx 文件。")
    return {CSV_SHEET: _limited(CSV_SHEET, _csv(data, name))}


# ---- 工作簿 ----


def _workbook(data: bytes, uncomputed: str) -> dict[str, list[list[Cell]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    with _package(data) as package:
        broken = _broken_cells(package, uncomputed)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = {}
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            _check_size(name, sheet.total_height, sheet.total_width)
            rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            found[name] = _limited(name, _marked(rows, broken.get(name, {})))
    except CalamineError as problem:
        raise Refused(f"这个工作簿读不出来，可能已损坏。{PLEASE}") from problem
    return found


def _package(data: bytes) -> zipfile.ZipFile:
    """拆开包先看目录：不是工作簿、带宏、加密、展开太大的都不读。"""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
        raise Refused("文件不完整，可能没有传完，或已损坏。请重新保存后再上传。") from problem
    parts = package.infolist()
    names = [part.filename.lower() for part in parts]
    if "xl/workbook.bin" in names:
        raise Refused(f"这是二进制工作簿 .xlsb。{PLEASE}")
    if "xl/workbook.xml" not in names:
        kind = (
            "Word 文档"
            if "word/document.xml" in names
            else "OpenDocument 表格"
            if "content.xml" in names
            else "压缩包"
        )
        raise Refused(f"这是{kind}，不是 .xlsx 工作簿。{PLEASE}")
    if any("vbaproject" in name or "macrosheets/" in name for name in names):
        raise Refused("这个工作簿带宏，不收。请另存为不带宏的“Excel 工作簿（*.xlsx）”再上传。")
    if len(parts) > MAX_PARTS or len(set(names)) < len(names) or any(part.flag_bits & 1 for part in parts):
        raise Refused(f"这个工作簿的结构不对，不收。{PLEASE}")
    if sum(part.file_size for part in parts) > MAX_INFLATED:
        raise Refused("这个工作簿展开后太大。请只留要导入的表，删去图片和多余的格式，另存后再上传。")
    return package


def _broken_cells(package: zipfile.ZipFile, uncomputed: str) -> dict[str, dict[tuple[int, int], str]]:
    """各工作表里公式出错、公式没有存值的格（行、列从 0 起）：读值的库把它们都读成空。"""
    found = {}
    for name, path in _sheet_paths(package).items():
        cells = {}
        for match in _CELL.finditer(_inflated(package, path)):
            place = _PLACE.search(match[1])
            mark = _mark_of(match[1], match[2] or b"", uncomputed)
            if place and mark:
                cells[int(place[2]) - 1, _column(place[1])] = mark
        found[name] = cells
    return found


def _mark_of(attributes: bytes, content: bytes, uncomputed: str) -> str:
    value = _VALUE.search(content)
    if b't="e"' in attributes and value:
        return value[1].decode("utf-8", "replace")
    text_result = b't="str"' in attributes
    return uncomputed if _FORMULA.search(content) and not value and not text_result else ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheet_paths(package: zipfile.ZipFile) -> dict[str, str]:
    """工作表名 → 包里的路径。"""
    try:
        book = ElementTree.fromstring(_inflated(package, "xl/workbook.xml"))  # noqa: S314 子进程里，有上限  # nosec B314
        links = ElementTree.fromstring(_inflated(package, "xl/_rels/workbook.xml.rels"))  # noqa: S314 同上  # nosec B314
    except (ElementTree.ParseError, KeyError) as problem:
        raise Refused(f"这个工作簿读不出来，可能已损坏。{PLEASE}") from problem
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found = {}
    for sheet in book.iter():
        target = targets.get(sheet.get(_RELATION)) if sheet.tag.endswith("}sheet") else None
        if target and "worksheets/" in target:
            found[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _inflated(package: zipfile.ZipFile, path: str) -> bytes:
    """一个部件的内容；实际展开的也不许超过上限。"""
    try:
        with package.open(path) as stream:
            content = stream.read(MAX_INFLATED + 1)
    except KeyError:
        return b""
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error) as problem:
        raise Refused("文件不完整，可能没有传完，或已损坏。请重新保存后再上传。") from problem
    if len(content) > MAX_INFLATED:
        raise Refused("这个工作簿展开后太大。请只留要导入的表，另存后再上传。")
    return content


def _plain(cell: Any) -> Cell:
    """日期和时间写成字；别的照原样。"""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if isinstance(cell, str | int | float | bool) else str(cell)


def _marked(rows: list[list[Cell]], broken: dict[tuple[int, int], str]) -> list[list[Cell]]:
    """出错的格写上是什么错；超出有值的范围的不管。"""
    for (row, column), mark in broken.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] in ("", 0, None):
            rows[row][column] = mark
    return rows


# ---- CSV ----


def _csv(data: bytes, name: str) -> list[list[Cell]]:
    if name.lower().endswith((".xlsx", ".xls", ".et")):
        raise Refused(f"名字是表格，内容却不是 Excel 工作簿。{PLEASE}")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused("读不出是什么文件。请上传 .xlsx 工作簿，或 UTF-8、GB18030 编码的 .csv。")
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise Refused("读不出是什么文件。请上传 .xlsx 工作簿，或 UTF-8、GB18030 编码的 .csv。")
    head = text[: text.find("\n")] if "\n" in text else text
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter="\t" if "\t" in head else ",")]
    except csv.Error as problem:
        raise Refused("这个 .csv 读不出来：有一格特别长，或引号没有成对。请改好再上传。") from problem


# ---- 上限 ----


def _check_size(sheet: str, rows: int, columns: int) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise Refused(
            f"“{sheet}”有 {rows:,} 行、{columns:,} 列，最多 {MAX_ROWS:,} 行、{MAX_COLUMNS} 列、{MAX_CELLS:,} 格。"
            "请删去用不着的行和列（末尾的空行也要删掉），或分成几个文件。"
        )


def _limited(sheet: str, rows: list[list[Cell]]) -> list[list[Cell]]:
    _check_size(sheet, len(rows), max(map(len, rows), default=0))
    if sum(len(cell) for row in rows for cell in row if isinstance(cell, str)) > MAX_LETTERS:
        raise Refused(f"“{sheet}”里的字太多（超过 {MAX_LETTERS:,}）。请只留要导入的内容。")
    return rows


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    message = json.loads(sys.stdin.buffer.readline())
    reply: dict[str, Any]
    try:
        reply = {"sheets": read(sys.stdin.buffer.read(), message["name"], message["uncomputed"])}
    except Refused as problem:
        reply = {"refused": str(problem)}
    sys.stdout.buffer.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
