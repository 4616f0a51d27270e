"""同 City 一样的单位和人，材料是空壳：只管单位和人员的测试用，快得多。"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from evaluations.core.workflow import Role
from evaluations.models import AnnualData, Pack, Round, Submission
from tests.conftest import City
from units.models import Department


def make_town(people: Callable[..., Any]) -> City:
    """方案没有内容，材料打不开，只有状态。"""
    bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
    unit = Department.objects.create(code="101", name="云湖市政务服务中心", parent=bureau)
    other = Department.objects.create(code="102", name="云湖市档案馆", parent=bureau)
    pack = Pack.objects.create(key="empty", name="空的", year=2024, files={}, checksum="0")
    deadline = timezone.now() + timedelta(days=10)
    task = Round.objects.create(
        pack=pack, name="2024年度自评", year=2024, deadline=deadline, opened_at=timezone.now()
    )
    made = [Submission.objects.create(round=task, department=one, pack=pack) for one in (unit, other)]
    for submission in made:
        AnnualData.objects.create(submission=submission)
    return City(
        bureau, unit, other, pack, task,
        people("own", "陈晓燕", unit, Role.PREPARER), people("colleague", "王立", unit, Role.PREPARER),
        people("head", "李建国", unit, Role.UNIT_HEAD), people("other", "周敏", other, Role.PREPARER),
        people("reviewer", "周启明", bureau, Role.BUREAU_REVIEWER), *made,
    )  # fmt: skip
