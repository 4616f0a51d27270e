"""快照的内容：填报值带行 id，计算值存精确的数，恢复后一字不差，不再重算。"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .checks import Cause, Finding, Waived
from .facts import Facts, Package, RowInput, ScopeInput
from .pack import Pack
from .schema import Field, Scope
from .values import NotApplicable, Value, parse, to_text


def dump_inputs(package: Package, pack: Pack) -> dict[str, Any]:
    """填报值（方案单位的字），行和项目带 id。"""
    return {
        "root": dump_scope(package.root, pack.schema.root),
        "children": {
            name: [dump_scope(child, pack.schema.children[name]) for child in children]
            for name, children in package.children.items()
        },
    }


def dump_scope(given: ScopeInput, scope: Scope) -> dict[str, Any]:
    """一个范围的填报值。"""
    return {
        "id": given.id,
        "values": dump_values(given.values, scope.fields),
        "rows": {
            key: [{"id": row.id, "values": dump_values(row.values, scope.lists[key].fields)} for row in rows]
            for key, rows in given.rows.items()
        },
        "printed": dict(given.printed),
    }


def dump_values(values: Mapping[str, Value], fields: Mapping[str, Field]) -> dict[str, str]:
    return {
        key: to_text(value, fields[key].kind, digits=fields[key].digits)
        for key, value in values.items()
        if value is not None
    }


def load_inputs(data: Mapping[str, Any], pack: Pack) -> Package:
    """``dump_inputs`` 的逆。"""
    package = Package(root=load_scope(data["root"], pack.schema.root))
    for name, children in data["children"].items():
        package.children[name] = [load_scope(child, pack.schema.children[name]) for child in children]
    return package


def load_scope(data: Mapping[str, Any], scope: Scope) -> ScopeInput:
    """``dump_scope`` 的逆。"""
    return ScopeInput(
        data["id"],
        load_values(data["values"], scope.fields),
        {
            key: [RowInput(row["id"], load_values(row["values"], scope.lists[key].fields)) for row in rows]
            for key, rows in data["rows"].items()
        },
        dict(data["printed"]),
    )


def load_values(texts: Mapping[str, str], fields: Mapping[str, Field]) -> dict[str, Value]:
    return {
        key: parse(fields[key].kind, text, digits=fields[key].digits, choices=fields[key].choices)
        for key, text in texts.items()
        if key in fields
    }


def dump_computed(facts: Facts) -> dict[str, list[str]]:
    """全部计算值：地址 → [种类, 精确的值]。"""
    return {address: _dump_value(value) for address, _, value in facts.computed() if value is not None}


def _dump_value(value: Value) -> list[str]:
    if isinstance(value, NotApplicable):
        return ["na", value.reason]
    if isinstance(value, bool):
        return ["bool", "1" if value else ""]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, Fraction):
        return ["fraction", str(value)]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    return ["text", str(value)]


def load_computed(data: Mapping[str, list[str]]) -> dict[str, Value]:
    """``dump_computed`` 的逆。"""
    return {address: _load_value(kind, text) for address, (kind, text) in data.items()}


def _load_value(kind: str, text: str) -> Value:
    match kind:
        case "na":
            return NotApplicable(text)
        case "bool":
            return bool(text)
        case "decimal":
            return Decimal(text)
        case "fraction":
            return Fraction(text)
        case "date":
            return date.fromisoformat(text)
    return text


def dump_finding(finding: Finding) -> dict[str, Any]:
    """一处问题：对外的样子，加上分开的位置和句子；豁免了的加上豁免。"""
    dumped = {**finding.as_json(), "where": finding.where, "text": finding.message}
    if (waived := finding.waived) is not None:
        dumped["waived"] = {
            "code": waived.code, "cell": waived.cell, "reason": waived.reason, "until": waived.until.isoformat(),
        }  # fmt: skip
    return dumped


def load_finding(data: Mapping[str, Any]) -> Finding:
    """``dump_finding`` 的逆。"""
    cause, waived = data["because_of"], data.get("waived")
    return Finding(
        code=data["code"],
        level=data["level"],
        scope=data["scope"],
        cells=tuple(data["cells"]),
        where=data["where"],
        message=data["text"],
        expected=data["expected"],
        actual=data["actual"],
        because_of=Cause(cause["code"], cause["cell"]) if cause else None,
        waived=Waived(**{**waived, "until": date.fromisoformat(waived["until"])}) if waived else None,
    )
