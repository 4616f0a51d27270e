"""凡写库的服务都记一条：读代码，从每个带事务的服务走到 record_event 或 record_edits。"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).resolve().parents[2] / "evaluations" / "services"
RECORDING = {"record_event", "record_edits"}
WITHOUT_RECORD: dict[str, str] = {
    "check_copies": "只存比出来的相同文字，随时可以重比，不是谁填的、谁定的",
    "check_year": "同上",
    "give_score": "每次给分就是 ReviewScore 的一条，只增不改；通过时整张评审得分表记进事件",
    "passed": "登录限制的次数，登录成败各有自己的事件",
    "remember": "同上；登录的事件由 record_login 记",
    "forget": "由解锁、救急调用，它们记",
    "offer": "备好给人扫的密钥，绑定了才记",
    "remove": "由解除动态口令调用，它记",
}
"""不记的，和为什么不用记。"""

Known = dict[str, dict[str, ast.FunctionDef]]


def functions() -> Known:
    """各模块的函数，和 Draft 的方法（写成 ``.名字``）。"""
    found: Known = {}
    for path in SERVICES.rglob("*.py"):
        tree, here = ast.parse(path.read_text(encoding="utf-8")), found.setdefault(path.stem, {})
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                here[node.name] = node
            elif isinstance(node, ast.ClassDef):
                here |= {f".{one.name}": one for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def imported(module: str) -> dict[str, str]:
    """从别的服务引来的名字 → 在哪个模块。"""
    path = next(SERVICES.rglob(f"{module}.py"))
    return {
        alias.name: (node.module or alias.name).rpartition(".")[2]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }


def records(name: str, module: str, known: Known, seen: set[tuple[str, str]]) -> bool:
    """从这个函数走得到记录。"""
    if (module, name) in seen:
        return False
    seen.add((module, name))
    node = known.get(module, {}).get(name)
    if node is None:
        return False
    there = imported(module)
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            if one.id in RECORDING:
                return True
            if records(one.id, there.get(one.id, module), known, seen):
                return True
        elif isinstance(one, ast.Attribute) and records(f".{one.attr}", "drafting", known, seen):
            return True
    return False


def is_atomic(node: ast.FunctionDef) -> bool:
    return any("transaction.atomic" in ast.unparse(decorator) for decorator in node.decorator_list)


@pytest.mark.case("G3")
@pytest.mark.dengbao("安全审计 a")
def test_every_service_that_writes_leads_to_a_record() -> None:
    known = functions()
    writing = [
        (name, module) for module, made in known.items() for name, node in made.items()
        if not name.startswith(("_", ".")) and is_atomic(node)
    ]  # fmt: skip
    assert len(writing) > 50
    assert {name for name, module in writing if not records(name, module, known, set())} == set(
        WITHOUT_RECORD
    )
