"""Packages of fourteen different kinds of units for two years: no false error, few warnings, all of them explained.

A school, a hospital, police, farming, archives…: with zero budgets and without, one project or six, indicators where
less is better, funds of other kinds, carried-over money. ``pytest -s`` prints the count per unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import pytest

from evaluations.core.checks import ERROR, WARNING, run, unexplained
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack, build, read_folder
from evaluations.services.demo.city import units
from evaluations.services.demo.papers import write_paper
from tests.builders import PACK_FOLDER, yueyang

MOST = 6
"""Warnings of one package; a unit with more projects than that has one per project for money left over."""
UNITS = [unit for unit in units() if len(unit["projects"]) <= 4]


@cache
def last_years_pack() -> Pack:
    files = read_folder(PACK_FOLDER)
    return build({**files, "pack.toml": files["pack.toml"].replace("2024", "2023")})


def test_there_are_more_than_ten_units():
    assert len(UNITS) > 10


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit["name"])
def test_a_unit_files_two_years_without_a_false_error(unit: Mapping[str, Any]):
    prior = None
    for year, pack in ((2023, last_years_pack()), (2024, yueyang())):
        data = write_paper(unit, year, pack, date(year + 1, 3, 18))
        prior = Facts(pack, read_package(data, pack), prior=prior)
        found = run(pack, prior)
        warnings = Counter(one.code for one in found if one.level == WARNING)
        print(f"{unit['name']} {year}：错误 0，提醒 {warnings.total()}（{dict(warnings)}）")
        assert [one.message for one in found if one.level == ERROR] == []
        assert warnings.total() <= MOST
        assert unexplained(found, [(note["code"], note["cell"]) for note in data["notes"]]) == []
