"""审计页面：查、翻页、导出、核对；不许做的事记一条，记不满硬盘。"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from evaluations import audit_verifier, guards
from evaluations.core.workflow import Role
from evaluations.models import Edit, Event
from evaluations.services.records import record_event
from tests.conftest import City

pytestmark = pytest.mark.django_db
INDEX = "evaluations:audit"


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def auditor(city: City, people: Any, settings: Any, tmp_path: Path) -> Client:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    client = Client()
    client.force_login(people("auditor", "沈斌", city.bureau, Role.AUDIT_ADMIN))
    return client


def shown(client: Client, **asked: Any) -> list[int]:
    """查到的序号。"""
    return [row["event"].seq for row in client.get(reverse(INDEX), asked).context["rows"]]


# ---- 查 -------------------------------------------------------------------------------------


@pytest.mark.dengbao("安全审计 a", "安全审计 b")
def test_events_are_found_by_person_unit_act_words_and_day(city: City, auditor: Client) -> None:
    submit, sign = (Event.objects.get(action=action).seq for action in ("submit", "sign"))
    odd = record_event(action="put_notice", label="发公告", user=city.reviewer, reason="暴雨停报一天").seq
    assert shown(auditor, who="own") == shown(auditor, who="晓燕") == [submit]
    assert shown(auditor, unit="101") == shown(auditor, unit="政务服务") == [sign, submit]
    assert shown(auditor, what="签批") == shown(auditor, what="sign") == [sign]
    assert shown(auditor, words="暴雨") == [odd]
    day = Event.objects.get(seq=odd).at.date().isoformat()
    assert odd in shown(auditor, since=day) and shown(auditor, until="2020-01-01") == []
    assert shown(auditor, submission=city.submission.pk) == [sign, submit]
    page = auditor.get(reverse(INDEX), {"since": "昨天"})
    assert "读不懂" in page.content.decode() and page.status_code == 200
    assert "没有这样的记录" in auditor.get(reverse(INDEX), {"who": "没有这个人"}).content.decode()


def test_pages_follow_by_number_and_cost_the_same_however_far(city: City, auditor: Client) -> None:
    for number in range(120):
        record_event(action="test", label=f"第 {number} 件", user=city.reviewer)
    url, seen, costs = reverse(INDEX), [], []
    query = "?"
    while query:
        with CaptureQueriesContext(connection) as asked:
            page = auditor.get(url + query)
        seen += [row["event"].seq for row in page.context["rows"]]
        costs.append(len(asked))
        query = page.context["older"]
    assert seen == list(Event.objects.order_by("-seq").values_list("seq", flat=True))
    assert max(costs) == min(costs) and not any("OFFSET" in one["sql"] for one in asked)


def test_the_edits_of_a_package_are_shown_with_old_and_new(city: City, auditor: Client) -> None:
    edit = city.submission.edits.order_by("-seq").first()
    assert isinstance(edit, Edit)
    text = auditor.get(reverse("evaluations:audit_edits", args=[city.submission.pk])).content.decode()
    assert edit.label in text and edit.hash in text


# ---- 导出、核对 -------------------------------------------------------------------------------


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.case("I5")
@pytest.mark.dengbao("安全审计 c")
def test_exports_hold_what_was_found_are_safe_in_a_spreadsheet_and_are_recorded(
    city: City, auditor: Client
) -> None:
    for words in ('=HYPERLINK("x")', "+1+cmd", "@SUM(A1)", "－1", "\t=1"):
        record_event(action="evil", label="怪字", user=city.reviewer, reason=words)
    url = reverse("evaluations:audit_export")
    found = csv.reader(
        io.StringIO(body(auditor.post(url, {"to": "csv", "what": "怪字"})).decode("utf-8-sig"))
    )
    reasons = [row[9] for row in found][1:]
    assert len(reasons) == 5 and all(text.startswith("'") for text in reasons)
    book = body(auditor.post(url, {"to": "xlsx", "what": "怪字"}))
    sheet = load_workbook(io.BytesIO(book)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert '=HYPERLINK("x")' in [cell.value for cell in cells]
    exports = Event.objects.filter(action="export_audit").order_by("seq")
    assert [one.reason for one in exports] == ["csv", "xlsx"]
    assert all(
        one.details == {"filters": {"what": "怪字"}} and one.user and one.user.username == "auditor"
        for one in exports
    )


@pytest.mark.case("G6")
def test_the_lines_from_the_page_can_be_verified(city: City, auditor: Client) -> None:
    lines = (
        body(auditor.post(reverse("evaluations:audit_export"), {"to": "jsonl"}))
        .decode()
        .splitlines(keepends=True)
    )
    report = audit_verifier.Report()
    audit_verifier.check_chain(lines, "事件", audit_verifier.Anchors(), report)
    assert (report.rows, report.problems) == (Event.objects.count(), [])
    assert json.loads(lines[-1])["content"]["action"] == "export_audit"


def test_checking_the_chain_tells_the_result_and_is_recorded(city: City, auditor: Client) -> None:
    url = reverse("evaluations:audit_check")
    assert "全部相符" in auditor.post(url).content.decode()
    with guards.guards_off():
        Event.objects.filter(action="submit").update(reason="另")
    text = auditor.post(url).content.decode()
    assert "被改过" in text and "全部相符" not in text
    told = Event.objects.filter(action="check_audit").order_by("seq").values_list("reason", flat=True)
    assert [words.partition("，")[2] for words in told] == ["不符 0 处", "不符 1 处"]


# ---- 被拒绝的事 -------------------------------------------------------------------------------


def refusals() -> list[dict[str, Any]]:
    return [
        one.details | {"user": one.user.username}
        for one in Event.objects.filter(action="refused").order_by("seq")
        if one.user
    ]


@pytest.mark.case("G3")
@pytest.mark.dengbao("安全审计 a")
def test_refused_acts_are_recorded_without_what_was_typed(city: City) -> None:
    client = Client()
    client.force_login(city.other_preparer)
    pk = city.submission.pk
    url = reverse("evaluations:act", args=[pk, "approve"])
    assert client.post(url, {"reason": "CanarySecret"}).status_code == 404
    assert client.post("/没有这个页面/CanarySecret/", {}).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(city.preparer)
    assert strict.post(reverse("evaluations:act", args=[pk, "submit"]), {}).status_code == 403
    found = refusals()
    assert found[0] == {
        "view": "evaluations:act", "where": {"submission_id": str(pk), "action": "approve"}, "method": "POST", "status": 404, "user": "other",
    }  # fmt: skip
    assert [one["status"] for one in found if one["user"] == "own"] == [403]
    cache.clear()
    own = reverse("evaluations:act", args=[city.other_submission.pk, "submit"])
    assert client.post(own, {"revision": "0", "reply": "CanarySecret"}).status_code == 409
    assert refusals()[-1]["status"] == 409
    assert "CanarySecret" not in json.dumps(refusals())


def test_hammering_is_counted_not_written(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(city.other_preparer)
    url = reverse("evaluations:act", args=[city.submission.pk, "approve"])
    for _ in range(20):
        client.post(url)
    assert len(refusals()) == 1
    key = f"refusal-{city.other_preparer.pk.hex}-evaluations:act"
    cache.delete(key)  # 一分钟过去
    client.post(url)
    assert [one.get("before") for one in refusals()] == [None, 19]


def test_reading_and_strangers_and_wrong_forms_are_not_recorded(city: City) -> None:
    client = Client()
    url = reverse("evaluations:act", args=[city.submission.pk, "approve"])
    client.post(url)
    client.force_login(city.other_preparer)
    client.get(reverse("evaluations:workbench", args=[city.submission.pk]))
    client.head("/没有/")
    assert refusals() == []
