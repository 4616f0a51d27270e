"""一格里的内容：打印时是文字，填报时是控件，查看时是带地址的文字。

全部转义在这里做：返回的都是安全的 HTML 片段，模板原样输出。
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from ..core.grid import OPEN, Cell, Piece, Row
from ..core.schema import Field
from ..core.values import TEXT_KINDS
from .text import printable

Mode = Literal["print", "entry", "read"]
Attributes = Iterable[tuple[str, str | bool]]
NO_BREAK_SPACE = "\u00a0"
_YES_NO = ("是", "否")


def attributes(pairs: Attributes) -> str:
    """`` name="value"`` 串；值为 False 或空串的不写，True 只写名字。"""
    out = []
    for name, value in pairs:
        if value is True:
            out.append(f" {name}")
        elif value:
            plain = value if value.isalnum() else escape(printable(value))
            out.append(f' {name}="{plain}"')
    return "".join(out)


def text_html(text: str) -> str:
    return escape(printable(text), quote=False)


def paragraphs(text: str, *, keep_lead: bool = False) -> list[str]:
    """一段文字分成几段：每行一段，空行不算；``keep_lead`` 时保留行首的空格。"""
    lines = printable(text).split("\n")
    return [line.rstrip() if keep_lead else line.strip() for line in lines if line.strip()]


def paragraphs_html(text: str) -> str:
    return "".join(f"<p>{text_html(line)}</p>" for line in paragraphs(text))


@dataclass(frozen=True, slots=True)
class CellWriter:
    """按方式（print、entry、read）写一格的内容。"""

    mode: Mode
    marks: Mapping[str, str] = field(default_factory=dict)

    def content(self, cell: Cell, row_name: str = "", described: str = "") -> str:
        """一格的内容；``row_name`` 是列表行的名称，用在控件的读屏名称里；``described`` 是填写提示的 id。"""
        if not cell.pieces:
            return NO_BREAK_SPACE if self.mode == "print" else ""
        if self.mode == "print":
            return self._print(cell)
        return "".join(
            self._piece(cell, piece, row_name, described) + suggestion(piece) for piece in cell.pieces
        )

    def _print(self, cell: Cell) -> str:
        if cell.show == "boxes":
            return "".join(boxes(piece) for piece in cell.pieces)
        text = text_html(cell.text)
        return text if text.strip() or "\u3000" in text else NO_BREAK_SPACE

    def _piece(self, cell: Cell, piece: Piece, row_name: str, described: str) -> str:
        if piece.address and piece.field is not None:
            if self.mode == "entry" and piece.input and cell.role != OPEN:
                return self._control(cell, piece, piece.field, row_name, described)
            return self._shown(cell, piece, piece.field)
        return f'<span class="t">{text_html(piece.text)}</span>' if cell.values else text_html(piece.text)

    def _shown(self, cell: Cell, piece: Piece, asked: Field) -> str:
        if cell.style == "text":
            return f'<div class="v"{_shown_tags(piece, asked)}>{paragraphs_html(piece.text)}</div>'
        text = boxes(piece) if cell.show == "boxes" else text_html(piece.text)
        shown = f'<span class="v"{_shown_tags(piece, asked)}>{text}</span>'
        if not piece.computed:
            return shown
        label = f"为什么是 {piece.text}" if piece.text else "怎么算出来的"
        why = attributes([("data-address", piece.address), ("aria-label", label)])
        return f'{shown}<button type="button" class="why"{why}>ƒ</button>'

    # ---- 控件 ----

    def _control(self, cell: Cell, piece: Piece, asked: Field, row_name: str, described: str) -> str:
        common = self._common(piece, asked, row_name, described)
        if asked.kind in ("choice", "yes_no"):
            return _select(asked, piece, common)
        if asked.kind in TEXT_KINDS:
            rows = str(max(1, cell.lines))
            tags = attributes([("class", "v"), ("rows", rows), *common])
            # 紧跟 <textarea> 的第一个换行会被浏览器吃掉，所以先补一个
            return f"<textarea{tags}>\n{text_html(piece.text)}</textarea>"
        kind = "v num" if asked.is_number else "v"
        mode = "decimal" if asked.is_number else ""
        tags = attributes([("class", kind), ("inputmode", mode), ("value", piece.text), *common])
        return f'<input type="text"{tags}>'

    def _common(
        self, piece: Piece, asked: Field, row_name: str, described: str
    ) -> list[tuple[str, str | bool]]:
        label = f"{row_name}·{asked.label}" if row_name else asked.full_label
        return [
            ("data-address", piece.address),
            ("data-kind", asked.kind),
            ("data-was", asked.to_text(piece.value)),
            ("data-shown", piece.text),
            ("data-unit", asked.unit),
            ("data-help", asked.help),
            ("data-required", asked.required),
            ("data-live", "1" if asked.live else ""),
            ("aria-label", f"{label}（{asked.unit}）" if asked.unit else label),
            ("aria-describedby", described),
            ("aria-invalid", "true" if self.marks.get(piece.address) == "error" else ""),
            ("autocomplete", "off"),
        ]


def _shown_tags(piece: Piece, asked: Field) -> str:
    return attributes(
        [
            ("data-address", piece.address),
            ("data-kind", asked.kind),
            ("data-shown", printable(piece.text)),
            ("tabindex", "-1"),
        ]
    )


def _select(asked: Field, piece: Piece, common: Attributes) -> str:
    choices = ["", *(asked.choices or _YES_NO)]
    current = asked.to_text(piece.value)
    if current not in choices:
        choices.append(current)
    options = "".join(
        f"<option{attributes([('value', choice), ('selected', choice == current)])}>{escape(choice)}</option>"
        for choice in choices
    )
    return f"<select{attributes([('class', 'v'), *common])}>{options}</select>"


def boxes(piece: Piece) -> str:
    """选项印成方框：☑ 达成　□ 未达成。"""
    if piece.field is None:
        return text_html(piece.text)
    choices = piece.field.choices or _YES_NO
    return "　".join(f"{'☑' if choice == piece.text else '□'}{text_html(choice)}" for choice in choices)


# ---- 按钮 ----


def suggestion(piece: Piece) -> str:
    """填报的得分旁边的建议得分：点开看怎么算的。只在屏幕上。"""
    if piece.suggested is None:
        return ""
    address, text = piece.suggested
    tags = attributes(
        [("data-address", address), ("aria-label", f"建议 {text}，看怎么算的" if text else "怎么给分")]
    )
    return f'<button type="button" class="suggest"{tags}>{f"建议 {text_html(text)}" if text else "怎么给分"}</button>'


def add_button(row: Row, group: Mapping[str, str], group_json: str) -> str:
    """在这一组下增加一行的按钮。"""
    last = [*group.values()][-1] if group else ""
    label = f"在“{last}”下增加一行" if last else "增加一行"
    tags = attributes([("data-list", row.over), ("data-group", group_json), ("aria-label", label)])
    return f'<button type="button" class="add-row"{tags}>＋</button>'


def menu_button(row: Row) -> str:
    """打开这一行抽屉的按钮。"""
    tags = attributes([("data-row", row.address), ("aria-label", "这一行的更多操作")])
    return f'<button type="button" class="row-menu"{tags}>⋮</button>'
