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


@pytest.mark.parametrize(
    ("changes", "heading", "sentence"),
    [
        ({"领域": ""}, "领域", "没有填。请填上。"),
        ({"编号": "Z" * 21}, "编号", "有 21 个字，最多 20 个字。请精简。"),
        ({"性质": "大于" * 6}, "性质", "有 12 个字，最多 10 个字。请精简。"),
        ({"性质": "大于"}, "性质", "“大于”不认识。请填 >=、<=、=、>、<、定性 之一。"),
        ({"年度指标值": "基本实现" * 11}, "年度指标值", f"“{'基本实现' * 10}”不是数。定量的只填数，单位填在“计量单位”；不能用数衡量的，性质填“定性”。"),
    ],
)  # fmt: skip
def test_a_fault_says_what_to_write(changes: dict[str, str], heading: str, sentence: str) -> None:
    assert (heading, sentence) in list(faults_of(tidy_entry(GOOD | changes)))


@pytest.mark.parametrize(
    "changes",
    [{"编号": "Z" * 20}, {"年度指标值": "-5"}, {"年度指标值": "1,200"}, {"性质": "＞"}, {"性质": " ≤ "}],
)
def test_what_fits_is_taken(changes: dict[str, str]) -> None:
    assert faults(**changes) == []


def test_an_entry_has_every_column_trimmed_and_its_sign_in_one_writing() -> None:
    entry = tidy_entry({"编号": " Z1 ", "性质": "≤", "别的": "x"})
    assert entry == {**dict.fromkeys(HEADINGS, ""), "编号": "Z1", "性质": "<="}


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({}, "≥96%"), ({"性质": "<="}, "≤96%"), ({"性质": "="}, "=96%"), ({"性质": ">"}, ">96%"), ({"性质": "<"}, "<96%"), ({"性质": "定性", "年度指标值": "印发"}, "印发"),
        ({"年度指标值": ""}, ""), ({"性质": ""}, "96%"),
    ],
)  # fmt: skip
def test_how_a_target_reads_on_the_form(changes: dict[str, str], target: str) -> None:
    assert shown_target(tidy_entry(GOOD | changes)) == target


def test_the_texts_of_a_row() -> None:
    texts = {
        "一级指标": "产出指标", "二级指标": "质量指标", "三级指标": "可网办率", "性质": ">=", "计量单位": "%", "年度指标值": "96",
    }  # fmt: skip
    assert row_texts(tidy_entry(GOOD), apart=True) == texts
    assert row_texts(tidy_entry(GOOD), apart=False) == texts | {"年度指标值": "≥96%"}


WORDS = {"口径和依据": "见通知", "好的写法": "可网办率", "不好的写法": "网办"}


@pytest.mark.parametrize(
    ("changes", "hints"),
    [
        ({}, []),
        ({"好的写法": "", "口径和依据": ""}, ["没有写口径和依据", "没有写好的写法"]),
        ({"不好的写法": ""}, ["没有写不好的写法"]),
        ({"计量单位": "卷"}, ["计量单位“卷”系统读不出来，建议得分要人工算"]),
        ({"性质": "定性", "年度指标值": "基本实现"}, ["定性指标的目标里没有可以核对的数或时间"]),
        ({"性质": "定性", "年度指标值": "6 月底前印发"}, []),
    ],
)
def test_hints_for_a_better_entry(changes: dict[str, str], hints: list[str]) -> None:
    assert hints_of(tidy_entry(GOOD | WORDS | changes)) == hints


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
