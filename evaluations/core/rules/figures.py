"""报告文字里的数自己对不对得上：其中各项与合计（N01），占比和各种率（N02）。

只判断说得清的：合计要有“共、合计、现有”一类的字，分项同单位、不是概数、不是比较；说不清的不判断。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import ScopeFacts
from ..narrative import Figure, Reading, read_text
from ..values import plain, round_half_up

if TYPE_CHECKING:
    from ..checks import Check

_WHOLE = re.compile(r"共|合计|总计|总数|总额|总支出|总收入|总人数|总量|现有|实有")
_OPEN = re.compile(r"等|主要|包括但|重点|如\s*[:：]?\s*\Z")
_OVERLAP = re.compile(r"男|女|党员|学历|职称|本科|研究生|硕士|博士|高级|中级|初级|以上|以下|少数民族|占")
_NEARLY = 20
"""差不到二十分之一，多半是写错；差得多，多半是没有列全。"""
_AMONG = re.compile(r"其中")
_RATE = re.compile(r"(?P<stem>[^\W\d_]{2,8}?)(?P<kind>率|度)(?:为|是|达|达到)?\s*\Z")
_SHARE = re.compile(r"\A占比?[为达]?\s*\Z")
_THEN = re.compile(r"[^，,;(]{0,12}[，,(]\s*占比?[为达]?\s*")
_INSIDE = re.compile(r"[^，,;。]{0,16}中有?\s*")
_NOT = re.compile(r"未|不|没|无|非(?!常)")


def text_of(scope: ScopeFacts, key: str) -> Reading:
    """一格文字里的数；``{键}`` 已换成表上的值。"""
    return read_text(scope.shown(key))


@dataclass(frozen=True, slots=True)
class _Split:
    """一句里的“合计，其中各项”。``closed`` 为假的是没有列全的（“等”“主要”），不能判断。"""

    whole: Figure
    parts: tuple[Figure, ...]
    closed: bool


# ---- 其中各项 -------------------------------------------------------------------------------


def parts_add_up(scope: Context, check: Check) -> Iterator[Hit]:
    """N01：“共 1133 件，其中……1106 件，……”，各项之和等于合计。每段文字报第一处。"""
    assert isinstance(scope, ScopeFacts)
    for key in check.parameters["texts"]:
        reading = text_of(scope, key)
        for split in _splits(reading):
            total = sum((part.value for part in split.parts), Fraction(0))
            if not split.closed or _adds(split) or not _whole_list(split, total):
                continue
            whole = split.whole
            times = _times(whole)
            expected, actual = _shown(whole.value, times), _shown(total, times)
            gap = _shown(abs(whole.value - total), times)
            listed = "、".join(part.words for part in split.parts)
            message = (
                f"“{whole.label}{whole.words}”，其中各项 {listed}，加起来是 {actual}，相差 {gap}。"
                "请核对哪一项写错或漏写；没有列全的，在最后写“等”。"
            )
            yield Hit((scope.address(key),), message, expected, actual)
            break


def _splits(reading: Reading) -> Iterator[_Split]:
    for match in _AMONG.finditer(reading.text):
        number = next(
            (n for n, (start, end) in enumerate(reading.sentences) if start <= match.start() < end), None
        )
        if number is None:
            continue
        here = [f for f in reading.of_sentence(number) if f.unit != "%" and not f.compared]
        before = [f for f in here if f.end <= match.start()]
        after = [f for f in here if f.start >= match.end()]
        following = reading.text.find("其中", match.end(), reading.sentences[number][1])
        end = following if following >= 0 else reading.sentences[number][1]
        after = [f for f in after if f.start < end]
        if not before or not after:
            continue
        whole = before[-1]
        parts = tuple(f for f in after if f.unit == whole.unit and f.is_money == whole.is_money)
        if len(parts) < 2:
            continue
        yield _Split(
            whole,
            _first_list(reading, parts),
            _closed(reading, whole, parts, match.end(), end, following >= 0),
        )


def _first_list(reading: Reading, parts: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """分项到第一个分号为止；分号前只有一项的（“基本支出…，占…；项目支出…”），到句末。"""
    stop = reading.text.find(";", parts[0].end)
    listed = tuple(part for part in parts if stop < 0 or part.start < stop)
    return listed if len(listed) > 1 else parts


def _closed(
    reading: Reading, whole: Figure, parts: Sequence[Figure], start: int, end: int, nested: bool
) -> bool:
    text = reading.text[start:end]
    return (
        not nested
        and bool(_WHOLE.search(whole.label))
        and not whole.about
        and not any(part.about or _OVERLAP.search(part.label) for part in parts)
        and not _OPEN.search(text)
    )


def _adds(split: _Split) -> bool:
    """前几项之和正好是合计也算对：后面的数可能说的是别的事。"""
    total, slack = Fraction(0), split.whole.step / 2
    for count, part in enumerate(split.parts, 1):
        total += part.value
        slack += part.step / 2 if part.step < 1 else 0
        if count > 1 and abs(total - split.whole.value) <= (
            slack if split.whole.step < 1 or part.scaled else 0
        ):
            return True
    return False


def _whole_list(split: _Split, total: Fraction) -> bool:
    """说得上是列全了的：加起来比合计还多，或只差一点，或是基本支出和项目支出。差得多的，多半是只挑了几项说。"""
    labels = " ".join(part.label for part in split.parts)
    both = "基本支出" in labels and "项目支出" in labels
    return both or total > split.whole.value or (split.whole.value - total) * _NEARLY <= split.whole.value


def _times(figure: Figure) -> tuple[Fraction, str]:
    scale = Fraction(10_000 if "万" in figure.words else 100_000_000 if "亿" in figure.words else 1)
    unit = figure.words.lstrip("0123456789., ")
    return scale, unit


def _shown(value: Fraction, times: tuple[Fraction, str]) -> str:
    return f"{plain(value / times[0], 6)}{times[1]}"


# ---- 占比和率 -------------------------------------------------------------------------------


def percentages_recompute(scope: Context, check: Check) -> Iterator[Hit]:
    """N02：“占 15.4%”等于这一项除以合计，“满意度 96.17%”等于满意的除以调查的。每段文字报第一处。"""
    assert isinstance(scope, ScopeFacts)
    for key in check.parameters["texts"]:
        reading = text_of(scope, key)
        for percent in reading.figures:
            pairs = _bases(reading, percent) if percent.unit == "%" and not percent.about else []
            if not pairs or any(_close(percent, part, whole) for part, whole in pairs):
                continue
            part, whole = pairs[0]
            right = plain(round_half_up(part.value / whole.value * 100, 2), 2)
            message = (
                f"“{percent.label}{percent.words}”：{part.words} ÷ {whole.words} = {right}%。"
                "请核对这几个数，把写错的改过来。"
            )
            yield Hit((scope.address(key),), message, f"{right}%", percent.words)
            break


def _close(percent: Figure, part: Figure, whole: Figure) -> bool:
    """写到几位就按几位比；末位差 1 也算对（为凑 100% 调过），金额自己也是舍入过的。"""
    slack = part.step / 2 / whole.value * 100 if part.scaled else Fraction(0)
    return abs(part.value / whole.value * 100 - percent.value) <= percent.step + slack


def _bases(reading: Reading, percent: Figure) -> list[tuple[Figure, Figure]]:
    """这个百分数可能是哪个数除以哪个数；说不清的为空。"""
    before = [f for f in reading.of_sentence(percent.sentence) if f.end <= percent.start]
    numbers = [f for f in before if f.unit != "%" and not f.compared and not f.about]
    if not numbers or percent.compared:
        return []
    if _SHARE.search(percent.label):
        return _share_bases(reading, percent, numbers)
    rate = _RATE.search(percent.label)
    if rate is None or "其中" in percent.label:
        return []
    # 上一个百分数以前的数，说的是另一件事
    last = max((f.end for f in before if f.unit == "%"), default=0)
    numbers = [f for f in numbers if f.start >= last]
    parts = [f for f in numbers if f.label.endswith(rate["stem"]) and not _NOT.search(f.label)]
    if len(parts) != 1 or "其中" in parts[0].label:
        return []
    wholes = [f for f in reversed(numbers[: numbers.index(parts[0])]) if f.unit == parts[0].unit and f.value]
    return [(parts[0], whole) for whole in wholes]


def _share_bases(reading: Reading, percent: Figure, numbers: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """“占”的是哪一项，占的是什么：其中各项占合计，或“1000 项中有 965 项……，占……”。"""
    part = numbers[-1]
    if not _THEN.fullmatch(reading.text[part.end : percent.start]):
        return []
    split = next((one for one in _splits(reading) if part in one.parts), None)
    if split is not None:
        return [(part, split.whole)] if split.whole.value and not split.whole.about else []
    if len(numbers) < 2:
        return []
    whole = numbers[-2]
    inside = _INSIDE.fullmatch(reading.text[whole.end : part.start])
    return [(part, whole)] if inside and whole.unit == part.unit and whole.value else []
