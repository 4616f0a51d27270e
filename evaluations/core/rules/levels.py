"""指标框架的核对。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import same_name

if TYPE_CHECKING:
    from ..checks import Check


def level_has_rows(level: Context, check: Check) -> Iterator[Hit]:
    """W05：框架的这一级（``column``）在 ``list`` 里至少有一行；列表一行也没有时不算（另有核对）。

    写成函数是为了快：用表达式计数，每一级都要把每一行的条件算一遍。
    """
    column = check.parameters["column"]
    wanted, rows = same_name(level.value(column)), level.rows((check.parameters["list"],))
    if rows and wanted and all(same_name(row.value(column)) != wanted for row in rows):
        yield Hit()
