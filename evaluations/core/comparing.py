"""两版方案有什么不同，用人看得懂的话：按文件、按项（字段、指标、核对、表样的每一带），不是逐行比原文。"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Table = Mapping[str, Any]
HEAD_WORDS = {
    "key": "方案的键", "name": "名称", "year": "年度", "place": "地区", "money_unit": "金额单位", "basis": "依据",
    "steps": "流程", "report": "报告",
}  # fmt: skip
PROPERTY_WORDS = {
    "kind": "类型", "label": "名称", "unit": "单位", "digits": "小数位", "required": "必填", "help": "填报说明", "home": "在哪张表填",
    "compute": "公式", "sum": "合计", "source": "依据", "prior": "上年的来源", "by": "谁填", "part_of": "属于", "choices": "选项",
    "shape": "各列", "match": "按哪列对应", "max_rows": "最多行数", "level": "级别", "title": "名称", "when": "什么时候核对",
    "expr": "条件", "fn": "核对办法", "cells": "格子", "message": "消息", "expected": "应为", "actual": "现为", "because_of": "由谁引起",
    "parameters": "参数", "off": "停用", "final": "送审才要", "why": "为什么不算", "scopes": "范围", "each": "逐行", "weight": "分值", "method": "方法", "orientation": "纸张方向",
    "columns": "列宽", "font_size": "字号", "short": "短名", "order": "次序", "blank_means": "空白当作", "na_shows": "不适用时印",
    "sign": "印百分号", "live": "随数更新的句子", "printed": "比纸面印着的数", "where": "在哪里", "code": "编号", "field": "字段",
    "list": "列表", "rows": "各行", "scope": "范围",
}  # fmt: skip
FORM_WORDS = PROPERTY_WORDS | {
    "kind": "写法", "annex": "附件号", "sheet": "工作表名", "print_order": "打印次序", "over": "逐行印的列表", "side": "左侧的字", "cols": "各列",
    "head": "表头", "row": "每行", "skeleton": "规定的行", "open": "省略处的字", "min_rows": "最少行数", "empty": "没有时印的字",
    "repeat_head": "每页重印表头", "screen": "屏幕上的样子", "t": "文字", "f": "格子", "w": "占列", "h": "占行", "merge": "合并相同的",
    "align": "对齐", "style": "样式", "lines": "几行高", "show": "印法", "h1": "一级标题", "h2": "二级标题", "guide": "填写提示",
    "text": "正文", "sign": "落款",
}  # fmt: skip
PARAMETER_WORDS = {
    "negative": "反向指标的算法", "over_threshold": "超额多少算偏离", "over_action": "偏离了怎么办", "over_points": "偏离扣几分",
    "rescale": "不适用的是否折算", "caps": "按执行率封顶", "deductions": "按件扣分", "bands": "定性档次",
    "review_deviation": "审核与自评差多少算偏差大",
}  # fmt: skip
INSIDE_WORDS = FORM_WORDS | {
    "key": "键", "kind": "类型", "name": "名称", "value": "值", "low": "不低于", "high": "不高于", "below": "低于", "total": "总分不超过",
    "indicator": "指标", "per": "每", "points": "扣分",
}  # fmt: skip
"""一处写着几项的（参数、条件、一行格子），各项的名称。"""
VALUE_WORDS = {
    "error": "错误", "warning": "提醒", "info": "提示", "ratio": "按目标÷实际", "linear": "线性扣减", "reason": "说明原因",
    "deduct": "扣分", "unit": "单位", "reviewer": "审核人", "system": "系统", "portrait": "纵向", "landscape": "横向",
    "money": "金额", "integer": "整数", "percent": "百分数", "decimal": "数", "points": "分数", "text": "文字", "long_text": "长文字",
    "choice": "单选", "date": "日期", "yes_no": "是否", "line": "一行字", "fixed": "固定的行", "repeat": "逐行", "prose": "文章",
    "left": "靠左", "center": "居中", "right": "靠右",
}  # fmt: skip
NONE = "（没有）"
TABLE_ARRAYS = frozenset(
    "fields shape scope constants checks scores band block templates requires not_evaluated".split()
)
LISTS = frozenset("cells because_of scopes basis steps choices".split())


@dataclass(frozen=True, slots=True)
class Difference:
    """一处不同：在哪一类、哪一项、什么，旧的和新的。"""

    part: str
    item: str
    what: str
    old: str
    new: str


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> list[Difference]:
    """两套原文的全部不同；写法不对的部分当作没有。"""
    before, after = tables_of(old), tables_of(new)
    found = list(_properties("基本信息", "方案", before, after, "pack.toml", HEAD_WORDS))
    for name in ("fields.toml", "indicators.toml"):
        found += _fields(name, before.get(name, {}), after.get(name, {}))
    found += _scoring(before.get("scoring.toml", {}), after.get("scoring.toml", {}))
    found += _checks(before.get("checks.toml", {}), after.get("checks.toml", {}))
    for name in sorted({*before, *after}):
        if name.startswith("forms/"):
            found += _form(before.get(name, {}), after.get(name, {}), name)
    return found


def tables_of(files: Mapping[str, str]) -> dict[str, Table]:
    """各文件读成的表，不管对不对：写法不对的文件为空表，形状不对的部分略去。正在改的草稿也看得见。"""
    return {name: _tidy(_read(text)) for name, text in files.items()}


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _tidy(table: Mapping[str, Any]) -> dict[str, Any]:
    """该是一组表的只留一组表，该是表的只留表，里面的 ``fields``、``rows`` 也一样。"""
    made: dict[str, Any] = {}
    for name, value in table.items():
        if name in TABLE_ARRAYS:  # 字段里的 shape、模板里的 rows 是名称
            if isinstance(value, list):
                made[name] = [_tidy(one) for one in value if isinstance(one, dict)]
            elif isinstance(value, str):
                made[name] = value
        elif name == "rows":
            if isinstance(value, list):
                made[name] = [row for row in value if isinstance(row, list)]
            elif isinstance(value, str):
                made[name] = value
        elif (name != "parameters" or isinstance(value, dict)) and (
            name not in LISTS or isinstance(value, list)
        ):
            made[name] = value
    return made


def _properties(
    part: str, item: str, old: Table, new: Table, key: str, words: Mapping[str, str]
) -> Iterator[Difference]:
    yield from _changes(part, item, old.get(key, {}), new.get(key, {}), words)


def _changes(
    part: str, item: str, old: Table, new: Table, words: Mapping[str, str], skip: Sequence[str] = ()
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        if name not in skip and old.get(name) != new.get(name):
            yield Difference(part, item, words.get(name, name), shown(old.get(name)), shown(new.get(name)))


def _items(
    part: str,
    old: Mapping[str, Table],
    new: Mapping[str, Table],
    words: Mapping[str, str],
    skip: Sequence[str] = (),
) -> Iterator[Difference]:
    """按名称一项对一项：增加的、去掉的、改了的；次序变了另说一句。"""
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield Difference(part, name, "增加", NONE, _brief(new[name], skip))
        elif name not in new:
            yield Difference(part, name, "去掉", _brief(old[name], skip), NONE)
        else:
            yield from _changes(part, name, old[name], new[name], words, skip)
    both = [name for name in old if name in new]
    if both != [name for name in new if name in old]:
        yield Difference(part, "", "次序变了", "", "")


def _brief(table: Table, skip: Sequence[str] = ()) -> str:
    told = (table.get(name) for name in ("title", "label", "message", "kind", "compute") if name not in skip)
    whole = {key: value for key, value in table.items() if key not in skip}
    return shown(next((one for one in told if one), whole))


def _fields(file: str, old: Table, new: Table) -> Iterator[Difference]:
    rows = ("rows",)
    yield from _items("字段", _by_key(old), _by_key(new), PROPERTY_WORDS, rows)
    scopes = ({one.get("name", ""): one for one in table.get("scope", ())} for table in (old, new))
    first, second = scopes
    for name in dict.fromkeys([*first, *second]):
        yield from _items(
            f"字段（{name}）",
            _by_key(first.get(name, {})),
            _by_key(second.get(name, {})),
            PROPERTY_WORDS,
            rows,
        )
    yield from _shapes(old, new)
    yield from _items("常数", _by_key(old, "constants"), _by_key(new, "constants"), {"value": "值"})
    for key in dict.fromkeys([*_by_key(old), *_by_key(new)]):
        before, after = (_by_key(table).get(key, {}).get("rows", []) for table in (old, new))
        if before != after:
            yield from _constant_rows(
                key.removesuffix("[]"), before, after, _columns(new, key) or _columns(old, key)
            )
    for name, word in (("requires", "方案的条件"), ("templates", "模板用在哪里")):
        if old.get(name) != new.get(name):
            yield Difference("指标", word, "改了", shown(old.get(name)), shown(new.get(name)))


def _shapes(old: Table, new: Table) -> Iterator[Difference]:
    before, after = ({one.get("name", ""): one for one in table.get("shape", ())} for table in (old, new))
    for name in dict.fromkeys([*before, *after]):
        yield from _items(
            f"字段（{name}）", _by_key(before.get(name, {})), _by_key(after.get(name, {})), PROPERTY_WORDS
        )


def _by_key(table: Table, name: str = "fields") -> dict[str, Table]:
    return {str(one.get("key", "")): one for one in table.get(name, ()) if isinstance(one, dict)}


def _columns(table: Table, key: str) -> list[str]:
    shape = _by_key(table).get(key, {}).get("shape")
    fields = next((one.get("fields", ()) for one in table.get("shape", ()) if one.get("name") == shape), ())
    return [str(column.get("key", "")) for column in fields]


def _constant_rows(
    name: str, old: Sequence[Any], new: Sequence[Any], columns: Sequence[str]
) -> Iterator[Difference]:
    """写死的行：有“编号”的按编号对应，没有的按前两列。"""
    before, after = ({_identity(row, columns): _row(row, columns) for row in rows} for rows in (old, new))
    yield from _items(f"指标（{name}）", before, after, {})


def _identity(row: Sequence[str], columns: Sequence[str]) -> str:
    """``T1 办件量`` 或 ``产出指标·数量指标``。"""
    if columns and columns[0] == "编号":
        return str(row[0]) if row else ""
    return "·".join(map(str, row[:2]))


def _row(row: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in zip(columns, row, strict=False) if value != ""}


def _scoring(old: Table, new: Table) -> Iterator[Difference]:
    before, after = (
        {str(one.get("field", "")): one for one in table.get("scores", ())} for table in (old, new)
    )
    yield from _items("计分", before, after, PROPERTY_WORDS)
    yield from _changes("计分", "参数", old.get("parameters", {}), new.get("parameters", {}), PARAMETER_WORDS)


def _checks(old: Table, new: Table) -> Iterator[Difference]:
    yield from _items("核对", _by_code(old), _by_code(new), PROPERTY_WORDS, ("code",))
    before, after = (
        {str(row.get("code", "")): row for row in table.get("not_evaluated", ())} for table in (old, new)
    )
    yield from _items("不算的核对", before, after, PROPERTY_WORDS, ("code",))


def _by_code(table: Table) -> dict[str, Table]:
    """编号加名称是一条核对的身份；重名的再加第几条。"""
    found: dict[str, Table] = {}
    for row in table.get("checks", ()):
        name = f"{row.get('code', '')} {row.get('title', '')}".strip()
        number = sum(key == name or key.startswith(f"{name}（") for key in found) + 1
        found[name if number == 1 else f"{name}（{number}）"] = row
    return found


def _form(old: Table, new: Table, file: str) -> Iterator[Difference]:
    part = f"表样 {new.get('title') or old.get('title') or file}"
    if not old or not new:
        yield Difference(part, "", "增加" if not old else "去掉", "", "")
        return
    yield from _changes(part, "整张表", old, new, FORM_WORDS, ("band", "block"))
    for name, word in (("band", "带"), ("block", "块")):
        before, after = old.get(name, []), new.get(name, [])
        for number in range(max(len(before), len(after))):
            one, other = ((rows[number] if number < len(rows) else None) for rows in (before, after))
            if one != other:
                yield from _band(part, f"第{number + 1}{word}", one, other)


def _band(part: str, item: str, old: Table | None, new: Table | None) -> Iterator[Difference]:
    if old is None or new is None:
        yield Difference(part, item, "增加" if old is None else "去掉", "", "")
        return
    yield from _changes(part, item, old, new, FORM_WORDS, ("rows",))
    before, after = old.get("rows", []), new.get("rows", [])
    for number in range(max(len(before), len(after))):
        one, other = ((rows[number] if number < len(rows) else None) for rows in (before, after))
        if one != other:
            yield Difference(part, f"{item}第{number + 1}行", "改了", shown(one), shown(other))


def shown(value: Any) -> str:
    """一个值怎么说：是非、清单、几项；空的是“（没有）”。"""
    return _said(value) or NONE


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return "，".join(f"{INSIDE_WORDS.get(key, key)} {_said(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "；".join(_said(one) for one in value)
    return VALUE_WORDS.get(str(value), str(value))
