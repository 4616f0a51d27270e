"""Every example of a check with the whole of what it says: level, cells, place, words, what should be and what is."""

from functools import cache

import pytest

from evaluations.core.checks import Finding, run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from tests.builders import CORRECT, EXAMPLE, MENDED, changed, checking, fixture, yueyang
from tests.core.test_rules_2024_yueyang import CODES, FAILING, PASSING
from tests.core.test_rules_report import RIGHT, WRONG, facts_with
from tests.goldens import same_as_golden

NOTHING = "    （不报）\n"


@cache
def before(code: str) -> list[Finding]:
    return run(checking(code), Facts(yueyang(), read_package(fixture(CORRECT), yueyang())))


def told(finding: Finding) -> str:
    row = finding.as_json()
    cause = f"；由 {finding.because_of.code} {finding.because_of.cell} 引起" if finding.because_of else ""
    return (
        f"    {row['level']} {row['code']} {row['scope'] or '部门'} {'、'.join(row['cells'])}\n"
        f"        {row['message']}\n"
        f"        应为“{row['expected']}”，现为“{row['actual']}”{cause}\n"
    )


def told_by(code: str, facts: Facts) -> str:
    """What the checks of a code say that they don't say of the correct package."""
    found = [one for one in run(checking(code), facts) if one.code == code and one not in before(code)]
    return "".join(map(told, found)) or NOTHING


def facts_of(change: dict) -> Facts:
    return Facts(yueyang(), read_package(changed(change), yueyang()))


def title(code: str, change: dict) -> str:
    changes = "；".join(f"{place} = {text if text != '' else '空白'}" for place, text in change.items())
    return f"{code} {changes or '没有改动'}".replace("\n", "⏎") + "\n"


@pytest.mark.parametrize("letter", sorted({code[0] for code in CODES}))
def test_what_the_checks_say_of_each_example(letter):
    examples = [
        *((code, change, facts_of) for code, change, *_ in [*FAILING, *PASSING]),
        *((code, change, facts_with) for code, change, *_ in [*WRONG, *RIGHT]),
    ]
    mine = sorted((row for row in examples if row[0][0] == letter), key=lambda row: row[0])
    text = "".join(title(code, change) + told_by(code, make(change)) for code, change, make in mine)
    same_as_golden(f"rules-{letter}.txt", text)


@pytest.mark.parametrize("name", [EXAMPLE, MENDED, CORRECT])
def test_what_the_checks_say_of_a_whole_package(name):
    found = run(yueyang(), Facts(yueyang(), read_package(fixture(name), yueyang())))
    same_as_golden(f"findings-{name}.txt", "".join(map(told, found)))
