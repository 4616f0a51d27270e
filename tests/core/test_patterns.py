"""正则式：多长、多怪的字都不会卡住（ReDoS）；没有直接拼 SQL 的地方，没有二进制小数。"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluations
import units

ROOT = Path(__file__).resolve().parents[2]
SHORT, LONG = 500, 5_000
MOST_TIMES, QUICK = 30, 0.01
"""十倍长的字最多三十倍的时间；短到这么多秒的不比。"""
PIECES = ("1", " ", "一", "a", "1,", "(", "“", "\n", "1.", "、一", "（1）", "{a", "[1].", "2024年", "= ", '"<')


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """产品里全部编译好的正则式；数据（方案）里没有正则式。"""
    for package in (evaluations, units):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".management" in found.name or ".migrations" in found.name or found.name.endswith("_worker"):
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern):
                    yield f"{found.name}.{name}", value


def seconds(pattern: re.Pattern[str] | re.Pattern[bytes], text: str) -> float:
    data = text.encode() if isinstance(pattern.pattern, bytes) else text
    began = time.process_time()
    for _ in pattern.finditer(data):  # type: ignore[arg-type]
        pass
    return time.process_time() - began


@pytest.mark.case("I9")
@pytest.mark.asvs("5.1.4")
def test_no_pattern_takes_ever_longer_on_longer_text() -> None:
    slow = []
    found = dict(patterns())
    for name, pattern in found.items():
        for piece in PIECES:
            text = piece * (LONG // len(piece))
            long = seconds(pattern, text[:LONG] + "\0")
            if long > QUICK:
                short = max(seconds(pattern, text[:SHORT] + "\0"), 0.0001)
                if long / short > MOST_TIMES:
                    slow.append(f"{name} on {piece!r}: {long:.2f} s, {long / short:.0f} times")
    assert len(found) > 40 and not slow, "\n".join(slow)


@pytest.mark.case("I8")
@pytest.mark.asvs("5.3.4")
def test_no_query_is_put_together_by_hand() -> None:
    """除了固定的锁语句和数据库设置，只用 ORM。"""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("evaluations", "units", "config")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"\.raw\(|\.extra\(|RawSQL|\.execute\(\s*f[\"']|\.execute\([^\"')]*%|executescript", path.read_text())
    }  # fmt: skip
    assert not found
