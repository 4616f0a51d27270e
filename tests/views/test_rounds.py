"""年度任务、公告、退回用语、以用户视角查看的页面；不用脚本也能办。"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations import middleware
from evaluations.core.workflow import Role
from evaluations.models import Event, Notice, Phrase, Presence, Round, Submission
from evaluations.services.notices import move_phrase, put_notice, put_phrase
from tests.conftest import City
from units.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(city: City, people: Any) -> User:
    return people("packs", "吴静", city.bureau, Role.PACK_ADMIN)


@pytest.fixture
def desk(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def url(name: str, *keys: Any) -> str:
    return reverse(f"evaluations:{name}", args=keys)


def text(answer: HttpResponse, status: int = 200) -> str:
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[:300])
    return answer.content.decode()


# ---- 向导 -----------------------------------------------------------------------------------


def test_the_wizard_goes_from_a_name_to_an_opened_round_without_script(city: City, desk: Client) -> None:
    day = (timezone.localdate() + timedelta(days=40)).isoformat()
    form = {"name": "补报", "pack": city.pack.pk, "day": day, "at": "18:00", "return_days": "5"}
    refused = text(desk.post(url("round_new"), {**form, "name": "2024年度自评"}), 409)
    assert "已经有叫“2024年度自评”的任务" in refused and day in refused
    assert desk.post(url("round_new"), form).status_code == 302
    task = Round.objects.get(name="补报")
    assert timezone.localtime(task.deadline).strftime("%H:%M") == "18:00"
    assert "还没有选单位" in text(desk.get(url("round_open", task.pk)))
    assert desk.post(url("round_units", task.pk), {"units": [city.unit.pk]}).status_code == 302
    units = text(desk.get(url("round_units", task.pk)))
    assert (
        f'value="{city.unit.pk}" checked' in units and "已选 <b data-choose-count>1</b> 个，共 3 个" in units
    )
    preview = text(desk.get(url("round_preview", task.pk), {"form": "project", "unit": city.unit.pk}))
    assert "项目支出绩效自评表" in preview
    assert city.unit.name in text(desk.get(url("round_preview", task.pk), {"form": "department"}))
    book = desk.get(url("round_document", task.pk, "project", "xlsx"), {"unit": city.unit.pk})
    assert book.content[:2] == b"PK" and quote("补报_") in book["Content-Disposition"]
    assert not task.submissions.exists()
    assert "给 1 个单位下达" in text(desk.get(url("round_open", task.pk)))
    assert desk.post(url("round_open", task.pk)).status_code == 302
    assert task.submissions.count() == 1
    listed = text(desk.get(url("rounds")))
    assert "补报" in listed and "开放中" in listed


def test_the_chosen_are_extended_and_the_page_tells_each_result(city: City, desk: Client) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    page = text(desk.get(url("round", city.task.pk)))
    assert "陈晓燕" in page and "李建国" in page and "一网通办" not in page
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    form: dict[str, Any] = {"key": "a" * 32, "due": day, "extend_reason": "等决算批复。", "act": "extend"}
    form["chosen"] = list(Submission.objects.values_list("pk", flat=True))
    for _ in range(2):
        answer = text(desk.post(url("round_each", city.task.pk), form))
        assert "没有做成 1 个" in answer and "做成 1 个" in answer and "等决算批复。" in answer
    assert Event.objects.filter(action="extend").count() == 1
    reminded = text(desk.post(url("round_each", city.task.pk), {**form, "act": "remind"}))
    assert "以下 2 个单位还没有送审" in reminded and "等负责人签批；负责人 李建国" in reminded
    lost = text(desk.post(url("round_each", city.task.pk), {**form, "due": "后天"}), 409)
    assert "日期“后天”读不懂" in lost and "等决算批复。" in lost
    assert "没有选单位" in text(desk.post(url("round_each", city.task.pk), {"act": "cancel"}), 409)


def test_a_refused_closing_keeps_the_reason_and_a_closed_round_says_so(city: City, desk: Client) -> None:
    assert "不行" in text(desk.post(url("round_close", city.task.pk), {"reason": "不行"}), 409)
    assert desk.post(url("round_close", city.task.pk), {"reason": "今年报完了。"}).status_code == 302
    assert "已结束" in text(desk.get(url("round", city.task.pk)))
    assert (
        desk.post(url("round_act", city.task.pk, "reopen"), {"reason": "还有两家没报。"}).status_code == 302
    )
    assert "还没有 2025 年的方案" in text(desk.get(url("round_roll", city.task.pk)))
    assert desk.get(url("round_act", city.task.pk, "explode")).status_code == 404


# ---- 公告、退回用语 ---------------------------------------------------------------------------


def test_a_notice_is_shown_to_its_audience_in_its_days(city: City, admin: User, desk: Client) -> None:
    today = timezone.localdate()
    form = {"title": "<b>抓紧</b>", "text": "本周报齐", "audience": "units", "since": today.isoformat()}
    wrong = text(
        desk.post(url("notice_new"), {**form, "until": (today - timedelta(days=1)).isoformat()}), 409
    )
    assert "早" in wrong and "本周报齐" in wrong
    assert desk.post(url("notice_new"), form).status_code == 302
    put_notice(
        user=admin,
        title="明天才有",
        text="",
        audience="everyone",
        since=today + timedelta(days=1),
        until=None,
    )
    clerk, reviewer = Client(), Client()
    clerk.force_login(city.preparer)
    reviewer.force_login(city.reviewer)
    home = text(clerk.get(url("home")))
    assert "&lt;b&gt;抓紧" in home and "明天才有" not in home
    assert "抓紧" not in text(reviewer.get(url("queue")))
    notice = Notice.objects.get(text="本周报齐")
    assert desk.post(url("notice", notice.pk), {**form, "audience": "reviewers"}).status_code == 302
    assert "抓紧" in text(reviewer.get(url("queue"))) and "抓紧" not in text(clerk.get(url("home")))
    assert desk.post(url("notice_drop", notice.pk)).status_code == 302
    assert not Notice.objects.filter(pk=notice.pk).exists()


def test_phrases_keep_their_order_and_are_offered_to_the_reviewer(
    city: City, admin: User, desk: Client
) -> None:
    made = [put_phrase(user=admin, text=f"第{n}条常用的理由") for n in (1, 2, 3)]
    assert "已经有一条一样的" in text(desk.post(url("phrase_new"), {"text": "第1条常用的理由"}), 409)
    moved = desk.post(url("phrase_act", made[2].pk), {"act": "up"})
    assert moved["Location"].endswith(f"?moved={made[2].pk}&act=up#phrases")
    move_phrase(user=admin, phrase_id=made[0].pk, up=True)
    assert [one.text[1] for one in Phrase.objects.all()] == ["1", "3", "2"]
    assert desk.post(url("phrase_act", made[0].pk), {"act": "drop"}).status_code == 302
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    head = Client()
    head.force_login(city.head)
    page = text(head.get(url("review", city.submission.pk)))
    assert page.index("第3条常用的理由") < page.index("第2条常用的理由") and "第1条" not in page


# ---- 以用户视角查看 ----------------------------------------------------------------------------


def test_viewing_as_a_clerk_shows_his_pages_refuses_every_act_and_is_logged(city: City, desk: Client) -> None:
    assert "陈晓燕" in text(desk.get(url("view_as", city.preparer.pk)))
    assert desk.post(url("view_as", city.preparer.pk)).status_code == 302
    home = text(desk.get(url("home")))
    assert "您正以 <b>陈晓燕</b> 的视角查看（只看）" in home and "部门整体支出绩效自评" in home
    form = ("department",)
    assert desk.get(url("form", city.submission.pk, *form))["Location"].startswith(
        url("review", city.submission.pk)
    )
    before = Submission.objects.values().get(pk=city.submission.pk)
    body = {"changes": [{"address": "填表人", "value": "我", "was": ""}]}
    for name in ("save", "live"):
        answer = desk.post(url(name, city.submission.pk, *form), body, "application/json")
        assert (answer.status_code, "只看不改" in answer.json()["error"]) == (403, True)
    assert "只看不改" in text(desk.post(url("act", city.submission.pk, "submit")), 403)
    assert "只看不改" in text(desk.get(reverse("units:password")), 403)
    assert desk.get(url("rounds")).status_code == 404
    assert Submission.objects.values().get(pk=city.submission.pk) == before and not Presence.objects.exists()
    assert desk.post(url("view_as_end")).status_code == 302
    assert text(desk.get(url("rounds")))
    actions = list(Event.objects.filter(action__contains="viewing").values_list("action", "user__username"))
    assert actions == [("begin_viewing", "packs"), ("end_viewing", "packs")]


@pytest.mark.parametrize("how", ["time", "logout", "disabled", "demoted"])
def test_viewing_ends_by_itself(city: City, desk: Client, admin: User, how: str) -> None:
    desk.post(url("view_as", city.preparer.pk))
    if how == "time":
        session = desk.session
        since = (timezone.now() - timedelta(minutes=31)).isoformat()
        session[middleware.KEY] = {**session[middleware.KEY], "since": since}
        session.save()
    elif how == "logout":
        assert desk.post(reverse("units:logout")).status_code == 302
        assert desk.get(url("home"))["Location"].startswith("/login/")
    elif how == "disabled":
        User.objects.filter(pk=city.preparer.pk).update(is_active=False)
    else:
        admin.appointments.update(until=timezone.localdate() - timedelta(days=1))
    if how != "logout":
        assert "已自动退出" in text(desk.get(url("home"), follow=True))
        assert middleware.KEY not in desk.session
    assert Event.objects.filter(action="end_viewing", user=admin).count() == 1


def test_nobody_views_as_an_administrator_or_from_another_post(
    city: City, people: Any, desk: Client, admin: User
) -> None:
    for role in (Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN, Role.DEPARTMENT_ADMIN):
        other = people(role.value, role.label, city.bureau, role)
        assert "不能以管理员" in text(desk.post(url("view_as", other.pk)), 409)
    assert "不能以管理员" in text(desk.post(url("view_as", admin.pk)), 409)
    reviewer = Client()
    reviewer.force_login(city.reviewer)
    assert reviewer.post(url("view_as", city.preparer.pk)).status_code == 404
    assert middleware.KEY not in desk.session
