"""CSV：逐行写，边写边送；字永远是字，Excel 打开也不会成为公式。"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from .text import printable

RISKY = tuple("=+-@\t\r\n＝＋－＠")
NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?%?")


class _Line:
    """csv 写到这里，取走就空。"""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """几行；开头有 BOM，Excel 才认得出编码。"""
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([plain(printable(text)) for text in row])


def plain(text: str) -> str:
    """以公式的符号开头而不是数的，前面加一撇。"""
    return f"'{text}" if text.startswith(RISKY) and not NUMBER.fullmatch(text) else text
