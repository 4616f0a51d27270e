"""审计各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import MINE, World

ROWS: dict[str, str] = {
    "evaluations:audit": "GET audit_admin 200",
    "evaluations:audit_edits": "GET audit_admin 200",
    "evaluations:audit_export": "POST audit_admin 200",
    "evaluations:audit_check": "POST audit_admin 200",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    return {"submission_id": world.units[MINE].submission.pk} if name == "evaluations:audit_edits" else {}
