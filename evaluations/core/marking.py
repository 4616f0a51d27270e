"""两段字哪里不同：旧的标出删掉的，新的标出加上的。"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

Marked = list[tuple[bool, str]]
"""依次的各段：是否改动、字。"""
LETTER = re.compile(r"[\d.,%]+|.", re.DOTALL)
"""逐字比的一个字；一个数是一个整体，89.8 改成 94.8 不说成改了一位。"""
CLAUSE = re.compile(r"[^，。；：、！？\s]+[，。；：、！？\s]*|[，。；：、！？\s]+")
LETTERS = 400
"""两段都不超过这么长时逐字比，再长逐句比：字多了逐字比既慢，又把改动切得零碎。"""
UNITS = 600
"""中间不同的部分超过这么多个单位，就整段算换掉，不细比。"""
ENOUGH = 40
"""相同的不到百分之这么多，就整段算换掉：零星相同的字标出来反而看不清。"""


def marked(old: str, new: str) -> tuple[Marked, Marked]:
    """（旧的各段，新的各段）；拼起来正好是原文。"""
    if not old or not new:
        return [(True, old)] if old else [], [(True, new)] if new else []
    pattern = LETTER if max(len(old), len(new)) <= LETTERS else CLAUSE
    left, right = pattern.findall(old), pattern.findall(new)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    return _join(left, right, start, end)


def _common(one: list[str], other: list[str]) -> int:
    """开头有几个单位相同。"""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _join(left: list[str], right: list[str], start: int, end: int) -> tuple[Marked, Marked]:
    """两头相同的照写，中间的细比。"""
    inside = left[start : len(left) - end], right[start : len(right) - end]
    if start + end == 0 and (len(inside[0]) > UNITS or len(inside[1]) > UNITS):
        return [(True, "".join(left))], [(True, "".join(right))]
    matcher = SequenceMatcher(None, *inside, autojunk=False)
    if len(inside[0]) > UNITS or len(inside[1]) > UNITS:
        blocks = [("replace", 0, len(inside[0]), 0, len(inside[1]))]
        same = 2 * (start + end)
    else:
        blocks = list(matcher.get_opcodes())
        same = 2 * (start + end + sum(block.size for block in matcher.get_matching_blocks()))
    if same * 100 < ENOUGH * (len(left) + len(right)):
        return [(True, "".join(left))], [(True, "".join(right))]
    before: Marked = []
    after: Marked = []
    for marks, units in ((before, left), (after, right)):
        _add(marks, False, "".join(units[:start]))
    for kind, a, b, c, d in blocks:
        _add(before, kind != "equal", "".join(inside[0][a:b]))
        _add(after, kind != "equal", "".join(inside[1][c:d]))
    for marks, units in ((before, left), (after, right)):
        _add(marks, False, "".join(units[len(units) - end :]))
    return before, after


def _add(to: Marked, changed: bool, text: str) -> None:
    """接上一段；与前一段同样的合成一段。"""
    if text and to and to[-1][0] == changed:
        to[-1] = (changed, to[-1][1] + text)
    elif text:
        to.append((changed, text))
