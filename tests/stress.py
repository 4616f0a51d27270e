"""``make stress HOURS=n``: the tests of load, chance and kills, larger and over and over, each round from another seed.
Also what an ordinary run shortens (SHARE in tests/access/test_matrix.py).

    python -m tests.stress --hours 2          until the time is over; build/stress.json says how far it has come
    python -m tests.stress --rounds 1         one round, for every change

A stopped run goes on with the next round. A failed test ends the run; its round is done again next time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "build" / "stress.json"
BOTH = [
    "tests/services/test_many_editors.py",
    "tests/services/test_workflow_model.py",
    "tests/crash/test_kill.py",
]
CHANCE = [
    "tests/core",
    "tests/packs/test_generated.py",
    "tests/packs/test_planted.py",
    "tests/services/test_sheets.py",
]
PARTS = {
    "editors, model, kills on SQLite": ["-m", "pytest", "-q", *BOTH],
    "editors, model, kills on PostgreSQL": [
        "-m",
        "tests.postgres",
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *BOTH,
    ],
    "access on PostgreSQL": [
        "-m",
        "tests.postgres",
        sys.executable,
        *["-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "tests/access"],
    ],
    "chance": ["-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *CHANCE],
    "overload and slow clients": ["-m", "pytest", "-q", "tests/operation/test_front.py"],
}
OVERLOAD_SECONDS = 15
"""In an ordinary run, and per unit of the factor."""


def load() -> dict[str, dict[str, float]]:
    """Per part: rounds done, the factor times rounds (how many ordinary runs it is worth), seconds spent."""
    return json.loads(STATE.read_text(encoding="utf-8")) if STATE.exists() else {}


def save(state: dict[str, dict[str, float]]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    fresh = STATE.with_suffix(".new")
    fresh.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(STATE)


def one(part: str, factor: int, state: dict[str, dict[str, float]]) -> int:
    """One round of one part; its number is its seed."""
    done = state.setdefault(part, {"rounds": 0, "worth": 0, "seconds": 0})
    seed, began = int(done["rounds"]) + 1, time.monotonic()
    print(f"== {part}：第 {seed} 轮，{factor} 倍", flush=True)
    given = os.environ | {
        "STRESS": str(factor), "STRESS_SEED": str(seed), "OVERLOAD_SECONDS": str(OVERLOAD_SECONDS * factor),
    }  # fmt: skip
    code = subprocess.call([sys.executable, *PARTS[part]], cwd=ROOT, env=given)
    if code == 0:
        done["rounds"] += 1
        done["worth"] += factor
        done["seconds"] = round(done["seconds"] + time.monotonic() - began)
        save(state)
    return code


def main(arguments: list[str]) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.stress")
    options.add_argument("--hours", type=float, default=0)
    options.add_argument("--rounds", type=int, default=0)
    options.add_argument("--factor", type=int, default=4)
    given = options.parse_args(arguments)
    until, state, round_ = time.monotonic() + given.hours * 3600, load(), 0
    while round_ < given.rounds or time.monotonic() < until:
        for part in PARTS:
            if code := one(part, given.factor, state):
                return code
        round_ += 1
    for part, done in state.items():
        print(
            f"{part}：共 {done['rounds']:.0f} 轮，合平常 {done['worth']:.0f} 次，{done['seconds'] / 60:.0f} 分钟"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
