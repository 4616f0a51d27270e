"""A package under another version of the pack: what stays, what has no place any more, what there is to fill now."""

from datetime import date
from decimal import Decimal

import pytest

from evaluations.core.facts import Facts, Note, Package
from evaluations.core.frozen import dump_inputs
from evaluations.core.repack import field_at, fitted, has, new_fields, steps_to_fit
from evaluations.core.steps import Kind, Step, rewind
from tests.builders import NA, make_pack, scope_input

OLD = make_pack(
    """
fields = [
  {key = "同", kind = "text"}, {key = "去", kind = "text"}, {key = "算", kind = "decimal"}, {key = "日", kind = "date"},
  {key = "金", kind = "money", digits = 6}, {key = "选", kind = "choice", choices = ["甲", "乙"]}, {key = "原算", kind = "decimal", compute = "1"},
  {key = "表[]", shape = "行"}, {key = "旧表[]", shape = "行"}, {key = "名单[]", shape = "行"},
]
[[shape]]
name = "行"
fields = [{key = "名称", kind = "text"}, {key = "数", kind = "decimal"}]
[[scope]]
name = "项目"
fields = [{key = "x", kind = "decimal"}, {key = "旧", kind = "text"}]
[[scope]]
name = "工程"
fields = [{key = "x", kind = "decimal"}]
""",
    checks='checks = [{code = "S1", level = "error", expr = "算 == 1", cells = ["算"], message = "错"}, {code = "S2", level = "error", expr = "算 == 1", cells = ["算"], message = "错"}]',
)
NEW = make_pack(
    """
fields = [
  {key = "同", kind = "text"}, {key = "算", kind = "decimal", compute = "1"}, {key = "日", kind = "text"}, {key = "新", kind = "text"},
  {key = "金", kind = "money", digits = 2}, {key = "选", kind = "choice", choices = ["甲", "丙"]}, {key = "原算", kind = "decimal"},
  {key = "表[]", shape = "行"}, {key = "新表[]", shape = "行"}, {key = "名单[]", shape = "行", rows = [["规定"]]},
]
[[shape]]
name = "行"
fields = [{key = "名称", kind = "text"}, {key = "量", kind = "integer"}]
[[scope]]
name = "项目"
fields = [{key = "x", kind = "decimal"}, {key = "又", kind = "text"}]
[[scope]]
name = "活动"
fields = [{key = "x", kind = "decimal"}]
""",
    checks='checks = [{code = "S1", level = "error", expr = "算 == 1", cells = ["算"], message = "错"}]',
)


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("同", "字", "字"),
        ("去", "字", None),
        ("算", 5, None),
        ("日", date(2024, 5, 1), "2024-05-01"),
        ("金", "1.25", Decimal("1.25")),
        ("金", "1.250001", None),
        ("金", NA, NA),
        ("选", "甲", "甲"),
        ("选", "乙", None),
    ],
)
def test_a_value_stays_where_the_new_version_asks_for_it_and_reads_it_as_the_same(key, value, kept):
    made = fitted(Package(root=scope_input(**{key: value})), OLD, NEW)
    assert made.root.values == ({} if kept is None else {key: kept})


def filled() -> Package:
    lines = [{"名称": "一", "数": 1}, {"名称": "二"}]
    root = scope_input(同="字", 去="掉", rows={"表": lines, "旧表": lines, "名单": lines})
    root.printed["算"] = "7"
    children = {
        "项目": [scope_input("p1", x=1, 旧="掉"), scope_input("p2")],
        "工程": [scope_input("g1", x=3)],
    }
    notes = [
        Note("S1", "算", "留"), Note("S2", "算", "这条核对没有了"), Note("S1", "去", "这格没有了"),
        Note("S1", "项目[p1]/x", "留"), Note("S1", "工程[g1]/x", "项目没有了"),
    ]  # fmt: skip
    return Package(root, children, "101", "某局", notes)


def test_rows_projects_and_notes_stay_as_far_as_the_new_version_has_them():
    given = filled()
    made = fitted(given, OLD, NEW)
    assert dump_inputs(made, NEW) == {
        "root": {
            "id": "",
            "values": {"同": "字"},
            "rows": {"表": [{"id": "r0", "values": {"名称": "一"}}, {"id": "r1", "values": {"名称": "二"}}]},
            "printed": {"算": "7"},
        },
        "children": {
            "项目": [
                {"id": "p1", "values": {"x": "1"}, "rows": {}, "printed": {}},
                {"id": "p2", "values": {}, "rows": {}, "printed": {}},
            ]
        },
    }
    assert made.notes == [Note("S1", "算", "留"), Note("S1", "项目[p1]/x", "留")]
    assert (made.department_code, made.department_name) == ("101", "某局")
    made.root.printed["算"] = "8"
    assert given.root.printed["算"] == "7", "原来的一份不动"


def test_the_steps_take_away_what_has_no_place_and_lead_back():
    given = filled()
    made = fitted(given, OLD, NEW)
    steps = steps_to_fit(given, made, OLD, NEW)
    assert steps[:3] == [
        Step(Kind.NOTE, "S2|算", "这条核对没有了", ""),
        Step(Kind.NOTE, "S1|去", "这格没有了", ""),
        Step(Kind.NOTE, "S1|工程[g1]/x", "项目没有了", ""),
    ]
    assert [(step.kind, step.address) for step in steps[3:]] == [
        (Kind.ITEM, "工程[g1]/"), (Kind.CELL, "去"), (Kind.CELL, "表[r0].数"), (Kind.ITEM, "旧表[r0]"), (Kind.ITEM, "旧表[r1]"),
        (Kind.ITEM, "名单[r0]"), (Kind.ITEM, "名单[r1]"), (Kind.CELL, "项目[p1]/旧"),
    ]  # fmt: skip
    assert all(step.new == "" for step in steps)
    back, before = rewind(dump_inputs(made, NEW), steps), dump_inputs(given, OLD)
    assert back["children"] == before["children"] and back["root"]["rows"] == before["root"]["rows"]
    assert back["root"]["values"] == before["root"]["values"]


def test_a_package_that_fits_needs_no_steps():
    given = filled()
    assert steps_to_fit(given, fitted(given, OLD, OLD), OLD, OLD) == []


def test_the_new_cells_to_fill_are_named_with_their_scope():
    assert [(scope, item.key) for scope, item in new_fields(OLD, NEW)] == [
        ("", "新"), ("", "原算"), ("", "量"), ("", "名称"), ("", "量"), ("项目", "又"), ("活动", "x"),
    ]  # fmt: skip
    assert new_fields(NEW, NEW) == []


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("同", "同"),
        ("没有", None),
        ("表[r1].数", "数"),
        ("表[r1].没有", None),
        ("没有[r1].数", None),
        ("项目[p1]/x", "x"),
        ("项目[p1]/同", None),
        ("活动[p1]/x", None),
    ],
)
def test_the_field_of_an_address_is_known_without_the_row(address, label):
    found = field_at(OLD, address)
    assert (found and found.full_label) == label


def test_a_cell_is_there_or_not():
    facts = Facts(OLD, filled())
    assert has(facts, "同") and has(facts, "表[r0].数") and has(facts, "项目[p2]/x")
    assert not any(has(facts, address) for address in ("没有", "表[r9].数", "项目[p9]/x", "乱 写"))
