"""规定的行：方案的指标模板。新开的材料、新加的项目先放上这些行；锁定的行，模板写了的各列单位不能改。

模板是一张写死的行（常量列表），与目标列表同名的列照抄；另有“编号”（不变）、“类型”（项目类型，空的都用）、
“锁定”、“填报说明”。行里的“模板编号”列记着它出自哪一行。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .facts import Package, RowFacts, RowInput, ScopeInput
from .schema import TEMPLATE_ID, ListField
from .values import Value

if TYPE_CHECKING:
    from .pack import Pack

ORIGIN = "模板编号"
KIND, LOCK, GUIDE = "类型", "锁定", "填报说明"
NAME = "部门.名称"


def kinds_of(pack: Pack, scope: str) -> list[str]:
    """这个范围的模板分哪几种类型，按出现的次序；不分类型为空。"""
    rows = (row for rows, _ in _templates(pack, scope) for row in rows.rows or ())
    return list(dict.fromkeys(str(row[KIND]) for row in rows if row.get(KIND)))


def rows_for(pack: Pack, scope: str, kind: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """新开一个范围时先放上的行：（列表，各列的字），按模板的次序。"""
    for template, target in _templates(pack, scope):
        columns = pack.schema.scope(scope).lists[target].fields
        for row in template.rows or ():
            if row.get(KIND) in (None, "", kind):
                known = {name: row.get(name) for name in columns if name in template.fields}
                values = {
                    name: columns[name].to_text(value) for name, value in known.items() if value is not None
                }
                if ORIGIN in columns:
                    values[ORIGIN] = str(row[TEMPLATE_ID])
                yield target, values


def template_of(row: RowFacts) -> Mapping[str, Value] | None:
    """这一行出自模板的哪一行；自己加的、模板已没有的为 None。"""
    origin = row.inputs.get(ORIGIN)
    if not origin:
        return None
    pack = row.owner.facts.pack
    found = (
        one
        for template, target in _templates(pack, row.owner.scope.name)
        if target == row.key
        for one in template.rows or ()
    )
    return next((one for one in found if one.get(TEMPLATE_ID) == origin), None)


def is_locked(row: RowFacts, column: str = "") -> bool:
    """模板锁定的行；给了列名时，问这一列是不是模板写了、不能改的。"""
    template = template_of(row)
    if template is None or template.get(LOCK) is not True:
        return False
    return not column or template.get(column) is not None


def _templates(pack: Pack, scope: str) -> Iterator[tuple[ListField, str]]:
    for one in pack.templates:
        if one.scope == scope:
            yield pack.schema.constants[one.rows], one.list


def blank_package(pack: Pack, department: str = "") -> Package:
    """一套刚开的材料：只有单位名称和规定的行；每个下级范围一个。预览表样用。"""
    package = Package(root=_blank(pack, ""), department_name=department)
    if department and NAME in pack.schema.root.fields:
        package.root.values[NAME] = department
    for name in pack.schema.children:
        package.children[name] = [_blank(pack, name)]
    return package


def _blank(pack: Pack, scope: str) -> ScopeInput:
    made = ScopeInput("x" if scope else "")
    for number, (key, texts) in enumerate(rows_for(pack, scope)):
        fields = pack.schema.scope(scope).lists[key].fields
        values = {name: fields[name].parse(text) for name, text in texts.items()}
        made.rows.setdefault(key, []).append(RowInput(f"r{number}", values))
    return made
