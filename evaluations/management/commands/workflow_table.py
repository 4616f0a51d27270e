"""manage.py workflow_table：把流程的转换表写成 Markdown，docs/流程.md 就是它的输出。"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from evaluations.core.workflow import (
    EFFECT_WORDS,
    GUARD_WORDS,
    TRANSITIONS,
    WANTS_WORDS,
    Role,
    State,
    Transition,
)

HEAD = """# 流程

本页由 `manage.py workflow_table` 从代码写出，不手改；测试核对它与代码一致。

“下一步”跳过方案没有的审核：方案的 `steps` 决定有没有主管部门审核。每个动作都要带看到的修订号和幂等键；
同一个键重发得到同一个结果。改变状态的动作使修订号加一，并放下“正在审核”。

## 转换表

| 现在 | 动作 | 到 | 谁 | 要满足 | 要写 | 同时 |
|---|---|---|---|---|---|---|
"""


class Command(BaseCommand):
    help = "把流程的转换表写成 Markdown"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(HEAD + "\n".join([*map(_line, TRANSITIONS), "", *_allowed()]))


def _line(row: Transition) -> str:
    target = "下一步" if row.target is None else "不变" if not row.moves else row.target.label
    guards = "；".join(GUARD_WORDS[name] for name in row.guards)
    effects = "；".join(EFFECT_WORDS[name] for name in row.effects)
    cells = (row.source.label, row.label, target, row.role.label, guards, WANTS_WORDS[row.wants], effects)
    return f"| {' | '.join(cells)} |"


def _allowed() -> Iterator[str]:
    """每种状态下每个岗位能做什么；没有列出的岗位什么都不能做。"""
    yield "## 状态 × 岗位"
    yield ""
    roles = [role for role in Role if any(row.role == role for row in TRANSITIONS)]
    yield f"| 状态 | {' | '.join(role.label for role in roles)} |"
    yield f"|---|{'---|' * len(roles)}"
    for state in State:
        cells = (
            "、".join(row.label for row in TRANSITIONS if (row.source, row.role) == (state, role))
            for role in roles
        )
        yield f"| {state.label} | {' | '.join(cells)} |"
