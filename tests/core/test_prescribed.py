"""Rows and totals that a pack prescribes, and all problems of a pack at once."""

from copy import deepcopy
from decimal import Decimal

import pytest

from evaluations.core.facts import Facts, Package, RowInput, ScopeInput
from evaluations.core.faults import PackProblem
from evaluations.core.pack import build, examine, read_folder
from evaluations.core.prescribed import (
    ORIGIN,
    blank_package,
    is_locked,
    kinds_of,
    rows_for,
    template_of,
)
from tests.builders import PACK_FOLDER, make_pack

ROWS = """[
    ["T1", "产出指标", "数量指标", "办件量", ">=", "36", "件", "20", "", "是", "以年末系统数为准。"],
    ["T2", "效益指标", "社会效益指标", "群众知晓率", ">=", "90", "%", "30", "民生类", "否"],
]"""


def changed(file: str, old: str, new: str, files: dict[str, str] | None = None) -> dict[str, str]:
    files = dict(files or read_folder(PACK_FOLDER))
    assert old in files[file], old
    return {**files, file: files[file].replace(old, new, 1)}


def with_rows(name: str, rows: str = ROWS) -> dict[str, str]:
    line = f'{{key = "{name}[]", shape = "指标模板", rows = []}}'
    return changed("indicators.toml", line, line.replace("[]}", f"{rows}}}"))


@pytest.fixture(scope="module")
def pack():
    return build(with_rows("部门指标模板"))


def row_of(pack, values):
    package = Package(root=ScopeInput("", rows={"指标": [RowInput("r1", values)]}))
    return Facts(pack, package).root.lists["指标"][0]


def test_a_new_package_begins_with_the_rows_for_everyone_and_for_its_kind(pack):
    names = [values["三级指标"] for _, values in rows_for(pack, "")]
    assert names == ["办件量"]
    assert [v["三级指标"] for _, v in rows_for(pack, "", "民生类")] == ["办件量", "群众知晓率"]
    assert kinds_of(pack, "") == ["民生类"]
    assert list(rows_for(pack, "项目")) == []


def test_a_row_takes_the_columns_that_its_list_knows_and_remembers_where_it_comes_from(pack):
    ((key, values),) = rows_for(pack, "")
    assert key == "指标"
    assert values == {
        "一级指标": "产出指标", "二级指标": "数量指标", "三级指标": "办件量", "性质": ">=", "年度指标值": "36",
        "计量单位": "件", "分值": "20", ORIGIN: "T1",
    }  # fmt: skip


def test_a_locked_row_keeps_what_the_template_wrote_and_leaves_the_rest_to_the_unit(pack):
    row = row_of(pack, {ORIGIN: "T1"})
    assert is_locked(row) and template_of(row)["填报说明"] == "以年末系统数为准。"
    assert all(is_locked(row, key) for key in ("三级指标", "年度指标值", "分值", "二级指标"))
    assert not any(is_locked(row, key) for key in ("实际完成值", "得分", "偏差原因", "档次"))


@pytest.mark.parametrize("origin", ["T2", "没有的", ""])
def test_a_free_an_unknown_and_an_own_row_are_not_locked(pack, origin):
    assert not is_locked(row_of(pack, {ORIGIN: origin} if origin else {}), "分值")


# ---- on a small pack ----

FIELDS = """
fields = [
  {key = "部门.名称", kind = "text"}, {key = "别[]", shape = "行"}, {key = "表[]", shape = "行"},
  {key = "甲[]", shape = "规定", rows = [["1", "办件", "10", "", "是", "多写"], ["2", "巡查", "", "民生"], ["3", "修路", "5", "基建", "否"], ["4", "植树", "不适用", "民生", "是"]]},
  {key = "乙[]", shape = "规定", rows = [["9", "别的", "1", "水利"]]},
  {key = "丙[]", shape = "规定", rows = [["7", "项目的", "2", "", "是"]]},
]
[[shape]]
name = "行"
fields = [{key = "名", kind = "text"}, {key = "数", kind = "points"}, {key = "模板编号", kind = "text"}, {key = "填", kind = "text"}]
[[shape]]
name = "裸"
fields = [{key = "名", kind = "text"}]
[[shape]]
name = "规定"
fields = [
  {key = "编号", kind = "text"}, {key = "名", kind = "text"}, {key = "数", kind = "points"}, {key = "类型", kind = "text"},
  {key = "锁定", kind = "yes_no"}, {key = "填报说明", kind = "text"},
]
[[scope]]
name = "项目"
fields = [{key = "表[]", shape = "裸"}]
"""
SMALL = {"indicators": 'templates = [{list = "表", rows = "甲"}, {list = "别", rows = "乙"}, {scope = "项目", list = "表", rows = "丙"}]'}  # fmt: skip


@pytest.fixture(scope="module")
def small():
    return make_pack(FIELDS, **SMALL)


def test_rows_stand_in_the_order_of_their_templates_each_with_its_number(small):
    common = ("表", {"名": "办件", "数": "10", ORIGIN: "1"})
    assert list(rows_for(small, "")) == [common]
    assert list(rows_for(small, "", "民生")) == [
        common, ("表", {"名": "巡查", ORIGIN: "2"}), ("表", {"名": "植树", "数": "不适用", ORIGIN: "4"}),
    ]  # fmt: skip
    assert list(rows_for(small, "", "水利")) == [common, ("别", {"名": "别的", "数": "1", ORIGIN: "9"})]


