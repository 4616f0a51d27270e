"""只增不改由数据库把守：修改、事件、快照不许改、删、清空，已发布的方案不许改内容。两种数据库的触发器都写在这里。

应用自己的账号也过不去；数据库管理员拆得掉，拆了由 ``missing``（manage.py verify）和链、锚点查出。
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as default_connection
from django.db import transaction

RECORDS = {
    "evaluations_edit": ("id = NEW.id", "submission_id = NEW.submission_id AND seq = NEW.seq"),
    "evaluations_event": ("id = NEW.id", "seq = NEW.seq", "key = NEW.key"),
    "evaluations_snapshot": ("id = NEW.id",),
}
"""只增不改的表，和各自“已有这一条”的条件：SQLite 的 INSERT OR REPLACE 不触发删除，要在插入前拦。"""
PACK = "evaluations_pack"
PACK_CONTENT = ("files", "checksum", "key", "version", "year", "published_at")
"""方案发布后不许变的列；状态只能由已发布到已停用。"""
REFUSAL = "只增不改：这张表的记录不能改、不能删"
PACK_REFUSAL = "已发布的方案不能改、不能删"
REPLACED = f"{REFUSAL}，也不能顶替"
PREFIX = "guard_"


def _sqlite() -> dict[str, tuple[str, str]]:
    """触发器名 → （表，建它的语句）。"""
    found: dict[str, tuple[str, str]] = {}

    def add(table: str, when: str, condition: str, words: str) -> None:
        name = f"{PREFIX}{table}_{when.split()[0].lower()}"
        test = f" WHEN {condition}" if condition else ""
        body = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        found[name] = (table, f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW{test} {body}")

    for table, same in RECORDS.items():
        add(table, "UPDATE", "", REFUSAL)
        add(table, "DELETE", "", REFUSAL)
        there = " OR ".join(f"({one})" for one in same)
        add(table, "INSERT", f"EXISTS (SELECT 1 FROM {table} WHERE {there})", REPLACED)  # noqa: S608 表名是上面写死的  # nosec B608
    add(PACK, "UPDATE", _pack_changed("IS NOT"), PACK_REFUSAL)
    add(PACK, "DELETE", "OLD.state <> 'draft'", PACK_REFUSAL)
    there = "id = NEW.id OR (key = NEW.key AND version = NEW.version)"
    add(
        PACK,
        "INSERT",
        f"EXISTS (SELECT 1 FROM {PACK} WHERE state <> 'draft' AND ({there}))",  # noqa: S608  # nosec B608
        PACK_REFUSAL,
    )
    return found


def _pack_changed(differs: str) -> str:
    content = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in PACK_CONTENT)
    back = "NEW.state = 'draft' OR (OLD.state = 'retired' AND NEW.state <> 'retired')"
    return f"OLD.state <> 'draft' AND ({content} OR {back} OR NEW.id {differs} OLD.id)"


FUNCTION = f"{PREFIX}refuse"


def _postgresql() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}

    def add(table: str, when: str, each: str, condition: str, words: str) -> None:
        name = f"{PREFIX}{table}_{when.split()[0].lower()}"
        test = f" WHEN ({condition})" if condition else ""
        made = (
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each}{test} "
            f"EXECUTE FUNCTION {FUNCTION}('{words}')"
        )
        found[name] = (table, f"{made}; ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    for table in RECORDS:
        add(table, "UPDATE OR DELETE", "ROW", "", REFUSAL)
        add(table, "TRUNCATE", "STATEMENT", "", REFUSAL)
    add(PACK, "UPDATE", "ROW", _pack_changed("IS DISTINCT FROM"), PACK_REFUSAL)
    add(PACK, "DELETE", "ROW", "OLD.state <> 'draft'", PACK_REFUSAL)
    add(PACK, "TRUNCATE", "STATEMENT", "", PACK_REFUSAL)
    return found


_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$
"""


def _triggers(connection: Any) -> dict[str, tuple[str, str]]:
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def install(connection: Any = default_connection) -> None:
    """装上全部触发器。"""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for _, statement in _triggers(connection).values():
            cursor.execute(statement)


def remove(connection: Any = default_connection) -> None:
    """拆掉全部触发器。"""
    _settle(connection)
    with connection.cursor() as cursor:
        for name, (table, _) in _triggers(connection).items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


@contextmanager
def guards_off(connection: Any = default_connection) -> Iterator[None]:
    """这一段里没有把守：只给演示库清空（remove_demo）和测试用。

    整段在一个事务里：中途断了就都没有发生，别的连接也看不到没有把守的时候。
    """
    with transaction.atomic(using=connection.alias):
        remove(connection)
        yield
        _settle(connection)
        install(connection)


def _settle(connection: Any) -> None:
    """PostgreSQL 有还没有查的外键时不让动触发器：先查了。"""
    if connection.vendor == "postgresql":
        connection.check_constraints()


def missing(connection: Any = default_connection) -> list[str]:
    """缺了、停用了、改过的触发器所在的表；都在为空。"""
    wanted = _triggers(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A' AND tgfoid = to_regproc(%s)",
                [FUNCTION],
            )
            there = {name for (name,) in cursor.fetchall()}
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            there = {
                name for name, sql in cursor.fetchall() if name in wanted and sql == wanted[name][1].strip()
            }
    return sorted({table for name, (table, _) in wanted.items() if name not in there})
