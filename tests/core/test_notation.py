"""What the notation grew by: screen-only bands, prose, live figures in texts, row numbers, echoes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.core.faults import PackProblem
from evaluations.core.grid import Grid, expand, scopes_of
from tests.builders import faults_told, lab_facts, make_pack, pack_files, scope_input
from tests.goldens import same_as_golden

FIELDS = """
fields = [
  {key = "单位", kind = "text", home = "one"},
  {key = "钱", kind = "money"},
  {key = "率", kind = "percent", compute = "钱 / 200"},
  {key = "无", kind = "yes_no"},
  {key = "文", kind = "long_text", live = true},
  {key = "表[]", shape = "行"},
]
[[shape]]
name = "行"
fields = [{key = "名称", kind = "text"}]
"""
ONE = """
key = "one"
title = "表一"
columns = [1, 1]
[[band]]
kind = "line"
screen = true
rows = [ ["没有就勾", {f = "无"}] ]
[[band]]
kind = "fixed"
rows = [ [ {f = "单位"}, {f = "钱"} ] ]
[[band]]
kind = "repeat"
over = "表"
row = [ {t = "{行号}"}, {f = "名称"} ]
min_rows = 1
empty = {t = "无此项", when = "无"}
"""
PROSE = """
key = "prose"
title = "报告"
kind = "prose"
block = [
  {title = "{单位}的报告"},
  {h1 = "一、情况", guide = "写清楚。", text = "{文}", lines = 3},
  {sign = "{单位}"},
]
"""


def pack():
    return make_pack(FIELDS, form=ONE, **{"forms/prose": PROSE})


def grid(form: str, *, screen: bool = False, rows=None, **values: object) -> Grid:
    made = pack()
    return expand(made.form(form), lab_facts(scope_input(rows=rows, **values), pack=made), screen=screen)


def texts(made: Grid) -> list[str]:
    return [cell.text for cell in made.cells]


def test_a_screen_band_is_on_screen_and_not_in_print() -> None:
    assert "没有就勾" in texts(grid("one", screen=True))
    assert "没有就勾" not in texts(grid("one"))


def test_a_field_of_a_screen_band_is_asked_there() -> None:
    asked = [piece.address for piece in grid("one", screen=True).value_pieces() if piece.input]
    assert "无" in asked


def test_rows_are_numbered_from_one() -> None:
    made = grid("one", rows={"表": [{"名称": "甲"}, {"名称": "乙"}]})
    assert [text for text in texts(made) if text in ("1", "2")] == ["1", "2"]


def test_an_empty_list_says_so_only_when_it_was_declared() -> None:
    assert "无此项" in texts(grid("one", 无=True))
    assert "无此项" not in texts(grid("one"))
    assert "无此项" not in texts(grid("one", 无=True, rows={"表": [{"名称": "甲"}]}))


def test_prose_is_one_frameless_column_in_the_order_of_its_blocks() -> None:
    made = grid("prose", screen=True, 单位="甲单位", 文="做了事。")
    assert [(cell.style, cell.text) for cell in made.cells] == [
        ("title", "甲单位的报告"), ("h1", "一、情况"), ("guide", "写清楚。"), ("text", "做了事。"), ("sign", "甲单位"),
    ]  # fmt: skip
    assert made.kind == "prose" and not any(row.frame for row in made.rows)
    assert "写清楚。" not in texts(grid("prose"))


def test_a_field_with_another_home_may_be_echoed_any_number_of_times() -> None:
    asked = [piece.address for piece in grid("prose").value_pieces() if piece.input]
    assert asked == ["文"]


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("用了{钱}万元，占{率}。", "用了89.8万元，占44.9%。"),
        ("{ 钱 }", "89.8"),
        ("{{钱}}", "{钱}"),
        ("{没有}、{钱", "{没有}、{钱"),
        ("{文}", "{文}"),
        ("{钱 + 1}", "{钱 + 1}"),
        ("{表.名称}", "{表.名称}"),
        ("{本部门.钱}", "{本部门.钱}"),
        ("{__class__}", "{__class__}"),
        ("{year}", "{year}"),
        ("{单位}", "{单位}"),
    ],
)
def test_a_key_in_braces_prints_its_value_and_anything_else_stays(typed: str, printed: str) -> None:
    (cell,) = [cell for cell in grid("prose", 钱="89.8", 文=typed).cells if cell.style == "text"]
    assert cell.text == printed


def test_what_was_typed_keeps_its_token() -> None:
    made = grid("prose", 钱="89.8", 文="用了{钱}万元")
    (piece,) = [piece for piece in made.value_pieces() if piece.address == "文"]
    assert piece.field is not None and piece.field.to_text(piece.value) == "用了{钱}万元"


@given(st.text(alphabet="{}钱率文.a 1", max_size=40))
def test_no_text_breaks_the_printing(typed: str) -> None:
    cells = [cell for cell in grid("prose", 钱="1", 文=typed or None).cells if cell.style == "text"]
    assert len(cells) == 1


DAMAGED_PROSE = [
    ('{sign = "{单位}"}', '{sing = "{单位}"}', "第3块：不认识的键 sing"),
    ('kind = "prose"', 'kind = "poem"', "kind 只能是"),
    ('text = "{文}"', 'text = "{问}"', "第2块的 text"),
    ('guide = "写清楚。"', 'guide = "{问}"', "第2块的 guide"),
    ('{sign = "{单位}"}', '{text = "{文}"}', "已有一个填报格"),
    ("lines = 3", "lines = []", r"^prose\.toml 第2块 h1：形状不对"),
    ('{sign = "{单位}"}', "5", "第3块：形状不对"),
    ('h1 = "一、情况"', "h1 = 1", r"^prose\.toml 第2块 h1：形状不对"),
]


@pytest.mark.parametrize(("old", "new", "place"), DAMAGED_PROSE)
def test_damaged_prose_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    with pytest.raises(PackProblem, match=place):
        make_pack(FIELDS, form=ONE, **{"forms/prose": PROSE.replace(old, new)})


def test_every_refusal_of_a_prose_is_worded_as_it_should_be() -> None:
    told = [
        faults_told(new, pack_files(FIELDS, form=ONE, **{"forms/prose": PROSE.replace(old, new)}))
        for old, new, _ in DAMAGED_PROSE
    ]
    same_as_golden("refused_prose.txt", "\n".join(told))


def test_a_home_that_does_not_ask_the_field_is_refused() -> None:
    with pytest.raises(PackProblem, match="home“one”这张表没有填它的格"):
        make_pack(FIELDS, form=ONE.replace('{f = "单位"}', '"单位"'), **{"forms/prose": PROSE})


@pytest.mark.parametrize(
    ("flag", "wanted"), [(True, ["prose"]), (False, ["one", "prose"]), (None, ["one", "prose"])]
)
def test_a_form_is_left_out_only_when_its_condition_is_definitely_false(flag, wanted) -> None:
    form = ONE.replace("columns = [1, 1]", 'columns = [1, 1]\nwhen = "not 无"')
    made = make_pack(FIELDS, form=form, **{"forms/prose": PROSE})
    facts = lab_facts(scope_input(**({} if flag is None else {"无": flag})), pack=made)
    assert sorted(layout.key for layout in made.forms.values() if scopes_of(layout, facts)) == wanted
