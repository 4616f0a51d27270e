"""同一个字，从哪个门进来都是同一个数：填报接口、交换格式、取数的 xlsx 和 csv。"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.core.interchange import InputProblem, read_package
from evaluations.core.pack import Pack
from evaluations.core.workflow import Role
from evaluations.selectors import read
from evaluations.services.prefill import apply_prefill
from evaluations.services.prefill_plan import source_for
from evaluations.services.sheets import read_sheets
from tests.conftest import City
from tests.literals import BLANK, NOT_APPLICABLE, NUMBERS, REFUSED
from tests.workbooks import workbook

pytestmark = [pytest.mark.django_db, pytest.mark.case("N1", "U6"), pytest.mark.dengbao("入侵防范 d")]
GOOD: dict[str, str] = {**NUMBERS, **dict.fromkeys(NOT_APPLICABLE, "不适用"), **dict.fromkeys(BLANK, "")}
ALL: dict[str, str | None] = {**GOOD, **dict.fromkeys(REFUSED)}
"""打的字 → 存成的字；None 是不收。"""


def money_cells(city: City) -> list[str]:
    fields = city.task.pack.compiled().schema.root.fields
    return [key for key, item in fields.items() if item.kind == "money" and item.asked and item.digits == 6]


def stored(city: City, places: Mapping[str, str]) -> dict[str, str]:
    """各个字存成了什么。"""
    root = read(city.submission).facts.root
    return {typed: root.fields[key].to_text(root.value(key)) for typed, key in places.items()}


def portions(given: list[str], size: int) -> list[list[str]]:
    return [given[start : start + size] for start in range(0, len(given), size)]


def test_there_are_sixty_literals_and_more() -> None:
    assert len(NUMBERS) + len(NOT_APPLICABLE) + len(REFUSED) + len(BLANK) >= 60


def test_typed_into_the_form(city: City) -> None:
    client = Client()
    client.force_login(city.preparer)
    cells, url = money_cells(city), reverse("evaluations:save", args=[city.submission.pk, "department"])
    for portion in portions(list(ALL), len(cells)):
        places = dict(zip(portion, cells, strict=False))
        was = stored(city, places)
        changes = [{"address": places[typed], "was": was[typed], "value": typed} for typed in portion]
        answer = client.post(url, {"changes": changes}, "application/json").json()
        refused = {one["address"] for one in answer["problems"]}
        now = stored(city, places)
        for typed in portion:
            assert (places[typed] in refused) == (ALL[typed] is None), typed
            assert now[typed] == (was[typed] if ALL[typed] is None else ALL[typed]), typed


def test_read_from_the_interchange_form(yueyang: Pack) -> None:
    for typed, right in ALL.items():
        data = {
            "pack": yueyang.key,
            "year": yueyang.year,
            "money_unit": "万元",
            "values": {"资金.全年执行数": typed},
        }
        if right is None:
            with pytest.raises(InputProblem):
                read_package(data, yueyang)
        else:
            value = read_package(data, yueyang).root.values.get("资金.全年执行数")
            assert yueyang.schema.root.fields["资金.全年执行数"].to_text(value) == right, typed


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: list[list[str]]) -> bytes:
    return workbook({"部门": rows})


WRITERS: dict[str, Callable[[list[list[str]]], bytes]] = {"xlsx": as_xlsx, "csv": as_csv}


def storable(typed: str) -> bool:
    """这种文件装得下的字；装不下的到不了这个门。长的另有上限。"""
    return len(typed) < 30_000 and not any(ch == "\0" or "\ud800" <= ch <= "\udfff" for ch in typed)


@pytest.mark.case("U13")
@pytest.mark.parametrize("kind", WRITERS)
def test_taken_from_a_sheet(city: City, people: Any, kind: str) -> None:
    keeper, cells = people("keeper", "吴静", city.bureau, Role.PACK_ADMIN), money_cells(city)
    good = [typed for typed, right in GOOD.items() if right and storable(typed)]
    places = dict(zip(good, cells, strict=False))
    assert len(places) == len(good), "一张表装得下"
    sheets = read_sheets(WRITERS[kind]([["预算编码", *places.values()], ["101", *places]]), f"数.{kind}")
    apply_prefill(round_id=city.task.pk, by=keeper, sheets=sheets, name="数", unit="万元")
    assert stored(city, places) == {typed: GOOD[typed] for typed in good}
    bad = [typed for typed in REFUSED if storable(typed)]
    for portion in portions(bad, len(cells)):
        rows = [["预算编码", *cells[: len(portion)]], ["101", *portion]]
        found = source_for(city.task, read_sheets(WRITERS[kind](rows), f"数.{kind}"), "万元").faults
        assert {fault.column for fault in found} == set(cells[: len(portion)])
