"""library 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from evaluations.models import LibraryIndicator
from tests.access.world import World

ROWS: dict[str, str] = {
    "evaluations:library": "GET pack_admin 200",
    "evaluations:library_new": "GET pack_admin 200",
    "evaluations:library_export": "GET pack_admin 200",
    "evaluations:library_import": "GET pack_admin 200",
    "evaluations:library_import_apply": "POST pack_admin 409",
    "evaluations:library_indicator": "GET pack_admin 200",
    "evaluations:library_active": "POST pack_admin 302",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    if name not in ("evaluations:library_indicator", "evaluations:library_active"):
        return {}
    one, _ = LibraryIndicator.objects.get_or_create(
        code="ZW-001",
        defaults={"sector": "政务服务", "level1": "产出指标", "level2": "数量指标", "name": "保障进驻窗口数"},
    )
    return {"indicator_id": one.pk}
