"""备份的清单：哪一版程序、各表几行和逐行的摘要、各文件的摘要、审计链的最后一条。比的时候说清哪里不同。"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from evaluations.core import ENGINE

from ..problems import Refused
from .stores import Reader, store_of

MANIFEST = "manifest.json"
FILES = "files"
Manifest = dict[str, Any]


def describe(reader: Reader, files: Path, using: str) -> Manifest:
    """一个时刻的库和文件的清单。"""
    tables = {table: table_digest(reader, table, using) for table in reader.tables}
    known = set(reader.tables)
    return {
        "version": ENGINE,
        "algorithm": using,
        "migrations": [f"{app}.{name}" for app, name in reader.ask("SELECT app, name FROM django_migrations ORDER BY app, name")]
        if "django_migrations" in known else [],
        "event": list(next(iter(reader.ask("SELECT seq, hash FROM evaluations_event ORDER BY seq DESC LIMIT 1")), ()))
        if "evaluations_event" in known else [],
        "tables": tables,
        "files": dict(file_digests(files, using)),
    }  # fmt: skip


def table_digest(reader: Reader, table: str, using: str) -> list[Any]:
    """几行，和逐行算下来的摘要。"""
    count, made = 0, hashlib.new(using)
    for row in reader.rows(table):
        count += 1
        made.update(row.encode() + b"\n")
    return [count, made.hexdigest()]


def file_digests(folder: Path, using: str) -> Iterator[tuple[str, list[Any]]]:
    """文件夹里的各个文件：相对路径 → 字节数、摘要。"""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), [path.stat().st_size, file_digest(path, using)]


def file_digest(path: Path, using: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(using)).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """读一份备份的清单，并查它的库文件、附件没有坏；坏了抛 ``Refused``。"""
    path = folder / MANIFEST
    try:
        manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
        part, digest_, using = manifest["database"], manifest["digest"], manifest["algorithm"]
    except FileNotFoundError:
        raise Refused(f"{folder} 里没有 {MANIFEST}，不是完整的备份。请另选一份。") from None
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{path} 读不了，备份坏了。请另选一份。") from None
    if not (folder / part).exists() or file_digest(folder / part, using) != digest_:
        raise Refused(f"{folder / part} 与清单里的摘要不同，备份坏了。请另选一份。")
    if lines := list(compare_files(manifest["files"], dict(file_digests(folder / FILES, using)))):
        raise Refused(f"备份里的文件与清单不同：{lines[0]}。请另选一份。")
    return manifest


def compare(manifest: Manifest, now: Manifest) -> list[str]:
    """与清单的不同之处，一处一句；相同为空。"""
    found = []
    for table in sorted({*manifest["tables"], *now["tables"]}):
        before, after = manifest["tables"].get(table), now["tables"].get(table)
        if before is None or after is None:
            found.append(f"表 {table}：{'备份里没有' if before is None else '现在没有'}")
        elif before != after:
            found.append(
                f"表 {table}：备份里 {before[0]} 行，现在 {after[0]} 行{'，内容不同' if before[0] == after[0] else ''}"
            )
    if manifest["event"] != now["event"]:
        found.append("审计链的最后一条不同")
    return [*found, *compare_files(manifest["files"], now["files"])]


def compare_files(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            word = "备份里没有" if name not in before else "现在没有" if name not in after else "内容不同"
            yield f"文件 {name}：{word}"


def files_folder() -> Path:
    """存文件的地方。"""
    return Path(settings.STORAGES["default"]["OPTIONS"]["location"])


def differences_now(folder: Path) -> list[str]:
    """现在的库和文件与一份备份的不同之处。"""
    manifest = read_manifest(folder)
    with store_of(settings.DATABASES["default"]).reading() as reader:
        return compare(manifest, describe(reader, files_folder(), manifest["algorithm"]))