def test_a_list_without_the_column_does_not_remember_where_its_rows_come_from(small):
    assert list(rows_for(small, "项目")) == [("表", {"名": "项目的"})]


def test_the_kinds_of_a_scope_stand_in_their_order_and_once(small):
    assert kinds_of(small, "") == ["民生", "基建", "水利"]
    assert kinds_of(small, "项目") == []


def test_a_blank_package_has_the_name_the_rows_for_everyone_and_one_of_each_scope(small):
    package = blank_package(small, "某某局")
    assert package.department_name == "某某局"
    assert package.root == ScopeInput(
        "", {"部门.名称": "某某局"}, {"表": [RowInput("r0", {"名": "办件", "数": Decimal(10), ORIGIN: "1"})]}
    )
    assert package.children == {"项目": [ScopeInput("x", {}, {"表": [RowInput("r0", {"名": "项目的"})]})]}
    assert blank_package(small).root.values == {}
    assert blank_package(small).department_name == ""
    assert blank_package(make_pack(), "某某局").root.values == {}


LOCKED = [
    ("表", "1", "", True), ("表", "1", "名", True), ("表", "1", "填", False), ("表", "2", "", False), ("表", "3", "名", False),
    ("表", "4", "数", True), ("表", "9", "名", False), ("别", "1", "名", False), ("表", "", "名", False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "origin", "column", "locked"), LOCKED)
def test_only_what_a_locked_row_of_this_list_wrote_is_locked(small, key, origin, column, locked):
    package = Package(root=ScopeInput("", rows={key: [RowInput("r1", {ORIGIN: origin})]}))
    row = Facts(small, package).root.lists[key][0]
    assert is_locked(row, column) is locked
    assert (template_of(row) is None) is (origin not in "1234" or key == "别" or not origin)


PRESCRIBED_WRONG = [
    ("weights that do not total 100", changed("indicators.toml", '"数量指标", "50"', '"数量指标", "55"'), "应为 100，现为 105"),
    ("execution weight changed alone", changed("indicators.toml", 'value = "10"', 'value = "20"'), "应为 100，现为 110"),
    ("rows above the weight of their level", with_rows("部门指标模板", ROWS.replace('"20"', '"60"')), "各行分值合计超过规定的 50"),
    ("rows in a group the form has not", with_rows("项目指标模板", ROWS.replace("数量指标", "度量指标")), "表上没有“产出指标·度量指标”这一组"),
    ("a row without a name", with_rows("项目指标模板", ROWS.replace('"办件量"', '""')), "没有三级指标的名称"),
    ("two rows with one number", with_rows("部门指标模板", ROWS.replace('"T2"', '"T1"')), "不重复的“编号”"),
    ("a number that is no number", with_rows("部门指标模板", ROWS.replace('"20"', '"二十"')), "部门指标模板[]"),
    ("an unknown list", changed("indicators.toml", 'rows = "部门指标模板"', 'rows = "别的模板"'), "rows“别的模板”不是写死的行"),
    ("a condition that never holds", changed("indicators.toml", "== 100", "== 100 + 资金.全年执行数"), "应为 100"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "why"), [row[1:] for row in PRESCRIBED_WRONG], ids=[row[0] for row in PRESCRIBED_WRONG]
)
def test_a_pack_that_breaks_its_own_conditions_is_refused(files, why):
    with pytest.raises(PackProblem, match=why.replace("[", r"\[")):
        build(files)


def test_all_problems_are_told_at_once_each_with_its_file_and_place():
    files = changed("indicators.toml", '"数量指标", "50"', '"数量指标", "55"')
    files = changed("checks.toml", 'expr = "人员.控制率 <= 1"', 'expr = "人员.控制力 <= 1"', files)
    files = changed(
        "fields.toml", 'compute = "人员.实际在职人数 / 人员.编制数"', 'compute = "等次率 + 1"', files
    )
    files = changed("fields.toml", '{key = "填表人"', '{key = "等次率", kind = "percent", compute = "人员.控制率 - 1"}, {key = "填表人"', files)  # fmt: skip
    form = next(name for name in files if "department" in name)
    files = changed(form, '{f = "资金.执行率"}, ', "", files)
    pack, faults = examine(files)
    places = [(fault.file, fault.message) for fault in faults]
    assert pack is not None
    assert any(file == "indicators.toml" and "现为 105" in words for file, words in places)
    assert any(file == "checks.toml" and "没有名为“人员.控制力”" in words for file, words in places)
    assert any(file == "fields.toml" and "绕成了圈" in words for file, words in places)
    assert any(file == form and "空洞" in words for file, words in places)
    assert sum("绕成了圈" in words for _, words in places) == 1


def test_broken_files_are_all_told_and_nothing_else_is_guessed():
    files = dict(deepcopy(read_folder(PACK_FOLDER)))
    files["checks.toml"] = "checks = [["
    files["scoring.toml"] = "score = []"
    pack, faults = examine(files)
    assert pack is None
    assert sorted(fault.file for fault in faults) == ["checks.toml", "scoring.toml"]


def test_a_check_that_is_switched_off_is_still_read_but_not_run():
    line = '{code = "W04", level = "error"'
    quiet = build(changed("checks.toml", line, line + ", off = true"))
    assert "W04" not in {check.code for check in quiet.checks}
    with pytest.raises(PackProblem, match="没有名为"):
        build(
            changed(
                "checks.toml",
                'each = "指标", expr = "分值 > 0"',
                'off = true, each = "指标", expr = "份值 > 0"',
            )
        )
