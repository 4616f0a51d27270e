import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.steps import (
    REDO,
    UNDO,
    Act,
    Kind,
    Step,
    before_of,
    differences,
    item_text,
    next_of,
    place_after,
    rewind,
    same_item,
    waiting_for,
)


def scope(id: str = "", values: dict | None = None, **rows: list[dict]) -> dict:
    return {"id": id, "values": values or {}, "rows": rows, "printed": {}}


def row(id: str, **values: str) -> dict:
    return {"id": id, "values": values}


def content(root: dict | None = None, *projects: dict) -> dict:
    return {"root": root or scope(), "children": {"项目": list(projects)}}


def kinds(steps: list[Step]) -> list[tuple[str, str]]:
    return [(step.kind, step.address) for step in steps]


def test_a_changed_cell_is_one_step_with_both_texts():
    before, after = content(scope(values={"a": "1", "b": "2"})), content(scope(values={"a": "3"}))
    assert differences(before, after) == [Step(Kind.CELL, "a", "1", "3"), Step(Kind.CELL, "b", "2", "")]


def test_cells_of_rows_and_projects_have_full_addresses():
    before = content(scope(表=[row("r1", 数="1")]), scope("p1", {"x": "1"}, 表=[row("r1", 数="5")]))
    after = content(scope(表=[row("r1", 数="2")]), scope("p1", {"x": "2"}, 表=[row("r1", 数="6")]))
    assert [step.address for step in differences(before, after)] == [
        "表[r1].数", "项目[p1]/x", "项目[p1]/表[r1].数",
    ]  # fmt: skip


def test_rows_that_go_come_and_change_places():
    before = content(scope(表=[row("a"), row("b"), row("c")]))
    after = content(scope(表=[row("c"), row("d", 数="1"), row("a")]))
    steps = differences(before, after)
    assert kinds(steps) == [(Kind.ITEM, "表[b]"), (Kind.PLACE, "表[c]"), (Kind.ITEM, "表[d]")]
    assert json.loads(steps[2].new) == {"after": "c", "values": {"数": "1"}}


def test_a_new_project_is_one_step_and_a_gone_one_too():
    steps = differences(content(scope(), scope("p1", {"x": "1"})), content(scope(), scope("p2", {"x": "1"})))
    assert kinds(steps) == [(Kind.ITEM, "项目[p1]/"), (Kind.ITEM, "项目[p2]/")]


IDS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)
VALUES = st.dictionaries(st.sampled_from(["甲", "乙", "丙"]), st.sampled_from(["1", "2", "字"]), max_size=3)
ROWS = IDS.flatmap(
    lambda ids: st.tuples(*(VALUES.map(lambda v, id=id: row(id, **v)) for id in ids)).map(list)
)
SCOPES = st.builds(lambda values, rows: scope("", values, 表=rows), VALUES, ROWS)
PROJECTS = IDS.flatmap(
    lambda ids: st.tuples(*(SCOPES.map(lambda s, id=id: {**s, "id": f"p{id}"}) for id in ids)).map(list)
)
CONTENTS = st.builds(lambda root, projects: content(root, *projects), SCOPES, PROJECTS)


@given(CONTENTS, CONTENTS)
def test_the_differences_lead_forwards_and_backwards_exactly(before, after):
    kept = deepcopy(before)
    steps = differences(before, after)
    assert before == kept, "比较不改原来的内容"
    assert rewind(after, steps) == before
    assert rewind(before, [step.inverse for step in reversed(steps)]) == after


@given(CONTENTS)
def test_the_same_content_has_no_differences(one):
    assert differences(one, deepcopy(one)) == []


def test_a_whole_replacement_is_taken_back_whole():
    old, new = content(scope(values={"a": "1"})), content(scope(values={"b": "2"}))
    step = Step(Kind.WHOLE, "", json.dumps(old), json.dumps(new))
    assert rewind(new, [step]) == old


def test_notes_are_no_part_of_the_content():
    one = content(scope(values={"a": "1"}))
    assert rewind(one, [Step(Kind.NOTE, "S04|a", "", "说明")]) == one


