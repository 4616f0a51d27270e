"""报告的文字：没达到的地方要扣分（N04），日期（N05），与表上重复的段落（N06），问题写没写实（N08、N09），

填写提示（R02），总分和等次（R03），钱没花完不说全部完成（X11）。
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from ..checks import ERROR, Hit
from ..expressions import Context
from ..facts import ScopeFacts
from ..linking import INDICATORS, measured
from ..narrative import normalized, read_text
from ..values import is_number, plain, round_half_up, shorten

if TYPE_CHECKING:
    from ..checks import Check

_MISSED = re.compile(
    r"(?:没有|没能|未能?|尚未)(?:全部|完全|按期|按时|及时)?(?:达到|完成|实现)[^，,。;\n]{0,12}(?:目标|任务|指标|计划|要求)"
)
_ON_TIME = re.compile(
    r"(?:按期|按时|如期|限期|及时)(?:办结|办理|完成|答复|交付|发放|拨付)率?(?:为|达|达到)?\s*\Z"
)
_DATE = re.compile(r"(?P<year>(?:19|20)\d{2})\s*年\s*(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*日)?")
_SHORT_DATE = re.compile(r"(?<![\d年])(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日")
_OTHER_YEAR_OK = re.compile(
    r"比|较|自|从|截至|以来|至|到|—|-|~|结转|批复|立项|印发|出台|启动|开工|签订|下达|成立|组建|挂牌|规划|计划|预计|将|拟|起|始|延续|跨年|申请|中标|采购|文件|通知|办法|"
    r"决定|规定|意见|会议|方案|任期|届|立案|案发|受理|承接"
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SUBJECT = r"\A\s*(?P<year>(?:19|20)\d{2})\s*年度?[,，]?\s*(?=我|本|全|单位|中心|政务|学校|医院|没有|无)"
_SELF = re.compile(_SUBJECT)
_NUMBERING = re.compile(
    r"\A(?:[(（]?[一二三四五六七八九十\d]+[)）、.]|[一二三四五六七八九十]是|目标\d+[、:])+\s*"
)
_CAUSE = re.compile(r"原因|由于|因为|主要是|因(?!此|素|地|特)|导致|致使|受.{1,12}影响|制约")
_MEASURE = re.compile(
    r"加强|完善|建立|健全|加快|推进|提前|压实|督促|纳入|改为|公开|细化|优化|培训|增加|每[周月季年]|改进|规范|落实|[0-9]+\s*月"
)
_BLANKS = re.compile(
    r"(?:[×Xx]{2,}|_{3,}|\*{3,})(?=\s*(?:单位|年|项目|万元|元|局|中心|人|件|%|分))|(?:请|此处)(?:在此)?(?:填写|输入)"
)
_SCORE = re.compile(
    r"(?:自评|整体支出|绩效|评价)[^。;，,\n]{0,12}?(?:得分|总分|评分|分数|自评分)[为是:达到共计]{0,3}\s*(?P<score>\d{1,3}(?:\.\d+)?)\s*分"
)
_GRADE = re.compile(
    r"(?:等次|等级|评价结果|绩效级别)[为是达到评定:“\"]{0,5}(?P<grade>优秀|优|良好|良|中等|中|差)(?![^\W\d_]{0,2}率)"
)
_GRADES = {"优秀": "优", "良好": "良", "中等": "中"}
_DONE = re.compile(r"(?:圆满|全面|全部|超额|如期|100%|百分之百)(?:地)?(?:完成|实现)")
_LEFT = re.compile(
    r"没有支出|未支出|未执行|没有执行|未使用|未拨付|没有拨付|未支付|结转|结余|尾款|保证金|执行率|支出进度|节约|缺口|未形成"
)
_SHORTEST_PARAGRAPH = 30
_SHORTEST_GUIDE = 8


def _text(scope: ScopeFacts, key: str) -> str:
    return scope.shown(key) if key in scope.fields else ""


def _bare(text: str) -> str:
    """比较是不是同样的字：去掉空白和标点。"""
    return re.sub(r"[\W_]+", "", normalized(text))


# ---- 没达到的，扣了分没有 ---------------------------------------------------------------------


def shortfall_lowers_score(scope: Context, check: Check) -> Iterator[Hit]:
    """N04：报告说没有达到目标、没有全部按期办结，而质量、时效、满意度各行都是满分。报第一处。"""
    assert isinstance(scope, ScopeFacts)
    rows = [row for one in scope.facts.scopes() for row in one.lists.get(INDICATORS, ())]
    scored = [(row.value("得分"), row.value("分值")) for row in rows]
    if not rows or any(is_number(s) and is_number(w) and s < w for s, w in scored):
        return
    known = {(figure.unit, figure.value) for row in rows if (figure := measured(row)) is not None}
    for key in check.parameters["texts"]:
        text = _text(scope, key)
        found = _missed(text, known)
        if found:
            message = (
                f"这里写“{shorten(found, 40)}”，没有全部做到；而各张表的指标都是满分。"
                "请核对：没做到的指标按计分办法扣分并写原因；不影响指标的，说明为什么。"
            )
            yield Hit((scope.address(key),), message, "相应的指标扣分", "全部满分")
            return


def _missed(text: str, known: set[tuple[str, Fraction]]) -> str:
    reading = read_text(text)
    said = _MISSED.search(reading.text)
    if said:
        return said.group(0)
    for figure in reading.figures:
        low = figure.unit == "%" and figure.value < 100 and not figure.compared
        if low and _ON_TIME.search(figure.label) and (figure.unit, figure.value) not in known:
            return f"{figure.label}{figure.words}"
    return ""


# ---- 日期 -----------------------------------------------------------------------------------


def dates_in_year(scope: Context, check: Check) -> Iterator[Hit]:
    """N05：做的事在评价年度内；日历上有这一天；整段没有沿用别的年度的话。每段文字报第一处。"""
    assert isinstance(scope, ScopeFacts)
    year = str(scope.constant("year"))
    for key in check.parameters["texts"]:
        text = normalized(_text(scope, key))
        if impossible := _impossible(text):
            message = f"这里写的“{impossible}”，日历上没有这一天。请核对日期。"
            yield Hit((scope.address(key),), message, "日历上有的日子", impossible)
        elif other := shorten(_other_year(text, year, key in check.parameters["deeds"]), 30):
            message = (
                f"评价年度是 {year} 年，这里写的是“{other}”。"
                "请核对日期，是不是沿用了别的年度的文字；确是别的年度的事，说明和本年的关系。"
            )
            yield Hit((scope.address(key),), message, f"{year} 年", other)


def _impossible(text: str) -> str:
    for match in [*_DATE.finditer(text), *_SHORT_DATE.finditer(text)]:
        month, day = int(match["month"]), int(match["day"] or 1)
        if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
            return match.group(0)
    return ""


def _other_year(text: str, year: str, deeds: bool) -> str:
    own = _SELF.match(text)
    if own and own["year"] != year and year not in text:
        return re.split(r"[。;\n]", text.strip(), maxsplit=1)[0]
    for match in _DATE.finditer(text) if deeds else ():
        if match["year"] == year:
            continue
        start = max(text.rfind(mark, 0, match.start()) for mark in "。;\n") + 1
        end = min((at for mark in "。;\n" if (at := text.find(mark, match.end())) >= 0), default=len(text))
        if year not in text[start:end] and not _OTHER_YEAR_OK.search(text[start:end]):
            return match.group(0)
    return ""


# ---- 照抄、填写提示 ---------------------------------------------------------------------------


def paragraphs_differ(scope: Context, check: Check) -> Iterator[Hit]:
    """N06：报告与表上的长段落是不是一字不差。只提示。"""
    assert isinstance(scope, ScopeFacts)
    first, second = check.parameters["texts"]
    seen = {_paragraph(line) for line in _text(scope, first).split("\n")}
    same = [line for line in _text(scope, second).split("\n") if len(_paragraph(line)) >= _SHORTEST_PARAGRAPH]
    same = [line for line in same if _paragraph(line) in seen]
    if same:
        name = scope.fields[second].full_label
        message = (
            f"有 {len(same)} 段与“{name}”一字不差，如“{shorten(same[0].strip(), 24)}”。"
            "表上写结果，报告里写做法和原因，会更清楚。"
        )
        yield Hit((scope.address(first), scope.address(second)), message, "各有侧重", f"{len(same)} 段相同")


def _paragraph(line: str) -> str:
    return _bare(_NUMBERING.sub("", normalized(line).strip()))


def prompts_removed(scope: Context, check: Check) -> Iterator[Hit]:
    """R02：表样上的填写提示、没填的空（“××万元”）不留在文字里。每段文字报一处。"""
    assert isinstance(scope, ScopeFacts)
    prompts = _prompts(scope.facts.pack.guides)
    for key in check.parameters["texts"]:
        text = _text(scope, key)
        plain_text = _bare(text)
        left = next((part for part, bare in prompts if bare in plain_text), "") if plain_text else ""
        blank = _BLANKS.search(normalized(text))
        left = left or (blank.group(0) if blank else "")
        if left:
            message = f"还留着填写提示“{shorten(left, 24)}”。请删去，写上本单位的内容。"
            yield Hit((scope.address(key),), message, "本单位的内容", shorten(left, 24))


@lru_cache(maxsize=16)
def _prompts(guides: tuple[str, ...]) -> list[tuple[str, str]]:
    """填写提示的各句：原文和比较用的字；太短的（“没有的写无”）不算。"""
    parts = [part for guide in guides for part in re.split(r"[。;；]", guide)]
    return [(part, bare) for part in parts if len(bare := _bare(part)) >= _SHORTEST_GUIDE]


# ---- 问题写没写实 -----------------------------------------------------------------------------


def problem_is_concrete(scope: Context, check: Check) -> Iterator[Hit]:
    """N08：存在的问题写清原因和数据，下一步有措施；三样里不到 ``least`` 样的才提醒。"""
    assert isinstance(scope, ScopeFacts)
    problem, plan = (_text(scope, check.parameters[key]) for key in ("problem", "plan"))
    if not problem.strip():
        return
    reading = read_text(problem)
    traits = {
        "原因": bool(_CAUSE.search(reading.text)),
        "数据": bool(reading.figures),
        "改进措施": bool(_MEASURE.search(normalized(plan))) and len(_bare(plan)) >= 10,
    }
    if sum(traits.values()) >= int(check.parameters["least"]):
        return
    missing = "、".join(name for name, there in traits.items() if not there)
    message = f"只写了“{shorten(problem.strip(), 30)}”，没有写{missing}。请写清是什么问题、涉及多少、为什么、怎么改。"
    yield Hit((scope.address(check.parameters["problem"]),), message, "原因、数据、措施", f"缺{missing}")


def low_execution_is_told(scope: Context, check: Check) -> Iterator[Hit]:
    """N09：执行率低于 ``rate``，或项目支出比上年降幅超过 ``drop``，存在的问题里要写到。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    texts = "".join(normalized(_text(scope, key)) for key in given["texts"])
    if not texts.strip():
        return
    cells, told = [], []
    rate = scope.value(given["rate_field"])
    if is_number(rate) and Fraction(rate) < Fraction(given["rate"]) and not _LEFT.search(texts):
        cells.append(scope.address(given["rate_field"]))
        told.append(f"执行率 {scope.shown(given['rate_field'])}")
    now, before = (scope.value(f"{given['spending']}.{column}") for column in ("本年决算数", "上年决算数"))
    if is_number(now) and is_number(before) and before > 0:
        change = (Fraction(now) - Fraction(before)) / Fraction(before)
        if change < -Fraction(given["drop"]) and not re.search(
            r"减少|下降|压减|缩减|降低|比上年|较上年|少于上年", texts
        ):
            cells.append(scope.address(f"{given['spending']}.本年决算数"))
            told.append(f"{given['spending']}比上年少 {plain(round_half_up(-change * 100, 2), 2)}%")
    if told:
        words = "，".join(told)
        message = f"{words}，这里没有写到。请写明少了多少、为什么、对工作有什么影响。"
        yield Hit((scope.address(given["texts"][0]), *cells), message, words, "没有写到")


