"""系统页各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import World

ROWS: dict[str, str] = {
    "evaluations:system": "GET system_admin 200",
    "evaluations:system_pdf": "POST system_admin 302",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里没有编号。"""
    return {}
