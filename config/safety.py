"""启动前查一遍：不安全就不启动，说清是什么、怎么办。``manage.py check --deploy`` 查的是同一份。

错误（Error）拒绝启动；提醒（Warning）照常启动，写进日志，系统页上也看得到。
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.checks import CheckMessage, Error, Warning, register, run_checks
from django.db import Error as AnyDatabaseError
from django.db import connection, connections

TAG = "safety"
LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "[::1]", "::1", "testserver"))
KEY_LENGTH, KEY_VARIETY = 50, 10
KNOWN_KEY = re.compile(r"insecure|change|example|secret.?key|password|for tests|请改|换成", re.IGNORECASE)
SQLITE_LEAST = (3, 37, 0)
POSTGRESQL_LEAST = 14
NETWORK = frozenset(
    "nfs nfs4 cifs smb2 smb3 smbfs ceph lustre afs fuse.sshfs fuse.glusterfs fuse.s3fs".split()
)
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
BACKWARDS = timedelta(minutes=5)
APART = timedelta(minutes=1)
LITTLE_SPACE = 200 * 1024 * 1024

logger = logging.getLogger(__name__)
Problems = Iterator[CheckMessage]


def refusals() -> list[str]:
    """为什么不能启动，一条一句；能启动的为空。提醒写进日志。"""
    try:
        found = run_checks(tags=[TAG], include_deployment_checks=True, databases=["default"])
    finally:
        connections.close_all()
    for message in found:
        if not message.is_serious():
            logger.warning("%s", message.msg)
    return [message.msg for message in found if message.is_serious()]


def checked(*parts: Callable[[], Problems]) -> list[CheckMessage]:
    return [problem for part in parts for problem in part()]


@register(TAG, deploy=True)
def settings_are_safe(app_configs: Any = None, **given: Any) -> list[CheckMessage]:
    """环境变量给的设置。"""
    return checked(modes, hosts, key, data_folder, static_files)


@register(TAG, deploy=True)
def machine_is_sound(app_configs: Any = None, **given: Any) -> list[CheckMessage]:
    """时间、字体、库。"""
    return checked(clock, printing)


@register(TAG, deploy=True)
def database_is_safe(
    app_configs: Any = None, databases: Sequence[str] | None = None, **given: Any
) -> list[CheckMessage]:
    """连上数据库查它的设置。"""
    return checked(database) if databases else []


# ---- 设置 ----


def modes() -> Problems:
    outside = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL_HOSTS]
    if settings.DEBUG and (settings.HTTPS or outside):
        yield Error(
            "调试方式会把程序和数据给人看，不能正式运行；请去掉 DJANGO_DEBUG，或设成 false。",
            id="safety.E001",
        )
    if settings.DEMO and outside:
        names = "、".join(outside)
        yield Error(
            f"演示方式的账号密码是公开的，只许本机访问；请去掉 DEMO，或从 DJANGO_ALLOWED_HOSTS 去掉 {names}。",
            id="safety.E002",
        )
    if not (settings.HTTPS or settings.DEBUG or settings.DEMO):
        yield Error(
            "没有 HTTPS，密码会在网上明着传；请去掉 HTTPS=false，由 nginx 做 HTTPS；HTTPS 由别的网关做时设 TLS_GATEWAY=true。",
            id="safety.E003",
        )


def hosts() -> Problems:
    given = settings.ALLOWED_HOSTS
    if not given or any(host.strip() in ("", "*", ".") for host in given):
        yield Error(
            "没有写明网站的主机名；请把 DJANGO_ALLOWED_HOSTS 设成用户输入的主机名，如 zp.czj.example，不能用 *。",
            id="safety.E004",
        )


def key() -> Problems:
    if settings.DEBUG or settings.DEMO:
        return
    for value in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if len(value) < KEY_LENGTH or len(set(value)) < KEY_VARIETY or KNOWN_KEY.search(value):
            yield Error(
                "密钥太短或是公开的样例；请运行 openssl rand -base64 48，把结果设为 DJANGO_SECRET_KEY。",
                id="safety.E005",
            )
            return


def data_folder() -> Problems:
    folder = Path(settings.DATA_DIR)
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Error(
            f"数据目录 {folder} 不能读写；请把它的属主改成运行网站的用户，并查磁盘是否只读。",
            id="safety.E006",
        )
        return
    if folder.stat().st_mode & 0o077 and not (settings.DEBUG or settings.DEMO):
        yield Error(f"数据目录 {folder} 别的用户也能进；请运行 chmod 700 {folder}。", id="safety.E007")
    if shutil.disk_usage(folder).free < LITTLE_SPACE:
        yield Warning(f"数据目录 {folder} 所在的磁盘快满了；请腾出空间，否则会存不下。", id="safety.W001")


def static_files() -> Problems:
    storage = staticfiles_storage
    if isinstance(storage, ManifestFilesMixin) and not storage.hashed_files:
        yield Error(
            "静态文件还没有收集，页面会打不开；请运行 manage.py collectstatic --noinput。", id="safety.E020"
        )


# ---- 机器 ----


def clock() -> Problems:
    now = datetime.now(UTC)
    if now < NOT_BEFORE:
        yield Error(
            f"服务器的日期是 {now:%Y-%m-%d}，显然不对；请校准时间（timedatectl），再启动。", id="safety.E008"
        )


def printing() -> Problems:
    from evaluations.exports.fonts import lacking

    for sentence in lacking():
        yield Warning(f"{sentence}现在出不了 PDF，或字体不合要求。", id="safety.W002")


# ---- 数据库 ----


def database() -> Problems:
    try:
        connection.ensure_connection()
        yield from sqlite() if connection.vendor == "sqlite" else postgresql()
        yield from migrations()
        yield from latest_record()
    except (AnyDatabaseError, sqlite3.Error) as problem:
        logger.debug("数据库", exc_info=problem)
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        yield Error(
            f"连不上数据库（{reason}）；请查 DATABASE_URL，并确认数据库已启动、账号能登录。", id="safety.E009"
        )


def asked(sql: str) -> Any:
    """一条查询的第一格。"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def sqlite() -> Problems:
    if sqlite3.sqlite_version_info < SQLITE_LEAST:
        least = ".".join(map(str, SQLITE_LEAST))
        yield Error(
            f"SQLite 是 {sqlite3.sqlite_version}，要 {least} 以上；请升级系统的 SQLite，或改用 PostgreSQL。",
            id="safety.E010",
        )
    kind = filesystem_of(Path(settings.DATABASES["default"]["NAME"]))
    if kind in NETWORK:
        yield Error(
            f"SQLite 数据库放在网络磁盘（{kind}）上会损坏；请放到本机磁盘，几台机器一起用时改用 PostgreSQL。",
            id="safety.E011",
        )
    wanted = {"journal_mode": ("wal",), "synchronous": (2, 3), "foreign_keys": (1,)}
    wrong = [name for name, right in wanted.items() if asked(f"PRAGMA {name}") not in right]
    if settings.DATABASES["default"].get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE":
        wrong.append("transaction_mode")
    if wrong:
        yield Error(
            f"SQLite 的设置没有生效（{'、'.join(wrong)}），断电可能丢数据；请确认数据库文件和它的文件夹可写、不是网络磁盘。",
            id="safety.E012",
        )


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """放着这个文件的文件系统的种类；看不出的为空。"""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    found, kind = "", ""
    for line in lines:
        fields, _, tail = line.partition(" - ")
        point = fields.split()[4].encode().decode("unicode_escape")
        if path.resolve().is_relative_to(point) and len(point) >= len(found):
            found, kind = point, tail.split()[0]
    return kind


