"""表样 + 事实 → Grid：有绝对行列和跨度的格子。屏幕、打印、PDF、Excel、导入只认 Grid。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .expressions import Context
from .facts import Facts, RowFacts, ScopeFacts
from .layout import Band, CellSpec, Layout
from .schema import Field
from .texts import Template
from .values import NotApplicable, Value

TEXT, LABEL, VALUE, MIX, GROUP, SIDE, OPEN = "text", "label", "value", "mix", "group", "side", "open"


@dataclass(frozen=True, slots=True)
class Piece:
    """格子里的一段：文字，或一个值（``address`` 不空）。``input`` 表示这张表在这里填报它。"""

    text: str
    address: str = ""
    field: Field | None = None
    value: Value = None
    input: bool = False

    @property
    def computed(self) -> bool:
        return self.field is not None and not self.field.asked


@dataclass(frozen=True, slots=True)
class Cell:
    """一格。``role``：text label value mix group side open；``group`` 是所属分组（一级、二级指标）。"""

    row: int
    col: int
    h: int
    w: int
    pieces: tuple[Piece, ...]
    role: str
    style: str = ""
    align: str = "center"
    lines: int = 1
    frame: bool = True
    show: str = ""
    group: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def values(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.address)

    @property
    def only_value(self) -> Piece | None:
        """整格就是一个值时的那一段。"""
        return self.pieces[0] if len(self.pieces) == 1 and self.pieces[0].address else None


@dataclass(frozen=True, slots=True)
class Row:
    """一行。``id`` 稳定（固定行 ``表-带-行``，列表行是行地址）；``head`` 是要在每页重复的表头。"""

    id: str
    address: str = ""
    frame: bool = True
    section: int = 0
    head: bool = False
    over: str = ""
    group: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """一张展开的表。"""

    form: str
    title: str
    columns: tuple[int, ...]
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    orientation: str = "portrait"
    font_size: str = "10.5pt"
    sheet: str = ""

    def check(self) -> None:
        """格子恰好铺满：面积之和等于行数 × 列数。"""
        area = sum(cell.h * cell.w for cell in self.cells)
        if area != len(self.rows) * len(self.columns):
            raise AssertionError(
                f"{self.form} 展开后没有铺满：{area} ≠ {len(self.rows)} × {len(self.columns)}"
            )

    def by_row(self) -> Iterator[tuple[Row, list[Cell]]]:
        """逐行给出起始于该行的格子，按列排好。"""
        starts: list[list[Cell]] = [[] for _ in self.rows]
        for cell in self.cells:
            starts[cell.row].append(cell)
        for row, cells in zip(self.rows, starts, strict=True):
            yield row, sorted(cells, key=lambda cell: cell.col)

    def value_pieces(self) -> Iterator[Piece]:
        for cell in self.cells:
            yield from cell.values

    def dump(self) -> list[dict[str, Any]]:
        """黄金测试用的逐格清单。"""
        return [
            {
                "at": f"R{cell.row + 1}C{cell.col + 1}",
                "span": f"{cell.h}x{cell.w}",
                "role": cell.role,
                "text": cell.text,
                **({"cells": [piece.address for piece in cell.values]} if cell.values else {}),
            }
            for cell in sorted(self.cells, key=lambda cell: (cell.row, cell.col))
        ]


def expand(layout: Layout, facts: Facts, scope: ScopeFacts | None = None, *, open_rows: bool = False) -> Grid:
    """把表样按事实展开。``open_rows`` 时每个列表（有骨架时每组）多印一行“……”。"""
    return _Expander(layout, facts, scope or facts.root, open_rows).run()


@dataclass(frozen=True, slots=True)
class _Grouped:
    """合并格里求值的环境：行，加上“组”（同组的各行）；空行只有分组的值。"""

    owner: ScopeFacts
    group: tuple[tuple[str, str], ...]
    row: RowFacts | None
    members: Sequence[Context]

    def up(self, depth: int) -> Context:
        return self if depth == 0 else self.owner.up(depth - 1)

    def value(self, key: str) -> Value:
        if self.row is not None:
            return self.row.value(key)
        return dict(self.group).get(key)

    def rows(self, path: tuple[str, ...]) -> Sequence[Context]:
        return self.members if path == ("组",) else self.owner.rows(path)

    def prior(self, key: str) -> Value:
        return self.row.prior(key) if self.row is not None else None

    def constant(self, name: str) -> Value:
        return self.owner.constant(name)


@dataclass(slots=True)
class _Line:
    """repeat 带里的一条：真实行、骨架空行或“……”行。"""

    row: RowFacts | None
    group: tuple[tuple[str, str], ...] = ()
    spare: bool = False


@dataclass(slots=True)
class _Expander:
    layout: Layout
    facts: Facts
    scope: ScopeFacts
    open_rows: bool
    rows: list[Row] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def run(self) -> Grid:
        for band in self.layout.bands:
            if band.kind == "repeat":
                self._repeat(band)
            else:
                self._fixed(band)
        layout = self.layout
        grid = Grid(
            layout.key, self._title(), layout.columns, tuple(self.rows), tuple(self.cells), layout.orientation,
            layout.font_size, layout.sheet or layout.short,
        )  # fmt: skip
        grid.check()
        return grid

    def _title(self) -> str:
        return self.layout.title.replace("{year}", str(self.facts.pack.year))

    # ---- 固定带 ----

    def _fixed(self, band: Band) -> None:
        start, frame = len(self.rows), band.kind == "fixed"
        for number in range(band.height):
            self.rows.append(
                Row(f"{self.layout.key}-{band.number}-{number + 1}", frame=frame, section=band.number)
            )
        for spec in band.cells:
            self._put(spec, self.scope, start, frame=frame)

    def _put(
        self, spec: CellSpec, ctx: Context, start: int, *, frame: bool = True, role: str = "", h: int = 0,
        group: tuple[tuple[str, str], ...] = (), blank: bool = False,
    ) -> None:  # fmt: skip
        pieces = () if blank else tuple(self._pieces(spec, ctx, readonly=bool(role)))
        role = role or _role(pieces, spec)
        self.cells.append(
            Cell(
                start + spec.row,
                spec.col,
                h or spec.h,
                spec.w,
                pieces,
                role,
                spec.style,
                spec.align or _align(pieces, role),
                spec.lines,
                frame,
                spec.show,
                group,
            )
        )

    def _pieces(self, spec: CellSpec, ctx: Context, readonly: bool = False) -> Iterator[Piece]:
        for part in spec.template.parts:
            if isinstance(part, str):
                yield Piece(part)
                continue
            name = part.name
            node = ctx.up(name.depth) if name is not None else None
            if name is None or name.field is None or not isinstance(node, ScopeFacts | RowFacts):
                yield Piece(part.shown(ctx))
                continue
            value = node.value(name.key)
            asked = not readonly and not spec.merge and self._asked_here(name.key, name.field, node)
            yield Piece(name.field.format(value), node.address(name.key), name.field, value, asked)

    def _asked_here(self, key: str, field_: Field, node: ScopeFacts | RowFacts) -> bool:
        if not field_.asked or field_.by != "unit":
            return False
        owner = node.owner if isinstance(node, RowFacts) else node
        path = f"{node.key}.{key}" if isinstance(node, RowFacts) else key
        return owner is self.scope and self.facts.pack.home_of(owner.scope.name, path) == self.layout.key

    # ---- 重复带 ----

    def _repeat(self, band: Band) -> None:
        start = len(self.rows)
        key = self.layout.key
        for number in range(band.head_height):
            self.rows.append(
                Row(
                    f"{key}-{band.number}-h{number + 1}",
                    section=band.number,
                    head=band.repeat_head,
                    over=band.over,
                )
            )
        for spec in band.head:
            self._put(spec, self.scope, start)
        lines = self._lines(band)
        first = len(self.rows)
        if (
            not lines
            and band.empty is not None
            and (band.empty_when is None or band.empty_when.value(self.scope) is True)
        ):
            self._empty_row(band)
        else:
            for number, line in enumerate(lines):
                self._line(band, number, line)
            self._body(band, lines, first)
        height = len(self.rows) - start
        if band.side is not None and height:
            self._put(replace(band.side, row=0, col=0), self.scope, start, role=SIDE, h=height)

    def _empty_row(self, band: Band) -> None:
        assert band.empty is not None
        offset = band.side.w if band.side else 0
        self.rows.append(Row(f"{self.layout.key}-{band.number}-e1", section=band.number, over=band.over))
        text = Piece(band.empty.render(self.scope))
        self.cells.append(
            Cell(len(self.rows) - 1, offset, 1, len(self.layout.columns) - offset, (text,), TEXT)
        )

    def _lines(self, band: Band) -> list[_Line]:
        """排好的各条：有骨架按骨架的组序，组内按行自己的次序；空组补一条空行；不认识的组排在后面。"""
        rows = self.scope.lists[band.over]
        keys = [spec.merge for spec in band.row if spec.merge]
        if not band.skeleton:
            lines = [_Line(row) for row in rows]
            while len(lines) < band.min_rows:
                lines.append(_Line(None))
            if band.open and self.open_rows:
                lines.append(_Line(None, spare=True))
            return lines
        groups: dict[tuple[tuple[str, str], ...], list[RowFacts]] = {}
        for constant in self.scope.rows((band.skeleton,)):
            groups.setdefault(tuple((key, str(constant.value(key) or "")) for key in keys), [])
        for row in rows:
            group = tuple((key, str(row.value(key) or "")) for key in keys)
            groups.setdefault(group, []).append(row)
        lines = []
        for group, members in _beside_first_level(groups):
            lines.extend(_Line(row, group) for row in members)
            if self.open_rows and band.open:
                lines.append(_Line(None, group, spare=True))
            elif not members:
                lines.append(_Line(None, group))
        return lines

    def _line(self, band: Band, number: int, line: _Line) -> None:
        for part in range(band.height):
            suffix = f"+{part}" if part else ""
            if line.row is not None:
                address = line.row.address("")
                row_id = address + suffix
            else:
                address = ""
                row_id = (
                    "|".join([f"{self.scope.address(band.over)}[]", *(v for _, v in line.group)]) + suffix
                )
                if not line.group:
                    row_id += f"|{number}"
            self.rows.append(
                Row(
                    row_id, address, section=band.number, over=self.scope.address(band.over), group=line.group
                )
            )

    def _body(self, band: Band, lines: list[_Line], first: int) -> None:
        keys = [spec.merge for spec in band.row if spec.merge]
        for spec in band.row:
            if spec.merge:
                self._merged(band, spec, keys[: keys.index(spec.merge) + 1], lines, first)
                continue
            for number, line in enumerate(lines):
                start = first + number * band.height
                if line.row is not None:
                    self._put(spec, line.row, start, group=line.group)
                elif line.spare:
                    self._spare(band, spec, start, line.group)
                else:
                    self._put(spec, self.scope, start, role=VALUE, blank=True, group=line.group)

    def _spare(self, band: Band, spec: CellSpec, start: int, group: tuple[tuple[str, str], ...]) -> None:
        is_first = spec is next(s for s in band.row if not s.merge)
        text = (Piece(band.open),) if is_first else ()
        self.cells.append(
            Cell(start + spec.row, spec.col, spec.h, spec.w, text, OPEN, align="center", group=group)
        )

    def _merged(self, band: Band, spec: CellSpec, keys: list[str], lines: list[_Line], first: int) -> None:
        """相邻、相等、不空的值并成一格（左边的合并列也都相等）；空白不并。"""
        start = 0
        while start < len(lines):
            mark = self._mark(lines[start], keys)
            end = start + 1
            while end < len(lines) and mark[-1] and self._mark(lines[end], keys) == mark:
                end += 1
            members = [line.row for line in lines[start:end] if line.row is not None]
            lead = lines[start]
            group = tuple(zip(keys, mark, strict=True))
            ctx = _Grouped(self.scope, group, lead.row, members)
            h = (end - start) * band.height - (band.height - spec.h)
            pieces = self._group_pieces(spec.template, ctx, mark)
            self.cells.append(
                Cell(
                    first + start * band.height + spec.row,
                    spec.col,
                    h,
                    spec.w,
                    pieces,
                    GROUP,
                    spec.style,
                    spec.align or "center",
                    spec.lines,
                    True,
                    "",
                    group,
                )
            )
            start = end

    def _group_pieces(self, template: Template, ctx: _Grouped, mark: tuple[str, ...]) -> tuple[Piece, ...]:
        if not mark[-1]:
            return ()
        pieces = []
        for part in template.parts:
            if isinstance(part, str):
                pieces.append(Piece(part))
            elif part.name is not None and part.name.field is not None and part.name.depth == 0:
                value = ctx.value(part.name.key)
                address = ctx.row.address(part.name.key) if ctx.row is not None else ""
                pieces.append(Piece(part.name.field.format(value), address, part.name.field, value))
            else:
                pieces.append(Piece(part.shown(ctx)))
        return tuple(pieces)

    def _mark(self, line: _Line, keys: list[str]) -> tuple[str, ...]:
        if line.row is not None:
            return tuple(str(line.row.value(key) or "") for key in keys)
        known = dict(line.group)
        return tuple(known.get(key, "") for key in keys)


def _beside_first_level(
    groups: dict[tuple[tuple[str, str], ...], list[RowFacts]],
) -> Iterator[tuple[tuple[tuple[str, str], ...], list[RowFacts]]]:
    """保持组序，但让同一个一级的各组相邻（后来的未知二级跟在它的一级后面）。"""
    order: dict[str, list[tuple[tuple[str, str], ...]]] = {}
    for group in groups:
        order.setdefault(group[0][1] if group else "", []).append(group)
    for same in order.values():
        for group in same:
            yield group, groups[group]


def _role(pieces: Sequence[Piece], spec: CellSpec) -> str:
    bound = sum(1 for piece in pieces if piece.address)
    if not bound:
        return TEXT if spec.style in ("title", "note") else LABEL
    return VALUE if len(pieces) == 1 else MIX


def _align(pieces: Sequence[Piece], role: str) -> str:
    """默认对齐：文字值与混合格靠左，其余居中。"""
    if role == MIX:
        return "left"
    if role == VALUE and pieces and pieces[0].field is not None and not pieces[0].field.is_number:
        return "left" if not isinstance(pieces[0].value, NotApplicable) else "center"
    return "center"
