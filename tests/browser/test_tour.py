"""第一次用的提示：一次一条，看过不再出现；和它说的整块粘贴：自己表里的六行三列，一列对一格，一次撤销。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINES = ("公车购置", "公车运行维护", "出国经费", "公务接待")
COLUMNS = ("上年决算数", "本年预算数", "本年决算数")
BLOCK = "0.00\t0.00\t0.00\n2.40\t2.20\t2.10\n0\t0\t0\n0.60\t0.50\t0.45\n9\t9\t9\n1,260.40\t70.20\t66.50\n"
PASTED = {"公车运行维护": ["2.4", "2.2", "2.1"], "公务接待": ["0.6", "0.5", "0.45"], "业务工作经费": ["1260.4", "70.2", "66.5"]}  # fmt: skip


def shown(page: Page, line: str) -> list[str]:
    cells = [page.locator(f'.grid-frame .v[data-address="{line}.{column}"]') for column in COLUMNS]
    return [cell.input_value() for cell in cells]


def paste(page: Page, address: str, text: str) -> None:
    cell = page.locator(f'.grid-frame .v[data-address="{address}"]')
    cell.focus()
    cell.evaluate(
        """(node, text) => { const data = new DataTransfer(); data.setData("text/plain", text);
        node.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }""",
        text,
    )


@pytest.mark.case("G15")
def test_a_newcomer_sees_each_hint_once_and_pastes_a_block(
    city: City, sign_in: Callable[[Any], Page], shot: Callable[[Page, str], None]
) -> None:
    page = sign_in(city.preparer)
    page.goto(page.url + f"s/{city.submission.pk}/")
    tour = page.locator("[data-tour]")
    expect(tour).to_be_visible()
    page.get_by_role("button", name="明白了").focus()
    page.keyboard.press("Enter")
    expect(tour).to_have_count(0)
    page.reload()
    expect(tour).to_have_count(0)

    page.locator(".parts a.btn").first.click()
    expect(tour).to_contain_text("自动保存")
    shot(page, "tour")
    page.get_by_role("button", name="下一条").click()
    expect(tour).to_contain_text("边填边核对")
    page.get_by_role("button", name="明白了").click()
    expect(tour).to_have_count(0)

    paste(page, "公车购置.上年决算数", BLOCK)
    expect(page.locator("#save-state")).to_contain_text("已保存")
    expect(page.get_by_text("粘贴了 15 格，3 格未采纳")).to_be_visible()
    page.locator('.grid-frame .v[data-address="人员.编制数"]').focus()
    assert {line: shown(page, line) for line in PASTED} == PASTED
    page.keyboard.press("Control+z")
    expect(page.locator('.grid-frame .v[data-address="业务工作经费.本年决算数"]')).to_have_value("")
    assert shown(page, "公务接待") == ["", "", ""]

    # 从官方表复制的：合并格的其余部分在剪贴板里是空列
    paste(page, "公务接待.上年决算数", "0.7\t\t0.6\t\t0.55\t\n")
    expect(page.locator('.grid-frame .v[data-address="公务接待.本年决算数"]')).to_have_value("0.55")
    assert shown(page, "公务接待") == ["0.7", "0.6", "0.55"]