def postgresql() -> Problems:
    version = int(asked("SHOW server_version_num"))
    if version < POSTGRESQL_LEAST * 10_000:
        yield Error(
            f"PostgreSQL 是 {version // 10_000}，要 {POSTGRESQL_LEAST} 以上；请升级数据库。", id="safety.E013"
        )
    off = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if asked(f"SHOW {name}") in ("off", "local")
    ]
    if off:
        yield Error(
            f"PostgreSQL 的 {'、'.join(off)} 关着，断电会丢数据；请在 postgresql.conf 里打开，重启数据库。",
            id="safety.E014",
        )
    encoding = asked("SHOW server_encoding")
    if encoding != "UTF8":
        yield Error(
            f"数据库的编码是 {encoding}，存不了全部汉字；请用 UTF8 编码另建一个库（见 docs/运维/部署.md）。",
            id="safety.E015",
        )
    elif not character_types_known():
        yield Error(
            "数据库的字符分类是 C，认不得汉字和全角字母；请用 C.UTF-8 或 zh_CN.UTF-8 另建一个库（见 docs/运维/部署.md）。",
            id="safety.E016",
        )
    apart = abs(datetime.now(UTC) - asked("SELECT clock_timestamp()"))
    if apart > APART:
        yield Error(
            f"数据库的时间与网站差 {apart.total_seconds():.0f} 秒；请把两台机器都对到同一个时间源。",
            id="safety.E017",
        )


def character_types_known() -> bool:
    """大小写、字符分类按 Unicode 来：就问它一个全角字母的小写。"""
    return bool(asked("SELECT lower('Ａ') = 'ａ'"))


def migrations() -> Problems:
    if pending := pending_migrations():
        yield Error(
            f"数据库有 {len(pending)} 处还没有升级；请先备份，再运行 manage.py migrate。", id="safety.E018"
        )


def pending_migrations() -> list[str]:
    """还没有做的迁移。"""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


_migrated: list[bool] = []
"""升级好了就记住：迁移只在换版本、重启时变。"""


def is_ready() -> bool:
    """数据库答得上来，迁移都做过了。"""
    try:
        if asked("SELECT 1") == 1 and not _migrated and not pending_migrations():
            _migrated.append(True)
    except AnyDatabaseError as problem:
        logger.error("探针：数据库没有答复（%s）", problem)
        return False
    return bool(_migrated)


def latest_record() -> Problems:
    """时钟倒退：记录的先后会乱，期限会算错。"""
    from evaluations.models import Event

    if settings.CLOCK_REVIEWED or Event._meta.db_table not in connection.introspection.table_names():
        return
    latest = Event.objects.order_by("-seq").values_list("at", flat=True).first()
    now = datetime.now(UTC)
    if latest is not None and latest - now > BACKWARDS:
        yield Error(
            f"服务器的时间 {now:%Y-%m-%d %H:%M} 早于最近一条记录 {latest:%Y-%m-%d %H:%M}（均为世界时）；"
            "请校准时间。确认现在的时间是对的，设 CLOCK_REVIEWED=true。",
            id="safety.E019",
        )
