"""Random packs and packages: a seed always makes the same ones.

``tables(seed)`` is a valid pack as nested data (file → table), ``files`` its TOML, ``package`` a filled package in
the interchange form with blanks, 不适用, rare characters and hostile text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from evaluations.core.schema import Field, ListField, Scope

Table = dict[str, Any]

RARE = "堃垚昇珺鋆喆㎡䶮𠮷"
HOSTILE = '<img src="file:///etc/passwd" onerror=1></textarea></td></table><script>1</script>&amp;]]>'
TEXTS = (
    "按期完成", "产出指标", RARE, HOSTILE, "=1+1", "@SUM(A1)", "+86 730", "第一段\n　　第二段\n第三段", " 前后有空格 ",
    "{未知}{{花括号}}", "'引号\"与`反撇", "0", "不适用", "——", "É é ñ Ω", "12.50", "很长的文字，" * 90,
)  # fmt: skip
NUMBERS = ("0", "2", "12.5", "-3", "不适用", "——", "1,234.5", "（78）", "９９", "99999999.99", "无")
WORDS = "人员 资金 目标 面积 水电 设备 培训 会议 服务 公开 结转 采购".split()
KINDS = "money integer percent decimal points text long_text choice date yes_no".split()
CHOICES = ["达成", "部分达成", "未达成"]
GROUPS = ("产出指标", "效益指标", "满意度指标")
RECORD = ("年初数", "全年数", "完成率")


# ---- TOML ----


def files(made: Mapping[str, Table]) -> dict[str, str]:
    """The files of a pack; every value is written inline."""
    return {
        name: "\n".join(f"{_key(key)} = {_value(value)}" for key, value in table.items())
        for name, table in made.items()
    }


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").isalnum() else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())}}}"
    raise TypeError(f"no TOML for {value!r}")


# ---- packs ----


def tables(seed: int) -> dict[str, Table]:
    """A valid pack: fields of every kind, records with sums, lists with groups, forms of every band."""
    return _PackMaker(Random(seed)).make()


class _PackMaker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.made = 0

    def make(self) -> dict[str, Table]:
        random = self.random
        head = {"key": "random", "name": "随机", "year": 2024, "money_unit": random.choice(["元", "万元"])}
        root = _ScopeMaker(self, "")
        scopes = [root, *([_ScopeMaker(self, "项目")] if random.random() < 0.6 else [])]
        skeleton = [[group, f"{group[:2]}{n}"] for group in GROUPS for n in range(random.randint(1, 3))]
        pack: dict[str, Table] = {
            "pack.toml": head,
            "fields.toml": {
                "fields": root.fields,
                "shape": [_record_shape(), *(shape for scope in scopes for shape in scope.shapes)],
            },
            "indicators.toml": {
                "constants": [{"key": "基数", "value": str(random.randint(1, 100))}],
                "fields": [{"key": "框架[]", "shape": "框架", "rows": skeleton}],
                "shape": [{"name": "框架", "fields": [_text("组别"), _text("小组"), _text("说明")]}],
            },
        }
        if scopes[1:]:
            child = {"name": "项目", "match": "项目.名称", "fields": scopes[1].fields}
            pack["fields.toml"]["scope"] = [child]
        for scope in scopes:
            for _ in range(random.randint(1, 2)):
                self._add_form(pack, scope.form())
        if random.random() < 0.5:
            self._add_form(pack, root.prose())
        return pack

    def _add_form(self, pack: dict[str, Table], form: Table) -> None:
        number = len(pack)
        pack[f"forms/{number}.toml"] = {
            "key": f"form{number}",
            "title": "{year}年第" + f"{number}号表",
            **form,
        }

    def name(self) -> str:
        self.made += 1
        return f"{self.random.choice(WORDS)}{self.made}"


def _text(key: str) -> Table:
    return {"key": key, "kind": "text"}


def _record_shape() -> Table:
    rate = {"key": "完成率", "kind": "percent", "compute": "全年数 / 年初数"}
    return {
        "name": "记录",
        "fields": [{"key": "年初数", "kind": "money"}, {"key": "全年数", "kind": "money"}, rate],
    }


class _ScopeMaker:
    """The fields of one scope, and forms that show them."""

    def __init__(self, pack: _PackMaker, scope: str) -> None:
        self.pack, self.random, self.scope = pack, pack.random, scope
        self.shapes: list[Table] = []
        self.lists: dict[str, list[Table]] = {}
        self.records = [pack.name() for _ in range(3)]
        self.scalars = [self._field(pack.name()) for _ in range(self.random.randint(4, 12))]
        if scope:
            self.scalars.insert(0, _text("项目.名称"))
        else:
            self.scalars.extend(
                {"key": f"报告.{n}", "kind": "long_text", "live": n == "二"} for n in "一二三"
            )
        for _ in range(self.random.randint(1, 2)):
            self._add_list(self.random.choice(["指标", pack.name()]))
        self.computed = self._formulas()
        first, second, total = self.records
        self.fields: list[Table] = [
            *self.scalars,
            {"key": f"{first}.*", "shape": "记录"},
            {"key": f"{second}.*", "shape": "记录"},
            {"key": f"{total}.*", "shape": "记录", "sum": f"{first}.* {second}.*"},
            *({"key": f"{key}[]", "shape": f"{key}{scope}", "max_rows": 20} for key in self.lists),
            *self.computed,
        ]

    def _field(self, key: str) -> Table:
        random, kind = self.random, self.random.choice(KINDS)
        made: Table = {"key": key, "kind": kind}
        if kind == "choice":
            made["choices"] = CHOICES
        if kind in ("decimal", "points"):
            made["digits"] = random.randint(2, 4)
        if kind == "percent":
            made |= {"sign": random.random() < 0.7, "na_shows": random.choice(["不适用", "0"])}
        if random.random() < 0.3:
            made |= {"label": f"{key}（标签）", "help": "怎么填", "unit": "人", "required": True}
        return made

    def _add_list(self, key: str) -> None:
        columns = [_text("组别"), _text("小组"), _text("名称")]
        columns += [{"key": f"数{n}", "kind": "decimal"} for n in range(3)]
        columns += [self._field(f"列{n}") for n in range(self.random.randint(1, 3))]
        columns.append({"key": "差", "kind": "decimal", "compute": "数0 - 数1"})
        self.lists[key] = columns
        self.shapes = [shape for shape in self.shapes if shape["name"] != f"{key}{self.scope}"]
        self.shapes.append({"name": f"{key}{self.scope}", "fields": columns})

    def _formulas(self) -> list[Table]:
        numbers = [f["key"] for f in self.scalars if f["kind"] in ("money", "integer", "decimal", "points")]
        texts = [f["key"] for f in self.scalars if f["kind"] == "text"]
        over = next(iter(self.lists))
        made = [
            ("decimal", f"SUM({over}.数0)"),
            ("integer", f"COUNT({over})"),
            ("decimal", f"MAX({over}.差)"),
        ]
        if len(numbers) > 1:
            a, b = numbers[:2]
            made += [("percent", f"{a} / {b}"), ("decimal", f"{a} + {b} * 基数"), ("points", f"MIN({a}, 10)")]
            made += [("text", f"IF({a} > {b}, '高', '低')"), ("decimal", f"ROUND({a}, 1)")]
        made += [("integer", f"LEN({text})") for text in texts[:1]]
        return [{"key": self.pack.name(), "kind": kind, "compute": formula} for kind, formula in made]

    # ---- forms ----

    def form(self) -> Table:
        random = self.random
        width = random.randint(4, 9)
        self.asked = random.sample(self.scalars, len(self.scalars))
        bands = [self._plain_band(width) for _ in range(random.randint(1, 3))]
        if random.random() < 0.7:
            bands.append(self._record_band(width))
        bands += [self._repeat_band(width, key) for key in self.lists]
        random.shuffle(bands)
        return {
            **({"scope": self.scope} if self.scope else {}),
            "orientation": random.choice(["portrait", "landscape"]),
            "font_size": random.choice(["9pt", "10.5pt", "12pt"]),
            "columns": [random.randint(5, 20) for _ in range(width)],
            "band": bands,
        }

    def _plain_band(self, width: int) -> Table:
        rows = [
            [self._cell(w, h) for w, h in row]
            for row in tiling(self.random, width, self.random.randint(1, 5))
        ]
        made: Table = {"kind": self.random.choice(["line", "fixed", "fixed"]), "rows": rows}
        return made | ({"screen": True} if self.random.random() < 0.15 else {})

    def _cell(self, w: int, h: int) -> Any:
        random = self.random
        chance = random.random()
        if chance < 0.35 and self.asked:
            field = self.asked.pop()
            made: Table = {"f": field["key"]}
            if field["kind"] in ("choice", "yes_no") and random.random() < 0.6:
                made["show"] = "boxes"
            elif random.random() < 0.3:
                made = {"t": f"其中：{{{field['key']}}}（计）"}
            if field["kind"] == "long_text":
                made["lines"] = random.randint(1, 4)
        elif chance < 0.5:
            made = {"f": random.choice(self.computed)["key"]}
        elif chance < 0.6:
            made = {"t": "共{基数 * 2:0.00}分、{year-1}年"}
        else:
            made = {"t": random.choice(["", "标签", "年度资金总额（万元）", "　　其中："])}
            made |= {"style": random.choice(["title", "note", "small"])} if random.random() < 0.2 else {}
        return _spanned(made, w, h)

    def _record_band(self, width: int) -> Table:
        widths = parts(self.random, width, 4)
        rows: list[Any] = [[_spanned({"t": "项目"}, widths[0]), {"t": "{*}", "w": widths[1:]}]]
        for key in self.records:
            rows.append([_spanned({"t": key}, widths[0]), {"f": f"{key}.*", "w": widths[1:]}])
        return {"kind": "fixed", "cols": list(RECORD), "rows": rows}

    def _repeat_band(self, width: int, key: str) -> Table:
        random = self.random
        side = random.randint(0, 1)
        merges = ["组别", "小组"][: random.randint(0, 2)]
        inner = width - side
        made: Table = {"kind": "repeat", "over": key, "head": self._head(inner)}
        if side:
            made["side"] = {"t": "绩效指标", "w": side}
        if merges and random.random() < 0.6:
            made["skeleton"] = "框架"
        if random.random() < 0.5:
            made["open"] = "……"
        if random.random() < 0.5:
            made["min_rows"] = random.randint(0, 3)
        if random.random() < 0.3:
            made["empty"] = {
                "t": "本单位没有",
                **({"when": f"COUNT({key}) == 0"} if random.random() < 0.5 else {}),
            }
        made["repeat_head"] = random.random() < 0.7
        made["row"] = self._list_rows(key, inner, merges)
        return made

    def _head(self, width: int) -> list[list[Any]]:
        rows = tiling(self.random, width, self.random.randint(0, 2))
        return [[_spanned({"t": f"表头{w}"}, w, h) for w, h in row] for row in rows]

    def _list_rows(self, key: str, width: int, merges: list[str]) -> list[list[Any]]:
        random, height = self.random, self.random.randint(1, 2)
        columns = random.sample(
            [c for c in self.lists[key] if c["key"] not in merges], len(self.lists[key]) - len(merges)
        )
        rows = [
            [self._list_cell(columns, w, h) for w, h in row]
            for row in tiling(random, width - len(merges), height)
        ]
        for name in reversed(merges):
            text = random.choice([f"{{{name}}}", f"{{{name}}}（{{SUM(组.数0)}}分）"])
            rows[0].insert(0, _spanned({"t": text, "merge": name}, 1, height))
        return rows

    def _list_cell(self, columns: list[Table], w: int, h: int) -> Any:
        if not columns or self.random.random() < 0.15:
            return _spanned({"t": self.random.choice(["—", "", "共{COUNT(框架, 组别='产出指标')}组"])}, w, h)
        name = columns.pop()["key"]
        return _spanned(self.random.choice([{"f": name}, {"f": name}, {"t": f"计{{{name}}}"}]), w, h)

    def prose(self) -> Table:
        blocks: list[Table] = [{"title": "{year}年度自评报告"}]
        for number, part in enumerate("一二三", 1):
            block: Table = {"h1": f"{part}、第{number}部分", "text": f"{{报告.{part}}}", "lines": number}
            block |= {"guide": "写清楚做了什么。"} if self.random.random() < 0.5 else {}
            block |= {"live": f"共{{{self.computed[0]['key']}}}项。"} if self.random.random() < 0.5 else {}
            blocks.append(block)
        return {"kind": "prose", "block": [*blocks, {"sign": "单位（盖章）"}]}


def _spanned(cell: Table, w: int, h: int = 1) -> Table:
    return cell | ({"w": w} if w > 1 else {}) | ({"h": h} if h > 1 else {})


def parts(random: Random, whole: int, count: int) -> list[int]:
    """``count`` positive integers that add up to ``whole``."""
    cuts = sorted(random.sample(range(1, whole), count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, whole], strict=True)]


def tiling(random: Random, width: int, height: int) -> list[list[tuple[int, int]]]:
    """A random exact tiling, row by row as in HTML: (w, h) of each cell."""
    taken: set[tuple[int, int]] = set()
    rows: list[list[tuple[int, int]]] = []
    for row in range(height):
        rows.append([])
        for col in range(width):
            if (row, col) in taken:
                continue
            run = next((n for n in range(1, width - col) if (row, col + n) in taken), width - col)
            w, h = random.randint(1, min(run, 4)), random.randint(1, min(height - row, 3))
            taken |= {(row + r, col + c) for r in range(h) for c in range(w)}
            rows[-1].append((w, h))
    return rows


# ---- packages ----


def package(seed: int, root: Scope, child: Scope | None = None) -> Table:
    """A filled package of a pack, in the interchange form."""
    random = Random(seed)
    data = _filled(random, root)
    report = {key: data["values"].pop(key) for key in [*data["values"]] if key.startswith("报告.")}
    data["report"] = {key.removeprefix("报告."): text for key, text in report.items()}
    data["department"] = {"code": "101", "name": RARE}
    data["notes"] = [{"code": "S04", "cell": "资金.得分", "text": HOSTILE}]
    if child is not None:
        data["projects"] = [_filled(random, child) for _ in range(random.randint(0, 2))]
    return data


def _filled(random: Random, scope: Scope) -> Table:
    rows = {
        key: [_row(random, rows) for _ in range(random.randint(0, 6))] for key, rows in scope.lists.items()
    }
    made: Table = {"values": dict(_texts(random, scope.fields)), "printed": dict(_printed(random, scope))}
    rows = {key: lines for key, lines in rows.items() if lines}
    if "指标" in rows:
        made["indicators"] = rows.pop("指标")
    return made | {"rows": rows}


def _row(random: Random, rows: ListField) -> dict[str, str]:
    group = random.choice([*GROUPS, "", RARE])
    groups = {"组别": group, "小组": f"{group[:2]}{random.randint(0, 2)}" if group else ""}
    known = {key: text for key, text in groups.items() if key in rows.fields}
    return dict(_texts(random, rows.fields)) | known


def _texts(random: Random, fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    for key, field in fields.items():
        if field.asked and random.random() < 0.8:
            yield key, _typed(random, field)


def _typed(random: Random, field: Field) -> str:
    if random.random() < 0.15:
        return ""
    if field.is_number:
        return random.choice([text for text in NUMBERS if _fits(field, text)])
    if field.kind == "choice":
        return random.choice(field.choices)
    return random.choice(
        {"date": ("2025-03-20", "2024年2月29日"), "yes_no": ("是", "否")}.get(field.kind, TEXTS)
    )


def _fits(field: Field, text: str) -> bool:
    return len(text.partition(".")[2]) <= field.digits


def _printed(random: Random, scope: Scope) -> Iterator[tuple[str, str]]:
    for key, field in scope.fields.items():
        if not field.asked and random.random() < 0.3:
            yield key, random.choice(["", "95%", "9.47", "九成", HOSTILE])
