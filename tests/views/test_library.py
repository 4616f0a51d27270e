"""The pages of the library, and choosing from it while filling."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evaluations.core.workflow import Role
from evaluations.management.commands import PACKS
from evaluations.models import LibraryIndicator
from evaluations.services.library import load_library, set_active
from tests.conftest import City

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(city: City, people: Any) -> Any:
    load_library(path=PACKS / "library.toml")
    return people("keeper", "吴静", city.bureau, Role.PACK_ADMIN)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_entry_that_is_not_accepted_comes_back_as_typed(keeper: Any) -> None:
    page = signed_in(keeper).post(reverse("evaluations:library_new"), {"code": "ZW-001", "name": "新的指标"})
    assert page.status_code == 409
    text = page.content.decode()
    assert "新的指标" in text
    assert "没有填" in text
    assert LibraryIndicator.objects.count() == 60


def test_the_exported_workbook_comes_back_as_nothing_to_do(keeper: Any) -> None:
    client = signed_in(keeper)
    book = client.get(reverse("evaluations:library_export")).content
    page = client.post(
        reverse("evaluations:library_import"), {"file": SimpleUploadedFile("指标库.xlsx", book)}
    )
    assert page.status_code == 200
    assert "60 条没有变" in page.content.decode()


def test_what_was_looked_at_is_what_is_imported_and_only_by_the_same_person(
    keeper: Any, city: City, people: Any
) -> None:
    other = people("keeper2", "郑凯", city.bureau, Role.PACK_ADMIN)
    client = signed_in(keeper)
    sheet = "编号,领域,一级指标,二级指标,三级指标,性质,年度指标值,计量单位\nDA-001,档案,产出指标,数量指标,档案数字化,≥,5000,册\n"
    page = client.post(
        reverse("evaluations:library_import"), {"file": SimpleUploadedFile("库.csv", sheet.encode("gb18030"))}
    )
    sent = {"carried": page.context["carried"]}
    stolen = signed_in(other).post(reverse("evaluations:library_import_apply"), sent)
    assert stolen.status_code == 409
    assert not LibraryIndicator.objects.filter(code="DA-001").exists()
    assert client.post(reverse("evaluations:library_import_apply"), sent).status_code == 302
    assert LibraryIndicator.objects.get(code="DA-001").direction == ">="


def test_the_search_answers_with_the_group_and_how_often_it_is_used(keeper: Any, city: City) -> None:
    client = signed_in(city.preparer)
    found = client.get(reverse("evaluations:library_search"), {"q": "网办", "level2": "质量指标"}).json()
    assert [one["code"] for one in found["results"]] == ["ZW-003"]
    assert (found["results"][0]["shown"], found["results"][0]["this_year"]) == ("≥96%", 0)
    assert "政务服务" in found["sectors"]


def test_a_row_is_added_by_the_id_of_the_library_alone(keeper: Any, city: City) -> None:
    client, one = signed_in(city.preparer), LibraryIndicator.objects.get(code="ZW-003")
    url = reverse("evaluations:rows", args=[city.submission.pk, "department"])
    group = {"一级指标": "产出指标", "二级指标": "质量指标"}

    def add(library: str, row: str) -> Any:
        sent = {"act": "add", "list": "指标", "group": group, "library": library, "id": row}
        return client.post(url, json.dumps(sent), content_type="application/json")

    answer = add(str(one.pk), "r1").json()
    assert answer["cells"]["指标[r1].年度指标值"]["raw"] == "≥96%"
    assert answer["cells"]["指标[r1].三级指标"]["raw"] == one.name
    set_active(by=keeper, indicator_id=one.pk, active=False)
    for wrong in (str(one.pk), str(uuid4()), "x"):
        refused = add(wrong, "r2")
        assert refused.status_code == 409
        assert "指标库里没有这一条" in refused.json()["error"]
