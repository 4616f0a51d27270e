"""表样：forms/*.toml 读成 Layout，装入时验明恰好铺满、键都认识、一个事实只有一个填报格。

写法见 notation §3。表样从不说哪格填、哪格算，那是字段的事。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .expressions import Context, Expression, ExpressionProblem
from .faults import Faults, PackProblem
from .names import Names, Place
from .schema import Field, is_count
from .texts import Binding, Template, compile_template

FORM_KEYS = frozenset(
    "key title short kind scope when orientation columns font_size sheet order print_order annex band block".split()
)
OPTIONAL_KEYS = ("orientation", "font_size", "sheet", "order", "print_order", "annex")
TEXT_KEYS = ("key", "title", "short", "scope", "font_size", "sheet", "annex", "when")
CELL_KEYS = frozenset("t f w h merge align style lines show".split())
BAND_KEYS = {
    "line": frozenset("kind rows cols screen".split()),
    "fixed": frozenset("kind rows cols screen".split()),
    "repeat": frozenset(
        "kind over side head row cols skeleton open min_rows empty repeat_head screen".split()
    ),
}
PROSE_STYLES = ("title", "h1", "h2", "guide", "live", "text", "sign")
"""prose 一块里可写的各段，按这个次序印；guide 只在屏幕上。"""
BLOCK_KEYS = frozenset((*PROSE_STYLES, "lines"))
MAX_COLUMNS = 100
MAX_BAND_ROWS = 400
SHOWS = ("", "boxes")
ORIENTATIONS = ("portrait", "landscape")
ALIGNS = ("", "left", "center", "right")
STYLES = ("", "title", "note", "small", *PROSE_STYLES[1:])


@dataclass(frozen=True, slots=True)
class CellSpec:
    """表样里的一格：所在行列、跨度、内容。"""

    template: Template
    row: int
    col: int
    w: int
    h: int
    align: str = ""
    style: str = ""
    lines: int = 1
    merge: str = ""
    show: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """表样里的一带。``rows`` 用于 line、fixed；其余用于 repeat；``screen`` 的带只在屏幕上，不印。"""

    kind: str
    number: int
    height: int
    cells: tuple[CellSpec, ...] = ()
    over: str = ""
    side: CellSpec | None = None
    head: tuple[CellSpec, ...] = ()
    head_height: int = 0
    row: tuple[CellSpec, ...] = ()
    skeleton: str = ""
    open: str = ""
    min_rows: int = 0
    empty: Template | None = None
    empty_when: Expression | None = None
    repeat_head: bool = True
    screen: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """一张表的表样。``columns`` 是相对列宽；``order`` 是屏幕上的次序，``print_order`` 是整套打印的次序（默认同前）；
    ``annex``（如“附件1”）只在整套打印时印在左上角。
    """

    key: str
    title: str
    short: str
    scope: str
    columns: tuple[int, ...]
    bands: tuple[Band, ...]
    when: Expression | None = None
    orientation: str = "portrait"
    font_size: str = "10.5pt"
    sheet: str = ""
    order: int = 0
    print_order: int | None = None
    annex: str = ""
    kind: str = "table"
    inputs: frozenset[str] = field(default_factory=frozenset)
    shows: frozenset[str] = field(default_factory=frozenset)

    def applies(self, ctx: Context) -> bool:
        """这个范围要不要这张表：``when`` 确定为假才不要。"""
        return self.when is None or self.when.value(ctx) is not False

    def asks(self, key: str) -> bool:
        """``key``（``资金.全年预算数`` 或 ``指标.分值``）是否由这张表填报。"""
        return key in self.inputs


class LayoutReader:
    """读一张表的 TOML；每个错误说清文件、带、行、列，收在 ``faults`` 里。"""

    def __init__(self, file: str, raw: Mapping[str, Any], names: Names, faults: Faults) -> None:
        self.file = file
        self.raw = raw
        self.names = names
        self.faults = faults
        self.scope = raw.get("scope", "")
        self.bound: dict[str, str] = {}
        self.shown: set[str] = set()

    def read(self) -> Layout:
        raw = self.raw
        self._known(raw, FORM_KEYS, self.file)
        if self.scope and self.scope not in self.names.schema.children:
            raise PackProblem(f"{self.file}：没有名为“{self.scope}”的范围。")
        kind = raw.get("kind", "table")
        if kind not in ("table", "prose"):
            raise PackProblem(f"{self.file}：kind 只能是 table（表）或 prose（文）。")
        self._check_words(kind)
        columns = tuple(int(width) for width in raw.get("columns", (1,)))
        if not columns or min(columns) <= 0:
            raise PackProblem(f"{self.file}：columns 要是正整数的列宽。")
        if len(columns) > MAX_COLUMNS:
            raise PackProblem(f"{self.file}：有 {len(columns)} 列，最多 {MAX_COLUMNS} 列。")
        if raw.get("orientation", "portrait") not in ORIENTATIONS:
            raise PackProblem(f"{self.file}：orientation 只能是 portrait（纵向）或 landscape（横向）。")
        if kind == "prose":
            bands = tuple(self._prose(raw["block"]))
        else:
            bands = tuple(self._bands(raw.get("band", ()), len(columns)))
        optional = {name: raw[name] for name in OPTIONAL_KEYS if name in raw}
        when = self._expression(raw["when"], self.file) if "when" in raw else None
        return Layout(
            raw["key"], raw["title"], self._short(raw), self.scope, columns, bands, when, **optional,
            kind=kind,
            inputs=frozenset(self.bound),
            shows=frozenset(self.shown | set(self.bound)),
        )  # fmt: skip

    def _check_words(self, kind: str) -> None:
        """必有的键都有；该是文字、整数的是文字、整数。"""
        raw = self.raw
        for name in ("key", "title", *(("columns",) if kind == "table" else ("block",))):
            if name not in raw:
                raise PackProblem(f"{self.file}：缺 {name}。")
        for name in TEXT_KEYS:
            if not isinstance(raw.get(name, ""), str):
                raise PackProblem(f"{self.file}：{name} 要写成文字。")
        for name in ("order", "print_order"):
            if not is_count(raw.get(name, 0)):
                raise PackProblem(f"{self.file}：{name} 要写成整数。")

    def _short(self, raw: Mapping[str, Any]) -> str:
        """页签上的短名；没写时用标题，年度填好。"""
        title: str = raw.get("short", raw["title"])
        return title.replace("{year}", f"{self.names.constants.get('year', '')}")

    def _known(self, raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        unknown = sorted(set(raw) - known)
        if unknown:
            raise PackProblem(f"{where}：不认识的键 {'、'.join(unknown)}。")

    def _expression(self, text: str, where: str, place: Place | None = None) -> Expression:
        try:
            return self.names.compile(text, place or Place(self.scope))
        except ExpressionProblem as problem:
            raise PackProblem(f"{where}：{problem}") from None

    # ---- 带 ----

    def _bands(self, bands: Sequence[Mapping[str, Any]], width: int) -> Iterator[Band]:
        for number, raw in enumerate(bands, 1):
            where = f"{self.file} 第{number}带"
            with self.faults.at(f"forms/{self.file}", f"第{number}带"):
                yield self._band_of(number, raw, width, where)

    def _band_of(self, number: int, raw: Mapping[str, Any], width: int, where: str) -> Band:
        kind = raw.get("kind", "")
        if kind not in BAND_KEYS:
            raise PackProblem(f"{where}：kind“{kind}”不认识。可用：line、fixed、repeat。")
        self._known(raw, BAND_KEYS[kind], where)
        if kind == "repeat":
            return self._repeat(number, raw, width, where)
        cells, height = self._tile(raw.get("rows", ()), width, raw.get("cols", ()), where, Place(self.scope))
        return Band(kind, number, height, cells, screen=bool(raw.get("screen")))

    def _prose(self, blocks: Sequence[Mapping[str, Any]]) -> Iterator[Band]:
        """文：每块各段各成一带，一栏、无框，段的种类就是格子的 style。"""
        number = 0
        for index, block in enumerate(blocks, 1):
            where = f"{self.file} 第{index}块"
            with self.faults.at(f"forms/{self.file}", f"第{index}块"):
                self._known(block, BLOCK_KEYS, where)
            for style in PROSE_STYLES:
                if style not in block:
                    continue
                number += 1
                raw = {"t": block[style], "style": style, "lines": block.get("lines", 1)}
                with self.faults.at(f"forms/{self.file}", f"第{index}块 {style}"):
                    cell = self._cell(raw, f"{where}的 {style}", Place(self.scope))
                    yield Band("line", number, 1, (cell,), screen=style == "guide")

    def _repeat(self, number: int, raw: Mapping[str, Any], width: int, where: str) -> Band:
        over = raw.get("over", "")
        scope = self.names.schema.scope(self.scope)
        if over not in scope.lists:
            raise PackProblem(f"{where}：over“{over}”不是列表。")
        skeleton = raw.get("skeleton", "")
        if skeleton and skeleton not in self.names.schema.constants:
            raise PackProblem(f"{where}：skeleton“{skeleton}”不是方案里的常量列表。")
        cols = raw.get("cols", ())
        own = Place(self.scope)
        side, offset = None, 0
        if "side" in raw:
            side = self._cell(raw["side"], f"{where} side", own)
            offset = side.w
            if offset >= width:
                raise PackProblem(f"{where} side：占了 {offset} 列，表只有 {width} 列。请核对 w。")
        head, head_height = self._tile(raw.get("head", ()), width - offset, cols, f"{where} head", own)
        rows = raw.get("row", ())
        if rows and not isinstance(rows[0], list):
            rows = [rows]
        row_cols = cols or list(scope.lists[over].fields)
        row, height = self._tile(rows, width - offset, row_cols, f"{where} row", Place(self.scope, over))
        if not height:
            raise PackProblem(f"{where}：repeat 带缺 row。")
        low = next((cell for cell in row if cell.merge and cell.h != height), None)
        if low is not None:
            raise PackProblem(
                f"{where} row 第{low.row + 1}行第{low.col + 1}列：合并的格子要和 row 一样高（h = {height}）。"
            )
        empty = raw.get("empty")
        return Band(
            "repeat", number, height, over=over, side=side, skeleton=skeleton, open=raw.get("open", ""),
            head=_shift(head, offset), head_height=head_height, row=_shift(row, offset),
            min_rows=min(int(raw.get("min_rows", 0)), scope.lists[over].max_rows), repeat_head=bool(raw.get("repeat_head", True)),
            empty=self._template(empty["t"], where, own) if empty else None,
            empty_when=self._expression(empty["when"], where, own) if empty and "when" in empty else None,
            screen=bool(raw.get("screen")),
        )  # fmt: skip

    # ---- 铺格 ----

    def _tile(
        self, rows: Sequence[Sequence[Any]], width: int, cols: Sequence[str], where: str, place: Place
    ) -> tuple[tuple[CellSpec, ...], int]:
        """像 HTML 那样顺次铺格，跳过被跨占的位置；有洞、重叠、出界都拒绝。"""
        height = len(rows)
        if height > MAX_BAND_ROWS:
            raise PackProblem(f"{where}：有 {height} 行，最多 {MAX_BAND_ROWS} 行。")
        floor = _Floor(width, height)
        for number, raw_row in enumerate(rows):
            at = f"{where} 第{number + 1}行"
            col = 0
            for raw in raw_row:
                col = floor.free(number, col)
                for spec in self._expand(raw, cols, f"{at}第{col + 1}列", place):
                    col = floor.put(spec, number, col, at)
        floor.check_full(where)
        return tuple(floor.placed), height

    def _expand(self, raw: Any, cols: Sequence[str], where: str, place: Place) -> list[CellSpec]:
        """``f = "a.*"``、``f = ".*"``、``t = "{*}"`` 展开成每列一格。"""
        raw = {"t": raw} if isinstance(raw, str) else dict(raw)
        self._known(raw, CELL_KEYS, where)
        widths = raw.get("w", 1)
        source, text = raw.get("f", ""), raw.get("t", "")
        if source.endswith(".*") or "{*}" in text:
            names = self._columns_of(source, cols, where, place)
            widths = widths if isinstance(widths, list) else [widths] * len(names)
            if len(widths) != len(names):
                raise PackProblem(f"{where}：w 有 {len(widths)} 个数，要 {len(names)} 个。")
            many = []
            for name, width in zip(names, widths, strict=True):
                one = {**raw, "w": width}
                if source:
                    one["f"] = f"{source[:-2]}.{name}".lstrip(".")
                else:
                    one["t"] = text.replace("{*}", name)
                many.append(self._cell(one, where, place))
            return many
        if isinstance(widths, list):
            raise PackProblem(f'{where}：w 是数列，只能用在 f = "….*" 或 t = "{{*}}"。')
        return [self._cell(raw, where, place)]

    def _columns_of(self, source: str, cols: Sequence[str], where: str, place: Place) -> Sequence[str]:
        if not cols:
            raise PackProblem(f"{where}：用了 .* 或 {{*}}，但这一带没有 cols。")
        record = source[:-2]
        if source and record:
            known = self.names.schema.scope(self.scope).record_columns(record)
            missing = [name for name in cols if name not in known]
            if missing:
                raise PackProblem(f"{where}：“{record}”没有列 {'、'.join(missing)}。")
        return cols

    def _cell(self, raw: Any, where: str, place: Place) -> CellSpec:
        raw = {"t": raw} if isinstance(raw, str) else raw
        self._known(raw, CELL_KEYS, where)
        if ("t" in raw) == ("f" in raw):
            raise PackProblem(f"{where}：一格要有 t 或 f，且只有一个。")
        align, style, merge = raw.get("align", ""), raw.get("style", ""), raw.get("merge", "")
        show = raw.get("show", "")
        if align not in ALIGNS or style not in STYLES or show not in SHOWS:
            raise PackProblem(f"{where}：align“{align}”、style“{style}”或 show“{show}”不认识。")
        w, h = int(raw.get("w", 1)), int(raw.get("h", 1))
        if w < 1 or h < 1:
            raise PackProblem(f"{where}：w 和 h 要是正整数，现在是 {w} 和 {h}。")
        if merge and (
            not place.rows or merge not in self.names.schema.scope(place.scope).lists[place.rows].fields
        ):
            raise PackProblem(f"{where}：merge“{merge}”不是这一列表的列，或不在 row 里。")
        text = "{" + raw["f"] + "}" if "f" in raw else raw["t"]
        place = replace(place, grouped=bool(merge))
        template = self._template(text, where, place)
        self._bind(template, text, where, place, "f" in raw)
        return CellSpec(
            template, 0, 0, w, h, align, style, int(raw.get("lines", 1)), merge, show,
        )  # fmt: skip

    def _template(self, text: str, where: str, place: Place) -> Template:
        try:
            return compile_template(text, self.names, place)
        except ExpressionProblem as problem:
            raise PackProblem(f"{where}：{problem}") from None

    def _bind(self, template: Template, text: str, where: str, place: Place, single: bool) -> None:
        """登记填报格：一张表里一个事实只能填一次，一格最多一个填报值。"""
        own = list(filter(None, (self._own(binding, place) for binding in template.bindings())))
        # home 指明在别的表填的，这里只是照抄，抄几次都行
        asked = [key for key, item in own if item.asked and item.home in ("", self.raw["key"])]
        self.shown.update(key for key, _ in own)
        if single and not template.bindings()[0].name:
            raise PackProblem(f"{where}：f“{text[1:-1]}”不是字段。")
        if len(asked) > 1:
            raise PackProblem(f"{where}：一格里有两个填报值 {'、'.join(asked)}。请分成两格。")
        for name in asked:
            if name in self.bound:
                raise PackProblem(
                    f"{where}：“{name}”在 {self.bound[name]} 已有一个填报格。请把其中一格改成显示别的字段。"
                )
            self.bound[name] = where

    def _own(self, binding: Binding, place: Place) -> tuple[str, Field] | None:
        """绑定的本范围的键（``资金.得分`` 或 ``指标.分值``）和字段；上级的和表达式没有。"""
        name = binding.name
        if name is None or name.field is None or name.depth != 0:
            return None
        return (f"{place.rows}.{name.key}" if place.rows else name.key), name.field


class _Floor:
    """铺格的地面：记住哪里占了，放一格查一格。"""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.taken: set[tuple[int, int]] = set()
        self.placed: list[CellSpec] = []

    def free(self, row: int, col: int) -> int:
        """这一行从 ``col`` 起第一个没占的列。"""
        while (row, col) in self.taken:
            col += 1
        return col

    def put(self, spec: CellSpec, row: int, col: int, at: str) -> int:
        """放下一格，返回下一格可试的列。"""
        col = self.free(row, col)
        spot = f"{at}第{col + 1}列"
        if col + spec.w > self.width:
            raise PackProblem(f"{spot}：格子伸出表外（表宽 {self.width} 列）。请核对 w。")
        if row + spec.h > self.height:
            raise PackProblem(f"{spot}：格子伸出带外（带高 {self.height} 行）。请核对 h。")
        covered = {(row + r, col + c) for r in range(spec.h) for c in range(spec.w)}
        if covered & self.taken:
            raise PackProblem(f"{spot}：与别的格子重叠。请核对 w 和 h。")
        self.taken |= covered
        self.placed.append(replace(spec, row=row, col=col))
        return col + spec.w

    def check_full(self, where: str) -> None:
        everywhere = ((row, col) for row in range(self.height) for col in range(self.width))
        holes = [f"第{row + 1}行第{col + 1}列" for row, col in everywhere if (row, col) not in self.taken]
        if holes:
            raise PackProblem(f"{where} {'、'.join(holes[:10])}是空洞。请补一格或加大跨度。")


def _shift(cells: tuple[CellSpec, ...], offset: int) -> tuple[CellSpec, ...]:
    return tuple(replace(cell, col=cell.col + offset) for cell in cells) if offset else cells
