"""两种数据库：在同一时刻拷出一份，放进空库，逐表逐行读。不经 Django 的模型：恢复时库里还什么都没有。"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql

from ..problems import Refused

Rows = Callable[[str], Iterator[str]]
"""给出一张表的各行，一行一串规范的字，按主键的次序。"""


class Store(ABC):
    """一个数据库。"""

    kind: str
    file: str
    """备份里叫什么。"""

    @abstractmethod
    def is_empty(self) -> bool:
        """一张表也没有。"""

    @abstractmethod
    def copied(self, to: Path) -> Any:
        """上下文：拷到 ``to``，给出读那一时刻的 ``Reader``。"""

    @abstractmethod
    def put_back(self, source: Path) -> None:
        """把备份放进这个空库。"""

    @abstractmethod
    def reading(self) -> Any:
        """上下文：读现在的内容，前后一致。"""


class Reader:
    """读一个时刻的库：有哪些表，各表的行，零星的查询。"""

    def __init__(self, tables: list[str], rows: Rows, ask: Callable[[str], list[tuple[Any, ...]]]) -> None:
        self.tables, self.rows, self.ask = tables, rows, ask


# ---- SQLite ---------------------------------------------------------------------------------


class SqliteStore(Store):
    kind, file = "sqlite", "database.sqlite3"

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_empty(self) -> bool:
        if not self.path.exists() or not self.path.stat().st_size:
            return True
        with closing(sqlite3.connect(self.path)) as source:
            return not source.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]

    @contextmanager
    def copied(self, to: Path) -> Iterator[Reader]:
        """一步拷完（分步拷，遇到一直有人写就拷不完），再从拷出的那份读。"""
        with (
            closing(sqlite3.connect(self.path, timeout=60)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        with SqliteStore(to)._open("immutable=1") as reader:
            yield reader

    def put_back(self, source: Path) -> None:
        """先拷成旁边的临时文件，再改名。"""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.partial")
        shutil.copyfile(source, partial)
        settle(partial)
        for leftover in ("-wal", "-shm"):
            self.path.with_name(self.path.name + leftover).unlink(missing_ok=True)
        partial.replace(self.path)
        settle(self.path.parent)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with self._open("mode=ro") as reader:
            yield reader

    @contextmanager
    def _open(self, how: str) -> Iterator[Reader]:
        address = f"file:{quote(str(self.path.resolve()))}?{how}"
        with closing(sqlite3.connect(address, uri=True, timeout=60, isolation_level=None)) as source:
            source.execute("BEGIN")
            found = source.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            )
            tables = [name for (name,) in found]

            def rows(table: str) -> Iterator[str]:
                name = table.replace('"', '""')
                columns = source.execute(f'PRAGMA table_info("{name}")').fetchall()
                key = ", ".join(f'"{column[1]}"' for column in columns if column[5]) or "rowid"
                for row in source.execute(f'SELECT * FROM "{name}" ORDER BY {key}'):  # noqa: S608 表名取自库里  # nosec B608
                    yield json.dumps(row, ensure_ascii=False, default=bytes.hex)

            yield Reader(tables, rows, lambda query: source.execute(query).fetchall())


# ---- PostgreSQL -----------------------------------------------------------------------------


class PostgresStore(Store):
    kind, file = "postgresql", "database.dump"

    def __init__(self, config: dict[str, Any]) -> None:
        options = config.get("OPTIONS") or {}
        given = {
            "host": config.get("HOST"), "port": config.get("PORT"), "user": config.get("USER"),
            "password": config.get("PASSWORD"), "dbname": config.get("NAME"),
            **{name: options[name] for name in ("host", "port", "sslmode", "sslrootcert") if name in options},
        }  # fmt: skip
        self.where = {name: str(value) for name, value in given.items() if value}

    def _connect(self) -> psycopg.Connection[Any]:
        """写法固定的连接：换一台机器，同样的行也写成同样的字。"""
        fixed = "-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c extra_float_digits=1"
        return psycopg.connect("", **self.where, options=fixed)

    def is_empty(self) -> bool:
        with self._connect() as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'p', 'v')"
            ).fetchone()
        return not (found and found[0])

    @contextmanager
    def copied(self, to: Path) -> Iterator[Reader]:
        """一个可重复读的事务导出快照，pg_dump 用同一个快照；接着在这个事务里读。"""
        with self._steady() as connection:
            found = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert found is not None  # noqa: S101 一定有一行
            self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                      f"--snapshot={found[0]}", f"--file={to}")  # fmt: skip
            yield self._reader(connection)

    def put_back(self, source: Path) -> None:
        self._run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
                  f"--dbname={self.where['dbname']}", str(source))  # fmt: skip

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with self._steady() as connection:
            yield self._reader(connection)

    @contextmanager
    def _steady(self) -> Iterator[psycopg.Connection[Any]]:
        with self._connect() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection

    def _reader(self, connection: psycopg.Connection[Any]) -> Reader:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name COLLATE \"C\""
        )
        tables = [name for (name,) in found]

        def rows(table: str) -> Iterator[str]:
            key = connection.execute(
                "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
                "WHERE i.indrelid = to_regclass(quote_ident(%s)) AND i.indisprimary ORDER BY a.attnum",
                [table],
            )
            order = [sql.SQL('t.{}::text COLLATE "C"').format(sql.Identifier(name)) for (name,) in key]
            query = sql.SQL("SELECT row_to_json(t)::text FROM {} t ORDER BY {}").format(
                sql.Identifier(table), sql.SQL(", ").join(order or [sql.SQL("1")])
            )
            with connection.cursor(name="rows") as cursor:
                cursor.itersize = 2_000
                yield from (text for (text,) in cursor.execute(query))

        return Reader(tables, rows, lambda query: connection.execute(query.encode()).fetchall())

    def _run(self, program: str, *arguments: str) -> None:
        """运行 pg_dump、pg_restore；密码放在环境里，不写在命令行上。"""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",  # nosec B105
                 "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
        given = {names[name]: value for name, value in self.where.items()}
        path = shutil.which(program, path=settings.PG_BIN or None)
        if path is None:
            raise Refused(
                f"找不到 {program}。请装 PostgreSQL 的客户端程序，或用环境变量 PG_BIN 指明它所在的文件夹。"
            )
        done = subprocess.run(  # noqa: S603 程序和参数都是这里定的  # nosec B603
            [path, *arguments], env={**os.environ, **given}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            line = (done.stderr.strip().splitlines() or ["没有说原因"])[0][:300]
            raise Refused(
                f"{program} 没有做成：{line}。版本要不低于数据库的版本，必要时用 PG_BIN 指到对的那一版。"
            )


def store_of(config: dict[str, Any]) -> Store:
    """设置里的一个数据库。"""
    if config["ENGINE"].endswith("postgresql"):
        return PostgresStore(config)
    return SqliteStore(Path(config["NAME"]))


def settle(path: Path) -> None:
    """把文件或文件夹落到盘上。"""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
