"""草稿换到新版方案：放不下的记下来，别的一字不动；送审的不换；正在填的人不丢字。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations import timeline
from evaluations.core.workflow import Role
from evaluations.models import Event, Pack, Round, Submission
from evaluations.repacking import newer_than, repack_of
from evaluations.selectors import package_of, read
from evaluations.services import repack as service
from evaluations.services.drafting import Draft
from evaluations.services.entry import Change, Saved, save_cells
from evaluations.services.problems import Refused
from evaluations.services.repack import move_draft, move_round
from evaluations.services.versions import restore_version, undo
from tests.conftest import City
from tests.services.packs_made import NEWER, NEXT_YEAR, PHONE, pack_with
from tests.together import Meeting, together, without_lock, without_transaction
from units.models import User

pytestmark = pytest.mark.django_db
OTHER = "填表人"


@pytest.fixture
def admin(city: City, people: Any) -> User:
    return people("packs", "吴静", city.bureau, Role.PACK_ADMIN)


@pytest.fixture
def newer(city: City, tmp_path: Path) -> Pack:
    city.import_into("2024-correct-package")
    return pack_with(tmp_path / "newer", NEWER)


def fresh(city: City) -> Submission:
    return Submission.objects.get(pk=city.submission.pk)


def move(city: City, pack: Pack, admin: User) -> Event | None:
    return move_draft(submission_id=city.submission.pk, pack_id=pack.pk, user=admin)


def test_the_preview_lists_what_is_lost_gained_and_changed_and_stores_nothing(
    city: City, newer: Pack
) -> None:
    before = fresh(city)
    made = repack_of(before, newer)
    assert [(one.label, one.text, one.why) for one in made.lost] == [
        (PHONE, "0000-8888888", "新版没有这一格")
    ]
    assert made.gained == ["手机"]
    assert {"where": "年度资金总额·分值", "old": "10", "new": "20"} in made.figures
    assert "W01" in {finding.code for finding in made.appeared}
    assert (fresh(city).pack_id, fresh(city).revision) == (before.pack_id, before.revision)


def test_a_draft_is_moved_and_what_has_no_place_stays_in_the_log(
    city: City, newer: Pack, admin: User
) -> None:
    before, old = fresh(city), read(fresh(city)).facts
    event = move(city, newer, admin)
    after = fresh(city)
    facts = read(after).facts
    assert event is not None and (after.pack, after.revision) == (newer, before.revision + 1)
    assert (event.user, event.details["to"]) == (admin, str(newer.pk)) and "去掉 1 处" in event.reason
    edit = after.edits.order_by("-seq")[0]
    assert (edit.label, edit.old, edit.new, edit.user) == (PHONE, "0000-8888888", "", None)
    kept = [(key, value) for key, value in old.package.root.values.items() if key != PHONE]
    assert all(facts.package.root.values[key] == value for key, value in kept)
    assert facts.package.root.rows == old.package.root.rows and facts.package.children == old.package.children
    assert facts.package.notes == old.package.notes
    assert facts.root.shown("资金.分值") == "20"
    assert move(city, newer, admin) is None
    assert fresh(city).revision == after.revision and Event.objects.filter(action="repack").count() == 1


def test_versions_before_the_move_are_read_with_their_own_pack(city: City, newer: Pack, admin: User) -> None:
    seen = fresh(city).revision
    move(city, newer, admin)
    then, now = (timeline.facts_at(fresh(city), revision) for revision in (seen, seen + 1))
    assert then.root.value(PHONE) == "0000-8888888" and then.root.shown("资金.分值") == "10"
    assert PHONE not in now.root.fields
    undone = restore_version(submission_id=city.submission.pk, user=city.preparer, revision=0, seen=seen + 1)
    assert undone.done


def test_an_earlier_save_can_still_be_undone_after_the_move(city: City, newer: Pack, admin: User) -> None:
    given = {"submission_id": city.submission.pk, "user": city.preparer}
    was = read(fresh(city)).facts.root.value(OTHER)
    save_cells(**given, changes=[Change(OTHER, "新的人", was=str(was))])
    move(city, newer, admin)
    assert undo(**given).done == [OTHER] and read(fresh(city)).facts.root.value(OTHER) == was


def test_only_a_newer_pack_of_the_same_year_and_place_is_offered(
    city: City, newer: Pack, admin: User, tmp_path: Path
) -> None:
    later = pack_with(tmp_path / "later", NEXT_YEAR)
    assert list(newer_than(city.pack)) == [newer] and not newer_than(newer)
    with pytest.raises(Refused, match="只能换到"):
        move(city, later, admin)
    yuan = pack_with(tmp_path / "yuan", (("pack.toml", 'money_unit = "万元"', 'money_unit = "元"'),))
    with pytest.raises(Refused, match="金额单位"):
        move(city, yuan, admin)


def test_all_drafts_move_and_new_units_get_the_newer_pack(city: City, newer: Pack, admin: User) -> None:
    results = move_round(round_id=city.task.pk, pack_id=newer.pk, user=admin)
    assert [one.done for one in results] == [True, True]
    assert Round.objects.get(pk=city.task.pk).pack == newer
    again = move_round(round_id=city.task.pk, pack_id=newer.pk, user=admin)
    assert {one.words for one in again} == {"本来就是这一版。"}


def test_a_submitted_package_keeps_its_pack_and_one_that_cannot_move_keeps_the_round(
    city: City, newer: Pack, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = service.move_draft

    def overtaken(*, submission_id: Any, **given: Any) -> Event | None:
        """轮到它时刚好有人送审。"""
        if submission_id == city.submission.pk:
            city.act("submit", city.preparer)
        return moved(submission_id=submission_id, **given)

    monkeypatch.setattr(service, "move_draft", overtaken)
    results = move_round(round_id=city.task.pk, pack_id=newer.pk, user=admin)
    assert [one.done for one in results] == [False, True] and "按送审时的那版算" in results[0].words
    assert Round.objects.get(pk=city.task.pk).pack == city.pack == fresh(city).pack


def test_a_clerk_with_the_old_page_learns_of_the_new_form_and_keeps_what_he_typed(
    city: City, newer: Pack, admin: User, client: Client
) -> None:
    seen = fresh(city).revision
    move(city, newer, admin)
    client.force_login(city.preparer)
    url = reverse("evaluations:save", args=[city.submission.pk, "department"])
    changes = [
        {"address": PHONE, "value": "0730-1111111", "was": "0000-8888888"},
        {"address": OTHER, "value": "新的人", "was": str(read(fresh(city)).facts.root.value(OTHER))},
    ]
    answer = client.post(url, {"changes": changes, "revision": seen}, "application/json").json()
    assert [one["address"] for one in answer["problems"]] == [PHONE] and "刷新页面" in answer["problems"][0][
        "message"
    ]
    assert "换到了新版方案" in answer["moved"] and "手机" in answer["html"]
    assert read(fresh(city)).facts.root.value(OTHER) == "新的人"
    again = client.post(url, {"changes": [], "revision": answer["revision"]}, "application/json").json()
    assert "moved" not in again
    history = client.get(reverse("evaluations:history", args=[city.submission.pk]), {"at": PHONE})
    assert "0000-8888888" in history.content.decode() and "换到新版方案" in history.content.decode()
    compared = client.get(
        reverse("evaluations:compare", args=[city.submission.pk]), {"from": seen, "to": seen + 1}
    )
    assert "0000-8888888" in compared.content.decode()


# ---- 同时 -----------------------------------------------------------------------------------


def collide(
    city: City, newer: Pack, admin: User, monkeypatch: pytest.MonkeyPatch, take: Any
) -> tuple[Meeting, list[Any]]:
    """一个人存电话，管理员同时换方案；都查过、都没有写时碰头。"""
    change = Change(PHONE, "0730-1111111", was="0000-8888888")
    given: dict[str, Any] = {"submission_id": city.submission.pk}
    meeting = Meeting(locked=take is not without_transaction)
    monkeypatch.setattr(Draft, "finish", meeting.before(Draft.finish))
    results = together([
        lambda: take(save_cells)(**given, user=city.preparer, changes=[change]),
        lambda: take(move_draft)(**given, pack_id=newer.pk, user=admin),
    ])  # fmt: skip
    return meeting, results


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_move_at_once_happen_one_after_the_other(
    city: City, newer: Pack, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, (saved, moved) = collide(city, newer, admin, monkeypatch, lambda service: service)
    assert not meeting.met and isinstance(saved, Saved) and isinstance(moved, Event), (saved, moved)
    assert fresh(city).pack == newer and PHONE not in package_of(fresh(city)).root.values
    last = fresh(city).edits.filter(address=PHONE).order_by("-seq")[0]
    assert last.old == ("0730-1111111" if saved.written else "0000-8888888") and last.new == ""
    assert saved.written or "刷新页面" in saved.problems[0].message
    revisions = set(fresh(city).edits.values_list("revision", flat=True))
    assert revisions == set(range(fresh(city).revision + 1)), "每次改动各占一个修订号"


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_two_do_damage(
    city: City, newer: Pack, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """孪生：去掉锁和事务，两个都以为做成了，修订号撞在一起或改动链断了。"""
    without_lock(monkeypatch)
    rows = Submission.objects.select_related("round", "department", "pack", "claimed_by")
    monkeypatch.setattr(service, "lock_submission", lambda pk: rows.get(pk=pk))
    meeting, results = collide(city, newer, admin, monkeypatch, without_transaction)
    assert meeting.met
    assert (
        fresh(city).pack != newer
        or any(isinstance(one, Exception) for one in results)
        or fresh(city).revision < 3
    )
