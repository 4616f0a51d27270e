"""Review scores: given beside the unit's own, never into them; explained, compared, frozen; who sees what and when."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations import reviewing
from evaluations.core.workflow import Role, State
from evaluations.models import Event, ReviewScore
from evaluations.selectors import read
from evaluations.services.problems import Refused, Stale
from evaluations.services.reviewing import Reviewed, give_score
from tests.conftest import City
from tests.services.staff import Office, recorded
from units.models import User
from units.services import appoint

pytestmark = pytest.mark.django_db
OPINION = "台账缺两个月，按比例扣分。"
SECRET = "只给审核人看的话，先不告诉单位。"


@pytest.fixture
def reviewed(city: City) -> City:
    """正在财政审核的材料。"""
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    return city


def row(city: City, number: int = 0) -> str:
    return read(city.submission).facts.root.lists["指标"][number].address("")


def give(
    city: City, score: str, opinion: str = "", *, was: tuple[str, str] = ("", ""), **given: Any
) -> Reviewed:
    given = {"user": city.reviewer, "address": row(city)} | given
    return give_score(submission_id=city.submission.pk, score=score, opinion=opinion, was=was, **given)


def page(user: User, name: str, city: City, *extra: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse(f"evaluations:{name}", args=[city.submission.pk, *extra]) + "?form=department")


def test_a_score_stands_beside_the_units_own_and_changes_nothing_of_the_unit(reviewed: City) -> None:
    before = recorded(reviewed.submission)
    done = give(reviewed, "７．５", OPINION)
    assert (str(done.given.score), done.given.opinion, done.advice) == ("7.5", OPINION, "")
    give(reviewed, "8", OPINION, was=("7.5", OPINION))
    give(reviewed, "8", OPINION, was=("7.5", OPINION))
    assert recorded(reviewed.submission) == before
    kept = list(ReviewScore.objects.values_list("score", "opinion", "user", "label"))
    assert [(str(score), opinion, user) for score, opinion, user, _ in kept] == [
        ("7.50", OPINION, reviewed.reviewer.pk), ("8.00", OPINION, reviewed.reviewer.pk),
    ]  # fmt: skip
    assert kept[0][3] == "数量指标第1行·得分"
    told = reviewing.changes_seen(reviewed.reviewer, reviewed.submission)
    assert [(one.who, one.level, one.old, one.new) for one in told] == [
        ("周启明", "财政局", "7.5", "8"), ("周启明", "财政局", "", "7.5"),
    ]  # fmt: skip
    (part, *_) = reviewing.current_parts(reviewed.submission, read(reviewed.submission))
    assert (part.own, part.final) == ("99.22", "97.22")


@pytest.mark.parametrize(
    ("score", "opinion", "told"),
    [
        ("10.01", OPINION, "0 到分值 10 之间"),
        ("-1", OPINION, "0 到分值 10 之间"),
        ("7.555", OPINION, "小数"),
        ("很好", OPINION, "审核得分"),
        ("不适用", OPINION, "要是数"),
        ("7", "字" * 1001, "最多 1000 字"),
    ],
)
def test_what_cannot_be_a_score_is_refused_and_nothing_is_stored(
    reviewed: City, score: str, opinion: str, told: str
) -> None:
    with pytest.raises(Refused, match=told):
        give(reviewed, score, opinion)
    assert not ReviewScore.objects.exists()


def test_only_rows_of_the_package_under_review_are_scored(reviewed: City) -> None:
    for address in ("资金.得分", "指标[r999]", "", "项目[p1]/指标[x]"):
        with pytest.raises(Refused, match="不在送审的材料里"):
            give(reviewed, "5", OPINION, address=address)


def test_a_deduction_without_its_reason_is_kept_but_not_approved(reviewed: City) -> None:
    done = give(reviewed, "7", "扣")
    assert "至少 5 个字" in done.advice
    with pytest.raises(Refused, match="有 1 行审核得分与自评不同，没有写理由"):
        reviewed.act("approve", reviewed.reviewer)
    give(reviewed, "7", OPINION, was=("7", "扣"))
    reviewed.act("approve", reviewed.reviewer)
    assert (reviewed.submission.state, str(reviewed.submission.final_score)) == (State.APPROVED, "96.22")


def test_a_score_another_reviewer_changed_is_not_overwritten(reviewed: City, people: Any) -> None:
    second = people("second", "孙涛", reviewed.bureau, Role.BUREAU_REVIEWER)
    give(reviewed, "7", OPINION)
    with pytest.raises(Stale, match=r"周启明 .*给了 7 分"):
        give(reviewed, "9", "我看只缺一个月", user=second)
    assert (
        give(reviewed, "9", "我看只缺一个月", was=("7", OPINION), user=second).given.opinion
        == "我看只缺一个月"
    )
    with pytest.raises(Refused, match="审核得分在您打开页面以后变过"):
        reviewed.act("approve", reviewed.reviewer, seen_scores=1)
    reviewed.act("claim", second)
    with pytest.raises(Refused, match=r"孙涛.*正在审核"):
        give(reviewed, "7", OPINION, was=("9", "我看只缺一个月"))


def test_those_who_may_not_approve_may_not_score(reviewed: City) -> None:
    for user in (reviewed.preparer, reviewed.head, reviewed.other_preparer):
        with pytest.raises(Refused, match="不能给审核分"):
            give(reviewed, "7", OPINION, user=user)
    appoint(user=reviewed.reviewer, department=reviewed.unit, role=Role.UNIT_HEAD, since=date(2024, 1, 1))
    with pytest.raises(Refused, match="您是这个单位的人"):
        give(reviewed, "7", OPINION)
    assert not reviewing.levels_seen(reviewed.reviewer, reviewed.submission)
    assert not ReviewScore.objects.exists()


def test_a_draft_takes_no_review_scores(city: City) -> None:
    city.import_into("2024-correct-package")
    with pytest.raises(Refused, match="填报中"):
        give(city, "7", OPINION)


def test_the_unit_sees_the_frozen_scores_after_the_approval_and_nothing_before(reviewed: City) -> None:
    give(reviewed, "7.5", SECRET)
    for user in (reviewed.preparer, reviewed.head):
        assert page(user, "scores", reviewed).status_code == 404
        for name in ("workbench", "review", "history"):
            answer = page(user, name, reviewed).content.decode()
            assert SECRET not in answer and "评审得分表" not in answer, name
    assert SECRET in page(reviewed.reviewer, "review", reviewed).content.decode()
    assert SECRET in page(reviewed.reviewer, "history", reviewed).content.decode()
    reviewed.act("approve", reviewed.reviewer)
    frozen = reviewed.submission.events.get(action="approve").details["review"]
    assert (frozen[0]["own"], frozen[0]["final"], frozen[0]["grade"]) == ("99.22", "96.72", "优")
    shown = page(reviewed.preparer, "scores", reviewed).content.decode()
    assert SECRET in shown and "96.72" in shown and "−25%" in shown
    assert "周启明" not in shown, "单位看到的是哪一级，不是哪个人"
    assert page(reviewed.head, "scores_file", reviewed, "xlsx").status_code == 200
    assert "96.72（优）" in page(reviewed.preparer, "workbench", reviewed).content.decode()
    assert SECRET not in page(reviewed.preparer, "history", reviewed).content.decode()


def test_a_revoked_approval_hides_the_scores_again_and_keeps_them(reviewed: City, people: Any) -> None:
    second = people("second", "孙涛", reviewed.bureau, Role.BUREAU_REVIEWER)
    give(reviewed, "7.5", OPINION)
    reviewed.act("approve", reviewed.reviewer)
    reviewed.act("revoke", second, "通过以后发现佐证材料不全。")
    assert reviewed.submission.final_score is None
    assert page(reviewed.preparer, "scores", reviewed).status_code == 404
    (part, *_) = reviewing.current_parts(reviewed.submission, read(reviewed.submission))
    assert part.final == "96.72"


def test_a_return_gives_the_opinions_only_when_asked_and_never_the_scores(reviewed: City) -> None:
    give(reviewed, "7.5", OPINION)
    reviewed.act("return", reviewed.reviewer, "请补充台账。")
    assert "opinions" not in Event.objects.get(action="return").details
    reviewed.act("submit", reviewed.preparer, "已经补充了台账。")
    reviewed.act("sign", reviewed.head)
    assert reviewing.given_of(reviewing.rows_of(reviewed.submission)) == {}, "重报的内容重新给分"
    give(reviewed, "9", OPINION)
    reviewed.act("return", reviewed.reviewer, "请再补充台账。", opinions=True)
    told = Event.objects.filter(action="return").latest("seq").details["opinions"]
    assert [(one["label"], one["text"]) for one in told] == [("受理办结政务服务事项数量", OPINION)]
    shown = page(reviewed.preparer, "workbench", reviewed).content.decode()
    assert OPINION in shown and {*told[0]} == {"address", "label", "text"}, "只有意见，没有分"


def test_each_level_keeps_its_own_scores_and_the_department_sees_only_its_own(office: Office) -> None:
    city, branch = office.city, office.by_role[Role.DEPARTMENT_REVIEWER]
    office.go("submit", "sign")
    give(city, "6", OPINION, user=branch)
    office.go("pass")
    assert city.submission.events.get(action="pass").details["review"][0]["final"] == "95.22"
    with pytest.raises(Refused, match="不能给审核分"):
        give(city, "5", OPINION, user=branch, was=("6", OPINION))
    give(city, "9", SECRET)
    reading = read(city.submission)
    seen = {
        user: reviewing.parts_seen(user, city.submission, reading)[0].final
        for user in (branch, city.reviewer)
    }
    assert seen == {branch: "95.22", city.reviewer: "98.22"}
    assert SECRET not in page(branch, "review", city).content.decode()
    office.go("approve")
    shown = page(city.preparer, "scores", city).content.decode()
    assert f"主管部门：{OPINION}" in shown and f"财政局：{SECRET}" in shown
