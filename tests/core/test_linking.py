"""Which number of a report speaks of which cell, and whether both say the same: sentences as people write them."""

from __future__ import annotations

import pytest

from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.linking import bare, link_rules, linked, measured, numbers_of
from tests.builders import CORRECT, EXAMPLE, fixture, lab_facts, yueyang
from tests.goldens import same_as_golden

SENTENCES = [
    "本年支出合计95万元。", "本年支出合计95.00万元，其中：项目支出80万元、公用经费1.2万元。", "2024年度本年支出合计为950000元。",
    "本年支出合计96万元。", "本年支出合计约96万元。", "本年支出合计90余万元。", "年初预算支出合计100万元。", "上年支出合计95.5万元。",
    "2023年支出合计95.5万元。", "2023年、2024年支出合计95.5万元。", "较上年本年支出合计减少5万元。", "预计本年支出合计95.5万元。",
    "三公经费支出2500元。", "三公经费支出2600元。", "我单位公务接待费为0.25万元。", "“三公经费”合计0.3万元。",
    "本中心编制2名，实际在职2人。", "本单位编制3名。", "云湖市政务服务中心编制3名。", "编制2个。", "在编人员1人。", "我局在编在职人员共3人，其中年末在职2人。",
    "自评得分99.22分。", "自评总分99.2分。", "自评得分98分。",
    "政务服务大厅运行保障项目预算20万元，执行19万元，执行率95%。", "政务服务大厅运行保障项目年初预算21万元。", "执行率95%。",
    "政务服务大厅运行保障项目和一网通办平台升级项目预算共60万元。", "一网通办平台升级项目一季度执行5万元，全年执行37.16万元。",
    "一网通办平台升级项目上年执行3万元。", "预算20万元。", "执行率94.99%。",
    "全年受理办结政务服务事项12360件。", "“政务服务进园区”活动12场次。", "开展活动13场次。", "差错率0.6%。", "事项办理差错率低于1%。",
    "12345热线工单按期办结率95.24%。", "办事群众满意度96.8%。", "满意度达到98%以上。", "用纸量86箱。", "全年帮办代办企业312家。",
    "全年政府采购12.5万元。", "政府采购金额12.6万元。",
    "这一句前面的话很长很长，说了许多与数没有关系的事情，又说了一些别的，一直说到这里才写到本年支出合计95万元，后面还有很长很长的一段话没有说完，又说了一些别的，再说一些，最后才完。",
    "这一句前面的话很长很长说了许多与数没有关系的事情又说了一些别的一直说到这里才写到总支出95万元后面还有很长很长的一段话没有说完又说了一些别的再说一些最后才完",
]  # fmt: skip


def facts_of(name: str = CORRECT, **report: str) -> Facts:
    data = fixture(name)
    data["report"] |= report
    return Facts(yueyang(), read_package(data, yueyang()))


def told(facts: Facts) -> list[str]:
    return [
        f"  {one.figure.words} [{one.figure.unit}] {one.state} | {one.text} | {one.label} | {one.cell} {one.cell_label} | "
        f"{one.stated} {one.on_table} 差 {one.gap} {one.unit} | {one.cause} | {one.before}〔〕{one.after} | {one.sentence}"
        for one in numbers_of(facts)
    ]


def test_every_number_is_linked_as_it_should_be():
    """Each sentence alone in a report; then one cell told twice, and the reports of two packages as they are."""
    blank = dict.fromkeys(fixture(CORRECT)["report"], "")
    lines = []
    for sentence in SENTENCES:
        lines += [sentence, *told(facts_of(**{**blank, "一": sentence}))]
    twice = {"一": "本年支出合计95万元。", "九": "本年支出合计96万元。\n编制3名。", "二.一": "编制4名。"}
    lines += ["说了两次", *told(facts_of(**{**blank, **twice}))]
    for name in (CORRECT, EXAMPLE):
        lines += [name, *told(facts_of(name))]
    same_as_golden("linked-numbers.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("其中:我单位公务接待费为", "公务接待费"), ("年末在职", "在职"), ("2024年度支出合计", "支出合计"), ("“三公经费”合计", "三公经费合计"),
        ("政府采购总金额", "政府采购"), ("编制数量有", "编制"), ('截至2024年 "编制" 达到约', "编制"), ("我部实际共编制", "编制"), ("本单位编制", "编制"), ("本部门编制", "编制"),
        ("单位编制", "编制"), ("中心编制", "编制"), ("我局编制", "编制"), ("局机关编制", "局机关编制"), ("部门整体支出绩效得分", "部门整体支出绩效得分"), ("", ""), ("为", ""),
    ],
)  # fmt: skip
def test_a_label_is_stripped_of_empty_words(label, words):
    assert bare(label) == words


def test_a_pack_without_such_a_check_links_nothing():
    assert link_rules(lab_facts()) == {}
    assert numbers_of(lab_facts()) == []
    assert set(link_rules(facts_of())) == {"texts", "links", "shown_links", "child_links"}


def test_only_the_links_that_are_given_are_followed():
    facts = facts_of(一="本年支出合计95万元。政务服务大厅运行保障项目预算20万元。")
    found = linked(
        facts.root, {"texts": ["报告.一"], "links": [{"field": "没有", "words": ["本年支出合计"]}]}
    )
    assert {one.cell for one in found} == {""}


@pytest.mark.parametrize(
    ("actual", "unit", "read"),
    [("36件", "", (36, "件")), ("36", "件", (36, "件")), ("95.24%", "", ("95.24", "%")), ("95.24", "%", ("95.24", "%")),
     ("1.2万元", "", (12_000, "元")), ("完成", "", None), ("", "件", None), ("2场3次", "", None)],
)  # fmt: skip
def test_the_actual_value_of_an_indicator_is_read_with_its_unit(actual, unit, read):
    data = fixture(CORRECT)
    data["indicators"][0] |= {"实际完成值": actual, "计量单位": unit}
    figure = measured(Facts(yueyang(), read_package(data, yueyang())).root.lists["指标"][0])
    assert (figure and (f"{float(figure.value):g}", figure.unit)) == (
        read and (f"{float(read[0]):g}", read[1])
    )
