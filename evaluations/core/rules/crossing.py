"""各表之间、与上年之间的核对：名称一致、年度一致、上年数一致、人数一致。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..checks import Hit
from ..expressions import Context
from ..facts import RowFacts, ScopeFacts, same_name
from ..values import YUAN_PER_UNIT, is_number, plain, shorten
from .measures import bare

if TYPE_CHECKING:
    from ..checks import Check

_TITLE_YEAR = re.compile(r"((?:19|20)\d{2})\s*年")
_TITLE = re.compile(r"自评报告|自评表|基础数据表|支出情况表")
_LONGEST_TITLE = 40
_OPENING = re.compile(
    r"\s*([\u4e00-\u9fff（）()·]{4,40}?)(?:[(（][^)）]*[)）])?(?:为|是|系|属|现有|位于|成立|,|，)"
)
_PRONOUNS = ("我", "本", "该", "根据", "按照", "为")


# ---- 名称 -----------------------------------------------------------------------------------


def project_name_agrees(project: Context, check: Check) -> Iterator[Hit]:
    """X05：项目名称处处一样：引号成对，``texts`` 和 ``rows`` 里写的与项目表相同。

    只在明显是同一个项目时才报：报告里没有全称、却有它的大半（``near``）；表里的名称很像、又不是别的项目。
    """
    assert isinstance(project, ScopeFacts)
    given, top = check.parameters, project.up(1)
    key = given["name"]
    name = project.value(key)
    if not isinstance(name, str) or not name:
        return
    problems, others = [], []
    if name.count("“") != name.count("”") or name.count("‘") != name.count("’"):
        problems.append("名称里的引号不成对，请用成对的“”")
    for place, other in _other_writings(project, name, given):
        where = "报告" if place in map(top.address, given["texts"]) else "基础数据表"
        problems.append(f"{where}里写的是“{other}”，与这里的名称不一样")
        others.append((place, other))
    if problems:
        cells = (project.address(key), *(place for place, _ in others))
        shown = "；".join(other for _, other in others) or name
        yield Hit(cells, f"{'；'.join(problems)}。请处处用同一个全称。", name, shown)


def _other_writings(project: ScopeFacts, name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """别处写着的、明显是同一个项目而字不同的名称：（格，名称）。"""
    top, near = project.up(1), Fraction(given["near"])
    for text in given["texts"]:
        other = _nearly(bare(name), bare(top.shown(text)), near)
        if other:
            yield top.address(text), f"{other}…"
    known = {bare(one.value(given["name"])) for one in project.facts.children[project.scope.name]}
    for rows in given["rows"]:
        for row in top.lists[rows]:
            listed = bare(row.value("名称"))
            if listed and listed not in known and _like(listed, bare(name)) >= near:
                yield row.address("名称"), str(row.value("名称"))


def _nearly(name: str, text: str, near: Fraction) -> str:
    """文字里没有全称、但有它开头的大半时，是哪一段；没有为空串。"""
    if not text or name in text:
        return ""
    least = max(6, -(-len(name) * near.numerator // near.denominator))
    return next((name[:size] for size in range(len(name) - 1, least - 1, -1) if name[:size] in text), "")


def _like(one: str, other: str) -> Fraction:
    return Fraction(SequenceMatcher(None, one, other, autojunk=False).ratio())


def unit_name_agrees(scope: Context, check: Check) -> Iterator[Hit]:
    """X07：单位名称处处一样：``field``、系统里的、``text`` 开头自称的。报告里的简称（本中心）不算。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    cell, name = scope.address(given["field"]), same_name(scope.value(given["field"]))
    known = same_name(scope.facts.package.department_name)
    if name and known and name != known:
        message = f"表上写的是“{name}”，系统里的单位名称是“{known}”。请改成与公章一致的全称。"
        yield Hit((cell,), message, known, name)
        return
    opening = _OPENING.match(scope.shown(given["text"]))
    said = same_name(opening[1]) if opening else ""
    if not said.endswith(tuple(given["endings"])) or said.startswith(_PRONOUNS) or said == name:
        return
    if name and not (said in name or name in said or _like(said, name) >= Fraction(given["near"])):
        return  # 开头说的是别的单位
    message = (
        f"报告开头自称“{said}”，表上{f'写的是“{name}”' if name else '没有填单位名称'}。请处处用同一个全称。"
    )
    yield Hit((cell, scope.address(given["text"])), message, said, name or "空白")


