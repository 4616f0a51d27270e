"""evaluate 的结果：计算值、得分和理由、核对结果，一份普通的 dict（design §7）。"""

from __future__ import annotations

from typing import Any

from .checks import Finding, run
from .facts import Facts, Package, ScopeFacts
from .pack import Pack
from .scoring import Score, ScoreRule


def evaluate(pack: Pack, package: Package) -> dict[str, Any]:
    """把一套材料全部算一遍、核对一遍。"""
    facts = Facts(pack, package)
    root, *children = facts.scopes()
    return {
        "pack": pack.key,
        "year": pack.year,
        "values": computed_texts(root),
        "projects": [{"values": computed_texts(child)} for child in children],
        "scores": [row for scope in facts.scopes() for row in scores(scope)],
        "findings": [finding.as_json() for finding in run(pack, facts)],
    }


def computed_texts(scope: ScopeFacts) -> dict[str, str]:
    """一个范围里全部计算值，印出来的样子。"""
    return {key: scope.fields[key].format(scope.value(key)) for key in scope.rules}


def scores(scope: ScopeFacts) -> list[dict[str, Any]]:
    """每个得分：分、分值、方法、建议得分、为什么（一句话，和一步一步的）。"""
    found = []
    for key, rule in scope.rules.items():
        if isinstance(rule, ScoreRule) and "weight" in rule.keys and "list" not in rule.keys:
            weight = scope.fields[rule.keys["weight"]].format(scope.value(rule.keys["weight"]))
            found.append(
                _score(
                    scope.address(key), scope.fields[key].format(scope.value(key)), weight, rule.score(scope)
                )
            )
    for rows in scope.lists.values():
        for row in rows:
            for key, rule in row.rules.items():
                if isinstance(rule, ScoreRule) and "score" in rule.keys:
                    column, weight = rule.keys["score"], rule.keys["weight"]
                    item = _score(
                        row.address(column), row.fields[column].format(row.value(column)),
                        row.fields[weight].format(row.value(weight)), rule.score(row),
                    )  # fmt: skip
                    item["suggested"] = row.fields[key].format(row.value(key))
                    found.append(item)
    return found


def _score(cell: str, points: str, weight: str, score: Score) -> dict[str, Any]:
    told = score.tell()
    return {
        "cell": cell, "points": points, "weight": weight, "method": score.method, "why": told.why,
        "steps": [*map(str, told.steps), *told.notes],
    }  # fmt: skip


def as_text(result: dict[str, Any], findings: list[Finding] | None = None) -> str:
    """给人看的结果：先总数，再得分，再问题。"""
    lines = [f"方案 {result['pack']}，{result['year']} 年度"]
    lines += [f"  {key} = {text}" for key, text in result["values"].items() if text]
    lines.append("得分")
    for row in result["scores"]:
        lines.append(f"  {row['cell']}：{row['points'] or '未填'}（分值 {row['weight']}）{row['why']}")
        lines += [f"    {number}. {step}" for number, step in enumerate(row["steps"], 1)]
    words = {"error": "错误", "warning": "提醒", "info": "提示"}
    lines.append(f"核对：{len(result['findings'])} 处")
    lines += [f"  {words[row['level']]} {row['code']} {row['message']}" for row in result["findings"]]
    return "\n".join(lines)
