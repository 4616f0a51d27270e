"""两段字哪里不同：旧的标出删掉的，新的标出加上的。"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

Marked = list[tuple[bool, str]]
"""依次的各段：是否改动、字。"""
CLAUSE = re.compile(r"[^，。；：、！？\s]*[，。；：、！？\s]?")
LETTER = re.compile(r"[\d.,%]+|.", re.DOTALL)
"""逐字比的一个字；一个数是一个整体，89.8 改成 94.8 不说成改了一位。"""
LETTERS = 400
"""两段都不超过这么长时逐字比，再长逐句比：字多了逐字比既慢，又把改动切得零碎。"""
ENOUGH = 40
"""相同的不到百分之这么多，就整段算换掉：零星相同的字标出来反而看不清。"""


def marked(old: str, new: str) -> tuple[Marked, Marked]:
    """（旧的各段，新的各段）；拼起来正好是原文。"""
    left, right = _units(old, new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    same = 2 * sum(block.size for block in matcher.get_matching_blocks())
    if not old or not new or same * 100 < ENOUGH * (len(left) + len(right)):
        return [(True, old)] if old else [], [(True, new)] if new else []
    before: Marked = []
    after: Marked = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        _add(before, kind != "equal", "".join(left[start:end]))
        _add(after, kind != "equal", "".join(right[other_start:other_end]))
    return before, after


def _units(old: str, new: str) -> tuple[list[str], list[str]]:
    if max(len(old), len(new)) <= LETTERS:
        return LETTER.findall(old), LETTER.findall(new)
    return [p for p in CLAUSE.findall(old) if p], [p for p in CLAUSE.findall(new) if p]


def _add(to: Marked, changed: bool, text: str) -> None:
    if text:
        to.append((changed, text))
