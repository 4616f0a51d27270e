import hashlib

import pytest

from evaluations.core.chain import GENESIS
from evaluations.models import Edit, Indicator
from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Missing, Refused
from evaluations.services.rows import add_row, move_row, remove_row, restore_row
from tests.conftest import City

pytestmark = pytest.mark.django_db
EXECUTED = "资金.全年执行数"


def save(city: City, user, *changes: Change):
    return save_cells(submission_id=city.submission.pk, user=user, changes=changes)


def test_a_cell_is_written_and_what_depends_on_it_follows(city: City) -> None:
    city.import_into("2024-yueyang-package")
    saved = save(city, city.preparer, Change(EXECUTED, "94.8", was="89.8"))
    assert saved.written == [EXECUTED]
    facts = read(city.submission).facts
    assert facts.explain("资金.得分").endswith("= 10")


def test_saving_the_same_again_is_free(city: City) -> None:
    save(city, city.preparer, Change(EXECUTED, "94.8", was=""))
    again = save(city, city.preparer, Change(EXECUTED, "94.80", was=""))
    assert (again.written, again.conflicts, again.revision) == ([], [], 1)
    assert Edit.objects.filter(address=EXECUTED).count() == 1


def test_a_stale_write_is_refused_and_both_values_are_shown(city: City) -> None:
    save(city, city.preparer, Change(EXECUTED, "89.8", was=""))
    saved = save(city, city.colleague, Change(EXECUTED, "94.8", was=""))
    (conflict,) = saved.conflicts
    assert (conflict.mine, conflict.theirs, conflict.who) == ("94.8", "89.8", "陈晓燕")
    assert read(city.submission).facts.root.value(EXECUTED) is not None
    assert str(read(city.submission).facts.value(EXECUTED)) == "89.8"


def test_a_long_text_is_compared_by_its_hash(city: City) -> None:
    save(city, city.preparer, Change("目标.预期目标", "办好政务服务", was=""))
    old = hashlib.sha256("办好政务服务".encode()).hexdigest()
    saved = save(city, city.preparer, Change("目标.预期目标", "办好政务服务，群众满意", was_hash=old))
    assert saved.written and not saved.conflicts


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1_000", "下划线"),
        ("1e2", "科学计数法"),
        ("94.8万", "带有单位"),
        ("1.1234567", "位小数"),
        ("١٢٣", "其他文字的数字"),
    ],
)
def test_an_unreadable_amount_is_not_stored_and_says_how_to_mend(city: City, text: str, advice: str) -> None:
    saved = save(
        city, city.preparer, Change(EXECUTED, text, was=""), Change("资金.年初预算数", "1,234.5", was="")
    )
    (problem,) = saved.problems
    assert advice in problem.message and "全年执行数" in problem.message
    assert saved.written == ["资金.年初预算数"]


def test_a_text_of_200000_characters_is_refused_with_its_length(city: City) -> None:
    saved = save(city, city.preparer, Change("目标.预期目标", "字" * 200_000, was=""))
    assert "200,000 字" in saved.problems[0].message


def test_control_characters_are_removed(city: City) -> None:
    save(city, city.preparer, Change("部门.名称", "云湖市\x08\u202e政务\ud800中心", was="云湖市政务服务中心"))
    assert read(city.submission).facts.value("部门.名称") == "云湖市政务中心"


@pytest.mark.parametrize(
    "address", ["资金.得分", "不存在", "指标[zz].得分", "项目[p1]/资金.得分", "__class__", "指标[r1"]
)
def test_a_cell_that_is_computed_or_unknown_is_a_problem_and_nothing_is_written(
    city: City, address: str
) -> None:
    saved = save(city, city.preparer, Change(address, "5", was=""))
    assert saved.problems[0].address == address
    assert not saved.written and saved.revision == 0


def test_another_unit_cannot_write(city: City) -> None:
    with pytest.raises(Missing, match="没有这份材料"):
        save(city, city.other_preparer, Change(EXECUTED, "1", was=""))


@pytest.mark.case("W2")
def test_saving_after_submitting_is_refused(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    with pytest.raises(Refused, match="已送审"):
        save(city, city.preparer, Change(EXECUTED, "1", was="95"))


@pytest.mark.case("W8")
def test_saving_after_the_deadline_is_refused(city: City) -> None:
    city.task.deadline = city.task.deadline.replace(year=2020)
    city.task.save()
    with pytest.raises(Refused, match="已过截止时间"):
        save(city, city.preparer, Change(EXECUTED, "1", was=""))


def test_edits_form_a_chain(city: City) -> None:
    for number in range(3):
        save(city, city.preparer, Change(EXECUTED, str(number + 1), was=str(number or "")))
    edits = list(city.submission.edits.order_by("seq"))
    assert [edit.prev for edit in edits] == [GENESIS, *(edit.hash for edit in edits[:-1])]
    assert [edit.digest() for edit in edits] == [edit.hash for edit in edits]
    assert {edit.algorithm for edit in edits} <= {"sm3", "sha256"}


GROUP = {"一级指标": "产出指标", "二级指标": "数量指标"}


def add(city: City, **given: str):
    return add_row(
        submission_id=city.submission.pk, user=city.preparer, prefix="", key="指标", group=GROUP, **given
    )


def test_a_row_is_added_once_however_often_it_is_sent(city: City) -> None:
    first, second = add(city, row_id="rabc"), add(city, row_id="rabc")
    assert first.focus == second.focus == "指标[rabc].三级指标"
    assert Indicator.objects.count() == 1


def test_rows_move_within_their_group(city: City) -> None:
    for name in ("ra", "rb", "rc"):
        add(city, row_id=name)
    move_row(submission_id=city.submission.pk, user=city.preparer, row="指标[rc]", to="up")
    assert [row.row_id for row in Indicator.objects.order_by("position")] == ["ra", "rc", "rb"]


def test_a_removed_row_comes_back_with_its_contents(city: City) -> None:
    add(city, row_id="ra")
    save(
        city,
        city.preparer,
        Change("指标[ra].三级指标", "窗口数量", was=""),
        Change("指标[ra].分值", "10", was=""),
    )
    removed = remove_row(submission_id=city.submission.pk, user=city.preparer, row="指标[ra]")
    assert not Indicator.objects.exists()
    restore_row(submission_id=city.submission.pk, user=city.preparer, row=removed.undo)
    row = Indicator.objects.get()
    assert (row.name, row.weight, row.level2) == ("窗口数量", 10, "数量指标")


def test_a_score_that_does_not_apply_is_kept_as_such(city: City) -> None:
    add(city, row_id="ra")
    save(city, city.preparer, Change("指标[ra].得分", "不适用", was=""))
    assert (
        read(city.submission)
        .facts.root.lists["指标"][0]
        .fields["得分"]
        .to_text(read(city.submission).facts.value("指标[ra].得分"))
        == "不适用"
    )
