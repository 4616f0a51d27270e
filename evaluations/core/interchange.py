"""交换格式：一套材料的 JSON（design §7），读成 Package，写回去正好一样。

金额可用元或万元（``money_unit``），读入时换成方案的单位；``printed`` 只用来比较。
所有错误合成一句清楚的话，说明哪个键、现在是什么、怎么改。
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .facts import Note, Package, RowInput, ScopeInput
from .pack import Pack
from .schema import Field, ListField, Scope
from .values import (
    YUAN_PER_UNIT,
    Value,
    ValueProblem,
    clean_text,
    default_digits,
    fold_signs,
    from_yuan,
    parse,
    shorten,
    to_text,
    to_yuan,
)

TOP = frozenset(
    "pack year money_unit department values rows indicators projects report notes printed".split()
)
CHILD = frozenset("values rows indicators printed".split())
INDICATORS = "指标"
REPORT = "报告."
CHILD_SCOPE = "项目"
MAX_BYTES = 8 * 1024 * 1024
MAX_PROJECTS = 500
MAX_NOTES = 10_000


class Numeral(str):
    """JSON 里没加引号的数：按原文留着，和人打的字一样读，不经过二进制小数。"""

    __slots__ = ()


class InputProblem(ValueError):
    """读不懂的输入。消息给人看：哪里、现在是什么、怎么改。"""


def loads(text: str | bytes) -> dict[str, Any]:
    """读 JSON 文本；不是 JSON、不是对象、太大、键重复都抛 ``InputProblem``。"""
    if len(text) > MAX_BYTES:
        raise InputProblem(
            f"文件超过 {MAX_BYTES // 1024 // 1024} MB。一套自评材料不会这么大，请核对是不是选错了文件。"
        )
    try:
        source = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        data = json.loads(
            source,
            object_pairs_hook=_no_duplicates,
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_refuse,
        )
    except UnicodeDecodeError:
        raise InputProblem("文件不是 UTF-8 编码。请另存为 UTF-8 后再试。") from None
    except json.JSONDecodeError as problem:
        raise InputProblem(
            f"不是正确的 JSON：第 {problem.lineno} 行第 {problem.colno} 列读不下去。请核对逗号、引号和括号。"
        ) from None
    except RecursionError:
        raise InputProblem("JSON 嵌套太深。请核对是不是选错了文件。") from None
    if not isinstance(data, dict):
        raise InputProblem("最外层要是一个对象 {…}。请对照交换格式。")
    return data


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputProblem(f"键“{key}”在同一个对象里出现两次。请删去一个。")
        found[key] = value
    return found


def _refuse(word: str) -> Any:
    raise InputProblem(f"JSON 里有 {word}，不是数。请改成数字或留空。")


def read_package(data: Mapping[str, Any], pack: Pack) -> Package:
    """把交换格式读成 ``Package``（金额已换成方案单位）；行和项目的 id 是它们的位置。

    不认识的键、形状不对、读不懂的值都抛 ``InputProblem``。
    """
    return _Reader(data, pack).read()


class _Reader:
    def __init__(self, data: Mapping[str, Any], pack: Pack) -> None:
        self.data = data
        self.pack = pack
        unit = data.get("money_unit", pack.money_unit)
        if not isinstance(unit, str) or unit not in YUAN_PER_UNIT:
            raise InputProblem(f"money_unit：“{shorten(str(unit))}”不认识。请写“元”或“万元”。")
        self.unit = unit

    def read(self) -> Package:
        data = self.data
        self._known(data, TOP, "")
        year = data.get("year", self.pack.year)
        if str(year) != str(self.pack.year):
            raise InputProblem(
                f"year：材料是 {shorten(str(year))} 年的，方案 {self.pack.key} 是 {self.pack.year} 年的。请换方案或核对年度。"
            )
        department = self._mapping(data, "department", "")
        self._known(department, frozenset(("code", "name")), "department.")
        package = Package(
            root=self._scope(data, self.pack.schema.root, ""),
            department_code=self._text(department.get("code", ""), "department.code"),
            department_name=self._text(department.get("name", ""), "department.name"),
        )
        self._report(package.root)
        projects = self._list(data, "projects", "", MAX_PROJECTS)
        if projects and CHILD_SCOPE not in self.pack.schema.children:
            raise InputProblem(f"projects：方案 {self.pack.key} 没有项目表。")
        for number, raw in enumerate(projects):
            where = f"projects[{number}]"
            self._known(self._is_mapping(raw, where), CHILD, where + ".")
            child = self._scope(raw, self.pack.schema.children[CHILD_SCOPE], where + ".")
            child.id = str(number)
            package.children.setdefault(CHILD_SCOPE, []).append(child)
        package.notes = [
            self._note(raw, f"notes[{n}]") for n, raw in enumerate(self._list(data, "notes", ""))
        ]
        return package

    # ---- 形状 ----

    def _known(self, raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        for key in raw:
            if key not in known:
                raise InputProblem(f"{where}{key}：不认识的键。可用：{'、'.join(sorted(known))}。")

    def _is_mapping(self, raw: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(raw, dict):
            raise InputProblem(f"{where}：要是一个对象 {{…}}，现在是 {_shape(raw)}。")
        return raw

    def _mapping(self, raw: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        return self._is_mapping(raw.get(key, {}), where + key)

    def _list(self, raw: Mapping[str, Any], key: str, where: str, most: int = MAX_NOTES) -> list[Any]:
        found = raw.get(key, [])
        if not isinstance(found, list):
            raise InputProblem(f"{where}{key}：要是一个数组 […]，现在是 {_shape(found)}。")
        if len(found) > most:
            raise InputProblem(f"{where}{key}：有 {len(found)} 项，最多 {most} 项。")
        return found

    def _text(self, raw: Any, where: str) -> str:
        if raw is None:
            return ""
        if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
            return str(raw)
        if not isinstance(raw, str):
            raise InputProblem(f'{where}：值要写成文字，如 "94.8"，现在是 {_shape(raw)}。')
        return clean_text(raw)

    # ---- 内容 ----

    def _scope(self, raw: Mapping[str, Any], scope: Scope, where: str) -> ScopeInput:
        made = ScopeInput()
        for key, text in self._mapping(raw, "values", where).items():
            name = _report_key(key)
            self._put(made.values, scope.fields, name, text, f"{where}values.{key}")
        for key in self._mapping(raw, "rows", where):
            if key not in scope.lists or key == INDICATORS:
                raise InputProblem(f"{where}rows.{key}：方案里没有这个列表。")
            made.rows[key] = self._rows(raw["rows"], key, scope.lists[key], f"{where}rows.")
        if "indicators" in raw:
            if INDICATORS not in scope.lists:
                raise InputProblem(f"{where}indicators：方案里没有指标表。")
            made.rows[INDICATORS] = self._rows(
                {INDICATORS: raw["indicators"]}, INDICATORS, scope.lists[INDICATORS], where
            )
        for key, text in self._mapping(raw, "printed", where).items():
            field = scope.fields.get(key)
            if field is None or field.asked:
                raise InputProblem(f"{where}printed.{key}：不是系统计算的格。填报的值请放在 values 里。")
            made.printed[key] = self._printed(field, self._text(text, f"{where}printed.{key}"))
        return made

    def _rows(self, raw: Mapping[str, Any], key: str, rows: ListField, where: str) -> list[RowInput]:
        found = self._list(raw, key, where, rows.max_rows)
        made = []
        for number, line in enumerate(found):
            spot = f"{where}{key}[{number}]"
            row = RowInput(str(number))
            for column, text in self._is_mapping(line, spot).items():
                self._put(row.values, rows.fields, column, text, f"{spot}.{column}")
            made.append(row)
        return made

    def _put(
        self, into: dict[str, Value], fields: Mapping[str, Field], key: str, raw: Any, where: str
    ) -> None:
        field = fields.get(key)
        if field is None:
            raise InputProblem(f"{where}：方案 {self.pack.key} 里没有“{key}”。请核对键的写法。")
        if not field.asked:
            raise InputProblem(f"{where}：“{key}”由系统计算，不能填。纸面上印的值请放在 printed 里。")
        value = self._value(field, self._text(raw, where), where)
        if into.get(key, value) != value:
            raise InputProblem(f"{where}：“{key}”写了两次，内容不同。请只留一处。")
        if value is not None:
            into[key] = value

    def _value(self, field: Field, text: str, where: str) -> Value:
        try:
            if field.kind != "money" or self.unit == self.pack.money_unit:
                return field.parse(text)
            got = parse("money", text, digits=default_digits("money", self.unit))
            if not isinstance(got, Decimal):
                return got
            return from_yuan(to_yuan(got, self.unit), self.pack.money_unit)
        except ValueProblem as problem:
            raise InputProblem(f"{where}：{problem}") from None

    def _printed(self, field: Field, text: str) -> str:
        """纸面的字照原样留着；只有另一种单位的金额换成方案的单位。"""
        if field.kind != "money" or self.unit == self.pack.money_unit:
            return text
        try:
            return field.to_text(self._value(field, text, field.key))
        except InputProblem:
            return text

    def _report(self, root: ScopeInput) -> None:
        fields = self.pack.schema.root.fields
        for key, text in self._mapping(self.data, "report", "").items():
            self._put(root.values, fields, REPORT + key, text, f"report.{key}")

    def _note(self, raw: Any, where: str) -> Note:
        self._known(self._is_mapping(raw, where), frozenset(("code", "cell", "text")), where + ".")
        return Note(*(self._text(raw.get(name, ""), f"{where}.{name}") for name in ("code", "cell", "text")))


def _report_key(key: str) -> str:
    return REPORT + key[len("report.") :] if key.startswith("report.") else key


def _shape(raw: Any) -> str:
    names = {
        dict: "对象",
        list: "数组",
        Numeral: "数",
        str: "文字",
        bool: "真假值",
        int: "数",
        Decimal: "数",
        type(None): "空",
    }
    return names.get(type(raw), "别的东西")


# ---- 写出 -----------------------------------------------------------------------------------


def write_package(package: Package, pack: Pack) -> dict[str, Any]:
    """写成交换格式（金额用方案的单位）；空白不写，键按方案声明的次序。"""
    root = pack.schema.root
    values = dict(_values(package.root.values, root.fields))
    data: dict[str, Any] = {
        "pack": pack.key,
        "year": pack.year,
        "money_unit": pack.money_unit,
        "department": {"code": package.department_code, "name": package.department_name},
        "values": {key: text for key, text in values.items() if not key.startswith(REPORT)},
        **_lists(package.root, root),
    }
    children = [
        _child(child, pack.schema.children[CHILD_SCOPE]) for child in package.children.get(CHILD_SCOPE, ())
    ]
    if children:
        data["projects"] = children
    report = {key[len(REPORT) :]: text for key, text in values.items() if key.startswith(REPORT)}
    if report:
        data["report"] = report
    if package.notes:
        data["notes"] = [{"code": note.code, "cell": note.cell, "text": note.text} for note in package.notes]
    if package.root.printed:
        data["printed"] = dict(package.root.printed)
    return data


def _child(child: ScopeInput, scope: Scope) -> dict[str, Any]:
    data: dict[str, Any] = {"values": dict(_values(child.values, scope.fields)), **_lists(child, scope)}
    if child.printed:
        data["printed"] = dict(child.printed)
    return data


def _lists(given: ScopeInput, scope: Scope) -> dict[str, Any]:
    made: dict[str, Any] = {}
    rows = {
        key: [dict(_values(row.values, scope.lists[key].fields)) for row in given.rows[key]]
        for key in scope.lists
        if key != INDICATORS and given.rows.get(key)
    }
    if rows:
        made["rows"] = rows
    if given.rows.get(INDICATORS):
        columns = scope.lists[INDICATORS].fields
        made["indicators"] = [dict(_values(row.values, columns)) for row in given.rows[INDICATORS]]
    return made


def _values(values: Mapping[str, Value], fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    for key, field in fields.items():
        if values.get(key) is not None:
            text = to_text(values[key], field.kind, digits=field.digits)
            # 方案可以印 ≥，交换格式里一律写 >=
            yield key, fold_signs(text) if field.kind == "choice" else text
