"""The difference of two packs in plain words, item by item."""

import pytest

from evaluations.core.comparing import compare
from evaluations.core.pack import read_folder
from tests.builders import PACK_FOLDER
from tests.core.test_prescribed import ROWS, changed, with_rows

FILES = read_folder(PACK_FOLDER)
CASES = [
    ("year", changed("pack.toml", "year = 2024", "year = 2025"), ("基本信息", "方案", "年度", "2024", "2025")),
    ("weight", changed("indicators.toml", '"数量指标", "50"', '"数量指标", "55"'), ("指标（指标框架）", "产出指标·数量指标", "规定分值", "50", "55")),
    ("constant", changed("indicators.toml", 'value = "10"', 'value = "20"'), ("常数", "执行权重", "值", "10", "20")),
    ("new prescribed row", with_rows("部门指标模板", ROWS.split("\n    [\"T2")[0] + "]"), ("指标（部门指标模板）", "T1", "增加", "（没有）", None)),
    ("help", changed("fields.toml", 'help = "如 个、件、%。"', 'help = "如 人次。"'), ("字段（指标）", "计量单位", "填报说明", "如 个、件、%。", "如 人次。")),
    ("level", changed("checks.toml", '{code = "P04", level = "warning"', '{code = "P04", level = "info"'), ("核对", "P04 年中追加的项目须说明", "级别", "提醒", "提示")),
    ("switched off", changed("checks.toml", '{code = "W04"', '{off = true, code = "W04"'), ("核对", "W04 分值大于 0", "停用", "（没有）", "是")),
    ("parameter", changed("scoring.toml", 'over_threshold = "0.3"', 'over_threshold = "0.2"'), ("计分", "参数", "超额多少算偏离", "0.3", "0.2")),
    ("form", changed("forms/2_department.toml", '"分值", "执行率", "得分"', '"权重", "执行率", "得分"'), ("表样", "第2带第2行", "改了", None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("files", "wanted"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_change_is_told_once_with_its_item_old_and_new(files, wanted):
    (found,) = compare(FILES, files)
    part, item, what, old, new = wanted
    assert found.part.startswith(part) and (found.item, found.what) == (item, what)
    assert old is None or found.old == old
    assert new is None or found.new == new


def test_the_same_pack_has_no_difference_whatever_its_comments_and_spaces():
    spaced = {name: f"# 说明\n\n{text}\n" for name, text in FILES.items()}
    assert compare(FILES, spaced) == []


def test_order_and_removal_are_told():
    lines = FILES["checks.toml"].split("\n")
    at = next(number for number, line in enumerate(lines) if 'code = "W04"' in line)
    without = {**FILES, "checks.toml": "\n".join(lines[:at] + lines[at + 1 :])}
    (gone,) = compare(FILES, without)
    assert (gone.item, gone.what, gone.new) == ("W04 分值大于 0", "去掉", "（没有）")
    moved = {
        **FILES,
        "checks.toml": "\n".join([*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]),
    }
    assert [one.what for one in compare(FILES, moved)] == ["次序变了"]


@pytest.mark.parametrize("text", ["scores = [[", "scores = 3", "parameters = 1", "scores = [1, {field = 2}]"])
def test_damaged_files_are_compared_as_far_as_they_go(text):
    assert compare(FILES, {**FILES, "scoring.toml": text})
