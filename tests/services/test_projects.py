import pytest
from django.test import Client
from django.urls import reverse

from evaluations.core.interchange import read_package
from evaluations.models import AnnualData, Indicator, Project
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.packages import export_package
from evaluations.services.packs import issue, open_round
from evaluations.services.problems import Refused
from evaluations.services.projects import (
    add_project,
    copy_project,
    move_project,
    remove_project,
    restore_project,
)
from tests.conftest import City, fixture_json

pytestmark = pytest.mark.django_db


def given(city: City) -> dict:
    return {"submission_id": city.submission.pk, "user": city.preparer}


def names(city: City) -> list[str]:
    return [child.shown("项目.名称") for child in read(city.submission).facts.children["项目"]]


def test_a_new_project_brings_its_units_along(city: City) -> None:
    add_project(**given(city), name="政务大厅运行")
    (child,) = read(city.submission).facts.children["项目"]
    assert [child.shown(f"项目.{key}") for key in ("名称", "主管部门", "实施单位")] == [
        "政务大厅运行", "云湖市政务服务中心", "云湖市政务服务中心",
    ]  # fmt: skip


def test_a_copy_has_all_contents_and_rows_of_its_own(city: City) -> None:
    city.import_into("2024-correct-package")
    original = city.submission.annual_data.filter(project__isnull=False).first()
    made = copy_project(**given(city), project_id=original.project_id)
    copied = city.submission.annual_data.get(project=made)
    before, after = (list(data.indicators.all()) for data in (original, copied))
    assert [row.name for row in before] == [row.name for row in after]
    assert not {row.row_id for row in before} & {row.row_id for row in after}
    assert names(city)[-1] == names(city)[0] + "（副本）"


def test_projects_change_places(city: City) -> None:
    for name in ("甲", "乙", "丙"):
        last = add_project(**given(city), name=name)
    move_project(**given(city), project_id=last, step=-1)
    assert names(city) == ["甲", "丙", "乙"]
    move_project(**given(city), project_id=last, step=1)
    move_project(**given(city), project_id=last, step=1)
    assert names(city) == ["甲", "乙", "丙"]


def test_a_removed_project_comes_back_whole(city: City) -> None:
    city.import_into("2024-correct-package")
    before = export_package(city.submission)["projects"]
    last = city.submission.annual_data.filter(project__isnull=False).last()
    remove_project(**given(city), project_id=last.project_id)
    assert len(names(city)) == len(before) - 1
    assert not Indicator.objects.filter(annual_data__project=last.project_id).exists()
    restore_project(**given(city), project_id=last.project_id)
    assert export_package(city.submission)["projects"] == before


def test_a_renamed_project_keeps_its_identity(city: City) -> None:
    made = add_project(**given(city), name="旧名")
    address = f"项目[p{made.hex}]/项目.名称"
    save_cells(**given(city), changes=[Change(address, "新名", was="旧名")])
    assert Project.objects.get(pk=made).name == "新名"


@pytest.mark.parametrize("act", ["copy", "remove", "restore", "up", "down", "fly"])
def test_somebody_elses_project_is_out_of_reach(city: City, act: str) -> None:
    theirs = add_project(submission_id=city.other_submission.pk, user=city.other_preparer, name="别家的")
    client = Client()
    client.force_login(city.preparer)
    url = reverse("evaluations:projects", args=[city.submission.pk])
    client.post(url, {"act": act, "project": str(theirs)})
    assert AnnualData.objects.filter(project__isnull=False).count() == 1
    assert names(city) == []


def test_a_submitted_package_takes_no_more_projects(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="已送审"):
        add_project(**given(city), name="晚了")


def test_last_years_figures_stand_in_place_when_the_new_year_opens(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    city.act("approve", city.reviewer)
    next_year = open_round(pack=city.pack, name="2025年度自评", deadline=city.task.deadline)
    next_year.year = 2025
    next_year.save()
    (fresh,) = issue(task=next_year, departments=[city.unit])
    facts, last = read(fresh).facts, read_package(fixture_json("2024-correct-package"), city.pack.compiled())
    assert facts.value("公用经费.上年决算数") == last.root.values["公用经费.本年决算数"]
    carried = [row.value("上年决算数") for row in facts.root.lists["市级专项资金"]]
    assert carried == [row.values["本年决算数"] for row in last.root.rows["市级专项资金"]]
    assert fresh.edits.filter(through="prior", address="公用经费.上年决算数").exists()
    assert facts.value("公用经费.本年决算数") is None
