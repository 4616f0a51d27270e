"""出件前对文字的处理：去掉任何一种文件都装不下的字符，数出看得见的字。"""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff\ufffe\uffff\ud800-\udfff]"
)
_NEWLINE = re.compile("\r\n?")


def printable(text: str) -> str:
    """去掉控制符、方向控制符、零宽符、孤立代理项，统一换行；看得见的字和空格一个不改。

    录入时已经清理过；这里再做一次，免得库里一条旧数据毁掉整批出件。
    """
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub("", _NEWLINE.sub("\n", text))


def position_after(text: str, visible: int) -> int:
    """``text`` 中第 ``visible`` 个看得见的字之后的位置；紧跟的空白和换行也算在前面。"""
    seen = 0
    for position, ch in enumerate(text):
        if ch.isspace():
            continue
        if seen == visible:
            return position
        seen += 1
    return len(text)
