"""Texts with ``{…}``: what is printed for a value, a formula, a format; what a person's text turns into."""

from functools import cache

import pytest

from evaluations.core.expressions import Context, ExpressionProblem
from evaluations.core.facts import Facts
from evaluations.core.names import Names, Place
from evaluations.core.texts import Template, compile_template, fill_tokens
from tests.builders import NA, lab, lab_facts, scope_input

ROWS = [{"名称": "甲", "数": 3, "满": 4}, {"名称": "乙", "数": "0.5"}]


@cache
def facts() -> Facts:
    given = {"a": "1234.5", "b": 0, "名": "档案馆", "有": None, "资金.预算": 90, "资金.执行": 75}
    root = scope_input(rows={"表": ROWS}, **{key.replace(".", "__"): value for key, value in given.items()})
    return lab_facts(root, scope_input("p", 项目__名称="平台", x=7, rows={"表": ROWS}))


def names() -> Names:
    return Names(lab().schema, lab().constants)


def compiled(text: str, place: Place = Place()) -> Template:  # noqa: B008
    return compile_template(text, names(), place)


PLACES: dict[str, Place] = {"部门": Place(), "部门的行": Place("", "表"), "项目": Place("项目"), "项目的行": Place("项目", "表")}  # fmt: skip


def context(where: str) -> Context:
    root, project = facts().root, facts().children["项目"][0]
    return {
        "部门": root,
        "部门的行": root.lists["表"][0],
        "项目": project,
        "项目的行": project.lists["表"][1],
    }[where]


@pytest.mark.parametrize(
    ("where", "text", "shown"),
    [
        ("部门", "没有括号", "没有括号"),
        ("部门", "", ""),
        ("部门", "前{a}中{b}后", "前1234.5中0后"),
        ("部门", "{a}", "1234.5"),
        ("部门", "{c}元", "元"),
        ("部门", "{资金.执行率}", "83.33%"),
        ("部门", "{资金.执行率:0%}", "83%"),
        ("部门", "{资金.执行率:0.0%}", "83.3%"),
        ("部门", "{资金.执行 / 资金.预算:0.000}", "0.833"),
        ("部门", "{资金.预算:0.00}", "90.00"),
        ("部门", "{a:0}", "1235"),
        ("部门", "{a:0.0}", "1234.5"),
        ("部门", "{c:0.00}", ""),
        ("部门", "{名:0.00}", "档案馆"),
        ("部门", "{a + b}", "1234.5"),
        ("部门", "{名}有{COUNT(表)}行", "档案馆有2行"),
        ("部门", "{year}年，{money_unit}", "2024年，万元"),
        ("部门的行", "{名称}：{数}，部门 {a}", "甲：3，部门 1234.5"),
        ("部门的行", "{差}", "1"),
        ("项目", "{项目.名称} {x}，本部门 {本部门.名}", "平台 7，本部门 档案馆"),
        ("项目的行", "{名称} {数:0.00} {x} {本部门.b}", "乙 0.50 7 0"),
    ],
)
def test_a_text_prints_its_values(where, text, shown):
    assert compiled(text, PLACES[where]).render(context(where)) == shown


def test_what_does_not_apply_is_printed_as_such_whatever_the_format():
    root = lab_facts(scope_input(a=NA)).root
    assert compiled("{a} {a:0.00}").render(root) == "不适用 不适用"


@pytest.mark.parametrize(
    ("text", "outline", "sources"),
    [
        ("甲{a}乙", "甲{a}乙", ["a"]),
        ("{资金.执行率}", "{资金.执行率}", ["资金.执行率"]),
        ("{a:0.0}和{a + b}", "{…}和{…}", ["a", "a + b"]),
        ("{year}", "{…}", ["year"]),
        ("无", "无", []),
    ],
)
def test_the_outline_of_a_text_names_cells_and_hides_formulas(text, outline, sources):
    made = compiled(text)
    assert made.outline == outline
    assert [binding.text for binding in made.bindings()] == sources


@pytest.mark.parametrize("text", ["{没有}", "{a +}", "{本部门.a}", "{表.没有}", "{a:0.00 + 没有}"])
def test_a_text_with_an_unknown_name_or_a_broken_formula_is_refused(text):
    with pytest.raises(ExpressionProblem):
        compiled(text)


@pytest.mark.parametrize(
    ("where", "text", "filled"),
    [
        ("部门", "本馆（{名}）预算 {资金.预算} 万元", "本馆（档案馆）预算 90 万元"),
        ("部门", "{ a }", "1234.5"),
        ("部门", "{{a}}", "{a}"),
        ("部门", "{{", "{"),
        ("部门", "{没有}", "{没有}"),
        ("部门", "{c}", "{c}"),
        ("部门", "{a + b}", "{a + b}"),
        ("部门", "{year}", "{year}"),
        ("部门", "{表.数}", "{表.数}"),
        ("部门", "{本部门.a}", "{本部门.a}"),
        ("部门", "{a\n}", "{a\n}"),
        ("部门", "{" + "字" * 101 + "}", "{" + "字" * 101 + "}"),
        ("部门", "", ""),
        ("项目", "{x}，{本部门.a}", "7，1234.5"),
    ],
)
def test_a_persons_text_takes_the_values_of_known_cells_and_stays_else(where, text, filled):
    assert fill_tokens(text, names(), PLACES[where], context(where)) == filled
