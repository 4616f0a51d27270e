"""prefill 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import MINE, World

ROWS: dict[str, str] = {
    "evaluations:prefills": "GET pack_admin 200",
    "evaluations:prefill": "GET pack_admin 200",
    "evaluations:prefill_check": "POST pack_admin 409",
    "evaluations:prefill_apply": "POST pack_admin 409",
    "evaluations:prefill_template": "GET pack_admin 200",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    return {} if name == "evaluations:prefills" else {"round_id": world.units[MINE].submission.round_id}
