"""accounts 各网址：名字 → 方法、谁能用、答什么。"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from evaluations.core.workflow import Role
from tests.access.world import World
from units.models import Department, ProposedPost
from units.services import propose_post

ALL = "pack_admin,system_admin,department_admin"
ROWS: dict[str, str] = {
    "evaluations:accounts": f"GET {ALL},security_admin 200",
    "evaluations:account_add": f"GET {ALL} 200",
    "evaluations:account": f"GET {ALL},security_admin 200",
    "evaluations:proposal": "POST pack_admin,system_admin,security_admin 302",
    "evaluations:account_passwords": f"POST {ALL} 404",
}
"""如 ``{"evaluations:rounds": "GET pack_admin 200"}``：几种人用逗号隔开，能用的人问对的方法得到这个答案。"""


def keys(name: str, world: World) -> dict[str, Any]:
    """网址里的编号。"""
    person = world.people["preparer"]
    assert person is not None
    if name == "evaluations:proposal":
        return {"proposal_id": _proposal(world).pk}
    return {"person_id": person.pk} if name == "evaluations:account" else {}


def _proposal(world: World) -> ProposedPost:
    """任命一个没有岗位的人当方案管理员，等着确认。"""
    nobody, by = world.people["nobody"], world.people["system_admin"]
    bureau = Department.objects.get(code="001")
    given = {"user": nobody, "department": bureau, "role": Role.PACK_ADMIN, "by": by}
    return propose_post(since=timezone.localdate(), until=None, **given)
