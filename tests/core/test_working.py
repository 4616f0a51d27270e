"""A package in work: what every place holds and is called, how it is changed, and that every change can be taken back."""

import json

import pytest

from evaluations.core.addresses import AddressProblem
from evaluations.core.copies import Copy
from evaluations.core.facts import Facts, Note, Package
from evaluations.core.steps import Kind, Step, rewind
from evaluations.core.values import ValueProblem
from evaluations.core.working import (
    GONE,
    Working,
    changed_results,
    first_cell,
    first_column,
    note_address,
    row_address,
)
from tests.builders import lab, lab_facts, make_pack, scope_input


def working() -> Working:
    """Three rows, two projects (the second has no name), a note at a row and one at a project."""
    lines = [{"名称": "甲", "数": 1, "满": 3}, {"名称": "乙"}, {"名称": "丙"}]
    root = scope_input(a=5, 资金__预算=4, 资金__执行=1, rows={"表": lines})
    named = scope_input("p1", x=7, 项目__名称="广场改造", rows={"表": [{"名称": "丁", "数": 2}]})
    named.printed["表.差"] = "3"
    notes = [Note("S04", "表[r0].数", "上年没有"), Note("S05", "项目[p1]/x", "追加")]
    package = Package(root=root, children={"项目": [named, scope_input("p2", x=8)]}, notes=notes)
    return Working(lab(), package)


def item(after: str, notes: list[list[str]] | None = None, **parts: object) -> str:
    return json.dumps({"after": after, "notes": notes or [], **parts}, ensure_ascii=False, sort_keys=True)


PROJECT = item(
    "",
    [["S05", "项目[p1]/x", "追加"]],
    values={"x": "7", "项目.名称": "广场改造"},
    rows={"表": [{"id": "r0", "values": {"名称": "丁", "数": "2"}}]},
    printed={"表.差": "3"},
)
ROW = item("", [["S04", "表[r0].数", "上年没有"]], values={"名称": "甲", "数": "1", "满": "3"})

PLACES = [
    (Kind.CELL, "a", "5", "a"),
    (Kind.CELL, "b", "", "b"),
    (Kind.CELL, "资金.预算", "4", "资金·预算"),
    (Kind.CELL, "表[r1].名称", "乙", "表第2行·名称"),
    (Kind.CELL, "项目[p1]/x", "7", "x"),
    (Kind.CELL, "项目[p1]/表[r0].数", "2", "表第1行·数"),
    (Kind.NOTE, "S04|表[r0].数", "上年没有", "表第1行·数 S04 说明"),
    (Kind.NOTE, "S04|a", "", "a S04 说明"),
    (Kind.NOTE, "S09|表[r0].数", "", "表第1行·数 S09 说明"),
    (Kind.ITEM, "表[r0]", ROW, "表第1行"),
    (Kind.ITEM, "表[r1]", item("r0", values={"名称": "乙"}), "表第2行"),
    (Kind.ITEM, "表[r9]", "", "表"),
    (Kind.ITEM, "项目[p1]/", PROJECT, "广场改造"),
    (Kind.ITEM, "项目[p2]/", item("p1", values={"x": "8"}, rows={}, printed={}), "项目"),
    (Kind.ITEM, "项目[p9]/", "", "项目"),
    (Kind.ITEM, "另表[r0]", "", "另表"),
    (Kind.PLACE, "表[r0]", "", "表第1行"),
    (Kind.PLACE, "表[r2]", "r1", "表第3行"),
    (Kind.PLACE, "项目[p1]/", "", "广场改造"),
    (Kind.PLACE, "项目[p2]/", "p1", "项目"),
]


@pytest.mark.parametrize(("kind", "address", "text", "label"), PLACES)
def test_every_place_has_its_text_and_its_name(kind, address, text, label):
    work = working()
    assert (work.text_at(kind, address), work.label_of(kind, address)) == (text, label)


@pytest.mark.parametrize(
    ("kind", "address", "why"),
    [
        (Kind.PLACE, "表[r9]", GONE),
        (Kind.PLACE, "项目[p9]/", GONE),
        (Kind.CELL, "表[r9].数", "没有“表[r9].数”这一格，这一行可能已被删除。请刷新页面。"),
        (Kind.CELL, "项目[p9]/x", "没有“项目[p9]”。它可能已被删除，请刷新页面。"),
        (Kind.ITEM, "项目[p9]/表[r0]", "没有“项目[p9]”。它可能已被删除，请刷新页面。"),
        (Kind.ITEM, "别的[p1]/", "方案里没有“别的”。请刷新页面。"),
        (Kind.ITEM, "别的[p1]/表[r0]", "方案里没有“别的”。请刷新页面。"),
        (Kind.ITEM, "名单[r0]", "方案里没有“名单”这个列表。请刷新页面。"),
        (Kind.ITEM, "项目[p1]/另表[r0]", "方案里没有“另表”这个列表。请刷新页面。"),
    ],
)
def test_what_is_not_there_is_refused_with_advice_and_nothing_changes(kind, address, why):
    work, before = working(), working().content
    for act in (lambda: work.text_at(kind, address), lambda: work.put(kind, address, "x")):
        with pytest.raises(AddressProblem) as refused:
            act()
        assert str(refused.value) == why
    assert (work.content, work.written) == (before, [])


