"""改方案的原文：按位置读一处、换一处、加一项、移一项，别的字（注释、空行、写法）都不动。

位置是一串键和序号，如 ``("checks", 3, "level")``、``("fields", 1, "rows", 4, 2)``。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from .problems import Refused

Spot = Sequence[str | int]
Files = dict[str, str]
MISSING = object()


def value_at(files: Mapping[str, str], file: str, path: Spot) -> Any:
    """这一处现在的值（普通的 Python 值）；没有这一处为 None。"""
    found = _walk(_parse(files, file), path)
    if found is MISSING:
        return None
    return found.unwrap() if hasattr(found, "unwrap") else found


def put_at(files: Mapping[str, str], file: str, path: Spot, value: Any) -> Files:
    """把这一处换成 ``value``；``value`` 为 None 时去掉这一处。"""
    document = _parse(files, file)
    holder, last = _holder(document, path)
    if value is None:
        if isinstance(last, int) or last in holder:
            del holder[last]
    elif isinstance(holder, list) and isinstance(last, int) and last >= len(holder):
        while len(holder) < last:
            holder.append("")
        holder.append(_made(value))
    else:
        holder[last] = _made(value)
    return _written(files, file, document)


def insert_at(files: Mapping[str, str], file: str, path: Spot, index: int, value: Any) -> Files:
    """在 ``path`` 这个数组的第 ``index`` 项前加一项；``index`` 等于长度时加在最后。"""
    document = _parse(files, file)
    array = _array(document, path)
    array.insert(min(index, len(array)), _made(value))
    return _written(files, file, document)


def move_at(files: Mapping[str, str], file: str, path: Spot, index: int, to: int) -> Files:
    """把 ``path`` 这个数组的第 ``index`` 项移到第 ``to`` 项的位置。"""
    value = value_at(files, file, [*path, index])
    return insert_at(put_at(files, file, [*path, index], None), file, path, to, value)


def parsed(text: str, file: str) -> None:
    """整个文件的原文写得对不对；不对抛 ``Refused``，说明第几行。"""
    try:
        tomlkit.parse(text)
    except TOMLKitError as problem:
        raise Refused(f"{_at(file, problem)}请改好再存。") from None


def _parse(files: Mapping[str, str], file: str) -> Any:
    try:
        return tomlkit.parse(files.get(file, ""))
    except TOMLKitError as problem:
        raise Refused(f"{_at(file, problem)}请先在“原文”里改好。") from None


def _at(file: str, problem: TOMLKitError) -> str:
    """哪个文件第几行写法不对。"""
    where = f"第 {problem.line} 行第 {problem.col} 列" if isinstance(problem, ParseError) else ""
    return f"{file} {where}写法不对，看看引号、逗号、括号成不成对，有没有重复的键。"


def _walk(node: Any, path: Spot) -> Any:
    for step in path:
        inside = step in node if isinstance(node, Mapping) else isinstance(step, int) and step < len(node)
        if not isinstance(node, Mapping | list) or not inside:
            return MISSING
        node = node[step]
    return node


def _holder(document: Any, path: Spot) -> tuple[Any, Any]:
    holder = _walk(document, path[:-1])
    if holder is MISSING or not isinstance(holder, Mapping | list):
        raise Refused("方案里没有这一处，可能刚被别人改过。请刷新页面。")
    return holder, path[-1]


def _array(document: Any, path: Spot) -> Any:
    if _walk(document, path) is MISSING:
        holder, last = _holder(document, path)
        holder[last] = tomlkit.array()
    found = _walk(document, path)
    if not isinstance(found, list):
        raise Refused("方案里这一处不是清单，不能加。请在“原文”里改。")
    return found


def _made(value: Any) -> Any:
    """普通的值写成一行的写法：表写成行内表，数组写成一行。"""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update({key: _made(one) for key, one in value.items()})
        return table
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for one in value:
            array.append(_made(one))
        return array
    return value


def _written(files: Mapping[str, str], file: str, document: Any) -> Files:
    return {**files, file: tomlkit.dumps(document)}
