"""指标写了什么的核对：放对了地方没有、重复没有、一行几件事、满意度有没有调查。

词表和界限都是方案的参数；拿不准的不报。
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..checks import Hit
from ..expressions import Context
from ..facts import RowFacts, ScopeFacts
from ..measures import read_number
from ..values import NA_WORDS, shorten
from .measures import bare, is_quantitative

if TYPE_CHECKING:
    from ..checks import Check

TEXTS = ("三级指标", "年度指标值", "实际完成值")
_DOUBLED = re.compile(r"([\u4e00-\u9fff]{4,})\1")
_NUMBERED = re.compile(r"(?<![\d.])(\d{1,2})[、.．](?!\d)")
_FIGURE = re.compile(
    r"(?<!\d)(?<!\d,)\d[\d,]*+(?:\.\d+)?\s*(?:%|‰|[个件次人户家项篇份场期名套台辆处万元天时])"
)
_SAMPLE = re.compile(r"(?<!\d)(?<!\d,)\d[\d,]*+\s*(?:余|多)?\s*(?:份|人|户|家|名|人次|位)")
_WHEN = re.compile(r"(?:19|20)\d{2}\s*[年./-]|\d{1,2}\s*月|[上下]半年|[一二三四]季度|年底|年末")
_EVERYONE = re.compile(r"(?<![\d.])100(?:\.0+)?\s*(?:%|％)")


def _text(row: RowFacts, *keys: str) -> str:
    """几列的字接在一起，NFKC。"""
    words = (row.value(key) for key in keys)
    return unicodedata.normalize("NFKC", " ".join(word for word in words if isinstance(word, str)))


def _level(row: RowFacts) -> str:
    return str(row.value("二级指标") or "")


def fits_its_level(row: Context, check: Check) -> Iterator[Hit]:
    """S14：指标放在合适的二级指标下。

    ``levels`` 的每一条：``level`` 是二级指标名里的字，``not_level`` 相反；名称和目标里有 ``words`` 中的词、
    又没有 ``unless`` 中的词的不合适；``needs`` 则要至少有一个；``without_figure`` 为真时目标里有数的不算。``advice`` 写该放哪里。
    """
    assert isinstance(row, RowFacts)
    level, target = _level(row), _text(row, "年度指标值")
    text = _text(row, "三级指标", "年度指标值")
    if not level or not text.strip():
        return
    for rule in check.parameters["levels"]:
        if rule.get("level", "") not in level or rule.get("not_level", "\n") in level:
            continue
        if rule.get("without_figure") and (not target or re.search(r"\d", target)):
            continue
        found = next((word for word in rule.get("words", ()) if word in text), "")
        if any(word in text for word in (*rule.get("unless", ()), *rule.get("needs", ()))):
            continue
        if found or rule.get("needs"):
            said = f"写着“{found}”" if found else f"看不出与{level.removesuffix('指标')}有关"
            cells = (row.address("三级指标"), row.address("年度指标值"))
            yield Hit(cells, f"放在{level}下，{said}。{rule['advice']}", level, shorten(text.strip(), 40))
            return


def not_just_spending(row: Context, check: Check) -> Iterator[Hit]:
    """S15：成本指标要有数，不只是“控制在预算内”；数量指标不是花了多少钱。

    ``within`` 是没有数的成本说法；``spending`` 是只说花钱的说法，``money`` 是金额的单位。
    """
    assert isinstance(row, RowFacts)
    level, text = _level(row), _text(row, "三级指标", "年度指标值", "计量单位")
    cells = (row.address("年度指标值"), row.address("三级指标"))
    if "成本" in level and not re.search(r"\d", text):
        found = next((word for word in check.parameters["within"] if word in text), "")
        if found:
            message = (
                f"成本指标只写“{found}”，没有数。请写控制到多少（如单位成本、总成本 ≤ 多少），好对照完成值。"
            )
            yield Hit(cells, message, "有数的成本目标", found)
    elif "数量" in level and any(unit in text for unit in check.parameters["money"]):
        found = next((word for word in check.parameters["spending"] if word in text), "")
        if found:
            message = f"数量指标写的是“{found}”，花了钱不等于做成了事。请写用这笔钱做成了多少件事。"
            yield Hit(cells, message, "做成了多少", found)


def rows_are_distinct(scope: Context, check: Check) -> Iterator[Hit]:
    """S16：没有重复的行（同名，或定性目标一样），一格里没有叠写的词（“保障大厅保障大厅”）。

    时效指标和写着日期的目标可以相同（几件事同一期限）；``shortest`` 个字以内的目标（“按期完成”）不比。
    """
    assert isinstance(scope, ScopeFacts)
    names: dict[str, int] = {}
    targets: dict[str, int] = {}
    for number, row in enumerate(scope.lists[check.parameters["list"]], 1):
        for key in TEXTS:
            doubled = _DOUBLED.search(re.sub(r"\s", "", _text(row, key)))
            if doubled:
                message = f"“{doubled[1]}”连写了两遍。请删去一遍。"
                yield Hit((row.address(key),), message, doubled[1], doubled[0])
                break
        name = bare(row.value("三级指标"))
        if name and name in names:
            message = f"与第 {names[name]} 个指标同名。请删去一行，或写清两行各指什么。"
            yield Hit((row.address("三级指标"),), message, "不重复的指标", str(row.value("三级指标")))
            continue
        names.setdefault(name, number)
        target = bare(row.value("年度指标值"))
        if len(target) <= check.parameters["shortest"] or is_quantitative(row) or "时效" in _level(row):
            continue
        if target in targets:
            message = (
                f"目标与第 {targets[target]} 个指标一样。一个目标只能说明一件事，请改成这个指标自己的目标。"
            )
            yield Hit((row.address("年度指标值"),), message, "不重复的目标", str(row.value("年度指标值")))
        elif not _WHEN.search(_text(row, "年度指标值")):
            targets[target] = number


def one_measure_per_row(row: Context, check: Check) -> Iterator[Hit]:
    """S17：一行一个指标：名称里没有 1、2、3、的几项，目标里没有分号隔开的几个数。"""
    assert isinstance(row, RowFacts)
    items = [int(number) for number in _NUMBERED.findall(_text(row, "三级指标"))]
    parts = [part for part in re.split("[;\n]", _text(row, "年度指标值")) if _FIGURE.search(part)]
    if items[:2] == [1, 2]:
        count, cell = len(items), row.address("三级指标")
    elif len(parts) > 1:
        count, cell = len(parts), row.address("年度指标值")
    else:
        return
    message = f"一行里写了 {count} 项，完成了哪一项说不清，得分也没法算。请一项写一行，分值分开。"
    yield Hit((cell,), message, "一行一项", f"{count} 项")


def survey_is_described(row: Context, check: Check) -> Iterator[Hit]:
    """S18：满意度写明怎么调查、多少样本、什么时候（填在这一行，或写在名称、完成值里）；100% 的要核对。

    ``methods`` 是调查方式的词。只说“满意度”放错地方的行也算：它同样要有调查。
    """
    assert isinstance(row, RowFacts)
    said = _text(row, "三级指标", "年度指标值")
    actual = _text(row, "实际完成值")
    if not actual or actual in NA_WORDS:
        return
    if "满意" not in _level(row) and not re.search("满意[度率]", said):
        return
    everything = _text(row, *TEXTS, "佐证", "偏差原因")
    missing = [
        word
        for key, word, found in (
            ("调查方式", "怎么调查", any(word in everything for word in check.parameters["methods"])),
            ("样本数", "多少样本", _SAMPLE.search(everything)),
            ("调查日期", "什么时候", _WHEN.search(everything)),
        )
        if row.value(key) is None and not found
    ]
    percent = "%" in _text(row, "计量单位", "年度指标值")
    everyone = _EVERYONE.search(actual) or (percent and read_number(actual, "%") == 100)
    if not missing and not everyone:
        return
    words = ([f"没有写{'、'.join(missing)}"] if missing else []) + (
        ["完成值是 100%，人人满意很少见"] if everyone else []
    )
    advice = "请在这一行填调查方式、样本数、调查日期" if missing else "请核对是不是按收回的问卷算的"
    cells = [row.address("实际完成值")]
    cells += [row.address(key) for key in ("调查方式", "样本数", "调查日期") if key in row.fields]
    yield Hit(tuple(cells), f"{'；'.join(words)}。{advice}。", "调查方式、样本数、调查日期", actual)


def quantity_has_figure(row: Context, check: Check) -> Iterator[Hit]:
    """S19：数量指标的目标里有数。数写在名称里的，提醒移到目标。"""
    assert isinstance(row, RowFacts)
    target = row.value("年度指标值")
    if "数量" not in _level(row) or not isinstance(target, str) or target in NA_WORDS:
        return
    if re.search(r"[\d零一二三四五六七八九十百千两半]", unicodedata.normalize("NFKC", target)):
        return
    named = re.findall(r"\d+(?:\.\d+)?[\u4e00-\u9fff]", _text(row, "三级指标"))
    where = f"数写在了名称里（{'、'.join(named)}），请移到年度指标值" if named else "请写要做多少"
    message = f"数量指标的目标没有数。{where}，如 37 个。"
    yield Hit((row.address("年度指标值"), row.address("三级指标")), message, "数", target)
