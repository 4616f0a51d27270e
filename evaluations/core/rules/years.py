"""年份的核对。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import RowFacts

if TYPE_CHECKING:
    from ..checks import Check

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*年(?!以来)")
_COMPARED = re.compile(r"(比|较|同比|对比|自|从|基于|截至|延续)\s*\Z")
_SPAN = re.compile(r"((?:19|20)\d{2})\s*年?度?\s*(?:-|–|—|~|～|至|到)+\s*((?:19|20)\d{2})\s*年")
_NAMED = re.compile(r"\s*度?\s*(?:结转|结余|决算|预算|批复|下达|立项|基数|同期|以前)")
_DUE = re.compile(
    r"\s*(度)?(\d{1,2}月)?(\d{1,2}日)?\s*(底|末|前|内|之前|以前|年底|初|全年)?\s*(完成|实现|建成|达到|投入|交付|办结|前)"
)


def time_target_in_year(row: Context, check: Check) -> Iterator[Hit]:
    """S11：时间目标落在评价年度内。只看“某年完成”一类的目标和时效指标；“比2023年增长”“2023年结转资金”“2023—2025年”之类不算。"""
    assert isinstance(row, RowFacts)
    year = str(row.constant("year"))
    timed = "时效" in str(row.value("二级指标") or "")
    for key in check.parameters["fields"]:
        text = row.value(key)
        if not isinstance(text, str):
            continue
        plain = unicodedata.normalize("NFKC", text)
        if year in _YEAR.findall(plain) or any(a <= year <= b for a, b in _SPAN.findall(plain)):
            continue
        for match in _YEAR.finditer(plain):
            due = _DUE.match(plain, match.end()) or (timed and not _NAMED.match(plain, match.end()))
            if due and not _COMPARED.search(plain[: match.start()]):
                message = f"评价年度是 {year} 年，这里写的是“{match[1]}年”。请核对是不是沿用了别的年度的文字，改成 {year} 年内的时间。"
                yield Hit((row.address(key),), message, year, match[1])
                break
