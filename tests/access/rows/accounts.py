"""accounts 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from tests.access.world import World

ALL = "pack_admin,system_admin,department_admin"
ROWS: dict[str, str] = {
    "evaluations:accounts": f"GET {ALL} 200",
    "evaluations:account_add": f"GET {ALL} 200",
    "evaluations:account": f"GET {ALL} 200",
    "evaluations:account_passwords": f"POST {ALL} 404",
}
"""如 ``{"evaluations:rounds": "GET pack_admin 200"}``：几种人用逗号隔开，能用的人问对的方法得到这个答案。"""


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    person = world.people["preparer"]
    assert person is not None
    return {"person_id": person.pk} if name == "evaluations:account" else {}
