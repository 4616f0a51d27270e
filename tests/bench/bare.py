"""对照物：数据库驱动里的一次裸事务，写的行与一次保存相同；提交的安全程度也相同。"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from evaluations.models import Edit

STATEMENTS = {
    "lock": "SELECT revision, state FROM evaluations_submission WHERE id = ?",
    "read": 'SELECT id, "values" FROM evaluations_annualdata WHERE submission_id = ? AND project_id IS NULL',
    "insert": "INSERT INTO evaluations_edit (seq, at, algorithm, prev, hash, submission_id, revision, kind, address, label,"
    " old, new, user_id, through) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "write": 'UPDATE evaluations_annualdata SET "values" = ? WHERE id = ?',
    "count": "UPDATE evaluations_submission SET revision = ? WHERE id = ?",
}


class Bare:
    """反复改一份材料里的若干格：锁住、读、改 JSON、记修改、改修订号、提交。"""

    def __init__(self, submission: Any, user: Any, addresses: Sequence[str]) -> None:
        self.addresses = addresses
        self.seq = Edit.objects.filter(submission=submission).count()
        if connection.vendor == "sqlite":
            options = settings.DATABASES["default"]["OPTIONS"]
            self.driver: Any = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
            self.driver.executescript(options["init_command"])
            self.begin, self.lock, self.mark = "BEGIN IMMEDIATE", "", "?"
            self.ids: tuple[Any, Any] = submission.pk.hex, user.pk.hex
        else:
            self.driver = psycopg.connect(
                **connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
            )
            self.driver.autocommit = True
            self.begin, self.lock, self.mark = "BEGIN", " FOR UPDATE", "%s"
            self.ids = submission.pk, user.pk
        self.statements = {name: text.replace("?", self.mark) for name, text in STATEMENTS.items()}
        self.statements["lock"] += self.lock

    def save(self, value: str) -> None:
        submission, user = self.ids
        with_json: Callable[[Any], Any] = lambda text: json.loads(text) if isinstance(text, str) else text  # noqa: E731
        cursor, run = self.driver.cursor(), self.statements
        cursor.execute(self.begin)
        revision, _ = cursor.execute(run["lock"], (submission,)).fetchone()
        data, stored = cursor.execute(run["read"], (submission,)).fetchone()
        values = with_json(stored)
        for address in self.addresses:
            self.seq += 1
            now = datetime.now(UTC)
            row = (
                self.seq,
                str(now) if self.mark == "?" else now,
                "sm3",
                "0" * 64,
                "0" * 64,
                submission,
                revision + 1,
                "cell",
            )
            row += address, address, values.get(address, ""), value, user, "page"  # type: ignore[assignment]
            cursor.execute(run["insert"], row)
            values[address] = value
        cursor.execute(run["write"], (json.dumps(values), data))
        cursor.execute(run["count"], (revision + 1, submission))
        cursor.execute("COMMIT")

    def close(self) -> None:
        self.driver.close()
