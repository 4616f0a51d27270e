"""指标值与完成值的核对。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import ERROR, WARNING, Hit
from ..expressions import Context
from ..facts import RowFacts
from ..measures import QUALITATIVE, direction_of, read_measure, read_number

if TYPE_CHECKING:
    from ..checks import Check


def actual_is_number_in_unit(row: Context, check: Check) -> Iterator[Hit]:
    """S05：定量行的实际完成值是目标单位的数，不带符号和文字（错误）；定性行不照抄目标（提醒）。"""
    assert isinstance(row, RowFacts)
    target, actual = row.value("年度指标值"), row.value("实际完成值")
    if not isinstance(target, str) or not isinstance(actual, str):
        return
    cell = (row.address("实际完成值"),)
    direction = direction_of(row.value("性质"), target)
    if direction == QUALITATIVE:
        if _bare(target) == _bare(actual):
            yield Hit(
                cell,
                "照抄了年度指标值。请写做到了什么、做到什么程度，最好有数。",
                "与年度指标值不同的完成情况",
                actual,
                WARNING,
            )
        return
    measure = read_measure(target, direction)
    if measure is not None and read_number(actual, measure.unit) is None:
        unit = measure.unit or "与目标相同的单位"
        yield Hit(
            cell,
            f"目标是数（{target}），实际完成值也要只填数，单位{unit}，不带≥等符号和文字。",
            f"数（{unit}）",
            actual,
            ERROR,
        )


def _bare(text: str) -> str:
    """比较是否照抄：NFKC、去空白和标点。"""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))
