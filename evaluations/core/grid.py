"""表样 + 事实 → Grid：有绝对行列和跨度的格子。屏幕、打印、PDF、Excel、导入只认 Grid。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from .cells import GROUP, LABEL, MIX, OPEN, SIDE, TEXT, VALUE, Cell, Grid, Piece, Row
from .expressions import Context
from .facts import Facts, RowFacts, ScopeFacts
from .layout import Band, CellSpec, Layout
from .prescribed import is_locked
from .schema import Field
from .scoring import suggested_key
from .texts import Binding, Template
from .values import NotApplicable, Value

__all__ = [
    "GROUP", "LABEL", "MIX", "OPEN", "SIDE", "TEXT", "VALUE", "Cell", "Grid", "Piece", "Row", "expand",
]  # fmt: skip


def scopes_of(layout: Layout, facts: Facts) -> list[ScopeFacts]:
    """这张表有几份、各属哪个范围：部门的一份，项目的一个项目一份；``when`` 确定为假的不要。"""
    scopes = facts.children[layout.scope] if layout.scope else [facts.root]
    return [scope for scope in scopes if layout.applies(scope)]


def expand(
    layout: Layout, facts: Facts, scope: ScopeFacts | None = None, *, open_rows: bool = False, screen: bool = False
) -> Grid:  # fmt: skip
    """把表样按事实展开。

    ``open_rows`` 时每个列表（有骨架时每组）多印一行“……”；``screen`` 时带上只在屏幕上的带（填写提示、开关），
    没有骨架的分组格不合并、逐行填。
    """
    return _Expander(layout, facts, scope or facts.root, open_rows, screen).run()


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
    screen: bool
    rows: list[Row] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def run(self) -> Grid:
        for band in self.layout.bands:
            if band.screen and not self.screen:
                continue
            if band.kind == "repeat":
                self._repeat(band)
            else:
                self._fixed(band)
        layout = self.layout
        grid = Grid(
            layout.key, self._title(), layout.columns, tuple(self.rows), tuple(self.cells), layout.orientation,
            layout.font_size, layout.sheet or layout.short, layout.kind,
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
            suggested = self._suggested(node, name.key)
            yield Piece(node.shown(name.key), node.address(name.key), name.field, value, asked, suggested)

    def _suggested(self, node: ScopeFacts | RowFacts, key: str) -> tuple[str, str] | None:
        beside = suggested_key(node.rules, key) if self.screen else ""
        return (node.address(beside), node.shown(beside)) if beside else None

    def _asked_here(self, key: str, field_: Field, node: ScopeFacts | RowFacts) -> bool:
        if not field_.asked or field_.by != "unit" or (isinstance(node, RowFacts) and is_locked(node, key)):
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
        if self._declared_empty(band):
            self._empty_row(band)
        else:
            for number, line in enumerate(lines):
                self._line(band, number, line)
            self._body(band, lines, first)
        height = len(self.rows) - start
        if band.side is not None and height:
            self._put(replace(band.side, row=0, col=0), self.scope, start, role=SIDE, h=height)

    def _declared_empty(self, band: Band) -> bool:
        """列表没有行，且（有条件时）已声明没有。"""
        if band.empty is None or self.scope.lists[band.over]:
            return False
        return band.empty_when is None or band.empty_when.value(self.scope) is True

    def _empty_row(self, band: Band) -> None:
        assert band.empty is not None
        offset = band.side.w if band.side else 0
        self.rows.append(Row(f"{self.layout.key}-{band.number}-e1", section=band.number))
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
        for spec in self._typed_groups(band):
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

    def _typed_groups(self, band: Band) -> Sequence[CellSpec]:
        """没有骨架时分组由各行自己填：在屏幕上不合并（整格就是这一列的），印出来再合并。"""
        if band.skeleton or not self.screen:
            return band.row
        return [replace(spec, merge="") if _is_own_group(spec) else spec for spec in band.row]

    def _spare(self, band: Band, spec: CellSpec, start: int, group: tuple[tuple[str, str], ...]) -> None:
        is_first = spec is next(s for s in band.row if not s.merge)
        text = (Piece(band.open),) if is_first else ()
        self.cells.append(Cell(start + spec.row, spec.col, spec.h, spec.w, text, OPEN, group=group))

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


def _is_own_group(spec: CellSpec) -> bool:
    """合并格里只有它按着合并的那一列。"""
    match spec.template.parts:
        case (Binding(name=name),) if name is not None:
            return bool(spec.merge) and name.depth == 0 and name.key == spec.merge
    return False


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
