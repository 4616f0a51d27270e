"""撤销、重做、版本、比较、恢复：都在同一条修改链上，什么都不抹掉。"""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evaluations import timeline
from evaluations.core.frozen import dump_inputs
from evaluations.core.steps import REDO, differences
from evaluations.guards import guards_off
from evaluations.models import Edit, Indicator
from evaluations.selectors import package_of, read
from evaluations.services.entry import Change, save_cells
from evaluations.services.notes import write_note
from evaluations.services.problems import Refused, Stale
from evaluations.services.projects import add_project, move_project, remove_project
from evaluations.services.rows import add_row, move_row, remove_row
from evaluations.services.versions import restore_version, undo
from tests.conftest import City

pytestmark = pytest.mark.django_db
CELL = "资金.全年执行数"
GROUP = {"一级指标": "产出指标", "二级指标": "数量指标"}


def given(city: City, user=None) -> dict:
    return {"submission_id": city.submission.pk, "user": user or city.preparer}


def save(city: City, value: str, was: str, user=None, address: str = CELL):
    return save_cells(**given(city, user), changes=[Change(address, value, was=was)])


def content(city: City) -> dict:
    return dump_inputs(package_of(city.submission), city.pack.compiled())


def value(city: City, address: str = CELL) -> str:
    facts = read(city.submission).facts
    node, key = facts.locate(address)
    return node.fields[key].to_text(node.value(key))


def acts(city: City) -> list:
    """每一种改动各一次。"""
    project = add_project(**given(city), name="甲项目")
    add_project(**given(city), name="乙项目")
    for row in ("ra", "rb", "rc"):
        add_row(**given(city), prefix="", key="指标", group=GROUP, row_id=row)
    return [
        lambda: save(city, "94.8", ""),
        lambda: save(city, "窗口数量", "", address="指标[ra].三级指标"),
        lambda: move_row(**given(city), row="指标[rc]", to="up"),
        lambda: remove_row(**given(city), row="指标[ra]"),
        lambda: add_row(**given(city), prefix=f"项目[p{project.hex}]", key="指标", group=GROUP, row_id="rp"),
        lambda: save(city, "1", "", address=f"项目[p{project.hex}]/资金.全年预算数"),
        lambda: move_project(**given(city), project_id=project, step=1),
        lambda: remove_project(**given(city), project_id=project),
    ]


def test_every_kind_of_act_is_undone_and_redone_exactly(city: City) -> None:
    todo = acts(city)
    seen = [content(city)]
    for act in todo:
        act()
        seen.append(content(city))
    for earlier in reversed(seen[:-1]):
        undo(**given(city))
        assert content(city) == earlier
    for later in seen[1:]:
        undo(**given(city), which=REDO)
        assert content(city) == later
    with pytest.raises(Refused, match="没有可以重做"):
        undo(**given(city), which=REDO)


def test_fifty_steps_go_back(city: City) -> None:
    for number in range(1, 56):
        save(city, str(number), str(number - 1) if number > 1 else "")
    for _ in range(50):
        undo(**given(city))
    assert value(city) == "5"


def test_only_ones_own_acts_are_undone(city: City) -> None:
    save(city, "1", "")
    save(city, "2", "", city.colleague, "资金.年初预算数")
    assert undo(**given(city)).done == ["年度资金总额·全年执行数"]
    assert (value(city), value(city, "资金.年初预算数")) == ("", "2")
    with pytest.raises(Refused, match="没有可以撤销"):
        undo(**given(city))


def test_what_somebody_changed_since_is_left_alone_and_named(city: City) -> None:
    save(city, "1", "")
    save(city, "2", "1", city.colleague)
    with pytest.raises(Refused, match=r"后来由王立 \d\d:\d\d 改过"):
        undo(**given(city))
    assert value(city) == "2"


