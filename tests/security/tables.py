"""The tables of docs: each case and requirement with the tests that prove it, read from the markers in the code.

python -m tests.security.tables    writes docs/安全用例.md, docs/等保对照.md, docs/ASVS对照.md
"""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
KINDS = ("case", "dengbao", "asvs")
Proofs = dict[str, list[str]]


def data(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def proofs() -> dict[str, Proofs]:
    """Kind of marker → id → tests, as ``tests/file.py::name``."""
    found: dict[str, Proofs] = {kind: defaultdict(list) for kind in KINDS}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        whole = [mark for node in tree.body for mark in _module_marks(node)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for kind, number in [*whole, *(m for each in node.decorator_list for m in _marks(each))]:
                    found[kind][number].append(f"{file.relative_to(ROOT).as_posix()}::{node.name}")
    return found


def _module_marks(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets
    ):
        values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
        for value in values:
            yield from _marks(value)


def _marks(node: ast.expr) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr=kind), args=args) if (
            kind in KINDS
        ):
            for given in args:
                assert isinstance(given, ast.Constant)
                yield kind, str(given.value)


HEAD = "本页由测试里的标记写出（`python -m tests.security.tables`），不手改；测试核对它与代码一致。"


def pages() -> dict[str, str]:
    """File in docs → text."""
    found = proofs()
    return {
        "安全用例.md": _cases(found["case"]),
        "等保对照.md": _dengbao(found["dengbao"]),
        "ASVS对照.md": _asvs(found["asvs"]),
    }


def _tests(names: list[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _cases(found: Proofs) -> str:
    given = data("cases")
    lines = [
        "# 安全用例", "", HEAD, "",
        "| 编号 | 期望 | 证明它的测试，或没有的理由 |", "|---|---|---|",
    ]  # fmt: skip
    for number, words in given["cases"].items():
        lines.append(
            f"| {number} | {words} | {_tests(found.get(number, [])) or given['elsewhere'].get(number, '还没有测试')} |"
        )
    proved = sum(number in found for number in given["cases"])
    lines += [
        "",
        f"共 {len(given['cases'])} 例，{proved} 例有测试，{len(given['cases']) - proved} 例写明理由。",
        "",
    ]
    return "\n".join(lines)


DENGBAO = (HERE / "dengbao.md").read_text(encoding="utf-8")


def _dengbao(found: Proofs) -> str:
    items = data("dengbao")["item"]
    lines = [DENGBAO.format(head=HEAD), "| 项 | 要求 | 本产品 | 单位要做的 | 测试 |", "|---|---|---|---|---|"]
    for item in items:
        tests = _tests(found.get(item["key"], []))
        lines.append(
            f"| {item['key']} | {item['clause']} | {item['ours']} | {item.get('site', '—')} | {tests or '—'} |"
        )
    proved = sum(item["key"] in found for item in items)
    lines += ["", f"共 {len(items)} 项，{proved} 项有测试证明。", ""]
    return "\n".join(lines)


def _asvs(found: Proofs) -> str:
    words = data("asvs")["requirements"]
    lines = [
        "# ASVS 对照", "", HEAD, "",
        "只列有测试证明的要求（OWASP ASVS 4.0.3）。没有列出的不表示不满足，只是没有测试。", "",
        "| 要求 | 要点 | 测试 |", "|---|---|---|",
    ]  # fmt: skip
    proved = [number for number in words if number in found]
    lines += [f"| {number} | {words[number]} | {_tests(found[number])} |" for number in proved]
    return "\n".join([*lines, "", f"共 {len(proved)} 条。", ""])


def main() -> None:
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
