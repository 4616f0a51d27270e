"""Copied texts, without a database: windows, boilerplate, the passage that is shown."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from evaluations.core.checks import Finding, run
from evaluations.core.copies import (
    Copy,
    Index,
    Owned,
    copies_of,
    digest_of,
    longest_passage,
    prescribed,
    prints_of,
    rule_of,
    texts_of,
)
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from tests.builders import changed, lab, lab_facts, yueyang
from tests.goldens import same_as_golden

TEXT = (
    "全年开展巡逻防控三千余次，破获盗窃案件八十六起，为群众挽回损失四十万元，辖区刑事警情明显下降，群众安全感稳步提升。"
    "社区民警每月进村入户走访，把矛盾纠纷化解在门前，全年调解邻里纠纷二百多件，没有一件转为治安案件。"
)
OTHER = (
    "推广水稻良种和测土配方施肥，建设示范基地十二个，培训种粮大户六百人，主推技术到位率达到九成以上，粮食产量稳定。"
    "农技人员分片包户，春耕秋收住在镇上，遇到病虫害当天到田头会诊，统防统治面积比往年扩大，农药用量下降。"
)


LONG = TEXT + OTHER


def nearest(text: str, *others: str, own: set[int] | None = None) -> tuple[str, int, int]:
    index = Index((Owned(str(n), "报告.六"), prints_of(other)) for n, other in enumerate(others))
    found, same, total = index.nearest("我", prints_of(text), own or set())
    return (found.owner if found else "", same, total)


def test_a_copy_is_found_whatever_its_punctuation_spaces_and_numbers():
    written = TEXT.replace("，", " , ").replace("。", "！")
    size = len(prints_of(TEXT))
    assert size > 10 and nearest(written, OTHER, TEXT) == ("1", size, size)
    assert prints_of(f"{TEXT[:30]}3000次，{TEXT[30:]}") == prints_of(f"{TEXT[:30]} 1,286.5 次，{TEXT[30:]}")


def test_different_texts_share_nothing():
    assert nearest(TEXT, OTHER)[1] == 0
    assert nearest("", OTHER) == ("", 0, 0)


def test_half_a_copy_counts_half():
    _, same, total = nearest(TEXT[:55] + OTHER[:55], TEXT)
    assert 0.25 < same / total < 0.75


def test_what_many_units_write_is_boilerplate():
    assert nearest(TEXT, *[TEXT] * 8)[1] == len(prints_of(TEXT))
    assert nearest(TEXT, *[TEXT] * 9) == ("", 0, 0)


def test_what_the_pack_prescribes_does_not_count():
    guide = "写清原因、数据和影响；执行率低、指标未完成的都要写到。"
    assert nearest(guide, guide, own=prescribed(yueyang())) == ("", 0, 0)


@pytest.mark.parametrize(("start", "end"), [(0, 50), (20, 70), (40, 100)])
def test_a_common_passage_is_quoted_as_written(start, end):
    shared = set(prints_of(TEXT[start:end]))
    passage = longest_passage(TEXT, shared).rstrip("…")
    assert len(passage) >= 20 and passage in TEXT[start:end]


def test_numbers_in_a_passage_stay_as_they_were():
    text = TEXT.replace("三千余", "3,000").replace("八十六", "86")
    assert longest_passage(text, set(prints_of(text))).rstrip("…") in text


def test_no_shared_window_gives_no_passage():
    assert longest_passage(TEXT, set()) == ""


# ---- a whole package ----


def package_with(texts: dict[str, str], copies: Sequence[Copy] = ()) -> Facts:
    return Facts(yueyang(), read_package(changed(texts), yueyang()), copies=copies)


def index_of(*texts: tuple[str, str, str]) -> Index:
    return Index((Owned(owner, address), prints_of(text)) for owner, address, text in texts)


GOAL = "项目.0 目标.预期目标"
ITS_CELL = "项目[0]/目标.预期目标"


def test_the_texts_that_are_compared_are_the_long_ones_that_the_pack_names():
    forty = "字" * 40
    texts = texts_of(package_with({"报告.六": TEXT, "报告.七": "短", "报告.八": forty, GOAL: OTHER}))
    assert (texts["报告.六"], texts["报告.八"], texts[ITS_CELL]) == (TEXT, forty, OTHER)
    assert "报告.七" not in texts and "报告.八" not in texts_of(package_with({"报告.八": forty[1:]}))


def test_a_pack_without_the_check_compares_nothing():
    assert rule_of(lab()) == {} and texts_of(lab_facts()) == {}


def test_copies_of_a_package_say_where_how_much_of_whom_and_which_sentence():
    """Of 报告.八 about half is another's: less than the pack asks. What one's own unit wrote is no copy."""
    facts = package_with(
        {"报告.六": TEXT, "报告.七": TEXT[:60] + OTHER, "报告.八": LONG, GOAL: f"前言。{OTHER}"}
    )
    index = index_of(("甲", "报告.六", TEXT), ("乙", "目标.预期目标", OTHER), ("我", "报告.八", LONG))
    found = list(copies_of(facts, "我", index))
    assert all(copy.digest == digest_of(texts_of(facts)[copy.address]) for copy, _ in found)
    lines = [f"{copy.address} {copy.percent}% {other}\n    {copy.passage}\n" for copy, other in found]
    same_as_golden("copies.txt", "".join(lines))


def test_a_copy_is_a_finding_at_its_cell_until_the_text_changes():
    written = {"报告.六": TEXT, GOAL: OTHER}
    index = index_of(("甲", "报告.六", TEXT), ("乙", "目标.预期目标", OTHER))
    copies = [copy for copy, _ in copies_of(package_with(written), "我", index)]
    only = replace(yueyang(), checks=tuple(check for check in yueyang().checks if check.code == "N07"))

    def findings(texts: dict[str, str]) -> list[Finding]:
        return run(only, package_with(texts, copies))

    assert [one.cells for one in findings(written)] == [("报告.六",), (ITS_CELL,)]
    assert [one.cells for one in findings({**written, "报告.六": TEXT + "改"})] == [(ITS_CELL,)]
    same_as_golden("copies-told.txt", "".join(f"{one.as_json()}\n" for one in findings(written)))
