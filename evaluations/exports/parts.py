"""成套材料的一份：一张表或一篇文，它的附件号和目录里的名称。"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.facts import ScopeFacts
from ..core.grid import Grid


@dataclass(frozen=True, slots=True)
class Part:
    """``annex`` 如“附件3-1”，印在左上角；``entry`` 是目录里的名称，空的不进目录。单独一张表两者都空。"""

    grid: Grid
    annex: str = ""
    entry: str = ""


def as_part(part: Grid | Part) -> Part:
    return part if isinstance(part, Part) else Part(part)


def scope_name(scope: ScopeFacts) -> str:
    """项目的名称；不是项目时为空，没填名称时用它的编号。"""
    if not scope.prefix:
        return ""
    return str(scope.value(scope.scope.match) or "").strip() or scope.prefix.rstrip("/")
