"""由一个单位的简短描述（units.toml）写出一套对得上的自评材料（交换格式）。

只算数、拼文字，不碰数据库。得分取计分办法算出的建议得分；每处提醒都配上说明，说不清的抛 ``ValueError``。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from evaluations.core.checks import Finding, run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack
from evaluations.core.values import plain, round_half_up

FIRST_YEAR = 2023
LEVELS = {
    "数量": ("产出指标", "数量指标"), "质量": ("产出指标", "质量指标"), "时效": ("产出指标", "时效指标"),
    "成本": ("产出指标", "成本指标"), "经济": ("效益指标", "经济效益指标"), "社会": ("效益指标", "社会效益指标"),
    "生态": ("效益指标", "生态效益指标"), "可持续": ("效益指标", "可持续影响指标"),
    "满意度": ("满意度指标", "服务对象满意度指标"),
}  # fmt: skip
WEIGHTS = {"产出指标": 50, "效益指标": 30, "满意度指标": 10}
LINES = {"业务": "业务工作经费", "运维": "运行维护经费", "其他": "其他业务项目", "专项": "市级专项资金"}
"""项目的钱填在基础数据表的哪一行。"""
SOURCES = {
    "政府性基金": "来源.政府性基金拨款", "非税": "来源.非税收入拨款", "国有资本": "来源.其他资金",
    "其他": "来源.其他资金",
}  # fmt: skip
PARTS = {"办公经费": Decimal("0.38"), "水电差旅费": Decimal("0.27"), "会议培训费": Decimal("0.08")}
"""公用经费里列明的各项占多少。"""
SMALL_UNITS = ("%", "小时", "天", "分钟", "分")
ZERO = Decimal(0)

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Money:
    """一行钱的三列：上年决算、本年预算、本年决算。"""

    last: Decimal = ZERO
    budget: Decimal = ZERO
    final: Decimal = ZERO

    @classmethod
    def read(cls, text: str, year: int) -> Money:
        """五个数是 2022 决算、2023 预算、2023 决算、2024 预算、2024 决算：今年的上年决算就是上年的决算。"""
        start = 2 * (year - FIRST_YEAR)
        return cls(*(Decimal(part) for part in text.split()[start : start + 3]))

    def __add__(self, other: Money) -> Money:
        return Money(self.last + other.last, self.budget + other.budget, self.final + other.final)

    def share(self, rate: Decimal) -> Money:
        return Money(*(round_half_up(part * rate, 2) for part in (self.last, self.budget, self.final)))

    def columns(self, start: str = "") -> dict[str, str]:
        names = ("上年决算数", "本年预算数", "本年决算数")
        values = (self.last, self.budget, self.final)
        return {start + name: plain(value, 2) for name, value in zip(names, values, strict=True)}


def write_paper(unit: Table, year: int, pack: Pack, day: date) -> dict[str, Any]:
    """一个单位一年的一套材料：没有错误，提醒都有说明。"""
    return _Writer(unit, year, pack, day).write()


class _Writer:
    def __init__(self, unit: Table, year: int, pack: Pack, day: date) -> None:
        self.unit, self.year, self.pack, self.day = unit, year, pack, day
        self.projects: Sequence[Table] = unit["projects"]
        self.money = [Money.read(project["money"], year) for project in self.projects]
        self.personnel, self.public = self._line("personnel"), self._line("public")
        self.basic = self.personnel + self.public
        self.spent = sum(self.money, Money())
        self.total = self.basic + self.spent

    def _line(self, name: str) -> Money:
        return Money.read(self.unit.get(name, "0 0 0 0 0"), self.year)

    def write(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "pack": self.pack.key, "year": self.year, "money_unit": "万元",
            "department": {"code": self.unit["code"], "name": self.unit["name"]},
            "values": self._base() | self._department(), "rows": self._rows(),
            "indicators": self._indicators(self._whole(), self.total),
            "projects": [self._project(*pair) for pair in zip(self.projects, self.money, strict=True)],
        }  # fmt: skip
        facts = self._scored(data)
        data["report"] = self._report(facts)
        data["notes"] = [self._note(finding) for finding in run(self.pack, self._facts(data))]
        data["notes"] = [note for note in data["notes"] if note]
        return data

    # ---- 基础数据表、部门表的数 ----

    def _base(self) -> dict[str, str]:
        authorized, on_duty = self.unit["staff"].split()
        bought = self.unit.get("procurement", "0 0 0 0").split()[2 * (self.year - FIRST_YEAR) :]
        values = {"人员.编制数": authorized, "人员.实际在职人数": on_duty}
        lines = {
            "公车购置": Money(), "公车运行维护": self._line("vehicle"), "出国经费": Money(),
            "公务接待": self._line("reception"), "公用经费": self.public,
            **{name: self._on(name) for name in ("业务工作经费", "运行维护经费")},
            **{name: self.public.share(rate) for name, rate in PARTS.items()},
        }  # fmt: skip
        for name, line in lines.items():
            values |= line.columns(f"{name}.")
        for key, text in (("政府采购金额.本年预算数", bought[0]), ("政府采购金额.本年决算数", bought[1])):
            values[key] = text
        special = any(project["line"] == "专项" for project in self.projects)
        none = {"市级专项资金": not special, "楼堂馆所": True, "政府性基金": not self._funded("政府性基金")}
        none |= {"国有资本经营": not self._funded("国有资本"), "社会保险基金": "social" not in self.unit}
        return values | {
            "基本支出预算调整.本年预算数": "0", "基本支出预算调整.本年决算数": "0",
            "厉行节约保障措施": self.unit["saving"], **{f"无此项.{key}": "是" for key, yes in none.items() if yes},
        }  # fmt: skip

    def _on(self, line: str) -> Money:
        pairs = zip(self.projects, self.money, strict=True)
        return sum((money for project, money in pairs if LINES[project["line"]] == line), Money())

    def _funded(self, source: str) -> list[tuple[Table, Money]]:
        pairs = zip(self.projects, self.money, strict=True)
        return [(p, money) for p, money in pairs if p.get("source", "").partition("|")[0] == source]

    def _department(self) -> dict[str, str]:
        sources = dict.fromkeys(SOURCES.values(), ZERO)
        sources["来源.其他资金"] = self._line("basic_other").budget
        for source, key in SOURCES.items():
            sources[key] += sum((money.budget for _, money in self._funded(source)), ZERO)
        general = self.total.budget - sum(sources.values(), ZERO)
        initial = self.basic.budget + sum((self._initial(p, m) for p, m in self._pairs()), ZERO)
        amounts = {
            "资金.年初预算数": initial, "资金.全年预算数": self.total.budget, "资金.全年执行数": self.total.final,
            "来源.一般公共预算": general, **sources,
            "性质.基本支出": self.basic.budget, "性质.项目支出": self.spent.budget,
        }  # fmt: skip
        goals, done = self._goals()
        preparer, head = (words.split()[1] for words in self.unit["people"])
        return {key: plain(value, 2) for key, value in amounts.items()} | {
            "部门.名称": self.unit["name"], "目标.预期目标": goals, "目标.实际完成情况": done, "填表人": preparer,
            "填报日期": self.day.isoformat(), "联系电话": f"0000-888{self.unit['code'][-4:]:0>4}", "单位负责人": head,
        }  # fmt: skip

    def _pairs(self) -> list[tuple[Table, Money]]:
        return list(zip(self.projects, self.money, strict=True))

    def _initial(self, project: Table, money: Money) -> Decimal:
        """年初预算数：有年中调整的写明 2024 年的。"""
        adjusted = self.year > FIRST_YEAR and "initial" in project
        return Decimal(project["initial"]) if adjusted else money.budget

    def _goals(self) -> tuple[str, str]:
        goals = [f"目标{n}、{self._filled(p, 'goal')}" for n, p in enumerate(self.projects, 1)]
        done = [f"目标{n}、{self._filled(p, 'done')}" for n, p in enumerate(self.projects, 1)]
        long = self.unit.get("long", ()) if self.year > FIRST_YEAR else ()
        return "\n".join(goals), "\n".join([*done, *long])

    def _filled(self, project: Table, key: str) -> str:
        """目标、完成情况里的 {0} 是第一个指标的目标值、完成值。"""
        rows = [self._row(line) for line in project["indicators"]]
        column = "年度指标值" if key == "goal" else "实际完成值"
        text: str = project[key]
        return text.format(*(row[column] + row.get("计量单位", "") for row in rows))

    def _rows(self) -> dict[str, list[dict[str, str]]]:
        rows: dict[str, list[dict[str, str]]] = {
            name: [
                {"名称": project["name"], **money.columns()}
                for project, money in self._pairs()
                if LINES[project["line"]] == name
            ]
            for name in ("其他业务项目", "市级专项资金")
        }
        for source, key in (("政府性基金", "政府性基金"), ("国有资本", "国有资本经营")):
            rows[key] = [self._fund(*pair) for pair in self._funded(source)]
        rows["社会保险基金"] = [self._social(line) for line in self.unit.get("social", ())]
        return {key: lines for key, lines in rows.items() if lines}

    def _fund(self, project: Table, money: Money) -> dict[str, str]:
        amounts = {
            "年初预算数": self._initial(project, money), "全年预算数": money.budget, "全年执行数": money.final,
            "结转结余": money.budget - money.final,
        }  # fmt: skip
        words = {"名称": project["source"].partition("|")[2], "主要用途及绩效": self._filled(project, "done")}
        return words | {key: plain(value, 2) for key, value in amounts.items()}

    def _social(self, line: str) -> dict[str, str]:
        """“险种|2022 年末结余|2023 四个数|2024 四个数”：收入预算、收入决算、支出预算、支出决算。"""
        name, opening, *years = line.split("|")
        balance = Decimal(opening)
        for number, text in enumerate(years):
            numbers = [Decimal(part) for part in text.split()]
            start, balance = balance, balance + numbers[1] - numbers[3]
            if number == self.year - FIRST_YEAR:
                names = ("本年收入预算", "本年收入决算", "本年支出预算", "本年支出决算")
                found = dict(zip(names, (plain(value, 2) for value in numbers), strict=True))
                return {
                    "险种": name,
                    "上年结余": plain(start, 2),
                    **found,
                    "年末滚存结余": plain(balance, 2),
                }
        raise ValueError(f"{name} 没有 {self.year} 年的数")

    # ---- 项目和指标 ----

    def _project(self, project: Table, money: Money) -> dict[str, Any]:
        initial, carried = self._initial(project, money), Decimal(project.get("carried", "0"))
        other = project.get("source", "").partition("|")[0] in ("其他", "国有资本")
        columns = {"年初预算数": initial, "全年预算数": money.budget, "全年执行数": money.final}
        values = {f"资金.{name}": plain(value, 2) for name, value in columns.items()}
        for name, value in columns.items():
            own = plain(value - carried, 2)
            values[f"当年财政拨款.{name}"] = "0" if other else own
            values[f"上年结转资金.{name}"] = plain(carried, 2)
            values[f"其他资金.{name}"] = own if other else "0"
        names = {
            "项目.名称": project["name"], "项目.主管部门": self.unit["in_charge"], "项目.实施单位": self.unit["name"],
            "目标.预期目标": self._filled(project, "goal"), "目标.实际完成情况": self._filled(project, "done"),
        }  # fmt: skip
        return {"values": names | values, "indicators": self._indicators(project, money)}

    def _whole(self) -> dict[str, Any]:
        """部门的指标取自各项目：数量每个项目一条，别的二级指标各一两条。"""
        lines: list[str] = []
        for kind in LEVELS:
            own = [line for p in self.projects for line in p["indicators"] if line.startswith(f"{kind}|")]
            lines += own[: 4 if kind == "数量" else 2 if kind == "质量" else 1]
        return {"name": "部门全年", "indicators": lines}

    def _indicators(self, project: Table, money: Money) -> list[dict[str, str]]:
        lines = list(project["indicators"])
        lines.append(f"成本|{project['name']}支出控制额|<=|{money.budget}|万元|{money.final}")
        who, sample, target, actual = project.get("clients", self.unit["clients"]).split("|")
        lines.append(f"满意度|{who}满意度|>=|{target}|%|{actual}|{self.unit.get('unsatisfied', '')}")
        survey = {"调查方式": "问卷", "样本数": sample, "调查日期": f"{self.year}年11月"}
        kinds = {line.partition("|")[0] for line in lines}
        lines += [line for line in self.unit["common"] if line.partition("|")[0] not in kinds]
        order = list(LEVELS)
        rows = [
            self._row(line) | (survey if line.startswith("满意度|") else {})
            for line in sorted(lines, key=lambda line: order.index(line.partition("|")[0]))
        ]
        for level, weight in WEIGHTS.items():
            here = [row for row in rows if row["一级指标"] == level]
            for number, row in enumerate(here):
                row["分值"] = str(weight // len(here) + (number < weight % len(here)))
        return rows

    def _row(self, line: str) -> dict[str, str]:
        """“数量|名称|>=|目标|单位|完成|原因”，或“可持续|名称|定性|目标|完成”。"""
        kind, name, direction, target, *rest = line.split("|")
        level1, level2 = LEVELS[kind]
        row = {"一级指标": level1, "二级指标": level2, "三级指标": name, "性质": direction}
        if direction == "定性":
            return row | {"年度指标值": target, "实际完成值": rest[0], "档次": "达成"}
        unit, actual, *reason = rest
        fixed = kind in ("成本", "满意度")
        digits = max(len(number.partition(".")[2]) for number in (target, actual))
        return row | {
            "年度指标值": target if fixed else self._then(target, unit, digits), "计量单位": unit,
            "实际完成值": actual if fixed else self._then(actual, unit, digits), "偏差原因": "".join(reason),
        }  # fmt: skip

    def _then(self, number: str, unit: str, digits: int) -> str:
        """指标写的是 2024 年的数，2023 年的略小：同一比例、同样的小数位，谁大谁小不变。"""
        if self.year > FIRST_YEAR or number == "100":
            return number
        rate = Decimal("0.99" if unit in SMALL_UNITS else "0.93")
        return plain(round_half_up(Decimal(number) * rate, digits), digits)

    # ---- 得分、报告、说明 ----

    def _facts(self, data: Table) -> Facts:
        return Facts(self.pack, read_package(data, self.pack))

    def _scored(self, data: dict[str, Any]) -> Facts:
        """得分填计分办法算出的建议得分；满分的不写原因。"""
        facts = self._facts(data)
        scopes = [(facts.root, data), *zip(facts.children["项目"], data["projects"], strict=True)]
        for scope, given in scopes:
            for found, row in zip(scope.lists["指标"], given["indicators"], strict=True):
                suggested = found.value("建议得分")
                row["得分"] = plain(suggested, 2) if isinstance(suggested, Decimal) else row["分值"]
                if Decimal(row["得分"]) >= Decimal(row["分值"]):
                    row.pop("偏差原因", None)
        return self._facts(data)

    def _report(self, facts: Facts) -> dict[str, str]:
        unit, year = self.unit, self.year
        authorized, on_duty = unit["staff"].split()
        share = round_half_up(self.basic.final / self.total.final * 100, 1)
        three = self._line("vehicle") + self._line("reception")
        bought = unit.get("procurement", "0 0 0 0").split()[2 * (year - FIRST_YEAR) + 1]
        spent = "；".join(f"{p['name']}{self._used(m)}" for p, m in self._pairs())
        purchases = f"全年政府采购{bought}万元。" if Decimal(bought) else "全年没有政府采购。"
        grade, score = facts.root.shown("等次"), facts.root.shown("总分.得分")
        return {
            "一": f"{unit['name']}{unit['about']}编制{authorized}名，年末在职{on_duty}人。",
            "二.一": "本年支出合计{资金.全年执行数}万元，其中：基本支出"
            f"{plain(self.basic.final, 2)}万元，占{share}%；项目支出{plain(self.spent.final, 2)}万元，占{100 - share}%。"
            f"基本支出中人员经费{plain(self.personnel.final, 2)}万元，公用经费{plain(self.public.final, 2)}万元；"
            f"“三公”经费{plain(three.final, 2)}万元，比上年少{plain(three.last - three.final, 2)}万元。",
            "二.二": f"{year}年有{len(self.projects)}个一级项目。{spent}。{purchases}",
            "三": self._fund_words("政府性基金", "政府性基金"),
            "四": self._fund_words("国有资本", "国有资本经营"),
            "五": self._social_words(),
            "六": self._results(),
            "七": self._problems(),
            "八": unit["measures"],
            "九": f"经自评，{year}年度部门整体支出绩效得分{score}分，等次为{grade}。自评结果作为编制下年预算、调整项目"
            "和考核内设机构的依据；自评报告和自评表经市财政局审核后，随部门决算在市政府门户网站公开。",
            "其他": unit.get("other", "无。"),
        }

    def _used(self, money: Money) -> str:
        rate = plain(round_half_up(money.final / money.budget * 100, 2), 2)
        return f"全年预算{plain(money.budget, 2)}万元，执行{plain(money.final, 2)}万元，执行率{rate}%"

    def _fund_words(self, source: str, name: str) -> str:
        funds = self._funded(source)
        if not funds:
            return f"{self.year}年度本单位没有{name}预算支出。"
        return "".join(
            f"{project['source'].partition('|')[2]}{self._used(money)}，用于{project['name']}。"
            for project, money in funds
        )

    def _social_words(self) -> str:
        rows = [self._social(line) for line in self.unit.get("social", ())]
        if not rows:
            return f"{self.year}年度本单位没有社会保险基金预算支出。"
        return "".join(
            f"{row['险种']}本年收入{row['本年收入决算']}万元，支出{row['本年支出决算']}万元，"
            f"年末滚存结余{row['年末滚存结余']}万元。"
            for row in rows
        )

    def _results(self) -> str:
        """各项目做成了什么，再说满意度。"""
        lines = [
            f"（{'一二三四五六七八九'[n]}）{project['name']}。{self._filled(project, 'done')}"
            for n, project in enumerate(self.projects)
        ]
        who, sample, target, actual = self.unit["clients"].split("|")
        reached = "达到" if Decimal(actual) >= Decimal(target) else "没有达到"
        lines.append(f"11月发放并收回问卷{sample}份，{who}满意度{actual}%，{reached}{target}%的目标。")
        start = f"{self.year}年，本单位围绕{len(self.projects)}个项目使用资金，主要绩效如下："
        return "\n".join([start, *lines])

    def _problems(self) -> str:
        left = self.total.budget - self.total.final
        words = f"一是预算执行还不够均衡。{self._used(self.total)}，有{plain(left, 2)}万元没有支出，主要是{self._unspent()}。"
        return f"{words}\n二是{self.unit['problem']}"

    def _unspent(self) -> str:
        return "；".join(p["unspent"] for p, money in self._pairs() if money.final < money.budget)

    def _note(self, finding: Finding) -> dict[str, str] | None:
        """一处提醒的说明。执行率的说出差多少、为什么；别的取描述里写好的。"""
        if finding.level == "error":
            raise ValueError(f"{self.unit['name']} {self.year}：{finding.where} {finding.message}")
        if finding.level != "warning":
            return None
        prefix, _, _ = finding.cells[0].rpartition("/")
        source: Table = self.projects[int(prefix.strip("项目[]"))] if prefix else self.unit
        if finding.code in ("S04", "P07"):
            money = self.money[int(prefix.strip("项目[]"))] if prefix else self.total
            why = source["unspent"] if prefix else self._unspent()
            left = plain(money.budget - money.final, 2)
            text = f"{self._used(money)}。未执行的{left}万元：{why}。"
        else:
            text = source.get("notes", {}).get(finding.code, "")
        if not text:
            raise ValueError(f"{self.unit['name']} {self.year}：{finding.code} {finding.message} 没有说明")
        return {"code": finding.code, "cell": finding.cells[0], "text": text}
