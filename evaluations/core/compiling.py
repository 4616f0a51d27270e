"""把方案的公式、得分、表样、核对编译出来；每一项的错误收进 ``Faults``，不因一处错就停。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .checks import LEVELS, Check
from .expressions import Expression, ExpressionProblem
from .facts import Facts, Package, RowFacts, RowInput, ScopeFacts, ScopeInput
from .faults import Faults, PackProblem, well_shaped
from .layout import LayoutReader
from .names import Place
from .rules import FUNCTIONS
from .schema import TEMPLATE_ID, Field, ListField, RowTemplate, Scope
from .scoring import METHOD_KEYS, Parameters, ScoreRule, read_parameters
from .texts import Template, compile_template

if TYPE_CHECKING:
    from .pack import Pack

CHECK_KEYS = frozenset(
    "code level title scopes each when expr fn cells message expected actual because_of only_blank printed parameters "
    "source where off final".split()
)
REQUIRE_KEYS = frozenset("expr each when message".split())
TEMPLATE_KEYS = frozenset("scope list rows".split())
MAX_CHAIN = 40


class Compiler:
    """一套方案的编译：``pack`` 已有字段和常数，在这里装上公式、得分、表样、核对。"""

    def __init__(self, pack: Pack, tables: Mapping[str, dict[str, Any]], faults: Faults) -> None:
        self.pack = pack
        self.names = pack.names
        self.tables = tables
        self.faults = faults

    def compile(self) -> None:
        for file, step in (
            ("fields.toml", self._computed), ("scoring.toml", self._scores), ("forms", self._forms),
            ("checks.toml", self._checks), ("checks.toml", self._not_evaluated), ("fields.toml", self._cycles), ("indicators.toml", self._templates),
            ("indicators.toml", self._requires),
        ):  # fmt: skip
            with self.faults.at(file):
                step()

    # ---- 计算字段 ----

    def _compile(self, text: str, place: Place, where: str) -> Expression:
        try:
            return self.names.compile(text, place)
        except ExpressionProblem as problem:
            raise PackProblem(f"{where}：{problem}") from None

    def _text(self, text: str, place: Place, where: str) -> Template:
        try:
            return compile_template(text, self.names, place)
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
            where = f"fields.toml 的“{item.key}”"
            with self.faults.at("fields.toml", f"{rows}.{item.key}" if rows else item.key):
                if item.compute:
                    made = self._compile(item.compute, place, where)
                    if item.is_number and made.node.kind not in ("number", "any"):
                        raise PackProblem(f"{where}：是数的字段，公式却得不出数。")
                    found[item.key] = made
                if item.part_of and item.part_of not in scope.fields:
                    raise PackProblem(f"{where}：part_of“{item.part_of}”不是字段。")

    def _scores(self) -> None:
        table = self.tables.get("scoring.toml", {})
        parameters = Parameters()
        with self.faults.at("scoring.toml", "parameters"):
            parameters = read_parameters(table.get("parameters", {}))
        for raw in table.get("scores", ()):
            path = str(raw.get("field", ""))
            with self.faults.at("scoring.toml", path):
                self._score(raw, path, parameters)
        for scope in self.pack.schema.scopes():
            for path, item in scope.all_fields():
                if item.fn and item.fn not in METHOD_KEYS:
                    with self.faults.at("fields.toml", path):
                        raise PackProblem(f"fields.toml 的“{path}”：没有名为“{item.fn}”的函数。")

    def _score(self, raw: Mapping[str, Any], path: str, parameters: Parameters) -> None:
        method, where = raw["method"], f"scoring.toml 的“{path}”"
        if method not in METHOD_KEYS:
            raise PackProblem(f"{where}：方法“{method}”不认识。可用：{'、'.join(METHOD_KEYS)}。")
        keys = {name: raw[name] for name in raw if name not in ("field", "method")}
        missing, extra = METHOD_KEYS[method] - set(keys), set(keys) - METHOD_KEYS[method] - {"score"}
        if missing:
            raise PackProblem(f"{where}：缺参数 {'、'.join(sorted(missing))}。")
        if extra:
            raise PackProblem(f"{where}：不认识的参数 {'、'.join(sorted(extra))}。")
        if not self._attach(path, ScoreRule(method, keys, parameters), where):
            raise PackProblem(f"{where}：没有这个字段。")

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
        for name in sorted(self.pack.files):
            if name.startswith("forms/"):
                file = name.removeprefix("forms/")
                with self.faults.at(name):
                    layouts.append(LayoutReader(file, self.tables[name], self.names, self.faults).read())
        for layout in sorted(layouts, key=lambda one: one.order):
            with self.faults.at("forms", layout.key):
                if layout.key in self.pack.forms:
                    raise PackProblem(f"两张表都叫“{layout.key}”。请改一个 key。")
                self.pack.forms[layout.key] = layout
        for scope in self.pack.schema.scopes():
            forms = [form for form in self.pack.forms.values() if form.scope == scope.name]
            for path, item in scope.all_fields():
                homes = [f.key for f in forms if path in (f.inputs if item.asked else f.shows)]
                if item.home in self.pack.forms and item.home not in homes:
                    with self.faults.at("fields.toml", path):
                        raise PackProblem(
                            f"fields.toml 的“{path}”：home“{item.home}”这张表没有填它的格。请改 home 或补一格。"
                        )
                if homes:
                    self.pack.homes[scope.name, path] = item.home or homes[0]

    def _checks(self) -> None:
        rows = self.tables.get("checks.toml", {}).get("checks", ())
        codes = {row.get("code") for row in rows}
        for number, raw in enumerate(rows, 1):
            where = f"checks.toml 第{number}条 {raw.get('code', '')}".rstrip()
            with self.faults.at("checks.toml", f"第{number}条"), well_shaped(where):
                made = self._check(raw, where)
                if not raw.get("off"):
                    self.pack.checks.append(made)
                unknown = [code for code in made.because_of if code not in codes]
                if unknown:
                    raise PackProblem(f"{where}：because_of 里的 {'、'.join(unknown)} 不存在。")

    def _not_evaluated(self) -> None:
        """目录里有、这套方案不算的核对，各写明为什么。"""
        codes, found = {check.code for check in self.pack.checks}, []
        for number, raw in enumerate(self.tables.get("checks.toml", {}).get("not_evaluated", ()), 1):
            where = f"checks.toml 的 not_evaluated 第{number}条"
            with self.faults.at("checks.toml", f"not_evaluated 第{number}条"), well_shaped(where):
                _known(raw, frozenset(("code", "why")), where)
                if not raw["code"] or not raw["why"]:
                    raise PackProblem(f"{where}：要有编号和原因。")
                if raw["code"] in codes:
                    raise PackProblem(f"{where}：{raw['code']} 在 checks 里有，不是不算。请删去一处。")
                found.append((raw["code"], raw["why"]))
        self.pack.not_evaluated = tuple(found)

    def _check(self, raw: Mapping[str, Any], where: str) -> Check:
        _known(raw, CHECK_KEYS, where)
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
        self._check_parameters(raw.get("parameters", {}), where)
        return self._compile_check(raw, scopes, each, where)

    def _check_parameters(self, given: Mapping[str, Any], where: str) -> None:
        """参数里点到的字段都要有：不然核对到那里才出错。"""
        known = {path for scope in self.pack.schema.scopes() for path, _ in scope.all_fields()}
        known |= {f"{path.rpartition('.')[0]}.*" for path in known}
        known |= {
            column
            for scope in self.pack.schema.scopes()
            for rows in scope.lists.values()
            for column in rows.fields
        }
        named = [given["field"]] if isinstance(given.get("field"), str) else []
        for name in ("fields", "texts", "lines"):
            named += [one for text in given.get(name, ()) for one in text.split()]
        missing = sorted(set(named) - known - {path.rpartition(".")[0] for path in known})
        if missing:
            raise PackProblem(f"{where} 的 parameters：没有名为“{'、'.join(missing)}”的字段。请核对名称。")

    def _compile_check(self, raw: Mapping[str, Any], scopes: tuple[str, ...], each: str, where: str) -> Check:
        place = Place(scopes[0], each)

        def expression(name: str) -> Expression | None:
            return self._compile(raw[name], place, f"{where} 的 {name}") if raw.get(name) else None

        def template(name: str) -> Template | None:
            return self._text(raw[name], place, f"{where} 的 {name}") if raw.get(name) else None

        self._check_everywhere(raw, [Place(scope, each) for scope in scopes], where)
        return Check(
            raw["code"], raw["level"], scopes, template("message") or compile_template("", self.names, place),
            tuple(self._compile(text, place, f"{where} 的 cells") for text in raw.get("cells", ())),
            each, expression("when"), expression("expr"), FUNCTIONS.get(raw.get("fn", "")), template("expected"),
            template("actual"), tuple(raw.get("because_of", ())), bool(raw.get("only_blank")), bool(raw.get("printed")),
            raw.get("parameters", {}), raw.get("title", ""), raw.get("source", ""), template("where"),
            bool(raw.get("final")), raw.get("fn", ""),
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
                self._text(raw.get(name, ""), place, f"{where} 的 {name}")
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
            with self.faults.at("fields.toml", address.replace("[x]", "")):
                _walk(address, uses, done, [])

    # ---- 规定的行、规定的合计 ----

    def _templates(self) -> None:
        made = []
        for number, raw in enumerate(self.tables.get("indicators.toml", {}).get("templates", ()), 1):
            where = f"indicators.toml 的 templates 第{number}条"
            with self.faults.at("indicators.toml", f"templates 第{number}条"), well_shaped(where):
                made.append(self._template(raw, where))
        self.pack.templates = tuple(made)

    def _template(self, raw: Mapping[str, Any], where: str) -> RowTemplate:
        _known(raw, TEMPLATE_KEYS, where)
        scope, rows = raw.get("scope", ""), self.pack.schema.constants.get(raw["rows"])
        if scope and scope not in self.pack.schema.children:
            raise PackProblem(f"{where}：没有名为“{scope}”的范围。")
        if raw["list"] not in self.pack.schema.scope(scope).lists:
            raise PackProblem(f"{where}：列表“{raw['list']}”不存在。")
        if rows is None:
            raise PackProblem(f"{where}：rows“{raw['rows']}”不是写死的行。")
        names = [str(row.get(TEMPLATE_ID) or "") for row in rows.rows or ()]
        if TEMPLATE_ID not in rows.fields or not all(names) or len(set(names)) < len(names):
            raise PackProblem(f"{where}：“{rows.key}”每行要有不重复的“{TEMPLATE_ID}”。")
        return RowTemplate(scope, raw["list"], raw["rows"])

    def _requires(self) -> None:
        """方案自己要满足的条件（如规定分值合计 100）：不用任何填报值就能算，要确定为真。"""
        scope = Facts(self.pack, Package(root=ScopeInput(""))).root
        for number, raw in enumerate(self.tables.get("indicators.toml", {}).get("requires", ()), 1):
            where = f"indicators.toml 的 requires 第{number}条"
            with self.faults.at("indicators.toml", f"requires 第{number}条"), well_shaped(where):
                _known(raw, REQUIRE_KEYS, where)
                place = Place("", raw.get("each", ""))
                if place.rows and place.rows not in self.pack.schema.constants:
                    raise PackProblem(f"{where}：each“{place.rows}”不是写死的行。")
                when = self._compile(raw["when"], place, where) if raw.get("when") else None
                expr = self._compile(raw["expr"], place, where)
                told = self._text(raw["message"], place, where)
                for ctx in scope.rows((place.rows,)) if place.rows else (scope,):
                    if (when is None or when.value(ctx) is True) and expr.value(ctx) is not True:
                        with self.faults.at("indicators.toml", place.rows):
                            raise PackProblem(f"indicators.toml：{told.render(ctx)}")


def _known(raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise PackProblem(f"{where}：不认识的键 {'、'.join(unknown)}。")


def _walk(address: str, uses: Mapping[str, list[str]], done: set[str], trail: list[str]) -> None:
    """走过的都记进 ``done``，绕成圈的也记：一个圈只报一次。"""
    if address in trail:
        ring = " → ".join(part.replace("[x]", "") for part in [*trail[trail.index(address) :], address])
        done.update(trail)
        raise PackProblem(f"fields.toml：计算字段绕成了圈：{ring}。请改其中一个公式。")
    if address in done:
        return
    if len(trail) > MAX_CHAIN:
        done.update(trail)
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
