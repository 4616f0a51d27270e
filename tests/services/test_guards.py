"""数据库自己把守：记录只增不改，已发布的方案不改；应用的账号也过不去。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from evaluations import guards
from evaluations.models import Edit, Event, Pack, Snapshot
from evaluations.services.records import record_event
from tests.conftest import City

pytestmark = pytest.mark.django_db
KINDS = (Edit, Event, Snapshot)
SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def submitted(city: City) -> City:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    return city


def rows(kind: Any) -> list[dict[str, Any]]:
    return list(kind._base_manager.order_by("pk").values())


def refused(kind: Any, act: Callable[[], Any], match: str = "只增不改") -> None:
    """数据库不许，什么也没变。"""
    before = rows(kind)
    assert before
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        act()
    assert rows(kind) == before


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.case("G2")
@pytest.mark.dengbao("安全审计 c")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_records_cannot_be_changed_or_deleted_or_truncated(submitted: City, kind: Any) -> None:
    table = kind._meta.db_table
    connection.check_constraints()
    refused(kind, lambda: kind.objects.update(algorithm="none"))
    refused(kind, lambda: kind.objects.all().delete())
    refused(
        kind,
        lambda: execute(
            f"UPDATE {table} SET hash = prev" if kind is not Snapshot else f"UPDATE {table} SET revision = 9"
        ),
    )
    refused(kind, lambda: execute(f"DELETE FROM {table}"))
    if not SQLITE:
        refused(kind, lambda: execute(f"TRUNCATE {table} CASCADE"))
        refused(kind, lambda: execute("TRUNCATE units_user CASCADE"))
        refused(kind, lambda: execute(f"SET LOCAL session_replication_role = replica; DELETE FROM {table}"))


@pytest.mark.case("G2")
@pytest.mark.skipif(not SQLITE, reason="只有 SQLite 有 INSERT OR REPLACE")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("by", ["id", "seq", "key"])
def test_records_cannot_be_replaced_by_an_insert(submitted: City, kind: Any, by: str) -> None:
    """触发器不管 REPLACE 里的删除，所以插入前先看有没有。"""
    table = kind._meta.db_table
    columns = [field.column for field in kind._meta.concrete_fields]
    if by not in columns or (by == "key" and kind is not Event):
        pytest.skip("没有这一列")
    fresh = {"id": "NULL"} if by != "id" and kind is not Snapshot else {}
    if by == "key":
        fresh["seq"] = "seq + 1000"
    values = ", ".join(fresh.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    last = "WHERE key IS NOT NULL" if by == "key" else ""
    for verb in ("INSERT OR REPLACE", "REPLACE"):
        refused(
            kind,
            lambda verb=verb: execute(f"{verb} INTO {table} ({names}) SELECT {values} FROM {table} {last}"),
            "顶替",
        )


@pytest.mark.case("W10")
def test_a_published_pack_cannot_be_changed_or_deleted(submitted: City) -> None:
    published = Pack.objects.filter(pk=submitted.pack.pk)
    for changes in (
        {"files": {}},
        {"checksum": "0" * 64},
        {"version": 9},
        {"state": "draft"},
        {"year": 1999},
    ):
        refused(Pack, lambda changes=changes: published.update(**changes), "已发布的方案")
    refused(Pack, lambda: execute("DELETE FROM evaluations_pack"), "已发布的方案")
    published.update(state=Pack.State.RETIRED)
    refused(Pack, lambda: published.update(state=Pack.State.PUBLISHED), "已发布的方案")


def test_a_draft_of_a_pack_is_changed_and_thrown_away(submitted: City) -> None:
    draft = Pack.objects.create(key="d", name="草稿", year=2025, files={}, checksum="1" * 64)
    Pack.objects.filter(pk=draft.pk).update(checksum="2" * 64)
    draft.delete()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_other_row_takes_a_record_with_it(kind: Any) -> None:
    """外键一律 PROTECT：删材料、删人都带不走、改不了记录。"""
    links = [field for field in kind._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    assert links and all(field.remote_field.on_delete is models.PROTECT for field in links)


def test_the_guards_stand_and_a_missing_one_is_named(submitted: City) -> None:
    assert guards.missing() == []
    connection.check_constraints()
    with transaction.atomic():
        on = "" if SQLITE else " ON evaluations_event"
        execute(f"DROP TRIGGER guard_evaluations_event_update{on}")
        assert guards.missing() == ["evaluations_event"]
        transaction.set_rollback(True)
    if SQLITE:
        return
    connection.check_constraints()
    with transaction.atomic():
        execute("ALTER TABLE evaluations_edit DISABLE TRIGGER ALL")
        assert guards.missing() == ["evaluations_edit"]
        transaction.set_rollback(True)


def test_the_guards_are_back_after_a_lawful_emptying(submitted: City) -> None:
    with guards.guards_off():
        Event.objects.filter(action="submit").update(label="另")
    assert guards.missing() == []
    refused(Event, lambda: Event.objects.update(label="再"))


def test_records_are_still_added(submitted: City) -> None:
    before = Event.objects.count()
    record_event(action="x", label="一件事", user=submitted.preparer)
    assert Event.objects.count() == before + 1
