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
    differences,
    item_text,
    next_of,
    rewind,
    same_item,
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
