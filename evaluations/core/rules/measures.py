"""指标值与完成值的核对。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ..checks import ERROR, WARNING, Hit
from ..expressions import Context
from ..facts import RowFacts
from ..measures import QUALITATIVE, SHOWN, direction_of, has_operator, read_measure, read_number
from ..scoring import ScoreRule, over_achieved, points_of
from ..values import NA_WORDS, NotApplicable, is_number, plain

if TYPE_CHECKING:
    from ..checks import Check


def actual_is_number_in_unit(row: Context, check: Check) -> Iterator[Hit]:
    """S05：定量行的实际完成值是目标单位的数，不带符号和文字（错误）；定性行不照抄目标（提醒）。"""
    assert isinstance(row, RowFacts)
    target, actual = row.value("年度指标值"), row.value("实际完成值")
    if not isinstance(target, str) or not isinstance(actual, str) or actual in NA_WORDS:
        return
    cell = (row.address("实际完成值"),)
    direction = direction_of(row.value("性质"), target)
    if direction == QUALITATIVE:
        if bare(target) == bare(actual):
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
        unit = measure.unit or row.value("计量单位")
        yield Hit(
            cell,
            f"目标是数（{target}），实际完成值也要只填数{f'，单位{unit}' if unit else ''}，不带≥等符号和文字。",
            f"数（{unit}）" if unit else "数",
            actual,
            ERROR,
        )


@lru_cache(maxsize=4096)
def bare(text: object) -> str:
    """比较是否照抄：NFKC、去空白和标点。不是文字的为空串。"""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)) if isinstance(text, str) else ""


def is_quantitative(row: Context) -> bool:
    """这一行按数衡量：性质选了 ≥ ≤ 等，或目标读得出数。"""
    return direction_of(row.value("性质"), row.value("年度指标值")) not in ("", QUALITATIVE)


# ---- 不适用、超额、分档 -----------------------------------------------------------------------


def not_applicable_explained(row: Context, check: Check) -> Iterator[Hit]:
    """S07：完成值或得分填了不适用的，写明原因；完成值不适用的，得分也填不适用。"""
    assert isinstance(row, RowFacts)
    actual, score = row.value("实际完成值"), row.value("得分")
    gone = isinstance(actual, str) and actual in NA_WORDS
    if gone and is_number(score):
        message = f"实际完成值填的是“{actual}”，得分却填了 {plain(score, 2)}。这个指标不适用的，得分也填“不适用”，并写明原因。"
        yield Hit((row.address("得分"), row.address("实际完成值")), message, "不适用", plain(score, 2))
    elif (gone or isinstance(score, NotApplicable)) and not bare(row.value("偏差原因")):
        message = "填了不适用，没有写原因。请写明为什么不适用、分值怎么处理，由审核人决定。"
        yield Hit((row.address("偏差原因"), row.address("实际完成值")), message, "不适用的原因", "空白")


def over_achievement_explained(row: Context, check: Check) -> Iterator[Hit]:
    """S08：越高越好的指标，实际超过目标太多（计分参数里的限度，一般 30%）的，写明原因。"""
    assert isinstance(row, RowFacts)
    if bare(row.value("偏差原因")) or not _is_over(row):
        return
    target, actual = row.value("年度指标值"), row.value("实际完成值")
    limit = plain(100 + _rule(row).parameters.over_threshold * 100, 2)
    message = f"实际完成值 {actual} 达到目标 {target} 的 {limit}% 以上。请核对是否填错；属实的，在偏差原因里写明为什么超出这么多。"
    yield Hit(
        (row.address("实际完成值"), row.address("年度指标值")), message, f"不到目标的 {limit}%", str(actual)
    )


def _rule(row: RowFacts) -> ScoreRule:
    """这一行的计分办法；没有挂计分办法的列表用默认参数。"""
    found = next((rule for rule in row.rules.values() if isinstance(rule, ScoreRule)), None)
    return found or ScoreRule("指标", {})


def _is_over(row: RowFacts) -> bool:
    measure = read_measure(row.value("年度指标值"), direction_of(row.value("性质"), row.value("年度指标值")))
    actual = read_number(row.value("实际完成值"), measure.unit) if measure else None
    return bool(measure and actual is not None and over_achieved(measure, actual, _rule(row).parameters))


def score_within_band(row: Context, check: Check) -> Iterator[Hit]:
    """S09：定性指标的得分在所选档次的范围内。没有选档次的不判断。"""
    assert isinstance(row, RowFacts)
    weight, score = row.value("分值"), row.value("得分")
    band = next((one for one in _rule(row).parameters.bands if one.name == row.value("档次")), None)
    if band is None or not is_number(weight) or not is_number(score) or is_quantitative(row):
        return
    low, high = points_of(weight, band.low), points_of(weight, band.high)
    if score < low or score > high:
        shown = f"{plain(low, 2)}–{plain(high, 2)}"
        message = (
            f"档次是“{band.name}”，得分应在 {shown} 分之间，现为 {plain(score, 2)}。请改得分，或改选档次。"
        )
        cells = (row.address("得分"), row.address("档次"), row.address("分值"))
        yield Hit(cells, message, shown, plain(score, 2))


# ---- 怎么写 ---------------------------------------------------------------------------------


def has_operator_and_unit(row: Context, check: Check) -> Iterator[Hit]:
    """S13：定量行写明方向（≥ ≤ =）和计量单位；选了方向的，目标要是数。"""
    assert isinstance(row, RowFacts)
    target = row.value("年度指标值")
    if not isinstance(target, str) or not is_quantitative(row) or target in NA_WORDS:
        return
    cells = tuple(row.address(key) for key in ("年度指标值", "性质", "计量单位"))
    measure = read_measure(target, direction_of(row.value("性质"), target))
    if measure is None:
        chosen = row.value("性质")
        message = f"性质选的是“{SHOWN.get(str(chosen), chosen)}”，年度指标值却读不成一个数。请只填数，单位填在“计量单位”；不能用数衡量的，性质选“定性”。"
        yield Hit(cells, message, "数", target)
        return
    missing = [] if row.value("性质") or has_operator(target) else ["≥、≤ 或 ="]
    if not measure.unit and not row.value("计量单位"):
        missing.append("计量单位")
    if missing:
        words = "和".join(missing)
        message = f"目标是数（{target}），没有写{words}。请在这一行的“性质”“计量单位”里补上，好判断是越高越好还是越低越好。"
        yield Hit(cells, message, words, target)


def has_evidence(row: Context, check: Check) -> Iterator[Hit]:
    """S10：定性行说得出依据：填了佐证，或完成值里有数、日期，或提到 ``words``。"""
    assert isinstance(row, RowFacts)
    target, actual = row.value("年度指标值"), row.value("实际完成值")
    if not isinstance(actual, str) or not isinstance(target, str) or actual in NA_WORDS:
        return
    if is_quantitative(row) or bare(row.value("佐证")):
        return
    copied = bare(actual) == bare(target)
    if not copied and (re.search(r"\d", actual) or any(word in actual for word in check.parameters["words"])):
        return
    cells = (row.address("实际完成值"), *((row.address("佐证"),) if "佐证" in row.fields else ()))
    message = "定性指标没有写依据。请写做了什么、有什么为证（文件、记录、数），可以填在这一行的“佐证”里。"
    yield Hit(cells, message, "完成情况和依据", actual)


def reason_is_real(row: Context, check: Check) -> Iterator[Hit]:
    """S12：得分低于分值的，原因不是照抄、0、无、已完成；得满分的不照抄、不写“已完成”（超额的原因可以写）。

    ``empty`` 是等于没写的说法，``done`` 是只说做完了的说法。
    """
    assert isinstance(row, RowFacts)
    weight, score, reason = row.value("分值"), row.value("得分"), row.value("偏差原因")
    if not is_number(weight) or not is_number(score) or not isinstance(reason, str):
        return
    text, cell = bare(reason), (row.address("偏差原因"), row.address("得分"))
    copied = text and text in {bare(row.value(key)) for key in ("三级指标", "年度指标值", "实际完成值")}
    done = text in check.parameters["done"] or re.fullmatch(r"\d+", text)
    if score >= weight:
        if copied or done:
            what = "照抄了指标的文字" if copied else f"写着“{reason}”"
            yield Hit(
                cell, f"得了满分，这里{what}。没有偏差的请清空这一格；有偏差的写明原因。", "空白", reason
            )
        return
    if copied or done or not text or text in check.parameters["empty"] or len(text) < 4:
        what = "照抄了指标的文字" if copied else f"只写了“{reason}”"
        message = f"得分低于分值，原因{what}。请写清什么原因、差多少、怎么改。"
        yield Hit(cell, message, "原因、差距和措施", reason)
