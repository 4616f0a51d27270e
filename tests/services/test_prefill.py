"""Figures for many units from one file: all or nothing, and never over what a unit has typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evaluations.core.tabular import UNCOMPUTED
from evaluations.core.workflow import Role
from evaluations.exports.sheet_worker import read as read_file
from evaluations.models import Edit, Event, Project, SourceBatch, SourceValue, Submission
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.prefill import apply_prefill
from evaluations.services.prefill_plan import Plan, plan_prefill, source_for
from evaluations.services.problems import Refused
from evaluations.services.projects import add_project, remove_project
from evaluations.sources import batches_of
from tests.conftest import City
from tests.workbooks import workbook

pytestmark = pytest.mark.django_db
Sheet = Sequence[Sequence[Any]]
HEAD = ["预算编码", "单位名称", "年度资金总额·全年预算数", "资金.全年执行数", "人员.编制数"]
OWN, OTHER = "云湖市政务服务中心", "云湖市档案馆"
PROJECTS = ["预算编码", "项目编码", "项目名称", "主管部门", "资金.全年预算数"]
GOOD = [HEAD, ["101", OWN, 94.8, 89.8, 2], [102, OTHER, 30, "", 5]]


@pytest.fixture
def keeper(city: City, people: Callable[..., Any]) -> Any:
    return people("keeper", "吴静", city.bureau, Role.PACK_ADMIN)


def file(package: Sheet = (), projects: Sheet = (), **more: Sheet) -> bytes:
    given = {"部门": package, "项目": projects, **more}
    return workbook({name: rows for name, rows in given.items() if rows})


def sheets_of(data: bytes, name: str = "2024决算.xlsx") -> dict[str, Any]:
    """The same reading as for an upload, without its process of its own."""
    return read_file(data, name, UNCOMPUTED)


def plan(city: City, by: Any, sheets: dict[str, Any], unit: str = "万元") -> Plan:
    return plan_prefill(task=city.task, source=source_for(city.task, sheets, unit), by=by)


def bring(city: City, by: Any, sheets: dict[str, Any], unit: str = "万元", **more: Any) -> dict[str, int]:
    return apply_prefill(round_id=city.task.pk, by=by, sheets=sheets, name="2024决算.xlsx", unit=unit, **more)


def value(submission: Submission, address: str) -> str:
    facts = read(Submission.objects.get(pk=submission.pk)).facts
    node, key = facts.locate(address)
    return node.fields[key].to_text(node.value(key))


def type_in(city: City, address: str, text: str) -> None:
    was = value(city.submission, address)
    change = Change(address, text, was=was)
    saved = save_cells(submission_id=city.submission.pk, user=city.preparer, changes=[change])
    assert saved.written


def traces() -> tuple[int, int, int, int]:
    """What a run leaves behind."""
    models = (Edit.objects.filter(through="source"), SourceBatch.objects, SourceValue.objects)
    return (*(model.count() for model in models), Event.objects.filter(action="prefill").count())


# ---- files that are refused: where, and nothing at all is written ----

BAD: dict[str, tuple[bytes, list[tuple[str, int, str, str]]]] = {
    "a unit outside the round": (file([*GOOD, ["001", "", 1, 1, 1]]), [("部门", 4, "预算编码", "不在这次任务里")]),
    "a code that nobody has": (file([*GOOD, ["999", "", 1, 1, 1]]), [("部门", 4, "预算编码", "没有编码是 999")]),
    "the code of another unit": (file([HEAD, ["101", OTHER, 1, 1, 1]]), [("部门", 2, "单位名称", OWN)]),
    "no code": (file([*GOOD, ["", OWN, 1, 1, 1]]), [("部门", 4, "预算编码", "没有填")]),
    "a unit twice": (file([*GOOD, ["101", OWN, 1, 1, 1]]), [("部门", 4, "预算编码", "与第 2 行重复")]),
    "an unknown column": (file([[*HEAD, "备注"], ["101", OWN, 1, 1, 1, "x"]]), [("部门", 1, "备注", "没有这一格")]),
    "a computed column": (
        file([[*HEAD, "年度资金总额·执行率"], ["101", OWN, 1, 1, 1, 1]]),
        [("部门", 1, "年度资金总额·执行率", "由系统计算")],
    ),
    "a column of a list": (file([[*HEAD, "指标.分值"], ["101", OWN, 1, 1, 1, 1]]), [("部门", 1, "指标.分值", "列表")]),
    "one cell under two names": (
        file([[*HEAD, "资金.全年预算数"], ["101", OWN, 1, 1, 1, 2]]),
        [("部门", 2, "年度资金总额·全年预算数", "给了两个值")],
    ),
    "an unreadable amount and a formula without a value": (
        file([HEAD, ["101", OWN, "94.8万", ("=1/0", "#DIV/0!"), 2.5]]),
        [("部门", 2, "资金.全年执行数", "公式出错"), ("部门", 2, "人员.编制数", "整数"), ("部门", 2, HEAD[2], "带有单位")],
    ),
    "more decimals than a cent": (file([HEAD, ["101", OWN, 94.80000001, 1, 1]]), [("部门", 2, HEAD[2], "8 位小数")]),
    "no heading row": (file([["随便", "写的"], ["101", 1]]), [("部门", 0, "", "找不到表头")]),
    "no sheet of the name": (file(说明=[["x"]], 数据=[["y"]]), [("说明、数据", 0, "", "没有叫“部门”")]),
    "a project twice": (
        file([], [PROJECTS, ["101", "P1", "甲", "", 1], ["101", "P1", "乙", "", 2]]),
        [("项目", 3, "项目编码", "与第 2 行重复")],
    ),
    "a namesake with and without a code": (
        file([], [PROJECTS, ["101", "P1", "甲", "", 1], ["101", "", "甲", "", 2]]),
        [("项目", 3, "项目名称", "与第 2 行是同一个项目")],
    ),
    "a new project without a name": (
        file([], [PROJECTS, ["101", "P1", "", "", 1]]), [("项目", 2, "项目编码", "新项目要填项目名称")],
    ),
    "a project without code and name": (
        file([], [PROJECTS, ["101", "", "", "", 1]]), [("项目", 2, "项目名称", "都没有填")],
    ),
    "a code that cannot be one": (
        file([], [PROJECTS, ["101", "P" * 61, "甲", "", 1]]), [("项目", 2, "项目编码", "超过 60 个字")],
    ),
    "a good sheet and a bad one": (
        file(GOOD, [PROJECTS, ["101", "P1", "甲", "", "许多"]]), [("项目", 2, "资金.全年预算数", "不是金额")],
    ),
}  # fmt: skip


def test_one_wrong_place_and_nothing_of_the_file_is_taken(city: City, keeper: Any) -> None:
    wrong, before = [], traces()
    for case, (data, expected) in BAD.items():
        sheets = sheets_of(data)
        found = plan(city, keeper, sheets).faults
        places = [(one.sheet, one.row, one.column) for one in found]
        if places != [one[:3] for one in expected]:
            wrong.append(f"{case}: {places}")
        wrong += [
            f"{case}: {f}" for f, (*_, words) in zip(found, expected, strict=False) if words not in f.problem
        ]
        with pytest.raises(Refused, match="一格都没有带入"):
            bring(city, keeper, sheets)
    assert not wrong, "\n".join(wrong)
    assert len(BAD) >= 12
    assert traces() == before
    assert not Project.objects.exists()


# ---- files that are taken ----

TAKEN: dict[str, tuple[bytes, str, str]] = {
    "a workbook in 万元": (file(GOOD), "2024.xlsx", "万元"),
    "a workbook in 元, chosen": (file([HEAD, ["101", OWN, 948_000, 898_000, 2], ["102", OTHER, "300,000", None, 5]]), "2024.xlsx", "元"),
    "a title above, columns in another order": (
        file([["2024年决算"], ["单位：元"], HEAD[::-1], [2, "898000.00", 948_000, OWN, 101], [5, None, 300_000, OTHER, 102]]), "2024.xlsx", "",
    ),
    "a csv from an old program": (
        ("预算编码,单位名称,年度资金总额·全年预算数,资金.全年执行数,人员.编制数\r\n"
         f"101,{OWN},94.8,89.8,2\r\n102,{OTHER},30,,5\r\n").encode("gb18030"), "2024.csv", "",
    ),
    "a csv with a byte order mark": (
        ("\ufeff单位：万元\n预算编码,单位名称,年度资金总额·全年预算数,资金.全年执行数,人员.编制数\n"
         f"101,{OWN},９４.８,￥89.80,2\n102,{OTHER},30,,5\n").encode(), "2024.csv", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_the_same_figures_arrive_from_every_kind_of_file(city: City, keeper: Any, case: str) -> None:
    data, name, unit = TAKEN[case]
    sheets = sheets_of(data, name)
    seen = plan(city, keeper, sheets, unit)
    assert (seen.faults, seen.fresh) == ([], 5)
    counts = bring(city, keeper, sheets, seen.source.unit)
    assert (counts["units"], counts["written"]) == (2, 5)
    assert value(city.submission, "资金.全年预算数") == "94.8"
    assert value(city.submission, "资金.全年执行数") == "89.8"
    assert value(city.other_submission, "资金.全年预算数") == "30"
    assert value(city.other_submission, "资金.全年执行数") == "", "空着的格不动"
    assert {(edit.through, edit.user) for edit in Edit.objects.filter(address="资金.全年预算数")} == {
        ("source", keeper)
    }


def test_projects_are_found_by_code_then_by_name_and_the_rest_are_added(city: City, keeper: Any) -> None:
    kept = {"submission_id": city.submission.pk, "user": city.preparer}
    by_name = add_project(**kept, name="政务大厅运行")
    rows = [
        PROJECTS,
        ["101", "P1", "政务 大厅运行", "", 13.5],
        ["101", "P2", "热线外包", "云湖市行政审批服务局", 20],
    ]
    counts = bring(city, keeper, sheets_of(file([], rows)))
    assert counts["projects"] == 1
    assert Project.objects.get(pk=by_name).code == "P1"
    made = Project.objects.get(code="P2")
    assert made.name == "热线外包"
    assert value(city.submission, f"项目[p{made.pk.hex}]/项目.主管部门") == "云湖市行政审批服务局"
    assert value(city.submission, f"项目[p{made.pk.hex}]/项目.实施单位") == OWN

    type_in(city, f"项目[p{made.pk.hex}]/项目.名称", "改了名的热线")
    again = plan(city, keeper, sheets_of(file([], rows)))
    assert [one.address for one in again.kept] == [f"项目[p{made.pk.hex}]/项目.名称"], "改了名，按编码还认得"
    assert not [one.added for one in again.units if one.added]


def test_the_second_file_shows_three_lists_and_overwrites_no_hand_edit(city: City, keeper: Any) -> None:
    bring(city, keeper, sheets_of(file(GOOD)))
    type_in(city, "人员.编制数", "3")
    type_in(city, "资金.全年执行数", "90")
    second = sheets_of(file([HEAD, ["101", OWN, 95, 91, 2], [102, OTHER, 30, "", 5]]))
    seen = plan(city, keeper, second)
    assert [(one.address, one.base, one.source, one.mine) for one in seen.changed] == [
        ("资金.全年预算数", "94.8", "95", "94.8")
    ]
    assert [(one.address, one.mine) for one in seen.kept] == [("人员.编制数", "3")]
    assert [(one.address, one.source, one.mine) for one in seen.both] == [("资金.全年执行数", "91", "90")]
    bring(city, keeper, second)
    kept = {key: value(city.submission, key) for key in ("资金.全年预算数", "人员.编制数", "资金.全年执行数")}
    assert kept == {"资金.全年预算数": "95", "人员.编制数": "3", "资金.全年执行数": "90"}

    third = plan(city, keeper, second)
    assert not third.both, "问过一次、留了单位的，来源没有再变就不再问"
    assert len(third.kept) == 2


def test_a_ticked_conflict_takes_the_source_unless_the_unit_has_changed_it_since(
    city: City, keeper: Any
) -> None:
    type_in(city, "资金.全年执行数", "90")
    type_in(city, "人员.编制数", "3")
    sheets = sheets_of(file(GOOD))
    seen = plan(city, keeper, sheets)
    ticks = [one.token for one in seen.both]
    assert len(ticks) == 2
    type_in(city, "人员.编制数", "4")
    counts = bring(city, keeper, sheets, take=ticks)
    assert (counts["taken"], counts["left"]) == (1, 1)
    assert value(city.submission, "资金.全年执行数") == "89.8"
    assert value(city.submission, "人员.编制数") == "4"


def test_a_project_that_the_unit_removed_stays_removed_until_it_is_ticked(city: City, keeper: Any) -> None:
    bring(city, keeper, sheets_of(file([], [PROJECTS, ["101", "P1", "甲", "", 1]])))
    made = Project.objects.get(code="P1")
    remove_project(submission_id=city.submission.pk, user=city.preparer, project_id=made.pk)
    same = sheets_of(file([], [PROJECTS, ["101", "P1", "甲", "", 1]]))
    assert [one.label for one in plan(city, keeper, same).kept] == ["项目“甲”"]
    bring(city, keeper, same)
    assert not read(city.submission).facts.children["项目"]
    changed = sheets_of(file([], [PROJECTS, ["101", "P1", "甲", "", 2]]))
    (asked,) = plan(city, keeper, changed).both
    bring(city, keeper, changed, take=[asked.token])
    assert value(city.submission, f"项目[p{made.pk.hex}]/资金.全年预算数") == "2"


def test_submitted_packages_are_listed_and_not_touched(city: City, keeper: Any) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    before = city.submission.revision
    seen = plan(city, keeper, sheets_of(file(GOOD)))
    assert [one.pk for one in seen.untouched] == [city.submission.pk]
    bring(city, keeper, sheets_of(file(GOOD)))
    city.submission.refresh_from_db()
    assert city.submission.revision == before
    assert not city.submission.source_values.exists()
    only = [HEAD, ["101", OWN, 1, 1, 1]]
    with pytest.raises(Refused, match="没有可以带入的"):
        bring(city, keeper, sheets_of(file(only)))


def test_a_closed_round_is_refused(city: City, keeper: Any) -> None:
    city.task.opened_at = city.task.closed_at = city.task.deadline
    city.task.save()
    with pytest.raises(Refused, match="已经结束"):
        bring(city, keeper, sheets_of(file(GOOD)))


@pytest.mark.case("U7")
def test_an_amount_in_the_other_unit_is_warned_about_and_still_possible(city: City, keeper: Any) -> None:
    bring(city, keeper, sheets_of(file(GOOD)))
    seen = plan(city, keeper, sheets_of(file([HEAD, ["101", OWN, 948_000, 89.9, 2]])))
    assert [(one.row, one.column) for one in seen.doubts] == [(2, HEAD[2])]
    assert not seen.faults


def test_each_run_is_remembered_with_what_it_did(city: City, keeper: Any) -> None:
    bring(city, keeper, sheets_of(file(GOOD)))
    (one,) = batches_of(city.task)
    assert (one.batch.name, one.batch.by, one.counts["units"], one.counts["written"]) == (
        "2024决算.xlsx",
        keeper,
        2,
        5,
    )
    event = Event.objects.get(action="prefill")
    assert (event.user, event.reason, event.details["unit"]) == (keeper, "2024决算.xlsx", "万元")


# ---- pages ----


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(city: City, client: Client, data: bytes) -> Any:
    sent = {"file": SimpleUploadedFile("2024决算.xlsx", data), "unit": ""}
    return client.post(reverse("evaluations:prefill_check", args=[city.task.pk]), sent)


def test_the_page_shows_first_then_takes_and_the_cells_say_where_they_came_from(
    city: City, keeper: Any
) -> None:
    client, apply = signed_in(keeper), reverse("evaluations:prefill_apply", args=[city.task.pk])
    page = upload(city, client, file(GOOD))
    assert page.status_code == 200
    assert traces() == (0, 0, 0, 0)
    sent = {"carried": page.context["carried"], "unit": "万元"}
    for wrong in ({"carried": sent["carried"][:-3]}, {"unit": "美元"}):
        assert client.post(apply, {**sent, **wrong}).status_code == 409
    assert client.post(apply, sent).status_code == 302
    type_in(city, "资金.全年执行数", "90")
    with CaptureQueriesContext(connection) as asked:
        url = reverse("evaluations:form", args=[city.submission.pk, "department"])
        entry = signed_in(city.preparer).get(url)
    assert sum("evaluations_sourcevalue" in one["sql"] for one in asked.captured_queries) == 1
    sources = entry.context["sources"]
    assert sources["资金.全年预算数"]["shown"] == "94.8"
    assert sources["资金.全年执行数"]["shown"] == "89.8"
    assert sources["资金.全年预算数"]["from"].startswith("2024决算.xlsx，")
    assert "资金.年初预算数" not in sources


def test_a_bad_file_is_answered_with_every_place_and_an_unreadable_one_with_a_sentence(
    city: City, keeper: Any
) -> None:
    client = signed_in(keeper)
    page = upload(city, client, BAD["a computed column"][0])
    assert page.status_code == 409
    assert "由系统计算" in page.content.decode()
    page = upload(city, client, b"%PDF-1.7")
    assert page.status_code == 409
    assert "这是 PDF" in page.content.decode()


def test_the_template_lists_the_units_and_comes_back_as_nothing_to_take(city: City, keeper: Any) -> None:
    client = signed_in(keeper)
    book = client.get(reverse("evaluations:prefill_template", args=[city.task.pk])).content
    found = sheets_of(book)
    assert [row[:2] for row in found["部门"][-2:]] == [["101", OWN], ["102", OTHER]]
    seen = plan(city, keeper, found, "")
    assert not seen.faults
    assert not seen.writes
    assert seen.source.unit == "万元"


def test_a_round_that_is_not_there_is_not_found(city: City, keeper: Any) -> None:
    assert signed_in(keeper).get(reverse("evaluations:prefill", args=[uuid4()])).status_code == 404