def test_of_a_pasted_block_the_untouched_cells_go_back(city: City) -> None:
    both = [Change(CELL, "1", was=""), Change("资金.年初预算数", "1", was="")]
    save_cells(**given(city), changes=both)
    save(city, "2", "1", city.colleague)
    undone = undo(**given(city))
    assert (len(undone.done), len(undone.left)) == (1, 1) and "王立" in undone.left[0]
    assert (value(city), value(city, "资金.年初预算数")) == ("2", "")


def test_the_same_undo_sent_again_does_nothing_more(city: City) -> None:
    first, second = save(city, "1", "").revision, save(city, "2", "1").revision
    assert undo(**given(city), of=second).done
    assert undo(**given(city), of=second).done == []
    assert value(city) == "1"
    assert undo(**given(city), of=first).done and value(city) == ""


def test_an_added_row_that_a_colleague_has_filled_stays(city: City) -> None:
    add_row(**given(city), prefix="", key="指标", group=GROUP, row_id="ra")
    save(city, "窗口数量", "", city.colleague, "指标[ra].三级指标")
    with pytest.raises(Refused, match="王立"):
        undo(**given(city))
    assert Indicator.objects.filter(row_id="ra").exists()


def test_a_removed_row_comes_back_with_its_note(city: City) -> None:
    city.import_into("2024-yueyang-mended")
    finding = next(
        f for f in read(city.submission).findings if f.level == "warning" and "指标[" in f.cells[0]
    )
    cell, row = finding.cells[0], finding.cells[0].partition(".")[0]
    write_note(**given(city), code=finding.code, cell=cell, text="已核对台账，情况属实。")
    remove_row(**given(city), row=row)
    assert not city.submission.check_notes.filter(cell=cell).exists()
    undo(**given(city))
    assert city.submission.check_notes.get(cell=cell, code=finding.code).text == "已核对台账，情况属实。"


def test_a_note_is_undone_too(city: City) -> None:
    city.import_into("2024-yueyang-mended")
    finding = next(f for f in read(city.submission).findings if f.level == "warning")
    before = list(city.submission.check_notes.values_list("code", "cell", "text"))
    write_note(**given(city), code=finding.code, cell=finding.cells[0], text="新写的说明，情况属实。")
    assert list(city.submission.check_notes.values_list("code", "cell", "text")) != before
    undo(**given(city))
    assert list(city.submission.check_notes.values_list("code", "cell", "text")) == before


def test_undo_ends_at_the_submission_and_is_refused_after_it(city: City) -> None:
    city.import_into("2024-correct-package")
    save(city, "0730-1", value(city, "联系电话"), address="联系电话")
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="已送审"):
        undo(**given(city))
    city.act("return", city.head, "请核对联系电话是否正确。")
    with pytest.raises(Refused, match="没有可以撤销"):
        undo(**given(city))


def test_any_revision_can_be_seen_again(city: City) -> None:
    seen = {0: content(city)}
    for act in acts(city):
        act()
        city.submission.refresh_from_db()
        seen[city.submission.revision] = content(city)
    city.import_into("2024-correct-package")
    city.submission.refresh_from_db()
    for revision, then in seen.items():
        assert differences(timeline.content_at(city.submission, revision), then) == [], revision


def test_a_restored_version_is_a_new_one_and_can_be_undone(city: City) -> None:
    for act in acts(city):
        act()
    city.submission.refresh_from_db()
    now, revision = content(city), city.submission.revision
    then = timeline.content_at(city.submission, 6)
    restored = restore_version(**given(city), revision=6, seen=revision)
    assert content(city) == then and restored.revision == revision + 1 and not restored.left
    assert set(Edit.objects.filter(revision=revision + 1).values_list("through", flat=True)) == {"restore"}
    undo(**given(city))
    assert content(city) == now


