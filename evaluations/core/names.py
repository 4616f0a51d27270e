"""把表达式里的名称静态解析成（层、键）：装入方案时做一次，求值时不再查找。

层：0 是当前环境（范围或行），往上每层加一。项目里看部门要写“本部门.”；部门里看项目写“项目.”，
只能放在聚合函数里；行里的名称先找本行，再找列表所在的范围；常量列表到处可见。
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .expressions import Expression, ExpressionProblem, Name, Resolver, parse_expression
from .schema import Field, ListField, Schema, Scope
from .values import is_number

PARENT = "本部门."
GROUP = "组"
ROW_NUMBER = "行号"
"""列表行里的序号，从 1 起。"""


@dataclass(frozen=True, slots=True)
class Place:
    """表达式所在之处：哪个范围；在列表行里时还有那个列表；``grouped`` 时可用“组”。"""

    scope: str = ""
    rows: str = ""
    grouped: bool = False


class Names:
    """一套方案的名称解析器。``constants`` 是方案里的命名常数（year、执行权重等）。"""

    def __init__(self, schema: Schema, constants: Mapping[str, object]) -> None:
        self.schema = schema
        self.constants = constants

    def compile(self, text: str, place: Place) -> Expression:
        """解析一个表达式；有错抛 ``ExpressionProblem``。"""
        return parse_expression(text, self.resolver(place), self._row_resolver(place))

    def resolver(self, place: Place) -> Resolver:
        def resolve(text: str) -> Name | None:
            if text in self.constants:
                return Name(
                    0, text, constant=True, kind="number" if is_number(self.constants[text]) else "text"
                )
            if text.startswith(PARENT):
                return self._from_parent(text[len(PARENT) :], place)
            if place.rows:
                if text == ROW_NUMBER and not place.grouped and place.rows not in self.schema.constants:
                    return Name(0, text, constant=True, kind="number")
                rows = self._list(place)
                if place.grouped and (text == GROUP or text.startswith(GROUP + ".")):
                    return self._column(text[len(GROUP) + 1 :], rows, 0, (GROUP,))
                if text in rows.fields:
                    return Name(0, text, rows.fields[text])
            depth = 1 if place.rows else 0
            return self._in_scope(text, self.schema.scope(place.scope), depth) or self._constant_list(text)

        return resolve

    def _list(self, place: Place) -> ListField:
        return self.schema.scope(place.scope).lists.get(place.rows) or self.schema.constants[place.rows]

    def _from_parent(self, text: str, place: Place) -> Name | None:
        if not place.scope:
            raise ExpressionProblem(f"“本部门.{text}”只能在项目里用；部门的表直接写“{text}”。")
        return self._in_scope(text, self.schema.root, 2 if place.rows else 1)

    def _in_scope(self, text: str, scope: Scope, depth: int) -> Name | None:
        if text in scope.fields:
            return Name(depth, text, scope.fields[text])
        for key in sorted(scope.lists, key=len, reverse=True):
            if text == key or text.startswith(key + "."):
                return self._column(text[len(key) + 1 :], scope.lists[key], depth, (key,))
        if scope is self.schema.root:
            for name, child in self.schema.children.items():
                if text == name or text.startswith(name + "."):
                    return self._child(text[len(name) + 1 :], child, depth, (name,))
        return None

    def _child(self, rest: str, child: Scope, depth: int, path: tuple[str, ...]) -> Name | None:
        if not rest:
            return Name(depth, "", None, path)
        if rest in child.fields:
            return Name(depth, rest, child.fields[rest], path)
        for key, rows in child.lists.items():
            if rest == key or rest.startswith(key + "."):
                return self._column(rest[len(key) + 1 :], rows, depth, (*path, key))
        return None

    def _column(self, column: str, rows: ListField, depth: int, path: tuple[str, ...]) -> Name | None:
        if not column:
            return Name(depth, "", None, path)
        field = rows.fields.get(column)
        return None if field is None else Name(depth, column, field, path)

    def _constant_list(self, text: str) -> Name | None:
        for key, rows in self.schema.constants.items():
            if text == key or text.startswith(key + "."):
                return self._column(text[len(key) + 1 :], rows, 0, (key,))
        return None

    def _row_resolver(self, place: Place) -> Callable[[Name], Resolver]:
        """某个列表的行内名称（第 0 层）。"""

        def for_rows(rows: Name) -> Resolver:
            fields = self._fields_of(rows.path, place)

            def resolve(text: str) -> Name | None:
                return Name(0, text, fields[text]) if text in fields else None

            return resolve

        return for_rows

    def _fields_of(self, path: tuple[str, ...], place: Place) -> Mapping[str, Field]:
        last = path[-1]
        if last == GROUP:
            return self._list(place).fields
        if last in self.schema.constants:
            return self.schema.constants[last].fields
        if last in self.schema.children:
            return self.schema.children[last].fields
        scopes = (
            [self.schema.children[path[0]]]
            if len(path) > 1
            else [self.schema.scope(place.scope), self.schema.root]
        )
        return next(scope.lists[last].fields for scope in scopes if last in scope.lists)
