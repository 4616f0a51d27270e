"""rounds 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import MINE, World

ROWS: dict[str, str] = {
    "evaluations:rounds": "GET pack_admin 200",
    "evaluations:round_new": "GET pack_admin 200",
    "evaluations:view_as": "GET pack_admin 200",
    "evaluations:view_as_end": "POST pack_admin 302",
    "evaluations:round": "GET pack_admin 200",
    "evaluations:round_each": "POST pack_admin 409",
    "evaluations:round_edit": "GET pack_admin 200",
    "evaluations:round_units": "GET pack_admin 200",
    "evaluations:round_preview": "GET pack_admin 200",
    "evaluations:round_document": "GET pack_admin 200",
    "evaluations:round_open": "GET pack_admin 302",
    "evaluations:round_close": "GET pack_admin 200",
    "evaluations:round_roll": "GET pack_admin 200",
    "evaluations:round_repack": "GET pack_admin 200",
    "evaluations:round_repack_one": "GET pack_admin 200",
    "evaluations:round_act": "GET pack_admin 200",
}
"""如 ``{"evaluations:rounds": "GET pack_admin 200"}``：几种人用逗号隔开，能用的人问对的方法得到这个答案。"""

WITHOUT_ROUND = ("rounds", "round_new", "view_as", "view_as_end")


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    short = name.partition(":")[2]
    submission = world.units[MINE].submission
    if short == "view_as":
        return {"user_id": world.people["preparer"].pk}  # type: ignore[union-attr]
    if short in WITHOUT_ROUND:
        return {}
    more: dict[str, dict[str, Any]] = {
        "round_document": {"form": "department", "to": "xlsx"},
        "round_repack_one": {"submission_id": submission.pk},
        "round_act": {"action": "reopen"},
    }
    return {"round_id": submission.round_id, **more.get(short, {})}
