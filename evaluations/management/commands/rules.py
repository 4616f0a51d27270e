"""manage.py rules --pack KEY：一套方案的全部核对规则，给人看（md）或给程序（json）；docs/核对规则.md 就是它的输出。"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.checks import Check
from evaluations.core.pack import Pack
from evaluations.core.rules import words_of

from . import add_pack_argument, find_pack, plain_errors

DEFAULT = "2024-yueyang"
LONGEST_LIST = 6
SECTIONS = {
    "B": "基础数据表", "D": "部门整体支出绩效自评表", "P": "项目与资金", "W": "分值", "S": "指标与得分", "T": "字数",
    "X": "各表之间", "R": "自评报告", "N": "报告里的数", "Z": "签字",
}  # fmt: skip
LEVEL_WORDS = {"error": "错误", "warning": "提醒", "info": "提示"}


class Command(BaseCommand):
    help = "列出一套方案的核对规则：编号、名称、级别、在哪里、条件、消息、依据，和不算的与原因"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_pack_argument(parser)
        parser.add_argument("--format", choices=["md", "json"], default="md", help="md 给人看，json 给程序")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            pack = find_pack(options["pack"] or DEFAULT)
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_json(pack), ensure_ascii=False, indent=1))
        else:
            self.stdout.write("\n".join(as_markdown(pack)))


def as_json(pack: Pack) -> dict[str, Any]:
    """规则清单，键是英文，字是中文。"""
    return {
        "pack": pack.key,
        "rules": [rule_of(pack, check) for check in pack.checks],
        "not_evaluated": [{"code": code, "why": why} for code, why in pack.not_evaluated],
    }


def rule_of(pack: Pack, check: Check) -> dict[str, str]:
    """一条核对的各栏。"""
    level = LEVEL_WORDS["error" if check.final else check.level]
    timing = "，填报时只提示，送审时拦住" if check.final else "，填报时只提示" if check.printed else ""
    return {
        "code": check.code,
        "title": check.title,
        "level": level + timing,
        "where": _where(pack, check),
        "condition": _condition(check),
        "message": check.message.outline,
        "source": check.source,
        "because_of": "、".join(check.because_of),
    }


def _where(pack: Pack, check: Check) -> str:
    """问题出在哪几张表，逐行的写上列表。"""
    found = dict.fromkeys(
        pack.forms[home].short or pack.forms[home].title
        for scope in check.scopes
        for key in _keys(check)
        if (home := pack.home_of(scope, key))
    )
    names = [name.replace("{year}", str(pack.year)) for name in found]
    return ("、".join(names) or "各表") + (f"，{check.each}逐行" if check.each else "")


def _keys(check: Check) -> Iterator[str]:
    """核对碰着的字段：写明的格，没有写的看参数里的键；逐行的是列表的列。"""
    for expression in check.cells:
        for reference in expression.references():
            name = reference.name
            yield ".".join((*name.path, name.key))
            yield f"{check.each}.{name.key}"
    if not check.cells:
        yield from _parameter_keys(check.parameters)
        yield f"{check.each}.三级指标"


def _parameter_keys(given: Any) -> Iterator[str]:
    """参数里可能是键的字；“公车购置.*”和记录名换成它的一列，列表名换成列表的一列。"""
    if isinstance(given, str):
        for word in given.split():
            record = word.removesuffix(".*")
            yield from (word, f"{record}.本年决算数", f"{record}.名称", f"{record}.三级指标")
    elif isinstance(given, dict):
        for value in given.values():
            yield from _parameter_keys(value)
    elif isinstance(given, list):
        for value in given:
            yield from _parameter_keys(value)


def _condition(check: Check) -> str:
    if check.fn is not None:
        return re.sub(r"``(\w+)``", lambda match: _shown(check.parameters.get(match[1])), words_of(check.fn))
    assert check.expr is not None  # noqa: S101 装入时已查过：没有 fn 就有 expr
    when = f"当 {check.when.explain()} 时：" if check.when is not None else ""
    return f"{when}{check.expr.explain()}"


def _shown(value: Any) -> str:
    """一个参数怎么说：数和字照写，清单写前几个，几列的写列名和限度。"""
    if isinstance(value, list) and value:
        words = [_shown(one) for one in value]
        return "、".join(words[:LONGEST_LIST]) + ("等" if len(words) > LONGEST_LIST else "")
    if isinstance(value, dict):
        limits = [f"{word} {value[name]}" for name, word in (("up", "增"), ("down", "减")) if name in value]
        return f"{value.get('column', '')}（{'，'.join(limits)}）" if limits else "方案规定的"
    return "别的" if value is None else str(value)


def as_markdown(pack: Pack) -> Iterator[str]:
    """规则清单的 Markdown。"""
    yield "# 核对规则"
    yield ""
    yield f"本页由 `manage.py rules --pack {pack.key}` 从方案写出，不手改；测试核对它与方案一致。"
    yield ""
    yield f"方案：{pack.name}（{pack.key}）。错误拦送审；提醒要写说明，说明给审核人看；提示只给人看。"
    yield "条件确定为假才报；有一边空着、不适用的不报，空格另有核对。一处问题由另一处引起时，折叠在那一处下面。"
    yield "消息空着的由核对函数按情况写出：哪里、什么、应为、现为、怎么改。"
    columns = ("code", "title", "level", "where", "condition", "message", "source", "because_of")
    checks = sorted(pack.checks, key=lambda check: check.code)
    present = {check.code[0] for check in checks}
    for letter in [*(one for one in SECTIONS if one in present), *sorted(present - SECTIONS.keys())]:
        yield ""
        yield f"## {letter}　{SECTIONS.get(letter, '其他')}"
        yield ""
        yield "| 编号 | 名称 | 级别 | 在哪里 | 条件 | 消息 | 依据 | 由谁引起 |"
        yield "|---|---|---|---|---|---|---|---|"
        for check in checks:
            if check.code[0] == letter:
                rule = rule_of(pack, check)
                yield f"| {' | '.join(_cell(rule[name]) for name in columns)} |"
    yield ""
    yield "## 目录里有、这套方案不算的"
    yield ""
    yield "| 编号 | 为什么不算 |"
    yield "|---|---|"
    for code, why in pack.not_evaluated:
        yield f"| {code} | {_cell(why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
