"""存心害人的字：库里每一处人打的字都是脚本，每种人的每个页面都打开看过，一个也没有运行。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from evaluations.models import CheckNote, LibraryIndicator, Notice, Phrase, SourceBatch, Waiver
from tests.access import world as worlds
from tests.access.rows import MODULES
from tests.access.test_matrix import OF_FORM, OF_SUBMISSION, Case, address
from tests.access.world import DRAFT, MINE, THEIRS, World, build
from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAYLOADS = (
    "<script>window.__xss=1</script>",
    "\"><img src=x onerror=window.__xss=2>",
    "'><svg/onload=window.__xss=3>",
    "</textarea></title></style><script>window.__xss=4</script>",
    "{{7*7}}{% debug %}${window.__xss=5}",
    "<a href=javascript:window.__xss=6 autofocus onfocus=window.__xss=6>x</a>",
    "<iframe srcdoc='<script>parent.__xss=7</script>'></iframe>",
    "\\\";window.__xss=8;//</script><link rel=stylesheet href=http://127.0.0.1:9/x>",
)  # fmt: skip
ALL = "恶意" + "".join(PAYLOADS)
SHORT = "<img src=x onerror=__xss=9>"
APPEND_ONLY = {"Edit", "Event", "Snapshot", "ReviewScore"}
"""只增不改的：恶意的字由服务写进去，不在库里直接换。"""
TECHNICAL = re.compile(
    "hash|prev|algorithm|checksum|digest|password|address|row_id|cell|key|form|code|kind|action|username|direction|band"
)
DOWNLOADS = re.compile(
    "pdf|xlsx|receipt$|receipt/$|package|_file|export|template|document|logout|preview|pack_[^i]|repack"
)
"""不是页面的，和里面没有人打的字的（方案各页只有方案的名称是打的字，看一页就够）。"""
WATCH = """
window.__csp = [];
document.addEventListener("securitypolicyviolation", (e) => window.__csp.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def hostile_words(side: str) -> dict[str, str]:
    """世界里原来放着认得出的字的地方，都换成恶意的字：经过真的服务。"""
    short = dict.fromkeys(("preparer", "head", "row"), SHORT)
    return {
        **{kind: f"{side}{kind}{ALL}" for kind in worlds.KINDS},
        **short,
        "unit": f"{side}{PAYLOADS[1]}{PAYLOADS[0]}",
    }


def more_rows(world: World) -> None:
    """世界里没有的几种：公告、用语、指标库、说明、豁免、取数批次。"""
    admin, mine = world.people["pack_admin"], world.units[MINE].submission
    Notice.objects.create(title="x", text="x", since="2024-01-01", by=admin)
    Phrase.objects.create(text="x", position=0)
    LibraryIndicator.objects.create(code="X-1", sector="x", level1="x", level2="x", name="x")
    CheckNote.objects.create(submission=mine, code="S04", cell="x", text="x", at=timezone.now())
    Waiver.objects.create(
        submission=mine, code="S05", reason="x", until="2099-01-01", by=admin, at=timezone.now()
    )
    SourceBatch.objects.create(round=mine.round, name="x", by=admin, at=timezone.now())


def spoil() -> int:
    """每个模型里每一栏人打的字都换成恶意的字；返回换了几栏。"""
    count = 0
    for label in ("units", "evaluations"):
        for model in apps.get_app_config(label).get_models():
            fields = [
                field
                for field in model._meta.concrete_fields
                if isinstance(field, models.CharField | models.TextField)
                and not (field.choices or field.unique or TECHNICAL.search(field.name))
            ]
            if fields and model.__name__ not in APPEND_ONLY:
                count += len(fields)
                model.objects.update(**{field.name: fitting(field) for field in fields})
    return count


def fitting(field: models.Field[Any, Any]) -> str:
    size = field.max_length or len(ALL)
    return next((text for text in (ALL, PAYLOADS[1], SHORT) if len(text) <= size), SHORT[:size])


def pages(world: World) -> Iterator[tuple[str, str]]:
    """（谁，地址）：有表可查的每个 GET 的页面。"""
    for who, side in (("preparer", MINE), ("bureau_reviewer", THEIRS)):
        forms = OF_FORM if who == "preparer" else {}
        for name, row in (OF_SUBMISSION | forms).items():
            if row.startswith("GET") and not DOWNLOADS.search(name):
                prefixes = ("", "project_") if name in OF_FORM else ("",)
                for prefix in prefixes:
                    yield who, address(Case(who, f"evaluations:{prefix}{name}", side, "GET", 200), world)
        for name in ("home", "people", "queue"):
            yield who, reverse(f"evaluations:{name}")
    for module in MODULES:
        for name, row in module.ROWS.items():
            method, people, right = row.split()
            if method == "GET" and right == "200" and not DOWNLOADS.search(name):
                url = reverse(name, kwargs=module.keys(name, world))
                if not DOWNLOADS.search(url):
                    yield people.split(",")[0], url


def enter(page: Page, world: World, who: str, site: str) -> None:
    """换成这个人。"""
    session = world.client(who).session.session_key
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])


@pytest.mark.case("I1", "I2", "I9", "G15")
@pytest.mark.asvs("5.3.3")
def test_no_text_of_anybody_runs_on_any_page(
    chromium: Browser, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "words_of", hostile_words)
    world = build(DRAFT)
    more_rows(world)
    assert spoil() > 20
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    page.add_init_script(WATCH)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wrong, told, who = [], 0, ""
    for person, url in pages(world):
        if person != who:
            enter(page, world, person, live_server.url)
            who = person
        answer = page.goto(live_server.url + url)
        found = page.evaluate("[window.__xss, window.__csp, document.body.innerText.includes('onerror=')]")
        # 没有送审的材料没有审核页
        wrong += (
            [] if answer and answer.status in (200, 404) else [f"{who} {url}: {answer and answer.status}"]
        )
        wrong += [] if not found[0] and not found[1] else [f"{who} {url}: {found}"]
        told += found[2]
    page.close()
    assert not wrong, "\n".join(wrong[:30])
    assert told > 12, "恶意的字确实显示出来了，照打的样子"
    assert not [url for url in asked if not url.startswith((live_server.url, "data:"))]


@pytest.mark.case("G8")
@pytest.mark.asvs("8.2.1")
@pytest.mark.dengbao("剩余信息保护 a")
def test_going_back_after_signing_out_shows_the_login_page(
    city: City, sign_in: Any, live_server: Any
) -> None:
    page = sign_in(city.preparer)
    page.goto(live_server.url + reverse("evaluations:workbench", args=[city.submission.pk]))
    expect(page.locator("body")).to_contain_text("陈晓燕")
    page.locator("details.me summary").click()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login/**")
    page.go_back()
    expect(page.locator("[name=password]")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("陈晓燕")
