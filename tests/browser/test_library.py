"""Choosing from the library while filling: by keyboard, into the group where the cursor is, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from evaluations.management.commands import PACKS
from evaluations.services.library import load_library
from tests.browser.test_journey import control, open_form, rows_on
from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[[Any], Page]


def test_an_indicator_is_found_added_to_the_group_of_the_cursor_and_undone(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    load_library(path=PACKS / "library.toml")
    page = sign_in(city.preparer)
    open_form(page, live_server, city)
    panel = page.locator("#library-panel")
    plus = page.get_by_role("button", name="在“质量指标”下增加一行")
    plus.focus()
    page.keyboard.press("Alt+k")
    expect(panel.locator("#library-words")).to_be_focused()
    expect(panel.locator("#library-place option:checked")).to_have_text("产出指标 · 质量指标")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(plus).to_be_focused()

    page.keyboard.press("Alt+k")
    page.keyboard.insert_text("可网办率")
    expect(panel.locator("li")).to_have_count(1)
    expect(panel.locator("li")).to_contain_text("基本实现网上可办")
    shot(page, "指标库")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    (row,) = rows_on(page)
    expect(control(page, f"{row}.三级指标")).to_be_focused()
    expect(control(page, f"{row}.年度指标值")).to_have_value("≥96%")
    expect(panel).to_be_hidden()

    page.keyboard.press("Control+z")
    expect(page.locator("tr[data-row]")).to_have_count(0)
