"""JSON in, JSON out: exact inverse, and one sentence for everything that cannot be read."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.interchange import MAX_BYTES, InputProblem, loads, read_package, write_package
from tests.builders import CORRECT, EXAMPLE, HEAD, LAB_FIELDS, MENDED, fixture, make_pack, yueyang
from tests.goldens import same_as_golden

# ---- there and back ----


@pytest.mark.parametrize("name", [EXAMPLE, MENDED, CORRECT])
def test_what_is_read_is_written_out_the_same(name):
    data = fixture(name)
    assert write_package(read_package(data, yueyang()), yueyang()) == data


@pytest.mark.parametrize("name", [EXAMPLE, MENDED, CORRECT])
def test_what_is_written_is_read_the_same(name):
    package = read_package(fixture(name), yueyang())
    text = json.dumps(write_package(package, yueyang()), ensure_ascii=False)
    assert read_package(loads(text), yueyang()) == package


def test_rows_notes_and_printed_cells_go_there_and_back():
    data = {
        "pack": "2024-yueyang", "year": 2024, "money_unit": "万元", "department": {"code": "1", "name": "甲"},
        "values": {"填报日期": "2025-03-20", "无此项.政府性基金": "是", "人员.编制数": "不适用"},
        "rows": {"市级专项资金": [{"名称": "甲", "本年预算数": "1.5"}, {"名称": "乙"}]},
        "projects": [{"values": {"项目.名称": "丙"}, "printed": {"资金.得分": "9"}}],
        "report": {"一": "第一段\n第二段"},
        "notes": [{"code": "S04", "cell": "资金.得分", "text": "说明"}],
        "printed": {"总分.得分": ""},
    }  # fmt: skip
    assert write_package(read_package(data, yueyang()), yueyang()) == data


def test_a_blank_is_not_written_and_an_empty_package_is_a_package():
    package = read_package({"values": {"人员.编制数": "", "填表人": None}}, yueyang())
    assert package.root.values == {}
    assert "indicators" not in write_package(package, yueyang())


def test_report_sections_may_stand_among_the_values_under_either_name():
    for key in ("报告.一", "report.一"):
        assert read_package({"values": {key: "文"}}, yueyang()).root.values == {"报告.一": "文"}


def test_positions_in_the_file_are_the_ids():
    package = read_package(fixture(EXAMPLE), yueyang())
    assert [row.id for row in package.root.rows["指标"]] == [str(n) for n in range(9)]
    assert package.children["项目"][0].id == "0"


def test_a_byte_order_mark_is_no_obstacle():
    assert loads("\ufeff{}".encode()) == {}


def test_numbers_without_quotes_are_read_by_their_writing():
    data = loads('{"year": 2024, "values": {"资金.全年预算数": 94.80, "人员.编制数": 2}}')
    assert read_package(data, yueyang()).root.values == {"资金.全年预算数": Decimal("94.8"), "人员.编制数": 2}


WRITTEN = {
    "pack": "2024-yueyang", "year": 2024, "money_unit": "万元", "department": {"code": "", "name": ""},
    "values": {"人员.编制数": "2", "填表人": "甲"},
}  # fmt: skip


def test_what_is_written_names_pack_year_and_unit_and_keeps_the_order_of_the_pack():
    package = read_package({"values": {"填表人": "甲", "人员.编制数": "2"}}, yueyang())
    assert json.dumps(write_package(package, yueyang())) == json.dumps(WRITTEN)


def test_lists_are_written_under_their_names_and_empty_ones_not():
    data = {
        "rows": {"市级专项资金": [], "楼堂馆所": [{"名称": "甲"}, {}]},
        "indicators": [{"三级指标": "乙", "性质": "≥"}],
        "projects": [{"indicators": [{"三级指标": "丙"}], "rows": {}}, {}],
    }
    package = read_package(data, yueyang())
    assert list(package.root.rows) == ["市级专项资金", "楼堂馆所", "指标"]
    written = write_package(package, yueyang())
    assert written["rows"] == {"楼堂馆所": [{"名称": "甲"}, {}]}
    assert written["indicators"] == [{"三级指标": "乙", "性质": ">="}]
    assert written["projects"] == [{"values": {}, "indicators": [{"三级指标": "丙"}]}, {"values": {}}]
    assert [child.id for child in package.children["项目"]] == ["0", "1"]
    assert [row.id for row in package.root.rows["楼堂馆所"]] == ["0", "1"]


def test_missing_parts_of_a_note_are_empty_and_numbers_are_texts():
    package = read_package(loads('{"notes": [{"code": 4}, {}], "department": {"code": 101}}'), yueyang())
    assert [(note.code, note.cell, note.text) for note in package.notes] == [("4", "", ""), ("", "", "")]
    assert (package.department_code, package.department_name) == ("101", "")
    assert read_package({"department": {"code": 7, "name": None}}, yueyang()).department_code == "7"


def test_a_value_written_twice_the_same_is_read_once():
    data = {"values": {"报告.一": "甲", "report.一": "甲"}, "report": {"一": "甲"}}
    assert read_package(data, yueyang()).root.values == {"报告.一": "甲"}


@pytest.mark.parametrize(("size", "read"), [(0, True), (1, False)])
def test_a_file_of_exactly_the_largest_size_is_read(size, read):
    text = '{"a": "' + "x" * (MAX_BYTES - 9 + size) + '"}'
    if read:
        assert list(loads(text)) == ["a"]
    else:
        with pytest.raises(InputProblem, match="超过 8 MB"):
            loads(text)


def test_as_many_rows_and_projects_as_allowed_are_read():
    assert len(read_package({"projects": [{}] * 500}, yueyang()).children["项目"]) == 500
    assert len(read_package({"rows": {"市级专项资金": [{}] * 50}}, yueyang()).root.rows["市级专项资金"]) == 50


def test_the_year_may_be_missing_or_a_text():
    assert read_package({"year": "2024"}, yueyang()) == read_package({}, yueyang())


# ---- 元 and 万元 ----


def budget(data, pack=None):
    return read_package(data, pack or yueyang()).root.values["资金.全年预算数"]


@pytest.mark.parametrize(
    ("yuan", "wan"),
    [("948000", "94.8"), ("0.01", "0.000001"), ("1234567.89", "123.456789"), ("-1", "-0.0001")],
)
def test_yuan_are_converted_exactly(yuan, wan):
    assert budget({"money_unit": "元", "values": {"资金.全年预算数": yuan}}) == Decimal(wan)


def test_ten_thousand_yuan_are_converted_exactly_for_a_pack_in_yuan():
    pack = make_pack(LAB_FIELDS.replace("资金.预算", "资金.全年预算数"), head=HEAD.replace("万元", "元"))
    assert budget({"money_unit": "万元", "values": {"资金.全年预算数": "94.800001"}}, pack) == Decimal(
        "948000.01"
    )


@given(st.decimals(-(10**12), 10**12, places=2, allow_nan=False))
def test_no_cent_is_lost_on_the_way_through_the_other_unit(yuan):
    package = read_package({"money_unit": "元", "values": {"资金.全年预算数": f"{yuan:f}"}}, yueyang())
    written = write_package(package, yueyang())["values"].get("资金.全年预算数", "0")
    assert Decimal(written) * 10_000 == yuan


def test_only_money_is_converted_and_not_applicable_stays():
    values = {"人员.编制数": "2", "资金.全年预算数": "不适用"}
    given_ = read_package({"money_unit": "元", "values": values}, yueyang()).root.values
    assert given_["人员.编制数"] == 2
    assert str(given_["资金.全年预算数"]) == "不适用"


def test_printed_money_is_converted_too_and_other_printed_text_is_kept():
    printed = {
        "三公经费.本年决算数": "2,500",
        "资金.得分": "9.5",
        "项目支出.本年决算数": "约100",
        "三公经费.本年预算数": "",
    }
    package = read_package({"money_unit": "元", "printed": printed}, yueyang())
    assert package.root.printed == {
        "三公经费.本年决算数": "0.25", "资金.得分": "9.5", "项目支出.本年决算数": "约100", "三公经费.本年预算数": "",
    }  # fmt: skip


# ---- what cannot be read ----

BROKEN_TEXT = [
    ("", "不是正确的 JSON"),
    ("{", "第 1 行"),
    ('{"a": 1,}', "不是正确的 JSON"),
    ("[]", "最外层要是一个对象"),
    ("5", "最外层要是一个对象"),
    ('"text"', "最外层要是一个对象"),
    ("null", "最外层要是一个对象"),
    ('{"a": 1, "a": 2}', "“a”在同一个对象里出现两次"),
    ('{"values": {"填表人": "甲", "填表人": "乙"}}', "出现两次"),
    ('{"a": NaN}', "NaN"),
    ('{"a": -Infinity}', "Infinity"),
    ('{"a": "\x00"}', "不是正确的 JSON"),
    ('{"a": "\n"}', "不是正确的 JSON"),
    ("[" * 100_000, "嵌套太深"),
    ('{"a":' * 100_000, "嵌套太深"),
    (b"\xff\xfe{\x00}\x00", "不是 UTF-8"),
    ('{"values": {"填表人": "甲"}}'.encode("gb18030"), "不是 UTF-8"),
    (b'{"a": "' + b"x" * MAX_BYTES + b'"}', "超过 8 MB"),
]


@pytest.mark.parametrize(("text", "why"), BROKEN_TEXT, ids=[ascii(text[:20]) for text, _ in BROKEN_TEXT])
def test_broken_text_is_refused_in_one_sentence(text, why):
    with pytest.raises(InputProblem, match=why) as refused:
        loads(text)
    assert "\n" not in str(refused.value)


def value(key, raw):
    return {"values": {key: raw}}


WRONG = [
    ({"colour": 1}, "colour：不认识的键"),
    ({"year": 2023}, "year：材料是 2023 年的"),
    ({"year": "二〇二四"}, "year"),
    ({"year": True}, "year"),
    ({"year": []}, "year"),
    ({"year": "9" * 5000}, "year"),
    ({"money_unit": "美元"}, "money_unit：“美元”不认识"),
    ({"money_unit": []}, "money_unit"),
    ({"money_unit": None}, "money_unit"),
    ({"department": []}, "department：要是一个对象"),
    ({"department": {"boss": ""}}, "department.boss：不认识的键"),
    ({"department": {"name": ["甲"]}}, "department.name：值要写成文字"),
    ({"values": []}, "values：要是一个对象"),
    ({"values": None}, "values：要是一个对象"),
    ({"values": "文"}, "values：要是一个对象"),
    (value("没有", "1"), "values.没有：方案 2024-yueyang 里没有“没有”"),
    (value("资金.执行率", "95%"), "values.资金.执行率：“资金.执行率”由系统计算"),
    (value("指标.得分", "1"), "values.指标.得分"),
    (value("人员.编制数", True), "values.人员.编制数：值要写成文字"),
    (value("人员.编制数", {}), "现在是 对象"),
    (value("人员.编制数", ["2"]), "现在是 数组"),
    (value("人员.编制数", "二"), "values.人员.编制数：人员·编制数：“二”不是整数"),
    (value("人员.编制数", "2.5"), "只能填整数"),
    (value("资金.全年预算数", "94.8万元"), "带有单位"),
    (value("资金.全年预算数", "1e3"), "科学计数法"),
    (value("资金.全年预算数", "94.1234567"), "7 位小数"),
    (value("资金.全年预算数", "9" * 200_000), "不像金额"),
    (value("填报日期", "2025-02-30"), "不是日期"),
    (value("填表人", "长" * 4001), "最多 4,000 字"),
    ({"money_unit": "元", **value("资金.全年预算数", "1.234")}, "3 位小数"),
    ({"report": {"十二": "文"}}, "report.十二"),
    ({"report": []}, "report：要是一个对象"),
    ({"values": {"报告.一": "甲"}, "report": {"一": "乙"}}, "写了两次"),
    ({"values": {"报告.一": "甲", "report.一": "乙"}}, "写了两次"),
    ({"rows": {"没有": []}}, "rows.没有：方案里没有这个列表"),
    ({"rows": {"指标": []}}, "rows.指标"),
    ({"rows": {"指标框架": []}}, "rows.指标框架"),
    ({"rows": []}, "rows：要是一个对象"),
    ({"rows": {"市级专项资金": {}}}, "rows.市级专项资金：要是一个数组"),
    ({"rows": {"市级专项资金": ["甲"]}}, "rows.市级专项资金[0]：要是一个对象"),
    ({"rows": {"市级专项资金": [{"量": "1"}]}}, "rows.市级专项资金[0].量"),
    ({"rows": {"楼堂馆所": [{"规模控制率": "1"}]}}, "由系统计算"),
    ({"rows": {"市级专项资金": [{}] * 51}}, "有 51 项，最多 50 项"),
    ({"indicators": {}}, "要是一个数组"),
    ({"indicators": [{"得分": "很好"}]}, "指标[0].得分"),
    ({"indicators": [{"建议得分": "1"}]}, "由系统计算"),
    ({"indicators": [{"性质": "大约"}]}, "不在可选项里"),
    ({"indicators": [{}] * 201}, "最多 200 项"),
    ({"projects": {}}, "projects：要是一个数组"),
    ({"projects": ["甲"]}, "projects[0]：要是一个对象"),
    ({"projects": [{}, {"report": {}}]}, "projects[1].report：不认识的键"),
    ({"projects": [{"values": {"填表人": "甲"}}]}, "projects[0].values.填表人"),
    ({"projects": [{}] * 501}, "最多 500 项"),
    ({"printed": {"资金.全年预算数": "1"}}, "printed.资金.全年预算数：不是系统计算的格"),
    ({"printed": {"没有": ""}}, "printed.没有"),
    ({"printed": {"资金.得分": True}}, "printed.资金.得分：值要写成文字"),
    ({"projects": [{"printed": {"等次": ""}}]}, "projects[0].printed.等次"),
    ({"notes": {}}, "notes：要是一个数组"),
    ({"notes": [5]}, "notes[0]：要是一个对象 {…}，现在是 数"),
    ({"notes": [{"code": "S04", "who": "甲"}]}, "notes[0].who：不认识的键"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "why"), WRONG, ids=[str(n) + why for n, (_, why) in enumerate(WRONG)])
def test_wrong_content_is_refused_in_one_sentence_that_names_the_place(data, why):
    text = json.dumps(data, ensure_ascii=False)
    with pytest.raises(InputProblem) as refused:
        read_package(loads(text), yueyang())
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def sentence(read, data) -> str:
    with pytest.raises(InputProblem) as refused:
        read(data)
    return str(refused.value)


def test_every_refusal_says_where_what_and_what_to_do():
    lines = [f"{text[:20]!a} → {sentence(loads, text)}" for text, _ in BROKEN_TEXT]
    for data, _ in WRONG:
        text = json.dumps(data, ensure_ascii=False)
        lines.append(f"{text[:70]} → {sentence(lambda one: read_package(loads(one), yueyang()), text)}")
    same_as_golden("interchange_refusals.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("number", ["1e999999999", "9" * 5000, "0." + "0" * 5000 + "1", "-1E-999999999"])
def test_a_number_of_monstrous_size_is_refused_at_once(number):
    with pytest.raises(InputProblem, match=r"values\.资金\.全年预算数"):
        read_package(loads(f'{{"values": {{"资金.全年预算数": {number}}}}}'), yueyang())


def test_invisible_characters_are_gone_from_every_text():
    dirty = "甲\x00\x08\ud800\u202e\ufffe"
    data = {
        "department": {"name": dirty}, "values": {"填表人": dirty}, "printed": {"等次": dirty},
        "notes": [{"code": dirty, "cell": dirty, "text": dirty}], "indicators": [{"三级指标": dirty}],
    }  # fmt: skip
    package = read_package(loads(json.dumps(data)), yueyang())
    written = json.dumps(write_package(package, yueyang()), ensure_ascii=False)
    written.encode("utf-8")
    assert written.count("甲") == 7
    assert "\\u" not in written


def test_a_pack_without_projects_refuses_them():
    pack = make_pack('fields = [{key = "a", kind = "money"}]')
    with pytest.raises(InputProblem, match="没有项目表"):
        read_package({"projects": [{}]}, pack)
    with pytest.raises(InputProblem, match="没有指标表"):
        read_package({"indicators": []}, pack)


keys = st.sampled_from(
    [
        "values",
        "rows",
        "indicators",
        "projects",
        "printed",
        "report",
        "notes",
        "department",
        "year",
        "x",
        "指标",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("资金.得分"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(keys, anything, max_size=4))
def test_any_shape_is_read_or_refused(data):
    try:
        read_package(loads(json.dumps(data)), yueyang())
    except InputProblem as problem:
        assert str(problem)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        loads(text)
    except InputProblem as problem:
        assert str(problem)
