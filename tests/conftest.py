"""三个人：本单位的（own）、别的单位的（other）、审核的（reviewer），和一份真实的示例材料。"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from evaluations.core.pack import Pack, load_folder
from evaluations.core.workflow import Role
from evaluations.guards import guards_off

ROOT = Path(__file__).resolve().parent
FIXTURES = ROOT / "fixtures"
PACK_FOLDER = ROOT.parent / "evaluations" / "packs" / "2024-yueyang"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """凡用数据库的测试都要在 PostgreSQL 上再跑一遍；打开浏览器的除外。"""
    for item in items:
        if item.get_closest_marker("django_db") and not item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.postgres)
    items.sort(key=_turn)


LONGEST = (
    "test_package.py", "test_year.py", "test_many_editors.py", "test_kill.py", "test_faults.py", "test_backup.py", "test_front.py",
)  # fmt: skip


def _turn(item: pytest.Item) -> int:
    """先后：带事务的本来排在最后（pytest-django），其中长的先做，免得最后一个进程空等。其余不动。"""
    mark = item.get_closest_marker("django_db")
    if mark is None or not mark.kwargs.get("transaction"):
        return 0
    return 1 + (item.path.name not in LONGEST)


_flush = TransactionTestCase._fixture_teardown


def _flush_without_guards(case: TransactionTestCase) -> None:
    """带事务的测试做完要清库：只在清库时放下把守，测试里它们都在。"""
    with guards_off(connection):
        _flush(case)


TransactionTestCase._fixture_teardown = _flush_without_guards


def fixture_json(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def fixture_of(name: str, unit: Any) -> dict[str, Any]:
    """一个示例文件，换成这个单位的；名称本来就空着的不填。"""
    data = fixture_json(name) | {"department": {"code": unit.code, "name": unit.name}}
    if data["values"].get("部门.名称"):
        data["values"]["部门.名称"] = unit.name
    return data


@pytest.fixture(scope="session")
def yueyang() -> Pack:
    return load_folder(PACK_FOLDER)


@dataclass
class City:
    """一个市：财政局、两个单位、一套方案、一个任务，和各个岗位上的人。"""

    bureau: Any
    unit: Any
    other_unit: Any
    pack: Any
    task: Any
    preparer: Any
    colleague: Any
    head: Any
    other_preparer: Any
    reviewer: Any
    submission: Any
    other_submission: Any

    def import_into(self, name: str, **changes: Any) -> Any:
        """把一个示例文件存成本单位的草稿。"""
        from evaluations.services.packages import import_package

        data = fixture_of(name, changes.pop("unit", self.unit)) | changes
        self.submission = import_package(data=data, pack=self.pack)
        return self.submission

    def act(self, action: str, user: Any, text: str = "", **given: Any) -> Any:
        """在最新的修订上做一个流程动作。"""
        from evaluations.services.workflow import perform

        self.submission.refresh_from_db()
        given = {
            "revision": self.submission.revision,
            "key": f"{action}-{timezone.now().timestamp()}",
        } | given
        event = perform(submission_id=self.submission.pk, user=user, action=action, text=text, **given)
        self.submission.refresh_from_db()
        return event


@pytest.fixture
def people(db: None) -> Callable[..., Any]:
    from units.services import appoint, create_user

    def make(username: str, name: str, department: Any, role: Role) -> Any:
        user = create_user(username=username, display_name=name, password="correct horse battery")
        appoint(user=user, department=department, role=role, since=date(2024, 1, 1))
        return user

    return make


@pytest.fixture
def city(people: Callable[..., Any]) -> City:
    from evaluations.services.packs import issue, open_round, store_pack
    from units.models import Department

    bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
    unit = Department.objects.create(code="101", name="云湖市政务服务中心", parent=bureau)
    other = Department.objects.create(code="102", name="云湖市档案馆", parent=bureau)
    pack = store_pack(folder=PACK_FOLDER)
    task = open_round(pack=pack, name="2024年度自评", deadline=timezone.now() + timedelta(days=10))
    submission, other_submission = issue(task=task, departments=[unit, other])
    return City(
        bureau, unit, other, pack, task,
        people("own", "陈晓燕", unit, Role.PREPARER), people("colleague", "王立", unit, Role.PREPARER),
        people("head", "李建国", unit, Role.UNIT_HEAD), people("other", "周敏", other, Role.PREPARER),
        people("reviewer", "周启明", bureau, Role.BUREAU_REVIEWER), submission, other_submission,
    )  # fmt: skip
