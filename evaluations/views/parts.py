"""材料的各部分：每张表一部分，项目的表一个项目一份。状态从事实和核对结果得出，不另存。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse

from evaluations.core.facts import ScopeFacts
from evaluations.core.grid import expand, scopes_of
from evaluations.core.layout import Layout
from evaluations.core.values import Decimal, Value, is_number, plain
from evaluations.models import Submission
from evaluations.selectors import PROJECT_SCOPE, Reading

from . import present

BUDGET, EXECUTED, PROJECT_TOTAL = "资金.全年预算数", "资金.全年执行数", "性质.项目支出"
Url = Callable[[str, UUID | None], str]


def parts_of(reading: Reading, url: Url, form: str = "", project: UUID | None = None) -> list[dict[str, Any]]:
    """各部分的编号、名称、状态、地址；``url`` 给出一张表的网址，``form``、``project`` 是正打开的。"""
    findings = present.findings_of(reading)
    parts = []
    for number, layout in enumerate(reading.facts.pack.forms.values(), 1):
        if not layout.scope and not scopes_of(layout, reading.facts):
            continue
        part = {
            "key": layout.key, "number": layout.order or number, "short": layout.short,
            "title": layout.title.replace("{year}", str(reading.facts.pack.year)), "current": layout.key == form,
        }  # fmt: skip
        if layout.scope:
            part |= _projects(reading, layout, findings, url, form, project)
        else:
            part |= _state(reading, layout, reading.facts.root, findings)
            part["url"] = url(layout.key, None)
        parts.append(part)
    return parts


def _state(
    reading: Reading, layout: Layout, scope: ScopeFacts, findings: list[dict[str, Any]]
) -> dict[str, Any]:
    project = str(UUID(scope.id[1:])) if scope.scope.name else ""
    here = [f for f in findings if (f["form"], f["project"]) == (layout.key, project) and not f["waived"]]
    errors = sum(1 for f in here if f["level"] == "error")
    filled, total, missing = _filled(layout, reading, scope)
    touched = reading.submission.revision > 0
    state, label = _part_state(filled if touched else 0, total, missing, errors)
    if not total and not errors and _declared_none(layout, scope):
        state, label = "na", "无此项"
    return {
        "state": state, "state_label": label, "filled": filled, "total": total, "errors": errors,
        "warnings": sum(1 for f in here if f["level"] == "warning"),
    }  # fmt: skip


def _filled(layout: Layout, reading: Reading, scope: ScopeFacts) -> tuple[int, int, int]:
    """（填了几格，要填几格，必填而没填的几格）。只在屏幕上的开关不算。"""
    inputs = [p for p in expand(layout, reading.facts, scope).value_pieces() if p.input and p.field]
    filled = sum(1 for piece in inputs if piece.value is not None)
    missing = sum(1 for piece in inputs if piece.value is None and piece.field and piece.field.required)
    return filled, len(inputs), missing


def _part_state(filled: int, total: int, missing: int, errors: int) -> tuple[str, str]:
    if not filled:
        return "todo", "未开始"
    if errors:
        return "error", f"有错误 {errors}"
    return ("doing", f"填写中 {filled}/{total}") if missing else ("done", "已完成")


def _declared_none(layout: Layout, scope: ScopeFacts) -> bool:
    """这张表的列表都声明了“无此项”。"""
    flags = [band.empty_when for band in layout.bands if band.empty_when is not None]
    return bool(flags) and all(flag.value(scope) is True for flag in flags)


# ---- 项目 -----------------------------------------------------------------------------------


def _projects(
    reading: Reading,
    layout: Layout,
    findings: list[dict[str, Any]],
    url: Url,
    form: str,
    open_project: UUID | None,
) -> dict[str, Any]:
    scopes = scopes_of(layout, reading.facts)
    rows = []
    for index, scope in enumerate(scopes):
        pk = UUID(scope.id[1:])
        name = scope.value(scope.scope.match)
        rows.append({
            **_state(reading, layout, scope, findings), "id": pk, "name": str(name or "未命名项目"),
            "url": url(layout.key, pk), "current": layout.key == form and pk == open_project,
            "before": scopes[index - 1].id if index else "", "first": index == 0, "last": index == len(scopes) - 1, "budget": _shown(scope, BUDGET),
            "executed": _shown(scope, EXECUTED), "score": _shown(scope, present.SCORE),
        })  # fmt: skip
    errors = sum(row["errors"] for row in rows)
    state, label = _worst(rows)
    return {
        "is_projects": True, "projects": rows, "state": state, "state_label": label, "errors": errors,
        "warnings": sum(row["warnings"] for row in rows), "filled": sum(row["filled"] for row in rows),
        "total": sum(row["total"] for row in rows), "url": rows[0]["url"] if rows else _workbench(reading),
        "project_url": reverse("evaluations:projects", args=[reading.submission.pk]),
        "coverage": _coverage(reading),
    }  # fmt: skip


def _shown(scope: ScopeFacts, key: str) -> str:
    """一个数印出的字；方案没有这一格为空串。"""
    return scope.shown(key) if key in scope.fields else ""


def _workbench(reading: Reading) -> str:
    return reverse("evaluations:workbench", args=[reading.submission.pk]) + "#projects"


def _worst(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """合起来的状态：有一个错就是有错误，有一个没填完就是填写中。"""
    errors = sum(row["errors"] for row in rows)
    if not rows or all(row["state"] == "todo" for row in rows):
        return "todo", "未开始"
    if errors:
        return "error", f"有错误 {errors}"
    done = sum(1 for row in rows if row["state"] == "done")
    return ("done", "已完成") if done == len(rows) else ("doing", f"填写中 {done}/{len(rows)}")


def _coverage(reading: Reading) -> dict[str, str] | None:
    """项目表覆盖了多少项目支出。"""
    root = reading.facts.root
    whole: Value = root.value(PROJECT_TOTAL) if PROJECT_TOTAL in root.fields else None
    projects = reading.facts.children[PROJECT_SCOPE]
    budgets = [scope.value(BUDGET) for scope in projects if BUDGET in scope.fields]
    covered = sum((Decimal(b) for b in budgets if isinstance(b, Decimal)), Decimal(0))
    if not is_number(whole) or not whole:
        return None
    unit = reading.facts.pack.money_unit
    text = f"各项目全年预算数合计 {plain(covered, 6)} {unit}，部门项目支出 {plain(whole, 6)} {unit}，覆盖 {plain(covered * 100 / Decimal(whole), 2)}%。"
    return {"covered": plain(covered, 6), "whole": plain(whole, 6), "text": text}


def name_owners(parts: list[dict[str, Any]], submission: Submission) -> None:
    """各部分写上交给了谁。"""
    owners = {(one.form, one.project): one.user for one in submission.part_owners.select_related("user")}
    for part in parts:
        part["owner"] = owners.get((part["key"], None))
        for project in part.get("projects", ()):
            project["owner"] = owners.get((part["key"], project["id"]))


def progress_of(parts: list[dict[str, Any]]) -> dict[str, int]:
    """整套填了多少；“无此项”的算填完。"""
    filled = sum(part["total"] if part["state"] == "na" else part["filled"] for part in parts)
    total = sum(part["total"] for part in parts)
    return {"filled": filled, "total": total, "percent": filled * 100 // total if total else 0}


def next_part(parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """接着填哪一部分：第一个没完成的。"""
    return next((part for part in parts if part["state"] not in ("done", "na")), None)