def test_where_a_row_stands_does_not_make_it_another():
    assert same_item(item_text("", {"values": {"a": "1"}}), item_text("x", {"values": {"a": "1"}}))
    assert not same_item(item_text("", {"values": {"a": "1"}}), item_text("", {"values": {"a": "2"}}))
    assert not same_item("", item_text("", {"values": {}}))
    assert same_item("", "")


PLAIN = [Act(1, "page"), Act(2, "page"), Act(3, "page")]


@pytest.mark.parametrize(
    ("acts", "undo", "redo"),
    [
        ([], None, None),
        (PLAIN, 3, None),
        ([*PLAIN, Act(4, UNDO, 3)], 2, 3),
        ([*PLAIN, Act(4, UNDO, 3), Act(5, UNDO, 2)], 1, 2),
        ([*PLAIN, Act(4, UNDO, 3), Act(5, REDO, 3)], 3, None),
        ([*PLAIN, Act(4, UNDO, 3), Act(5, "page")], 5, None),
        ([*PLAIN, Act(4, UNDO, 3), Act(5, "page"), Act(6, UNDO, 5), Act(7, UNDO, 2)], 1, 2),
    ],
)
def test_undo_and_redo_walk_the_own_acts_as_people_know_it(acts, undo, redo):
    assert (next_of(acts, UNDO), next_of(acts, REDO)) == (undo, redo)


# ---- one by one ----


def test_a_step_is_turned_round():
    assert Step(Kind.CELL, "a", "1", "2").inverse == Step(Kind.CELL, "a", "2", "1")


def test_an_item_is_written_in_one_way_with_its_characters():
    text = item_text("r1", {"values": {"乙": "1", "甲": "2"}, "printed": {}})
    assert text == '{"after": "r1", "printed": {}, "values": {"乙": "1", "甲": "2"}}'


@pytest.mark.parametrize(
    ("ids", "after", "at"),
    [("abc", "", 0), ("abc", "a", 1), ("abc", "c", 3), ("abc", "x", 3), ("", "x", 0), ("", "", 0)],
)
def test_a_place_after_another(ids, after, at):
    assert place_after(list(ids), after) == at


@pytest.mark.parametrize(("key", "before"), [("a", ""), ("b", "a"), ("c", "b")])
def test_what_stands_before(key, before):
    assert before_of(list("abc"), key) == before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"values": {"a": "1"}}, {"values": {"a": "1"}, "rows": {}}, True),
        ({"values": {}, "rows": {"表": []}}, {"values": {}}, True),
        ({"values": {}, "rows": {"表": [1]}}, {"values": {}}, False),
        ({"values": {}, "notes": [1], "printed": {"a": "1"}}, {"values": {}}, True),
        ({"rows": {}}, {"values": {}}, False),
    ],
)
def test_two_items_are_the_same_by_their_values_and_rows(one, other, same):
    assert same_item(item_text("", one), item_text("x", other)) == same
    assert not same_item(item_text("", one), "")


LINES = scope(values={"a": "1"}, 表=[row("r1", 数="1"), row("r2"), row("r3")])
NOW = content(LINES, scope("p1", {"x": "1"}, 表=[row("r1", 数="5")]), scope("p2"))
BACK = [
    (Step(Kind.CELL, "a", "", "1"), content(scope(表=LINES["rows"]["表"]), *NOW["children"]["项目"])),
    (Step(Kind.CELL, "a", "7", "1"), content(scope(values={"a": "7"}, 表=LINES["rows"]["表"]), *NOW["children"]["项目"])),
    (Step(Kind.CELL, "b", "", ""), NOW),
    (Step(Kind.CELL, "表[r9].数", "1", ""), NOW),
    (Step(Kind.CELL, "别表[r1].数", "1", ""), NOW),
    (Step(Kind.CELL, "项目[p9]/x", "1", ""), NOW),
    (Step(Kind.CELL, "项目[p9]/表[r1].数", "1", ""), NOW),
    (Step(Kind.CELL, "别的[p1]/x", "1", ""), NOW),
    (Step(Kind.ITEM, "项目[p9]/表[r1]", item_text("", row("r1")), ""), NOW),
    (Step(Kind.PLACE, "表[r9]", "", "r1"), NOW),
    (Step(Kind.CELL, "项目[p1]/表[r1].数", "6", "5"), content(LINES, scope("p1", {"x": "1"}, 表=[row("r1", 数="6")]), scope("p2"))),
    (Step(Kind.PLACE, "项目[p1]/", "p2", ""), content(LINES, *reversed(NOW["children"]["项目"]))),
    (Step(Kind.PLACE, "表[r3]", "r1", "r2"), content(scope(values={"a": "1"}, 表=[LINES["rows"]["表"][n] for n in (0, 2, 1)]), *NOW["children"]["项目"])),
    (Step(Kind.ITEM, "表[r1]", "", "…"), content(scope(values={"a": "1"}, 表=LINES["rows"]["表"][1:]), *NOW["children"]["项目"])),
    (Step(Kind.ITEM, "项目[p2]/", "", "…"), content(LINES, NOW["children"]["项目"][0])),
]  # fmt: skip


