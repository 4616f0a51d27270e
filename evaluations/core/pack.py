"""方案包：一个年度、一个地方的字段、表样、指标、得分、核对、流程，全是数据。

``read_folder`` 读文件夹，``build`` 验证整套并编译；有错时一次说全，每处都说清文件和位置。
同一套数据也能从数据库里的 JSON 恢复（``files`` 就是交换形式），导出与导入互逆。
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from .checks import Check
from .compiling import Compiler
from .expressions import Context
from .facts import Rule
from .faults import Fault, Faults, PackProblem, well_shaped
from .layout import Layout
from .names import Names, Place
from .rules import READS_PRIOR
from .schema import RowTemplate, Schema, SchemaReader, check_key
from .texts import fill_tokens
from .values import YUAN_PER_UNIT, Value

PACK_KEYS = frozenset("key name year place money_unit basis steps report".split())
STEPS = ("单位审核", "主管部门审核", "财政审核")
SINGLE_FILES = ("pack.toml", "fields.toml", "indicators.toml", "scoring.toml", "checks.toml")
TABLE_KEYS = {
    "scoring.toml": frozenset(("scores", "parameters")),
    "checks.toml": frozenset(("checks", "not_evaluated")),
}
MAX_FILE = 512 * 1024


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
    not_evaluated: tuple[tuple[str, str], ...] = ()
    templates: tuple[RowTemplate, ...] = ()
    names: Names = field(init=False)

    @property
    def checksum(self) -> str:
        """整套原文的 SHA-256；已发布的方案靠它认出任何改动。"""
        return checksum_of(self.files)

    @property
    def reads_prior(self) -> bool:
        """公式或核对用不用上年的数；不用就不必取上年的材料。"""
        return any(check.fn_name in READS_PRIOR for check in self.checks) or any(
            "PRIOR(" in text for text in self.files.values()
        )

    @property
    def guides(self) -> tuple[str, ...]:
        """表样上只在屏幕上显示的填写提示。"""
        cells = (cell for form in self.forms.values() for band in form.bands for cell in band.cells)
        texts = (
            "".join(part for part in cell.template.parts if isinstance(part, str))
            for cell in cells
            if cell.style == "guide"
        )
        return tuple(texts)

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


def checksum_of(files: Mapping[str, str]) -> str:
    """一套原文的 SHA-256，不管文件的先后。"""
    canonical = json.dumps(dict(sorted(files.items())), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


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
    """由原文编译一套方案；有错抛 ``PackProblem``，一行一处，全部列出。"""
    pack, faults = examine(files)
    if pack is None or faults:
        raise PackProblem("\n".join(fault.message for fault in faults))
    return pack


def examine(files: Mapping[str, str]) -> tuple[Pack | None, list[Fault]]:
    """编译并收齐全部错误。方案的头、字段有错时先不看后面的（后面的错多半由它们引起），方案为 None。"""
    faults, tables = Faults(), {}
    for name, text in files.items():
        with faults.at(name):
            tables[name] = _toml(name, text)
    pack = None
    if not faults.found:
        with faults.at("pack.toml"):
            pack = _head(files, tables, faults)
    if pack is None or faults.found:
        return None, faults.found
    pack.names = Names(pack.schema, pack.constants)
    Compiler(pack, tables, faults).compile()
    return pack, faults.found


def _toml(name: str, text: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise PackProblem(f"{name} 不是正确的 TOML：{problem}。") from None
    unknown = sorted(set(table) - TABLE_KEYS.get(name, frozenset(table)))
    if unknown:
        raise PackProblem(f"{name}：不认识的键 {'、'.join(unknown)}。")
    return table


def _head(files: Mapping[str, str], tables: Mapping[str, dict[str, Any]], faults: Faults) -> Pack:
    """pack.toml，和两个文件里的字段、常数。"""
    for name in ("pack.toml", "fields.toml"):
        if name not in tables:
            raise PackProblem(f"缺 {name}。")
    head = tables["pack.toml"]
    with well_shaped("pack.toml"):
        steps, year = _steps(head), int(head["year"])
        basis = tuple(head.get("basis", ()))
    reader = SchemaReader(head["money_unit"], faults)
    with well_shaped("fields.toml"):
        schema = reader.read(tables["fields.toml"])
    constants: dict[str, Value] = {"year": Decimal(year), "money_unit": head["money_unit"]}
    indicators = tables.get("indicators.toml", {})
    reader.file = "indicators.toml"
    with well_shaped("indicators.toml"):
        given = {name: value for name, value in indicators.items() if name not in ("requires", "templates")}
        reader.fill_from(given, schema, schema.root)
        for row in indicators.get("constants", ()):
            with faults.at("indicators.toml", str(row.get("key", ""))):
                check_key(row["key"], "indicators.toml 的 constants")
                constants[row["key"]] = Decimal(row["value"])
    return Pack(
        head["key"], head["name"], year, head.get("place", ""), head["money_unit"], basis, steps,
        dict(files), schema, constants,
    )  # fmt: skip


def _steps(head: Mapping[str, Any]) -> tuple[str, ...]:
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