# ---- 总分、等次、说法 -------------------------------------------------------------------------


def stated_score_equals(scope: Context, check: Check) -> Iterator[Hit]:
    """R03：报告写的自评总分、等次与自评表相同（错误）；分值合计不是 100 时不比等次。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    total, grade = scope.value(given["score"]), scope.value(given["grade"])
    for key in given["texts"]:
        text = normalized(_text(scope, key))
        score = _said(_SCORE, text)
        if score and is_number(total) and not _same_score(score["score"], Fraction(total)):
            right = plain(round_half_up(total, 2), 2)
            message = f"这里写“{shorten(score.group(0), 30)}”，自评表的总分是 {right} 分。请改成一致。"
            yield Hit(
                (scope.address(key), scope.address(given["score"])), message, right, score["score"], ERROR
            )
        stated = _said(_GRADE, text)
        name = _GRADES.get(stated["grade"], stated["grade"]) if stated else ""
        if name and grade and name != grade:
            message = f"这里写等次是“{name}”，按自评总分应为“{grade}”。请改成一致。"
            yield Hit((scope.address(key), scope.address(given["grade"])), message, str(grade), name, ERROR)


def _said(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """第一处不是说某个项目、别的年度的。"""
    for match in pattern.finditer(text):
        clause = re.split(r"[。;\n]", text[: match.end()])[-1]
        if not re.search(r"项目支出绩效|项目自评|该项目|上年|去年", clause):
            return match
    return None


def _same_score(said: str, total: Fraction) -> bool:
    places = len(said.partition(".")[2])
    return Fraction(round_half_up(total, places)) == Fraction(said) or abs(Fraction(said) - total) < Fraction(
        1, 100
    )


def score_is_stated(scope: Context, check: Check) -> Iterator[Hit]:
    """R03：报告写了自评总分（提醒；不要求的地方关掉这一条）。那一节空着时，是因为没有写。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    texts = [normalized(_text(scope, key)) for key in given["texts"]]
    if any(_said(_SCORE, text) for text in texts):
        return
    first = given["texts"][0]
    right = scope.shown(given["score"])
    message = f"没有写自评总分和等次。请写上，如“部门整体支出绩效自评得分{right or '…'}分”。"
    causes = ("R01",) if not texts[0].strip() else ()
    yield Hit(
        (scope.address(first), scope.address(given["score"])), message, right, "没有写", because_of=causes
    )


