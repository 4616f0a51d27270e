"""排版子进程的池：热的子进程反复用，出错、超时、用满次数就换。

每个网站进程各有自己的池，用到时才起，最多 ``PDF_WORKERS``（默认 2）个；线程之间安全。
进程分叉（gunicorn 预载）后子方的池是空的。主进程退出时子进程随标准输入关闭而退出，不留下进程和临时文件。
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from .problems import ExportProblem

ROOT = Path(__file__).resolve().parents[2]
WALL_SECONDS = 30
WAIT_SECONDS = 60
JOBS_PER_WORKER = 500
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
TOO_LONG = "排版时间太长，已停止。请减少一次导出的表，或缩短特别长的文字后再试。"
FAILED = "PDF 没有做成，原因已记入日志。请再试一次；还不行请联系管理员。"
BUSY = "现在同时出 PDF 的人太多，请过一分钟再试。"

logger = logging.getLogger(__name__)


class Worker:
    """一个排版子进程。``start`` 是它要的第一条消息（样式、字体）。"""

    def __init__(self, start: dict[str, Any]) -> None:
        self.jobs = 0
        self.folder = tempfile.mkdtemp(prefix="pdf-")
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        process = subprocess.Popen(  # nosec B603 程序固定
            [sys.executable, "-m", "evaluations.exports.pdf_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**environment, "TMPDIR": self.folder, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        self.process = process
        self.inward, self.outward = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        self.late = False
        try:
            with self.within(WALL_SECONDS):
                self.ask({"do": "start", **start})
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """这段时间内没做完就杀掉子进程。"""
        self.late = False
        timer = threading.Timer(seconds, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def ask(self, message: dict[str, Any], content: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """发一条消息，等回答。子进程没了、出错、超时抛 ``ExportProblem``。"""
        try:
            head = json.dumps({**message, "size": len(content)}, ensure_ascii=False).encode()
            self.inward.write(head + b"\n" + content)
            self.inward.flush()
            line = self.outward.readline()
            reply = json.loads(line) if line else {}
            result = self.outward.read(reply.get("size", 0))
        except OSError:
            reply, result = {}, b""
        if "size" not in reply or len(result) < reply["size"]:
            raise self._gone()
        if "refused" in reply:
            raise ExportProblem(reply["refused"])
        if "failed" in reply:
            logger.error("排版子进程出错：%s", reply["failed"])
            raise ExportProblem(FAILED)
        return reply, result

    def _gone(self) -> ExportProblem:
        if self.late:
            return ExportProblem(TOO_LONG)
        code = self.process.wait(timeout=5)
        logger.error("排版子进程退出，代码 %s", code)
        return ExportProblem(TOO_LONG if code in (-14, -24) else FAILED)

    def close(self) -> None:
        """结束子进程，清掉它的临时文件夹。"""
        self.process.kill()
        for stream in (self.inward, self.outward):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        shutil.rmtree(self.folder, ignore_errors=True)


class Pool:
    """最多 ``size`` 个排版子进程。``start`` 在起子进程时调用，给出样式和字体。"""

    def __init__(self, size: int, start: Callable[[], dict[str, Any]]) -> None:
        self.size = size
        self.start = start
        self._reset()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self.places = threading.BoundedSemaphore(self.size)
        self.lock = threading.Lock()
        self.idle: list[Worker] = []

    @contextlib.contextmanager
    def worker(self, seconds: float = 0) -> Iterator[Worker]:
        """借一个子进程做一件事；中途出任何错就换掉它。整件事限时 ``WALL_SECONDS`` 秒，再加 ``seconds``。"""
        began = time.monotonic()
        if not self.places.acquire(timeout=WAIT_SECONDS):
            raise ExportProblem(BUSY)
        if time.monotonic() - began > 1:
            logger.info("等排版子进程 %.1f 秒", time.monotonic() - began)
        try:
            yield from self._lend(WALL_SECONDS + seconds)
        finally:
            self.places.release()

    def _lend(self, seconds: float) -> Iterator[Worker]:
        worker = self._take() or Worker(self.start())
        try:
            with worker.within(seconds):
                yield worker
        except BaseException:
            worker.close()
            raise
        worker.jobs += 1
        if worker.jobs >= JOBS_PER_WORKER:
            worker.close()
            return
        with self.lock:
            self.idle.append(worker)

    def _take(self) -> Worker | None:
        """一个还活着的空闲子进程；空闲太久自己退出的顺手清掉。"""
        while True:
            with self.lock:
                worker = self.idle.pop() if self.idle else None
            if worker is None or worker.alive:
                return worker
            worker.close()

    def close(self) -> None:
        """结束全部空闲的子进程。"""
        with self.lock:
            idle, self.idle = self.idle, []
        for worker in idle:
            worker.close()
