"""把内嵌的 CFF 字体压实：只留用到的字形，编号不变（CID 由 charset 对上），没有空位。

WeasyPrint 保留原编号，中文字体因此带着几万个空字形的偏移，每种字体多占约 90 KB。这里重写 CFF：CharStrings、
charset、FDSelect 只含用到的字形，其余照抄。只认 CID 字体；认不出的原样返回。格式见 Adobe 技术说明 5176。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

CHARSET, CHARSTRINGS, PRIVATE, SUBRS = 15, 17, 18, 19
ROS, FD_ARRAY, FD_SELECT = 0x0C1E, 0x0C24, 0x0C25
Entries = list[tuple[int, bytes]]


def cff_table(font: bytes) -> bytes:
    """OpenType 文件里的 CFF 表；没有时为空。"""
    for number in range(int.from_bytes(font[4:6], "big")):
        entry = font[12 + 16 * number : 28 + 16 * number]
        if entry[:4] == b"CFF ":
            start, size = int.from_bytes(entry[8:12], "big"), int.from_bytes(entry[12:16], "big")
            return font[start : start + size]
    return b""


def compact(cff: bytes, used: Iterable[int]) -> bytes:
    """只留 ``used`` 里的字形（和 0 号）；``used`` 是字形号，也是页面内容里写的 CID。"""
    names, at = read_index(cff, cff[2])
    tops, at = read_index(cff, at)
    strings, at = read_index(cff, at)
    subrs, _ = read_index(cff, at)
    top = dict(read_dict(tops[0]))
    if ROS not in top or subrs or not {CHARSET, CHARSTRINGS, FD_ARRAY, FD_SELECT} <= set(top):
        return cff
    shapes = Shapes(cff, number(top[CHARSTRINGS]))
    glyphs = sorted({0, *(glyph for glyph in used if glyph < shapes.count)})
    kinds = read_select(cff, number(top[FD_SELECT]), shapes.count)
    fonts, privates = _font_dicts(cff, number(top[FD_ARRAY]))
    if privates is None:
        return cff
    body = [
        b"\x00" + b"".join(glyph.to_bytes(2, "big") for glyph in glyphs[1:]),
        b"\x00" + bytes(kinds[glyph] for glyph in glyphs),
        write_index([shapes[glyph] for glyph in glyphs]),
        *privates,
    ]
    before = [cff[: cff[2]], write_index(names), b"", write_index(strings), write_index([])]
    size = sum(map(len, before)) + len(write_index([_top(top, [0] * 4)]))
    charset, select, charstrings, *places, end = accumulate(map(len, body), initial=size)
    located = [
        write_dict([*entries, (PRIVATE, integer(len(private)) + integer(place))])
        for entries, private, place in zip(fonts, privates, places, strict=True)
    ]
    before[2] = write_index([_top(top, [charset, select, charstrings, end])])
    return b"".join([*before, *body, write_index(located)])


def _top(top: dict[int, bytes], places: Sequence[int]) -> bytes:
    keys = (CHARSET, FD_SELECT, CHARSTRINGS, FD_ARRAY)
    moved = dict(zip(keys, map(integer, places), strict=True))
    return write_dict([(key, moved.get(key, operands)) for key, operands in top.items()])


def _font_dicts(cff: bytes, at: int) -> tuple[list[Entries], list[bytes] | None]:
    """各 Font DICT（不含 Private）和它们的 Private；有子程序的不认。"""
    fonts, privates = [], []
    for font in read_index(cff, at)[0]:
        entries = list(read_dict(font))
        size, start = read_numbers(dict(entries)[PRIVATE])
        private = cff[start : start + size]
        if any(key == SUBRS for key, _ in read_dict(private)):
            return [], None
        fonts.append([entry for entry in entries if entry[0] != PRIVATE])
        privates.append(private)
    return fonts, privates


# ---- INDEX ----


class Shapes:
    """CharStrings：用到哪个读哪个，不必全部切开。"""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.count = int.from_bytes(data[at : at + 2], "big")
        self.size = data[at + 2]
        self.at = at + 3
        self.base = self.at + (self.count + 1) * self.size - 1

    def __getitem__(self, glyph: int) -> bytes:
        at = self.at + glyph * self.size
        start = int.from_bytes(self.data[at : at + self.size], "big")
        end = int.from_bytes(self.data[at + self.size : at + 2 * self.size], "big")
        return self.data[self.base + start : self.base + end]

    @property
    def end(self) -> int:
        at = self.at + self.count * self.size
        return self.base + int.from_bytes(self.data[at : at + self.size], "big")


def read_index(data: bytes, at: int) -> tuple[list[bytes], int]:
    """一个 INDEX 的各项，和它之后的位置。"""
    if data[at : at + 2] == b"\x00\x00":
        return [], at + 2
    items = Shapes(data, at)
    return [items[number] for number in range(items.count)], items.end


def write_index(items: Sequence[bytes]) -> bytes:
    if not items:
        return b"\x00\x00"
    offsets = list(accumulate(map(len, items), initial=1))
    size = (offsets[-1].bit_length() + 7) // 8
    head = len(items).to_bytes(2, "big") + bytes([size])
    return head + b"".join(offset.to_bytes(size, "big") for offset in offsets) + b"".join(items)


# ---- DICT ----


def read_dict(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(运算符, 操作数的原字节)；两字节的运算符是 0x0cNN。"""
    at = start = 0
    while at < len(data):
        first = data[at]
        if first <= 21:
            wide = first == 12
            yield (0x0C00 + data[at + 1] if wide else first), data[start:at]
            at += 1 + wide
            start = at
        else:
            at += operand_size(data, at)


def operand_size(data: bytes, at: int) -> int:
    first = data[at]
    if first == 30:  # 实数：半字节 f 结束
        size = 1
        while data[at + size] & 0x0F != 0x0F:
            size += 1
        return size + 1
    return {28: 3, 29: 5}.get(first, 1 if first < 247 else 2)


def write_dict(entries: Entries) -> bytes:
    return b"".join(
        operands + (key.to_bytes(2, "big") if key > 255 else bytes([key])) for key, operands in entries
    )


def integer(value: int) -> bytes:
    """固定五字节的整数，长短不随数变。"""
    return b"\x1d" + value.to_bytes(4, "big")


def read_numbers(operands: bytes) -> list[int]:
    """整数操作数。"""
    found, at = [], 0
    while at < len(operands):
        first, size = operands[at], operand_size(operands, at)
        rest = int.from_bytes(operands[at + 1 : at + size], "big", signed=first in (28, 29))
        if 247 <= first <= 250:
            rest += (first - 247) * 256 + 108
        elif 251 <= first <= 254:
            rest = -(first - 251) * 256 - rest - 108
        elif 32 <= first <= 246:
            rest = first - 139
        found.append(rest)
        at += size
    return found


def number(operands: bytes) -> int:
    return read_numbers(operands)[0]


# ---- FDSelect ----


def read_select(data: bytes, at: int, count: int) -> Sequence[int]:
    """每个字形属于哪个 Font DICT；格式 0 逐个写，格式 3 分段写。"""
    if data[at] == 0:
        return data[at + 1 : at + 1 + count]
    kinds = bytearray(count)
    ranges = int.from_bytes(data[at + 1 : at + 3], "big")
    for place in range(at + 3, at + 3 + 3 * ranges, 3):
        first, end = (int.from_bytes(data[spot : spot + 2], "big") for spot in (place, place + 3))
        kinds[first:end] = bytes([data[place + 2]]) * (end - first)
    return kinds
