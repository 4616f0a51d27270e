"""字段取值：读入（parse）、印出（format）、四舍五入。

三种“没有数”是三件事：空白（``None``）、不适用（``NotApplicable``）、零（``Decimal(0)``）。
金额、分数全用 ``Decimal``；除法得 ``Fraction``，只在四舍五入或印出时才成为小数。
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import TypeGuard

KINDS = ("money", "integer", "percent", "decimal", "points", "text", "long_text", "choice", "date", "yes_no")
NUMBER_KINDS = frozenset(KINDS[:5])
TEXT_KINDS = frozenset(("text", "long_text", "choice"))
ROUNDED_KINDS = frozenset(("money", "integer", "decimal", "points"))
MAX_LENGTH = {"text": 4_000, "long_text": 20_000}
MAX_DIGITS = 16
MAX_TYPED = 64
YUAN_PER_UNIT = {"元": Decimal(1), "万元": Decimal(10_000)}
NA_WORDS = frozenset(("不适用", "无", "—", "——", "-", "--", "/"))


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """不适用，带原因（如“分母为0”）。"""

    reason: str = ""

    def __str__(self) -> str:
        return "不适用"


TYPE_NAMES = {"money": "金额", "integer": "整数", "percent": "百分数", "decimal": "数", "points": "分数"}
Number = Decimal | Fraction
Value = Decimal | Fraction | str | bool | date | NotApplicable | None

EXACT = Context(prec=60, traps=[Inexact])
NA = NotApplicable()


class ValueProblem(ValueError):
    """某一格读不懂。消息是给填报人看的一句话：现在是什么、怎么改。"""


def is_unknown(value: Value) -> bool:
    """空白或不适用。"""
    return value is None or isinstance(value, NotApplicable)


def is_number(value: object) -> TypeGuard[Number]:
    """是数（Decimal 或 Fraction）。比类而不用 isinstance：Fraction 是抽象基类的子类，查起来慢几倍。"""
    kind = value.__class__
    return kind is Decimal or kind is Fraction


def round_half_up(value: Number, digits: int) -> Decimal:
    """四舍五入（“五入”远离零）到 ``digits`` 位小数，只做一次。"""
    top, bottom = value.as_integer_ratio()
    units = (2 * abs(top) * 10**digits + bottom) // (2 * bottom)
    return tidy(Decimal(units if top >= 0 else -units).scaleb(-digits, context=EXACT))


def tidy(number: Decimal) -> Decimal:
    """同一个数只有一种写法：没有尾零、没有指数、没有负零。"""
    plain_form = number.normalize(EXACT)
    exponent = plain_form.as_tuple().exponent
    tidied = (
        plain_form.quantize(Decimal(1), context=EXACT)
        if isinstance(exponent, int) and exponent > 0
        else plain_form
    )
    return tidied if tidied else Decimal(0)


def default_digits(kind: str, money_unit: str) -> int:
    """一种字段默认的小数位：金额到分（元 2 位、万元 6 位），整数 0，其余 2。"""
    if kind == "money":
        return {"元": 2, "万元": 6}[money_unit]
    return 0 if kind == "integer" else 2


# ---- 读入 -----------------------------------------------------------------------------------

_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)\Z", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z", re.ASCII)
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\Z", re.ASCII)
_CONTROLS = (range(0x00, 0x09), range(0x0B, 0x0D), range(0x0E, 0x20), range(0x7F, 0xA0))
_DIRECTIONS = (range(0x061C, 0x061D), range(0x200E, 0x2010), range(0x2028, 0x202F), range(0x2066, 0x206A))
_NOTHINGS = (range(0x200B, 0x200C), range(0x2060, 0x2061), range(0xFEFF, 0xFF00), range(0xFFFE, 0x10000))
_SURROGATES = (range(0xD800, 0xE000),)
_INVISIBLE = {code: None for part in (*_CONTROLS, *_DIRECTIONS, *_NOTHINGS, *_SURROGATES) for code in part}
_YES = frozenset(("是", "有", "√", "☑", "true", "1"))
_NO = frozenset(("否", "没有", "×", "□", "false", "0"))


def visible(text: str) -> str:
    """去掉看不见的字符（控制符、孤立代理项、方向控制符、零宽符），统一换行；空白照留。

    可见的字一个不改：生僻字、兼容区汉字照原样保留。
    """
    if text.isprintable() and text.isascii():
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE)


def clean_text(text: str) -> str:
    """``visible``，再去首尾空白。"""
    return visible(text).strip()


def parse(kind: str, text: str, *, digits: int, choices: Sequence[str] = ()) -> Value:
    """把人打的字读成值；金额按方案的单位（元或万元）读，不换算。

    空串为空白；数字格里单独的“不适用 无 — —— -- - /”为不适用。读不懂时抛 ``ValueProblem``。
    """
    if kind in NUMBER_KINDS:
        return _parse_number(kind, clean_text(text), digits)
    cleaned = clean_text(text)
    if not cleaned:
        return None
    if kind == "date":
        return _parse_date(cleaned)
    if kind == "yes_no":
        return _parse_yes_no(cleaned)
    if kind == "choice":
        for choice in choices:
            if fold_signs(cleaned) == fold_signs(choice):
                return choice
        raise ValueProblem(f"“{shorten(cleaned)}”不在可选项里。请从 {'、'.join(choices)} 中选一项。")
    limit = MAX_LENGTH[kind]
    if len(cleaned) > limit:
        advice = "请精简，或把详细内容放进自评报告。" if kind == "text" else "请精简。"
        raise ValueProblem(f"这一格有 {len(cleaned):,} 字，最多 {limit:,} 字。{advice}")
    return cleaned


def fold_signs(text: str) -> str:
    """比较选项用的写法：NFKC，``≥ ≤`` 写成 ``>= <=``。"""
    return unicodedata.normalize("NFKC", text).replace("≥", ">=").replace("≤", "<=")


def _parse_number(kind: str, text: str, digits: int) -> Decimal | NotApplicable | None:
    if len(text) > MAX_TYPED:
        raise ValueProblem(f"“{shorten(text)}”有 {len(text):,} 个字，不像{TYPE_NAMES[kind]}。请只填数字。")
    if not text.isascii() and any(ch.isdigit() and not (ch.isascii() or "０" <= ch <= "９") for ch in text):
        raise ValueProblem(f"“{shorten(text)}”里有其他文字的数字或上下标。请用 0–9 填写。")
    text = unicodedata.normalize("NFKC", text).strip().replace("−", "-").replace("–", "-")
    if not text:
        return None
    if text in NA_WORDS:
        return NotApplicable("填报")
    amount = text.lstrip("¥ ") if kind == "money" else text
    if amount.startswith("(") and amount.endswith(")"):
        amount = "-" + amount[1:-1].strip()
    percent = kind == "percent"
    if percent and amount.endswith("%"):
        amount = amount[:-1].rstrip()
    if not (_PLAIN.match(amount) or _GROUPED.match(amount)):
        raise ValueProblem(_number_advice(kind, text))
    number = Decimal(amount.replace(",", ""))
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise ValueProblem(f"“{shorten(text)}”超过 {MAX_DIGITS} 位数字。请核对是否多打了。")
    places = max(0, -int(number.normalize().as_tuple().exponent))
    if places > digits:
        limit = f"最多 {digits} 位小数" if digits else "只能填整数"
        why = "（即精确到分）" if kind == "money" else ""
        raise ValueProblem(f"“{shorten(text)}”有 {places} 位小数，这一格{limit}{why}。请四舍五入后再填。")
    return tidy(number.scaleb(-2) if percent else number)


def _number_advice(kind: str, text: str) -> str:
    shown = shorten(text)
    if re.search(r"[万亿]|元", text):
        return f"“{shown}”带有单位。单位已印在表上，请只填数字，并核对是元还是万元。"
    if "_" in text:
        return f"“{shown}”里有下划线。请只填数字，如 1000 或 1,000。"
    if re.search(r"\d[eE][+-]?\d", text):
        return f"“{shown}”是科学计数法。请写成普通数字，如 100。"
    if "," in text:
        return f"“{shown}”的千分位逗号位置不对。请写成 1,234.56 或 1234.56。"
    return f"“{shown}”不是{TYPE_NAMES[kind]}。请只填数字；没有此项请填“不适用”。"


def _parse_date(text: str) -> date:
    match = _DATE.match(unicodedata.normalize("NFKC", text))
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError:
        pass
    raise ValueProblem(f"“{shorten(text)}”不是日期。请写成 2025-03-20 或 2025年3月20日。")


def _parse_yes_no(text: str) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueProblem(f"“{shorten(text)}”看不懂。请填“是”或“否”。")


def shorten(text: str, limit: int = 20) -> str:
    """引用用户原文时用：最多 ``limit`` 字，单行。"""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[:limit] + "…"


# ---- 印出 -----------------------------------------------------------------------------------


def plain(number: Number, digits: int) -> str:
    """四舍五入到 ``digits`` 位，去掉尾零，不用科学计数法。"""
    text = f"{round_half_up(number, digits):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_value(value: Value, kind: str, *, digits: int, sign: bool = True, na_shows: str = "不适用") -> str:
    """印在表上的样子：去尾零；百分数带 %（``sign=False`` 时不带）；空白印空，不适用印“不适用”。"""
    if value is None:
        return ""
    if isinstance(value, NotApplicable):
        return na_shows
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, str):
        return value
    if kind == "percent":
        return plain(value * 100, digits) + ("%" if sign else "")
    return plain(value, digits)


def to_text(value: Value, kind: str, *, digits: int) -> str:
    """交换格式里的样子：``parse`` 读回来正好是原值。"""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, NotApplicable):
        return "不适用"
    return format_value(value, kind, digits=max(digits, 0))


def to_yuan(amount: Decimal, money_unit: str) -> Decimal:
    """方案单位的金额换成元，精确到分，不产生误差。"""
    return EXACT.multiply(amount, YUAN_PER_UNIT[money_unit]).quantize(Decimal("0.01"), context=EXACT)


def from_yuan(yuan: Decimal, money_unit: str) -> Decimal:
    """元换成方案单位（万元时右移四位），不产生误差。"""
    return tidy(EXACT.divide(yuan, YUAN_PER_UNIT[money_unit]))
