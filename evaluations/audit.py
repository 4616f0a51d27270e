"""读的一边：审计的导出行、各条链的最后一条、核对。什么都不改。"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from evaluations.core.chain import GENESIS, canonical
from evaluations.models import Edit, Event, Snapshot, Submission

from .audit_verifier import Anchors, Report, check_chain, check_snapshots, read_anchors

CHUNK = 2_000
ANCHORS_FILE = "anchors.jsonl"


@contextmanager
def steady() -> Iterator[None]:
    """这一段里看到的是同一时刻的库，不挡别人写。"""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            _execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django 在 SQLite 上开的事务先占写锁，这里只要读
        _execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            _execute("ROLLBACK")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


# ---- 导出的行 -------------------------------------------------------------------------------


def event_lines() -> Iterator[str]:
    """全部事件，按序号，一行一条。"""
    return (line_of(event) for event in Event.objects.order_by("seq").iterator(CHUNK))


def edit_lines() -> Iterator[str]:
    """全部修改记录，一份材料接一份。"""
    rows = Edit.objects.order_by("submission_id", "seq")
    return (line_of(edit) for edit in rows.iterator(CHUNK))


def snapshot_lines() -> Iterator[str]:
    """全部快照，连内容。"""
    rows = Snapshot.objects.order_by("pk")
    return (line_of(snapshot) for snapshot in rows.iterator(50))


def line_of(row: Event | Edit | Snapshot) -> str:
    """一条记录：算法、前一摘要、摘要，和算进摘要的原文（规范 JSON）。"""
    head = {"algorithm": row.algorithm, "prev": getattr(row, "prev", GENESIS), "hash": row.hash}
    if isinstance(row, Snapshot):
        head["id"] = str(row.pk)
    told = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return f'{told[:-1]},"content":{canonical(row.content())}}}\n'


LINES: dict[str, Callable[[], Iterator[str]]] = {
    "events": event_lines,
    "edits": edit_lines,
    "snapshots": snapshot_lines,
}
"""导出的各个文件：名字 → 它的行。"""


# ---- 各条链的最后一条 ------------------------------------------------------------------------


@dataclass(frozen=True)
class Heads:
    """此刻的最后一条：事件链的，每份材料修改链的，每份快照的摘要。"""

    event: tuple[int, str]
    listing: str
    edit_rows: int
    snapshots: int


def heads() -> Heads:
    """各条链的最后一条；``listing`` 一行一份，已排好序，锚点只记它的摘要。"""
    event = Event.objects.order_by("-seq").values_list("seq", "hash").first() or (0, GENESIS)
    last = Edit.objects.filter(submission=OuterRef("pk")).order_by("-seq")
    chains = Submission.objects.annotate(
        seq=Subquery(last.values("seq")[:1]), head=Subquery(last.values("hash")[:1])
    )
    edits = list(chains.exclude(seq=None).values_list("pk", "seq", "head").order_by())
    snapshots = list(Snapshot.objects.values_list("pk", "hash").order_by())
    rows = sorted(
        [f"edits {pk} {seq} {hash_}" for pk, seq, hash_ in edits]
        + [f"snapshot {pk} 0 {hash_}" for pk, hash_ in snapshots]
    )
    listing = "".join(f"{row}\n" for row in rows)
    return Heads(event, listing, sum(seq for _, seq, _ in edits), len(snapshots))


def last_anchor(folder: Path | None = None) -> dict[str, Any] | None:
    """最近的一条锚点；没有、读不了为 None。"""
    path = (folder or Path(settings.ANCHOR_DIR)) / ANCHORS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        found = json.loads(lines[-1]) if lines else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


# ---- 核对 -----------------------------------------------------------------------------------


def check(folder: Path | None = None) -> Report:
    """核对全部链、快照的摘要和锚点，与独立的核对程序用同一份代码。"""
    began, report = time.monotonic(), Report()
    folder = folder or Path(settings.ANCHOR_DIR)
    anchors = read_anchors(folder, report, settings.ANCHOR_KEY) if folder.is_dir() else Anchors()
    if not anchors.lines:
        report.notes.append("还没有锚点：尾部被删、整条链重算查不出来。请每天运行 manage.py anchor")
        anchors.given = anchors.given or Event.objects.filter(action="anchor").exists()
    with steady():
        check_chain(event_lines(), "事件", anchors, report)
        check_chain(edit_lines(), "修改记录", anchors, report)
        check_snapshots(snapshot_lines(), anchors, report)
    report.seconds = time.monotonic() - began
    return report
