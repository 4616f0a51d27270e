"""读一段文字里的数：多少、什么单位、说的是什么、在哪一句。

年份、日期、电话、文号、热线号码、序号、范围（“2—3天”）不是要核对的数，不列。位置都是 ``normalized`` 以后的。
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

UNITS = (
    "%|‰|个百分点|百分点|人次|人天|户次|项次|车次|场次|班次|批次|件次|个月|小时|分钟|工作日|季度|学时|课时|平方公里|平方米|平米|立方米|"
    "公里|千米|公顷|千克|公斤|千瓦时|元|个|件|次|人|名|户|家|项|篇|份|场|期|套|台|辆|条|处|米|亩|吨|天|年|分|册|例|起|宗|笔|座|间|所|"
    "批|班|倍|位|株|棵|头|只|张|块|片|栋|段|周|秒|支|对|届|轮|门|封|幅|枚|箱|袋|站|集|本|卷|盏|羽|艘|m2|m3|km|kg"
)
SAME_UNIT = {
    "名": "人",
    "位": "人",
    "m2": "平方米",
    "平米": "平方米",
    "km": "公里",
    "千米": "公里",
    "kg": "千克",
    "公斤": "千克",
}
_CHINESE_UNITS = "元|人次|人|名|个|件|项|场次|场|次|户|家|份|辆|台|套|亩|平方米|公里|小时|天"
_SCALES = {"": 1, "十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
_DASH = r"\s*(?:-|—|–|~|〜|至|到)+\s*"
_HOTLINES = "12345|12348|12315|12333|12329|12328|12388|95598|110|119|120|122|114"
_LEFT_OUT = "|".join((
    rf"(?:19|20)\d{{2}}\s*年?度?{_DASH}(?:19|20)\d{{2}}\s*年度?",
    r"(?:19|20)\d{2}\s*年度?(?:\s*\d{1,2}\s*月份?)?(?:\s*\d{1,2}\s*[日号])?",
    r"(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}",
    rf"\d{{1,2}}(?:{_DASH}\d{{1,2}})?\s*月份?(?:\s*\d{{1,2}}\s*[日号])?",
    r"\d{1,2}\s*[日时点](?:\d{1,2}\s*分)?", r"\d{1,2}:\d{2}", r"\d+\s*号",
    r"0\d{2,3}-\d{7,8}", r"1[3-9]\d{9}",
    r"[〔\[【(](?:19|20)\d{2}[〕\]】)]\s*(?:第?\s*\d+\s*号)?",
    r"第\s*\d+", r"(?:附件|附表|表|图)\s*\d+", r"目标\s*\d{1,2}(?=[、.:\s])", r"\d{1,2}(?=、)", r"\(\d{1,2}\)", r"(?:(?<=\n)|\A)\s*\d{1,2}\.(?!\d)",
    rf"(?:{_HOTLINES})(?![\d.,%]|\s*[万亿]?(?:{UNITS}))",
    r"[A-Za-z][A-Za-z0-9.\-]*", r"\d+\s*[×x*/]\s*\d+",
    rf"{_NUMBER}\s*[万亿]?(?:{UNITS})?{_DASH}{_NUMBER}\s*[万亿]?(?:{UNITS})?",
))  # fmt: skip
_SCAN = re.compile(
    rf"(?P<out>{_LEFT_OUT})"
    rf"|(?P<number>{_NUMBER})\s*(?P<about>余|多|几)?\s*(?P<scale>[万亿]?)(?P<about2>余|多)?\s*(?P<unit>{UNITS})?"
    rf"|百分之(?P<percent>[零〇一二两三四五六七八九十百]+)"
    rf"|(?P<chinese>[零〇一二两三四五六七八九十百千万亿]{{1,9}})(?P<about3>余|多)?(?P<unit2>{_CHINESE_UNITS})",
    re.ASCII,
)
LONGEST_NUMBER = 30
"""更长的一串数字不是数。"""
MOST_FIGURES = 1_000
"""一段里最多读这么多个数：真的报告一段不过几百个，故意堆出来的不能拖住系统。"""
_SENTENCE = re.compile(r"[。!?！？\n]")
_CLAUSE = re.compile(r"[，,。;:!?！？、()\n]")
_ABOUT = re.compile(r"(?:近|约|约为|大约|左右|超|超过|逾|以上)\s*\Z")
_COMPARED = re.compile(
    r"比|较|同比|环比|增长|增加|增至|减少|下降|降低|上升|提高|提升|节约|压减|新增|目标|不低于|不少于|不超过|低于|高于|超过|多|少|增|减"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """文字里的一个数。``value`` 已乘万、亿；``unit`` 是换成同一说法的单位（名、位即人），没有为空。

    ``label`` 是同一小句里数前面的字，``after`` 是后面的字；``sentence`` 是第几句；``about`` 是“余、多、约”一类的概数；
    ``step`` 是写出来的最后一位是多少；``compared`` 是比较、目标（“比上年少”“低于98%”），不是本身的数。
    """

    value: Fraction
    unit: str
    words: str
    label: str
    after: str
    sentence: int
    start: int
    end: int
    step: Fraction
    scaled: bool
    about: bool
    compared: bool

    @property
    def is_money(self) -> bool:
        """金额；“13.5万”没有写元的也算。"""
        return self.unit == "元" or (self.scaled and not self.unit)


@dataclass(frozen=True, slots=True)
class Reading:
    """读过的一段文字：``text`` 是统一写法以后的，``ends`` 是各句的起止。"""

    text: str
    sentences: tuple[tuple[int, int], ...]
    figures: tuple[Figure, ...]

    def sentence(self, number: int) -> str:
        """第几句的字。"""
        start, end = self.sentences[number]
        return self.text[start:end].strip()

    def before(self, figure: Figure) -> str:
        """这一句里，数前面的字。"""
        return self.text[self.sentences[figure.sentence][0] : figure.start]

    def rest(self, figure: Figure) -> str:
        """这一句里，数后面的字。"""
        return self.text[figure.end : self.sentences[figure.sentence][1]]

    def of_sentence(self, number: int) -> list[Figure]:
        """第几句里的数。"""
        return [figure for figure in self.figures if figure.sentence == number]


def normalized(text: str) -> str:
    """统一写法：NFKC，只有全角逗号不变（“5，100%”不是五千一百）。"""
    return "，".join(unicodedata.normalize("NFKC", part) for part in text.split("，"))


@lru_cache(maxsize=512)
def read_text(text: str) -> Reading:
    """读一段文字；任何文字都读得下来。"""
    plain = normalized(text)
    sentences = tuple(_sentences(plain))
    figures = []
    at = 0
    for match in _SCAN.finditer(plain):
        if match["out"] is not None:
            continue
        while match.start() >= sentences[at][1] and at + 1 < len(sentences):
            at += 1
        found = _figure(match, plain, at)
        if found is not None:
            figures.append(found)
        if len(figures) == MOST_FIGURES:
            break
    return Reading(plain, sentences, tuple(figures))


def _sentences(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    starts = [0, *ends]
    return list(zip(starts, [*ends, len(text)], strict=True))


def _figure(match: re.Match[str], text: str, sentence: int) -> Figure | None:
    scale, unit = match["scale"] or "", match["unit"] or match["unit2"] or ""
    if match["number"] is not None:
        digits = match["number"].replace(",", "")
        if len(digits) > LONGEST_NUMBER:
            return None
        number, step = Fraction(digits), Fraction(1, 10 ** len(digits.partition(".")[2]))
    else:
        whole = _chinese(match["percent"] or match["chinese"])
        if whole is None or (match["chinese"] and whole < 2):
            return None
        number, step, unit = Fraction(whole), Fraction(1), unit or "%"
    before = _CLAUSE.split(text[max(0, match.start() - 60) : match.start()])[-1]
    after = _CLAUSE.split(text[match.end() : match.end() + 20])[0]
    about = bool(match["about"] or match["about2"] or match["about3"] or _ABOUT.search(before))
    times = _SCALES[scale]
    return Figure(
        number * times, SAME_UNIT.get(unit, unit), " ".join(match.group(0).split()), before.strip(), after.strip(),
        sentence, match.start(), match.end(), step * times, bool(scale), about or after.startswith(("左右", "以上")),
        bool(_COMPARED.search(before)),
    )  # fmt: skip


def _chinese(text: str) -> int | None:
    """中文数字（一千二百、十二、二十万）；读不成为 None。"""
    total, part, digit = 0, 0, 0
    for sign in text:
        if sign in _DIGITS:
            if digit and part == 0 and total == 0:
                return None
            digit = _DIGITS[sign]
        elif sign in "万亿":
            total = (total + part + digit or 1) * _SCALES[sign]
            part = digit = 0
        else:
            part += (digit or 1) * _SCALES[sign]
            digit = 0
    return total + part + digit
