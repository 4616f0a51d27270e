"""从工作簿导入单位和人员：许多种文件各有各的答案；有一处不对就一个也不存。"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from evaluations.models import Event
from tests.workbooks import ENCRYPTED, OLE, PAGE, repacked, workbook
from units.models import Appointment, Department, User
from units.services import appoint, create_user

pytestmark = pytest.mark.django_db
UNIT_HEAD = ("预算编码", "单位名称", "类别", "上级编码")
PERSON_HEAD = ("账号", "姓名", "单位编码", "岗位", "联系电话")
URL = "/manage/units/import/"


@pytest.fixture
def bureau(db: None) -> Department:
    made = Department.objects.create(code="001", name="云湖市财政局", kind="bureau")
    branch = Department.objects.create(code="101", name="审批局", kind="department", parent=made)
    Department.objects.create(code="101001", name="政务中心", kind="unit", parent=branch)
    Department.objects.create(code="0099", name="档案馆", kind="unit", parent=branch)
    Department.objects.create(code="800", name="老单位", kind="unit", parent=made, is_active=False)
    return made


def person(username: str, name: str, department: Department, role: Role) -> User:
    user = create_user(username=username, display_name=name, password="correct horse battery")
    appoint(user=user, department=department, role=role, since=timezone.localdate())
    return user


@pytest.fixture
def admin(bureau: Department) -> User:
    person("zhang", "张三", bureau, Role.BUREAU_REVIEWER)
    person("anquan", "冯雪", bureau, Role.SECURITY_ADMIN)
    create_user(username="gone", display_name="离职的", password=None)
    User.objects.filter(username="gone").update(is_active=False)
    return person("admin", "吴静", bureau, Role.PACK_ADMIN)


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def book(units: Sequence[Sequence[Any]] = (), people: Sequence[Sequence[Any]] = (), **more: Any) -> bytes:
    return workbook({"单位": [UNIT_HEAD, *units], "人员": [PERSON_HEAD, *people], **more})


def send(page: Client, data: bytes, name: str = "单位.xlsx") -> Any:
    return page.post(URL, {"file": SimpleUploadedFile(name, data)})


def everything() -> list[Any]:
    kinds = (Department, User, Appointment, Event)
    rows = [list(kind.objects.order_by("pk").values()) for kind in kinds]
    for user in rows[1]:
        del user["last_login"]
    return rows


GOOD_UNIT = ("102", "农业局", "主管部门", "001")
GOOD_PERSON = ("lisi", "李四", "102", "填报人", "0730-1")
EVERY_FILE = None if connection.vendor == "sqlite" else 5
"""哪里不对是读出来以后算的，与数据库无关：在一种数据库上问遍就够了。"""
MACRO = {"xl/vbaProject.bin": b"x"}

# 什么文件 → 看到的话；第三项是列出来的处数。
WRONG: dict[str, tuple[Callable[[], bytes], str, int]] = {
    "a code twice": (lambda: book([GOOD_UNIT, ("102", "乙", "预算单位", "")]), "“单位”第3行“预算编码”：与第 2 行重复", 1),
    "an unknown parent": (lambda: book([("501", "甲", "预算单位", "777")]), "“单位”第2行“上级编码”：没有编码为 777 的单位", 1),
    "its own parent": (lambda: book([("501", "甲", "预算单位", "501")]), "上级不能是自己", 1),
    "a circle within the file": (
        lambda: book([("501", "甲", "预算单位", "502"), ("502", "乙", "预算单位", "501")]), "绕成了一圈：501 → 502 → 501", 2),
    "a circle through units that are there": (
        lambda: book([("101", "审批局", "主管部门", "101001")]), "绕成了一圈：101 → 101001 → 101", 1),
    "a long name": (lambda: book([("501", "甲" * 201, "预算单位", "")]), "有 201 个字，最多 200", 1),
    "no name and no code": (lambda: book([("", "", "预算单位", "")]), "“单位”第2行“单位名称”：没有填", 2),
    "an unknown kind": (lambda: book([("501", "甲", "事业单位", "")]), "“事业单位”不认识。只能是财政部门、主管部门、预算单位", 1),
    "zeros that Excel took away": (lambda: book([(99, "档案馆", "预算单位", "101")]), "“99”和“0099”只差前面的 0", 1),
    "zeros lost in a parent": (lambda: book([("501", "甲", "预算单位", 99)]), "“上级编码”：“99”和“0099”只差前面的 0", 1),
    "zeros lost at a person": (lambda: book([], [("lisi", "李四", 99, "填报人", "")]), "有“0099”，只差前面的 0", 1),
    "a unit that is closed": (lambda: book([("800", "老单位", "预算单位", "")]), "老单位 已停用", 1),
    "a parent that is closed": (lambda: book([("501", "甲", "预算单位", "800")]), "老单位 已停用，下面不能放单位", 1),
    "a parent for the bureau": (lambda: book([("001", "云湖市财政局", "财政部门", "101")]), "是单位树的根，没有上级", 1),
    "a broken formula": (lambda: book([("501", ("=A9", "#REF!"), "预算单位", "")]), "“单位名称”：公式出错（#REF!）", 1),
    "a code with other signs": (lambda: book([("1;2", "甲", "预算单位", "")]), "编码只能是", 1),
    "an unknown role": (lambda: book([], [("lisi", "李四", "101", "会计", "")]), "“人员”第2行“岗位”：“会计”不认识", 1),
    "a role he may not give": (lambda: book([], [("lisi", "李四", "001", "审计管理员", "")]), "您不能任命审计管理员", 1),
    "a role at the wrong kind of unit": (
        lambda: book([], [("lisi", "李四", "101001", "财政审核人", "")]), "财政审核人设在财政部门，这个单位是预算单位", 1),
    "an unknown unit": (lambda: book([], [("lisi", "李四", "555", "填报人", "")]), "没有编码为 555 的单位", 1),
    "one account with two names": (
        lambda: book([], [("lisi", "李四", "101", "填报人", ""), ("LISI", "李五", "101001", "填报人", "")]),
        "与第 2 行同一个账号，那里的姓名是“李四”", 1),
    "an account of somebody else": (lambda: book([], [("zhang", "李四", "101", "填报人", "")]), "姓名是“张三”", 1),
    "a disabled account": (lambda: book([], [("gone", "离职的", "101", "填报人", "")]), "账号 gone 已停用", 1),
    "the same post twice": (lambda: book([GOOD_UNIT], [GOOD_PERSON, GOOD_PERSON]), "与第 2 行重复", 1),
    "two telephones": (
        lambda: book([GOOD_UNIT], [GOOD_PERSON, ("lisi", "李四", "101", "填报人", "2")]), "（0730-1）不同", 1),
    "a post for himself": (lambda: book([], [("admin", "吴静", "001", "财政审核人", "")]), "不能给自己任命", 1),
    "a post for one of the three": (lambda: book([], [("anquan", "冯雪", "101", "填报人", "")]), "三员", 1),
    "an account with a space": (lambda: book([], [("li si", "李四", "101", "填报人", "")]), "账号要 2 到 60 个字", 1),
    "a missing heading": (
        lambda: workbook({"单位": [("预算编码", "单位名称"), ("501", "甲")], "人员": [PERSON_HEAD]}), "“单位”第1行“类别”：缺这一列", 1),
    "other names of sheets": (lambda: workbook({"Sheet1": [UNIT_HEAD, GOOD_UNIT]}), "没有这张工作表（现有“Sheet1”）", 2),
    "nothing in it": (lambda: book(), "两张工作表都没有内容", 1),
}  # fmt: skip
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "macros": (repacked(book([GOOD_UNIT]), MACRO), "带宏"),
    "an old xls": (OLE, "旧格式"),
    "a password": (ENCRYPTED, "密码"),
    "a page renamed": (PAGE, "网页"),
    "text renamed": ("预算编码,单位名称".encode(), "内容却不是"),
    "nothing": (b"", "空的"),
}


def told(page: Client, data: bytes, words: str, number: int) -> str:
    """这个文件的答案有什么不对；对的为空串。"""
    answer = send(page, data)
    faults = [str(fault) for fault in answer.context["errors"]]
    right = any(words in fault for fault in faults) and len(faults) == number
    refused = answer.status_code == 409 and "全部存入" not in answer.content.decode()
    return "" if right and refused else f"{words}: {answer.status_code} {faults}"


@pytest.mark.case("U8")
def test_what_is_wrong_is_told_with_its_place_and_nothing_is_stored(page: Client) -> None:
    before, asked = everything(), list(WRONG.items())[:EVERY_FILE]
    wrong = {case: told(page, make(), words, number) for case, (make, words, number) in asked}
    assert {case: words for case, words in wrong.items() if words} == {}
    assert len(WRONG) > 25 and everything() == before


def test_a_file_that_is_no_workbook_is_refused(page: Client) -> None:
    for case, (data, words) in UNREADABLE.items():
        answer = send(page, data)
        assert answer.status_code == 409 and words in answer.context["refused"], case


def test_a_csv_and_no_file_at_all_are_refused(page: Client) -> None:
    assert "两张工作表" in send(page, "预算编码,单位名称\n1,甲\n".encode(), "a.csv").context["refused"]
    assert "还没有选文件" in page.post(URL, {}).context["refused"]


# ---- 好的 ----


def preview(page: Client, data: bytes) -> Any:
    answer = send(page, data)
    assert answer.status_code == 200, [str(fault) for fault in answer.context["errors"]]
    return answer


def store(page: Client, answer: Any) -> Any:
    return page.post(f"{URL}confirm/", {"sheet": answer.context["sheet"]})


def test_forty_units_with_their_people_are_stored_at_once(page: Client) -> None:
    units = [(f"{300 + n}", f"单位{n}", "预算单位", "101") for n in range(40)]
    people = [(f"clerk{n}", f"某{n}", 300 + n, "填报人", 13800000000 + n) for n in range(40)]
    answer = preview(page, book(units, people))
    assert not Department.objects.filter(code="300").exists(), "预览什么都不存"
    assert answer.context["counts"]["units_added"] == answer.context["counts"]["people_added"] == 40
    done = store(page, answer)
    passwords = [one.password for one in done.context["made"]]
    assert len(set(passwords)) == 40 and "no-store" in done["Cache-Control"]
    last = User.objects.get(username="clerk39")
    assert last.phone == "13800000039" and last.must_change_password and last.check_password(passwords[39])
    assert access.roles_on(last, Department.objects.get(code="339")) == {Role.PREPARER}
    assert Event.objects.filter(action="import_units").count() == 1
    sheet = page.post(reverse("evaluations:account_passwords"), {"sheet": done.context["sheet"]}).content
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet)).active.values)
    assert rows[2][0] == "clerk0" and rows[2][3] == passwords[0]
    again = page.post(f"{URL}confirm/", {"sheet": answer.context["sheet"]})
    assert again.status_code == 409 and User.objects.filter(username="clerk39").count() == 1, (
        "双击、重发不重复"
    )


def test_a_table_as_people_make_it_is_understood(page: Client) -> None:
    """行列次序、空行、空格、全角、数字编码、公式、多出来的列、说明行，都不妨碍。"""
    units = [
        ["2024 年单位表"], [],
        ["上级编码", " 单位 名称", "备注", "类别*", "预算编码"],
        ["１０３", "  种子站 ", "下级写在上级前面", "预算单位", "１０３００１"],
        [], [None, "农业局", None, "主管部门", 103.0],
        ["", ("=\"环\"&\"保局\"", "环保局"), "", "主管部门", "104"],
    ]  # fmt: skip
    people = [
        ["联系电话", "岗位", "单位编码", "姓名", "账号"],
        [13800000000, "填报人", 103001, "李四", " LiSi"],
        ["", "单位负责人", "103", "李四", "lisi"],
        ["", "财政审核人", "001", "张三", "zhang"],
    ]
    answer = preview(page, workbook({"单位": units, "人员": people, "说明": [["不用管"]]}))
    assert [str(note) for note in answer.context["plan"].notes] == ["“单位”第3行：多出来的列“备注”不读。"]
    store(page, answer)
    station = Department.objects.get(code="103001")
    assert station.name == "种子站" and station.parent and station.parent.code == "103"
    assert station.parent.parent and station.parent.parent.code == "001", "没写上级的直属财政局"
    assert Department.objects.get(code="104").name == "环保局"
    lisi = User.objects.get(username="lisi")
    assert {(post.department.code, post.role) for post in lisi.appointments.all()} == {
        ("103001", Role.PREPARER), ("103", Role.UNIT_HEAD),
    }  # fmt: skip


def test_a_second_import_changes_only_what_differs(page: Client) -> None:
    units, people = [GOOD_UNIT, ("102001", "种子站", "预算单位", "102")], [GOOD_PERSON]
    store(page, preview(page, book(units, people)))
    same = send(page, book(units, people))
    assert same.status_code == 409 and "表里的都已经有了" in same.content.decode()
    units[1] = ("102001", "种子管理站", "预算单位", "101")
    people = [("lisi", "李四", "102", "填报人", "0730-2"), ("lisi", "李四", "102001", "填报人", "")]
    answer = preview(page, book(units, people))
    assert [line.changes for line in answer.context["units"]] == [
        "名称“种子站”改为“种子管理站”，上级 102 改为 101"
    ]
    assert store(page, answer).context["made"] == []
    assert User.objects.get(username="lisi").phone == "0730-2"
    assert User.objects.get(username="lisi").appointments.count() == 2


def test_what_changed_since_the_preview_stops_the_import(page: Client, bureau: Department) -> None:
    answer = preview(page, book([GOOD_UNIT], [GOOD_PERSON]))
    Department.objects.create(code="102", name="抢先的", kind="unit", parent=bureau)
    before = everything()
    done = store(page, answer)
    assert done.status_code == 409 and "有了变动" in done.content.decode()
    assert everything() == before


@pytest.mark.parametrize("step", ["create_department", "change_department", "create_user", "appoint"])
@pytest.mark.case("U8")
def test_an_import_that_breaks_in_the_middle_leaves_nothing(
    page: Client, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from units import services

    people = [GOOD_PERSON, ("wang", "王五", "102", "填报人", "")]
    units = [GOOD_UNIT, ("103", "环保局", "主管部门", ""), ("101", "行政审批局", "主管部门", "")]
    answer, before = preview(page, book(units, people)), everything()
    real, calls = getattr(services, step), []

    def breaks(**given: Any) -> Any:
        calls.append(given)
        if len(calls) == (1 if step == "change_department" else 2):
            raise RuntimeError("断电")
        return real(**given)

    monkeypatch.setattr(services, step, breaks)
    page.raise_request_exception = False
    assert store(page, answer).status_code == 500
    assert everything() == before


def test_a_preview_is_confirmed_by_nobody_else_and_not_altered(page: Client, bureau: Department) -> None:
    answer, before = preview(page, book([GOOD_UNIT])), everything()
    other = person("other", "别人", bureau, Role.SYSTEM_ADMIN)
    client = Client()
    client.force_login(other)
    assert store(client, answer).status_code == 409
    for sheet in ("", answer.context["sheet"][:-1], "x" + answer.context["sheet"]):
        assert page.post(f"{URL}confirm/", {"sheet": sheet}).status_code == 409
    assert everything()[0] == before[0]


def test_the_template_is_read_back_and_has_its_choices(page: Client) -> None:
    data = page.get(reverse("evaluations:unit_template")).content
    template = openpyxl.load_workbook(io.BytesIO(data))
    assert template.sheetnames == ["单位", "人员"]
    kinds = template["单位"].data_validations.dataValidation[0].formula1
    assert kinds == '"财政部门,主管部门,预算单位"'
    assert "系统管理员" not in template["人员"].data_validations.dataValidation[0].formula1
    template["单位"].append(["102", "农业局", "主管部门"])
    out = io.BytesIO()
    template.save(out)
    assert preview(page, out.getvalue()).context["counts"]["units_added"] == 1


@pytest.mark.case("I2")
def test_hostile_words_are_only_words(page: Client) -> None:
    hostile = "<script>alert(1)</script>=cmd|' /C calc'!A0"
    answer = preview(
        page, book([("102", hostile, "主管部门", "")], [("lisi", "@SUM(1)", "102", "填报人", "+1")])
    )
    assert "<script>alert" not in answer.content.decode()
    done = store(page, answer)
    sheet = page.post(reverse("evaluations:account_passwords"), {"sheet": done.context["sheet"]}).content
    assert list(openpyxl.load_workbook(io.BytesIO(sheet)).active.values)[2][1:3] == ("@SUM(1)", hostile)
