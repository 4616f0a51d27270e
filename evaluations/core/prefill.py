"""取数的表格：预算、决算的数按预算编码、项目编码带入。这里读表、换单位、比三方，不碰数据库。

一张工作表“部门”，一张“项目”；列名用字段的键或全称。空着的格是“没有说”，不是 0，不动。
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from statistics import median

from .facts import same_name
from .schema import Field, Schema, Scope
from .tabular import ERRORS, HEADING_ROWS, Cell, Fault, Row, plain_heading, table, text_of
from .values import (
    NUMBER_KINDS,
    YUAN_PER_UNIT,
    ValueProblem,
    default_digits,
    from_yuan,
    parse,
    shorten,
    tidy,
    to_yuan,
)

PACKAGE_SHEET, PROJECT_SHEET = "部门", "项目"
CODE, NAME, PROJECT_CODE, PROJECT_NAME = "预算编码", "单位名称", "项目编码", "项目名称"
PACKAGE_HEADINGS = {CODE: True, NAME: False}
PROJECT_HEADINGS = {CODE: True, PROJECT_CODE: False, PROJECT_NAME: False}
OWN_HEADINGS = PACKAGE_HEADINGS.keys() | PROJECT_HEADINGS.keys()
LONGEST_CODE = 60
LIKELY_YUAN = 100_000
"""没有写单位时，数的中位数到这么大就当是元。"""
FEWEST_YUAN, MOST_WAN = Decimal(100), Decimal(1_000_000)
"""不到 100 元的不像元；到 100 万万元的不像万元。"""
TEN_THOUSANDFOLD = (Decimal(2_000), Decimal(50_000))
_UNIT_WORDS = re.compile(r"(?:金额)?单位[:：]?[（(]?(万元|元)(?![旦月宵])|[（(](万元|元)[)）]")


# ---- 三方比较 ---------------------------------------------------------------------------------


class Verdict(StrEnum):
    """一格：上次的来源、这次的来源、单位现在的值，三个比出来。"""

    NEW = "new"
    CHANGED = "changed"
    KEPT = "kept"
    BOTH = "both"
    SAME = "same"


def verdict(base: str | None, source: str, mine: str) -> Verdict:
    """``base`` 是上次来源的值，第一次为 None。单位自己改过的永远不悄悄盖掉：``BOTH`` 要人选。"""
    if mine == source:
        return Verdict.SAME
    if base is None:
        return Verdict.BOTH if mine else Verdict.NEW
    if mine == base:
        return Verdict.CHANGED
    return Verdict.KEPT if source == base else Verdict.BOTH


# ---- 有哪些列 ---------------------------------------------------------------------------------


def names_of(scope: Scope) -> dict[str, str]:
    """表头 → 键：键本身、全称，和不与别的格重名的简称。只收由单位填的单个的格。"""
    full, short = (
        Counter(getattr(item, name) for item in scope.fields.values()) for name in ("full_label", "label")
    )
    found: dict[str, str] = {}
    for key, item in scope.fields.items():
        if _refusal(item) or key == scope.match:
            continue
        found[key] = key
        for label, counts in ((item.full_label, full), (item.label, short)):
            if counts[label] == 1 and label not in OWN_HEADINGS:
                found.setdefault(label, key)
    return found


def heading_of(scope: Scope, key: str) -> str:
    """模板里这一格的列名：全称；与别的格重名的用键。"""
    label = scope.fields[key].full_label
    return label if names_of(scope).get(label) == key else key


def template_keys(scope: Scope) -> list[str]:
    """模板里列出的格：数，和项目的短字。"""
    texts = ("text",) if scope.name else ()
    kinds = NUMBER_KINDS | set(texts)
    return [key for key in dict.fromkeys(names_of(scope).values()) if scope.fields[key].kind in kinds]


def _refusal(item: Field) -> str:
    if not item.asked:
        return "由系统计算，不用导入。请删去这一列。"
    return "" if item.by == "unit" else "由审核人填，不能导入。请删去这一列。"


def _why_unknown(heading: str, scope: Scope) -> str:
    """一列为什么不收。"""
    plain = plain_heading(heading)
    named = {
        key: _refusal(item)
        for key, item in scope.fields.items()
        if plain in map(plain_heading, (key, item.full_label, item.label))
    }
    if scope.match in named:
        return f"写成“{PROJECT_NAME}”就行了。"
    if named:
        refusal = next(iter(named.values()))
        return refusal if all(named.values()) else "不止一格叫这个名字。请用下载的模板里的列名。"
    if plain.split(".")[0] in scope.lists:
        return "是列表里的列，取数只收单个的格。请删去这一列。"
    return "没有这一格。请删去这一列，或用下载的模板里的列名。"


# ---- 读表 -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """来源说的一格：方案单位的字，在表上哪一列。"""

    text: str
    heading: str


@dataclass(frozen=True)
class SourceRow:
    """一个单位，或它的一个项目：来源说的各格（键 → 值）。"""

    row: Row
    code: str
    values: dict[str, Given]
    project_code: str = ""
    project_name: str = ""


@dataclass
class Source:
    """一个文件读出来的内容。``unit`` 是用的金额单位，``said`` 说凭什么，``guessed`` 是按大小看的。"""

    unit: str = ""
    said: str = ""
    guessed: bool = False
    packages: list[SourceRow] = field(default_factory=list)
    projects: list[SourceRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    told: list[Fault] = field(default_factory=list)


Sheets = Mapping[str, Sequence[Sequence[Cell]]]


def read_source(sheets: Sheets, schema: Schema, money_unit: str, unit: str = "") -> Source:
    """读一个文件。``unit`` 是人选的金额单位，没有选就从文件看；``money_unit`` 是方案的单位。"""
    source = Source()
    found = [
        _Sheet(scope, names_of(scope), _rows(name, sheets[name], scope, source))
        for scope, name in _sheets_by_scope(sheets, schema, source)
    ]
    _choose_unit(source, sheets, found, unit)
    for sheet in found:
        read = [_source_row(row, sheet, source, money_unit) for row in sheet.rows]
        kept = [one for one in read if one is not None]
        _refuse_twice(kept, source)
        (source.projects if sheet.scope.name else source.packages).extend(kept)
    return source


@dataclass(frozen=True)
class _Sheet:
    """一张工作表：说的是哪个范围，表头 → 键，各行。"""

    scope: Scope
    names: dict[str, str]
    rows: list[Row]


def _sheets_by_scope(sheets: Sheets, schema: Schema, source: Source) -> list[tuple[Scope, str]]:
    """哪张工作表是部门的、哪张是项目的。只有一张时（csv）看表头。"""
    scopes = {PACKAGE_SHEET: schema.root, **schema.children}
    named = {name.strip(): name for name in sheets}
    found = [(scope, named[kind]) for kind, scope in scopes.items() if kind in named]
    if not found and len(sheets) == 1:
        (name,) = sheets
        heads = {plain_heading(cell) for row in sheets[name][:HEADING_ROWS] for cell in row}
        of_projects = heads & {PROJECT_CODE, PROJECT_NAME} and PROJECT_SHEET in scopes
        found = [(scopes[PROJECT_SHEET if of_projects else PACKAGE_SHEET], name)]
    if not found:
        advice = f"没有叫“{PACKAGE_SHEET}”或“{PROJECT_SHEET}”的工作表。请改名，或用下载的模板。"
        source.faults.append(Fault(shorten("、".join(sheets)), 0, "", "", advice))
    used = {name for _, name in found}
    source.told += [
        Fault(name, 0, "", "", "这张工作表不读。", info=True) for name in sheets if name not in used
    ]
    return found


def _rows(sheet: str, cells: Sequence[Sequence[Cell]], scope: Scope, source: Source) -> list[Row]:
    own = PROJECT_HEADINGS if scope.name else PACKAGE_HEADINGS
    rows, faults = table(sheet, cells, {**dict.fromkeys(names_of(scope), False), **own})
    for fault in faults:
        if fault.info:  # 多出来的列在这里不放过：数导不进来，人会以为导了
            fault = Fault(sheet, fault.row, fault.value, "", _why_unknown(fault.value, scope))
        elif not fault.row:
            fault = Fault(sheet, 0, "", "", f"前 {HEADING_ROWS} 行里找不到表头“{CODE}”。请用下载的模板填。")
        source.faults.append(fault)
    return rows


def _source_row(row: Row, sheet: _Sheet, source: Source, money_unit: str) -> SourceRow | None:
    """一行来源；没有编码的不要。读不懂的格记下，别的接着读。"""
    scope, code = sheet.scope, row.values[CODE]
    if not code:
        source.faults.append(row.fault(CODE, "没有填。请填单位的预算编码。"))
        return None
    values = _values(row, sheet, source, money_unit)
    if not scope.name:
        return SourceRow(row, code, values)
    name = row.values[PROJECT_NAME]
    if len(row.values[PROJECT_CODE]) > LONGEST_CODE:
        source.faults.append(row.fault(PROJECT_CODE, f"超过 {LONGEST_CODE} 个字。请核对。"))
        return None
    if name:
        values[scope.match] = Given(name, PROJECT_NAME)
    elif not row.values[PROJECT_CODE]:
        source.faults.append(row.fault(PROJECT_NAME, "项目编码、项目名称都没有填。请至少填一个。"))
        return None
    return SourceRow(row, code, values, row.values[PROJECT_CODE], name)


def _values(row: Row, sheet: _Sheet, source: Source, money_unit: str) -> dict[str, Given]:
    values: dict[str, Given] = {}
    for heading, key in sheet.names.items():
        text = row.values.get(heading, "")
        if not text or text in ERRORS:
            continue
        if key in values:
            words = f"与“{values[key].heading}”是同一格，给了两个值。请只留一列。"
            source.faults.append(row.fault(heading, words))
            continue
        try:
            values[key] = Given(_text(sheet.scope.fields[key], text, source.unit, money_unit), heading)
        except ValueProblem as problem:
            source.faults.append(row.fault(heading, str(problem)))
    return values


def _text(item: Field, text: str, unit: str, money_unit: str) -> str:
    """表上的字 → 方案单位的字；读不懂抛 ``ValueProblem``。"""
    if item.kind == "money":
        value = parse("money", text, digits=default_digits("money", unit))
        if isinstance(value, Decimal):
            text = f"{from_yuan(to_yuan(value, unit), money_unit):f}"
    return item.to_text(parse(item.kind, text, digits=item.digits, choices=item.choices))


def _refuse_twice(rows: list[SourceRow], source: Source) -> None:
    """同一个单位、同一个项目写了两行。有编码的项目按编码分，允许同名。"""
    seen: dict[tuple[str, str, str], int] = {}
    for one in rows:
        column, text = CODE, ""
        if one.project_code or one.project_name:
            column = PROJECT_CODE if one.project_code else PROJECT_NAME
            text = one.project_code or same_name(one.project_name)
        first = seen.setdefault((one.code, column, text), one.row.number)
        if first != one.row.number:
            source.faults.append(one.row.fault(column, f"与第 {first} 行重复。请只留一行。"))


# ---- 元还是万元 -------------------------------------------------------------------------------


def _choose_unit(source: Source, sheets: Sheets, found: Sequence[_Sheet], asked: str) -> None:
    """金额单位：人选的；没有选的看文件里写的；没有写的按数的大小看。"""
    if asked:
        source.unit, source.said = asked, "您选的"
        return
    for name, rows in sheets.items():
        for number, cells in enumerate(rows[:HEADING_ROWS], 1):
            for cell in cells:
                match = _UNIT_WORDS.search("".join(text_of(cell).split()))
                if match:
                    source.unit = match[1] or match[2]
                    source.said = f"“{name}”第{number}行写着“{shorten(text_of(cell))}”"
                    return
    amounts = [abs(number) for sheet in found for row in sheet.rows for number in _amounts(row, sheet)]
    source.unit = "元" if amounts and median(amounts) >= LIKELY_YUAN else "万元"
    source.said, source.guessed = "文件里没有写，按数的大小看的", True


def _amounts(row: Row, sheet: _Sheet) -> Iterator[Decimal]:
    for heading, key in sheet.names.items():
        if sheet.scope.fields[key].kind == "money" and (text := row.values.get(heading, "")):
            try:
                value = parse("money", text, digits=default_digits("money", "万元"))
            except ValueProblem:
                continue
            if isinstance(value, Decimal) and value:
                yield value


def unit_doubt(amount: Decimal, known: Decimal | None, unit: str, money_unit: str) -> str:
    """一个金额像不像用错了单位；不像为空串。``amount``、``known``（原来的值）都是方案的单位。"""
    if not amount:
        return ""
    if known:
        ratio, (least, most) = abs(amount / known), TEN_THOUSANDFOLD
        if least <= ratio <= most:
            return f"是原来的 {known:f} {money_unit}的约 {ratio:.0f} 倍，像是把元当成了万元。"
        if least <= 1 / ratio <= most:
            return f"只有原来的 {known:f} {money_unit}的约 {1 / ratio:.0f} 分之一，像是把万元当成了元。"
        return ""
    typed = tidy(abs(to_yuan(amount, money_unit)) / YUAN_PER_UNIT[unit])
    if unit == "元" and typed < FEWEST_YUAN:
        return f"只有 {typed:f} 元，像是万元。"
    if unit == "万元" and typed >= MOST_WAN:
        return f"有 {typed:f} 万元，像是元。"
    return ""
