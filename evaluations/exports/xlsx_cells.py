"""一格写成什么：数还是文字，什么数字格式。数是数，文字永远是文字（不成为公式）。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..core.grid import GROUP, Cell, Piece
from ..core.schema import Field
from ..core.values import round_half_up
from .text import printable

GENERAL = "General"
TEXT = "@"
MAX_TEXT = 32_767
MAX_FORMAT = 255
MAX_TEXT_FORMAT = 255
"""“文本”格式的格子超过这么多字，旧版 Excel 显示成 ####。"""


@dataclass(frozen=True, slots=True)
class Content:
    """``number`` 不空时写数，否则写 ``text``；``piece`` 是格里的那个数值（有的话）。"""

    text: str
    number: float | None = None
    number_format: str = GENERAL
    formula_format: str = GENERAL
    piece: Piece | None = None

    @property
    def result(self) -> float | str:
        """公式现在的结果，和公式一起写：数，或空串、不适用。"""
        if self.number is not None:
            return self.number
        return self.piece.text if self.piece is not None else ""


def content_of(cell: Cell) -> Content:
    """这一格的内容。混合格是带标签格式的数；空白时标签作为文字，填上数标签还在；写不下的格式成为文字。"""
    text = printable(cell.text)[:MAX_TEXT]
    value = _number_piece(cell)
    if value is None or value.field is None:
        return Content(text, number_format=_text_format(text))
    number, plain = _number(value.value, value.field)
    before, after = _around(cell.pieces, value)
    number_format = labelled(before, plain, after, words="@")
    if len(number_format) > MAX_FORMAT:
        return Content(text, number_format=_text_format(text))
    formula_format = labelled(before, plain, after, words=f"{_quoted(before)}@{_quoted(after)}")
    return Content(text, number, number_format, formula_format, value)


def _number_piece(cell: Cell) -> Piece | None:
    """格里唯一的数值；分组格、多个数的格、不是数的值按文字写。"""
    if cell.role == GROUP or len(cell.values) != 1:
        return None
    piece = cell.values[0]
    numeric = piece.field is not None and piece.field.is_number
    return piece if numeric and not isinstance(piece.value, str) else None


def _number(value: object, field: Field) -> tuple[float | None, str]:
    """按印出的位数写：百分数是带 % 格式的小数；不带 % 的百分数写百分点。"""
    if field.kind != "percent":
        return _rounded(value, field.digits), GENERAL
    if not field.sign:
        return _rounded(value, field.digits, 100), GENERAL
    number = _rounded(value, field.digits + 2)
    whole = number is not None and float(number * 100).is_integer()
    return number, "0%" if whole or not field.digits else f"0.{'#' * field.digits}%"


def _rounded(value: object, digits: int, times: int = 1) -> float | None:
    if not isinstance(value, Decimal | Fraction):
        return None
    return float(round_half_up(value * times, digits))


def _around(pieces: Sequence[Piece], value: Piece) -> tuple[str, str]:
    index = next(number for number, piece in enumerate(pieces) if piece is value)
    before = "".join(piece.text for piece in pieces[:index])
    after = "".join(piece.text for piece in pieces[index + 1 :])
    return printable(before), printable(after)


def labelled(before: str, number_format: str, after: str, *, words: str) -> str:
    """标签写进数字格式：负数、零各有一节，标签不丢，负号紧挨着数；``words`` 是文字的一节。"""
    if not before and not after:
        return number_format
    head, tail = _quoted(before), _quoted(after)
    signs = (number_format, f"-{number_format}", number_format)
    return ";".join([*(f"{head}{sign}{tail}" for sign in signs), words])


def _quoted(text: str) -> str:
    r"""数字格式里的原文：引号要写成 ``\"``。"""
    parts = text.replace("\n", " ").split('"')
    return '\\"'.join(f'"{part}"' if part else "" for part in parts)


def _text_format(text: str) -> str:
    return TEXT if len(text) <= MAX_TEXT_FORMAT else GENERAL


def pattern_of(cell: Cell) -> str:
    """混合格的文字样子：``其中：一般公共预算：{}``；整格一个值时为空。"""
    if cell.only_value is not None:
        return ""
    return "".join("{}" if piece.address else piece.text for piece in cell.pieces)
