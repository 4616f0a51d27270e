"""看不见的字进不来，哪个门都一样；直接写进库里的脏字，也毁不了别人的页面和文件。"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations.core.workflow import Role
from evaluations.exports.text import printable
from evaluations.models import AnnualData, Event, Indicator, Project
from evaluations.services.projects import remove_project
from evaluations.services.sheets import read_sheets
from evaluations.templatetags.manage_tags import masked
from tests.conftest import City
from tests.exports.reading import page_texts
from tests.workbooks import workbook
from units.models import Department, User

pytestmark = [pytest.mark.django_db, pytest.mark.dengbao("入侵防范 d")]
DIRT = "\x08\x1b\x7f\x85\u200b\u202e\u2066\u2028\ufeff\ufffe"
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)


def dirty(text: str) -> str:
    """字里、首尾都夹着看不见的。"""
    return f"{DIRT}{text[:2]}{DIRT}{text[2:]}{DIRT}"


@pytest.fixture
def office(city: City, people: Any) -> dict[str, Client]:
    """各个岗位上的人，登录好了。"""
    made = {"clerk": city.preparer, "head": city.head, "reviewer": city.reviewer}
    made["keeper"] = people("keeper", "吴静", city.bureau, Role.PACK_ADMIN)
    made["system"] = people("system", "赵敏", city.bureau, Role.SYSTEM_ADMIN)
    clients = {name: Client() for name in made}
    for name, user in made.items():
        clients[name].force_login(user)
    return clients


def texts() -> Iterator[tuple[str, str]]:
    """库里全部的字，JSON 里的也在内。"""
    for label in ("units", "evaluations"):
        for model in apps.get_app_config(label).get_models():
            names = [
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, models.CharField | models.TextField | models.JSONField)
            ]
            for row in model.objects.values_list(*names) if names else ():
                for name, value in zip(names, row, strict=True):
                    for text in strings(value):
                        yield f"{model.__name__}.{name}", text


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(key)
            yield from strings(one)


@pytest.mark.case("U6")
@pytest.mark.asvs("5.1.4")
def test_unseen_characters_enter_through_no_door(city: City, office: dict[str, Client]) -> None:
    city.import_into("2024-correct-package")
    pk = city.submission.pk
    sheet = workbook(
        {
            "单位": [
                ["预算编码", "单位名称", "类别", "上级编码"],
                ["777", dirty("表里的局"), "预算单位", "001"],
            ]
        }
    )
    doors: list[tuple[str, str, dict[str, Any]]] = [
        ("keeper", reverse("evaluations:notice_new"), {"title": dirty("公告标题"), "text": dirty("公告内容"), "audience": "everyone", "since": "2024-01-01"}),
        ("keeper", reverse("evaluations:phrase_new"), {"text": dirty("请补充满意度依据")}),
        ("system", reverse("evaluations:unit_add"), {"name": dirty("新的单位"), "code": "888", "kind": "unit", "parent": str(city.bureau.pk)}),
        ("system", reverse("evaluations:account_add"), {"username": "newman", "display_name": dirty("新来的人"), "phone": dirty("13900001111"), "department": str(city.unit.pk), "role": "preparer"}),
        ("keeper", reverse("evaluations:library_new"), {"code": "T-1", "sector": dirty("通用领域"), "level1": "产出指标", "level2": "数量指标", "name": dirty("培训人次"), "direction": ">=", "target": "5", "unit": "人"}),
        ("keeper", reverse("evaluations:library_import"), {"file": SimpleUploadedFile(dirty("指标库.xlsx"), sheet)}),
        ("clerk", reverse("evaluations:projects", args=[pk]), {"act": "add", "name": dirty("新的项目")}),
    ]  # fmt: skip
    cell = {
        "changes": [
            {
                "address": "厉行节约保障措施",
                "was": texts_of(city),
                "value": dirty("厉行节约") + texts_of(city),
            }
        ]
    }
    office["clerk"].post(reverse("evaluations:save", args=[pk, "base"]), cell, "application/json")
    for who, url, data in doors:
        assert office[who].post(url, data).status_code < 500, url
    added = Project.objects.get(name="新的项目")
    remove_project(submission_id=pk, user=city.preparer, project_id=added.pk)
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    url = reverse("evaluations:act", args=[pk, "return"])
    back = {
        "revision": str(city.submission.revision),
        "reason": dirty("请补充依据和说明"),
        "due": str(timezone.localdate() + timedelta(days=5)),
    }
    assert office["reviewer"].post(url, back).status_code == 302
    found = list(texts())
    assert [(where, text) for where, text in found if UNSEEN.search(text)] == []
    told = {text for _, text in found}
    assert told >= {
        "公告标题",
        "公告内容",
        "请补充满意度依据",
        "新的单位",
        "新来的人",
        "13900001111",
        "通用领域",
        "培训人次",
    }
    assert "新的项目" in told and any(text.startswith("厉行节约") for text in told)
    assert any(event.reason.startswith("请补充依据和说明") for event in Event.objects.all())


def texts_of(city: City) -> str:
    return str(
        AnnualData.objects.get(submission=city.submission, project=None).values.get("厉行节约保障措施", "")
    )


def test_a_password_is_taken_as_it_was_typed(city: City) -> None:
    secret = " Geheim\u200b-九月十二 "
    city.preparer.set_password(secret)
    city.preparer.save()
    assert Client().post(reverse("units:login"), {"username": "own", "password": secret}).status_code == 302
    assert (
        Client().post(reverse("units:login"), {"username": "own", "password": secret.strip()}).status_code
        == 200
    )


@pytest.mark.case("G13")
@pytest.mark.dengbao("个人信息保护 b")
@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13912345678", "139****5678"), ("0730-8888888", "073*****8888"), ("666888", "****88"), ("", "")],
)
def test_a_list_shows_enough_of_a_phone_to_know_it(phone: str, shown: str) -> None:
    assert masked(phone) == shown


# ---- 已经脏了的 ------------------------------------------------------------------------------

POISON = "毒\x08\x1b\x7f\u202e\ufffe=HYPERLINK(1)<b>"


def poison(city: City) -> None:
    """不经过任何门，直接写进库里。"""
    Department.objects.filter(pk=city.unit.pk).update(name=POISON)
    User.objects.filter(pk=city.preparer.pk).update(display_name=POISON, phone=POISON[:20])
    data = AnnualData.objects.get(submission=city.submission, project=None)
    # SQLite 的 JSON 里还藏得下半个字符
    half = "\ud800" if connection.vendor == "sqlite" else ""
    fields = city.task.pack.compiled().schema.root.fields
    spoilt = {
        key: POISON + half
        for key in data.values
        if key in fields and fields[key].kind in ("text", "long_text")
    }
    values = data.values | spoilt
    AnnualData.objects.filter(pk=data.pk).update(values=values)
    Indicator.objects.filter(annual_data=data).update(name=POISON, reason=POISON)


@pytest.mark.case("I5", "I6")
def test_one_dirty_unit_spoils_nobody_elses_page_or_file(city: City, office: dict[str, Client]) -> None:
    city.import_into("2024-correct-package")
    poison(city)
    pk = city.submission.pk
    pages = [
        ("clerk", "workbench", [pk]), ("clerk", "form", [pk, "department"]), ("clerk", "form", [pk, "base"]), ("clerk", "preview", [pk, "department"]),
        ("clerk", "checklist", [pk]), ("clerk", "checklist_file", [pk, "xlsx"]), ("clerk", "package", [pk, "xlsx"]), ("clerk", "pdf", [pk, "department"]),
        ("clerk", "history", [pk]), ("reviewer", "queue", []), ("keeper", "rounds", []), ("keeper", "round", [city.task.pk]),
        ("keeper", "prefill_template", [city.task.pk]), ("system", "units", []), ("system", "accounts", []), ("system", "unit_template", []),
    ]  # fmt: skip
    for who, name, args in pages:
        answer = office[who].get(reverse(f"evaluations:{name}", args=args), follow=True)
        assert answer.status_code == 200, name
        kind = answer["Content-Type"]
        if "sheet" in kind:
            assert_no_formula(answer.content)
        elif kind == "application/pdf":
            assert printable("毒=HYPERLINK(1)<b>") in "".join(page_texts(answer.content))
        else:
            assert "=HYPERLINK(1)<b>" not in answer.content.decode(), name


def assert_no_formula(data: bytes) -> None:
    """单位的字没有成为公式；工作簿读得出。"""
    assert read_sheets(data, "出件.xlsx")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            assert not re.search(rb"<f>[^<]*HYPERLINK", book.read(name)), name
