"""上年结转：把上年已通过材料里的数，带进今年声明了 ``prior`` 的格（如上年决算数）。"""

from __future__ import annotations

from evaluations.core.facts import Facts, RowInput, ScopeInput
from evaluations.core.schema import ListField, Scope
from evaluations.core.values import Value
from evaluations.models import Submission
from evaluations.selectors import prior_facts

from .records import record_edit
from .rows import new_row_id
from .storage import set_stored

NAME_KEY = "部门.名称"


def carry_over(submission: Submission) -> None:
    """带入部门名称和上年的数；每一格都记一条修改，来源是“上年”。没有上年材料时只带名称。"""
    pack = submission.pack.compiled()
    scope = pack.schema.root
    given = ScopeInput()
    if NAME_KEY in scope.fields and submission.department.name:
        given.values[NAME_KEY] = submission.department.name
    prior = prior_facts(submission)
    if prior is not None:
        _values(given, scope, prior)
        for rows in scope.lists.values():
            _rows(given, rows, prior)
    data = submission.annual_data.get(project=None)
    for key, value in given.values.items():
        set_stored(data.values, key, value, scope.fields[key], pack)
        if prior is not None and scope.fields[key].prior:
            _record(submission, key, scope.fields[key].full_label, scope.fields[key].to_text(value))
    for key, lines in given.rows.items():
        data.values[key] = [_stored_row(submission, key, row, scope) for row in lines]
    data.save(update_fields=["values"])


def _values(given: ScopeInput, scope: Scope, prior: Facts) -> None:
    for key, item in scope.fields.items():
        if item.prior and item.asked and item.prior in prior.root.fields:
            value = prior.root.value(item.prior)
            if value is not None:
                given.values[key] = value


def _rows(given: ScopeInput, rows: ListField, prior: Facts) -> None:
    """列表里有 ``prior`` 的列时，上年的每一行带名称和上年的数过来。"""
    wanted = [(name, item.prior) for name, item in rows.fields.items() if item.prior and item.asked]
    if not wanted or not rows.match:
        return
    for old in prior.root.lists.get(rows.key, ()):
        values: dict[str, Value] = {
            name: old.value(source) for name, source in wanted if source in old.fields
        }
        values = {name: value for name, value in values.items() if value is not None}
        if values and old.value(rows.match) is not None:
            made = RowInput(new_row_id(), {rows.match: old.value(rows.match), **values})
            given.rows.setdefault(rows.key, []).append(made)


def _stored_row(submission: Submission, key: str, row: RowInput, scope: Scope) -> dict[str, str]:
    fields, stored = scope.lists[key].fields, {"id": row.id}
    for name, value in row.values.items():
        set_stored(stored, name, value, fields[name], submission.pack.compiled())
        address = f"{key}[{row.id}].{name}"
        _record(submission, address, f"{key}·{fields[name].label}", fields[name].to_text(value))
    return stored


def _record(submission: Submission, address: str, label: str, text: str) -> None:
    record_edit(submission, address=address, label=label, old="", new=text, user=None, through="prior")
