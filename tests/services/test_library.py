"""The library of indicators: kept by the administrator, copied into packages, imported all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.core.library import ACTIVE, HEADINGS
from evaluations.core.workflow import Role
from evaluations.library import entry_of, library_matching, uses_of
from evaluations.management.commands import PACKS
from evaluations.models import Event, LibraryIndicator
from evaluations.selectors import read
from evaluations.services.library import apply_import, load_library, plan_import, save_indicator, set_active
from evaluations.services.problems import Refused
from evaluations.services.rows import add_row
from evaluations.services.versions import undo
from tests.conftest import City

pytestmark = pytest.mark.django_db
HEAD = [*HEADINGS, ACTIVE]


@pytest.fixture
def keeper(city: City, people: Any) -> Any:
    load_library(path=PACKS / "library.toml")
    return people("keeper", "吴静", city.bureau, Role.PACK_ADMIN)


def row(code: str, **changes: str) -> list[str]:
    base = {
        "编号": code, "领域": "档案", "一级指标": "产出指标", "二级指标": "数量指标", "三级指标": f"数字化 {code}", "性质": ">=",
        "年度指标值": "5000", "计量单位": "卷", ACTIVE: "",
    } | changes  # fmt: skip
    return [base.get(name, "") for name in HEAD]


def sheet(*rows: list[str]) -> dict[str, list[list[str]]]:
    return {"指标库": [["说明"], HEAD, *rows]}


def test_the_starting_library_loads_once_and_never_over_an_edit(keeper: Any) -> None:
    one = LibraryIndicator.objects.get(code="ZW-003")
    save_indicator(by=keeper, values=entry_of(one) | {"年度指标值": "97"}, indicator_id=one.pk)
    assert load_library(path=PACKS / "library.toml") == 0
    one.refresh_from_db()
    assert one.target == "97"
    event = Event.objects.get(action="library_edit")
    assert event.user == keeper
    assert event.details["changed"] == [["年度指标值", "96", "97"]]


def test_a_code_or_a_name_that_is_there_already_is_refused(keeper: Any) -> None:
    entry = entry_of(LibraryIndicator.objects.get(code="ZW-003"))
    with pytest.raises(Refused, match="编号 ZW-003 已经有了"):
        save_indicator(by=keeper, values=entry | {"三级指标": "别的"})
    with pytest.raises(Refused, match="ZW-003 已有同领域"):
        save_indicator(by=keeper, values=entry | {"编号": "ZW-990"})
    with pytest.raises(Refused, match="不是数"):
        save_indicator(by=keeper, values=entry | {"编号": "ZW-990", "三级指标": "别的", "年度指标值": "高"})


def test_searching_wants_every_word_and_leaves_out_what_is_retired(keeper: Any) -> None:
    assert [one.code for one in library_matching("网办 政务")] == ["ZW-003"]
    one = library_matching("ZW-003").get()
    set_active(by=keeper, indicator_id=one.pk, active=False)
    assert not library_matching("ZW-003").exists()
    assert library_matching("ZW-003", active=None).exists()


def test_an_indicator_is_copied_into_its_group_and_taken_back_by_undo(city: City, keeper: Any) -> None:
    group = {"一级指标": "产出指标", "二级指标": "质量指标"}
    texts = {
        "三级指标": "可网办率",
        "年度指标值": "≥96%",
        "性质": ">=",
        "建议得分": "10",
        "没有的列": "x",
        "二级指标": "别的组",
    }
    kept = {"submission_id": city.submission.pk, "user": city.preparer}
    add_row(**kept, prefix="", key="指标", group=group, row_id="rlib1", texts=texts)
    (made,) = read(city.submission).facts.root.lists["指标"]
    assert {name: made.value(name) for name in ("三级指标", "年度指标值", "性质", "二级指标")} == {
        "三级指标": "可网办率", "年度指标值": "≥96%", "性质": ">=", "二级指标": "质量指标",
    }  # fmt: skip
    assert uses_of(["可网办率"]) == {"可网办率": (1, 0)}
    undo(**kept)
    assert not read(city.submission).facts.root.lists["指标"]
    assert uses_of(["可网办率"]) == {}


def test_a_sheet_adds_changes_and_retires_and_a_second_time_has_nothing_to_do(keeper: Any) -> None:
    old = entry_of(LibraryIndicator.objects.get(code="ZW-001"))
    changed = [*(old | {"年度指标值": "40"}).values(), "否"]
    given = sheet(row("DA-001"), row("DA-002", 年度指标值="10", 计量单位="万件"), changed)
    plan = plan_import(given)
    assert ([one["编号"] for one in plan.added], [one.code for one in plan.amended]) == (
        ["DA-001", "DA-002"],
        ["ZW-001"],
    )
    assert not LibraryIndicator.objects.filter(sector="档案").exists()
    apply_import(by=keeper, sheets=given, name="指标库.xlsx")
    kept = LibraryIndicator.objects.get(code="ZW-001")
    assert (kept.target, kept.is_active) == ("40", False)
    assert Event.objects.get(action="library_import").reason == "指标库.xlsx"
    with pytest.raises(Refused, match="没有要导入的"):
        apply_import(by=keeper, sheets=given, name="指标库.xlsx")


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([row("DA-001"), row("DA-001", 三级指标="别的")], "编号"),
        ([row("DA-001"), row("DA-002", 三级指标="数字化 DA-001")], "三级指标"),
        ([row("DA-001", 年度指标值="许多")], "年度指标值"),
        ([row("DA-001"), row("DA-002", **{ACTIVE: "停"})], ACTIVE),
        ([row("DA-001"), row("")], "编号"),
        ([], ""),
    ],
)
def test_one_wrong_row_and_nothing_of_the_sheet_is_imported(
    keeper: Any, rows: list[list[str]], column: str
) -> None:
    plan = plan_import(sheet(*rows))
    assert [fault.column for fault in plan.faults] == [column]
    with pytest.raises(Refused, match="一条都没有导入"):
        apply_import(by=keeper, sheets=sheet(*rows), name="x.xlsx")
    assert not LibraryIndicator.objects.filter(sector="档案").exists()
