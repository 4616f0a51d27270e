"""边填边核对：勾稽两头在两张表上，F8 到、F9 过去，改好就没；提醒写了说明放行，审核人看得见；得分说得出为什么。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import AXE, RUN
from tests.browser.test_journey import control, explain_warnings, submit, type_into, wait_saved
from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEAR, FAR = "性质.项目支出", "项目支出.本年决算数"
REASON = "第四季度项目尾款按合同在次年验收后支付，结余已按规定结转。"


def address(page: Page) -> str:
    """光标在哪一格。"""
    return str(page.evaluate("document.activeElement.dataset.address || ''"))


def land(page: Page, form: str, cell: str) -> None:
    """到了另一张表的那一格。"""
    page.wait_for_url(lambda url: f"/f/{form}/" in url)
    page.wait_for_function("cell => document.activeElement.dataset.address === cell", arg=cell)


def test_a_mismatch_is_seen_walked_mended_explained_and_reviewed(
    city: City, sign_in: Callable[[Any], Page], live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    city.import_into("2024-correct-package", notes=[])
    home = f"{live_server.url}/s/{city.submission.pk}/f/department/"
    clerk = sign_in(city.preparer)
    clerk.goto(home)
    was = control(clerk, NEAR).input_value()

    # 改小：X02 马上出来，两头各在一张表上
    type_into(clerk, NEAR, "1")
    wait_saved(clerk)
    x02 = clerk.locator(f'#panel-findings .finding[data-key="X02|{FAR}"]')
    expect(x02).to_have_count(1)
    expect(clerk.locator(".to-do-button")).to_contain_text("处错误")

    # F8 走到它，跨到基础数据表；F9 回到另一头；再改回来就没有了
    for _ in range(30):
        clerk.keyboard.press("F8")
        clerk.wait_for_load_state()
        clerk.wait_for_function("() => window.ziping.jumps && window.ziping.jumps.current()")
        if clerk.evaluate("window.ziping.jumps.current()") == f"X02|{FAR}":
            break
    land(clerk, "base", FAR)
    expect(clerk.locator(".finding.current")).to_contain_text("转到另一头")
    expect(clerk.locator(f'.end .v[data-address="{FAR}"]')).to_have_count(1)
    shot(clerk, "勾稽-一头")
    clerk.keyboard.press("F9")
    land(clerk, "department", NEAR)
    expect(clerk.locator(f'.end .v[data-address="{NEAR}"]')).to_have_count(1)
    expect(clerk.locator(".cell-note")).to_contain_text("大于部门自评表的项目支出")
    shot(clerk, "勾稽-另一头")
    type_into(clerk, NEAR, was)
    wait_saved(clerk)
    expect(x02).to_have_count(0)

    the_score_explains_itself(clerk)
    the_note_is_kept_while_away(clerk, home)
    explain_warnings(clerk, city)
    expect(clerk.locator(".to-do-button")).to_contain_text("没有错误")
    clerk.evaluate(AXE)
    assert clerk.evaluate(RUN) == []
    submit(clerk, live_server, city)

    city.act("sign", city.head)
    reviewer = sign_in(city.reviewer)
    reviewer.goto(f"{live_server.url}/review/{city.submission.pk}/?form=department")
    expect(reviewer.locator(".side-panel")).to_contain_text(REASON)
    expect(reviewer.locator(".finding textarea, .finding .act .btn-outline-secondary")).to_have_count(0)
    reviewer.keyboard.press("n")
    expect(reviewer.locator(".finding.current")).to_have_count(1)
    shot(reviewer, "审核-核对")


def the_score_explains_itself(page: Page) -> None:
    """点得分旁的建议、按 F1，都说怎么算的；Esc 关上，光标回去；用到的格点了就到。"""
    score = page.locator('.grid-frame .v[data-address$=".得分"][data-kind="points"]').nth(1)
    score.focus()
    given = score.input_value() if score.evaluate("node => node.tagName") == "INPUT" else ""
    page.keyboard.press("F1")
    popover = page.locator(".popover-why")
    expect(popover).to_contain_text("计分办法 F")
    page.keyboard.press("Escape")
    expect(popover).to_have_count(0)
    expect(score).to_be_focused()
    assert not given or score.input_value() == given, "建议从不写进得分"
    page.locator('.why[data-address="资金.得分"]').click()
    expect(popover.locator(".why-steps li")).to_have_count(3)
    expect(popover).to_contain_text("四舍五入")
    expect(popover).to_contain_text("没有用上")
    popover.get_by_role("button", name="全年执行数").click()
    assert address(page) == "资金.全年执行数"


def the_note_is_kept_while_away(page: Page, home: str) -> None:
    """说明写到一半去了别的表，回来还在。"""
    page.get_by_role("button", name="写说明").first.click()
    page.locator("#findings textarea").fill(REASON)
    page.goto(home.replace("department", "report"))
    page.goto(home)
    area = page.locator("#findings textarea")
    expect(area).to_have_value(REASON)
    page.get_by_role("button", name="保存说明").click()
    expect(page.locator(".finding .explained").first).to_contain_text(REASON)
    expect(page.locator("#findings")).to_contain_text("说明已保存")
