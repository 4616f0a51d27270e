"""一个人把整套七部分填完（四分之三是取数带来的，四分之一是打的）：基础数据、整体自评、两个项目、三张“无此项”、带活数字的报告，直到通过。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from evaluations.core.checks import ERROR
from evaluations.selectors import read
from tests.browser.test_journey import act, control, explain_warnings, submit, type_into, wait_saved
from tests.conftest import City, fixture_json

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def addresses(page: Page) -> list[str]:
    """这一页上能填的格。"""
    return page.locator(".grid-frame .v[data-kind]").evaluate_all(
        "nodes => nodes.filter(n => n.matches('input, textarea, select')).map(n => n.dataset.address)"
    )


def fill(page: Page, texts: dict[str, str]) -> None:
    """把这一页上有值的格都填上，已经是这个值的不动；下拉框用键盘选。"""
    typed = False
    for address in dict.fromkeys(addresses(page)):
        cell, text = control(page, address), texts.get(address, "")
        if not text or cell.input_value() == text:
            continue
        typed = True
        if cell.evaluate("node => node.tagName") == "SELECT":
            cell.select_option(text)
        else:
            type_into(page, address, text)
    if typed:
        wait_saved(page)


def add_row(page: Page, key: str, group: str = "") -> str:
    """按列表的“＋”加一行，返回行的地址。"""
    rows = page.locator(f'tr[data-row^="{key}["]')
    before = rows.evaluate_all("rows => rows.map(row => row.dataset.row)")
    buttons = page.locator(f'.add-row[data-list="{key}"]')
    button = (
        buttons.filter(has=page.locator(f'xpath=self::*[contains(@aria-label, "“{group}”")]'))
        if group
        else buttons
    )
    button.first.press("Enter")
    expect(rows).to_have_count(len(before) + 1)
    after = rows.evaluate_all("rows => rows.map(row => row.dataset.row)")
    return next(row for row in after if row not in before)


def fill_rows(page: Page, key: str, lines: list[dict[str, str]], *, grouped: bool = False) -> None:
    for line in lines:
        row = add_row(page, key, line["二级指标"] if grouped else "")
        texts = {f"{row}.{column}": text for column, text in line.items()}
        fill(page, {address: text for address, text in texts.items() if control(page, address).count()})
        fill_drawer(page, row, texts)


def fill_drawer(page: Page, row: str, texts: dict[str, str]) -> None:
    """表上没有列的字段（性质、计量单位、档次、名称）在抽屉里填。"""
    hidden = {address: text for address, text in texts.items() if text and not control(page, address).count()}
    hidden = {a: t for a, t in hidden.items() if not a.endswith(("一级指标", "二级指标"))}
    if not hidden:
        return
    page.locator(f'.row-menu[data-row="{row}"]').click()
    drawer = page.locator("#row-drawer")
    for address, text in hidden.items():
        cell = drawer.locator(f'.v[data-address="{address}"]')
        if cell.evaluate("node => node.tagName") == "SELECT":
            cell.select_option(text)
        else:
            cell.fill(text)
            cell.blur()
    wait_saved(page)
    drawer.locator("[data-act=close]").click()


def go(page: Page, live_server: Any, city: City, form: str) -> None:
    page.goto(f"{live_server.url}/s/{city.submission.pk}/f/{form}/")
    expect(page.locator(".grid-frame")).to_be_visible()


def test_a_clerk_fills_the_whole_package_and_the_report_follows_the_tables(
    city: City, sign_in: Callable[[Any], Page], live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    data = fixture_json("2024-correct-package")
    values = data["values"] | {f"报告.{key}": text for key, text in data["report"].items()}
    given = {key: text for number, (key, text) in enumerate(data["values"].items()) if number % 4}
    begun = {
        "values": given,
        "rows": {},
        "indicators": data["indicators"][:-2],
        "projects": data["projects"][:1],
    }
    city.import_into("2024-correct-package", **begun, report={}, notes=[])
    clerk = sign_in(city.preparer)
    go(clerk, live_server, city, "base")
    fill(clerk, values)
    for key, lines in data["rows"].items():
        fill_rows(clerk, key, lines)
    shot(clerk, "基础数据")
    go(clerk, live_server, city, "department")
    fill(clerk, values)
    fill_rows(clerk, "指标", data["indicators"][-2:], grouped=True)
    for number, project in enumerate(data["projects"][1:], 1):
        fill_project(clerk, live_server, city, project, number)
    for form in ("government-fund", "state-capital", "social-insurance"):
        go(clerk, live_server, city, form)
        fill(clerk, values)
        expect(clerk.locator(".grid-frame")).to_contain_text("本单位无此项支出")
    go(clerk, live_server, city, "report")
    fill(clerk, values)
    the_report_follows(clerk, live_server, city, shot)

    assert not [f for f in read(city.submission).findings if f.level == ERROR]
    clerk.goto(f"{live_server.url}/s/{city.submission.pk}/")
    shot(clerk, "工作台-已填完")
    expect(clerk.locator("body")).not_to_contain_text("有错误")
    go(clerk, live_server, city, "department")
    explain_warnings(clerk, city)
    submit(clerk, live_server, city)
    head, reviewer = sign_in(city.head), sign_in(city.reviewer)
    for page, word in ((head, "签批"), (reviewer, "通过")):
        page.goto(f"{live_server.url}/review/{city.submission.pk}/")
        act(page, word)
    city.submission.refresh_from_db()
    assert city.submission.state == "approved"
    assert str(city.submission.total_score) == "99.22"


def fill_project(page: Page, live_server: Any, city: City, project: dict[str, Any], number: int) -> None:
    page.goto(f"{live_server.url}/s/{city.submission.pk}/")
    form = page.locator("form:has(input[name=act][value=add]), form:has(button[name=act][value=add])").first
    if not form.is_visible():
        page.locator("summary, button", has_text="增加项目").first.click()
    form.locator("[name=name]").fill(project["values"]["项目.名称"])
    form.locator("[name=name]").press("Enter")
    page.wait_for_load_state()
    made = read(city.submission).facts.children["项目"][number].id
    prefix = f"项目[{made}]/"
    page.goto(f"{live_server.url}/s/{city.submission.pk}/p/{UUID(made[1:])}/f/project/")
    fill(page, {prefix + key: text for key, text in project["values"].items()})
    fill_rows(page, f"{prefix}指标", project["indicators"], grouped=True)


def the_report_follows(page: Page, live_server: Any, city: City, shot: Callable[[Page, str], None]) -> None:
    """报告里的 {键} 印成表上的数；表上的数改了，句子跟着改。"""
    type_into(page, "报告.其他", "全年执行 {资金.全年执行数} 万元，执行率 {资金.执行率}。")
    wait_saved(page)
    expect(control(page, "报告.其他")).to_have_value("全年执行 95 万元，执行率 95%。")
    shot(page, "报告")
    go(page, live_server, city, "department")
    type_into(page, "资金.全年执行数", "96")
    wait_saved(page)
    go(page, live_server, city, "report")
    expect(control(page, "报告.其他")).to_have_value("全年执行 96 万元，执行率 96%。")
    go(page, live_server, city, "department")
    type_into(page, "资金.全年执行数", "95")
    wait_saved(page)
