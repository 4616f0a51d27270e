"""一套填报值换到另一版方案：什么留得下，什么没有地方放了，多出哪些要填的。"""

from __future__ import annotations

from collections.abc import Mapping

from .addresses import parse_address
from .facts import Facts, Package, RowInput, ScopeInput
from .frozen import dump_inputs
from .pack import Pack
from .schema import Field, Scope
from .steps import Kind, Step, differences
from .values import Value, ValueProblem
from .working import note_address


def fitted(package: Package, old: Pack, new: Pack) -> Package:
    """``package`` 在 ``new`` 下的样子：键还在、仍由人填、字还读得懂的留下，别的没有。"""
    made = Package(
        root=_scope(package.root, old.schema.root, new.schema.root),
        department_code=package.department_code,
        department_name=package.department_name,
    )
    for name, children in package.children.items():
        if name in new.schema.children:
            scopes = old.schema.children[name], new.schema.children[name]
            made.children[name] = [_scope(child, *scopes) for child in children]
    facts, codes = Facts(new, made), {check.code for check in new.checks}
    made.notes = [note for note in package.notes if note.code in codes and has(facts, note.cell)]
    return made


def has(facts: Facts, address: str) -> bool:
    """有没有这一格。"""
    try:
        facts.locate(address)
    except ValueError:
        return False
    return True


def steps_to_fit(package: Package, made: Package, old: Pack, new: Pack) -> list[Step]:
    """从 ``package`` 变成 ``made`` 要去掉的各处，连同没有着落的说明；照次序做。"""
    kept = {note_address(note) for note in made.notes}
    notes = [
        Step(Kind.NOTE, note_address(note), note.text, "")
        for note in package.notes
        if note_address(note) not in kept
    ]
    return [*notes, *differences(dump_inputs(package, old), dump_inputs(made, new))]


def new_fields(old: Pack, new: Pack) -> list[tuple[str, Field]]:
    """新版多出来要人填的：（范围，字段）。"""
    found = []
    for scope in new.schema.scopes():
        known = not scope.name or scope.name in old.schema.children
        before = dict(old.schema.scope(scope.name).all_fields()) if known else {}
        found += [
            (scope.name, item)
            for path, item in scope.all_fields()
            if item.asked and not (path in before and before[path].asked)
        ]
    return found


def field_at(pack: Pack, address: str) -> Field | None:
    """方案里一格的字段，不问有没有这一行；没有这样的格为 None。"""
    at = parse_address(address)
    if at.scope and at.scope not in pack.schema.children:
        return None
    scope = pack.schema.scope(at.scope)
    if not at.row:
        return scope.fields.get(at.key)
    return scope.lists[at.key].fields.get(at.column) if at.key in scope.lists else None


def _scope(given: ScopeInput, old: Scope, new: Scope) -> ScopeInput:
    rows = {
        key: [RowInput(row.id, _values(row.values, old.lists[key].fields, new.lists[key].fields)) for row in rows]
        for key, rows in given.rows.items()
        if key in new.lists and new.lists[key].rows is None
    }  # fmt: skip
    return ScopeInput(given.id, _values(given.values, old.fields, new.fields), rows, dict(given.printed))


def _values(
    values: Mapping[str, Value], old: Mapping[str, Field], new: Mapping[str, Field]
) -> dict[str, Value]:
    found = {key: _kept(value, old[key], new[key]) for key, value in values.items() if key in new}
    return {key: value for key, value in found.items() if value is not None}


def _kept(value: Value, old: Field, new: Field) -> Value:
    """同样的字按新版读出来还是同样的字才留；不由人填了、读不懂了为 None。"""
    text = old.to_text(value)
    try:
        made = new.parse(text) if new.asked else None
    except ValueProblem:
        return None
    return made if made is not None and new.to_text(made) == text else None
