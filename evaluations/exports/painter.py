"""把一段表变成模板要的 (标签、属性、内容)：类名、跨度、读屏用的 scope、填报用的 data-*。

表的类名：``form-grid`` ``print|entry|read`` ``noframe`` ``joined`` ``new-page`` ``closing``（表下的签名行）；
格的类名：``label value mix group side open text``、``a-left|center|right``、``s-title|note|small``、``pre num computed
noframe tall filler cut-b cut-t mark-…``。

文（``prose.py``，模板 grid/prose.html）的类名：外层 ``div.prose.print|entry|read``，里面依次是

- ``h2.prose-title``、``h3.prose-h1``、``h4.prose-h2``：标题和两级小标题；
- ``p.prose-guide``：填写提示（只在屏幕上），id 由下面文字的 ``aria-describedby`` 指着；
- ``p.prose-live``：算出来的一句话；
- ``div.prose-text``：填报时里面是 ``textarea.v``（``data-was`` 是带 ``{键}`` 的原文，``data-shown`` 是填好的，
  ``data-live="1"`` 表示认 ``{键}``）；查看时是 ``div.v``，每段一个 ``p``；打印时每段是 ``p.prose-text``；
- ``.prose-text.prose-fixed``：预先印好的文字（附件说明）；
- ``p.prose-sign``：署名、日期；打印时几行合在 ``div.prose-signs`` 里。
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from ..core.grid import GROUP, LABEL, SIDE, VALUE, Cell, Grid, Piece, Row
from ..core.values import TEXT_KINDS
from .cells import CellWriter, Mode, add_button, attributes, menu_button
from .measure import balanced, characters_per_line, points, text_lines
from .sections import Line, Section, Spot

LONG_ROW_LINES = 12
"""打印时估计超过这么多行的表行可以跨页，其余整行移到下页。"""

Markup = tuple[str, SafeString, SafeString]
Pairs = list[tuple[str, str | bool]]


class Painter:
    """一张表、一种方式的画法。``split`` 是按页切开的行号（只用于打印）。"""

    def __init__(
        self, grid: Grid, mode: Mode, marks: Mapping[str, str], split: Collection[int] = frozenset()
    ) -> None:
        self.grid = grid
        self.printing = mode == "print"
        self.entering = mode == "entry"
        self.mode = mode
        self.marks = marks
        self.split = split
        self.writer = CellWriter(mode, marks)
        total = sum(grid.columns)
        self.shares = [width / total for width in grid.columns]
        self.widths = column_widths(grid.columns)
        self.growing = _last_rows_of_plain_lists(grid) if self.entering else frozenset()

    def table(self, section: Section) -> dict[str, Any]:
        """模板 grid/table.html 的一个表。"""
        flags = {
            "noframe": not section.frame,
            "joined": section.joined,
            "new-page": section.new_page,
            "closing": section.closing,
        }
        names = ["form-grid", self.mode, *(name for name, on in flags.items() if on)]
        parts = [
            (tag, [self._row(line) for line in lines])
            for tag, lines in (("thead", section.head), ("tbody", section.body))
            if lines
        ]
        return {"classes": " ".join(names), "widths": self.widths, "parts": parts}

    # ---- 行 ----

    def _row(self, line: Line) -> tuple[SafeString, SafeString]:
        """一行的属性和它的各格。格子在这里连成一段：模板逐格取值要多花一倍时间。"""
        row = line.row
        filler = bool(row.over) and not row.address and not row.head
        name = _row_name(line.spots) if self.entering and row.address else ""
        cells = [self._cell(row, spot, name, filler) for spot in line.spots]
        if self.entering and row.over and not row.head:
            self._buttons(line, cells)
        tags = self._print_row(line) if self.printing else self._screen_row(row, filler)
        return _safe(attributes(tags)), _safe(
            "".join(f"<{tag}{own}>{inner}</{tag}>" for tag, own, inner in cells)
        )

    def _print_row(self, line: Line) -> Pairs:
        long = line.index in self.split or any(map(self._is_long, line.spots))
        return [("class", "long" if long else ""), ("data-n", "" if line.row.head else str(line.index))]

    def _is_long(self, spot: Spot) -> bool:
        cell = spot.cell
        return (
            len(cell.text) > 2 * LONG_ROW_LINES
            and text_lines(cell.text, self._capacity(cell)) > LONG_ROW_LINES
        )

    def _capacity(self, cell: Cell) -> float:
        """这一格一行能排几个汉字。"""
        share = sum(self.shares[cell.col : cell.col + cell.w])
        return characters_per_line(share, self.grid.orientation, points(self.grid.font_size))

    def _screen_row(self, row: Row, filler: bool) -> Pairs:
        tags: Pairs = [("class", "filler" if filler else ""), ("data-row", row.address)]
        if row.over and not row.head:
            tags += [("data-list", row.over), ("data-group", _json(row.group))]
        return tags

    def _buttons(self, line: Line, cells: list[Markup]) -> None:
        """最末一级分组格加“＋”；列表行的第一个内容格加“⋮”。"""
        row = line.row
        for index, spot in enumerate(line.spots):
            cell = spot.cell
            if cell.role == GROUP and len(cell.group) == len(row.group):
                cells[index] = _append(cells[index], add_button(row, dict(cell.group), _json(cell.group)))
            elif cell.role not in (GROUP, SIDE):
                extra = menu_button(row) if row.address else ""
                extra += add_button(row, {}, "{}") if line.index in self.growing else ""
                cells[index] = _append(cells[index], extra)
                return

    # ---- 格 ----

    def _cell(self, row: Row, spot: Spot, name: str, filler: bool) -> Markup:
        cell = spot.cell
        tag, scope = _heading(row, cell)
        tags: Pairs = [
            ("class", self._classes(spot, filler)),
            ("scope", scope),
            ("colspan", str(cell.w) if cell.w > 1 else ""),
            ("rowspan", str(cell.h) if cell.h > 1 else ""),
        ]
        if self.printing:
            tags.append(("data-c", str(cell.col)))
            cell = self._printed(cell)
        elif cell.role == GROUP:
            tags += [("data-list", row.over), ("data-group", _json(cell.group))]
        return tag, _safe(attributes(tags)), _safe(self.writer.content(cell, name))

    def _printed(self, cell: Cell) -> Cell:
        """窄格里的标签分得匀一些。"""
        if cell.role not in (LABEL, GROUP, SIDE) or cell.align != "center" or not cell.text:
            return cell
        return replace(cell, pieces=(Piece(balanced(cell.text, self._capacity(cell))),))

    def _classes(self, spot: Spot, filler: bool) -> str:
        cell, values = spot.cell, spot.cell.values
        only = cell.only_value
        flags = {
            f"s-{cell.style}": bool(cell.style),
            "pre": any(piece.field is not None and piece.field.kind in TEXT_KINDS for piece in values),
            "num": only is not None and only.field is not None and only.field.is_number,
            "computed": cell.role != GROUP and any(piece.computed for piece in values),
            "noframe": not cell.frame,
            "tall": cell.lines > 1,
            "filler": filler and cell.role == VALUE,
            f"cut-{spot.cut}": bool(spot.cut),
        }
        marks = [f"mark-{self.marks[piece.address]}" for piece in values if piece.address in self.marks]
        return " ".join([cell.role, f"a-{cell.align}", *(name for name, on in flags.items() if on), *marks])


def column_widths(columns: Sequence[int]) -> list[str]:
    """相对列宽 → 百分数。"""
    total = sum(columns)
    return [f"{width * 100 / total:.4g}%" for width in columns]


def _safe(markup: str) -> SafeString:
    """``attributes`` 和 ``CellWriter`` 的结果都已转义。"""
    return mark_safe(markup)  # noqa: S308 各处已转义  # nosec B308


def _append(markup: Markup, extra: str) -> Markup:
    tag, tags, content = markup
    return tag, tags, _safe(content + extra)


def _json(group: Sequence[tuple[str, str]]) -> str:
    return json.dumps(dict(group), ensure_ascii=False)


def _row_name(spots: Sequence[Spot]) -> str:
    """列表行给读屏用的名称：第一个内容格的字，最多 20 字。"""
    for spot in spots:
        if spot.cell.role not in (GROUP, SIDE):
            return spot.cell.text.strip()[:20] or "新的一行"
    return ""


def _heading(row: Row, cell: Cell) -> tuple[str, str]:
    """标签格是 ``<th>``：表头里管列，分组和旁标管几行，其余管本行。"""
    if cell.role in (GROUP, SIDE):
        return "th", "rowgroup" if cell.h > 1 else "row"
    if cell.role != LABEL or not cell.text.strip() or row.address:
        return "td", ""
    return "th", "col" if row.over else "row"


def _last_rows_of_plain_lists(grid: Grid) -> frozenset[int]:
    """没有分组的列表的最后一行：“＋”放在那一行。"""
    last = {
        row.over: index for index, row in enumerate(grid.rows) if row.over and not row.head and not row.group
    }
    return frozenset(last.values())
