"""One indicator of the library: what is refused, and how it reads on the form."""

import tomllib
from pathlib import Path

import pytest

from evaluations.core.library import HEADINGS, faults_of, hints_of, row_texts, shown_target, tidy_entry
from evaluations.core.measures import QUALITATIVE, read_measure

FILE = Path(__file__).resolve().parents[2] / "evaluations" / "packs" / "library.toml"
GOOD = {
    "编号": "ZW-900", "领域": "政务服务", "一级指标": "产出指标", "二级指标": "质量指标", "三级指标": "可网办率",
    "性质": "≥", "年度指标值": "96", "计量单位": "%",
}  # fmt: skip


def faults(**changes: str) -> list[str]:
    return [heading for heading, _ in faults_of(tidy_entry(GOOD | changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"三级指标": " "}, ["三级指标"]),
        ({"编号": "ZW" * 11}, ["编号"]),
        ({"性质": "大于"}, ["性质"]),
        ({"年度指标值": "基本实现"}, ["年度指标值"]),
        ({"年度指标值": "≥96%"}, ["年度指标值"]),
        ({"年度指标值": "96%"}, ["年度指标值"]),
        ({"计量单位": "卷"}, []),
        ({"性质": "定性", "年度指标值": "年内印发办法 1 个"}, []),
        ({"性质": "=", "年度指标值": "0", "计量单位": "起"}, []),
    ],
)
def test_an_entry_that_could_not_be_scored_is_refused_at_its_column(
    changes: dict[str, str], expected: list[str]
) -> None:
    assert faults(**changes) == expected


def test_on_a_form_without_columns_for_sign_and_unit_the_target_carries_them() -> None:
    entry = tidy_entry(GOOD)
    assert row_texts(entry, apart=False)["年度指标值"] == "≥96%"
    assert row_texts(entry, apart=True)["年度指标值"] == "96"
    assert row_texts(entry, apart=True)["性质"] == ">="


def test_a_unit_that_no_score_can_be_read_from_is_allowed_with_a_hint() -> None:
    assert any("卷" in hint for hint in hints_of(tidy_entry(GOOD | {"计量单位": "卷"})))


def test_the_library_that_comes_along_is_whole_and_every_target_of_it_can_be_measured() -> None:
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["indicator"]
    entries = [tidy_entry({h: row.get(column.field, "") for h, column in HEADINGS.items()}) for row in rows]
    assert len(entries) >= 40
    assert len({entry["领域"] for entry in entries}) >= 9
    assert len({entry["编号"] for entry in entries}) == len(entries)
    assert len({(entry["领域"], entry["三级指标"]) for entry in entries}) == len(entries)
    for entry in entries:
        assert not list(faults_of(entry)), entry["编号"]
        assert not hints_of(entry), entry["编号"]
        assert entry["性质"] == QUALITATIVE or read_measure(shown_target(entry)) is not None
        assert entry["好的写法"].startswith(entry["三级指标"]) or entry["性质"] == QUALITATIVE
