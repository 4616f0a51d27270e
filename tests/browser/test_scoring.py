"""The reviewer scores in the review page: saved by itself, kept from being approved without a reason, seen by the unit after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from evaluations.models import ReviewScore
from tests.conftest import City

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[[Any], Page]
OPINION = "台账缺两个月的原始记录，按比例扣分。"


def test_a_reviewer_scores_explains_and_approves_and_the_unit_sees_it_then(
    city: City, sign_in: Open, live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    at = live_server.url + reverse("evaluations:review", args=[city.submission.pk]) + "?form=department"
    page = sign_in(city.reviewer)
    page.goto(at)
    page.get_by_role("tab", name="评分").click()
    row = page.locator(".score-row[data-row]").first
    score, opinion, state = (
        row.locator("[data-field=score]"),
        row.locator("[data-field=opinion]"),
        row.locator(".score-state"),
    )

    score.fill("11")
    opinion.focus()
    page.locator("[data-field=score]").nth(1).focus()
    expect(state).to_contain_text("要在 0 到分值 10 之间")
    expect(score).to_have_value("11")

    score.fill("7.5")
    score.press("Enter")
    expect(opinion).to_be_focused()
    page.locator("[data-field=score]").nth(1).focus()
    expect(state).to_contain_text("要写理由")
    expect(page.get_by_role("tab", name="评分 缺 1 条理由")).to_be_visible()
    cell = page.locator("td.rescored")
    expect(cell).to_contain_text("10")
    expect(cell).to_contain_text("→ 7.5")
    expect(page.locator(".key-figures")).to_contain_text("最后总分 96.72")

    page.get_by_role("button", name="通过", exact=True).click()
    page.locator("#dialog-approve [type=submit]").click()
    expect(page.locator("main")).to_contain_text("没有写理由")

    page.goto(at)
    row = page.locator(".score-row[data-row]").first
    expect(row.locator("[data-field=score]")).to_have_value("7.5")
    row.locator("[data-field=opinion]").fill(OPINION)
    row.locator("[data-field=score]").focus()
    page.locator("[data-field=score]").nth(1).focus()
    expect(row.locator(".score-state")).to_have_text("已保存")
    shot(page, "评分")
    assert ReviewScore.objects.count() == 2

    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator("#dialog-approve")).to_contain_text("最后总分 96.72")
    page.locator("#dialog-approve [type=submit]").click()
    expect(page.locator("body")).to_contain_text("已通过")

    unit = sign_in(city.preparer)
    unit.goto(live_server.url + reverse("evaluations:workbench", args=[city.submission.pk]))
    unit.get_by_role("link", name="看评审得分表").click()
    expect(unit.locator(".a4")).to_contain_text(OPINION)
    shot(unit, "评审得分表")
