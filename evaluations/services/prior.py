"""新开的材料里先放上的：部门名称、方案规定的行，和上年已通过材料里的数（声明了 ``prior`` 的格，如上年决算数）。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from evaluations.core.facts import Facts, Package
from evaluations.core.pack import Pack
from evaluations.core.prescribed import NAME, blank_package, rows_for
from evaluations.core.schema import ListField
from evaluations.core.steps import Kind, item_text
from evaluations.core.working import Working, row_address
from evaluations.models import Round, Submission
from evaluations.selectors import Reading, prior_facts
from units.models import Department

from .drafting import Draft
from .rows import new_row_id


def carry_over(submission: Submission) -> None:
    """带入部门名称、规定的行和上年的数；每一处都记一条修改，来源是“上年”。没有上年材料时不带数。"""
    draft = Draft.of(submission, None, "prior")
    bring(draft.work, submission.department.name, prior_facts(submission))
    draft.finish(counts=False)


def bring(work: Working, name: str, prior: Facts | None) -> None:
    """把部门名称、规定的行和上年的数放进正在改的一套材料；预览也用它，什么都不存。"""
    root = work.pack.schema.root
    if NAME in root.fields and name:
        work.put(Kind.CELL, NAME, name)
    for key, row in prescribed_rows(work.pack, ""):
        after = work.package.root.rows.get(key, ())
        text = item_text(after[-1].id if after else "", {"values": row["values"]})
        work.put(Kind.ITEM, row_address("", key, row["id"]), text)
    if prior is not None:
        _values(work, prior)
        for rows in root.lists.values():
            _rows(work, rows, prior)


def blank_reading(task: Round, department: Department | None) -> Reading:
    """一份还没有人填的材料，开放时的样子，每种项目表一个空项目；什么都不存。"""
    pack, department = task.pack.compiled(), department or Department(name="某某单位")
    submission = Submission(round=task, department=department, pack=task.pack)
    package = Package(department_code=department.code or "", department_name=department.name)
    package.children = blank_package(pack).children
    for child in (one for children in package.children.values() for one in children):
        child.id = f"p{UUID(int=0).hex}"
    work, prior = Working(pack, package), prior_facts(submission)
    bring(work, department.name, prior)
    return Reading(submission, Facts(pack, work.package, prior=prior), [], {})


def prescribed_rows(pack: Pack, scope: str, kind: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """方案规定的行，配上新的行编号：（列表，行）。"""
    for key, values in rows_for(pack, scope, kind):
        yield key, {"id": new_row_id(), "values": values}


def _values(work: Working, prior: Facts) -> None:
    for key, item in work.pack.schema.root.fields.items():
        if item.prior and item.asked and item.prior in prior.root.fields:
            work.put(Kind.CELL, key, item.to_text(prior.root.value(item.prior)))


def _rows(work: Working, rows: ListField, prior: Facts) -> None:
    """列表里有 ``prior`` 的列时，上年的每一行带名称和上年的数过来。"""
    wanted = [(name, item.prior) for name, item in rows.fields.items() if item.prior and item.asked]
    if not wanted or not rows.match:
        return
    after = ""
    for old in prior.root.lists.get(rows.key, ()):
        found = {
            name: rows.fields[name].to_text(old.value(source))
            for name, source in wanted
            if source in old.fields
        }
        values = {name: text for name, text in found.items() if text}
        if values and old.value(rows.match) is not None:
            values[rows.match] = rows.fields[rows.match].to_text(old.value(rows.match))
            row = new_row_id()
            work.put(Kind.ITEM, row_address("", rows.key, row), item_text(after, {"values": values}))
            after = row