def test_a_restore_over_changes_not_seen_is_refused(city: City) -> None:
    seen = save(city, "1", "").revision
    save(city, "2", "1", city.colleague)
    with pytest.raises(Stale, match="有人刚改过"):
        restore_version(**given(city), revision=0, seen=seen)
    assert value(city) == "2"


@pytest.mark.parametrize("revision", [-1, 1, 99])
def test_a_version_that_is_not_there_cannot_be_restored(city: City, revision: int) -> None:
    save(city, "1", "")
    with pytest.raises(Refused, match="没有这个版本"):
        restore_version(**given(city), revision=revision, seen=1)


def test_a_submitted_package_is_not_restored(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="已送审"):
        restore_version(**given(city), revision=0, seen=city.submission.revision)


def test_versions_are_sittings_of_one_person_and_milestones(city: City) -> None:
    save(city, "1", "")
    save(city, "2", "1")
    save(city, "3", "2", city.colleague)
    found = timeline.versions_of(city.submission)
    assert [(v.who, v.cells) for v in found] == [("王立", 1), ("陈晓燕", 2), ("开设时带入", 1)]


def test_a_pause_begins_a_new_version(city: City) -> None:
    save(city, "1", "")
    save(city, "2", "1")
    last = city.submission.edits.last()
    with guards_off():
        city.submission.edits.filter(pk=last.pk).update(at=last.at + timedelta(minutes=11))
    assert [v.cells for v in timeline.versions_of(city.submission)] == [1, 1, 1]


