"""修改记录和事件的链：每条记录的摘要含前一条的摘要，改、删、插、换都能查出。

算法名写在每一行；有国密 SM3（GB/T 32905）用 SM3，没有时用 SHA-256。
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

GENESIS = "0" * 64


def algorithm() -> str:
    """本机用的摘要算法。"""
    try:
        hashlib.new("sm3")
    except ValueError:
        return "sha256"
    return "sm3"


def digest(previous: str, content: Mapping[str, object], using: str) -> str:
    """一条记录的摘要：算法（前一摘要 + 规范 JSON）。"""
    return hashlib.new(using, f"{previous}\n{canonical(content)}".encode()).hexdigest()


def canonical(content: Mapping[str, object]) -> str:
    """规范 JSON：键按次序，没有空白，一行；算摘要、导出都用它。"""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def instant(moment: datetime) -> str:
    """算进摘要的时刻：世界时，写法固定。"""
    return moment.astimezone(UTC).isoformat()