def completion_fits_money(scope: Context, check: Check) -> Iterator[Hit]:
    """X11：还有钱没有支出，报告说“圆满完成”而一处也没有提没有支出的钱。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    budget, executed = (scope.value(given[key]) for key in ("budget", "executed"))
    if not is_number(budget) or not is_number(executed) or budget <= 0:
        return
    left = (Fraction(budget) - Fraction(executed)) / Fraction(budget)
    if left <= Fraction(given["share"]):
        return
    texts = {key: normalized(_text(scope, key)) for key in given["texts"]}
    claim = next(((key, m) for key, text in texts.items() if (m := _DONE.search(text))), None)
    if claim is None or any(_LEFT.search(text) for text in texts.values()):
        return
    key, said = claim
    share = plain(round_half_up(left * 100, 2), 2)
    unit = scope.constant("money_unit")
    message = (
        f"这里写“{said.group(0)}”，而全年预算 {plain(budget, 6)} {unit}还有 {plain(Fraction(budget) - Fraction(executed), 6)} {unit}（{share}%）没有支出，"
        "报告里没有说到。请写明没有支出的钱影响哪些工作，或改写这句话。"
    )
    yield Hit(
        (scope.address(key), scope.address(given["executed"])),
        message,
        "写明没有支出的钱",
        f"{share}% 没有支出",
    )
