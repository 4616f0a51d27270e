"""做一份备份；把一份备份放进空库。"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evaluations.audit import last_anchor
from evaluations.core.chain import algorithm, instant

from ..problems import Refused
from ..records import record_event
from .manifest import FILES, MANIFEST, Manifest, compare, describe, file_digest, files_folder, read_manifest
from .stores import Store, settle, store_of

NAME = re.compile(r"backup-\d{8}-\d{6}")
LAST = "last_backup.json"
"""DATA_DIR 里记着最近一次备份的文件，系统页面读它。"""


def back_up(*, to: Path, keep: int) -> tuple[Path, Manifest]:
    """备份到 ``to`` 下的一个新文件夹，写完整了才用正式的名字；只留最近 ``keep`` 份。

    成不成都记进 ``last_backup.json``；成了的在审计里记一件事。
    """
    name = f"backup-{timezone.localtime():%Y%m%d-%H%M%S}"
    try:
        made, manifest = _make(to, name)
    except BaseException as problem:
        _note(path=str(to / name), size=0, ok=False, error=str(problem)[:300])
        raise
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    _note(path=str(made), size=size, ok=True, seconds=manifest["seconds"])
    with transaction.atomic():
        told = {"manifest": file_digest(made / MANIFEST, manifest["algorithm"]), "bytes": size}
        record_event(action="backup", label="备份", user=None, reason=made.name, details=told)
    for old in sorted(path for path in to.iterdir() if NAME.fullmatch(path.name))[:-keep]:
        shutil.rmtree(old)
    return made, manifest


def _make(to: Path, name: str) -> tuple[Path, Manifest]:
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (to / name).exists():
        raise Refused(f"{to / name} 已经有了：一秒里只能备份一次。")
    partial = to / f".{name}.partial"
    partial.mkdir(mode=0o700)
    began = time.monotonic()
    try:
        manifest = _fill(partial, store_of(settings.DATABASES["default"]))
        manifest["seconds"] = round(time.monotonic() - began, 1)
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        (partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
        for path in (*partial.rglob("*"), partial):
            settle(path)
        partial.rename(to / name)
        settle(to)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return to / name, manifest


def _fill(folder: Path, store: Store) -> Manifest:
    """先拷库再拷文件：文件先于它的行写好，所以拷到的行，文件一定在。"""
    using, at = algorithm(), timezone.now()
    database = folder / store.file
    with store.copied(database) as reader:
        if files_folder().is_dir():
            shutil.copytree(files_folder(), folder / FILES)
        manifest = describe(reader, folder / FILES, using)
    return {
        **manifest, "at": instant(at), "kind": store.kind, "database": store.file, "bytes": database.stat().st_size,
        "digest": file_digest(database, using), "anchor": last_anchor(),
    }  # fmt: skip


def _note(*, path: str, size: int, ok: bool, **more: Any) -> None:
    """最近一次备份的结果，整个换掉，不会读到一半。"""
    told = {
        "time": timezone.localtime().isoformat(timespec="seconds"),
        "path": path,
        "bytes": size,
        "ok": ok,
        **more,
    }
    last = Path(settings.DATA_DIR) / LAST
    fresh = last.with_name(f".{LAST}.{os.getpid()}")
    fresh.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(last)


def restore(*, folder: Path, into: Path | None = None) -> list[str]:
    """把一份备份放进空库、空的文件夹；返回与清单的不同之处，应当没有。

    ``into``：SQLite 的备份放进另一个空文件夹，不动现在的。不是空的一律抛 ``Refused``，什么都不动。
    """
    manifest = read_manifest(folder)
    config = settings.DATABASES["default"] if into is None else _elsewhere(into)
    store, files = store_of(config), files_folder() if into is None else into / FILES
    if store.kind != manifest["kind"]:
        raise Refused(
            f"备份是 {manifest['kind']} 的，现在的数据库是 {store.kind}。请把 DATABASE_URL 指到同一种的空库。"
        )
    if not store.is_empty():
        raise Refused(
            "数据库里已经有表。恢复只放进空库，免得盖掉现有的数据：请新建一个空库（SQLite 换一个空的 DATA_DIR），再恢复。"
        )
    if files.is_dir() and any(files.iterdir()):
        raise Refused(f"{files} 不是空的。恢复只放进空文件夹，请先移走里面的文件。")
    store.put_back(folder / manifest["database"])
    if (folder / FILES).is_dir():
        shutil.copytree(folder / FILES, files, dirs_exist_ok=True)
    with store.reading() as reader:
        return compare(manifest, describe(reader, files, manifest["algorithm"]))


def _elsewhere(into: Path) -> dict[str, Any]:
    if into.exists() and any(into.iterdir()):
        raise Refused(f"{into} 不是空的。请给一个空的或还没有的文件夹。")
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        raise Refused("PostgreSQL 的备份请把 DATABASE_URL 指到新建的空库再恢复，不用 --into。")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": into / "db.sqlite3"}
