"""remove_demo：只在演示环境，要写 --yes；有认不得的账号不删；删了就是空库。"""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from evaluations.models import Submission
from evaluations.services.demo import ACCOUNTS
from tests.conftest import City
from units.models import Department
from units.services import appoint, create_user

pytestmark = pytest.mark.django_db


def test_removing_asks_first_and_only_in_the_demonstration(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="演示环境"):
        call_command("remove_demo", "--yes")
    settings.DEMO = True
    with pytest.raises(CommandError, match="--yes"):
        call_command("remove_demo")


def test_removing_refuses_when_somebody_else_has_an_account(
    city: City, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEMO = True
    with pytest.raises(SystemExit):
        call_command("remove_demo", "--yes")
    assert "不是演示的账号" in capsys.readouterr().err
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_removing_leaves_an_empty_database(settings: Any) -> None:
    settings.DEMO = True
    first = ACCOUNTS[0]
    user = create_user(username=first.username, display_name=first.display_name)
    place = Department.objects.create(code=first.code, name="示例单位")
    appoint(user=user, department=place, role=first.role, since=timezone.localdate())
    call_command("remove_demo", "--yes")
    for label in ("units", "evaluations", "sessions"):
        for model in apps.get_app_config(label).get_models():
            assert not model._default_manager.exists(), model
