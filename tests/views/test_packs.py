"""The pages of packs: what is typed is saved or comes back with a reason; the draft is seen as units will see it."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.core.workflow import Role
from evaluations.models import LibraryIndicator, Pack
from evaluations.pack_tables import templates_of
from evaluations.selectors import read
from evaluations.services.pack_drafts import copy_pack, publish_pack
from evaluations.services.packs import issue
from evaluations.services.projects import add_project
from tests.conftest import City

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(people, city: City):
    return people("admin", "吴静", city.bureau, Role.PACK_ADMIN)


@pytest.fixture
def client(admin) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def draft(city: City, admin) -> Pack:
    return copy_pack(pack_id=city.pack.pk, user=admin, key=city.pack.key, name=city.pack.name, year=2024)


def url(name: str, draft: Pack, **more) -> str:
    return reverse(f"evaluations:{name}", kwargs={"pack_id": draft.pk, **more})


def rows(draft: Pack, which: int = 0) -> list[list[str]]:
    draft.refresh_from_db()
    return templates_of(draft.files)[which].rows.rows


def test_an_indicator_is_prescribed_edited_moved_and_removed(client: Client, draft: Pack):
    page = url("pack_indicators", draft) + "?list=部门指标模板"
    for _ in range(2):
        sent = client.post(page, {"act": "add", "一级指标": "产出指标", "二级指标": "数量指标"})
    assert sent.status_code == 302 and [row[0] for row in rows(draft)] == ["T1", "T2"]
    form = {
        "组": "产出指标|数量指标", "三级指标": "办件量", "性质": ">=", "年度指标值": "36", "计量单位": "件", "分值": "20",
        "类型": "", "锁定": "on", "填报说明": "年末系统数", "was": json.dumps(rows(draft)[0]),
    }  # fmt: skip
    assert client.post(f"{page}&row=T1", form).status_code == 302
    assert rows(draft)[0] == [
        "T1",
        "产出指标",
        "数量指标",
        "办件量",
        ">=",
        "36",
        "件",
        "20",
        "",
        "是",
        "年末系统数",
    ]
    shown = client.get(f"{page}&row=T1").content.decode()
    assert "办件量" in shown and "已规定 20" in shown and shown.count("办件量") >= 3
    client.post(f"{page}&row=T1", {"act": "down", "was": json.dumps(rows(draft)[0])})
    assert [row[0] for row in rows(draft)] == ["T2", "T1"]
    client.post(f"{page}&row=T2", {"act": "remove", "was": json.dumps(rows(draft)[0])})
    assert [row[0] for row in rows(draft)] == ["T1"]


def test_a_stale_indicator_comes_back_with_what_was_typed(client: Client, draft: Pack):
    page = url("pack_indicators", draft) + "?list=部门指标模板"
    client.post(page, {"act": "add", "一级指标": "产出指标", "二级指标": "数量指标"})
    form = {"组": "产出指标|数量指标", "三级指标": "我写的名称", "was": json.dumps(["T1", "别的"])}
    answer = client.post(f"{page}&row=T1", form)
    assert answer.status_code == 409
    assert "我写的名称" in answer.content.decode() and "别人刚改过这里" in answer.content.decode()


def test_a_weight_that_breaks_the_total_is_kept_told_and_stops_publishing(client: Client, draft: Pack):
    page = url("pack_indicators", draft) + "?list=部门指标模板"
    client.post(page, {"act": "weight", "name": "产出指标", "value": "55", "was": '"50"'})
    text = client.get(page).content.decode()
    assert "应为 100，现为 105" in text and "合计 <b>95</b>" in text
    draft.refresh_from_db()
    answer = client.post(url("pack_publish", draft), {"seen": draft.checksum}, follow=True)
    assert "应为 100，现为 105" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == Pack.State.DRAFT


def test_an_indicator_is_taken_from_the_library(client: Client, draft: Pack):
    LibraryIndicator.objects.create(
        code="ZW-1",
        sector="政务服务",
        level1="产出指标",
        level2="质量指标",
        name="网办率",
        direction=">=",
        target="98",
        unit="%",
        help="口径",
    )
    client.post(url("pack_indicators", draft) + "?list=项目指标模板", {"act": "add", "library": "ZW-1"})
    assert rows(draft, 1) == [["T1", "产出指标", "质量指标", "网办率", ">=", "98", "%", "", "", "", "口径"]]


def test_published_rows_stand_in_new_packages_and_projects_and_locked_cells_stay(
    client: Client, city: City, draft: Pack, admin
):
    for name, group in (("部门指标模板", "产出指标|数量指标"), ("项目指标模板", "效益指标|社会效益指标")):
        page = url("pack_indicators", draft) + f"?list={name}"
        first, second = group.split("|")
        client.post(page, {"act": "add", "一级指标": first, "二级指标": second})
        was = json.dumps(rows(draft, 0 if name.startswith("部门") else 1)[0])
        client.post(
            f"{page}&row=T1",
            {"组": group, "三级指标": f"规定的{second}", "分值": "20", "锁定": "on", "was": was},
        )
    draft.refresh_from_db()
    publish_pack(pack_id=draft.pk, user=admin, seen=draft.checksum)
    task = city.task
    task.pk, task.pack, task.name = None, draft, "新一版的任务"
    task.save(force_insert=True)
    (submission,) = issue(task=task, departments=[city.unit])
    project = add_project(submission_id=submission.pk, user=city.preparer, name="热线平台")
    reading = read(submission)
    (row,) = reading.facts.root.lists["指标"]
    (in_project,) = reading.facts.children["项目"][0].lists["指标"]
    assert (row.value("三级指标"), in_project.value("三级指标")) == ("规定的数量指标", "规定的社会效益指标")
    clerk = Client()
    clerk.force_login(city.preparer)
    place = {"submission_id": submission.pk, "form": "department"}
    change = {"changes": [{"address": row.address("分值"), "was": "20", "value": "25"}]}
    answer = clerk.post(reverse("evaluations:save", kwargs=place), change, "application/json").json()
    assert "由财政局的指标模板规定" in json.dumps(answer, ensure_ascii=False)
    gone = clerk.post(
        reverse("evaluations:rows", kwargs=place),
        {"act": "remove", "row": row.address("")},
        "application/json",
    )
    assert gone.status_code == 409 and "不能删除" in gone.json()["error"]
    page = clerk.get(
        reverse("evaluations:project_form", kwargs={**place, "project": project, "form": "project"})
    ).content.decode()
    assert "规定的社会效益指标" in page


def test_a_check_is_edited_tried_added_and_removed(client: Client, draft: Pack):
    page = url("pack_check", draft, number=3)
    count = len(draft.compiled().checks)
    form = {
        "code": "B01", "title": "控制率不超过 100%", "level": "error", "scopes": ["-"], "expr": "人员.控制率 ≤ 1",
        "cells": "人员.控制率\n人员.编制数", "message": "控制率 {人员.控制率}，超编。", "expected": "≤ 100%", "actual": "{人员.控制率}",
    }  # fmt: skip
    raw = json.loads(client.get(page).context["was"] and json.dumps(client.get(page).context["was"]))
    assert client.post(page, {**form, "was": json.dumps(raw)}).status_code == 302
    draft.refresh_from_db()
    built, faults = draft.examined()
    assert faults == []
    check = next(one for one in built.checks if one.title == "控制率不超过 100%")
    assert check.level == "error"
    tried = client.post(
        url("pack_check_try", draft), {**form, "value:人员.实际在职人数": "12", "value:人员.编制数": "10"}
    )
    assert "不成立，会报出来" in tried.content.decode() and "控制率 120%" in tried.content.decode()
    assert client.post(url("pack_checks", draft)).status_code == 302
    assert client.get(url("pack_checks", draft)).context["total"] == count + 1
    last = url("pack_check", draft, number=58)
    was = json.dumps(client.get(last).context["was"])
    assert client.post(last, {"act": "remove", "was": was}).status_code == 302
    assert client.get(url("pack_checks", draft)).context["total"] == count


def test_helps_parameters_outline_and_head_are_edited_in_place(client: Client, draft: Pack):
    field = url("pack_fields", draft) + "?q=填表人"
    at = client.get(field).context["rows"][0][1]
    page = f"{field}&field={at}"
    was = json.dumps(client.get(page).context["was"])
    assert client.post(page, {"help": "经办人姓名", "was": was}).status_code == 302
    scoring = url("pack_scoring", draft)
    got = client.get(scoring)
    form = {
        **got.context["form"].initial,
        "negative": "linear",
        "rescale": "",
        "was": json.dumps(got.context["was"]),
    }
    assert client.post(scoring, form).status_code == 302
    assert client.post(scoring, {**form, "bands": "达成"}).status_code == 409
    outline = url("pack_forms", draft) + "?file=forms/7_report.toml"
    got = client.get(outline)
    assert got.status_code == 200, "the report"
    sent = {
        f"{n}-{name}": one.initial.get(name, "")
        for n, one in got.context["outline"]
        for name in ("h1", "h2", "guide")
    }
    key = next(name for name in sent if name.endswith("guide") and sent[name])
    assert (
        client.post(
            outline, {**sent, key: "写清职责和编制。", "was": json.dumps(got.context["was"])}
        ).status_code
        == 302
    )
    head = url("pack", draft)
    got = client.get(head)
    form = {
        "name": "岳阳市 2024（二）",
        "place": "岳阳市",
        "basis": "财预〔2020〕10号",
        "steps": ["单位审核", "主管部门审核", "财政审核"],
        "was": json.dumps(got.context["was"]),
    }
    assert client.post(head, form).status_code == 302
    draft.refresh_from_db()
    built, faults = draft.examined()
    assert (faults, draft.name, built.steps) == (
        [],
        "岳阳市 2024（二）",
        ("单位审核", "主管部门审核", "财政审核"),
    )
    assert built.schema.root.fields["填表人"].help == "经办人姓名"
    assert "写清职责和编制。" in draft.files["forms/7_report.toml"]
    found = client.get(url("pack_compare", draft)).content.decode()
    assert all(words in found for words in ("经办人姓名", "线性扣减", "写清职责和编制。", "主管部门审核"))


def test_a_published_pack_is_shown_and_refuses_every_edit(client: Client, city: City):
    before = dict(city.pack.files)
    for name, more in (
        ("pack_indicators", {}),
        ("pack_fields", {}),
        ("pack_scoring", {}),
        ("pack_check", {"number": 1}),
        ("pack", {}),
    ):
        assert client.get(url(name, city.pack, **more)).status_code == 200
    client.post(
        url("pack_indicators", city.pack) + "?list=部门指标模板",
        {"act": "add", "一级指标": "产出指标", "二级指标": "数量指标"},
    )
    client.post(
        url("pack_indicators", city.pack) + "?list=部门指标模板",
        {"act": "weight", "name": "产出指标", "value": "55", "was": '"50"'},
    )
    client.post(
        url("pack_source", city.pack) + "?file=pack.toml", {"text": "x = 1", "seen": city.pack.checksum}
    )
    city.pack.refresh_from_db()
    assert city.pack.files == before


def test_a_damaged_draft_still_opens_on_every_page(client: Client, draft: Pack):
    for file, text in (
        ("forms/2_department.toml", "band = 1"),
        ("indicators.toml", "[["),
        ("fields.toml", "fields = 3"),
        ("checks.toml", "checks = [1]"),
    ):
        files = {**draft.files, file: text}
        Pack.objects.filter(pk=draft.pk).update(files=files, checksum=f"{file}-damaged")
        for name in (
            "pack",
            "pack_indicators",
            "pack_fields",
            "pack_scoring",
            "pack_checks",
            "pack_forms",
            "pack_source",
            "pack_compare",
            "pack_trial",
        ):
            answer = client.get(url(name, draft))
            assert answer.status_code == 200, (file, name)


def test_a_draft_is_tried_on_the_packages_before_it_is_published(client: Client, city: City, draft: Pack):
    city.import_into("2024-correct-package")
    page = url("pack_check", draft, number=3)
    was = client.get(page).context["was"]
    values = {
        **was,
        "scopes": ["-"],
        "cells": "\n".join(was["cells"]),
        "expr": "人员.控制率 <= 0.01",
        "was": json.dumps(was),
    }
    assert client.post(page, values).status_code == 302
    got = client.get(url("pack_trial", draft))
    assert [(code, more, less) for code, more, less in got.context["trial"].rules] == [("B01", 1, 0)]
    assert [one.submission for one in got.context["trial"].changed] == [city.submission]
    text = got.content.decode()
    assert "云湖市政务服务中心" in text and "云湖市档案馆" not in text
    city.submission.refresh_from_db()
    assert city.submission.pack == city.pack
