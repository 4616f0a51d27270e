"""Copied texts, without a database: windows, boilerplate, the passage that is shown."""

import pytest

from evaluations.core.copies import Index, Owned, longest_passage, prescribed, prints_of, windows
from tests.builders import yueyang

TEXT = "全年开展巡逻防控三千余次，破获盗窃案件八十六起，为群众挽回损失四十万元，辖区刑事警情明显下降，群众安全感稳步提升。"
OTHER = "推广水稻良种和测土配方施肥，建设示范基地十二个，培训种粮大户六百人，主推技术到位率达到九成以上，粮食产量稳定。"


def nearest(text: str, *others: str, own: set[int] | None = None) -> tuple[str, int, int]:
    index = Index((Owned(str(n), "报告.六"), prints_of(other)) for n, other in enumerate(others))
    found, same, total = index.nearest("我", prints_of(text), own or set())
    return (found.owner if found else "", same, total)


def test_a_copy_is_found_whatever_its_punctuation_spaces_and_numbers():
    written = TEXT.replace("，", " , ").replace("。", "！")
    assert nearest(written, OTHER, TEXT) == ("1", len(windows(TEXT)), len(windows(TEXT)))
    assert windows("完成巡逻3000次以上") == windows("完成巡逻 86 次，以上")


def test_different_texts_share_nothing():
    assert nearest(TEXT, OTHER)[1] == 0
    assert nearest("", OTHER) == ("", 0, 0)


def test_half_a_copy_counts_half():
    _, same, total = nearest(TEXT[:28] + OTHER[:28], TEXT)
    assert 0.3 < same / total < 0.6


def test_what_many_units_write_is_boilerplate():
    assert nearest(TEXT, *[TEXT] * 8)[1] == len(windows(TEXT))
    assert nearest(TEXT, *[TEXT] * 9) == ("", 0, 0)


def test_what_the_pack_prescribes_does_not_count():
    guide = "写清原因、数据和影响；执行率低、指标未完成的都要写到。"
    assert nearest(guide, guide, own=prescribed(yueyang())) == ("", 0, 0)


@pytest.mark.parametrize(("start", "end"), [(0, 30), (10, 40), (20, 55)])
def test_the_longest_common_passage_is_quoted_as_written(start, end):
    shared = set(windows(TEXT[start:end]))
    assert longest_passage(TEXT, shared).rstrip("…，。") == TEXT[start:end].rstrip("，。")


def test_no_shared_window_gives_no_passage():
    assert longest_passage(TEXT, set()) == ""
