"""管理员一个人办完一年：导入单位和人员、复制并改方案、试算、发布、开放、取数、延期、结束、结转；第二年带着上年的数填报。"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from evaluations.core.checks import unexplained
from evaluations.core.workflow import Role
from evaluations.models import Pack, Round, Submission
from evaluations.selectors import read
from evaluations.services.notes import write_note
from evaluations.services.packages import import_package
from evaluations.services.packs import open_round, store_pack
from evaluations.services.workflow import perform
from tests.conftest import PACK_FOLDER, fixture_json
from tests.workbooks import workbook
from units.models import Appointment, Department, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNITS, UNIT, LAST = 40, "102001", "102002"
NEW_SECRET = "yunhu-nongji-2026"
WEIGHT = {"产出指标": "49", "执行权重": "11"}
LEVEL = "控制率不超过 100%"


def roster() -> bytes:
    """四十个单位（两个主管部门，下面各单位），每个单位两个人。"""
    units = [["预算编码", "单位名称", "类别", "上级编码"]]
    people = [["账号", "姓名", "单位编码", "岗位", "联系电话"]]
    codes = ["102", "103", *(f"{102 + n % 2}{n // 2 + 1:03d}" for n in range(UNITS - 2))]
    for number, code in enumerate(codes):
        top = len(code) == 3
        units.append(
            [code, f"云湖市第{number + 1}单位", "主管部门" if top else "预算单位", "001" if top else code[:3]]
        )
        people += [
            [f"tb{code}", f"填报{number + 1}", code, "填报人", "0730-8880000"],
            [f"fz{code}", f"负责{number + 1}", code, "单位负责人", "0730-8880001"],
        ]
    return workbook({"单位": units, "人员": people})


def paper(pack: Pack, unit: Department, later: int) -> dict[str, Any]:
    """一套没有错的材料，写的是 2024+``later`` 年的；指标分值按改过的规定。"""
    text = json.dumps(fixture_json("2024-correct-package"), ensure_ascii=False)
    for year in (2025, 2024, 2023, 2022):
        text = text.replace(str(year), str(year + later))
    text = text.replace("99.22", "99.17") if later else text  # 分值改过，总分跟着变
    data = json.loads(text) | {
        "pack": pack.key,
        "year": pack.year,
        "department": {"code": unit.code, "name": unit.name},
    }
    data["values"]["部门.名称"] = unit.name
    for values in (data["values"], *(row for rows in data["rows"].values() for row in rows)) if later else ():
        for key in [key for key in values if key.endswith("上年决算数")]:
            values[key] = values[key.replace("上年决算数", "本年决算数")]
    for part in (data, *data["projects"]) if later else ():
        row = next(one for one in part["indicators"] if one["一级指标"] == "产出指标")
        for column in ("分值", "得分"):
            row[column] = str(int(row[column]) - 1)
    return data


def explain(submission: Submission, user: User) -> None:
    """还没有说明的提醒都写上说明。"""
    reading = read(submission)
    for finding in unexplained(reading.findings, reading.notes):
        write_note(
            submission_id=submission.pk,
            user=user,
            code=finding.code,
            cell=finding.cells[0],
            text="情况属实，台账可查。",
        )


def act(submission: Submission, user: User, action: str) -> None:
    submission.refresh_from_db()
    perform(
        submission_id=submission.pk,
        user=user,
        action=action,
        revision=submission.revision,
        key=f"{action}{submission.pk}",
    )


def person(username: str) -> User:
    return User.objects.get(username=username)


def through_review(submission: Submission, reviewer: User) -> None:
    for user, action in ((person(f"fz{UNIT}"), "sign"), (reviewer, "approve")):
        act(submission, user, action)


def upload(page: Page, selector: str, name: str, data: bytes) -> None:
    page.set_input_files(selector, {"name": name, "mimeType": "application/octet-stream", "buffer": data})


@pytest.fixture
def office(people: Any) -> tuple[User, User]:
    bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
    return people("admin", "吴静", bureau, Role.PACK_ADMIN), people(
        "reviewer", "周启明", bureau, Role.BUREAU_REVIEWER
    )


def test_an_administrator_runs_two_years_alone(
    office: tuple[User, User],
    live_server: Any,
    sign_in: Callable[[Any], Page],
    chromium: Any,
    shot: Callable[[Page, str], None],
) -> None:
    admin, reviewer = office
    first = store_pack(folder=PACK_FOLDER)
    page = sign_in(admin)

    def go(path: str) -> None:
        page.goto(f"{live_server.url}{path}")

    # 导入四十个单位、八十个人
    go("/manage/units/import/")
    upload(page, "#file", "单位和人员.xlsx", roster())
    page.get_by_role("button", name="上传核对").click()
    expect(page.locator("h1")).to_have_text("核对好了，可以存入")
    shot(page, "年-导入核对")
    page.get_by_role("button", name="全部存入").click()
    expect(page.locator(".credentials tbody tr")).to_have_count(2 * UNITS)
    secrets = dict(
        page.locator(".credentials tbody tr").evaluate_all(
            "rows => rows.map(r => [r.cells[2].textContent, r.cells[3].textContent])"
        )
    )
    shot(page, "年-初始密码")
    assert Department.objects.count() == UNITS + 1 and Appointment.objects.count() == 2 * UNITS + 2
    go("/manage/units/")
    shot(page, "年-单位")

    # 2024 年：一个单位已经通过，供试算
    unit = Department.objects.get(code=UNIT)
    open_round(pack=first, name="2024年度自评", deadline=timezone.now() + timedelta(days=5))
    old = import_package(data=paper(first, unit, 0), pack=first)
    explain(old, person(f"tb{UNIT}"))
    act(old, person(f"tb{UNIT}"), "submit")
    through_review(old, reviewer)

    # 复制去年的方案，改一个分值、一条核对，试算，发布
    second = next_pack(page, go, 2025)
    go(f"/manage/packs/{second.pk}/indicators/")
    for name, value in WEIGHT.items():
        page.get_by_label(name).first.fill(value)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.keyboard.press("Tab")
        page.wait_for_load_state("networkidle")
    expect(page.locator("#faults li")).to_have_count(0)
    page.get_by_role("button", name="在“数量指标”下规定一个指标").click()
    page.fill("#row-form [name=三级指标]", "公共服务事项办结数")
    page.fill("#row-form [name=分值]", "10")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#tree [aria-current=true]")).to_contain_text("公共服务事项办结数")
    expect(page.locator("#preview tr", has_text="公共服务事项办结数")).to_contain_text("10")
    shot(page, "年-指标与分值")
    go(f"/manage/packs/{second.pk}/checks/?q={LEVEL.split()[0]}")
    page.get_by_role("link", name=LEVEL, exact=True).click()
    page.select_option("[name=level]", "error")
    page.fill("#try-1", "12")
    page.fill("#try-2", "10")
    page.keyboard.press("Tab")
    expect(page.locator("#tried")).to_contain_text("会报出来")
    shot(page, "年-核对规则")
    page.get_by_role("button", name="保存").click()
    go(f"/manage/packs/{second.pk}/compare/")
    expect(page.locator(".differences")).to_contain_text("50")
    shot(page, "年-比较")
    go(f"/manage/packs/{second.pk}/trial/")
    expect(page.locator("#main")).to_contain_text("试算了 1 份")
    expect(page.locator("#main")).to_contain_text("W02")
    shot(page, "年-试算")
    publish(page, second)

    # 新建任务、选全部单位、预览、开放
    go("/manage/rounds/new/")
    page.fill("[name=name]", "2025年度自评")
    page.select_option("[name=pack]", str(second.pk))
    page.fill("[name=day]", (timezone.localdate() + timedelta(days=20)).isoformat())
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="全选").click()
    shot(page, "年-选单位")
    page.get_by_role("button", name="存好").click()
    shot(page, "年-预览")
    page.get_by_role("link", name="开放", exact=True).click()
    shot(page, "年-开放")
    page.get_by_role("button", name="开放，给").click()
    task = Round.objects.get(name="2025年度自评")
    assert task.submissions.count() >= UNITS
    mine = task.submissions.get(department=unit)
    (row,) = read(mine).facts.root.lists["指标"]
    assert row.value("三级指标") == "公共服务事项办结数"

    # 取数
    go(f"/manage/prefill/{task.pk}/")
    rows = [["预算编码", "资金.年初预算数", "资金.全年预算数"], [UNIT, 120, 150], [LAST, 88, 90]]
    upload(page, "input[type=file]", "2025预算.xlsx", workbook({"部门": rows}))
    page.select_option("[name=unit]", "万元")
    page.get_by_role("button", name="看看会做什么").click()
    shot(page, "年-取数")
    page.locator("form[action*=apply] button[type=submit]").click()
    expect(page.locator(".banners")).to_contain_text("取数好了：2 个单位")
    assert str(read(task.submissions.get(department__code=LAST)).facts.root.value("资金.全年预算数")) == "90"

    # 给一个单位延期
    go(f"/manage/rounds/{task.pk}/")
    page.get_by_label(f"选{unit}", exact=True).check()
    page.locator("summary", has_text="延期").click()
    page.fill("[name=due]", (timezone.localdate() + timedelta(days=30)).isoformat())
    page.fill("[name=extend_reason]", "人员调整，晚几天报。")
    page.get_by_role("button", name="给选中的延期").click()
    mine.refresh_from_db()
    assert mine.due is not None
    go(f"/manage/rounds/{task.pk}/")
    shot(page, "年-进度")

    # 单位报 2025 年的；结束任务
    mine = import_package(data=paper(second, unit, 1), pack=second)
    explain(mine, person(f"tb{UNIT}"))
    act(mine, person(f"tb{UNIT}"), "submit")
    through_review(mine, reviewer)
    go(f"/manage/rounds/{task.pk}/close/")
    page.fill("[name=reason]", "今年的自评到此结束。")
    page.get_by_role("button", name="结束任务").click()
    task.refresh_from_db()
    assert task.closed_at is not None

    # 结转到下一年
    third = next_pack(page, go, 2026, of=second)
    go(f"/manage/packs/{third.pk}/trial/")
    publish(page, third)
    go(f"/manage/rounds/{task.pk}/roll/")
    expect(page.locator("#main")).to_contain_text("单位照旧要报")
    shot(page, "年-结转")
    page.fill("[name=name]", "2026年度自评")
    page.fill("[name=day]", (timezone.localdate() + timedelta(days=40)).isoformat())
    page.get_by_role("button", name="结转").click()
    again = Round.objects.get(name="2026年度自评")
    go(f"/manage/rounds/{again.pk}/open/")
    page.get_by_role("button", name="开放，给").click()
    following = again.submissions.get(department=unit)

    # 填报人用初始密码登录、改密码，上年的数已经在位，报第二年的
    clerk = first_login(chromium, live_server, f"tb{UNIT}", secrets[f"tb{UNIT}"])
    clerk.goto(f"{live_server.url}/s/{following.pk}/f/base/")
    final = read(mine).facts.root.shown("公用经费.本年决算数")
    expect(clerk.locator('[data-address="公用经费.上年决算数"]').first).to_have_value(final)
    shot(clerk, "年-第二年填报")
    data = paper(third, unit, 2)
    explain(import_package(data=data, pack=third), person(f"tb{UNIT}"))
    clerk.goto(f"{live_server.url}/s/{following.pk}/submit/")
    clerk.get_by_role("button", name="送审").first.click()
    confirm = clerk.locator("dialog[open] button[type=submit]")
    if confirm.count():
        confirm.first.click()
    clerk.wait_for_load_state("networkidle")
    through_review(following, reviewer)
    following.refresh_from_db()
    assert following.state_label == "已通过"


def next_pack(page: Page, go: Callable[[str], None], year: int, of: Pack | None = None) -> Pack:
    """在清单上点“用于下一年”，照提议的键和名称复制。"""
    go("/manage/packs/")
    page.get_by_role("link", name="用于下一年").first.click()
    page.get_by_role("button", name="复制成草稿").click()
    expect(page.locator(".banners")).to_contain_text("已复制成草稿")
    made = Pack.objects.get(year=year)
    assert made.copied_from == of or of is None
    return made


def publish(page: Page, pack: Pack) -> None:
    page.fill("[name=changes]", "按今年的要求调整。")
    page.get_by_role("button", name="发布第").click()
    expect(page.locator(".banners")).to_contain_text("已发布")
    pack.refresh_from_db()
    assert pack.state == Pack.State.PUBLISHED


def first_login(chromium: Any, live_server: Any, username: str, secret: str) -> Page:
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", secret)
    page.click("form button[type=submit]")
    page.wait_for_url("**/password/**")
    page.fill("[name=old_password]", secret)
    page.fill("[name=new_password1]", NEW_SECRET)
    page.fill("[name=new_password2]", NEW_SECRET)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(lambda url: not url.rstrip("/").endswith("/password"))
    return page
