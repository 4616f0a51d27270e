"""每个页面都要的：财政局名称、导航、我是谁。"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from evaluations import access
from evaluations.core.workflow import Role

from .models import Department


def page(request: HttpRequest) -> dict[str, Any]:
    bureau = Department.objects.filter(kind=Department.Kind.BUREAU, parent=None).first()
    shared = {"bureau": bureau.name if bureau else "", "demo": settings.DEMO}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {**shared, "nav": [], "me": None}
    appointments = access.appointments_of(user)
    roles = {Role(a.role) for a in appointments}
    lines = [f"{Role(a.role).label} · {a.department}" for a in appointments]
    me = {"display_name": user.display_name, "role_line": "；".join(lines) or "没有岗位"}
    return {
        **shared,
        "nav": _nav(request.path, roles),
        "me": me,
        "viewed_by": getattr(user, "viewed_by", None),
    }


def _nav(path: str, roles: set[Role]) -> list[dict[str, Any]]:
    items = [("首页", reverse("evaluations:home"), "")]
    if roles & access.REVIEW_ROLES:
        items.append(("审核", reverse("evaluations:queue"), "/review/"))
    if Role.PACK_ADMIN in roles:
        items += [
            (label, reverse(f"evaluations:{name}"), f"/manage/{name}/")
            for name, label in (
                ("rounds", "年度任务"),
                ("packs", "方案"),
                ("library", "指标库"),
                ("notices", "公告"),
            )
        ]
    if roles & access.UNIT_ADMINS:
        items += [
            (label, reverse(f"evaluations:{name}"), f"/manage/{name}/")
            for name, label in (("units", "单位"), ("accounts", "人员"))
        ]
    elif Role.SECURITY_ADMIN in roles:
        items.append(("人员", reverse("evaluations:accounts"), "/manage/accounts/"))
    elif roles & (access.UNIT_ROLES | access.REVIEW_ROLES):
        items.append(("人员", reverse("evaluations:people"), "/people/"))
    if Role.AUDIT_ADMIN in roles:
        items.append(("审计", reverse("evaluations:audit"), "/manage/audit/"))
    if Role.SYSTEM_ADMIN in roles:
        items.append(("系统", reverse("evaluations:system"), "/manage/system/"))
    return [
        {
            "label": label,
            "url": url,
            "current": path == url or (bool(prefix) and path.startswith(prefix)),
            "count": 0,
        }
        for label, url, prefix in items
    ]
