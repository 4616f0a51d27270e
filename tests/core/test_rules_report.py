"""Checks of the report: sentences that real units write, right and wrong, each in the correct package."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.core.checks import Finding, run
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.linking import DIFFERENT, LOOSE, SAME, numbers_of
from tests.builders import CORRECT, EXAMPLE, MENDED, checking, fixture, yueyang
from tests.size import times


def facts_with(changes: dict[str, str]) -> Facts:
    """The correct package with sections (``七``), cells, and cells of indicators (``3.得分``, ``p0.3.得分``) changed."""
    data = fixture(CORRECT)
    for place, text in changes.items():
        start, _, rest = place.partition(".")
        if place in data["report"]:
            data["report"][place] = text
        elif start.isdigit():
            data["indicators"][int(start)][rest] = text
        elif start in ("p0", "p1"):
            project, (row, _, column) = data["projects"][int(start[1])], rest.partition(".")
            (project["indicators"][int(row)] if row.isdigit() else project["values"])[column or rest] = text
        else:
            data["values"][place] = text
    return Facts(yueyang(), read_package(data, yueyang()))


def found(code: str, changes: dict[str, str]) -> list[Finding]:
    return [finding for finding in run(checking(code), facts_with(changes)) if finding.code == code]


UNSPENT = "一是验收安排在四季度，有5万元没有支出，原因是尾款未到付款期。"
FULL = {
    "3.得分": "10", "3.年度指标值": "95", "p0.9.得分": "10", "p0.9.年度指标值": "93",
    "六": "工作平稳。", "七": UNSPENT, "目标.实际完成情况": "大厅运行平稳，群众办事方便。",
}  # fmt: skip
"""Every indicator at full points, and texts that miss nothing."""
TITLE = "经自评，2024年度部门整体支出绩效得分99.22分，等次为优。"

WRONG = [
    ("N01", {"六": "全年共收到来信1133件，其中网上1106件，来访6件，来电12件。"}, "error"),
    ("N01", {"一": "学校现有教职工120人，其中专任教师102人，工勤人员28人。"}, "error"),
    ("N01", {"二.一": "本年支出合计95万元，其中：基本支出15万元，占15.8%；项目支出81万元，占84.2%。"}, "error"),
    ("N01", {"六": "医院共购置设备32台，其中急诊科12台，ICU 22台。"}, "error"),
    ("N01", {"二.一": "本年支出合计95万元，其中：基本支出15万元，项目支出60万元。"}, "error"),
    ("N02", {"二.一": "本年支出合计95万元，其中：基本支出15万元，占18.5%；项目支出80万元，占84.2%。"}, "error"),
    ("N02", {"六": "抽检农产品4200批次，合格4158批次，合格率98.2%。"}, "error"),
    ("N02", {"六": "1000项政务服务事项中有965项可以网上办理，占95.6%。"}, "error"),
    ("N02", {"六": "12月问卷调查家长500人，满意478人，满意度98%。"}, "error"),
    ("N03", {"二.一": "本年支出合计96万元。"}, "error"),
    ("N03", {"二.一": "本年支出合计95万元。基本支出中公用经费3.4万元。"}, "error"),
    ("N03", {"二.二": "一网通办平台升级项目预算53万元，执行32.5万元。"}, "error"),
    ("N03", {"二.二": "一网通办平台升级项目预算35万元，执行32.5万元，执行率99.5%。"}, "error"),
    ("N03", {"一": "云湖市政务服务中心编制4名，在编人员2人。"}, "error"),
    ("N04", FULL | {"六": "热线工单按期办结95.1%，市民满意。"}, "warning"),
    ("N04", FULL | {"六": "受疫情影响，没有完成年初培训600人的任务。"}, "warning"),
    ("N04", FULL | {"七": "两个标段因征地未能按期完成建设任务，原因是拆迁协议签得晚，涉及12户。" + UNSPENT}, "warning"),
    ("N05", {"六": "2023年5月13日举办了档案开放日活动。"}, "warning"),
    ("N05", {"四": "2023年度本单位没有国有资本经营预算支出。"}, "warning"),
    ("N05", {"六": "2024年2月30日完成设备验收。"}, "warning"),
    ("N06", {"六": "目标1、大厅28个窗口全年正常运行，受理办结政务服务事项12360件，比预期多360件。"}, "info"),
    ("N06", {"六": "总述。\n（一）大厅28个窗口全年正常运行，受理办结政务服务事项12360件，比预期多360件。"}, "info"),
    ("N06", {"目标.实际完成情况": "在全市26个城市书房推行自助借还，读者办证由三天缩短为当场办结，群众少跑路。", "六": "在全市26个城市书房推行自助借还，读者办证由三天缩短为当场办结，群众少跑路"}, "info"),
    ("N08", {"七": "财务人员为兼职，不够专业。"}, "warning"),
    ("N08", {"七": "绩效管理意识有待提高，制度有待完善。", "八": "进一步提高认识，加强管理。"}, "warning"),
    ("N08", {"七": "无", "八": "无"}, "warning"),
    ("N09", {"七": "绩效意识有待增强，原因是培训不够。", "资金.全年执行数": "85"}, "warning"),
    ("N09", {"七": "个别指标设置偏低，原因是历史数据不全。", "资金.全年执行数": "60"}, "warning"),
    ("N09", {"七": "个别项目前期工作慢，原因是论证不足。", "业务工作经费.上年决算数": "260"}, "warning"),
    ("R02", {"一": "写单位性质、编制和在职人数、主要职能。"}, "error"),
    ("R02", {"七": "写清原因、数据和影响；执行率低、指标未完成的都要写到。" + UNSPENT}, "error"),
    ("R02", {"二.二": "××项目预算XX万元，执行XX万元。"}, "error"),
    ("R03", {"九": "经自评，2024年度部门整体支出绩效得分98分，等次为优。"}, "error"),
    ("R03", {"九": "部门整体支出绩效自评得分99.22分，等次为良。"}, "error"),
    ("R03", {"九": "自评结果用于下年预算。", "六": "工作完成较好。"}, "warning"),
    ("R03", {"九": ""}, "warning"),
    ("X06", {"0.三级指标": "保障大厅37个窗口运行", "p0.0.三级指标": "满足36个窗口办事"}, "warning"),
    ("X06", {"7.实际完成值": "97.5"}, "warning"),
    ("X06", {"六": "全年政务服务事项网上可办率97.8%。\n大厅运行平稳。"}, "silent"),
    ("X06", {"六": "政务服务事项网上可办率97.8%。"}, "warning"),
    ("X06", {"7.三级指标": "可网办率", "六": "可网办率97.8%。"}, "warning"),
    ("X10", {"5.实际完成值": "94"}, "warning"),
    ("X10", {"6.二级指标": "成本指标", "6.三级指标": "项目成本", "6.年度指标值": "100", "6.实际完成值": "94"}, "warning"),
    ("X10", {"p0.4.实际完成值": "45.5"}, "warning"),
    ("X10", {"5.实际完成值": "1000000", "5.年度指标值": "1000000", "5.计量单位": "元"}, "warning"),
    ("X10", {"5.三级指标": "单件办理成本", "5.年度指标值": "100", "5.计量单位": "元/件", "5.实际完成值": "80",
             "0.年度指标值": "10000", "1.计量单位": "场", "资金.全年预算数": "100"}, "warning"),
    ("X11", {"六": "圆满完成了年度工作目标。", "七": "绩效意识有待增强。", "八": "加强培训。", "二.二": "", "二.一": "", "其他": "无"}, "warning"),
    ("X11", {"六": "各项任务全部完成。", "七": "培训次数不足。", "八": "无", "二.二": "", "二.一": "", "其他": "无"}, "warning"),
    ("X11", {"六": "100%完成年度目标。", "七": "宣传不够。", "八": "加强宣传。", "二.二": "", "二.一": "", "其他": "无"}, "warning"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "changes", "level"), WRONG, ids=[f"{n} {row[0]}" for n, row in enumerate(WRONG)]
)
def test_what_is_wrong_is_found(code, changes, level):
    levels = {finding.level for finding in found(code, changes)}
    assert levels == (set() if level == "silent" else {level})


RIGHT = [
    ("N01", {}),
    ("N01", {"六": "全年共收到1133件，其中热线1106件，信箱6件，省级热线12件，其他渠道9件。"}),
    ("N01", {"一": "学校现有教职工120人，其中男52人，女68人，党员45人。"}),
    ("N01", {"六": "共查处案件86起，其中无证经营30起、假劣农资22起等。"}),
    ("N01", {"六": "共办结案件320起，其中刑事案件40余起，治安案件200余起。"}),
    ("N01", {"六": "全年办结案件320起，其中刑事案件40起，治安案件200起。"}),
    ("N01", {"六": "共开设课后服务课程42门，其中艺体类18门、科技类12门。"}),
    ("N01", {"一": "学校现有教职工120人，其中专任教师96人，工勤人员14人。"}),
    ("N01", {"六": "共接待120批次，其中学生60批次、市民60批次；开展培训8场。"}),
    ("N01", {"二.二": "项目支出共80万元，其中主要用于设备维护30万元、培训20万元。"}),
    ("N02", {}),
    ("N02", {"六": "受理投诉200件，办结196件，满意190件，办结率98%。"}),
    ("N02", {"六": "发放问卷58份，满意54份，不满意4份，满意度93.1%。"}),
    ("N02", {"六": "计划培训1000人，完成980人，完成率98%。"}),
    ("N02", {"六": "2023年收入100万元，2024年收入120万元，增长20%。"}),
    ("N02", {"六": "在校学生1200人，困难学生86人，困难学生资助率100%。"}),
    ("N02", {"六": "急危重症抢救500人次，非常满意300人次，基本满意190人次，满意度98%。"}),
    ("N02", {"二.一": "本年支出合计95万元，其中：基本支出15万元，占15.79%；项目支出80万元，占84.21%。"}),
    ("N03", {}),
    ("N03", {"二.一": "本年支出合计约95万元。"}),
    ("N03", {"二.一": "2024年年初预算中，公用经费2.9万元。本年支出合计95万元。"}),
    ("N03", {"二.一": "本年支出合计95万元。上年公用经费2.5万元。"}),
    ("N03", {"二.二": "平台项目预算53万元，执行20万元。"}),
    ("N03", {"二.二": "一网通办平台升级项目预算35万元，上半年执行12万元，全年执行32.5万元。"}),
    ("N03", {"一": "中心在编人员2人，核定编制2名。"}),
    ("N04", {"六": "热线工单按期办结95.24%，低于目标。"}),
    ("N04", FULL),
    ("N04", FULL | {"六": "热线工单按期办结100%。"}),
    ("N04", FULL | {"六": "按期办结率95.24%，高于95%的目标。"}),
    ("N05", {"一": "中心成立于2010年5月。"}),
    ("N05", {"六": "办件量比2023年5月增长12%；2023年12月立项的平台于2024年9月上线。"}),
    ("N05", {"六": "2023年12月发生的“12·08”案于2024年3月告破。"}),
    ("N05", {"八": "2025年6月前完成合同验收节点安排。"}),
    ("N05", {"六": "2024年2月29日完成设备验收。"}),
    ("N06", {}),
    ("N06", {"六": "无"}),
    ("N08", {}),
    ("N08", {"七": "老旧小区分类准确率不高，原因是督导员不足。"}),
    ("N08", {"七": "有80件工单超期。", "八": "每周召开会商会，到期前2天提醒。"}),
    ("N09", {"资金.全年执行数": "85"}),
    ("N09", {"七": "绩效意识有待增强，原因是培训不够。"}),
    ("N09", {"七": "项目支出比上年减少，原因是平台已建成。", "业务工作经费.上年决算数": "260"}),
    ("R02", {}),
    ("R02", {"三": "本单位无政府性基金预算支出。"}),
    ("R02", {"其他": "无"}),
    ("R03", {}),
    ("R03", {"九": "部门整体支出绩效自评得分99.2分，等级为“优”。"}),
    ("R03", {"九": "大厅项目自评得分96分。" + TITLE}),
    ("R03", {"九": TITLE + "上年评价得分95分，等次为优。"}),
    ("X06", {}),
    ("X06", {"0.三级指标": "保障大厅37个窗口运行", "p0.0.三级指标": "新增36个窗口设备"}),
    ("X06", {"六": "窗口差错率上半年0.9%，全年0.6%。"}),
    ("X06", {"六": "政务服务事项网上可办率约97.8%。"}),
    ("X10", {}),
    ("X10", {"5.三级指标": "设备采购成本", "5.年度指标值": "30", "5.实际完成值": "28"}),
    ("X10", {"5.实际完成值": "950000", "5.年度指标值": "1000000", "5.计量单位": "元"}),
    ("X10", {"5.性质": "定性", "5.计量单位": "", "5.年度指标值": "100万元", "5.实际完成值": "94万元"}),
    ("X11", {}),
    ("X11", {"六": "圆满完成了年度工作目标。"}),
    ("X11", {"六": "圆满完成了年度工作目标。", "七": "无", "资金.全年执行数": "100"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changes"), RIGHT, ids=[f"{n} {row[0]}" for n, row in enumerate(RIGHT)])
def test_what_is_right_or_unclear_stays_silent(code, changes):
    assert [(f.level, f.message) for f in found(code, changes)] == []


def test_both_figures_both_cells_and_the_cause_are_named():
    finding = found("N03", {"二.一": "本年支出合计96万元。"})[0]
    assert finding.cells == ("资金.全年执行数", "报告.二.一")
    assert (finding.expected, finding.actual) == ("96", "95")
    assert finding.because_of is not None and finding.because_of.code == "X01"
    assert "相差 1万元" in finding.message


def test_a_finding_in_a_table_of_a_project_names_the_project():
    changes = {"六": "设备故障报修响应时间1.2小时。"}
    finding = found("X06", changes)[0]
    assert finding.cells[0].startswith("项目[0]/") and finding.where.startswith(
        "项目1（政务服务大厅运行保障项目）·"
    )


REPORTS = {
    "school": "学校现有教学班54个，在校学生2680人，其中初中1180人、高中1500人；教职工198人，专任教师182人。高考本科上线412人，上线率68.7%，较上年提高3.2个百分点。全年资助困难学生326人次，发放资助金48.9万元，资助到位率100%。共开设课后服务课程42门，其中艺体类18门、科技类12门。",
    "hospital": "全年门急诊86.4万人次，同比增长6.8%；手术1.35万台次，其中三四级手术9860台，占73%。平均住院日7.2天，比目标少0.3天。医疗收入6.8亿元，其中药品收入1.9亿元，检查收入1.4亿元等。编制床位1000张，实际开放1080张，床位使用率88.6%。",
    "police": "全年接处警12860起，其中刑事警情186起、治安警情1320起，同比分别下降12.3%、8.6%；破案152起，破案率81.7%。共抓获违法犯罪嫌疑人320人，其中刑拘98人、行政拘留156人、取保66人。110接警平均5分钟到达现场。2023年12月立案的“12·08”案于2024年3月告破。",
    "agriculture": "建成高标准农田3.26万亩，其中新建2.1万亩、改造1.16万亩。争取上级资金2140万元，执行2058万元，执行率96.17%；地方配套资金320万元，到位280万元，到位率87.5%。总产41.2万吨，比2023年增产0.6万吨。培训农民5200人次，完成年度任务的104%。",
    "archive": "馆藏档案12.6万卷，本年接收进馆3200卷，数字化完成118万页，合格率99.6%。接待查档4860人次，其中民生类查档3910人次，占80.5%。修复破损档案1.2万页，完成率100%。2018年以来累计开放档案4.3万卷。",
    "city": "清运生活垃圾21.6万吨，无害化处理率100%。收到数字城管案件36820件，按期处置36120件，按期处置率98.1%。巡查占道经营1.2万处次，整改1.18万处次，整改率98.3%。新建公厕12座，改造26座，合计38座。",
    "insurance": "城乡居民养老保险参保62.3万人，参保率96.8%。社会保险基金本年收入18.6亿元，支出16.2亿元，年末滚存结余32.8亿元。共发放待遇15.9亿元，其中企业养老10.2亿元、居民养老5.7亿元。核查疑点1260条，追回基金86.5万元，追回率92%。",
    "science": "2024年本级预算安排科技专项资金1200万元，实际拨付1080万元，拨付率90%，其余120万元待验收后拨付。支持项目46个，其中重点项目12个（每个60万元），一般项目34个。",
}  # fmt: skip


@pytest.mark.parametrize("kind", REPORTS)
def test_an_honest_report_of_any_kind_of_unit_is_not_accused(kind):
    facts = facts_with({"六": REPORTS[kind], "七": REPORTS[kind] + UNSPENT})
    accused = [f for f in run(facts.pack, facts) if f.code[0] in "NR" or f.code in ("X06", "X10", "X11")]
    assert [(f.code, f.message) for f in accused] == []


@settings(max_examples=times(40), deadline=None)
@given(
    st.text(
        alphabet="共计其中占比率有合格办结满意执行预算本年支出项目，、。；：（）\n0123456789.%万元人件年月日约余未达目标",
        max_size=120,
    )
)
def test_whatever_is_written_is_judged_or_left_and_never_fails(text):
    facts = facts_with({"一": text, "六": text, "七": text, "二.一": text, "九": text})
    assert all(finding.message for finding in run(facts.pack, facts))
    assert all(one.figure.words for one in numbers_of(facts))


# ---- the list of the numbers ----


def told(changes: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(one.figure.words, one.state, one.cell) for one in numbers_of(facts_with(changes))]


def test_every_number_of_the_report_is_listed_linked_or_not():
    rows = told({"二.一": "本年支出合计95万元，其中公用经费3万元，购书1200册。"})
    assert rows[5:8] == [
        ("95万元", SAME, "资金.全年执行数"),
        ("3万元", DIFFERENT, "公用经费.本年决算数"),
        ("1200册", LOOSE, ""),
    ]


def test_figures_that_the_table_prints_itself_agree():
    rows = told({"二.一": "本年支出合计{资金.全年执行数}万元，执行率{资金.执行率}。"})
    assert [state for _, state, _ in rows[5:7]] == [SAME, SAME]


@pytest.mark.parametrize(("name", "different"), [(EXAMPLE, 2), (MENDED, 0), (CORRECT, 0)])
def test_real_reports_are_linked_without_guessing(name, different):
    rows = numbers_of(Facts(yueyang(), read_package(fixture(name), yueyang())))
    assert sum(row.state == DIFFERENT for row in rows) == different
    assert all(row.before is not None and row.sentence for row in rows)


def test_a_pack_without_a_report_has_no_numbers():
    facts = Facts(yueyang(), read_package({}, yueyang()))
    assert numbers_of(facts) == []
