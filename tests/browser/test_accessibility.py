"""每个页面用 axe 查一遍：没有严重（serious、critical）的无障碍问题，1366×768 没有横向滚动。"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = (Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(" | "))"""
CLERK = ["", "s/{s}/", "s/{s}/submit/", "s/{s}/history/", "password/", "nowhere/"] + [
    f"s/{{s}}/f/{form}/" for form in ("base", "department", "government-fund", "report", "department/preview")
]
REVIEWER = ["review/", "review/{s}/?form=department", "review/{s}/?form=report", "s/{s}/history/"]


def problems(page: Page, url: str) -> list[str]:
    page.goto(url)
    page.wait_for_load_state()
    page.evaluate(AXE)
    found = page.evaluate(RUN)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("横向滚动")
    return [f"{url}: {problem}" for problem in found]


def test_no_page_of_a_clerk_shuts_anybody_out(
    city: City, sign_in: Callable[[Any], Page], live_server: Any
) -> None:
    city.import_into("2024-yueyang-package")
    page = sign_in(city.preparer)
    paths = [path.format(s=city.submission.pk) for path in CLERK]
    assert [line for path in paths for line in problems(page, f"{live_server.url}/{path}")] == []


def test_no_page_of_a_reviewer_shuts_anybody_out(
    city: City, sign_in: Callable[[Any], Page], live_server: Any
) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    page = sign_in(city.reviewer)
    paths = [path.format(s=city.submission.pk) for path in REVIEWER]
    assert [line for path in paths for line in problems(page, f"{live_server.url}/{path}")] == []
