"""Vendored files are the ones VENDOR.md names, bit by bit, and ask for nothing from elsewhere."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \|.*`(?P<sha256>[0-9a-f]{64})` \|$", re.MULTILINE)
RECORDED = dict(ROW.findall((ROOT / "static/vendor/VENDOR.md").read_text()))


@pytest.mark.case("G16")
def test_every_vendored_file_is_recorded():
    present = [
        p for folder in ("static/vendor", "tests/vendor") for p in (ROOT / folder).rglob("*") if p.is_file()
    ]
    assert {str(p.relative_to(ROOT)) for p in present if p.suffix != ".md"} == set(RECORDED)


@pytest.mark.case("G16")
@pytest.mark.asvs("14.2.3")
@pytest.mark.parametrize("file", RECORDED)
def test_vendored_file_is_unchanged(file):
    content = (ROOT / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == RECORDED[file]
    assert b"sourceMappingURL" not in content
