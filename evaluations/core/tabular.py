"""上传的表格：一张工作表的格子 → 按表头取名的行；哪一格不对，说得出工作表、行、列。"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .values import clean_text, shorten

Cell = str | int | float | bool | None
"""读出来的一格：字、数、是否、空。日期读成 2024-01-02 这样的字。"""
HEADING_ROWS = 10
"""表头要在前几行里。"""
BROKEN = "#"
"""公式出错（#REF!）、公式没有算出的值（#未计算），读出来以它开头。"""
UNCOMPUTED = "#未计算"
ERRORS = frozenset(
    (
        UNCOMPUTED,
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#GETTING_DATA",
        "#SPILL!",
    )
)


@dataclass(frozen=True)
class Fault:
    """表里一处不对。``info`` 只是告诉一声（如多出来的列不读），不妨碍导入。"""

    sheet: str
    row: int
    column: str
    value: str
    problem: str
    info: bool = False

    def __str__(self) -> str:
        place = f"“{self.sheet}”第{self.row}行" if self.row else f"“{self.sheet}”"
        return f"{place}{f'“{self.column}”' if self.column else ''}：{self.problem}"


@dataclass(frozen=True)
class Row:
    """一行：表头 → 字（去了首尾空白；数没有多余的 .0）。``number`` 是工作表上的行号，从 1 起。"""

    sheet: str
    number: int
    values: dict[str, str]

    def fault(self, column: str, problem: str, *, info: bool = False) -> Fault:
        """这一行某一列不对。"""
        return Fault(self.sheet, self.number, column, self.values.get(column, ""), problem, info)


def table(
    sheet: str, rows: Sequence[Sequence[Cell]], headings: Mapping[str, bool]
) -> tuple[list[Row], list[Fault]]:
    """按表头取出各行。``headings``：表头 → 是不是必须有这一列。

    表头在前几行里找，列的次序不拘；多出来的列不读，告诉一声；空行跳过。缺必须的列时一行也不取。
    """
    at, columns = _heading_row(rows, headings)
    if not columns:
        wanted = "、".join(headings)
        return [], [
            Fault(
                sheet, 0, "", "", f"前 {HEADING_ROWS} 行里找不到表头。表头要有：{wanted}。请用下载的模板填。"
            )
        ]
    faults = _heading_faults(sheet, at, rows[at], columns, headings)
    if any(not fault.info for fault in faults):
        return [], faults
    found = []
    for number, cells in enumerate(rows[at + 1 :], at + 2):
        values = {name: text_of(cells[i]) if i < len(cells) else "" for name, i in columns.items()}
        if any(values.values()):
            row = Row(sheet, number, {name: values.get(name, "") for name in headings})
            faults += [row.fault(name, _why_broken(text)) for name, text in values.items() if text in ERRORS]
            found.append(row)
    return found, faults


def text_of(cell: Cell) -> str:
    """一格的字：去首尾空白和看不见的字；101001.0 写成 101001；数最多 15 位有效数字，与 Excel 显示的一样。"""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, str):
        return clean_text(cell)
    text = format(Decimal(format(cell, ".15g")), "f")
    return text if text != "-0" else "0"


def plain_heading(cell: Cell) -> str:
    """比较表头用的写法：全角半角不分，空白、换行和必填的星号不算。"""
    return "".join(unicodedata.normalize("NFKC", text_of(cell)).split()).strip("*")


def _heading_row(rows: Sequence[Sequence[Cell]], headings: Mapping[str, bool]) -> tuple[int, dict[str, int]]:
    """认得的表头最多的一行（从 0 起）和各列的位置；同名的取最左边一列。"""
    names = {plain_heading(name): name for name in headings}
    best: tuple[int, dict[str, int]] = (0, {})
    for at, cells in enumerate(rows[:HEADING_ROWS]):
        columns: dict[str, int] = {}
        for i, cell in enumerate(cells):
            name = names.get(plain_heading(cell))
            if name is not None:
                columns.setdefault(name, i)
        if len(columns) > len(best[1]):
            best = (at, columns)
    return best


def _heading_faults(
    sheet: str, at: int, cells: Sequence[Cell], columns: Mapping[str, int], headings: Mapping[str, bool]
) -> list[Fault]:
    """缺的列、重复的列、多出来的列。"""
    missing = [name for name, required in headings.items() if required and name not in columns]
    faults = [
        Fault(sheet, at + 1, name, "", "缺这一列。请加上这个表头，或用下载的模板填。") for name in missing
    ]
    names = {plain_heading(name): name for name in headings}
    for i, cell in enumerate(cells):
        heading = plain_heading(cell)
        name = names.get(heading)
        if name is not None and columns[name] != i:
            faults.append(Fault(sheet, at + 1, name, text_of(cell), "有两列都叫这个名字。请只留一列。"))
        elif name is None and heading:
            told = f"多出来的列“{shorten(text_of(cell))}”不读。"
            faults.append(Fault(sheet, at + 1, "", text_of(cell), told, info=True))
    return faults


def _why_broken(text: str) -> str:
    if text == UNCOMPUTED:
        return "是公式，文件里没有它算出的值。请用 WPS 或 Excel 打开，保存一次再上传，或改成数。"
    return f"公式出错（{text}）。请改正公式，或直接填值。"
