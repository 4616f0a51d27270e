"""notices 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from datetime import date
from typing import Any

from evaluations.models import Notice, Phrase
from tests.access.world import World

ROWS: dict[str, str] = {
    "evaluations:notices": "GET pack_admin 200",
    "evaluations:notice_new": "GET pack_admin 200",
    "evaluations:notice": "GET pack_admin 200",
    "evaluations:notice_drop": "POST pack_admin 302",
    "evaluations:phrase_new": "GET pack_admin 200",
    "evaluations:phrase": "GET pack_admin 200",
    "evaluations:phrase_act": "POST pack_admin 302",
}


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    if name in ("evaluations:notice", "evaluations:notice_drop"):
        given = {"title": name, "since": date(2024, 1, 1), "by": world.people["pack_admin"]}
        return {"notice_id": Notice.objects.create(**given).pk}
    if name in ("evaluations:phrase", "evaluations:phrase_act"):
        return {"phrase_id": Phrase.objects.create(text=name).pk}
    return {}