def test_submitted_versions_are_listed_as_such(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("return", city.head, "请核对联系电话是否正确。")
    assert [v.label for v in timeline.versions_of(city.submission)][:2] == ["退回", "送审"]


@pytest.fixture
def clerk(city: City) -> Client:
    client = Client()
    client.force_login(city.preparer)
    return client


def page(client: Client, city: City, name: str, **query) -> str:
    return client.get(reverse(f"evaluations:{name}", args=[city.submission.pk]), query).content.decode()


def test_the_comparison_shows_only_what_changed_and_by_whom(city: City, clerk: Client) -> None:
    city.import_into("2024-yueyang-package")
    start = city.submission.revision
    save(city, "94.8", "89.8", city.colleague)
    html = page(clerk, city, "compare", **{"from": start, "to": start + 1})
    for part in ("整体自评", "<del>89.8</del>", "<ins>94.8</ins>", "王立", "随之重算的", "恢复成左边的版本"):
        assert part in html
    assert "三公经费" not in html


def test_the_comparison_names_the_project(city: City, clerk: Client) -> None:
    made = add_project(**given(city), name="大厅运行")
    city.submission.refresh_from_db()
    save(city, "5", "", address=f"项目[p{made.hex}]/资金.全年预算数")
    html = page(
        clerk, city, "compare", **{"from": city.submission.revision, "to": city.submission.revision + 1}
    )
    assert "项目自评：大厅运行" in html


@pytest.mark.parametrize(
    "query", [{}, {"from": "x", "to": "1"}, {"from": "0", "to": "999"}, {"from": "-1", "to": "0"}]
)
def test_a_comparison_with_a_version_that_is_not_there_is_404(city: City, clerk: Client, query: dict) -> None:
    url = reverse("evaluations:compare", args=[city.submission.pk])
    assert clerk.get(url, query).status_code == 404


def test_the_history_tells_every_act_in_words_and_can_be_searched(city: City, clerk: Client) -> None:
    for act in acts(city):
        act()
    html = page(clerk, city, "history")
    for part in ("窗口数量", "增加", "删除", "换了次序", "甲项目"):
        assert part in html
    assert '{"' not in html.split("</head>")[1], "不露出存的样子"
    assert "窗口数量" not in page(clerk, city, "history", at=CELL)
    assert "没有这样的修改" in page(clerk, city, "history", who="colleague")
    assert "窗口数量" in page(clerk, city, "history", words="窗口")


def test_the_history_goes_back_to_the_first_edit(city: City, clerk: Client) -> None:
    for number in range(1, 120):
        save(city, str(number), str(number - 1) if number > 1 else "")
    first = page(clerk, city, "history")
    assert "更早的" in first
    last = page(clerk, city, "history", before=20)
    assert "开设时带入" in last and "更早的" not in last


def test_restoring_by_the_page(city: City, clerk: Client) -> None:
    save(city, "1", "")
    url = reverse("evaluations:restore", args=[city.submission.pk])
    assert clerk.post(url, {"revision": "x", "seen": "1"}).status_code == 409
    assert clerk.post(url, {"revision": "0", "seen": "1"}).status_code == 302
    assert value(city) == ""


def test_an_added_project_is_undone(city: City) -> None:
    add_project(**given(city), name="甲项目")
    undo(**given(city))
    assert not city.submission.annual_data.filter(project__isnull=False).exists()


def test_what_cannot_be_undone_does_not_stop_what_came_before(city: City) -> None:
    save(city, "1", "", address="资金.年初预算数")
    save(city, "1", "")
    save(city, "2", "1", city.colleague)
    undone = undo(**given(city))
    assert undone.done == ["年度资金总额·年初预算数"] and "王立" in undone.left[0]
    assert (value(city), value(city, "资金.年初预算数")) == ("2", "")


def test_who_removed_the_row_is_named(city: City) -> None:
    add_row(**given(city), prefix="", key="指标", group=GROUP, row_id="ra")
    save(city, "窗口数量", "", address="指标[ra].三级指标")
    remove_row(**given(city, city.colleague), row="指标[ra]")
    with pytest.raises(Refused, match=r"王立 \d\d:\d\d 删除了这一行"):
        undo(**given(city))


def test_a_row_that_a_colleague_just_explained_is_not_removed(city: City) -> None:
    city.import_into("2024-yueyang-package")
    seen = city.submission.revision
    finding = next(
        f for f in read(city.submission).findings if f.level == "warning" and "指标[" in f.cells[0]
    )
    cell = finding.cells[0]
    write_note(**given(city, city.colleague), code=finding.code, cell=cell, text="已核对台账，情况属实。")
    with pytest.raises(Refused, match="王立"):
        remove_row(**given(city), row=cell.partition(".")[0], seen=seen)


def test_the_same_project_id_with_another_name_is_not_dropped_silently(city: City) -> None:
    made = add_project(**given(city), name="甲项目")
    assert add_project(**given(city), name="甲项目", project_id=made) == made
    with pytest.raises(Refused, match="没有增加"):
        add_project(**given(city), name="乙项目", project_id=made)


@pytest.mark.parametrize(
    "group", [{"一级指标": "\u200b", "二级指标": "数量指标"}, {"一级指标": "瞎写", "二级指标": "数量指标"}]
)
def test_a_row_goes_only_into_a_group_of_the_form(city: City, group: dict) -> None:
    with pytest.raises(Refused, match=r"请先选|没有"):
        add_row(**given(city), prefix="", key="指标", group=group)


@pytest.mark.parametrize("number", ["9999999999999999", "99999999999999", "12345678901"])
def test_a_mistyped_weight_never_makes_the_package_unreadable(city: City, number: str) -> None:
    add_row(**given(city), prefix="", key="指标", group=GROUP, row_id="ra")
    save(city, number, "", address="指标[ra].分值")
    assert value(city, "指标[ra].分值") == number
    save(city, "10", number, address="指标[ra].分值")
    assert value(city, "指标[ra].分值") == "10"


@pytest.mark.parametrize("column", ["计量单位", "三级指标"])
def test_long_words_in_any_column_are_stored_or_refused_never_an_error(city: City, column: str) -> None:
    add_row(**given(city), prefix="", key="指标", group=GROUP, row_id="ra")
    saved = save(city, "件" * 3_000, "", address=f"指标[ra].{column}")
    assert saved.written or saved.problems
