"""文字的核对：够不够长、是不是文字、报告提到的事表上有没有。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import ScopeFacts, same_name
from ..values import shorten

if TYPE_CHECKING:
    from ..checks import Check

_LETTER = re.compile(r"[^\W\d_]")
_DENIED = re.compile(r"(?:没有|未|无|不涉及|不存在)[^，。；,;\n]{0,6}\Z")
_AROUND = 8


def text_is_meaningful(scope: Context, check: Check) -> Iterator[Hit]:
    """B12 P11：写了，至少 ``length`` 字，不只是数，不与 ``different_from``（如项目名称）相同。"""
    assert isinstance(scope, ScopeFacts)
    length, advice = check.parameters["length"], check.parameters["advice"]
    others = {same_name(scope.value(key)) for key in check.parameters.get("different_from", ())} - {""}
    for key in check.parameters["fields"]:
        text = scope.value(key)
        plain = "".join(text.split()) if isinstance(text, str) else ""
        if not plain:
            problem = "没有填"
        elif same_name(plain) in others:
            problem = "写的是项目名称"
        elif not _LETTER.search(plain):
            problem = f"只写了“{shorten(plain)}”，没有文字"
        elif len(plain) < length:
            problem = f"只写了 {len(plain)} 字，太短"
        else:
            continue
        yield Hit(
            (scope.address(key),), f"{problem}。{advice}", f"不少于 {length} 字", shorten(plain) or "空白"
        )


def filled_when_text_says(scope: Context, check: Check) -> Iterator[Hit]:
    """B14：文字里提到 ``words``（“没有政府采购”之类不算），``fields`` 各格就要填。"""
    assert isinstance(scope, ScopeFacts)
    blank = tuple(scope.address(key) for key in check.parameters["fields"] if scope.value(key) is None)
    if not blank:
        return
    for key in check.parameters["texts"]:
        found = _mention(scope.shown(key), check.parameters["words"])
        if found:
            where = scope.fields[key].full_label
            message = f"没有填，而“{where}”里写到“…{found}…”。{check.parameters['advice']}"
            yield Hit((*blank, scope.address(key)), message, actual="空白")
            return


def _mention(text: str, words: list[str]) -> str:
    """第一处提到的地方，带前后几个字；没有为空串。"""
    plain = unicodedata.normalize("NFKC", text)
    for match in re.finditer("|".join(map(re.escape, words)), plain):
        if not _DENIED.search(plain[: match.start()]):
            return " ".join(plain[max(0, match.start() - _AROUND) : match.end() + _AROUND].split())
    return ""
