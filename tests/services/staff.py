"""三步审核的方案，和每个岗位上的人：流程的几组测试共用。"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from evaluations.core.pack import read_folder
from evaluations.core.workflow import Role
from evaluations.models import Edit, Event, Snapshot, Submission
from evaluations.services.packs import open_round, store_pack
from tests.conftest import PACK_FOLDER, City
from units.models import Department, User

THREE_STEPS = "2024-three-steps"
REASON, REPLY = "请补充满意度调查的依据。", "已补充问卷 120 份的调查依据。"
PASSES = ("submit", "sign", "pass", "approve")


def three_step_pack(folder: Path) -> Any:
    """岳阳的方案，多一步主管部门审核。"""
    files = dict(read_folder(PACK_FOLDER))
    made = files["pack.toml"].replace('key = "2024-yueyang"', f'key = "{THREE_STEPS}"')
    made = made.replace('["单位审核", "财政审核"]', '["单位审核", "主管部门审核", "财政审核"]')
    assert made.count("主管部门审核") == 1 and THREE_STEPS in made
    for name, text in {**files, "pack.toml": made}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return store_pack(folder=folder)


@dataclass
class Office:
    """一个市，三步审核，每个岗位一个人，另有第二位填报人和两级的第二位审核人。"""

    city: City
    by_role: Mapping[Role, User]
    second: Mapping[Role, User]

    @property
    def submission(self) -> Submission:
        return self.city.submission

    def go(self, *actions: str) -> None:
        """由各岗位的人依次做。"""
        for action in actions:
            text = REPLY if action == "submit" and self.submission.returned else ""
            self.city.act(action, self.by_role[DOES[action]], text)


DOES = {
    "submit": Role.PREPARER, "sign": Role.UNIT_HEAD, "pass": Role.DEPARTMENT_REVIEWER, "approve": Role.BUREAU_REVIEWER,
    "cancel": Role.BUREAU_REVIEWER,
}  # fmt: skip


def make_office(city: City, people: Callable[..., User], folder: Path) -> Office:
    branch = Department.objects.create(
        code="100", name="云湖市人民政府办公室", kind=Department.Kind.DEPARTMENT, parent=city.bureau
    )
    city.unit.parent = branch
    city.unit.save()
    city.pack = three_step_pack(folder)
    open_round(pack=city.pack, name="三步的任务", deadline=timezone.now() + timedelta(days=10))
    city.import_into("2024-correct-package", pack=THREE_STEPS)
    by_role = {
        Role.PREPARER: city.preparer, Role.UNIT_HEAD: city.head, Role.BUREAU_REVIEWER: city.reviewer,
        Role.DEPARTMENT_REVIEWER: people("branch", "何静", branch, Role.DEPARTMENT_REVIEWER),
    }  # fmt: skip
    by_role[Role.DEPARTMENT_ADMIN] = people("branch3", "秦岚", branch, Role.DEPARTMENT_ADMIN)
    for role in (Role.PACK_ADMIN, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        by_role[role] = people(role.value, role.label, city.bureau, role)
    second = {
        Role.PREPARER: city.colleague,
        Role.DEPARTMENT_REVIEWER: people("branch2", "高远", branch, Role.DEPARTMENT_REVIEWER),
        Role.BUREAU_REVIEWER: people("reviewer2", "孙涛", city.bureau, Role.BUREAU_REVIEWER),
    }
    return Office(city, by_role, second)


def recorded(submission: Submission) -> dict[str, Any]:
    """库里关于这份材料的全部：状态、修订号、记录、内容。"""
    rows = {
        kind.__name__: list(kind.objects.filter(submission=submission).order_by("pk").values())
        for kind in (Event, Edit, Snapshot)
    }
    data = [(one.values, list(one.indicators.values())) for one in submission.annual_data.order_by("pk")]
    return {**rows, "row": Submission.objects.values().get(pk=submission.pk), "data": data}
