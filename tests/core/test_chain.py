import hashlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.chain import GENESIS, algorithm, canonical, digest, instant

CONTENT = {"address": "资金.全年预算数", "old": "", "new": "94.8", "user": 1}
USING = ["sha256", algorithm()]


def test_the_algorithm_is_sm3_where_it_exists_and_sha256_elsewhere(monkeypatch):
    assert algorithm() in ("sm3", "sha256")

    def missing(name, *args):
        raise ValueError(name)

    monkeypatch.setattr(hashlib, "new", missing)
    assert algorithm() == "sha256"


@pytest.mark.parametrize("using", USING)
def test_a_digest_fits_its_column_and_is_always_the_same(using):
    first = digest(GENESIS, CONTENT, using)
    assert first == digest(GENESIS, dict(reversed(CONTENT.items())), using)
    assert len(first) == len(GENESIS) == 64


@pytest.mark.parametrize("key", CONTENT)
def test_changing_any_part_changes_the_digest(key):
    assert digest(GENESIS, {**CONTENT, key: "改"}, "sha256") != digest(GENESIS, CONTENT, "sha256")


def test_adding_a_part_or_changing_the_one_before_changes_the_digest():
    before = digest(GENESIS, CONTENT, "sha256")
    assert digest(GENESIS, {**CONTENT, "more": None}, "sha256") != before
    assert digest("1" + GENESIS[1:], CONTENT, "sha256") != before
    assert digest(GENESIS, CONTENT, "sha512") != before


def chained(contents):
    found = [GENESIS]
    for content in contents:
        found.append(digest(found[-1], content, "sha256"))
    return found[1:]


entries = st.lists(
    st.fixed_dictionaries({"new": st.text(max_size=3), "seq": st.integers(0, 9)}), min_size=2, max_size=6
)


@given(entries, st.data())
def test_changing_removing_or_swapping_an_entry_breaks_every_later_link(contents, data):
    at = data.draw(st.integers(0, len(contents) - 2))
    changed = [*contents[:at], {"new": "另", "seq": 10}, *contents[at + 1 :]]
    for before, after in zip(chained(contents)[at:], chained(changed)[at:], strict=True):
        assert before != after
    assert chained(contents)[-1] != chained(contents[:at] + contents[at + 1 :])[-1]


KNOWN = {"b": "字", "a": 1, "c": UUID(int=7), "d": [None, True]}


def test_the_digest_can_be_recomputed_by_anybody_from_the_written_rule():
    text = '{"a":1,"b":"字","c":"00000000-0000-0000-0000-000000000007","d":[null,true]}'
    assert canonical(KNOWN) == text
    assert digest(GENESIS, KNOWN, "sha256") == hashlib.sha256(f"{GENESIS}\n{text}".encode()).hexdigest()


def test_the_algorithm_is_sm3_where_the_machine_has_it(monkeypatch):
    monkeypatch.setattr(hashlib, "new", lambda name: {"sm3": 1}[name])
    assert algorithm() == "sm3"


def test_a_moment_is_written_in_universal_time():
    moment = datetime(2025, 5, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    assert instant(moment) == instant(datetime(2025, 5, 1, tzinfo=UTC)) == "2025-05-01T00:00:00+00:00"
