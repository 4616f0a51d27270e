"""The two accounts of deploy/postgresql.sql: the owner migrates; the site reads and writes data and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.operation.front import DEPLOY, manage, production
from tests.server import database_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="accounts of PostgreSQL"),
    pytest.mark.case("G2"),
    pytest.mark.dengbao("访问控制 d"),
]
AT_WORK = """
from django.db import transaction
from config.safety import refusals
from evaluations.health import database_role
from evaluations.services.records import record_event
with transaction.atomic():
    record_event(action="login", label="登录", user=None)
print([line.tone for line in database_role()], refusals())
"""
FORBIDDEN = (
    "DROP TABLE evaluations_event",
    "TRUNCATE evaluations_event",
    "ALTER TABLE evaluations_event DISABLE TRIGGER ALL",
    "CREATE TABLE mine (x int)",
    "SET session_replication_role = replica",
    "SET ROLE jixiao_owner",
)


def as_role(role: str, name: str = "jixiao") -> str:
    """The URL of another role and database on the same server."""
    return re.sub(r"//[^@]*@/[^?]*", f"//{role}@/{name}", database_url())


def run(url: str, *statements: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as session:
        return [session.execute(statement) for statement in statements]  # type: ignore[call-overload]


@pytest.fixture
def roles() -> Iterator[None]:
    text = re.sub(r"^--.*$", "", (DEPLOY / "postgresql.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    before, after = text.split("\\connect jixiao\n")
    drop = [
        "DROP DATABASE IF EXISTS jixiao",
        "DROP ROLE IF EXISTS jixiao",
        "DROP ROLE IF EXISTS jixiao_owner",
    ]
    admin = as_role("postgres", "postgres")
    try:
        run(admin, *drop, *filter(str.strip, before.split(";")))
        run(as_role("postgres"), *filter(str.strip, after.split(";")))
        yield
    finally:
        run(admin, *drop)


def test_the_account_of_the_site_can_do_no_more_than_read_and_write_data(roles: None, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    owner = manage(production(tmp_path, DATABASE_URL=as_role("jixiao_owner")), "migrate", "--verbosity", "0")
    assert owner.returncode == 0, owner.stderr
    site = production(tmp_path, DATABASE_URL=as_role("jixiao"))
    done = manage(site, "shell", "--no-imports", "--command", AT_WORK)
    assert (done.returncode, done.stdout.strip()) == (0, "['ok'] []"), done.stderr
    for statement in FORBIDDEN:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(as_role("jixiao"), statement)
