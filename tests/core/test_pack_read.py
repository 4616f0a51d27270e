"""A small pack with everything that can be written in one, read and compiled, told part by part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal

import pytest

from evaluations.core.expressions import Expression
from evaluations.core.faults import PackProblem
from evaluations.core.pack import Pack, checksum_of, read_folder
from evaluations.core.scoring import ScoreRule
from evaluations.core.texts import Template
from tests.builders import LAB_FIELDS, lab, make_pack
from tests.goldens import same_as_golden

HEAD = """
key = "2024-lab"
name = "试验方案"
year = 2024
place = "某市"
money_unit = "元"
basis = ["财预〔2020〕10号 办法", "某发〔2024〕1号"]
steps = ["主管部门审核", "财政审核"]
"""
FIELDS = """
fields = [
  {key = "部门.名称", kind = "text", required = true, help = "写全称", home = "two"},
  {key = "人数", kind = "integer", unit = "人", label = "在编人数", prior = "人数", blank_means = "0"},
  {key = "人.均", kind = "decimal", digits = 3, compute = "合计.甲 / 人数", source = "某发 第1条"},
  {key = "率", kind = "percent", compute = "合计.甲 / 合计.乙", sign = false, na_shows = "0%"},
  {key = "级", kind = "choice", choices = ["高", "低"], by = "reviewer"},
  {key = "号", kind = "text", by = "system"},
  {key = "说明", kind = "long_text", live = true},
  {key = "日期", kind = "date"},
  {key = "有", kind = "yes_no"},
  {key = "其中", kind = "money", part_of = "合计.甲", digits = 0},
  {key = "第一.*", shape = "钱", label = "第一项", home = "two", help = "看账", source = "某发 第2条"},
  {key = "第二.*", shape = "钱", by = "reviewer"},
  {key = "合计.*", shape = "钱", sum = "第一.* 第二.*"},
  {key = "最大.*", shape = "钱", compute = "MAX(第一.*, 第二.*)"},
  {key = "表[]", shape = "行", match = "名", max_rows = 3},
  {key = "另表[]", shape = "行"},
  {key = "得分", kind = "points"}, {key = "权", kind = "points"}, {key = "总", kind = "points"},
]
[[shape]]
name = "钱"
fields = [
  {key = "甲", kind = "money", prior = "乙"}, {key = "乙", kind = "money", unit = "角", help = "另"},
  {key = "比", kind = "percent", label = "占比", compute = "甲 / 乙"},
]
[[shape]]
name = "行"
fields = [
  {key = "名", kind = "text"}, {key = "模板编号", kind = "text"}, {key = "数", kind = "points", label = "得数"},
  {key = "倍", kind = "decimal", compute = "数 * 2"}, {key = "评", kind = "points"},
]
[[scope]]
name = "项目"
match = "项目.名"
fields = [ {key = "项目.名", kind = "text"}, {key = "钱.*", shape = "钱"}, {key = "表[]", shape = "行"}, {key = "权", kind = "points"}, {key = "第一.*", shape = "钱"}, {key = "得分", kind = "points"} ]
"""
INDICATORS = """
fields = [{key = "模板[]", shape = "规定", rows = [["1", "办件", "10"], ["2", "巡查"]]}]
shape = [{name = "规定", fields = [{key = "编号", kind = "text"}, {key = "名", kind = "text"}, {key = "数", kind = "points"}]}]
constants = [{key = "满分", value = "10"}, {key = "线", value = "0.5"}]
templates = [{list = "表", rows = "模板"}, {scope = "项目", list = "表", rows = "模板"}]
requires = [
  {expr = "满分 == SUM(模板.数)", message = "不等"},
  {each = "模板", when = "not BLANK(数)", expr = "数 > 1", message = "{名}太小"},
]
"""
SCORING = """
parameters = {caps = [{below = "0.8", total = "89"}], rescale = true}
scores = [
  {field = "得分", method = "执行率", weight = "权", executed = "第一.甲", budget = "第一.乙"},
  {field = "表.评", method = "执行率", weight = "数", executed = "数", budget = "倍"},
  {field = "总", method = "总分", execution = "得分", rate = "率", list = "表", weight = "倍", score = "数"},
]
"""
CHECKS = """
checks = [
  {code = "A1", level = "error", title = "人数", expr = "人数 > 0", cells = ["人数"], message = "{人数}人，应为正数", source = "某发 第3条"},
  {code = "A2", level = "warning", scopes = ["", "项目"], each = "表", when = "not BLANK(名)", expr = "数 <= 满分", cells = ["数", "名"], message = "{名}得{数}", expected = "≤ {满分}", actual = "{数}", where = "{名}", because_of = ["A1"], only_blank = true, printed = true, final = true},
  {code = "A3", level = "info", off = true, fn = "lines_filled", parameters = {lines = ["第一.* 第二.*"], texts = ["说明"], fields = ["表.名", "名"]}, message = "空着"},
  {code = "A4", level = "info", fn = "lines_filled", parameters = {field = "率", lines = ["第一.*"]}},
]
not_evaluated = [{code = "Z1", why = "没有这张表"}, {code = "A3", why = "不用"}]
"""
TWO = """
key = "two"
title = "{year}年表二"
order = 1
print_order = 3
annex = "附件2"
columns = [1, 2]
[[band]]
kind = "fixed"
rows = [ [ {f = "部门.名称"}, {f = "第一.甲"} ], [ {f = "第一.乙"}, {f = "第一.比"} ], [ {f = "率"}, {f = "总"} ] ]
[[band]]
kind = "repeat"
over = "表"
min_rows = 9
row = [ {f = "名"}, {f = "倍"} ]
"""
ONE = """
key = "one"
title = "表一"
short = "{year}一"
order = 2
orientation = "landscape"
font_size = "9pt"
sheet = "一"
when = "有"
columns = [1, 2]
[[band]]
kind = "fixed"
rows = [ [ {f = "部门.名称"}, {f = "人数"} ], [ {f = "率"}, {t = "{第一.甲}"} ] ]
[[band]]
kind = "repeat"
over = "表"
row = [ {f = "模板编号"}, {f = "数"} ]
"""
PROJECT = """
key = "project"
title = "项目"
scope = "项目"
columns = [1]
[[band]]
kind = "fixed"
rows = [ [ {f = "项目.名"} ], [ {t = "{本部门.人数}人{钱.比}"} ] ]
"""
REPORT = """
key = "report"
title = "报告"
kind = "prose"
order = 9
block = [ {title = "报告", guide = "写满三页。{year}年"}, {text = "{说明}", guide = "如实"} ]
"""


@pytest.fixture(scope="module")
def pack() -> Pack:
    forms = {"forms/1": ONE, "forms/2": TWO, "forms/3": PROJECT, "forms/4": REPORT}
    return make_pack(FIELDS, head=HEAD, indicators=INDICATORS, scoring=SCORING, checks=CHECKS, **forms)


def told(value: object) -> str:
    """A part of a pack on one line; of a dataclass only what differs from the usual."""
    if isinstance(value, Expression):
        return f"‹{value.text}›"
    if isinstance(value, Template):
        return f"“{value.outline}”"
    if isinstance(value, ScoreRule):
        return f"{value.method} {told(value.keys)} {told(value.parameters)}"
    if is_dataclass(value):
        parts = [
            f"{field.name}={told(got)}"
            for field in fields(value)
            if field.default is MISSING or (got := getattr(value, field.name)) != field.default
            if (got := getattr(value, field.name)) is not None
        ]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {told(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(told, value)) + "]"
    if isinstance(value, frozenset):
        return told(sorted(value))
    return getattr(value, "__name__", "") or repr(value)


def all_told(pack: Pack) -> Iterator[str]:
    yield f"# {pack.key} {pack.name} {pack.year} {pack.place} {pack.money_unit} {pack.basis} {pack.steps}"
    yield f"常数 {told(pack.constants)}"
    for scope in pack.schema.scopes():
        yield f"\n# 范围 {scope.name} {scope.match}"
        yield from (f"{key}: {told(field)}" for key, field in scope.all_fields())
        yield from (
            f"{key} {rows.match} {rows.max_rows} {told(rows.rows)}" for key, rows in scope.lists.items()
        )
    yield from (f"{key}: {told(rows)}" for key, rows in pack.schema.constants.items())
    yield "\n# 公式"
    for (scope, rows), rules in pack.rules.items():
        yield from (f"{scope}/{rows} {key} = {told(rule)} {rule.explain()}" for key, rule in rules.items())
    yield "\n# 核对"
    yield from (told(check) for check in pack.checks)
    yield f"不算 {told(pack.not_evaluated)}"
    yield f"模板 {told(pack.templates)}"
    yield "\n# 表"
    for layout in pack.forms.values():
        bands = layout.bands
        yield f"{layout.key} {told([layout.inputs, layout.shows])}"
        yield f"  {told([getattr(layout, f.name) for f in fields(layout) if f.name not in ('bands', 'inputs', 'shows')])}"
        yield from (f"  {told(band)}" for band in bands)
    yield from (f"{scope}/{key} 在 {home}" for (scope, key), home in pack.homes.items())
    yield f"提示 {pack.guides}"


def test_everything_that_a_pack_says_is_read(pack: Pack):
    same_as_golden("pack-read.txt", "\n".join(all_told(pack)) + "\n")


def test_what_a_pack_leaves_out_is_as_usual():
    assert (lab().place, lab().basis, lab().steps) == ("", (), ("单位审核", "财政审核"))
    assert lab().constants == {"year": Decimal(2024), "money_unit": "万元"}
    assert (lab().checks, lab().not_evaluated, lab().templates, lab().guides, lab().forms) == (
        [],
        (),
        (),
        (),
        {},
    )


def test_the_home_of_what_no_form_shows_is_none(pack: Pack):
    assert pack.home_of("", "部门.名称") == "two"
    assert pack.home_of("", "号") == ""
    assert pack.home_of("项目", "部门.名称") == ""


def test_a_form_that_is_not_there_is_named_with_those_that_are(pack: Pack):
    with pytest.raises(PackProblem) as refused:
        pack.form("three")
    assert str(refused.value) == "方案 2024-lab 没有“three”这张表。可用：project、two、one、report。"


def test_last_year_is_read_where_a_formula_or_a_check_wants_it(pack: Pack):
    assert not pack.reads_prior
    formula = LAB_FIELDS.replace("资金.执行 / 资金.预算", "PRIOR(a)")
    assert make_pack(formula).reads_prior
    check = '{code = "A1", level = "error", fn = "prior_final_agrees", parameters = {}}'
    assert make_pack(checks=f"checks = [{check}]").reads_prior


def test_the_checksum_is_the_sha256_of_the_files_by_name():
    text = '{"a.toml":"一","b.toml":"x = 1\\n"}'
    assert checksum_of({"b.toml": "x = 1\n", "a.toml": "一"}) == hashlib.sha256(text.encode()).hexdigest()


def test_a_folder_is_read_as_it_stands_and_refused_in_one_sentence(tmp_path):
    (tmp_path / "forms").mkdir()
    kept = {"pack.toml": "甲 = 1", "checks.toml": "", "forms/a.toml": "a", "forms/b.toml": "b"}
    for name, text in {
        **dict(reversed(kept.items())),
        "notes.txt": "不读",
        "forms/c.md": "不读",
        "other.toml": "不读",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(read_folder(tmp_path).items()) == list(kept.items())
    (tmp_path / "fields.toml").write_bytes(b"#" * (512 * 1024))
    assert len(read_folder(tmp_path)["fields.toml"]) == 512 * 1024
    (tmp_path / "fields.toml").write_bytes(b"#" * (512 * 1024 + 1))
    with pytest.raises(PackProblem) as large:
        read_folder(tmp_path)
    (tmp_path / "fields.toml").write_bytes("表".encode("gb18030"))
    with pytest.raises(PackProblem) as foreign:
        read_folder(tmp_path)
    (tmp_path / "pack.toml").unlink()
    with pytest.raises(PackProblem) as none:
        read_folder(tmp_path)
    assert [str(one.value) for one in (large, foreign, none)] == [
        "fields.toml 超过 512 KB。请核对是不是放错了文件。",
        "fields.toml 不是 UTF-8 编码。请另存为 UTF-8。",
        f"{tmp_path} 里没有 pack.toml，不是方案文件夹。",
    ]
