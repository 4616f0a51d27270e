"""与别的单位文字相同（N07）：比出来的结果由 ``Facts.copies`` 给，这里说成问题。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..copies import digest_of
from ..expressions import Context
from ..facts import ScopeFacts

if TYPE_CHECKING:
    from ..checks import Check


def copied_from_others(scope: Context, check: Check) -> Iterator[Hit]:
    """N07：这一段与另一个单位的大半相同。不说是哪个单位；比过以后改了字的，等再比。"""
    assert isinstance(scope, ScopeFacts)
    for copy in scope.facts.copies:
        prefix, slash, key = copy.address.rpartition("/")
        if (prefix if slash else "") != scope.prefix or key not in scope.fields:
            continue
        text = scope.value(key)
        if isinstance(text, str) and digest_of(text) == copy.digest:
            message = (
                f"与另一个单位的文字相同，相同的占 {copy.percent}%，如“{copy.passage}”。"
                "请按本单位的实际改写；是一起做的事，说明和谁一起做、各做了什么。"
            )
            yield Hit((copy.address,), message, "本单位自己的文字", f"{copy.percent}% 相同")
