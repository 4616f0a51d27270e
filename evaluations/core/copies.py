"""文字照抄：把一段文字拆成 8 个字一窗的指纹，比两段文字有多少窗相同。

比之前统一写法、去掉空白和标点，数一律当作同一个字（换了数的照抄也认得出）。方案自己印的字、
许多单位都写的套话不算。存着的索引和这里算的是同一种指纹。
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from .narrative import normalized
from .values import shorten

if TYPE_CHECKING:
    from .facts import Facts
    from .pack import Pack

WINDOW, SAMPLE = 8, 4
RULE = "copied_texts"
"""核对的参数里有它的那一条（N07）说明哪些文字要比、比到多少算照抄。"""
_PASSAGE = 60
_NUMBERS, _SIGNS = re.compile(r"\d+(?:[.,]\d+)*"), re.compile(r"[\W_]+")
_MANY, _SHARE_OF_ALL = 8, 20
"""一窗字出现在多于 8 段、且多于材料份数二十分之一的文字里，就是套话。"""


@dataclass(frozen=True, slots=True)
class Copy:
    """一段文字与别的单位的相同：哪一格、那段文字的摘要（改过就不算了）、相同的占百分之几、相同的一句。"""

    address: str
    digest: str
    percent: int
    passage: str


class Owned(NamedTuple):
    """索引里的一段文字：谁的、哪一格。"""

    owner: str
    address: str


def digest_of(text: str) -> str:
    """一段文字的摘要：改没改过以它为准。"""
    return hashlib.sha256(text.encode()).hexdigest()


def _folded(text: str) -> str:
    """比较用的字：统一写法，一串数字当作一个字，标点和空白去掉。"""
    return _SIGNS.sub("", _NUMBERS.sub("0", normalized(text)))


def windows(text: str) -> list[tuple[int, int]]:
    """一段文字取样的各窗：（在比较用的字里的位置，指纹），按先后。四窗取一窗，由指纹自己定，两边取的是同样的。"""
    buffer = _folded(text).encode("utf-32-le")
    marks = (
        (start // 4, zlib.crc32(buffer[start : start + 4 * WINDOW]))
        for start in range(0, len(buffer) - 4 * WINDOW + 1, 4)
    )
    return [(place, mark) for place, mark in marks if mark % SAMPLE == 0]


@lru_cache(maxsize=1024)
def prints_of(text: str) -> array[int]:
    """一段文字的指纹：去重、排好序。"""
    return array("I", sorted({mark for _, mark in windows(text)}))


def rule_of(pack: Pack) -> Mapping[str, Any]:
    """这套方案怎样比；没有这样的核对为空。"""
    return next((check.parameters for check in pack.checks if RULE in check.parameters), {})


def texts_of(facts: Facts) -> dict[str, str]:
    """一套材料里要比的文字：地址 → 文字；太短的不比。"""
    given = rule_of(facts.pack)
    found: dict[str, str] = {}
    for scope in facts.scopes() if given else ():
        for key in given[RULE if not scope.scope.name else "child_texts"]:
            value = scope.value(key) if key in scope.fields else None
            if isinstance(value, str) and len(value) >= given["length"]:
                found[scope.address(key)] = value
    return found


def prescribed(pack: Pack) -> set[int]:
    """方案自己印的字：填写提示、规定的行。"""
    rows = (row for one in pack.templates for row in pack.schema.constants[one.rows].rows or ())
    texts = [*pack.guides, *(value for row in rows for value in row.values() if isinstance(value, str))]
    return {mark for text in texts for mark in prints_of(text)}


class Index:
    """许多材料的指纹：哪一窗字在哪些文字里。套话不收。"""

    def __init__(self, texts: Iterable[tuple[Owned, Iterable[int]]]) -> None:
        self.texts: list[Owned] = []
        self.found: dict[int, list[int]] = {}
        for number, (owned, prints) in enumerate(texts):
            self.texts.append(owned)
            for mark in prints:
                self.found.setdefault(mark, []).append(number)
        limit = max(_MANY, len({one.owner for one in self.texts}) // _SHARE_OF_ALL)
        self.common = {mark for mark, here in self.found.items() if len(here) > limit}

    def nearest(self, owner: str, prints: Iterable[int], without: set[int]) -> tuple[Owned | None, int, int]:
        """与 ``prints`` 相同最多的别人的一段：那一段、相同几窗、一共比了几窗。"""
        marks = set(prints) - without - self.common
        counts = Counter(chain.from_iterable(filter(None, map(self.found.get, marks))))
        others = [(count, -number) for number, count in counts.items() if self.texts[number].owner != owner]
        if not others:
            return None, 0, len(marks)
        same, number = max(others)
        return self.texts[-number], same, len(marks)

    def shared(self, other: Owned, marks: Iterable[int]) -> set[int]:
        """``marks`` 里，那一段文字也有的；套话也算，引出来的一句才连得上。"""
        number = self.texts.index(other)
        return {mark for mark in marks if number in self.found.get(mark, ())}


def matches(
    pack: Pack, owner: str, prints: Mapping[str, Iterable[int]], index: Index
) -> Iterator[tuple[str, Owned, int]]:
    """一份材料的各段（地址 → 指纹）里照抄别人的：地址、抄的是谁的哪一段、相同的占百分之几。"""
    given, own = rule_of(pack), prescribed(pack)
    for address, marks in prints.items():
        other, same, total = index.nearest(owner, marks, own)
        if other is not None and same * SAMPLE >= given["length"] and same * 100 >= total * given["percent"]:
            yield address, other, same * 100 // total


def copies_of(facts: Facts, owner: str, index: Index) -> Iterator[tuple[Copy, Owned]]:
    """一套材料里照抄别人的各段，和抄的是谁的哪一段。"""
    texts = texts_of(facts)
    prints = {address: prints_of(text) for address, text in texts.items()}
    for address, other, percent in matches(facts.pack, owner, prints, index):
        yield copy_of(address, texts[address], percent, index.shared(other, prints[address])), other


def copy_of(address: str, text: str, percent: int, shared: set[int]) -> Copy:
    """一处照抄说给人看的样子。"""
    return Copy(address, digest_of(text), percent, longest_passage(text, shared))


def longest_passage(text: str, shared: set[int]) -> str:
    """最长的一段相同的字，照原文（统一写法）；太长的截短。"""
    best, start, last = (0, 0), None, 0
    for place, mark in [*windows(text), (0, -1)]:
        if mark in shared:
            start, last = place if start is None else start, place
        elif start is not None:
            best = max(best, (last + WINDOW - start, -start))
            start = None
    if not best[0]:
        return ""
    plain = normalized(text)
    places = _places(plain)
    passage = plain[places[-best[1]] : places[best[0] - best[1] - 1] + 1]
    return shorten(" ".join(passage.split()), _PASSAGE)


def _places(plain: str) -> list[int]:
    """比较用的每个字在统一写法的文字里的位置（一串数字算最后一位的）。"""
    kept = _NUMBERS.sub(lambda match: "_" * (len(match.group(0)) - 1) + "0", plain)
    return [place for place, sign in enumerate(kept) if not _SIGNS.fullmatch(sign)]
