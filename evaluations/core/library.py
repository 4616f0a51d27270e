"""指标库的一条：写法对不对，抄到表上是什么字。列名是表头，也是导入导出的列。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .measures import QUALITATIVE, SHOWN, read_measure
from .values import fold_signs

DIRECTIONS = (">=", "<=", "=", ">", "<", QUALITATIVE)


@dataclass(frozen=True, slots=True)
class Heading:
    """一列：存在哪个字段、最长几个字、必填、导出时的列宽。"""

    field: str
    longest: int
    required: bool = False
    width: int = 14


HEADINGS: dict[str, Heading] = {
    "编号": Heading("code", 20, required=True, width=10),
    "领域": Heading("sector", 40, required=True),
    "一级指标": Heading("level1", 60, required=True),
    "二级指标": Heading("level2", 60, required=True, width=18),
    "三级指标": Heading("name", 200, required=True, width=30),
    "性质": Heading("direction", 10, required=True, width=8),
    "年度指标值": Heading("target", 200, required=True),
    "计量单位": Heading("unit", 40, width=10),
    "口径和依据": Heading("help", 2_000, width=50),
    "好的写法": Heading("good", 2_000, width=40),
    "不好的写法": Heading("bad", 2_000, width=40),
}
ACTIVE = "在用"
"""表格里多出的一列：是或否，空着是“是”。"""


def tidy_entry(given: Mapping[str, str]) -> dict[str, str]:
    """一条的各列（按表头）：去首尾空白，性质写成 ``>=`` 这样的；没给的列是空串。"""
    values = {heading: given.get(heading, "").strip() for heading in HEADINGS}
    values["性质"] = fold_signs(values["性质"])
    return values


def faults_of(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """一条里不对的各列：（表头，问题）。``values`` 是 ``tidy_entry`` 的结果。"""
    for heading, column in HEADINGS.items():
        text = values[heading]
        if column.required and not text:
            yield heading, "没有填。请填上。"
        elif len(text) > column.longest:
            yield heading, f"有 {len(text)} 个字，最多 {column.longest} 个字。请精简。"
    direction, target = values["性质"], values["年度指标值"]
    if direction and direction not in DIRECTIONS:
        yield "性质", f"“{direction[:20]}”不认识。请填 {'、'.join(DIRECTIONS)} 之一。"
    elif direction and direction != QUALITATIVE and target and not _is_number(target):
        yield (
            "年度指标值",
            f"“{target[:40]}”不是数。定量的只填数，单位填在“计量单位”；不能用数衡量的，性质填“定性”。",
        )


def _is_number(target: str) -> bool:
    measure = read_measure(target)
    return measure is not None and not measure.unit and (target[0].isdigit() or target[0] == "-")


def shown_target(values: Mapping[str, str]) -> str:
    """表上没有性质、计量单位两列时，年度指标值写成的样子：≥96%。"""
    direction = values["性质"]
    if direction == QUALITATIVE or not values["年度指标值"]:
        return values["年度指标值"]
    return f"{SHOWN.get(direction, direction)}{values['年度指标值']}{values['计量单位']}"


def hints_of(values: Mapping[str, str]) -> list[str]:
    """可以写得更好的地方；不拦。"""
    found = [f"没有写{name}" for name in ("口径和依据", "好的写法", "不好的写法") if not values[name]]
    if values["性质"] == QUALITATIVE:
        if not any(ch.isdigit() for ch in values["年度指标值"]):
            found.append("定性指标的目标里没有可以核对的数或时间")
    elif read_measure(shown_target(values)) is None:
        found.append(f"计量单位“{values['计量单位']}”系统读不出来，建议得分要人工算")
    return found


def row_texts(values: Mapping[str, str], *, apart: bool) -> dict[str, str]:
    """抄到指标列表一行里的字；``apart`` 是表上另有性质、计量单位两列，指标值就只写数。"""
    copied = ("一级指标", "二级指标", "三级指标", "性质", "计量单位")
    texts = {name: values[name] for name in copied}
    return texts | {"年度指标值": values["年度指标值"] if apart else shown_target(values)}
