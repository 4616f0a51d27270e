"""What each face shows, cell by cell: (row, column) → text without white space, blank cells left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from evaluations.core.grid import SIDE, Cell, Grid
from evaluations.exports.html import render_grid
from evaluations.exports.text import printable
from evaluations.exports.xlsx_rows import place

Shown = dict[tuple[int, int], str]


def squeezed(text: str) -> str:
    """Without white space: faces break lines where they must."""
    return "".join(printable(text).split())


def expected(grid: Grid, *, boxes: bool) -> Shown:
    """What the grid says; ``boxes`` where choices are shown as □ ☑."""
    found = {(cell.row, cell.col): squeezed(_boxed(cell) if boxes else cell.text) for cell in grid.cells}
    return {place: text for place, text in found.items() if text}


def _boxed(cell: Cell) -> str:
    if cell.show != "boxes":
        return cell.text
    piece = cell.pieces[0]
    choices = piece.field.choices or ("是", "否")
    return "".join(f"{'☑' if choice == piece.text else '□'}{choice}" for choice in choices)


# ---- HTML ----


def html_cells(grid: Grid, mode: str) -> Shown:
    """The cells of the tables one below another; a side label cut at the head counts where its cell begins."""
    reader = _Tables()
    reader.feed(str(render_grid(grid, mode)))  # type: ignore[arg-type]
    reader.close()
    sides = [cell for cell in grid.cells if cell.role == SIDE]
    found: Shown = {}
    for row, col, text in reader.placed(len(grid.columns)):
        side = next((s for s in sides if s.col == col and s.row < row < s.row + s.h), None)
        at = (side.row if side else row, col)
        assert not (text and found.get(at)), f"{at} is shown twice"
        found[at] = text or found.get(at, "")
    return {at: text for at, text in found.items() if text}


class _Tables(HTMLParser):
    """Rows of (colspan, rowspan, text). Buttons are no content; a control shows its value."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[tuple[int, int, list[str]]]] = []
        self.open: list[str] | None = None
        self.buttons = 0
        self.option: bool | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.open = []
            self.rows[-1].append((int(given.get("colspan") or 1), int(given.get("rowspan") or 1), self.open))
        elif tag == "input" and self.open is not None:
            self.open.append(given.get("value") or "")
        elif tag == "option":
            self.option = "selected" in given
        self.buttons += tag == "button"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.open = None
        elif tag == "option":
            self.option = None
        self.buttons -= tag == "button"

    def handle_data(self, data: str) -> None:
        if self.open is not None and not self.buttons and self.option is not False:
            self.open.append(data)

    def placed(self, width: int) -> Iterator[tuple[int, int, str]]:
        """(row, column, text) by the rules of HTML; every row is exactly full."""
        taken: set[tuple[int, int]] = set()
        for row, cells in enumerate(self.rows):
            col = 0
            for w, h, texts in cells:
                while (row, col) in taken:
                    col += 1
                taken |= {(row + r, col + c) for r in range(h) for c in range(w)}
                yield row, col, squeezed("".join(texts))
                col += w
        assert taken == {(row, col) for row in range(len(self.rows)) for col in range(width)}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def html_text(grid: Grid) -> str:
    """All the words of a printed form in order: for prose, which has no cells on paper."""
    reader = _Text()
    reader.feed(str(render_grid(grid, "print")))
    reader.close()
    return squeezed("".join(reader.texts))


# ---- Excel ----


def worksheets(content: bytes) -> list[Worksheet]:
    """The sheets of a workbook with the values that Excel has stored."""
    return list(load_workbook(BytesIO(content), data_only=True).worksheets)


def xlsx_cells(sheet: Worksheet, grid: Grid) -> Shown:
    """The cells of one worksheet, as Excel shows them, at the rows and columns of the grid."""
    first = place(grid).first
    inside = {(first[cell.row] + 1, cell.col + 1): (cell.row, cell.col) for cell in grid.cells}
    found = {}
    for row in sheet.iter_rows(max_col=len(grid.columns)):
        for read in row:
            text = squeezed(_as_shown(read.value, read.number_format))
            if text:
                found[inside[read.row, read.column]] = text
    return found


def _as_shown(value: object, number_format: str) -> str:
    """A value through its format: General, percent, with a label around it; words go through the fourth section."""
    sections: list[list[str]] = [[]]
    for piece in re.findall(r'"[^"]*"|\\.|[^"\\]', number_format):
        if piece == ";":
            sections.append([])
        else:
            sections[-1].append(piece)
    signed = len(sections) > 1
    if not isinstance(value, int | float):
        text = str(value or "")
        return _literal(sections[3]).replace("@", text) if signed else text
    number = abs(Decimal(repr(value))) if signed else Decimal(repr(value))
    shown = _literal(sections[(value < 0) + 2 * (value == 0)] if signed else sections[0])
    percent = re.search(r"0(\.#*)?%", shown)
    if percent:
        return shown.replace(percent[0], f"{_plain(number * 100)}%")
    return shown.replace("General", _plain(number))


def _literal(pieces: list[str]) -> str:
    return "".join(piece[1:] if piece[0] == "\\" else piece.strip('"') for piece in pieces)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
