"""估算文字占多少行：一个汉字宽 1 个字（em），一个西文字符约半个字。"""

from __future__ import annotations

import unicodedata
from math import ceil

PAGE_WIDTH_MM = {"portrait": 180.0, "landscape": 267.0}
"""A4 去掉左右页边后的版心宽。"""
MM_PER_POINT = 25.4 / 72
CELL_PADDING_MM = 2.0
DEFAULT_POINTS = 10.5


def points(font_size: str) -> float:
    """字号 ``10.5pt`` → 10.5；写法不对或大得离谱时用 10.5。"""
    try:
        size = float(font_size.removesuffix("pt"))
    except ValueError:
        return DEFAULT_POINTS
    return size if 4 <= size <= 72 else DEFAULT_POINTS


def text_width(text: str) -> float:
    """一行文字的宽度，单位：字。"""
    if text.isascii():
        return len(text) * 0.55
    return sum(1.0 if unicodedata.east_asian_width(ch) in "WFA" else 0.55 for ch in text)


def text_lines(text: str, capacity: float) -> int:
    """``text`` 排在每行 ``capacity`` 个字的格里要几行；空的算一行。"""
    room = max(capacity, 1.0)
    return sum(max(1, ceil(text_width(line) / room)) for line in text.split("\n"))


def characters_per_line(share: float, orientation: str, points: float) -> float:
    """占版心宽 ``share``（0–1）的格子，字号 ``points`` 磅，一行能排几个汉字。"""
    width = PAGE_WIDTH_MM.get(orientation, PAGE_WIDTH_MM["portrait"]) * share - CELL_PADDING_MM
    return width / (points * MM_PER_POINT)


def label_width(text: str) -> float:
    """居中标签的宽度：打印时括号占半字宽。"""
    return text_width(text) - 0.5 * sum(text.count(mark) for mark in "（）")


def balanced(text: str, capacity: float) -> str:
    """窄格里的标签分成差不多长的几行（“绩效指标”分成两个两字，不是三字加一字）。"""
    if not text or "\n" in text or label_width(text) <= capacity:
        return text
    head, mark, tail = text.partition("（")
    parts = [head, mark + tail] if head and mark else [text]
    return "\n".join(_even(part, capacity) for part in parts)


def _even(text: str, capacity: float) -> str:
    room = max(1, int(capacity))
    if not text.isalpha() or text.isascii() or text_width(text) <= capacity:
        return text
    size = ceil(len(text) / ceil(len(text) / room))
    return "\n".join(text[start : start + size] for start in range(0, len(text), size))
