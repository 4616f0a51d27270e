"""Small packs and packages that the tests share: a lab with every kind of name, and the real pack."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from evaluations.core.expressions import Expression
from evaluations.core.facts import Facts, Package, RowInput, ScopeInput
from evaluations.core.names import Names, Place
from evaluations.core.pack import Pack, build, examine, load_folder, read_folder
from evaluations.core.values import NotApplicable, Value

ROOT = Path(__file__).resolve().parent.parent
PACK_FOLDER = ROOT / "evaluations" / "packs" / "2024-yueyang"
FIXTURES = ROOT / "tests" / "fixtures"
EXAMPLE, MENDED, CORRECT = "2024-yueyang-package", "2024-yueyang-mended", "2024-correct-package"

HEAD = 'key = "lab"\nname = "试验"\nyear = 2024\nmoney_unit = "万元"\n'
LAB_FIELDS = """
fields = [
  {key = "a", kind = "decimal", digits = 6},
  {key = "b", kind = "decimal", digits = 6},
  {key = "c", kind = "decimal", digits = 6},
  {key = "零当", kind = "decimal", blank_means = "0"},
  {key = "名", kind = "text"},
  {key = "日", kind = "date"},
  {key = "有", kind = "yes_no"},
  {key = "资金.预算", kind = "money"},
  {key = "资金.执行", kind = "money"},
  {key = "资金.执行率", kind = "percent", compute = "资金.执行 / 资金.预算"},
  {key = "表[]", shape = "行", match = "名称"},
  {key = "另表[]", shape = "行", match = "名称"},
  {key = "框[]", shape = "框", rows = [["甲", "50"], ["乙", "30"]]},
]

[[shape]]
name = "行"
fields = [
  {key = "名称", kind = "text"}, {key = "组别", kind = "text"}, {key = "数", kind = "decimal"},
  {key = "满", kind = "decimal"}, {key = "注", kind = "text"}, {key = "差", kind = "decimal", compute = "满 - 数"},
]

[[shape]]
name = "框"
fields = [{key = "组别", kind = "text"}, {key = "规定", kind = "decimal"}]

[[scope]]
name = "项目"
match = "项目.名称"
fields = [
  {key = "项目.名称", kind = "text"}, {key = "x", kind = "decimal"}, {key = "a", kind = "decimal"},
  {key = "表[]", shape = "行", match = "名称"},
]
"""


def pack_files(fields: str = LAB_FIELDS, **files: str) -> dict[str, str]:
    """The files of a pack by their names without ``.toml``, ``form`` for a form."""
    texts = {"pack.toml": files.pop("head", HEAD), "fields.toml": fields}
    if "form" in files:
        texts["forms/form.toml"] = files.pop("form")
    return {**texts, **{f"{name}.toml": text for name, text in files.items()}}


def make_pack(fields: str = LAB_FIELDS, **files: str) -> Pack:
    """A pack from TOML text, see ``pack_files``."""
    return build(pack_files(fields, **files))


def faults_told(title: str, files: Mapping[str, str]) -> str:
    """For golden files: what was wrong, and each fault with its file and item; without the words of Python."""
    _, faults = examine(files)
    told = "\n".join(f"  {fault.file} | {fault.item} | {fault.message}" for fault in faults)
    told = re.sub(
        r"TOML：.*", "TOML：…", re.sub(r"（(\w+(?:Error|Operation)) .*?）。请", r"（\1 …）。请", told)
    )
    return f"# {title}\n{told}\n"


@cache
def lab() -> Pack:
    return make_pack()


@cache
def yueyang() -> Pack:
    return load_folder(PACK_FOLDER)


@cache
def checking(code: str) -> Pack:
    """The real pack with the checks of one code, and those that its findings can follow from: quick to run."""
    causes = {code for check in yueyang().checks for code in check.because_of} | {"R01", "X01"}
    return replace(yueyang(), checks=tuple(one for one in yueyang().checks if one.code in {code, *causes}))


def yueyang_files(file: str, old: str, new: str) -> dict[str, str]:
    """The files of the real pack with one place changed."""
    files = read_folder(PACK_FOLDER)
    assert old in files[file], f"{file} has no {old}"
    return {**files, file: files[file].replace(old, new, 1)}


def fixture(name: str) -> dict:
    return deepcopy(_fixture(name))


@cache
def _fixture(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def put(data: dict, place: str, text: object) -> None:
    """Changes one place of a package in the interchange form.

    ``报告.九``, ``指标.7.得分`` or ``7.得分``, ``楼堂馆所.0.实际规模``, ``市级专项资金`` (all rows),
    ``项目.0 资金.全年预算数``, ``印 …`` (a printed cell).
    """
    while (head := place.partition(" ")[0]) in ("印", "项目.0", "项目.1"):
        place = place.partition(" ")[2]
        if head == "印":
            data.setdefault("printed", {})[place] = text
            return
        data = data["projects"][int(head[-1])]
    first, _, rest = place.partition(".")
    row, _, column = rest.partition(".")
    if first.isdigit():
        data["indicators"][int(first)][rest] = text
    elif first == "报告":
        data["report"][rest] = text
    elif first == "指标":
        data["indicators"][int(row)][column] = text
    elif row.isdigit():
        data["rows"][first][int(row)][column] = text
    elif isinstance(text, list):
        data[place if place == "projects" else "rows"] = text if place == "projects" else {**data["rows"], first: text}  # fmt: skip
    else:
        data["values"][place] = text


def changed(change: dict, name: str = CORRECT) -> dict:
    """A fixture with places changed, see ``put``."""
    data = fixture(name)
    for place, text in change.items():
        put(data, place, text)
    return data


def value_of(raw: object) -> Value:
    """Text that is a number becomes one; ``None``, words and the like stay."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if isinstance(raw, str) and re.fullmatch(r"-?\d+(\.\d+)?", raw, re.ASCII):
        return Decimal(raw)
    return raw  # type: ignore[return-value]


def scope_input(id: str = "", rows: Mapping[str, list[dict]] | None = None, **values: object) -> ScopeInput:
    """Values by key (``__`` for the dot) and rows as lists of dicts, ids ``r0``, ``r1``…"""
    made = ScopeInput(id, {key.replace("__", "."): value_of(raw) for key, raw in values.items()})
    for key, lines in (rows or {}).items():
        made.rows[key] = [
            RowInput(f"r{n}", {column: value_of(raw) for column, raw in line.items()})
            for n, line in enumerate(lines)
        ]
    return made


def lab_facts(
    root: ScopeInput | None = None,
    *projects: ScopeInput,
    prior: Facts | None = None,
    pack: Pack | None = None,
) -> Facts:
    package = Package(root=root or ScopeInput(), children={"项目": list(projects)})
    return Facts(pack or lab(), package, prior=prior)


def compile_in_lab(text: str, scope: str = "", rows: str = "") -> Expression:
    return Names(lab().schema, lab().constants).compile(text, Place(scope, rows))


def calculate(text: str, /, *, rows: Mapping[str, list[dict]] | None = None, **values: object) -> Value:
    """The value of an expression in the lab's package scope."""
    return compile_in_lab(text).value(lab_facts(scope_input(rows=rows, **values)).root)


NA = NotApplicable("填报")
