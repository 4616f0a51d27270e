"""一格在哪张表、哪个项目：问题排到各部分，转到别的表，走到勾稽的另一头。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.facts import Facts, ScopeFacts
from evaluations.core.values import shorten

Url = Callable[[str, UUID | None], str]


class Place(NamedTuple):
    """``form`` 为空串是不在任何表上；``numeric`` 是这一格填的是数。"""

    form: str
    project: UUID | None
    numeric: bool


def place_in(facts: Facts, address: str) -> Place:
    """一格在哪张表、哪个项目；表上没有列的字段（在行的抽屉里）算在那一行所在的表。"""
    try:
        at = parse_address(address)
        scope = facts.scope_at(at.prefix)
    except AddressProblem:
        return Place("", None, True)
    project = UUID(scope.id[1:]) if scope.scope.name else None
    rows = scope.scope.lists.get(at.key)
    if rows is None:
        item = scope.fields.get(at.key)
        home = facts.pack.home_of(scope.scope.name, at.key) or _shaped_by(facts, scope, at.key)
        return Place(home, project, item is None or item.is_number)
    columns = [*([at.column] if at.column else []), *rows.fields]  # 列表的一格，或整个列表（一行都没有时）
    homes = (facts.pack.home_of(scope.scope.name, f"{at.key}.{column}") for column in columns)
    return Place(next(filter(None, homes), ""), project, rows.fields[columns[0]].is_number)


def _shaped_by(facts: Facts, scope: ScopeFacts, constants: str) -> str:
    """按哪张表的骨架分组：问题没有格子可指（一个一级指标一行都没有）时，算在那张表上。"""
    forms = (form for form in facts.pack.forms.values() if form.scope == scope.scope.name)
    return next((form.key for form in forms if any(band.skeleton == constants for band in form.bands)), "")


def part_of(facts: Facts, form: str, project: UUID | None) -> tuple[int, str]:
    """部分排第几、叫什么：``2 整体自评``，项目的带项目名称。不在任何表上的排最前。"""
    layout = facts.pack.forms.get(form)
    if layout is None:
        return 0, "整套材料"
    number = list(facts.pack.forms).index(form) + 1
    name = f"{layout.order or number} {layout.short}"
    if project is None:
        return number * 1000, name
    scopes = facts.children[layout.scope]
    at = next(index for index, scope in enumerate(scopes) if scope.id == f"p{project.hex}")
    title = scopes[at].value(scopes[at].scope.match)
    return number * 1000 + at, f"{name} {shorten(title, 12) if isinstance(title, str) else f'第{at + 1}个'}"


def ends_of(facts: Facts, cells: Sequence[str], url: Url) -> dict[str, str]:
    """一处问题的各格在哪张表上；不在任何表上的不列。"""
    places = {cell: place_in(facts, cell) for cell in cells}
    return {cell: url(place.form, place.project) for cell, place in places.items() if place.form}
