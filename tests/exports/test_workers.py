"""排版子进程：有上限，超时就停，坏了就换，主进程没了也不留下。"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluations.exports import workers
from evaluations.exports.workers import ROOT, ExportProblem, Pool, Worker

START = {"css": "", "fonts": {}}
WRITE = {"do": "write", "order": ["1"], "variant": "", "ahead": 0}
SMALL = "<p>国</p>".encode()
LARGE = ("<table>" + "<tr><td>国国国国<td>国国国国" * 3_000).encode()
HUGE = ("<table>" + "<tr><td>国国国国<td>国国国国" * 40_000).encode()


@pytest.fixture(scope="module")
def small_pool() -> Iterator[Pool]:
    made = Pool(1, lambda: START)
    yield made
    made.close()


def lay(worker: Worker, html: bytes) -> int:
    return len(worker.ask({"do": "lay", "name": "1"}, html)[0]["pages"])


def alive(pid: int) -> bool:
    return (
        Path(f"/proc/{pid}/cmdline").exists() and b"pdf_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def test_a_worker_is_used_again_and_has_limits(small_pool: Pool):
    with small_pool.worker() as first:
        assert lay(first, SMALL) == 1
        first.ask(WRITE)
    with small_pool.worker() as second:
        assert second is first
    limits = Path(f"/proc/{first.process.pid}/limits").read_text()
    assert "1610612736" in limits
    assert b"SECRET" not in Path(f"/proc/{first.process.pid}/environ").read_bytes()


@pytest.mark.case("C10")
def test_a_rendering_that_takes_too_long_is_killed(small_pool: Pool, monkeypatch: pytest.MonkeyPatch):
    with small_pool.worker():
        pass
    monkeypatch.setattr(workers, "WALL_SECONDS", 0.5)
    with pytest.raises(ExportProblem, match="已停止"), small_pool.worker() as worker:
        lay(worker, HUGE)
    assert not worker.alive
    assert not Path(worker.folder).exists()
    assert small_pool.idle == []


@pytest.mark.case("C10")
def test_a_failing_job_is_told_and_the_worker_is_replaced(small_pool: Pool, caplog: pytest.LogCaptureFixture):
    with pytest.raises(ExportProblem, match="PDF 没有做成"), small_pool.worker() as worker:
        worker.ask(WRITE)
    assert "KeyError" in caplog.text
    with small_pool.worker() as other:
        assert other is not worker
        assert lay(other, SMALL) == 1


BOMBS = {
    "nested tables": b"<table><tr><td>" * 400 + b"x",
    "huge font": b'<p style="font-size: 1e9px">x</p>',
}


@pytest.mark.case("C10")
@pytest.mark.parametrize("bomb", BOMBS)
def test_what_cannot_be_typeset_is_told_and_the_next_job_has_a_worker(small_pool: Pool, bomb: str):
    """做得成也行；做不成要有一句话，而且下一件马上做得成。"""
    with contextlib.suppress(ExportProblem), small_pool.worker() as worker:
        lay(worker, BOMBS[bomb])
        worker.ask(WRITE)
    began = time.monotonic()
    with small_pool.worker() as other:
        assert lay(other, SMALL) == 1
    assert time.monotonic() - began < 15


@pytest.mark.case("C10")
def test_a_worker_that_is_killed_or_out_of_memory_is_replaced(
    small_pool: Pool, caplog: pytest.LogCaptureFixture
):
    def kill(worker: Worker) -> None:
        worker.process.kill()

    def starve(worker: Worker) -> None:
        used = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[0]) * os.sysconf(
            "SC_PAGESIZE"
        )
        resource.prlimit(worker.process.pid, resource.RLIMIT_AS, (used + 4_000_000, used + 4_000_000))

    for harm in (kill, starve):
        with pytest.raises(ExportProblem, match="PDF 没有做成"), small_pool.worker() as worker:
            harm(worker)
            lay(worker, LARGE)
        assert not worker.alive
        with small_pool.worker() as other:
            assert lay(other, SMALL) == 1
    assert "MemoryError" in caplog.text or "代码" in caplog.text


def test_threads_share_the_pool(small_pool: Pool):
    def job(_: int) -> int:
        with small_pool.worker() as worker:
            return lay(worker, SMALL)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(job, range(8))) == [1] * 8
    assert len(small_pool.idle) == 1


def test_a_busy_pool_says_so(small_pool: Pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "WAIT_SECONDS", 0.05)
    with small_pool.worker(), pytest.raises(ExportProblem, match="人太多"), small_pool.worker():
        pass


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    config = tmp_path / "fonts.conf"
    config.write_text("<fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    with pytest.raises(ExportProblem, match="fonts-noto-cjk"):
        Worker(START)


def test_no_worker_outlives_a_killed_parent():
    script = (
        "import os; from evaluations.exports.workers import Worker;"
        "w = Worker({'css': '', 'fonts': {}}); print(w.process.pid, w.folder, flush=True); os.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    pid, folder = run.stdout.split()
    deadline = time.monotonic() + 5
    while (alive(int(pid)) or os.path.exists(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(int(pid))
    assert not os.path.exists(folder)


def test_closing_the_pool_ends_its_workers():
    closing = Pool(1, lambda: START)
    with closing.worker() as worker:
        pass
    closing.close()
    assert not alive(worker.process.pid)
    assert not Path(worker.folder).exists()
