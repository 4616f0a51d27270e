"""年度总体目标的核对：目标和完成情况对不对得上，是不是本单位的目标。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import ScopeFacts

if TYPE_CHECKING:
    from ..checks import Check

_CHINESE = "一二三四五六七八九十"
_STYLES = (
    re.compile(r"目标\s*([\d一二三四五六七八九十]{1,3})"),
    re.compile(rf"\(([{_CHINESE}]{{1,3}})\)"),
    re.compile(rf"(?<![第{_CHINESE}])([{_CHINESE}]{{1,3}})、"),
    re.compile(r"(?<![\d.])(\d{1,2})[、.)](?!\d)"),
    re.compile(rf"(?<![第{_CHINESE}之])([{_CHINESE}]{{1,3}})是"),
)
"""分条的写法，外层的在前。"""
_LEVELS = (("全国", 4), ("全省", 3), ("全市", 2))


def goals_answered(scope: Context, check: Check) -> Iterator[Hit]:
    """D07：预期目标和实际完成情况都分条写的，条数一样，一条对一条。有一边没有分条的不比。"""
    assert isinstance(scope, ScopeFacts)
    goal, done = check.parameters["goal"], check.parameters["done"]
    wanted, reached = count_items(scope.value(goal)), count_items(scope.value(done))
    if not wanted or not reached or wanted == reached:
        return
    message = (
        f"预期目标有 {wanted} 条，实际完成情况有 {reached} 条。请一条目标对一条完成情况，写明做到没有；"
        "不在目标里的工作写进自评报告。"
    )
    yield Hit((scope.address(done), scope.address(goal)), message, f"{wanted} 条", f"{reached} 条")


def count_items(text: object) -> int:
    """最外层分了几条；没有从一数起的分条为 0。"""
    if not isinstance(text, str):
        return 0
    plain = unicodedata.normalize("NFKC", text)
    for style in _STYLES:
        numbers = [_number(found) for found in style.findall(plain)]
        if numbers and numbers[0] == 1:
            count = 0
            for number in numbers:
                count += number == count + 1
            return count
    return 0


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    value = (_CHINESE.index(tens) + 1 if tens else 1) * 10 if ten else 0
    return value + (_CHINESE.index(ones) + 1 if ones and ones in _CHINESE else 0)


def goal_within_area(scope: Context, check: Check) -> Iterator[Hit]:
    """D08：目标说的是本单位的事：市里的单位不写“优化全省系统”。

    只认紧跟在 ``verbs``（优化、建设、推进……）后面的全国、全省，``unless``（普查、先进、试点……）跟在后面的不算：
    “争创全省先进”“做好全国普查”都是本单位的事。全市只有县区的单位才算更大的范围。
    """
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    top = scope.facts.root
    names = [
        str(node.value(key) or "") for node in (scope, top) for key in given["names"] if key in node.fields
    ]
    names.append(scope.facts.package.department_name)
    rank = _rank(names, scope.facts.pack.place)
    verbs, unless = "|".join(given["verbs"]), "|".join(given["unless"])
    for key in given["fields"]:
        text = unicodedata.normalize("NFKC", str(scope.value(key) or ""))
        for area, level in _LEVELS:
            if level <= rank:
                continue
            found = re.search(rf"(?:{verbs})[了好]?{area}(?!.{{0,8}}(?:{unless}))", text)
            if found:
                around = text[max(0, found.start() - 4) : found.end() + 12].split("\n")[0]
                message = (
                    f"“…{around}…”说的是{area}的事，不是本单位的。请写本单位今年要做成什么，"
                    "不要照抄上级文件的目标。"
                )
                yield Hit((scope.address(key),), message, "本单位的目标", found.group(0))
                break


def _rank(names: list[str], place: str) -> int:
    """单位管到哪一级：国 4、省 3、市 2、县区 1；单位名称看不出的按方案的地区，都看不出的当作最大，不判断。"""
    for name in [*names, place]:
        if re.search("国家|中央|中华|全国", name):
            return 4
        if re.search("[县旗]|(?<!自治)(?<!新)区(?!域)|街道|[乡镇]", name.replace("省区", "")):
            return 1 if "市" in name or "县" in name else 2
        if "市" in name:
            return 2
        if re.search("省|自治区", name):
            return 3
    return 4
