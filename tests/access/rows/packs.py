"""方案各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from evaluations.models import Pack
from tests.access.world import World

_PAGES = ("pack", "pack_copy", "pack_export", "pack_source", "pack_compare", "pack_indicators", "pack_fields",
          "pack_scoring", "pack_checks", "pack_check", "pack_forms", "pack_form", "pack_trial")  # fmt: skip
ROWS: dict[str, str] = {
    "evaluations:packs": "GET pack_admin 200",
    **{f"evaluations:{name}": "GET pack_admin 200" for name in _PAGES},
    "evaluations:pack_publish": "POST pack_admin 302",
    "evaluations:pack_act": "POST pack_admin 404",
    "evaluations:pack_check_try": "POST pack_admin 200",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    if name == "evaluations:packs":
        return {}
    more = {"evaluations:pack_check": {"number": 1}, "evaluations:pack_form": {"form": "base", "to": "xlsx"}}
    return {"pack_id": Pack.objects.get().pk, **more.get(name, {})}
