"""各项性能目标。绝对时间只看量级，比值和增长才作数。"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms as django_forms

from evaluations.core.checks import run
from evaluations.core.facts import Facts, Package, RowInput, ScopeInput
from evaluations.core.grid import expand
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack, load_folder
from evaluations.exports.html import render_grid
from tests.bench.copies import f36_copied_texts
from tests.bench.files import p1_package_against_chromium, p2_package_against_typst, p6_workbook
from tests.bench.measure import pairs, result
from tests.bench.saving import p10_p11_saving
from tests.conftest import PACK_FOLDER, fixture_json

Result = dict[str, Any]


def _pack() -> Pack:
    return load_folder(PACK_FOLDER)


def _big_package(pack: Pack, projects: int, indicators: int) -> Package:
    """若干项目、每项目若干指标的一套材料，数都填满。"""
    package = read_package(fixture_json("2024-correct-package"), pack)
    sample = package.children["项目"][0]
    package.children["项目"] = [
        ScopeInput(str(number), dict(sample.values), {"指标": [_indicator(n) for n in range(indicators)]})
        for number in range(projects)
    ]
    return package


def _indicator(number: int) -> RowInput:
    values = {
        "一级指标": "产出指标", "二级指标": "数量指标", "三级指标": f"办件数 {number}", "性质": ">=", "年度指标值": "100",
        "计量单位": "件", "实际完成值": "97", "分值": Decimal(2), "得分": Decimal("1.94"), "偏差原因": "年底积压 3 件，已办结",
    }  # fmt: skip
    return RowInput(str(number), values)  # type: ignore[arg-type]


def _evaluate(pack: Pack, package: Package) -> int:
    facts = Facts(pack, package)
    values = sum(1 for _ in facts.computed())
    return values + len(run(pack, facts))


def p13_evaluate() -> Result:
    """P13：20 个项目 × 30 个指标的全部计算值、得分、核对。"""
    pack = _pack()
    whole, half = _big_package(pack, 20, 30), _big_package(pack, 20, 15)
    ours, smaller = pairs(lambda: _evaluate(pack, whole), lambda: _evaluate(pack, half))
    growth = ours.median / smaller.median
    return result(
        "P13", "算全套并核对（20 项目 × 30 指标）", ours, f"指标减半 {smaller.median:.1f} 毫秒，增长 {growth:.2f} 倍",
        "≤ 50 毫秒，且随指标数线性（≤ 2.2 倍）", ours.median <= 50 and growth <= 2.2,
    )  # fmt: skip


def p8_entry_page() -> Result:
    """P8：150 个填报格的页面，对照同样多字段的普通 Django 表单。"""
    pack = _pack()
    package = read_package(fixture_json("2024-yueyang-package"), pack)
    package.root.rows["指标"] = [_indicator(n) for n in range(22)]
    facts = Facts(pack, package)
    layout = pack.forms["department"]
    count = sum(1 for piece in expand(layout, facts).value_pieces() if piece.input)
    assert count >= 130
    fields = {f"f{n}": django_forms.CharField(initial="94.8", required=False) for n in range(count)}
    plain_form = type("PlainForm", (django_forms.Form,), fields)
    ours, yardstick = pairs(
        lambda: render_grid(expand(layout, facts), "entry"), lambda: plain_form().as_table()
    )
    ratio = ours.median / yardstick.median
    return result(
        "P8",
        f"填报页 {count} 格",
        ours,
        f"普通表单 {yardstick.median:.1f} 毫秒，比 {ratio:.2f}",
        "≤ 0.25",
        ratio <= 0.25,
    )


GOALS: list[Callable[[], Result | list[Result]]] = [
    p8_entry_page,
    p13_evaluate,
    f36_copied_texts,
    p1_package_against_chromium,
    p2_package_against_typst,
    p6_workbook,
    p10_p11_saving,
]
