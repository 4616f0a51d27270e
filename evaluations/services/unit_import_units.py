"""导入的“单位”表：每一行是新增、改动还是不变，哪里不对。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluations import access
from evaluations.core.tabular import Fault, Row
from units.models import Department, User

from .units import fault_of_code, plain_code

LONGEST_NAME = 200


@dataclass(frozen=True)
class UnitLine:
    """一行。``does``：add、change、same；``changes`` 说改什么。"""

    row: Row
    code: str
    name: str
    kind: str
    parent_code: str
    does: str
    changes: str = ""


def plan_units(
    rows: Sequence[Row], every: Sequence[Department], by: User
) -> tuple[list[UnitLine], list[Fault]]:
    """``every`` 是库里全部的单位。"""
    reader = _Reader(rows, {unit.code: unit for unit in every if unit.code}, by)
    lines = [line for line in map(reader.line, rows) if line is not None]
    return lines, [*reader.faults, *_cycles(lines, every)]


class _Reader:
    """一行一行读，记下不对的。"""

    def __init__(self, rows: Sequence[Row], tree: Mapping[str, Department], by: User) -> None:
        self.tree = tree
        self.faults: list[Fault] = []
        self.given = {plain_code(row.values["预算编码"]) for row in rows}
        self.first: dict[str, int] = {}
        self.root = next(
            (unit for unit in tree.values() if unit.parent_id is None and unit.kind == "bureau"), None
        )
        self.managed = set(access.managed_by(by).values_list("pk", flat=True))

    def line(self, row: Row) -> UnitLine | None:
        """读一行；有不对的返回 None。"""
        before = len(self.faults)
        code, name = self._code(row), row.values["单位名称"]
        kind = self._kind(row)
        if not name or len(name) > LONGEST_NAME:
            self._fault(
                row, "单位名称", f"有 {len(name)} 个字，最多 {LONGEST_NAME}。" if name else "没有填。"
            )
        unit = self.tree.get(code)
        parent = self._parent(row, code, unit)
        if unit is not None:
            self._check_existing(row, unit)
        if len(self.faults) > before:
            return None
        changes = _changes(unit, name, kind, parent) if unit else ""
        return UnitLine(
            row, code, name, kind, parent, "add" if unit is None else "change" if changes else "same", changes
        )

    def _fault(self, row: Row, column: str, words: str) -> None:
        self.faults.append(row.fault(column, words))

    def _code(self, row: Row) -> str:
        code = plain_code(row.values["预算编码"])
        if not code:
            self._fault(row, "预算编码", "没有填。编码是认单位的依据，每行都要有。")
        elif fault := fault_of_code(code):
            self._fault(row, "预算编码", fault)
        elif code in self.first:
            self._fault(row, "预算编码", f"与第 {self.first[code]} 行重复。一个单位只写一行。")
        elif code not in self.tree and (like := _without_zeros(code, {*self.tree, *self.first})):
            self._fault(row, "预算编码", _lost_zeros(code, like))
        self.first.setdefault(code, row.number)
        return code

    def _kind(self, row: Row) -> str:
        labels = {kind.label: kind.value for kind in Department.Kind}
        word = row.values["类别"]
        if word not in labels:
            self._fault(
                row,
                "类别",
                f"“{word[:20]}”不认识。只能是{'、'.join(labels)}。"
                if word
                else f"没有填。请填{'、'.join(labels)}之一。",
            )
        return labels.get(word, "")

    def _parent(self, row: Row, code: str, unit: Department | None) -> str:
        """上级的编码；没有填的直属财政局，财政局自己没有上级。"""
        asked = plain_code(row.values["上级编码"])
        if unit is not None and unit.parent_id is None:
            if asked:
                self._fault(row, "上级编码", "财政局是单位树的根，没有上级。请把这一格清空。")
            return ""
        if not asked:
            if self.root is None or not self.root.code:
                self._fault(row, "上级编码", "没有填，库里的财政局又没有编码。请先在单位页给财政局填上编码。")
                return ""
            return self.root.code
        if asked == code:
            self._fault(row, "上级编码", "上级不能是自己。请改成上级单位的编码。")
        elif asked not in self.tree and asked not in self.given:
            like = _without_zeros(asked, {*self.tree, *self.given})
            self._fault(
                row,
                "上级编码",
                _lost_zeros(asked, like)
                if like
                else f"没有编码为 {asked[:40]} 的单位：库里没有，本表也没有。请核对，或先加上这个单位。",
            )
        elif asked in self.tree and not self.tree[asked].is_active:
            self._fault(row, "上级编码", f"{self.tree[asked]} 已停用，下面不能放单位。请换上级，或先启用它。")
        elif asked in self.tree and self.tree[asked].pk not in self.managed:
            self._fault(row, "上级编码", f"{self.tree[asked]} 不归您管。")
        return asked

    def _check_existing(self, row: Row, unit: Department) -> None:
        if unit.pk not in self.managed:
            self._fault(row, "预算编码", f"{unit} 不归您管，不能改。请去掉这一行。")
        elif not unit.is_active:
            told = f"已并入 {unit.merged_into}" if unit.merged_into else "已停用"
            self._fault(row, "预算编码", f"{unit} {told}。请去掉这一行，或先在单位页启用。")
        elif unit.parent_id is None and row.values["类别"] != unit.get_kind_display():
            self._fault(row, "类别", "财政局是单位树的根，类别不能改。")


def _changes(unit: Department, name: str, kind: str, parent: str) -> str:
    """已有的单位要改什么。"""
    old_parent = unit.parent.code or "" if unit.parent else ""
    found = [f"名称“{unit.name}”改为“{name}”"] if name != unit.name else []
    found += [f"{unit.get_kind_display()}改为{Department.Kind(kind).label}"] if kind != unit.kind else []
    found += [f"上级 {old_parent} 改为 {parent}"] if parent != old_parent else []
    return "，".join(found)


def _without_zeros(code: str, known: set[str]) -> str:
    """只差前面的 0 的另一个编码；没有为空串。"""
    return next((one for one in sorted(known) if one != code and one.lstrip("0") == code.lstrip("0")), "")


def _lost_zeros(code: str, like: str) -> str:
    return f"“{code}”和“{like}”只差前面的 0，多半是 Excel 把 0 去掉了。请把这一列设成“文本”格式，补上 0。"


def _cycles(lines: Sequence[UnitLine], every: Sequence[Department]) -> list[Fault]:
    """改完以后，谁的上级绕了一圈又回到自己。没有编码的单位用它的编号认。"""
    parents = {_key(unit): _key(unit.parent) for unit in every if unit.parent}
    parents |= {line.code: line.parent_code for line in lines}
    found = []
    for line in lines:
        path = [line.code]
        while (above := parents.get(path[-1], "")) and above not in path:
            path.append(above)
        if above == line.code:
            chain = " → ".join([*path, above])
            found.append(line.row.fault("上级编码", f"上下级绕成了一圈：{chain}。请改正其中一个上级。"))
    return found


def _key(unit: Department) -> str:
    return unit.code or str(unit.pk)
