"""读上传的表格（.xlsx、.csv）：在有上限的子进程里读出各格的值。上传的文件不存。"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from evaluations.core.tabular import UNCOMPUTED, Cell

from .problems import Refused

MAX_BYTES = 5 * 1024 * 1024
WALL_SECONDS = 30
AT_ONCE = 2
"""每个网站进程同时读几份。"""
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL")
ROOT = Path(__file__).resolve().parents[2]
TOO_MUCH = "这个文件太大或太复杂，读不了。请只留要导入的表，删去多余的行、格式和图片，另存后再上传。"

logger = logging.getLogger(__name__)
_places = threading.BoundedSemaphore(AT_ONCE)


def read_sheets(data: bytes, name: str) -> dict[str, list[list[Cell]]]:
    """工作表名 → 各行的值；按内容认格式（csv 只有一张表，叫 ``csv``）。读不了抛 ``Refused``，说明怎么办。"""
    if not data:
        raise Refused("文件是空的。请重新选一个。")
    if len(data) > MAX_BYTES:
        raise Refused(
            f"文件有 {len(data) / 1024 / 1024:.1f} MB，最多 5 MB。请只留要导入的表，删去图片和多余的格式，另存后再上传。"
        )
    if not _places.acquire(timeout=WALL_SECONDS):
        raise Refused("现在同时上传的人太多，请过一分钟再试。")
    try:
        sheets = _ask(json.dumps({"name": name[-100:], "uncomputed": UNCOMPUTED}).encode() + b"\n" + data)
    finally:
        _places.release()
    return sheets


def _kind_of(told: bytes) -> str:
    """子进程最后一句里的异常类型；消息里可能有表上的字，不记。"""
    last = told.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return last.partition(":")[0][:80]


def _ask(message: bytes) -> dict[str, list[list[Cell]]]:
    environment = {key: os.environ[key] for key in KEPT_ENVIRONMENT if key in os.environ}
    try:
        done = subprocess.run(  # nosec B603 程序固定
            [sys.executable, "-m", "evaluations.exports.sheet_worker"], input=message, capture_output=True, cwd=ROOT,
            env={**environment, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}, timeout=WALL_SECONDS, check=False,
        )  # fmt: skip
        reply = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Refused(TOO_MUCH) from None
    except ValueError:
        logger.error(
            "读表格的子进程没有答复，代码 %s：%s",
            done.returncode,
            _kind_of(done.stderr),
        )
        raise Refused(TOO_MUCH) from None
    if "refused" in reply:
        raise Refused(reply["refused"])
    sheets: dict[str, list[list[Cell]]] = reply["sheets"]
    return sheets
