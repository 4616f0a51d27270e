"""方案管理员用树选单位、看进度；审核人点退回用语。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from evaluations.core.workflow import Role
from evaluations.services.notices import put_phrase
from evaluations.services.rounds import plan_round
from tests.browser.test_accessibility import problems
from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLANNED = ("units/", "preview/", "open/")
OPENED = ("", "close/", "roll/", "repack/")
TOLD = "满意度没有调查依据，请补充。"


def test_units_are_chosen_by_branch_and_a_phrase_is_put_into_the_reason(
    city: City,
    people: Any,
    live_server: Any,
    sign_in: Callable[[Any], Page],
    shot: Callable[[Page, str], None],
) -> None:
    admin = people("packs", "吴静", city.bureau, Role.PACK_ADMIN)
    task = plan_round(user=admin, name="补报", pack=city.pack, deadline=city.task.deadline, return_days=7)
    put_phrase(user=admin, text=TOLD)
    page = sign_in(admin)
    page.goto(f"{live_server.url}/manage/rounds/{task.pk}/units/")
    count = page.locator("[data-choose-count]")
    page.click("text=选这一支")
    expect(count).to_have_text("3")
    page.fill("[data-choose-search]", "档案")
    expect(page.get_by_label("云湖市政务服务中心")).to_be_hidden()
    page.click("text=全不选")
    expect(count).to_have_text("1")
    page.click("text=存好，下一步")
    expect(page.locator("[role=status]")).to_contain_text("已选 1 个单位")
    shot(page, "round-preview")
    page.goto(f"{live_server.url}/manage/rounds/{city.task.pk}/")
    page.check("[data-choose-every]")
    expect(count).to_have_text("2")
    shot(page, "round-progress")
    pages = [
        f"rounds/{path}"
        for path in (
            "",
            "new/",
            *(f"{city.task.pk}/{name}" for name in OPENED),
            *(f"{task.pk}/{name}" for name in PLANNED),
        )
    ]
    wrong = [
        line for path in (*pages, "notices/") for line in problems(page, f"{live_server.url}/manage/{path}")
    ]
    assert wrong == []
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    head = sign_in(city.head)
    head.goto(f"{live_server.url}/review/{city.submission.pk}/")
    head.click('[data-open-dialog="dialog-return"]')
    reason = head.locator("#reason-return")
    reason.fill("一、附件没有盖章。")
    head.click("text=退回用语")
    head.get_by_role("button", name=TOLD).press("Enter")
    expect(reason).to_have_value(f"一、附件没有盖章。\n{TOLD}")
    expect(reason).to_be_focused()
    shot(head, "return-phrases")
