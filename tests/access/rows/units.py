"""units 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import MINE, World

ALL = "pack_admin,system_admin,department_admin"
BUREAU = "pack_admin,system_admin"
ROWS: dict[str, str] = {
    "evaluations:units": f"GET {ALL} 200",
    "evaluations:unit_add": f"GET {ALL} 200",
    "evaluations:unit": f"GET {ALL} 200",
    "evaluations:unit_import": f"GET {BUREAU} 200",
    "evaluations:unit_template": f"GET {BUREAU} 200",
    "evaluations:unit_confirm": f"POST {BUREAU} 409",
}
"""如 ``{"evaluations:rounds": "GET pack_admin 200"}``：几种人用逗号隔开，能用的人问对的方法得到这个答案。"""


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    return {"unit_id": world.units[MINE].department.pk} if name == "evaluations:unit" else {}
