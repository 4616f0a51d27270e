"""几个人一起：互相看见、撤销、版本；服务器被杀、行被删时，打的字一个不丢；审核时占着、标出、退回。"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from evaluations.services.entry import Change, save_cells
from evaluations.services.rows import add_row, remove_row
from evaluations.views import entry
from tests.browser.test_journey import act, control, open_form, type_into, wait_saved
from tests.browser.test_saving import CELL, stored
from tests.conftest import City
from tests.server import Server, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[[Any], Page]
Shot = Callable[[Page, str], None]
GROUP = {"一级指标": "产出指标", "二级指标": "数量指标"}


def ask_now(page: Page) -> None:
    """不等二十秒，现在就问一次谁在、改了什么。"""
    page.evaluate("window.ziping.together.ask()")


def test_two_clerks_see_each_other_and_each_others_changes(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    first, second = sign_in(city.preparer), sign_in(city.colleague)
    for page in (first, second):
        open_form(page, live_server, city)
    control(second, CELL).focus()
    ask_now(second)
    expect(second.locator("#people")).to_have_text("")
    ask_now(first)
    expect(first.locator("#people")).to_contain_text("王立")
    expect(first.locator("td.other-here")).to_have_attribute("title", "王立在这一格")
    shot(first, "同事在填")
    type_into(second, CELL, "94.8")
    wait_saved(second)
    ask_now(first)
    expect(control(first, CELL)).to_have_value("94.8")
    expect(first.locator(".toast-line")).to_contain_text("王立刚改了“年度资金总额·全年执行数”")


def test_a_row_added_by_a_colleague_appears_and_typing_goes_on(
    city: City, sign_in: Open, live_server: Any
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    control(page, "部门.名称").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("正在打的字")
    add_row(
        submission_id=city.submission.pk, user=city.colleague, prefix="", key="指标", group=GROUP, row_id="ra"
    )
    ask_now(page)
    expect(control(page, "指标[ra].三级指标")).to_be_visible()
    expect(control(page, "部门.名称")).to_be_focused()
    expect(control(page, "部门.名称")).to_have_value("正在打的字")


def test_undo_and_redo_by_the_keys_people_know(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    expect(page.locator("#undo")).to_be_disabled()
    for text in ("90", "94.8"):
        type_into(page, CELL, text)
        wait_saved(page)
    page.keyboard.press("Control+Z")
    expect(control(page, CELL)).to_have_value("90")
    expect(page.locator(".toast-line")).to_contain_text("已撤销 “年度资金总额·全年执行数”")
    shot(page, "撤销")
    page.keyboard.press("Control+Z")
    expect(control(page, CELL)).to_have_value("")
    expect(page.locator("#undo")).to_be_disabled()
    for text in ("90", "94.8"):
        page.keyboard.press("Control+Y")
        expect(control(page, CELL)).to_have_value(text)
    assert stored(city, CELL) == "94.8"


def test_ctrl_z_takes_back_the_letters_being_typed_first(city: City, sign_in: Open, live_server: Any) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    type_into(page, CELL, "90")
    wait_saved(page)
    control(page, CELL).focus()
    page.keyboard.press("F2")
    page.keyboard.type("5")
    page.keyboard.press("Control+Z")
    expect(control(page, CELL)).to_have_value("90")
    assert stored(city, CELL) == "90"


def test_a_removed_row_comes_back_by_undo(city: City, sign_in: Open, live_server: Any) -> None:
    city.import_into("2024-yueyang-package")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    rows = page.locator("tr[data-row]")
    before = rows.count()
    page.locator(".row-menu").first.click()
    page.get_by_role("button", name="删除").click()
    expect(rows).to_have_count(before - 1)
    page.locator("#undo").click()
    expect(rows).to_have_count(before)


def test_what_is_typed_while_the_server_is_dead_is_stored_when_it_is_back(
    city: City, chromium: Browser, shot: Shot
) -> None:
    with Server() as server:
        context = chromium.new_context(viewport={"width": 1366, "height": 768})
        cookies = dict(pair.split("=", 1) for pair in signed_in(city.preparer)["Cookie"].split("; "))
        context.add_cookies([{"name": n, "value": v, "url": server.url} for n, v in cookies.items()])
        page = context.new_page()
        page.goto(f"{server.url}/s/{city.submission.pk}/f/department/")
        type_into(page, CELL, "89")
        wait_saved(page)
        control(page, "部门.名称").focus()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("打到一半")
        server.kill_all()
        page.keyboard.press("Tab")
        type_into(page, CELL, "94.8")
        expect(page.locator("body")).to_contain_text("已存在本机")
        expect(page.locator(".unsaved")).to_have_count(2)
        shot(page, "服务器没了")
        server.start()
        wait_saved(page)
        context.close()
    assert (stored(city, "部门.名称"), stored(city, CELL)) == ("打到一半", "94.8")


def test_what_waited_in_a_closed_browser_is_announced_and_sent(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.context.set_offline(True)
    type_into(page, CELL, "94.8")
    expect(page.locator(".unsaved")).to_have_count(1)
    path = page.url
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(live_server.url)
    expect(again.locator("[data-pending-user]")).to_contain_text("还有 1 格填了没有送到")
    shot(again, "还没送到的")
    again.get_by_role("link", name="去保存 1 格").click()
    assert again.url == path
    wait_saved(again)
    assert stored(city, CELL) == "94.8"


def test_words_for_a_row_that_somebody_removed_are_given_back(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    given = {"submission_id": city.submission.pk, "user": city.colleague}
    add_row(**given, prefix="", key="指标", group=GROUP, row_id="ra")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    remove_row(**given, row="指标[ra]")
    type_into(page, "指标[ra].三级指标", "窗口服务人次")
    expect(page.locator("#findings")).to_contain_text("王立")
    expect(page.locator("#findings")).to_contain_text("删除了这一行")
    page.reload()
    expect(page.locator(".banners")).to_contain_text("您填的是：“窗口服务人次”")
    shot(page, "行没了字还在")
    page.get_by_role("button", name="知道了").click()
    page.reload()
    expect(page.locator(".banners")).not_to_contain_text("窗口服务人次")


def test_after_signing_in_again_the_same_cell_waits(city: City, sign_in: Open, live_server: Any) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.context.clear_cookies(name="session")
    control(page, CELL).focus()
    page.keyboard.insert_text("88.8")
    page.evaluate("document.activeElement.dispatchEvent(new Event('change', {bubbles: true}))")
    page.get_by_role("link", name="重新登录").click()
    page.fill("[name=username]", city.preparer.username)
    page.fill("[name=password]", "correct horse battery")
    page.click("form button[type=submit]")
    wait_saved(page)
    expect(control(page, CELL)).to_be_focused()
    assert stored(city, CELL) == "88.8"


def test_a_page_left_open_learns_that_the_package_was_submitted(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    city.import_into("2024-correct-package")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    city.act("submit", city.colleague)
    type_into(page, CELL, "94")
    expect(page.locator(".banners")).to_contain_text("材料已送审")
    expect(page.locator(".banners")).to_contain_text("没有保存的 1 格还在本机")
    shot(page, "已送审的页面")
    assert stored(city, CELL) == "95"


def test_an_earlier_version_is_compared_and_restored(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    city.import_into("2024-yueyang-package")
    start = city.submission.revision
    change = [Change(CELL, "94.8", was="89.8")]
    save_cells(submission_id=city.submission.pk, user=city.colleague, changes=change)
    page = sign_in(city.preparer)
    page.goto(f"{live_server.url}/s/{city.submission.pk}/versions/")
    page.get_by_role("button", name="比较选中的两个").click()
    expect(page.locator(".compare").first).to_contain_text("年度资金总额·全年执行数")
    shot(page, "比较")
    page.get_by_role("button", name="恢复成左边的版本").click()
    page.locator("dialog[open]").get_by_role("button", name="恢复", exact=True).click()
    expect(page.locator(".banners")).to_contain_text("已恢复，改了 1 处")
    assert stored(city, CELL) == "89.8"
    assert city.submission.edits.last().revision == start + 2


def test_a_reviewer_claims_flags_and_returns(city: City, sign_in: Open, live_server: Any, shot: Shot) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    page = sign_in(city.reviewer)
    url = f"{live_server.url}/review/{city.submission.pk}/?form=department"
    page.goto(url)
    page.get_by_role("button", name="开始审核").click()
    expect(page.locator(".claim")).to_contain_text("由您审核")
    page.goto(url)
    page.locator(f'.v[data-address="{CELL}"]').first.click()
    page.get_by_role("button", name="标记要改").click()
    expect(page.locator("td.flagged")).to_have_count(1)
    shot(page, "标出要改")
    act(page, "退回", "执行数与国库支付系统不一致，请核对。")
    clerk = sign_in(city.preparer)
    open_form(clerk, live_server, city)
    expect(clerk.locator(".banner.err")).to_contain_text("标出 1 处：年度资金总额·全年执行数")
    clerk.locator(".banner.err a").click()
    expect(control(clerk, CELL)).to_be_focused()
    shot(clerk, "退回标出")


def test_the_bureau_extends_a_task_it_cannot_look_into(
    city: City, sign_in: Open, live_server: Any, shot: Shot
) -> None:
    city.task.deadline = timezone.now() - timedelta(days=1)
    city.task.save()
    page = sign_in(city.reviewer)
    page.goto(f"{live_server.url}/review/?tab=waiting")
    page.get_by_role("link", name=re.compile("延期、取消.*云湖市政务服务中心")).click()
    page.get_by_role("button", name="延期", exact=True).first.click()
    day = timezone.localdate() + timedelta(days=3)
    page.locator("dialog[open] [name=due]").fill(f"{day}")
    page.locator("dialog[open] textarea").fill("停电两天，同意延期。")
    shot(page, "延期")
    page.locator("dialog[open]").get_by_role("button", name="延期", exact=True).click()
    expect(page.locator(".banners")).to_contain_text("已延期")
    clerk = sign_in(city.preparer)
    open_form(clerk, live_server, city)
    type_into(clerk, CELL, "1")
    wait_saved(clerk)


def test_typing_in_the_middle_of_a_text_goes_on_where_it_was(
    city: City, sign_in: Open, live_server: Any
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    cell = control(page, "目标.预期目标")
    cell.focus()
    page.keyboard.insert_text("甲乙丙丁")
    cell.evaluate("node => node.setSelectionRange(2, 2)")
    page.keyboard.insert_text("中")
    given = {"submission_id": city.submission.pk, "user": city.colleague}
    add_row(**given, prefix="", key="指标", group=GROUP, row_id="ra")
    ask_now(page)
    expect(control(page, "指标[ra].三级指标")).to_be_visible()
    page.keyboard.insert_text("间")
    expect(control(page, "目标.预期目标")).to_have_value("甲乙中间丙丁")


def test_a_cell_that_breaks_the_server_does_not_hold_up_the_others(
    city: City, sign_in: Open, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = entry.save_cells

    def broken(**given: Any) -> Any:
        if any(change.value == "坏" for change in given["changes"]):
            raise RuntimeError("这一格存不了")
        return real(**given)

    monkeypatch.setattr(entry, "save_cells", broken)
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.context.set_offline(True)
    type_into(page, "目标.预期目标", "坏")
    type_into(page, CELL, "94.8")
    expect(page.locator(".unsaved")).to_have_count(2)
    page.context.set_offline(False)
    expect(page.locator("#findings")).to_contain_text("系统存不了这一格", timeout=40_000)
    expect(page.locator(".unsaved")).to_have_count(0)
    expect(control(page, "目标.预期目标")).to_have_value("坏")
    assert stored(city, CELL) == "94.8"
