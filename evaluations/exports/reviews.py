"""审核用的清单：评审得分表、核对表。内容来自 core，三种文件同一份 ``Table``。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from ..core.checks import Finding
from ..core.pack import Pack
from ..core.reviewing import Line, Part, level_label
from .tables import Column, Table

RESULTS = {"error": "错误", "warning": "提醒", "info": "提示"}
PASSED, WAIVED = "✓", "豁免"
CHECK_COLUMNS = (
    Column("编号", 7),
    Column("核对什么", 26),
    Column("结果", 6),
    Column("哪里", 20),
    Column("问题", 46),
    Column("应为", 14, numeric=True),
    Column("现为", 14, numeric=True),
    Column("说明、豁免", 30),
)


def score_tables(parts: Sequence[Part], unit: str, year: int, levels: Collection[str]) -> list[Table]:
    """评审得分表：部门一张，项目各一张；``levels`` 是列出哪几级的审核得分。"""
    columns = [
        Column("二级指标", 14), Column("三级指标", 34), Column("分值", 7, numeric=True), Column("自评得分", 8, numeric=True),
        *(Column(f"{level_label(level)}审核得分", 9, numeric=True) for level in levels), Column("最后得分", 8, numeric=True),
        Column("偏差（分）", 8, numeric=True), Column("偏差（%）", 9, numeric=True), Column("审核意见", 44),
    ]  # fmt: skip
    return [
        Table(
            f"{year}年度评审得分表{f'（{part.name}）' if part.name else ''}", columns,
            [*(_score_row(line, levels) for line in part.lines), _total_row(part, levels)],
            _score_notes(part, unit),
        )
        for part in parts
    ]  # fmt: skip


def _score_notes(part: Part, unit: str) -> list[str]:
    grade = f"，等次 {part.grade}" if part.grade else ""
    notes = [f"单位：{unit}", f"自评总分 {part.own or '—'}，最后总分 {part.final or '—'}{grade}。{part.why}"]
    if any(line.far for line in part.lines) or part.far:
        notes.append("标 ※ 的与自评得分偏差大。")
    return notes


def _score_row(line: Line, levels: Collection[str]) -> list[str]:
    given = [line.scores.get(level, "") or "" for level in levels]
    told = [
        f"{level_label(level)}：{line.opinions[level]}" if len(levels) > 1 else line.opinions[level]
        for level in levels
        if line.opinions.get(level)
    ]
    mark = "※" if line.far else ""
    return [
        line.group, line.name, line.weight, line.own, *given, line.final, f"{mark}{line.gap}", line.percent,
        "\n".join(told),
    ]  # fmt: skip


def _total_row(part: Part, levels: Collection[str]) -> list[str]:
    mark = "※" if part.far else ""
    return [
        "总分",
        "",
        "",
        part.own,
        *("" for _ in levels),
        part.final,
        f"{mark}{part.gap}",
        part.percent,
        "",
    ]


def check_table(
    pack: Pack, findings: Sequence[Finding], notes: Mapping[tuple[str, str], str], unit: str
) -> Table:
    """核对表：方案的每条核对，没有问题的打勾，有问题的一处一行。"""
    titles: dict[str, list[str]] = defaultdict(list)
    for check in pack.checks:
        if check.title not in titles[check.code]:
            titles[check.code].append(check.title)
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.code].append(finding)
    rows = []
    for code, names in titles.items():
        what = "；".join(filter(None, names))
        rows += [_check_row(one, what, notes) for one in found[code]] or [
            [code, what, PASSED, "", "", "", "", ""]
        ]
    return Table(f"{pack.year}年度核对表", CHECK_COLUMNS, rows, _check_notes(len(titles), findings, unit))


def _check_notes(rules: int, findings: Sequence[Finding], unit: str) -> list[str]:
    counts = [
        f"{word} {sum(1 for f in findings if f.level == level and f.waived is None)} 处"
        for level, word in RESULTS.items()
    ]
    waived = sum(1 for finding in findings if finding.waived is not None)
    told = [*counts, *([f"{WAIVED} {waived} 处"] if waived else [])]
    return [
        f"单位：{unit}",
        f"共 {rules} 条核对：{'，'.join(told)}；打 {PASSED} 的没有问题（没有填数的不比）。",
    ]


def _check_row(finding: Finding, what: str, notes: Mapping[tuple[str, str], str]) -> list[str]:
    waived = finding.waived
    told = notes.get(finding.key, "")
    if waived is not None:
        day = f"{waived.until.year}年{waived.until.month}月{waived.until.day}日"
        told = f"已豁免到 {day}：{waived.reason}" + (f"\n说明：{told}" if told else "")
    result = WAIVED if waived is not None else RESULTS[finding.level]
    return [
        finding.code, what, result, finding.where, finding.message, finding.expected, finding.actual, told,
    ]  # fmt: skip
