"""文字照抄：把一段文字拆成 8 个字一窗的指纹，比两段文字有多少窗相同。

比之前统一写法、去掉空白和标点，数一律当作同一个字（换了数的照抄也认得出）。方案自己印的字、
许多单位都写的套话不算。存着的索引和这里算的是同一种指纹。
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .narrative import normalized
from .values import shorten

if TYPE_CHECKING:
    from .facts import Facts
    from .pack import Pack

WINDOW = 8
RULE = "copied_texts"
"""核对的参数里有它的那一条（N07）说明哪些文字要比、比到多少算照抄。"""
_PASSAGE = 60
_MANY, _SHARE_OF_ALL = 8, 20
"""一窗字出现在多于 8 份、且多于二十分之一的材料里，就是套话。"""


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


def _folded(text: str) -> tuple[str, list[int]]:
    """比较用的字，和每个字在统一写法的文字里的位置。"""
    kept: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if sign.isdigit():
            sign = "0"
            if kept and kept[-1] == "0":
                continue
        elif not sign.isalpha():
            continue
        kept.append(sign)
        places.append(place)
    return "".join(kept), places


def windows(text: str) -> list[int]:
    """一段文字每一窗的指纹，按先后。"""
    folded, _ = _folded(normalized(text))
    return [zlib.crc32(folded[n : n + WINDOW].encode()) for n in range(len(folded) - WINDOW + 1)]


@lru_cache(maxsize=1024)
def prints_of(text: str) -> array[int]:
    """一段文字的指纹：每一窗一个，去重、排好序。"""
    return array("I", sorted(set(windows(text))))


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
    return {mark for text in texts for mark in windows(text)}


class Index:
    """许多材料的指纹：哪一窗字在哪些文字里。"""

    def __init__(self, texts: Iterable[tuple[Owned, Iterable[int]]]) -> None:
        self.texts: list[Owned] = []
        self.found: dict[int, list[int]] = {}
        for number, (owned, prints) in enumerate(texts):
            self.texts.append(owned)
            for mark in prints:
                self.found.setdefault(mark, []).append(number)
        self.limit = max(_MANY, len({one.owner for one in self.texts}) // _SHARE_OF_ALL)

    def nearest(self, owner: str, prints: Iterable[int], without: set[int]) -> tuple[Owned | None, int, int]:
        """与 ``prints`` 相同最多的别人的一段：那一段、相同几窗、一共比了几窗。"""
        counts: Counter[int] = Counter()
        total = 0
        for mark in prints:
            here = self.found.get(mark, ())
            if mark in without or len(here) > self.limit:
                continue
            total += 1
            counts.update(here)
        best = max(
            ((n, c) for n, c in counts.items() if self.texts[n].owner != owner),
            key=lambda one: (one[1], -one[0]),
            default=None,
        )
        return (self.texts[best[0]], best[1], total) if best else (None, 0, total)

    def shared(self, other: Owned, marks: Iterable[int]) -> set[int]:
        """``marks`` 里，那一段文字也有的。"""
        number = self.texts.index(other)
        return {mark for mark in marks if number in self.found.get(mark, ())}


def copies_of(facts: Facts, owner: str, index: Index) -> Iterator[tuple[Copy, Owned]]:
    """一套材料里照抄别人的各段，和抄的是谁的哪一段。"""
    given, own = rule_of(facts.pack), prescribed(facts.pack)
    for address, text in texts_of(facts).items():
        prints = prints_of(text)
        other, same, total = index.nearest(owner, prints, own)
        if other is None or same < given["length"] or same * 100 < total * given["percent"]:
            continue
        passage = longest_passage(text, index.shared(other, prints) - own)
        yield Copy(address, digest_of(text), same * 100 // total, passage), other


def longest_passage(text: str, shared: set[int]) -> str:
    """最长的一段相同的字，照原文（统一写法）；太长的截短。"""
    plain = normalized(text)
    _, places = _folded(plain)
    best = (0, 0)
    start = None
    marks = windows(text)
    for number, mark in enumerate([*marks, -1]):
        if mark in shared:
            start = number if start is None else start
        elif start is not None:
            best = max(best, (number - start, -start))
            start = None
    if not best[0]:
        return ""
    first = -best[1]
    return shorten(
        " ".join(plain[places[first] : places[first + best[0] + WINDOW - 2] + 1].split()), _PASSAGE
    )
