"""``make mutation``: is every rule of core held by a test? Small changes are put into the code, one at a time; a test
must fail. mutmut makes the changes and notes which tests run which function; here they are tried, each in a fork of one
process that has already read the tests.

    python -m tests.mutation --sample 300     so many, drawn from a fixed seed; without it, all (many hours)
    python -m tests.mutation --only evaluations.core.checks --with tests/core/test_checks.py
                                              while writing tests: changes of one module against these tests as they are

Results stay in build/mutation.json: what was tried is not tried again while the code is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "mutants"
OUT = ROOT / "build" / "mutation.json"
INSIDE = "--inside"
SMALLER = {"STRESS": "0.1"}
"""A test of chance need not run its usual number of examples for every change."""
SLOWER, GRACE, UNKNOWN = 20, 20, 1
"""A change that makes a loop endless is found by time: so many times the usual (where unknown, a second), and seconds
besides."""
UNCHANGED = "unchanged"


def fingerprint() -> str:
    """The code and its tests, as one digest."""
    total = hashlib.sha256()
    for file in sorted([*(ROOT / "evaluations/core").rglob("*.py"), *(ROOT / "tests/core").rglob("*.py")]):
        total.update(file.read_bytes())
    return total.hexdigest()


def prepare() -> None:
    """Lets mutmut make the changes and run the tests once, to see which of them touch which function."""
    stamp = WORK / "fingerprint"
    if stamp.exists() and stamp.read_text() == fingerprint():
        return
    print("生成改动，跑一遍测试（几分钟）", flush=True)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", "no.such.function"]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | SMALLER, capture_output=True, text=True, check=False
    )
    if not (WORK / "mutmut-stats.json").exists():
        raise SystemExit(ended.stdout[-3_000:] + ended.stderr[-3_000:])
    stamp.write_text(fingerprint())


def all_names() -> list[str]:
    found: list[str] = []
    for file in sorted(WORK.rglob("*.meta")):
        found += json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def load() -> dict[str, str]:
    """Name of a change → killed, survived, untested; empty for other code."""
    kept = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    return kept["results"] if kept.get("fingerprint") == fingerprint() else {}


def main(arguments: list[str]) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.mutation")
    options.add_argument("--sample", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="changes whose name begins so")
    options.add_argument(
        "--with", dest="tests", nargs="+", default=[], help="try these tests; keep no result"
    )
    given = options.parse_args(arguments)
    if given.tests:
        shutil.copytree(ROOT / "tests", WORK / "tests", dirs_exist_ok=True)
    else:
        prepare()
    names = [name for name in all_names() if name.startswith(given.only)]
    wanted = random.Random(given.seed).sample(names, min(given.sample or len(names), len(names)))
    results = {} if given.tests else load()
    todo = [name for name in wanted if name not in results]
    (WORK / "todo.json").write_text(json.dumps({"names": todo, "tests": given.tests}), encoding="utf-8")
    (WORK / "results.jsonl").write_text("")
    command = [sys.executable, "-m", "tests.mutation", INSIDE]
    with (WORK / "log").open("w") as log:
        subprocess.run(command, cwd=WORK, env=os.environ | SMALLER, stdout=log, stderr=log, check=False)
    tried = (WORK / "results.jsonl").read_text(encoding="utf-8").splitlines()
    if todo and not tried:
        raise SystemExit(
            "没有改动时测试就不通过：先让它们通过（mutants/log）。改动过时了就删去 mutants/ 重来。"
        )
    for line in tried:
        name, result = json.loads(line)
        results[name] = result
    if not given.tests:
        OUT.parent.mkdir(exist_ok=True)
        kept = {"fingerprint": fingerprint(), "results": results}
        OUT.write_text(json.dumps(kept, ensure_ascii=False, indent=0))
    return report([(name, results[name]) for name in wanted if name in results], len(names))


def report(tried: list[tuple[str, str]], of: int) -> int:
    killed = sum(result == "killed" for _, result in tried)
    score = killed / len(tried) if tried else 0
    error = 1.96 * (score * (1 - score) / len(tried)) ** 0.5 if tried else 0
    for name, result in tried:
        if result != "killed":
            print(f"{result}  {name}")
    print(f"共 {of} 处改动，试了 {len(tried)} 处，发现 {killed} 处：{score:.1%} ± {error:.1%}")
    return 0 if score >= 0.85 else 1


# ---- inside the tree that mutmut made ----


class Trying:
    """A pytest plugin: instead of running the tests, forks for each change and runs those that touch it."""

    def __init__(self, names: list[str], all_tests: bool, out: Path) -> None:
        stats = json.loads(Path("mutmut-stats.json").read_text(encoding="utf-8"))
        self.touching: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        self.seconds: dict[str, float] = stats["duration_by_test"]
        self.names, self.all_tests, self.out = names, all_tests, out

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        running: dict[int, tuple[str, float]] = {}
        if not _passes_unchanged(session):
            return True
        with self.out.open("a", encoding="utf-8") as stream:

            def note(name: str, result: str) -> None:
                stream.write(json.dumps([name, result]) + "\n")
                stream.flush()

            for name in self.names:
                touching = items if self.all_tests else self.touching.get(name.rpartition("__mutmut_")[0], ())
                tests = [test for test in touching if test in items]
                tests.sort(key=lambda test: self.seconds.get(test, 0))
                if not tests:
                    note(name, "untested")
                    continue
                while len(running) >= (os.cpu_count() or 1):
                    _reap(running, note)
                limit = GRACE + SLOWER * sum(self.seconds.get(test, UNKNOWN) for test in tests)
                child = os.fork()
                if child == 0:
                    _child(session, name, [items[test] for test in tests])
                running[child] = (name, time.monotonic() + limit)
            while running:
                _reap(running, note)
        return True


def _passes_unchanged(session: pytest.Session) -> bool:
    """Without any change all tests pass, or nothing that follows would mean anything."""
    child = os.fork()
    if child == 0:
        _child(session, UNCHANGED, list(session.items))
    _, status = os.waitpid(child, 0)
    return status == 0


def _reap(running: dict[int, tuple[str, float]], note: Any) -> None:
    """Waits a moment for a child; one that is over its time counts as found."""
    child, status = os.waitpid(-1, os.WNOHANG)
    if child:
        name, _ = running.pop(child)
        note(name, "killed" if status else "survived")
        return
    for one, (_, until) in running.items():
        if time.monotonic() > until:
            os.kill(one, 9)
    time.sleep(0.02)


def _child(session: pytest.Session, name: str, items: list[Any]) -> None:
    from mutmut.mutation.trampoline import set_mutant_under_test

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if name != UNCHANGED:
        set_mutant_under_test(name)
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                os._exit(1)
    except BaseException:
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    if INSIDE in sys.argv:
        todo = json.loads(Path("todo.json").read_text(encoding="utf-8"))
        trying = Trying(todo["names"], bool(todo["tests"]), Path("results.jsonl"))
        quiet = ["-q", "-p", "no:cacheprovider", "--no-header"]
        sys.exit(pytest.main([*quiet, *(todo["tests"] or ["tests/core"])], plugins=[trying]))
    sys.exit(main(sys.argv[1:]))
