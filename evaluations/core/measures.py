"""读指标值：方向（≥ ≤ = > < 定性）、数、计量单位。

公开的表上没有“性质”“计量单位”两列，人把它们写在指标值里：“≥98%”“36个”“不超过 3 天”。
“12月”“2024年”是日期，不是数；“12个月”“3年”才是。
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from .values import MAX_DIGITS, Value, fold_signs

QUALITATIVE = "定性"
SHOWN = {">=": "≥", "<=": "≤", "=": "=", ">": ">", "<": "<", QUALITATIVE: QUALITATIVE}

_WORDS = (
    ("不得低于", ">="), ("不得少于", ">="), ("不得高于", "<="), ("不得超过", "<="), ("不得多于", "<="), ("大于等于", ">="), ("大于或等于", ">="), ("不低于", ">="), ("不少于", ">="), ("不小于", ">="), ("至少", ">="),
    ("小于等于", "<="), ("小于或等于", "<="), ("不高于", "<="), ("不超过", "<="), ("不大于", "<="), ("不多于", "<="),
    ("控制在", "<="), ("大于", ">"), ("高于", ">"), ("多于", ">"), ("超过", ">"), ("小于", "<"), ("低于", "<"),
    ("少于", "<"), ("等于", "="), ("达到", ">="), ("达", ">="),
    (">=", ">="), ("≥", ">="), ("≧", ">="), ("<=", "<="), ("≤", "<="), ("≦", "<="), (">", ">"), ("<", "<"), ("=", "="),
)  # fmt: skip
_UNITS = (
    "%|‰|个百分点|百分点|个月|小时|分钟|工作日|个工作日|人次|人天|公里|千米|平方米|平方公里|立方米|公顷|千克|公斤|课时|学时|车次|"
    "个|件|次|人|户|家|项|篇|份|场|期|名|套|台|辆|条|处|米|亩|吨|天|日|月|年|元|万元|亿元|分|册|例|起|宗|笔|座|间|所|批|班|"
    "度|倍|位|株|棵|头|只|张|块|片|栋|段|周|秒|季度|场次|班次|户次|项次|支|对|届|轮|门|封|幅|枚|箱|袋|站|级|集|本|平米|"
    "千瓦时|m2|m3|km|kg|t"
)
_MEASURE = re.compile(
    rf"(?P<number>-?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|-?\d+(?:\.\d+)?)\s*"
    rf"(?P<unit>[万亿]?(?:{_UNITS})(?:/(?:{_UNITS}))?|[万亿])?(?P<tail>及?以[上下]|之?内|以内)?\Z",
    re.ASCII,
)
_DATE = re.compile(r"(?:19|20)\d{2}年|(?:0?[1-9]|1[0-2])月", re.ASCII)
_AT_MOST = ("以下", "及以下", "内", "之内", "以内")


@dataclass(frozen=True, slots=True)
class Measure:
    """一个可以比较的指标值。``number`` 按写的数（95% 的数是 95），``unit`` 可空。"""

    direction: str
    number: Decimal
    unit: str


@lru_cache(maxsize=4096)
def read_measure(text: Value, direction: str = "") -> Measure | None:
    """读年度指标值；读不成数（定性文字）返回 None。

    ``direction`` 是“性质”栏选的方向，优先于文字里的符号；都没有时按 ≥（越高越好），光写 0 时按 =。
    """
    if not isinstance(text, str) or direction == QUALITATIVE:
        return None
    rest = unicodedata.normalize("NFKC", text).strip().rstrip("。;；").strip()
    found = ""
    for word, sign in _WORDS:
        if rest.startswith(unicodedata.normalize("NFKC", word)):
            rest, found = rest[len(word) :].strip(), sign
            break
    match = _MEASURE.match(rest)
    if not match or _DATE.match(rest):
        return None
    number = _number(match["number"])
    if number is None:
        return None
    if not found and match["tail"] in _AT_MOST:
        found = "<="
    if not found and not number:
        found = "="  # 光写“0”（如事故数）是要做到 0，不是“≥ 0”
    return Measure(direction or found or ">=", number, match["unit"] or "")


def has_operator(text: str) -> bool:
    """目标里写明了方向：前面有 ≥、不低于……，或后面有 以内、以下……。"""
    rest = unicodedata.normalize("NFKC", text).strip()
    if any(rest.startswith(unicodedata.normalize("NFKC", word)) for word, _ in _WORDS):
        return True
    match = _MEASURE.match(rest.rstrip("。;；").strip())
    return bool(match and match["tail"])


def _number(digits: str) -> Decimal | None:
    """数太长（超过 16 位）就不当数读。"""
    plain = digits.replace(",", "")
    return Decimal(plain) if len(plain.strip("-").replace(".", "")) <= MAX_DIGITS else None


def read_number(text: Value, unit: str = "") -> Decimal | None:
    """读实际完成值里的数：纯数字，或数字加目标的计量单位；有别的字返回 None。"""
    if not isinstance(text, str):
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _MEASURE.match(plain)
    if not match or match["tail"] or _DATE.match(plain):
        return None
    if match["unit"] and unit and match["unit"] != unit:
        return None
    return _number(match["number"])


def direction_of(direction: Value, target: Value) -> str:
    """一行指标的性质：填了用填的（``≥`` 即 ``>=``），没填或填的不认识从年度指标值读；读不成数是定性，空白为空串。"""
    if isinstance(direction, str) and (folded := fold_signs(direction)) in SHOWN:
        return folded
    if not isinstance(target, str) or not target.strip():
        return ""
    measure = read_measure(target)
    return measure.direction if measure else QUALITATIVE
