"""保存的样子：两个人改同一格、断网、会话过期、键盘、跳转。"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from evaluations.selectors import read
from tests.browser.test_journey import control, open_form, type_into, wait_saved
from tests.conftest import City
from units.models import UserSession

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CELL = "资金.全年执行数"
Open = Callable[[Any], Page]


def stored(city: City, address: str) -> str:
    facts = read(city.submission).facts
    node, key = facts.locate(address)
    return node.fields[key].to_text(node.value(key))


def test_two_clerks_on_one_cell_see_both_values_and_choose(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    city.import_into("2024-yueyang-package")
    first, second = sign_in(city.preparer), sign_in(city.colleague)
    for page in (first, second):
        open_form(page, live_server, city)
    type_into(first, CELL, "94.8")
    wait_saved(first)
    type_into(second, CELL, "91")
    dialog = second.locator("#conflict-dialog")
    expect(dialog).to_be_visible()
    for text in ("陈晓燕", "94.8", "91"):
        expect(dialog).to_contain_text(text)
    shot(second, "两个值")
    assert stored(city, CELL) == "94.8", "没有选之前什么都不覆盖"
    second.locator("[data-keep-mine]").click()
    wait_saved(second)
    assert stored(city, CELL) == "91"


def test_what_is_typed_offline_waits_visibly_and_is_sent_later(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.context.set_offline(True)
    type_into(page, CELL, "89.8")
    expect(page.locator("body")).to_contain_text("已存在本机")
    expect(page.locator(".unsaved")).to_have_count(1)
    shot(page, "断网")
    page.context.set_offline(False)
    wait_saved(page)
    assert stored(city, CELL) == "89.8"


@pytest.mark.case("A14", "G14")
@pytest.mark.dengbao("身份鉴别 b", "剩余信息保护 a")
def test_a_session_that_ran_out_keeps_the_text_until_the_next_login_and_leaving_clears_it(
    city: City, sign_in: Open, live_server: Any
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    UserSession.objects.update(seen=timezone.now() - timedelta(minutes=31))
    type_into(page, CELL, "88.8")
    expect(page.locator("body")).to_contain_text("登录已过期")
    page.get_by_role("link", name="重新登录").click()
    page.fill("[name=username]", city.preparer.username)
    page.fill("[name=password]", "correct horse battery")
    page.click("form button[type=submit]")
    wait_saved(page)
    assert stored(city, CELL) == "88.8"
    page.evaluate("localStorage.setItem('ziping/left', '没有送到的字')")
    page.locator(".me summary").click()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login/")
    assert page.evaluate("localStorage.length") == 0


def test_an_unreadable_amount_stays_in_its_cell_with_the_advice(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    type_into(page, CELL, "94.8万")
    expect(page.locator("#findings")).to_contain_text("带有单位")
    expect(control(page, CELL)).to_have_value("94.8万")
    shot(page, "读不懂的数")
    assert stored(city, CELL) == ""


def test_f8_goes_to_the_cell_of_the_next_finding(city: City, sign_in: Open, live_server: Any) -> None:
    city.import_into("2024-yueyang-package")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.keyboard.press("F8")
    expect(control(page, "部门.名称")).to_be_focused()


def test_a_score_opens_its_explanation(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    city.import_into("2024-yueyang-package")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    page.locator('.why[data-address="资金.得分"]').click()
    expect(page.locator("body")).to_contain_text("四舍五入，保留 2 位小数")
    shot(page, "为什么")
    page.keyboard.press("Escape")
    expect(page.locator("body")).not_to_contain_text("四舍五入，保留 2 位小数")


@pytest.mark.case("G15")
def test_nothing_is_asked_from_another_origin(city: City, sign_in: Open, live_server: Any) -> None:
    page = sign_in(city.preparer)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_form(page, live_server, city)
    page.goto(f"{live_server.url}/s/{city.submission.pk}/")
    assert asked and all(url.startswith((live_server.url, "data:")) for url in asked)
