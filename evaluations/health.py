"""系统页上的各项：现在怎样、算不算正常、不正常怎么办。只读，不含任何填报内容。"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.checks import CheckMessage
from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from config import safety
from evaluations.exports.fonts import faces, lacking
from evaluations.models import Event
from units.models import UserSession

OK, WARN, ERR = "ok", "warn", "err"
ICONS = {OK: "done", WARN: "warning", ERR: "error"}
WORDS = {OK: "正常", WARN: "注意", ERR: "要处理"}
BACKUP_LATE, BACKUP_LOST = timedelta(hours=26), timedelta(days=3)
ANCHOR_LATE = timedelta(hours=26)
SPACE_LITTLE, SPACE_LEAST = 0.15, 0.05
MEMORY_SMALL = 4 * 1024**3
FAILURES_MANY = 50
FAILED = ("login_failed", "login_locked")


@dataclass(frozen=True)
class Line:
    """一项：名称、现在怎样、算不算正常、怎么办。"""

    name: str
    words: str
    tone: str = OK
    advice: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.tone]

    @property
    def state(self) -> str:
        return WORDS[self.tone]


@dataclass(frozen=True)
class Group:
    """一组：英文名（页内位置）、标题、各项。"""

    name: str
    title: str
    lines: list[Line]


def report() -> list[Group]:
    """全部各项。"""
    parts = (
        ("program", "程序和数据库", (versions, database, safe_start)),
        ("backup", "备份和审计", (backup, anchor)),
        ("printing", "出件", (printing,)),
        ("machine", "机器", (clock, disks, memory)),
        ("people", "登录", (people,)),
    )
    return [Group(name, title, [line for part in made for line in part()]) for name, title, made in parts]


def tally(groups: list[Group]) -> dict[str, int]:
    """要处理的、要注意的各有几项。"""
    tones = [line.tone for group in groups for line in group.lines]
    return {ERR: tones.count(ERR), WARN: tones.count(WARN)}


# ---- 程序和数据库 ----


def version() -> str:
    """装的是哪一版：安装包里的 VERSION；直接用源代码的，是 pyproject.toml 里的。"""
    released = Path(settings.BASE_DIR) / "VERSION"
    if released.is_file():
        return released.read_text(encoding="utf-8").strip().replace("\n", "，")
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8"))
    return f"{project['project']['version']}（源代码）"


def versions() -> Iterator[Line]:
    yield Line("自评系统", version())
    yield Line("运行环境", f"Python {platform.python_version()}，Django {django.get_version()}")
    if settings.DEMO:
        yield Line(
            "方式", "演示方式，账号密码是公开的", WARN, "只用来试；正式用时按 docs/运维/部署.md 另装一套。"
        )


def database() -> Iterator[Line]:
    size = size_of_database()
    if connection.vendor == "sqlite":
        tone, advice = (OK, "") if settings.DEMO else (WARN, "几十个单位以上请改用 PostgreSQL。")
        yield Line("数据库", f"SQLite {safety.sqlite3.sqlite_version}，{size}", tone, advice)
    else:
        yield Line("数据库", f"PostgreSQL {safety.asked('SHOW server_version')}，{size}")
        yield from database_role()
    pending = safety.pending_migrations()
    if pending:
        yield Line("数据库升级", f"有 {len(pending)} 处没有升级", ERR, "先备份，再运行 manage.py migrate。")
    else:
        yield Line("数据库升级", "都已升级")


def size_of_database() -> str:
    if connection.vendor == "sqlite":
        name = str(settings.DATABASES["default"]["NAME"])
        files = [Path(name + suffix) for suffix in ("", "-wal")]
        return volume(sum(path.stat().st_size for path in files if path.is_file()))
    return volume(safety.asked("SELECT pg_database_size(current_database())"))


def database_role() -> Iterator[Line]:
    """网站的账号不该是数据库的主人：主人拆得掉只增不改的触发器。"""
    mighty = safety.asked("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    owner = safety.asked(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
    )
    if mighty or owner:
        what = "超级用户" if mighty else "各表的主人"
        yield Line(
            "数据库账号",
            f"网站用的账号是{what}",
            WARN,
            "按 deploy/postgresql.md 另建一个只能读写数据的账号。",
        )
    else:
        yield Line("数据库账号", "网站用的账号只能读写数据")


def safe_start() -> Iterator[Line]:
    """启动时查的设置，现在再查一遍。"""
    groups: tuple[list[CheckMessage], ...] = (safety.settings_are_safe(), safety.checked(safety.database))
    messages = [message for found in groups for message in found]
    for message in messages:
        what, _, advice = message.msg.partition("；")
        yield Line("启动检查", what, ERR if message.is_serious() else WARN, advice)
    if not messages:
        yield Line("启动检查", "设置、数据库的耐久和编码都合格")


# ---- 备份和审计 ----


def backup() -> Iterator[Line]:
    told = told_by(Path(settings.DATA_DIR) / "last_backup.json", "time")
    how = "马上备份一次（systemctl start jixiao-backup），并查 systemctl status jixiao-backup.timer。"
    if told is None:
        yield Line("最近的备份", "还没有备份过", ERR, how)
        return
    when, late = told["when"], timezone.now() - told["when"]
    words = f"{date_format(timezone.localtime(when), 'Y年n月j日 H:i')}，{volume(int(told.get('bytes') or 0))}，{told.get('path', '')}"
    if not told.get("ok"):
        yield Line(
            "最近的备份",
            f"没有成功：{words}",
            ERR,
            "看 journalctl -u jixiao-backup 写的原因，改好后再备一次。",
        )
    elif late > BACKUP_LATE:
        yield Line(
            "最近的备份", f"已过 {late.days} 天 {late.seconds // 3600} 小时：{words}", ERR if late > BACKUP_LOST else WARN, how
        )  # fmt: skip
    else:
        yield Line("最近的备份", words)


def anchor() -> Iterator[Line]:
    folder = Path(getattr(settings, "ANCHOR_DIR", Path(settings.DATA_DIR) / "anchors"))
    told = told_by(folder / "anchors.jsonl", "at")
    if told is None:
        yield Line(
            "审计锚点",
            "还没有做过",
            WARN,
            "查 systemctl status jixiao-anchor.timer；锚点要抄到另一台机器上。",
        )
        return
    late = timezone.now() - told["when"] > ANCHOR_LATE
    words = date_format(timezone.localtime(told["when"]), "Y年n月j日 H:i")
    yield Line(
        "审计锚点", words, WARN if late else OK, "超过一天没有做，查 systemctl status jixiao-anchor.timer。" if late else ""
    )  # fmt: skip


def told_by(file: Path, key: str) -> dict[str, Any] | None:
    """别的命令留下的话：文件最后一行的 JSON，``key`` 是时间；没有、看不懂的都当没有。"""
    try:
        told = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
        when = parse_datetime(str(told[key]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if when is None:
        return None
    return {**told, "when": when if timezone.is_aware(when) else timezone.make_aware(when)}


# ---- 出件 ----


def printing() -> Iterator[Line]:
    missing = lacking()
    for sentence in missing:
        what, _, advice = sentence.partition("，")
        yield Line("PDF", what, ERR, advice)
    if not missing:
        names = "、".join(path.name for _, path in faces())
        yield Line("PDF", f"排版库、字体子集库、各种字体都有（{names}）")


# ---- 机器 ----


def clock() -> Iterator[Line]:
    now = datetime.now(tz=timezone.get_current_timezone())
    words = f"{date_format(now, 'Y年n月j日 H:i:s')}，{settings.TIME_ZONE}"
    if connection.vendor == "postgresql":
        apart = abs(datetime.now(tz=now.tzinfo) - safety.asked("SELECT clock_timestamp()"))
        words += f"，与数据库相差 {apart.total_seconds():.1f} 秒"
    yield Line("服务器时间", words)


def disks() -> Iterator[Line]:
    for name, folder in (("数据目录", Path(settings.DATA_DIR)), ("临时目录", Path(tempfile.gettempdir()))):
        used = shutil.disk_usage(folder)
        part = used.free / used.total if used.total else 0
        tone = ERR if part < SPACE_LEAST else WARN if part < SPACE_LITTLE else OK
        advice = "" if tone == OK else "把旧的备份移走，或扩大磁盘；满了就存不下。"
        yield Line(
            f"{name}的磁盘", f"剩 {volume(used.free)}，共 {volume(used.total)}（{folder}）", tone, advice
        )


def memory() -> Iterator[Line]:
    try:
        rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        total, free, swap = (
            int(rows[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable", "SwapTotal")
        )
    except (OSError, KeyError, ValueError):
        return
    words = f"可用 {volume(free)}，共 {volume(total)}，交换区 {volume(swap) if swap else '没有'}"
    if not swap and total < MEMORY_SMALL:
        yield Line("内存", words, WARN, "内存少又没有交换区，出件多时进程会被系统杀掉；请加 2 GB 交换区。")
    else:
        yield Line("内存", words)


# ---- 登录 ----


def people() -> Iterator[Line]:
    now = timezone.now()
    seen = UserSession.objects.filter(
        expire_date__gt=now, user__isnull=False, seen__gte=now - timedelta(minutes=settings.IDLE_MINUTES)
    )
    yield Line("已登录的人", f"{seen.values('user').distinct().count()} 人")
    count = Event.objects.filter(action__in=FAILED, at__gte=now - timedelta(days=1)).count()
    many = count >= FAILURES_MANY
    yield Line(
        "一天内登录失败", f"{count} 次", WARN if many else OK, "像有人在猜密码，请让审计管理员查登录记录里的地址。" if many else ""
    )  # fmt: skip


def volume(count: int) -> str:
    """多少字节，按人读的写。"""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit in ("B", "KB") else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
