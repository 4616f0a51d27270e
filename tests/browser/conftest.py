"""真浏览器：Debian 的 Chromium，无界面，1366×768。"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Error, Page, sync_playwright

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
TAKEN = "SHOTS" in os.environ
SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def outside(url: str, own: str) -> list[str]:
    """问到别的网站去了；本站的、页面自带的（data、blob）不算。"""
    return [] if url.startswith((f"{own}/", "data:", "blob:")) else [f"问到别处：{url}"]


@pytest.fixture
def sign_in(chromium: Browser, live_server: Any) -> Iterator[Callable[[Any], Page]]:
    """以某人的身份开一个新窗口，已经登录（登录页另有测试）；任何脚本错误、任何问到别处的请求都算不通过。"""
    contexts = []
    problems: list[str] = []

    def open_as(user: Any) -> Page:
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
        contexts.append(context)
        context.on("request", lambda asked: problems.extend(outside(asked.url, live_server.url)))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(live_server.url)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """设了 SHOTS=1 才存的一张截图，给人看，不是检查：机器很忙时 Chromium 有时截不出，那就再截一次。"""

    def take(page: Page, name: str) -> None:
        if not TAKEN:
            return
        SHOTS.mkdir(parents=True, exist_ok=True)
        file = str(SHOTS / f"{name}.png")
        try:
            page.screenshot(path=file)
        except Error:
            page.wait_for_timeout(1_000)
            page.screenshot(path=file)

    return take