def test_what_is_gone_is_called_by_its_list_or_key():
    work = working()
    assert work.label_of(Kind.CELL, "项目[p9]/x") == "x"
    assert work.label_of(Kind.ITEM, "项目[p9]/表[r1]") == "表"


# ---- changing ----

ADDED = item("r0", [["S04", "表[r7].数", "新增"]], values={"名称": "戊", "数": "9"})
BARE = json.dumps({"after": "p1", "values": {"项目.名称": "食堂"}})
CHANGES = [
    (Kind.CELL, "a", "6", "a"),
    (Kind.CELL, "a", "", "a"),
    (Kind.CELL, "项目[p1]/表[r0].数", "不适用", "表第1行·数"),
    (Kind.NOTE, "S04|a", "新的说明", "a S04 说明"),
    (Kind.NOTE, "S04|表[r0].数", "改过的说明", "表第1行·数 S04 说明"),
    (Kind.NOTE, "S04|表[r0].数", "", "表第1行·数 S04 说明"),
    (Kind.PLACE, "表[r2]", "", "表第3行"),
    (Kind.PLACE, "表[r0]", "r1", "表第1行"),
    (Kind.PLACE, "项目[p2]/", "", "项目"),
    (Kind.ITEM, "表[r0]", "", "表第1行"),
    (Kind.ITEM, "表[r7]", ADDED, "表第2行"),
    (Kind.ITEM, "另表[r7]", item("", values={"名称": "己"}), "另表第1行"),
    (Kind.ITEM, "项目[p1]/", "", "广场改造"),
    (Kind.ITEM, "项目[p3]/", BARE, "食堂"),
]


@pytest.mark.parametrize(("kind", "address", "new", "label"), CHANGES)
def test_a_change_is_there_afterwards_and_written_down_with_its_name(kind, address, new, label):
    work = working()
    old = work.text_at(kind, address)
    step = work.put(kind, address, new)
    assert step == Step(kind, address, old, new)
    assert [(one.step, one.label) for one in work.written] == [(step, label)]
    wanted = new if new != BARE else item("p1", values={"项目.名称": "食堂"}, rows={}, printed={})
    assert work.text_at(kind, address) == wanted
    assert work.put(kind, address, wanted) is None, "本来就是它"
    assert len(work.written) == 1


@pytest.mark.parametrize(("kind", "address", "new", "label"), CHANGES)
def test_a_change_is_taken_back_by_putting_the_old_text(kind, address, new, label):
    work, before = working(), working()
    step = work.put(kind, address, new)
    work.put(kind, address, step.old)
    for one in ("表[r0]", "表[r1]", "表[r2]", "项目[p1]/", "项目[p2]/"):
        assert work.text_at(Kind.ITEM, one) == before.text_at(Kind.ITEM, one)
    assert work.text_at(kind, address) == step.old
    assert set(work.package.notes) == set(before.package.notes)


def test_all_changes_of_a_day_rewind_to_where_it_began():
    work, before = working(), working().content
    for kind, address, new, _ in CHANGES:
        try:
            work.put(kind, address, new)
        except AddressProblem:
            assert address.startswith("项目[p1]") or address == "表[r0]"
    steps = [one.step for one in work.written]
    assert len(steps) > 10
    back = rewind(work.content, steps)
    assert back["children"] == before["children"]
    assert (
        back["root"]["rows"]["表"] == before["root"]["rows"]["表"]
        and back["root"]["values"] == before["root"]["values"]
    )


def test_a_text_that_cannot_be_read_changes_nothing():
    work = working()
    with pytest.raises(ValueProblem, match="a：“五”不是数"):
        work.put(Kind.CELL, "a", "五")
    assert work.written == [] and work.text_at(Kind.CELL, "a") == "5"


def test_the_notes_of_a_row_or_project_go_and_come_with_it_and_the_others_stay():
    work = working()
    row = work.put(Kind.ITEM, "表[r0]", "")
    assert [note.code for note in work.package.notes] == ["S05"]
    project = work.put(Kind.ITEM, "项目[p1]/", "")
    assert work.package.notes == []
    work.put(Kind.ITEM, "项目[p1]/", project.old)
    work.put(Kind.ITEM, "表[r0]", row.old)
    assert work.package.notes == [Note("S05", "项目[p1]/x", "追加"), Note("S04", "表[r0].数", "上年没有")]


def test_a_row_put_anew_stands_there_once_with_its_notes_once():
    work = working()
    work.put(Kind.ITEM, "表[r0]", item("r1", [["S04", "表[r0].满", "改"]], values={"名称": "甲"}))
    assert [row.id for row in work.package.root.rows["表"]] == ["r1", "r0", "r2"]
    assert work.package.notes == [Note("S05", "项目[p1]/x", "追加"), Note("S04", "表[r0].满", "改")]


