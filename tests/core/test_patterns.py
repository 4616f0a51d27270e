"""多长、多怪的字都不会卡住读字的地方（ReDoS），也不会出错；没有手拼的 SQL。"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.checks import run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.measures import read_measure
from evaluations.core.pack import Pack
from evaluations.core.values import KINDS, ValueProblem, clean_text, parse
from tests.conftest import fixture_json

ROOT = Path(__file__).resolve().parents[2]
PIECES = (
    "1", " ", "一", "a", "1,", "(", "“", "\n", "1.", "、一", "（1）", "{a", "[1].", "2024年", "= ", '"<', "12%", "为 ", "{{7*7}}",
    "{% debug %}",
)  # fmt: skip
MOST_TIMES, QUICK = 30, 0.5
"""十倍长的字最多三十倍的时间；短到这么多秒的不比。"""


def seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


READERS: dict[str, Callable[[str], object]] = {
    "clean_text": clean_text,
    "read_measure": read_measure,
    "parse_address": parse_address,
    **{kind: lambda text, kind=kind: parse(kind, text, digits=2, choices=("甲",)) for kind in KINDS},  # type: ignore[misc]
}


def tried(reader: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(ValueProblem, AddressProblem):
        reader(text)


@pytest.mark.case("I9")
@pytest.mark.dengbao("入侵防范 d")
@pytest.mark.parametrize("name", READERS)
def test_every_reader_of_text_takes_a_hundred_thousand_letters_at_once(name: str) -> None:
    for piece in PIECES:
        text = (piece * 100_000)[:100_000]
        long = seconds(lambda text=text: tried(READERS[name], text))  # type: ignore[misc]
        short = seconds(lambda text=text: tried(READERS[name], text[:10_000]))  # type: ignore[misc]
        assert long < QUICK or long < MOST_TIMES * short, (piece, long, short)


@pytest.mark.case("I9")
def test_the_checks_read_any_text_of_a_report_in_time(yueyang: Pack) -> None:
    data = fixture_json("2024-correct-package")
    section = next(iter(data["report"]))

    def check(text: str) -> None:
        given = data | {"report": {section: text}, "values": data["values"] | {"厉行节约保障措施": text}}
        run(yueyang, Facts(yueyang, read_package(given, yueyang)))

    for piece in PIECES:
        text = (piece * 18_000)[:18_000]
        long, short = seconds(lambda text=text: check(text)), seconds(lambda text=text: check(text[:1_800]))  # type: ignore[misc]
        assert long < 2 * QUICK or long < MOST_TIMES * short, (piece, long, short)


@pytest.mark.case("I8")
@pytest.mark.asvs("5.3.4")
def test_no_query_is_put_together_by_hand() -> None:
    """除了触发器（guards）和备份（表名取自库里）、写死的锁语句和数据库设置，只用 ORM。"""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("evaluations", "units", "config")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"\.raw\(|\.extra\(|RawSQL|execute\(\s*f[\"']|executescript", path.read_text())
    }
    assert found == {"evaluations/guards.py", "evaluations/services/backup/stores.py"}
