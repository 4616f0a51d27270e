"""地址：``[项目[id]/]键`` 或 ``[项目[id]/]列表[行id].列``。

修改记录、意见、核对结果、导入和接口都用这一种写法。斜杠只用于地址，点号用于表达式。
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"(?:(\w+)\[(\w+)\]/)?(?:([\w.]+?)(?:\[(\w+)\](?:\.([\w.]+))?)?)?\Z")


class AddressProblem(ValueError):
    """地址写法不对或指向不存在的格子。"""


@dataclass(frozen=True, slots=True)
class Address:
    """一格、一行或一个项目（``项目[id]/``）。``row`` 为空是普通格；``column`` 为空是整行；``key`` 为空是整个项目。"""

    key: str
    row: str = ""
    column: str = ""
    scope_row: str = ""
    scope: str = ""

    def __str__(self) -> str:
        prefix = f"{self.scope}[{self.scope_row}]/" if self.scope else ""
        if not self.row:
            return prefix + self.key
        return f"{prefix}{self.key}[{self.row}]" + (f".{self.column}" if self.column else "")

    @property
    def prefix(self) -> str:
        """所在范围的写法：部门为空，项目为 ``项目[id]``。"""
        return f"{self.scope}[{self.scope_row}]" if self.scope else ""


def parse_address(text: str) -> Address:
    """读一个地址；写法不对抛 ``AddressProblem``。"""
    match = _ADDRESS.match(text) if 0 < len(text) <= 300 else None
    if not match:
        raise AddressProblem(
            f"地址“{text[:40]}”写法不对。应如 资金.全年预算数、指标[r7].得分 或 项目[p1]/资金.得分。"
        )
    scope, scope_row, key, row, column = (part or "" for part in match.groups())
    return Address(key, row, column, scope_row, scope)


def join(prefix: str, rest: str) -> str:
    """范围前缀（空或 ``项目[id]``）加上范围内的地址。"""
    return f"{prefix}/{rest}" if prefix else rest
