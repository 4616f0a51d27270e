"""字段、列表与范围：fields.toml 读成的数据结构（写法见 notation：shape、``key.*``、``key[]``）。"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from .faults import Faults, PackProblem, well_shaped
from .values import KINDS, NUMBER_KINDS, Value, ValueProblem, default_digits, format_value, parse, to_text

RESERVED = frozenset(
    "year money_unit 组 行号 本部门 SUM COUNT MIN MAX FIRST IF ROUND ABS BLANK LEN PRIOR 取小 取大".split()
)
FIELD_PROPERTIES = frozenset(
    "key kind label unit digits required help home compute sum fn source prior blank_means by part_of "
    "sign na_shows choices shape match max_rows rows live".split()
)


FILE_KEYS = frozenset(("fields", "shape", "scope", "constants"))
MAX_FIELD_DIGITS = 10
FILLED_BY = ("unit", "reviewer", "system")
"""谁填：单位、审核人，或系统（单位看不见，如模板行的编号）。"""


@dataclass(frozen=True, slots=True)
class Field:
    """一个事实：填报的（asked）或计算的。单位见 ``unit``；金额按方案的 ``money_unit``。"""

    key: str
    kind: str
    label: str
    full_label: str
    digits: int
    unit: str = ""
    required: bool = False
    help: str = ""
    home: str = ""
    compute: str = ""
    fn: str = ""
    source: str = ""
    prior: str = ""
    blank_means: str = ""
    by: str = "unit"
    part_of: str = ""
    sign: bool = True
    na_shows: str = "不适用"
    choices: tuple[str, ...] = ()
    live: bool = False
    """文字里的 ``{键}`` 印成那一格的值（表上的数变了，句子跟着变）。"""

    @property
    def asked(self) -> bool:
        """由人填写（而不是系统计算）。"""
        return not (self.compute or self.fn)

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBER_KINDS

    def parse(self, text: str) -> Value:
        """读入人打的字；读不懂抛 ``ValueProblem``，消息里带格子名称。"""
        try:
            return parse(self.kind, text, digits=self.digits, choices=self.choices)
        except ValueProblem as problem:
            raise ValueProblem(f"{self.full_label}：{problem}") from None

    def format(self, value: Value) -> str:
        return format_value(value, self.kind, digits=self.digits, sign=self.sign, na_shows=self.na_shows)

    def to_text(self, value: Value) -> str:
        return to_text(value, self.kind, digits=self.digits)


@dataclass(frozen=True, slots=True)
class ListField:
    """行数不定的列表，或方案里写死的常量列表（``rows`` 不为 None）。"""

    key: str
    fields: Mapping[str, Field]
    match: str = ""
    max_rows: int = 200
    rows: tuple[Mapping[str, Value], ...] | None = None


@dataclass(frozen=True, slots=True)
class RowTemplate:
    """规定的行：新开的范围 ``scope`` 里，列表 ``list`` 先放上常量列表 ``rows`` 的各行。"""

    scope: str
    list: str
    rows: str


TEMPLATE_ID = "编号"
"""规定的行的固定编号：列表里的行靠它认出自己出自哪一行规定。"""


@dataclass(slots=True)
class Scope:
    """一个范围：部门（``name`` 为空）或项目。"""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    lists: dict[str, ListField] = field(default_factory=dict)
    match: str = ""

    def record_columns(self, key: str) -> list[str]:
        """``key.*`` 的各列名，按声明顺序。"""
        start = key + "."
        return [name[len(start) :] for name in self.fields if name.startswith(start)]

    def all_fields(self) -> Iterator[tuple[str, Field]]:
        """范围内全部字段，列表列写成 ``列表.列``。"""
        yield from self.fields.items()
        for key, rows in self.lists.items():
            for name, column in rows.fields.items():
                yield f"{key}.{name}", column


@dataclass(slots=True)
class Schema:
    """一套方案的全部字段：部门范围、下级范围（项目）、常量列表。"""

    root: Scope
    children: dict[str, Scope]
    constants: dict[str, ListField]

    def scope(self, name: str) -> Scope:
        return self.children[name] if name else self.root

    def scopes(self) -> list[Scope]:
        return [self.root, *self.children.values()]


def check_key(key: str, where: str) -> None:
    """键的每一段须是标识符、与自己的 NFKC 形式相同、不是保留字。"""
    for part in key.split("."):
        if not part.isidentifier() or unicodedata.normalize("NFKC", part) != part or keyword.iskeyword(part):
            raise PackProblem(
                f"{where}：键“{key}”里的“{part}”不能用。请用汉字、字母、数字，不用空格、全角字母和 m² 之类的符号。"
            )
        if part in RESERVED:
            raise PackProblem(f"{where}：键“{key}”用了保留字“{part}”。请换一个名称。")


class SchemaReader:
    """读 fields.toml 与 indicators.toml 的 ``fields``；每个错误带文件和键，收在 ``faults`` 里。"""

    def __init__(self, money_unit: str, faults: Faults, file: str = "fields.toml") -> None:
        self.money_unit = money_unit
        self.faults = faults
        self.file = file
        self.shapes: dict[str, list[dict[str, Any]]] = {}

    def known(self, raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        unknown = sorted(set(raw) - known)
        if unknown:
            raise PackProblem(f"{where}：不认识的属性 {'、'.join(unknown)}。")

    def read(self, data: Mapping[str, Any]) -> Schema:
        schema = Schema(Scope(""), {}, {})
        self.fill_from(data, schema, schema.root)
        for table in data.get("scope", ()):
            with self.faults.at(self.file, f"范围 {table.get('name', '')}".strip()):
                name = table["name"]
                check_key(name, self.file)
                child = Scope(name, match=table.get("match", ""))
                schema.children[name] = child
                self.fill(schema, child, table.get("fields", ()))
        return schema

    def fill_from(self, data: Mapping[str, Any], schema: Schema, scope: Scope) -> None:
        """读一个文件里的 shape 和 fields。"""
        with self.faults.at(self.file):
            self.known(data, FILE_KEYS, self.file)
            for shape in data.get("shape", ()):
                with self.faults.at(self.file, f"shape {shape.get('name', '')}".strip()):
                    self.shapes[shape["name"]] = list(shape["fields"])
                    self._shape_columns(shape)
            self.fill(schema, scope, data.get("fields", ()))

    def fill(self, schema: Schema, scope: Scope, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            key = str(row.get("key", ""))
            where = f"{self.file} 的“{key}”"
            with self.faults.at(self.file, key), well_shaped(where):
                self.known(row, FIELD_PROPERTIES, where)
                self._add_row(schema, scope, key, row, where)

    def _add_row(self, schema: Schema, scope: Scope, key: str, row: Mapping[str, Any], where: str) -> None:
        if key.endswith("[]"):
            self._add_list(schema, scope, key[:-2], row, where)
        elif key.endswith(".*"):
            for item in self._record(key[:-2], row, where):
                self._add(scope, item, where)
        else:
            self._add(scope, self._field(key, row, where), where)

    def _add(self, scope: Scope, item: Field, where: str) -> None:
        check_key(item.key, where)
        if item.key in scope.fields:
            raise PackProblem(f"{where}：键“{item.key}”声明了两次。请删去一个。")
        scope.fields[item.key] = item

    def _add_list(self, schema: Schema, scope: Scope, key: str, row: Mapping[str, Any], where: str) -> None:
        check_key(key, where)
        columns = {}
        for raw in self._shape(row, where):
            column = self._field(raw["key"], raw, where)
            check_key(column.key, where)
            columns[column.key] = column
        constant = row.get("rows")
        max_rows = row.get("max_rows", 200)
        if not is_count(max_rows) or not max_rows:
            raise PackProblem(f"{where}：max_rows“{max_rows}”不对。请写正整数。")
        made = ListField(key, columns, row.get("match", ""), max_rows)
        if constant is None:
            target = scope.lists
        else:
            target = schema.constants
            made = replace(
                made, rows=tuple(self._constant_row(columns, values, where) for values in constant)
            )
        if key in scope.lists or key in schema.constants or key in scope.fields:
            raise PackProblem(f"{where}：列表“{key}”声明了两次。请删去一个。")
        target[key] = made

    def _shape_columns(self, shape: Mapping[str, Any]) -> None:
        """shape 里的每一列：属性都认识，键不重复。"""
        keys = []
        for raw in shape["fields"]:
            where = f"{self.file} 的 shape“{shape['name']}”的“{raw.get('key', '')}”"
            self.known(raw, FIELD_PROPERTIES, where)
            if raw["key"] in keys:
                raise PackProblem(f"{where}：声明了两次。请删去一个。")
            keys.append(raw["key"])

    def _constant_row(
        self, columns: Mapping[str, Field], values: Sequence[str], where: str
    ) -> dict[str, Value]:
        if len(values) > len(columns):
            raise PackProblem(f"{where}：常量行 {list(values)} 比列多。请核对。")
        try:
            return {name: columns[name].parse(text) for name, text in zip(columns, values, strict=False)}
        except ValueProblem as problem:
            raise PackProblem(f"{where}：{problem}") from None

    def _shape(self, row: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
        try:
            return self.shapes[row["shape"]]
        except KeyError:
            raise PackProblem(f"{where}：没有名为“{row.get('shape', '')}”的 shape。") from None

    def _record(self, key: str, row: Mapping[str, Any], where: str) -> Iterator[Field]:
        """``key.*``：一条记录展开成各列；公式里的 ``.*`` 换成本列，兄弟名换成全名。"""
        shape = self._shape(row, where)
        siblings = {raw["key"] for raw in shape}
        label = row.get("label") or key.rsplit(".", 1)[-1]
        for raw in shape:
            column = raw["key"]
            merged = {**raw, **{name: row[name] for name in ("home", "by", "help", "source") if name in row}}
            if "compute" in row:
                merged["compute"] = row["compute"].replace(".*", f".{column}")
            elif raw.get("compute"):
                merged["compute"] = qualify(raw["compute"], key, siblings)
            elif "sum" in row:
                parts = [part.replace(".*", f".{column}") for part in row["sum"].split()]
                merged["compute"] = f"SUM({', '.join(parts)})"
            if raw.get("prior"):
                merged["prior"] = f"{key}.{raw['prior']}"
            made = self._field(f"{key}.{column}", merged, where)
            yield replace(made, full_label=f"{label}·{made.label}")

    def _field(self, key: str, raw: Mapping[str, Any], where: str) -> Field:
        kind = raw.get("kind", "")
        if kind not in KINDS:
            raise PackProblem(f"{where}：kind“{kind}”不认识。可用：{'、'.join(KINDS)}。")
        digits = raw.get("digits", default_digits(kind, self.money_unit))
        if not (is_count(digits) and digits <= MAX_FIELD_DIGITS):
            raise PackProblem(f"{where}：digits“{digits}”不对。请写 0 到 {MAX_FIELD_DIGITS} 的整数。")
        if raw.get("by", "unit") not in FILLED_BY or raw.get("blank_means", "") not in ("", "0"):
            raise PackProblem(f'{where}：by 只能是 {"、".join(FILLED_BY)}，blank_means 只能是 "0"。')
        choices = raw.get("choices", [])
        words = all(isinstance(choice, str) and choice for choice in choices)
        if not words or (kind == "choice" and not choices):
            raise PackProblem(f'{where}：choices 要是几个选项的文字，如 ["达成", "未达成"]。')
        label = raw.get("label") or key.rsplit(".", 1)[-1]
        names = (
            "unit required help home compute fn source prior blank_means by part_of sign na_shows live"
        ).split()
        given = {name: raw[name] for name in names if name in raw}
        if kind == "money":
            given.setdefault("unit", self.money_unit)
        return Field(
            key=key,
            kind=kind,
            label=label,
            full_label=raw.get("label") or key.replace(".", "·"),
            digits=digits,
            choices=tuple(choices),
            **given,
        )


def is_count(value: object) -> TypeGuard[int]:
    """不为负的整数；真假不算数。"""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def qualify(expression: str, record: str, siblings: set[str]) -> str:
    """把 shape 里的兄弟名改成全名（``全年执行数`` → ``资金.全年执行数``）；引号里的字不动。"""

    def rename(match: re.Match[str]) -> str:
        word = match.group(0)
        return f"{record}.{word}" if word in siblings else word

    return re.sub(r"'[^']*'|\"[^\"]*\"|[\w.]+", rename, expression)
