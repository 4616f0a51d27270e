"""附：得分说明。每个得分一行：分数，和一步一步怎么算的。与屏幕上的“为什么”同一份话（core/explaining.py）。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.explaining import Explanation, explanation, score_addresses
from ..core.facts import Facts, RowFacts, ScopeFacts
from ..core.grid import LABEL, MIX, TEXT, Cell, Grid, Piece, Row
from .parts import Part, scope_name

TITLE = "附：得分说明"
HEADS = ("得分项", "自评得分", "按办法算", "怎么算的")
COLUMNS = (22, 11, 11, 56)


def reasons(facts: Facts) -> Part:
    """得分说明，排在成套材料的最后；没有附件号，目录里有名称。"""
    rows, cells = [Row("why-0", frame=False)], [Cell(0, 0, 1, 4, (Piece(TITLE),), TEXT, "title", frame=False)]

    def add(texts: Sequence[str], roles: Sequence[str], section: int, head: bool = False) -> None:
        number = len(rows)
        width = len(COLUMNS) // len(texts)
        rows.append(Row(f"why-{number}", section=section, head=head))
        for index, (text, role) in enumerate(zip(texts, roles, strict=True)):
            align = "left" if role == MIX else "center"
            cells.append(Cell(number, index * width, 1, width, (Piece(text),), role, align=align))

    add(HEADS, (LABEL,) * 4, 1, head=True)
    scope = None
    for address in score_addresses(facts):
        node, key = facts.locate(address)
        owner = node.owner if isinstance(node, RowFacts) else node
        if owner is not scope and facts.children:
            scope = owner
            add((_scope_title(owner),), (MIX,), 1)
        add(tuple(_line(node, key, explanation(facts, address))), (MIX, TEXT, TEXT, MIX), 1)
    made = Grid("why", TITLE, COLUMNS, tuple(rows), tuple(cells), font_size="10pt", sheet=TITLE)
    made.check()
    return Part(made, entry=TITLE)


def _scope_title(scope: ScopeFacts) -> str:
    return f"项目：{scope_name(scope)}" if scope.prefix else "部门整体"


def _line(node: ScopeFacts | RowFacts, key: str, why: Explanation) -> Iterator[str]:
    """一行的四格。指标的自评得分是填的，旁边是按办法算的；执行率得分和总分是算出来的，只有一个数。"""
    keys = node.rules[key].keys if why.suggested else {}  # type: ignore[attr-defined]
    label = why.label.rpartition("·")[0] if why.suggested else why.label
    named = node.value(keys["name"]) if keys else None
    yield f"{label}\n{named}" if isinstance(named, str) and named else label
    yield node.shown(keys.get("score", key))
    yield node.shown(key) or "—"
    lines = [f"{number}. {step}" for number, step in enumerate(why.steps, 1)]
    yield "\n".join([*lines, *(f"注：{note}" for note in why.notes)])
