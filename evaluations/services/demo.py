"""演示环境：虚构的云湖市，和旁边一个真实公开的示例单位。只在 DEMO 方式下使用。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from evaluations.core.workflow import Role
from units.models import Department, User
from units.services import appoint, create_user

from .packages import import_package
from .packs import issue, open_round, store_pack

PASSWORD = "yunhu-2024-demo"  # noqa: S105 公开的演示密码
BUREAU = "云湖市财政局"
EXAMPLE_UNIT = "湖南城陵矶新港区政务服务中心"
DAYS = 12


@dataclass(frozen=True)
class Account:
    username: str
    display_name: str
    role: Role
    code: str
    line: str


UNITS = (
    ("001", BUREAU, Department.Kind.BUREAU, None),
    ("101", "云湖市行政审批服务局", Department.Kind.DEPARTMENT, "001"),
    ("101001", EXAMPLE_UNIT, Department.Kind.UNIT, "101"),
    ("101002", "云湖市政务热线中心", Department.Kind.UNIT, "101"),
    ("102", "云湖市农业农村局", Department.Kind.DEPARTMENT, "001"),
)
ACCOUNTS = (
    Account("tianbao1", "陈晓燕", Role.PREPARER, "101001", "填报人甲（示例单位，填着一套有错的真实材料）"),
    Account("tianbao2", "王立", Role.PREPARER, "101001", "填报人乙（同一单位）"),
    Account("fuze", "李建国", Role.UNIT_HEAD, "101001", "单位负责人（示例单位）"),
    Account("rexian", "周敏", Role.PREPARER, "101002", "填报人（另一个单位，还没有填）"),
    Account("rexianfz", "何涛", Role.UNIT_HEAD, "101002", "单位负责人（另一个单位）"),
    Account(
        "zhuguan", "孙丽", Role.DEPARTMENT_REVIEWER, "101", "主管部门审核人（本方案没有这一步，只能查看）"
    ),
    Account("shenhe", "周启明", Role.BUREAU_REVIEWER, "001", "财政审核人（绩效科）"),
    Account("shenhe2", "唐文静", Role.BUREAU_REVIEWER, "001", "财政审核人（另一位：接手、撤销审核）"),
    Account("fangan", "吴静", Role.PACK_ADMIN, "001", "方案管理员"),
    Account("xitong", "郑凯", Role.SYSTEM_ADMIN, "001", "系统管理员"),
    Account("anquan", "冯雪", Role.SECURITY_ADMIN, "001", "安全管理员"),
    Account("shenji", "沈斌", Role.AUDIT_ADMIN, "001", "审计管理员"),
)


@transaction.atomic
def build_city(*, pack_folder: Path, example: Mapping[str, Any]) -> None:
    """建演示的单位、账号、任务；已经建过就什么都不动。"""
    if User.objects.filter(username=ACCOUNTS[0].username).exists():
        return
    units = _units()
    for account in ACCOUNTS:
        user = create_user(username=account.username, display_name=account.display_name, password=PASSWORD)
        appoint(user=user, department=units[account.code], role=account.role, since=date(2024, 1, 1))
    pack = store_pack(folder=pack_folder)
    deadline = timezone.localtime().replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=DAYS)
    task = open_round(pack=pack, name="2024年度部门整体支出绩效自评", deadline=deadline)
    issue(task=task, departments=[units[code] for code in ("101001", "101002", "102")])
    import_package(data={**example, "department": {"code": "101001", "name": EXAMPLE_UNIT}}, pack=pack)


def _units() -> dict[str, Department]:
    made: dict[str, Department] = {}
    for code, name, kind, parent in UNITS:
        made[code], _ = Department.objects.get_or_create(
            code=code, defaults={"name": name, "kind": kind, "parent": made[parent] if parent else None}
        )
    return made
