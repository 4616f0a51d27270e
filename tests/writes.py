"""执行了哪些写语句：只读的请求、被拒绝的动作一句也不该有。"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def writes() -> Iterator[list[str]]:
    """这一段里的写语句；会话最近什么时候用过不算。"""
    written: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        noted = sql.startswith('UPDATE "units_usersession" SET "seen"')
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") and not noted:
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield written
