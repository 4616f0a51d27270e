"""The tables of security cases say what the tests prove, and leave no case out."""

from __future__ import annotations

import pytest

from tests.security.tables import ROOT, data, pages, proofs


def test_every_case_has_a_test_or_a_reason() -> None:
    given = data("cases")
    proved = proofs()["case"]
    silent = [
        number for number in given["cases"] if number not in proved and number not in given["elsewhere"]
    ]
    assert silent == []


def test_every_marker_names_a_case_or_requirement_that_exists() -> None:
    found = proofs()
    known = {
        "case": set(data("cases")["cases"]),
        "dengbao": {item["key"] for item in data("dengbao")["item"]},
        "asvs": set(data("asvs")["requirements"]),
    }
    assert {kind: sorted(set(found[kind]) - known[kind]) for kind in known} == {
        "case": [],
        "dengbao": [],
        "asvs": [],
    }


@pytest.mark.parametrize("name", ["安全用例.md", "等保对照.md", "ASVS对照.md"])
def test_the_page_in_docs_is_the_generated_one(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages()[name]
