"""方案包：一个年度、一个地方的字段、表样、指标、得分、核对、流程，全是数据。

``read_folder`` 读文件夹，``build`` 验证整套并编译；任何一处错都说清文件和位置。
同一套数据也能从数据库里的 JSON 恢复（``files`` 就是交换形式），导出与导入互逆。
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from .checks import LEVELS, Check
from .expressions import Context, Expression, ExpressionProblem
from .facts import Facts, Package, RowFacts, RowInput, Rule, ScopeFacts, ScopeInput
from .layout import Layout, LayoutReader
from .names import Names, Place
from .rules import FUNCTIONS
from .schema import Field, ListField, PackProblem, Schema, SchemaReader, Scope, check_key, well_shaped
from .scoring import METHOD_KEYS, ScoreRule, read_parameters
from .texts import compile_template, fill_tokens
from .values import YUAN_PER_UNIT, Value

PACK_KEYS = frozenset("key name year place money_unit basis steps report".split())
STEPS = ("单位审核", "主管部门审核", "财政审核")
SINGLE_FILES = ("pack.toml", "fields.toml", "indicators.toml", "scoring.toml", "checks.toml")
CHECK_KEYS = frozenset(
    "code level title scopes each when expr fn cells message expected actual because_of only_blank printed parameters "
    "source where".split()
)
TABLE_KEYS = {"scoring.toml": frozenset(("scores", "parameters")), "checks.toml": frozenset(("checks",))}
MAX_FILE = 512 * 1024
MAX_CHAIN = 40


@dataclass(slots=True)
class Pack:
    """一套编译好的方案。``files`` 是原文（文件名 → TOML 文本），``checksum`` 由它算出。"""

    key: str
    name: str
    year: int
    place: str
    money_unit: str
    basis: tuple[str, ...]
    steps: tuple[str, ...]
    files: Mapping[str, str]
    schema: Schema
    constants: dict[str, Value]
    rules: dict[tuple[str, str], dict[str, Rule]] = field(default_factory=dict)
    forms: dict[str, Layout] = field(default_factory=dict)
    homes: dict[tuple[str, str], str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    names: Names = field(init=False)

    @property
    def checksum(self) -> str:
        """整套原文的 SHA-256；已发布的方案靠它认出任何改动。"""
        canonical = json.dumps(dict(sorted(self.files.items())), ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def reads_prior(self) -> bool:
        """公式或核对用不用上年的数；不用就不必取上年的材料。"""
        return any("PRIOR(" in text for text in self.files.values())

    def home_of(self, scope: str, path: str) -> str:
        """某个字段（``资金.全年预算数`` 或 ``指标.分值``）的表：填它的，计算的则是显示它的；没有时为空串。"""
        return self.homes.get((scope, path), "")

    def form(self, key: str) -> Layout:
        try:
            return self.forms[key]
        except KeyError:
            known = "、".join(self.forms)
            raise PackProblem(f"方案 {self.key} 没有“{key}”这张表。可用：{known}。") from None

    def fill(self, text: str, scope: str, ctx: Context) -> str:
        """把文字里的 ``{键}`` 换成 ``ctx`` 里那一格印出的值。"""
        return fill_tokens(text, self.names, Place(scope), ctx)


def read_folder(folder: Path) -> dict[str, str]:
    """读方案文件夹里的 TOML；缺文件、太大、不是 UTF-8 都抛 ``PackProblem``。"""
    if not (folder / "pack.toml").is_file():
        raise PackProblem(f"{folder} 里没有 pack.toml，不是方案文件夹。")
    files = {}
    for path in [*(folder / name for name in SINGLE_FILES), *sorted((folder / "forms").glob("*.toml"))]:
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if path.stat().st_size > MAX_FILE:
            raise PackProblem(f"{name} 超过 {MAX_FILE // 1024} KB。请核对是不是放错了文件。")
        try:
            files[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise PackProblem(f"{name} 不是 UTF-8 编码。请另存为 UTF-8。") from None
    return files


def load_folder(folder: Path) -> Pack:
    """读并验证一个方案文件夹。"""
    return build(read_folder(folder))


def build(files: Mapping[str, str]) -> Pack:
    """由原文编译一套方案；有错抛 ``PackProblem``。"""
    tables = {name: _toml(name, text) for name, text in files.items()}
    for name in ("pack.toml", "fields.toml"):
        if name not in tables:
            raise PackProblem(f"缺 {name}。")
    for name, known in TABLE_KEYS.items():
        unknown = sorted(set(tables.get(name, {})) - known)
        if unknown:
            raise PackProblem(f"{name}：不认识的键 {'、'.join(unknown)}。")
    return _Builder(files, tables).build()


def _toml(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise PackProblem(f"{name} 不是正确的 TOML：{problem}。") from None


class _Builder:
    def __init__(self, files: Mapping[str, str], tables: Mapping[str, dict[str, Any]]) -> None:
        self.files = files
        self.tables = tables

    def build(self) -> Pack:
        self.pack = self._head()
        self.names = self.pack.names = Names(self.pack.schema, self.pack.constants)
        for file, step in (
            ("fields.toml", self._computed), ("scoring.toml", self._scores), ("forms", self._forms),
            ("checks.toml", self._checks), ("fields.toml", self._cycles),
        ):  # fmt: skip
            with well_shaped(file):
                step()
        return self.pack

    def _head(self) -> Pack:
        head = self.tables["pack.toml"]
        with well_shaped("pack.toml"):
            steps, year = self._steps(head), int(head["year"])
            basis = tuple(head.get("basis", ()))
        reader = SchemaReader(head["money_unit"])
        with well_shaped("fields.toml"):
            schema = reader.read(self.tables["fields.toml"])
        constants: dict[str, Value] = {"year": Decimal(year), "money_unit": head["money_unit"]}
        with well_shaped("indicators.toml"):
            indicators = self.tables.get("indicators.toml", {})
            reader.file = "indicators.toml"
            reader.fill_from(indicators, schema, schema.root)
            for row in indicators.get("constants", ()):
                check_key(row["key"], "indicators.toml 的 constants")
                constants[row["key"]] = Decimal(row["value"])
        return Pack(
            head["key"], head["name"], year, head.get("place", ""), head["money_unit"], basis, steps,
            dict(self.files), schema, constants,
        )  # fmt: skip

    def _steps(self, head: Mapping[str, Any]) -> tuple[str, ...]:
        """pack.toml 的键齐全、都认识；返回流程的各步。"""
        unknown = sorted(set(head) - PACK_KEYS)
        missing = sorted({"key", "name", "year", "money_unit"} - set(head))
        if unknown or missing:
            raise PackProblem(
                f"pack.toml：{'不认识的键 ' + '、'.join(unknown) if unknown else '缺 ' + '、'.join(missing)}。"
            )
        if head["money_unit"] not in YUAN_PER_UNIT:
            raise PackProblem(f"pack.toml：money_unit“{head['money_unit']}”不认识。可用：元、万元。")
        steps = tuple(head.get("steps", ("单位审核", "财政审核")))
        if set(steps) - set(STEPS) or "财政审核" not in steps:
            raise PackProblem(f"pack.toml：steps 只能从 {'、'.join(STEPS)} 中选，且要有财政审核。")
        return steps

    # ---- 计算字段 ----

    def _compile(self, text: str, place: Place, where: str) -> Expression:
        try:
            return self.names.compile(text, place)
        except ExpressionProblem as problem:
            raise PackProblem(f"{where}：{problem}") from None

    def _computed(self) -> None:
        for scope in self.pack.schema.scopes():
            self._rules(scope, "", scope.fields)
            for rows in scope.lists.values():
                self._rules(scope, rows.key, rows.fields)

    def _rules(self, scope: Scope, rows: str, fields: Mapping[str, Field]) -> None:
        place = Place(scope.name, rows)
        found = self.pack.rules.setdefault((scope.name, rows), {})
        for item in fields.values():
            if item.compute:
                made = self._compile(item.compute, place, f"fields.toml 的“{item.key}”")
                if item.is_number and made.node.kind not in ("number", "any"):
                    raise PackProblem(f"fields.toml 的“{item.key}”：是数的字段，公式却得不出数。")
                found[item.key] = made
            for name in (item.part_of,):
                if name and name not in scope.fields:
                    raise PackProblem(f"fields.toml 的“{item.key}”：part_of“{name}”不是字段。")

    def _scores(self) -> None:
        table = self.tables.get("scoring.toml", {})
        parameters = read_parameters(table.get("parameters", {}))
        for raw in table.get("scores", ()):
            path, method = raw["field"], raw["method"]
            where = f"scoring.toml 的“{path}”"
            if method not in METHOD_KEYS:
                raise PackProblem(f"{where}：方法“{method}”不认识。可用：{'、'.join(METHOD_KEYS)}。")
            keys = {name: raw[name] for name in raw if name not in ("field", "method")}
            missing, extra = METHOD_KEYS[method] - set(keys), set(keys) - METHOD_KEYS[method] - {"score"}
            if missing or extra:
                word = (
                    f"缺参数 {'、'.join(sorted(missing))}"
                    if missing
                    else f"不认识的参数 {'、'.join(sorted(extra))}"
                )
                raise PackProblem(f"{where}：{word}。")
            if not self._attach(path, ScoreRule(method, keys, parameters), where):
                raise PackProblem(f"{where}：没有这个字段。")
        for scope in self.pack.schema.scopes():
            for path, item in scope.all_fields():
                if item.fn and item.fn not in METHOD_KEYS:
                    raise PackProblem(f"fields.toml 的“{path}”：没有名为“{item.fn}”的函数。")

    def _attach(self, path: str, rule: ScoreRule, where: str) -> bool:
        """把得分方法挂到每个有这个字段的范围上；字段从此是计算的。"""
        attached = False
        for scope in self.pack.schema.scopes():
            holder = self._holder(scope, path)
            if holder is None:
                continue
            rows, fields, key = holder
            if not fields[key].asked:
                raise PackProblem(f"{where}：字段已有公式。请删去其中一个。")
            self._check_keys(scope, rows, rule, where)
            fields[key] = replace(fields[key], fn=rule.method)
            self.pack.rules[scope.name, rows][key] = rule
            attached = True
        return attached

    def _holder(self, scope: Scope, path: str) -> tuple[str, dict[str, Field], str] | None:
        if path in scope.fields:
            return "", scope.fields, path
        for key, rows in scope.lists.items():
            column = path[len(key) + 1 :]
            if path.startswith(key + ".") and column in rows.fields:
                return key, dict_of(rows), column
        return None

    def _check_keys(self, scope: Scope, rows: str, rule: ScoreRule, where: str) -> None:
        in_list = rule.keys.get("list", "")
        if in_list and in_list not in scope.lists:
            raise PackProblem(f"{where}：列表“{in_list}”不存在。")
        for name, key in rule.keys.items():
            if name == "list":
                continue
            columns = in_list if in_list and name in ("weight", "score") else rows
            known = scope.lists[columns].fields if columns else scope.fields
            if key not in known:
                raise PackProblem(f"{where}：参数 {name} 指的“{key}”不存在。")

    # ---- 表与核对 ----

    def _forms(self) -> None:
        layouts = []
        for name in sorted(self.files):
            if name.startswith("forms/"):
                file = name.removeprefix("forms/")
                with well_shaped(file):
                    layouts.append(LayoutReader(file, self.tables[name], self.names).read())
        for layout in sorted(layouts, key=lambda one: one.order):
            if layout.key in self.pack.forms:
                raise PackProblem(f"两张表都叫“{layout.key}”。请改一个 key。")
            self.pack.forms[layout.key] = layout
        for scope in self.pack.schema.scopes():
            forms = [form for form in self.pack.forms.values() if form.scope == scope.name]
            for path, item in scope.all_fields():
                homes = [f.key for f in forms if path in (f.inputs if item.asked else f.shows)]
                if item.home in self.pack.forms and item.home not in homes:
                    raise PackProblem(
                        f"fields.toml 的“{path}”：home“{item.home}”这张表没有填它的格。请改 home 或补一格。"
                    )
                if homes:
                    self.pack.homes[scope.name, path] = item.home or homes[0]

    def _checks(self) -> None:
        for number, raw in enumerate(self.tables.get("checks.toml", {}).get("checks", ()), 1):
            where = f"checks.toml 第{number}条 {raw.get('code', '')}"
            with well_shaped(where):
                self.pack.checks.append(self._check(raw, where))
        codes = {check.code for check in self.pack.checks}
        for check in self.pack.checks:
            unknown = [code for code in check.because_of if code not in codes]
            if unknown:
                raise PackProblem(
                    f"checks.toml 的 {check.code}：because_of 里的 {'、'.join(unknown)} 不存在。"
                )

    def _check(self, raw: Mapping[str, Any], where: str) -> Check:
        unknown = sorted(set(raw) - CHECK_KEYS)
        if unknown:
            raise PackProblem(f"{where}：不认识的键 {'、'.join(unknown)}。")
        if raw.get("level") not in LEVELS:
            raise PackProblem(f"{where}：level 只能是 {'、'.join(LEVELS)}。")
        if ("expr" in raw) == ("fn" in raw):
            raise PackProblem(f"{where}：要有 expr 或 fn，且只有一个。")
        if "fn" in raw and raw["fn"] not in FUNCTIONS:
            raise PackProblem(f"{where}：没有名为“{raw['fn']}”的核对函数。可用：{'、'.join(FUNCTIONS)}。")
        scopes = tuple(raw.get("scopes", ("",)))
        each = raw.get("each", "")
        for scope in scopes:
            if scope and scope not in self.pack.schema.children:
                raise PackProblem(f"{where}：没有名为“{scope}”的范围。")
            if (
                each
                and each not in self.pack.schema.scope(scope).lists
                and each not in self.pack.schema.constants
            ):
                raise PackProblem(f"{where}：each“{each}”不是列表。")
        return self._compile_check(raw, scopes, each, where)

    def _compile_check(self, raw: Mapping[str, Any], scopes: tuple[str, ...], each: str, where: str) -> Check:
        place = Place(scopes[0], each)

        def expression(name: str) -> Expression | None:
            return self._compile(raw[name], place, f"{where} 的 {name}") if raw.get(name) else None

        def template(name: str) -> Any:
            try:
                return compile_template(raw[name], self.names, place) if raw.get(name) else None
            except ExpressionProblem as problem:
                raise PackProblem(f"{where} 的 {name}：{problem}") from None

        self._check_everywhere(raw, [Place(scope, each) for scope in scopes], where)
        return Check(
            raw["code"], raw["level"], scopes, template("message") or compile_template("", self.names, place),
            tuple(self._compile(text, place, f"{where} 的 cells") for text in raw.get("cells", ())),
            each, expression("when"), expression("expr"), FUNCTIONS.get(raw.get("fn", "")), template("expected"),
            template("actual"), tuple(raw.get("because_of", ())), bool(raw.get("only_blank")), bool(raw.get("printed")),
            raw.get("parameters", {}), raw.get("title", ""), raw.get("source", ""), template("where"),
        )  # fmt: skip

    def _check_everywhere(self, raw: Mapping[str, Any], places: list[Place], where: str) -> None:
        """在每个范围里都编译一遍：条件要得出是非，有公式的要指明格子。"""
        for place in places:
            for name in ("when", "expr"):
                if raw.get(name):
                    made = self._compile(raw[name], place, f"{where} 的 {name}")
                    if made.node.kind not in ("bool", "any"):
                        raise PackProblem(f"{where} 的 {name}：不是条件，永远得不出是或否。")
            for text in raw.get("cells", ()):
                if not any(self._compile(text, place, f"{where} 的 cells").references()):
                    raise PackProblem(f"{where} 的 cells：“{text}”里没有字段。")
            for name in ("message", "expected", "actual"):
                try:
                    compile_template(raw.get(name, ""), self.names, place)
                except ExpressionProblem as problem:
                    raise PackProblem(f"{where} 的 {name}：{problem}") from None
        if "expr" in raw and not raw.get("cells"):
            raise PackProblem(f"{where}：缺 cells。请写明问题出在哪一格。")

    def _cycles(self) -> None:
        """沿“谁用到谁”走一遍（每个列表、每个范围各取一行），成环就在装入时报出整个环。"""
        package = Package(root=_one_of_each(self.pack.schema.root))
        for name, scope in self.pack.schema.children.items():
            package.children[name] = [_one_of_each(scope)]
        uses: dict[str, list[str]] = {}
        for node in Facts(self.pack, package).nodes():
            for key, rule in node.rules.items():
                reads = rule.reads(node)
                uses[node.address(key)] = [
                    n.address(k) for n, k in reads if isinstance(n, ScopeFacts | RowFacts)
                ]
        done: set[str] = set()
        for address in uses:
            _walk(address, uses, done, [])


def _walk(address: str, uses: Mapping[str, list[str]], done: set[str], trail: list[str]) -> None:
    if address in trail:
        ring = " → ".join(part.replace("[x]", "") for part in [*trail[trail.index(address) :], address])
        raise PackProblem(f"fields.toml：计算字段绕成了圈：{ring}。请改其中一个公式。")
    if address in done:
        return
    if len(trail) > MAX_CHAIN:
        raise PackProblem(
            f"fields.toml：计算字段一层套一层超过 {MAX_CHAIN} 层：从“{trail[0]}”起。请减少层数。"
        )
    for used in uses.get(address, ()):
        _walk(used, uses, done, [*trail, address])
    done.add(address)


def _one_of_each(scope: Scope) -> ScopeInput:
    return ScopeInput("x", rows={key: [RowInput("x")] for key in scope.lists})


def dict_of(rows: ListField) -> dict[str, Field]:
    """列表的列（装入时可改的那个字典）。"""
    assert isinstance(rows.fields, dict)
    return rows.fields