@pytest.mark.parametrize(("step", "before"), BACK)
def test_a_step_is_taken_back_and_one_at_a_place_that_is_gone_changes_nothing(step, before):
    assert rewind(NOW, [step]) == before


def test_an_item_comes_back_in_its_place_without_its_notes():
    text = json.dumps({"after": "r1", "notes": [["S04", "表[r7].数", "字"]], "values": {"数": "9"}})
    back = rewind(NOW, [Step(Kind.ITEM, "表[r7]", text, "")])
    assert back["root"]["rows"]["表"] == [LINES["rows"]["表"][0], row("r7", 数="9"), *LINES["rows"]["表"][1:]]
    back = rewind(NOW, [Step(Kind.ITEM, "另表[r7]", text, ""), Step(Kind.ITEM, "工程[g1]/", text, "")])
    assert back["root"]["rows"]["另表"] == [row("r7", 数="9")]
    assert back["children"]["工程"] == [{"id": "g1", "values": {"数": "9"}}]


def test_steps_are_taken_back_from_the_last():
    steps = [Step(Kind.CELL, "a", "1", "2"), Step(Kind.CELL, "a", "2", "3")]
    assert rewind(content(scope(values={"a": "3"})), steps) == content(scope(values={"a": "1"}))


def test_differences_name_projects_lists_and_rows_that_only_one_side_has():
    before = content(scope(values={"a": "1"}, 旧=[row("r1")]), scope("p1", {"x": "1"}))
    after = {"root": scope(values={"b": "2"}, 新=[row("r1", 数="1")]), "children": {"工程": [scope("g1")]}}
    assert differences(before, after) == [
        Step(Kind.ITEM, "项目[p1]/", item_text("", {"values": {"x": "1"}, "rows": {}, "printed": {}}), ""),
        Step(Kind.ITEM, "工程[g1]/", "", item_text("", {"values": {}, "rows": {}, "printed": {}})),
        Step(Kind.CELL, "a", "1", ""),
        Step(Kind.CELL, "b", "", "2"),
        Step(Kind.ITEM, "旧[r1]", item_text("", {"values": {}}), ""),
        Step(Kind.ITEM, "新[r1]", "", item_text("", {"values": {"数": "1"}})),
    ]


def test_a_row_that_moves_is_told_with_what_stood_before_it():
    before = content(scope(表=[row("a"), row("b"), row("c"), row("d")]))
    after = content(scope(表=[row("a"), row("d"), row("b"), row("c", 数="1")]))
    assert differences(before, after) == [
        Step(Kind.PLACE, "表[d]", "c", "a"),
        Step(Kind.CELL, "表[c].数", "", "1"),
    ]


def test_undo_and_redo_wait_in_order_with_the_latest_first():
    acts = [*PLAIN, Act(4, UNDO, 3), Act(5, UNDO, 2), Act(6, REDO, 2), Act(7, UNDO, 2), Act(8, UNDO, 1)]
    assert (waiting_for(acts, UNDO), waiting_for(acts, REDO)) == ([], [1, 2, 3])
    assert (waiting_for(acts[:6], UNDO), waiting_for(acts[:6], REDO)) == ([2, 1], [3])
    assert waiting_for([*acts, Act(9, "page")], REDO) == [], "新的改动之后没有可以重做的"
    assert waiting_for([Act(4, REDO, 3)], UNDO) == [3], "记录从中间看起也不出错"
