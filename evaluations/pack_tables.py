"""读的一边：方案草稿的原文拆成页面要的样子。草稿有错也要看得见、改得了，所以不用编译好的方案。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluations.core.comparing import Table, tables_of
from evaluations.core.schema import TEMPLATE_ID
from evaluations.core.values import ValueProblem, is_number, parse

Spot = tuple[str | int, ...]
LEVELS = ("一级指标", "二级指标")
INDICATORS, CHECKS, SCORING, FIELDS = "indicators.toml", "checks.toml", "scoring.toml", "fields.toml"


@dataclass(frozen=True)
class RowList:
    """indicators.toml 里写死的一组行：叫什么、在哪里、有哪些列、各行。"""

    key: str
    path: Spot
    columns: tuple[str, ...]
    rows: list[list[str]]

    def named(self, row: Sequence[str]) -> dict[str, str]:
        """一行：列 → 字，缺的列为空串。"""
        return {name: row[n] if n < len(row) else "" for n, name in enumerate(self.columns)}

    def packed(self, values: Mapping[str, str]) -> list[str]:
        """``named`` 的逆；末尾的空列不写。"""
        made = [values.get(name, "") for name in self.columns]
        while made and not made[-1]:
            made.pop()
        return made

    def find(self, id_: str) -> int | None:
        """编号是 ``id_`` 的是第几行。"""
        found = (n for n, row in enumerate(self.rows) if self.named(row).get(TEMPLATE_ID) == id_)
        return next(found, None)

    def next_id(self) -> str:
        """没用过的编号：比最大的再大一。"""
        used = (self.named(row).get(TEMPLATE_ID, "") for row in self.rows)
        numbers = [int(one[1:]) for one in used if one[:1] == "T" and one[1:].isdigit()]
        return f"T{max(numbers, default=0) + 1}"


@dataclass(frozen=True)
class Branch:
    """指标树的一个一级指标：规定分值（没有规定为空串）和在哪里，下面各二级指标和它们的行。"""

    name: str
    weight: str
    path: Spot | None
    total: str
    seconds: list[tuple[str, list[dict[str, str]]]] = field(default_factory=list)


@dataclass(frozen=True)
class Templates:
    """一个范围的指标模板：部门的，或项目的。"""

    scope: str
    rows: RowList
    tree: list[Branch]

    @property
    def label(self) -> str:
        return self.scope or "部门"


def templates_of(files: Mapping[str, str]) -> list[Templates]:
    """各范围的指标模板，按一级、二级指标排成树。"""
    tables = tables_of(files)
    lists, frame = row_lists(tables), frame_of(tables)
    found = []
    for one in tables.get(INDICATORS, {}).get("templates", ()):
        rows = lists.get(one.get("rows", ""))
        if rows is not None and one.get("list") == "指标":
            found.append(Templates(one.get("scope", ""), rows, list(_tree(rows, frame))))
    return found


def row_lists(tables: Mapping[str, Table]) -> dict[str, RowList]:
    """indicators.toml 里写死的各组行。"""
    table, found = tables.get(INDICATORS, {}), {}
    shapes = {one.get("name"): one.get("fields", ()) for one in table.get("shape", ())}
    for number, one in enumerate(table.get("fields", ())):
        if isinstance(one.get("rows"), list):
            key = str(one.get("key", "")).removesuffix("[]")
            columns = tuple(str(column.get("key", "")) for column in shapes.get(one.get("shape"), ()))
            found[key] = RowList(
                key, ("fields", number, "rows"), columns, [[str(text) for text in row] for row in one["rows"]]
            )
    return found


def frame_of(tables: Mapping[str, Table]) -> RowList | None:
    """规定一级、二级指标次序和分值的那组行：表样里作骨架的。没有规定为 None。"""
    bands = (
        band for name, table in tables.items() if name.startswith("forms/") for band in table.get("band", ())
    )
    names = [band["skeleton"] for band in bands if band.get("skeleton")]
    return row_lists(tables).get(names[0]) if names else None


def _tree(rows: RowList, frame: RowList | None) -> Iterator[Branch]:
    """骨架的次序在前，骨架里没有的组接在后面。"""
    groups: dict[str, dict[str, list[dict[str, str]]]] = {}
    weights: dict[str, tuple[str, Spot]] = {}
    for number, row in enumerate(frame.rows) if frame is not None else ():
        values = frame.named(row)
        first, second = (values.get(name, "") for name in LEVELS)
        groups.setdefault(first, {}).setdefault(second, [])
        weight = next((name for name in frame.columns if name not in LEVELS), "")
        if weight and (values.get(weight) or first not in weights):
            weights.setdefault(
                first, (values.get(weight, ""), (*frame.path, number, frame.columns.index(weight)))
            )
    for row in rows.rows:
        values = rows.named(row)
        first, second = (values.get(name, "") for name in LEVELS)
        groups.setdefault(first, {}).setdefault(second, []).append(values)
    for first, seconds in groups.items():
        weight, path = weights.get(first, ("", None))
        yield Branch(
            first, weight, path, total_of(v for rs in seconds.values() for v in rs), list(seconds.items())
        )


def total_of(rows: Iterator[dict[str, str]], column: str = "分值") -> str:
    """各行分值的合计；读不懂的不算。"""
    total = sum((number for number in (_number(row.get(column, "")) for row in rows) if number), start=0)
    return f"{total:f}".rstrip("0").rstrip(".") if "." in f"{total:f}" else f"{total:f}"


def _number(text: str) -> Any:
    try:
        value = parse("points", text, digits=2)
    except ValueProblem:
        return None
    return value if is_number(value) else None


def constants_of(tables: Mapping[str, Table]) -> list[tuple[str, str, Spot]]:
    """有名字的常数：（名字，值，在哪里）。"""
    rows = tables.get(INDICATORS, {}).get("constants", ())
    return [
        (str(one.get("key", "")), str(one.get("value", "")), ("constants", n, "value"))
        for n, one in enumerate(rows)
    ]


@dataclass(frozen=True)
class FieldRow:
    """fields.toml 里的一项：在哪里声明，属于哪个范围或哪组列。"""

    key: str
    group: str
    path: Spot
    raw: Table

    @property
    def name(self) -> str:
        return str(self.raw.get("label") or self.key)


def fields_of(files: Mapping[str, str]) -> list[FieldRow]:
    """fields.toml 声明的全部字段，按声明的次序。"""
    table, found = tables_of(files).get(FIELDS, {}), []
    places: list[tuple[str, Spot, Sequence[Table]]] = [("部门", ("fields",), table.get("fields", ()))]
    for name in ("scope", "shape"):
        for n, one in enumerate(table.get(name, ())):
            word = "各列" if name == "shape" else "范围"
            places.append((f"{one.get('name', '')}（{word}）", (name, n, "fields"), one.get("fields", ())))
    for group, path, rows in places:
        found += [FieldRow(str(one.get("key", "")), group, (*path, n), one) for n, one in enumerate(rows)]
    return found