def title_year_agrees(scope: Context, check: Check) -> Iterator[Hit]:
    """X09：文字里另起一行的标题（“2023年度……自评报告”）写的是评价年度。正文里说到别的年度不算。"""
    assert isinstance(scope, ScopeFacts)
    year = str(scope.constant("year"))
    for key in check.parameters["fields"]:
        text = scope.value(key)
        for line in str(text or "").splitlines():
            title = unicodedata.normalize("NFKC", line).strip()
            found = _TITLE_YEAR.findall(title)
            is_title = (
                len(title) <= _LONGEST_TITLE and _TITLE.search(title) and not re.search("[,。;]", title)
            )
            if is_title and found and year not in found:
                message = f"标题“{shorten(title, 30)}”写的是 {found[0]} 年，评价年度是 {year} 年。请核对是不是别的年度的报告。"
                yield Hit((scope.address(key),), message, year, found[0])
                break


# ---- 数 -------------------------------------------------------------------------------------


def prior_final_agrees(scope: Context, check: Check) -> Iterator[Hit]:
    """X13：``here`` 等于上年已通过材料里的 ``there``。没有上年材料、配不上的行不比。"""
    assert isinstance(scope, ScopeFacts)
    given, prior = check.parameters, scope.facts.prior
    if prior is None:
        return
    rate = Fraction(YUAN_PER_UNIT[prior.pack.money_unit]) / Fraction(
        YUAN_PER_UNIT[scope.facts.pack.money_unit]
    )
    places: list[tuple[ScopeFacts | RowFacts, str]] = [(scope, f"{line}.") for line in given["lines"]]
    places += [(row, "") for key in given["rows"] for row in scope.lists[key]]
    for node, start in places:
        now, before = node.value(start + given["here"]), node.prior(start + given["there"])
        if not is_number(now) or not is_number(before):
            continue
        then = Fraction(before) * rate
        if abs(Fraction(now) - then) > Fraction(given["tolerance"]):
            shown, was = plain(now, 6), plain(then, 6)
            message = (
                f"上年决算数填的是 {shown}，上年已通过的材料里决算数是 {was}，相差 {plain(abs(Fraction(now) - then), 6)}。"
                "请照上年的决算填；上年填错的，请联系财政局。"
            )
            yield Hit((node.address(start + given["here"]),), message, was, shown)


def staff_agrees(scope: Context, check: Check) -> Iterator[Hit]:
    """X15：``text`` 里写的在编人数等于 ``field``，编外的另说。没有写在编人数的不比。"""
    assert isinstance(scope, ScopeFacts)
    given = check.parameters
    staff = scope.value(given["field"])
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", scope.shown(given["text"])))
    words = "|".join(map(re.escape, sorted(given["words"], key=len, reverse=True)))
    stated = re.findall(rf"(?:{words})(?:人员|职工|干部|人数)*[为是共计有:]{{0,2}}(\d{{1,5}})[人名]", text)
    if not is_number(staff) or not stated or any(int(number) == staff for number in stated):
        return
    message = (
        f"基础数据表的实际在职人数是 {plain(staff, 0)}，报告里写在编 {stated[0]} 人。请改成一致；"
        "编外、聘用人员不计入在职人数，在报告里另外写明和谁付工资。"
    )
    yield Hit(
        (scope.address(given["field"]), scope.address(given["text"])), message, stated[0], plain(staff, 0)
    )