def test_a_note_of_the_same_code_at_another_cell_stays():
    work = working()
    work.put(Kind.NOTE, "S04|a", "一")
    work.put(Kind.NOTE, "S05|a", "二")
    work.put(Kind.NOTE, "S04|a", "三")
    assert [(n.code, n.cell, n.text) for n in work.package.notes[2:]] == [
        ("S05", "a", "二"),
        ("S04", "a", "三"),
    ]
    assert len(work.package.notes) == 4


def test_computed_values_are_current_after_settling_and_at_once_after_rows_change():
    work = working()
    assert work.facts.root.shown("资金.执行率") == "25%"
    work.put(Kind.CELL, "资金.执行", "2")
    assert work.facts.root.shown("资金.执行率") == "25%", "算过的要 settle 才重算"
    assert work.settle().root.shown("资金.执行率") == work.facts.root.shown("资金.执行率") == "50%"
    work.put(Kind.PLACE, "表[r2]", "")
    assert [row.id for row in work.facts.root.lists["表"]] == ["r2", "r0", "r1"]
    work.put(Kind.ITEM, "表[r0]", "")
    assert [row.id for row in work.facts.root.lists["表"]] == ["r2", "r1"]


def test_the_facts_know_last_year_and_the_copied_texts():
    last, copies = lab_facts(), [Copy("名", "x", 90, "一句")]
    facts = Working(lab(), Package(), prior=last, copies=copies).facts
    assert facts.prior is last and facts.copies == copies


def test_a_value_set_directly_is_written_down_like_a_typed_one():
    work = working()
    row = work.facts.root.lists["表"][1]
    work.set_value(row, "数", lab_facts(scope_input(a=6)).value("a"))
    (one,) = work.written
    assert (one.step, one.label) == (Step(Kind.CELL, "表[r1].数", "", "6"), "表第2行·数")
    assert work.text_at(Kind.CELL, "表[r1].数") == "6"


def test_a_whole_package_is_replaced_in_one_step_that_can_be_taken_back():
    work, before = working(), working().content
    assert work.facts.value("a") == 5
    work.replace(Package(root=scope_input(a=1, 名="新的")))
    assert work.facts.value("a") == 1 and work.content["children"] == {}
    (one,) = work.written
    assert (one.step.kind, one.step.address, one.label) == (Kind.WHOLE, "", "整套材料")
    assert "新的" in one.step.new, "汉字照写"
    assert rewind(work.content, [one.step]) == before
    assert json.loads(one.step.new) == work.content


# ---- names ----

GROUPED = """
fields = [{key = "指标[]", shape = "指标"}]
[[shape]]
name = "指标"
fields = [
  {key = "差", kind = "decimal", compute = "满 - 数"}, {key = "一级指标", kind = "text"}, {key = "二级指标", kind = "text"},
  {key = "三级指标", kind = "text"}, {key = "数", kind = "decimal"}, {key = "满", kind = "decimal"},
]
[[scope]]
name = "工程"
fields = [{key = "x", kind = "decimal"}, {key = "率", kind = "percent", compute = "x / 2"}]
"""


def test_a_row_begins_where_the_unit_first_writes_and_is_called_by_its_group():
    rows = {"指标": [{"二级指标": "数量指标"}, {"二级指标": "质量指标"}, {"二级指标": "数量指标"}]}
    work = Working(make_pack(GROUPED), Package(root=scope_input(rows=rows)))
    row = work.facts.root.lists["指标"][2]
    assert (first_column(row), first_cell(row)) == ("三级指标", "指标[r2].三级指标")
    assert work.label_of(Kind.ITEM, "指标[r2]") == "数量指标第2行"


def test_a_project_without_a_name_field_is_called_by_its_kind():
    work = Working(make_pack(GROUPED), Package(children={"工程": [scope_input("g1", x=1)]}))
    assert work.label_of(Kind.ITEM, "工程[g1]/") == "工程"
    assert work.label_of(Kind.ITEM, "工程[g2]/") == "工程"


def test_addresses_of_rows_and_notes():
    assert row_address("", "表", "r1") == "表[r1]"
    assert row_address("项目[p1]", "表", "r1") == "项目[p1]/表[r1]"
    assert note_address(Note("S04", "a", "字")) == "S04|a"


# ---- what is recomputed ----


def test_recomputed_cells_are_told_with_their_place_before_and_after():
    before, after = working(), working()
    after.put(Kind.CELL, "资金.执行", "2")
    after.put(Kind.CELL, "项目[p1]/表[r0].满", "5")
    after.put(Kind.CELL, "表[r0].满", "3.0")
    after.put(Kind.ITEM, "表[r7]", item("", values={"数": "1", "满": "4"}))
    assert changed_results(before.facts, after.settle()) == [
        {"where": "资金·执行率", "old": "25%", "new": "50%"},
        {"where": "广场改造：表第1行·差", "old": "空", "new": "3"},
    ]


def test_nothing_recomputed_is_nothing_told():
    assert changed_results(working().facts, Facts(lab(), working().package)) == []
