"""A damaged form is refused with its file, band, row and column; a good one is read as it stands."""

import pytest

from evaluations.core.faults import PackProblem
from tests.builders import faults_told, make_pack, pack_files, yueyang
from tests.goldens import same_as_golden

FORM = """
key = "form"
title = "{year}年试验表"
columns = [1, 2, 3]

[[band]]
kind = "line"
rows = [ [ {t = "{year}年试验表", w = 3, style = "title"} ] ]

[[band]]
kind = "fixed"
rows = [
  [ "预算", {f = "资金.预算", w = 2} ],
  [ {t = "执行", h = 2}, {f = "资金.执行"}, {f = "资金.执行率"} ],
  [ {t = "其中：{a}", w = 2} ],
]

[[band]]
kind = "repeat"
over = "表"
side = {t = "明细"}
head = [[ "名称", "数" ]]
row = [ {f = "名称"}, {f = "数"} ]
"""

DAMAGED = [
    ("missing cell", '"预算", {f = "资金.预算", w = 2}', '"预算", {f = "资金.预算"}', "第2带 第1行第3列是空洞"),
    ("missing row part", '{t = "其中：{a}", w = 2}', '{t = "其中：{a}"}', "第2带 第3行第3列是空洞"),
    ("extra cell", '"预算", {f', '"预算", "多", {f', "第2带 第1行第3列：格子伸出表外"),
    ("overlap", '{t = "执行", h = 2}, {f = "资金.执行"}', '{t = "执行"}, {f = "资金.执行", h = 2}', "第2带 第3行第1列：与别的格子重叠"),
    ("span out of the band", 'h = 2', 'h = 3', "第2带 第2行第1列：格子伸出带外"),
    ("span out of the table", 'style = "title"', 'style = "title"}, {t = "多"', "第1带 第1行第4列：格子伸出表外"),
    ("zero span", 'w = 3, style', 'w = 0, style', "第1带 第1行第1列：w 和 h 要是正整数"),
    ("negative span", 'h = 2', 'h = -2', "第2带 第2行第1列：w 和 h 要是正整数"),
    ("enormous span", 'w = 3, style', 'w = 3, h = 1000000000, style', "格子伸出带外"),
    ("unknown key in a cell", 'w = 3, style', 'wide = 3, style', "第1带 第1行第1列：不认识的键 wide"),
    ("unknown key in a band", 'over = "表"', 'over = "表"\nabove = 1', "第3带：不认识的键 above"),
    ("unknown key in the form", 'key = "form"', 'key = "form"\ncolour = 1', "form.toml：不认识的键 colour"),
    ("unknown fact", '{f = "资金.执行"}', '{f = "资金.支出"}', "第2带 第2行第2列：没有名为“资金.支出”"),
    ("unknown name inside text", "其中：{a}", "其中：{甲}", "第2带 第3行第2列：没有名为“甲”"),
    ("broken expression inside text", "其中：{a}", "其中：{a +}", "第2带 第3行第2列：表达式“a +”写法不对"),
    ("empty braces", "其中：{a}", "其中：{}", "第2带 第3行第2列"),
    ("two inputs of one fact", "其中：{a}", "其中：{资金.预算}", "第2带 第3行第2列：“资金.预算”在 form.toml 第2带 第1行第2列 已有"),
    ("two inputs in one cell", "其中：{a}", "{a}和{b}", "第2带 第3行第2列：一格里有两个填报值"),
    ("the same input twice in one cell", "其中：{a}", "{a}和{a}", "第2带 第3行第2列：一格里有两个填报值"),
    ("an expression where a fact belongs", '{f = "资金.执行率"}', '{f = "a + b"}', "第2带 第2行第3列：f“a + b”不是字段"),
    ("both text and fact", '{f = "资金.执行率"}', '{f = "资金.执行率", t = "x"}', "第2带 第2行第3列：一格要有 t 或 f"),
    ("neither text nor fact", '{f = "资金.执行率"}', '{w = 1}', "第2带 第2行第3列：一格要有 t 或 f"),
    ("unknown align", '{f = "资金.执行率"}', '{f = "资金.执行率", align = "middle"}', "第2带 第2行第3列：align“middle”"),
    ("unknown style", '{f = "资金.执行率"}', '{f = "资金.执行率", style = "red"}', "style“red”"),
    ("unknown show", '{f = "资金.执行率"}', '{f = "资金.执行率", show = "stars"}', "show“stars”"),
    ("merge outside a list row", '{f = "资金.执行率"}', '{f = "资金.执行率", merge = "名称"}', "第2带 第2行第3列：merge“名称”"),
    ("merge of no column", '{f = "名称"}', '{f = "名称", merge = "组"}', "第3带 row 第1行第1列：merge“组”"),
    ("group outside a merged cell", '{f = "名称"}', '{t = "{SUM(组.数)}"}', "第3带 row 第1行第1列：没有名为“组.数”"),
    ("row number in a merged cell", '{f = "名称"}', '{t = "{行号}", merge = "名称"}', "第3带 row 第1行第1列：没有名为“行号”"),
    ("hole in a list row", 'row = [ {f = "名称"}, {f = "数"} ]', 'row = [ {f = "名称"} ]', "第3带 row 第1行第2列是空洞"),
    ("hole in a head", '[[ "名称", "数" ]]', '[[ "名称" ]]', "第3带 head 第1行第2列是空洞"),
    ("unknown column of a row", '{f = "数"}', '{f = "量"}', "第3带 row 第1行第2列：没有名为“量”"),
    ("list without a row", 'row = [ {f = "名称"}, {f = "数"} ]', "", "第3带：repeat 带缺 row"),
    ("unknown list", 'over = "表"', 'over = "单"', "第3带：over“单”不是列表"),
    ("unknown skeleton", 'over = "表"', 'over = "表"\nskeleton = "架"', "第3带：skeleton“架”"),
    ("side as wide as the table", '{t = "明细"}', '{t = "明细", w = 3}', "第3带 side：占了 3 列"),
    ("unknown kind of band", 'kind = "line"', 'kind = "wavy"', "第1带：kind“wavy”"),
    ("star without columns", '{f = "资金.执行"}', '{f = "资金.*"}', "第2带 第2行第2列：用了 .*"),
    ("unknown scope", 'key = "form"', 'key = "form"\nscope = "科室"', "没有名为“科室”的范围"),
    ("unknown orientation", 'key = "form"', 'key = "form"\norientation = "round"', "orientation"),
    ("no columns", "columns = [1, 2, 3]", "columns = []", "columns 要是正整数"),
    ("column of no width", "columns = [1, 2, 3]", "columns = [1, 2, 0]", "columns 要是正整数"),
    ("too many columns", "columns = [1, 2, 3]", f"columns = {[1] * 500}", "最多 100 列"),
    ("no title", 'title = "{year}年试验表"', "", "缺 title"),
    ("wrong condition", 'key = "form"', 'key = "form"\nwhen = "a >"', "表达式“a >”写法不对"),
    ("text that is no text", 'title = "{year}年试验表"', 'title = "表"\nshort = 5', "short 要写成文字"),
    ("number that is no number", 'key = "form"', 'key = "form"\nprint_order = true', "print_order 要写成整数"),
    ("no columns at all", "columns = [1, 2, 3]", "", "缺 columns"),
    ("prose without blocks", 'key = "form"', 'key = "form"\nkind = "prose"', "缺 block"),
    ("unknown kind of form", 'key = "form"', 'key = "form"\nkind = "poem"', "kind 只能是"),
    ("band without a kind", 'kind = "line"', "", "第1带：kind“”"),
    ("star of a record without the column", '{t = "其中：{a}", w = 2} ],\n]', '{f = "资金.*"} ],\n]\ncols = ["余额", "执行", "结转"]', "第2带 第3行第2列：“资金”没有列 余额、结转"),
    ("star of a list without the column", 'row = [ {f = "名称"}, {f = "数"} ]', 'row = [ {f = ".*"} ]\ncols = ["名称", "余额"]', "没有名为“余额”"),
    ("too few widths", 'row = [ {f = "名称"}, {f = "数"} ]', 'row = [ {f = ".*", w = [1]} ]\ncols = ["名称", "数"]', "w 有 1 个数，要 2 个"),
    ("widths of one cell", '"预算", {f = "资金.预算", w = 2}', '"预算", {f = "资金.预算", w = [2]}', "w 是数列"),
    ("two list rows of unequal height", 'row = [ {f = "名称"}, {f = "数"} ]', 'row = [ [ {f = "名称"}, {f = "数"} ], [ {f = "注"} ] ]', "第3带 row 第2行第2列是空洞"),
    ("side that is no cell", '{t = "明细"}', '{t = "明细", colour = 1}', "第3带 side：不认识的键 colour"),
    ("wrong name in a side", '{t = "明细"}', '{t = "{甲}"}', "第3带 side：没有名为“甲”"),
    ("wrong text of an empty list", 'over = "表"', 'over = "表"\nempty = {t = "{甲}", when = "有"}', "第3带：没有名为“甲”"),
    ("wrong condition of an empty list", 'over = "表"', 'over = "表"\nempty = {t = "无", when = "甲"}', "第3带：没有名为“甲”"),
    ("many holes", '{t = "{year}年试验表", w = 3, style = "title"}', "", "第1带 第1行第1列、第1行第2列、第1行第3列是空洞"),
    ("row that is no list", 'rows = [ [ {t = "{year}', 'rows = [ 5, [ {t = "{year}', "形状不对"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "why"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_a_damaged_form_is_refused_in_one_sentence_that_says_where(old, new, why):
    assert old in FORM
    with pytest.raises(PackProblem) as refused:
        make_pack(form=FORM.replace(old, new, 1))
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_every_refusal_of_a_form_is_worded_as_it_should_be():
    told = [faults_told(name, pack_files(form=FORM.replace(old, new, 1))) for name, old, new, _ in DAMAGED]
    same_as_golden("refused_forms.txt", "\n".join(told))


def plain_form(columns: int, rows: int) -> str:
    lines = ", ".join([f'[{{t = "", w = {columns}}}]'] * rows)
    return f'key = "f"\ntitle = "t"\ncolumns = {[1] * columns}\n[[band]]\nkind = "fixed"\nrows = [{lines}]'


def test_a_form_may_have_a_hundred_columns_and_bands_of_four_hundred_rows():
    assert len(make_pack(form=plain_form(100, 1)).form("f").columns) == 100
    assert make_pack(form=plain_form(1, 400)).form("f").bands[0].height == 400
    with pytest.raises(PackProblem, match=r"^form\.toml：有 101 列，最多 100 列。$"):
        make_pack(form=plain_form(101, 1))
    with pytest.raises(PackProblem, match=r"^form\.toml 第1带：有 401 行，最多 400 行。$"):
        make_pack(form=plain_form(1, 401))


def test_of_many_holes_the_first_ten_are_named():
    with pytest.raises(PackProblem) as refused:
        make_pack(
            form='key = "f"\ntitle = "t"\ncolumns = [1]\n[[band]]\nkind = "fixed"\nrows = ['
            + "[], " * 12
            + "]"
        )
    assert str(refused.value).count("第") == 1 + 2 * 10


def test_a_form_without_bands_is_empty():
    form = make_pack(form='key = "f"\ntitle = "t"\ncolumns = [2, 3]').form("f")
    assert (form.bands, form.columns, form.short, form.inputs) == ((), (2, 3), "t", frozenset())


def placed(form, band):
    return [(cell.row, cell.col, cell.h, cell.w) for cell in form.bands[band].cells]


def test_cells_flow_around_spans_as_in_html():
    form = make_pack(form=FORM).form("form")
    assert placed(form, 1) == [
        (0, 0, 1, 1),
        (0, 1, 1, 2),
        (1, 0, 2, 1),
        (1, 1, 1, 1),
        (1, 2, 1, 1),
        (2, 1, 1, 2),
    ]


def test_the_cells_of_a_list_stand_right_of_its_side():
    band = make_pack(form=FORM).form("form").bands[2]
    assert [cell.col for cell in (*band.head, *band.row)] == [1, 2, 1, 2]


def test_a_form_knows_what_it_asks_and_what_it_only_shows():
    form = make_pack(form=FORM).form("form")
    assert form.inputs == {"资金.预算", "资金.执行", "a", "表.名称", "表.数"}
    assert not form.asks("资金.执行率")


def test_a_star_makes_one_cell_for_each_column():
    form = yueyang().form("department")
    assert {"资金.年初预算数", "资金.全年预算数", "资金.全年执行数"} <= form.inputs
    heads = [
        cell.template.render(None) for cell in form.bands[1].cells if cell.template.parts == ("全年预算数",)
    ]
    assert heads == ["全年预算数"]


def test_a_star_with_a_list_of_widths_needs_as_many_as_columns():
    star = FORM.replace(
        'row = [ {f = "名称"}, {f = "数"} ]', 'cols = ["名称", "数"]\nrow = [ {f = ".*", w = [1, 1]} ]'
    )
    assert make_pack(form=star).form("form").asks("表.数")
    with pytest.raises(PackProblem, match="w 有 1 个数，要 2 个"):
        make_pack(form=star.replace("[1, 1]", "[2]"))
    with pytest.raises(PackProblem, match="w 是数列"):
        make_pack(form=FORM.replace('"资金.预算", w = 2', '"资金.预算", w = [2]'))


def test_a_project_form_asks_only_its_own_facts():
    form = """key = "form"\ntitle = "t"\nscope = "项目"\ncolumns = [1, 1]
[[band]]\nkind = "fixed"\nrows = [ [ {f = "x"}, {t = "部门：{本部门.a}"} ] ]"""
    assert make_pack(form=form).form("form").inputs == {"x"}
    with pytest.raises(PackProblem, match="第1带 第1行第2列：没有名为“b”"):
        make_pack(form=form.replace("本部门.a", "b"))
