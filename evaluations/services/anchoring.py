"""每日锚点：把各条链的最后一条记到库外面的文件里。尾部被删、整条链重算，只有它查得出。"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evaluations.audit import ANCHORS_FILE, heads, last_anchor, steady
from evaluations.audit_verifier import sealed
from evaluations.core.chain import GENESIS, algorithm, canonical, digest, instant
from evaluations.core.values import clean_text

from .problems import Refused
from .records import record_event


def write_anchor(*, reason: str = "") -> dict[str, Any]:
    """写一条锚点，返回它。``reason``：说明以前的锚点为什么对不上（恢复过备份）。

    先写文件再记事件：事件里有这条锚点的摘要，文件末尾被删也看得出。
    """
    folder = Path(settings.ANCHOR_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        with steady():
            now = heads()
        last, using = last_anchor(folder), algorithm()
        if last is None and (folder / ANCHORS_FILE).exists() and (folder / ANCHORS_FILE).stat().st_size:
            raise Refused(f"锚点文件 {folder / ANCHORS_FILE} 的最后一行读不了，没有再写。请先查明原因。")
        listing = hashlib.new(using, now.listing.encode()).hexdigest()
        line: dict[str, Any] = {
            "number": last["number"] + 1 if last else 1, "at": instant(timezone.now()), "algorithm": using,
            "events": list(now.event), "edits": now.edit_rows, "snapshots": now.snapshots, "list": listing,
            "prev": last["hash"] if last else GENESIS,
        }  # fmt: skip
        if reason:
            line["reason"] = clean_text(reason)[:500]
        line["hash"] = digest(line["prev"], line, using)
        line["hmac"] = sealed(settings.ANCHOR_KEY, line["hash"], using) if settings.ANCHOR_KEY else ""
        _put(folder / f"{listing}.txt", now.listing, os.O_TRUNC)
        _put(folder / ANCHORS_FILE, canonical(line) + "\n", os.O_APPEND)
    with transaction.atomic():
        told = {"number": line["number"], "hash": line["hash"]}
        record_event(action="anchor", label="写锚点", user=None, reason=line.get("reason", ""), details=told)
    return line


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """同时只有一个人写锚点。"""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put(path: Path, text: str, how: int) -> None:
    """写文件并落到盘上。"""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def printed(line: dict[str, Any]) -> str:
    """印在纸上的样子：摘要四个字一组，好核对。"""
    at = timezone.localtime(datetime.fromisoformat(line["at"]))
    seq, head = line["events"]
    rows = [
        f"审计锚点　第 {line['number']} 号　{at:%Y年%m月%d日 %H:%M:%S}",
        f"事件链　　第 {seq} 条",
        f"　　　　　{grouped(head)}",
        f"修改记录　共 {line['edits']} 条；快照 {line['snapshots']} 份；清单摘要",
        f"　　　　　{grouped(line['list'])}",
        f"本条摘要（{line['algorithm'].upper()}）",
        f"　　　　　{grouped(line['hash'])}",
    ]
    if line["hmac"]:
        rows += ["密钥码", f"　　　　　{grouped(line['hmac'])}"]
    if line.get("reason"):
        rows.append(f"说明　　　{line['reason']}")
    return "\n".join(rows)


def grouped(hash_: str) -> str:
    """四个字一组。"""
    return " ".join(hash_[i : i + 4] for i in range(0, len(hash_), 4))
