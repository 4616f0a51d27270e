"""一格为什么是这个数：每个计算格、每个得分都说得出，话里的数就是表上的数。"""

from __future__ import annotations

from decimal import Decimal

import pytest

from evaluations.core.evaluation import evaluate
from evaluations.core.explaining import Explanation, explanation, score_addresses
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.measures import Measure
from evaluations.core.pack import Pack, load_folder
from evaluations.core.score_examples import CAPS, methods
from evaluations.core.scoring import Deduction, deduction, quantitative, read_parameters, total
from evaluations.core.telling import exactly
from evaluations.core.values import NA, NotApplicable, is_number, plain
from tests.builders import LAB_FIELDS, lab_facts, make_pack, scope_input
from tests.conftest import PACK_FOLDER, fixture_json
from tests.goldens import same_as_golden

D = Decimal
PACKAGES = {
    "2024-yueyang-package": "2024-yueyang", "2024-correct-package": "2024-yueyang",
    "2024-yueyang-mended": "2024-yueyang", "2024-mof-package": "2024-mof", "2023-sichuan-package": "2023-sichuan",
}  # fmt: skip


@pytest.fixture(scope="module")
def packs() -> dict[str, Pack]:
    return {key: load_folder(PACK_FOLDER.parent / key) for key in set(PACKAGES.values())}


def facts_of(packs: dict[str, Pack], name: str, **changes: str) -> Facts:
    pack, data = packs[PACKAGES[name]], fixture_json(name)
    data["values"] |= changes
    return Facts(pack, read_package(data, pack))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_computed_cell_explains_itself_and_ends_at_the_figure_shown(packs, name):
    facts = facts_of(packs, name)
    for address, item, value in facts.computed():
        why = explanation(facts, address)
        assert why.steps and all(step.words for step in why.steps), address
        if is_number(value):
            assert why.steps[-1].numbers.endswith(item.format(value)), (address, why.steps)
        for link in why.links:
            node, key = facts.locate(link.address)
            assert link.text in (node.fields[key].format(node.value(key)), "未填"), link
            assert link.address != address


@pytest.mark.parametrize("name", PACKAGES)
def test_every_score_names_its_method_its_basis_and_the_cells_it_read(packs, name):
    facts = facts_of(packs, name)
    addresses = list(score_addresses(facts))
    assert {row["cell"] for row in evaluate(facts.pack, facts.package)["scores"]} <= {
        address.replace("建议得分", "得分") for address in addresses
    }
    for address in addresses:
        why = explanation(facts, address)
        assert why.basis, address
        if is_number(facts.value(address)):
            assert why.rule.startswith("F") and why.links, address


def as_told(why: Explanation) -> str:
    """An explanation as lines: what is asked, steps, rules, basis, cells used."""
    lines = [f"{why.address} | {why.label} | {why.title} | {why.rule} | {'建议' if why.suggested else ''}"]
    lines += [f"  {number}. {step.words} || {step.numbers}" for number, step in enumerate(why.steps, 1)]
    lines += [f"  注 {note}" for note in why.notes]
    lines += [f"  据 {why.basis}"] if why.basis else []
    lines += [f"  用 {link.address} | {link.label} | {link.text}" for link in why.links]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "2024-yueyang-mended"])
def test_every_explanation_is_worded_as_it_should_be(packs, name):
    facts = facts_of(packs, name)
    computed = [as_told(explanation(facts, address)) for address, _, _ in facts.computed()]
    scores = "\n".join(score_addresses(facts))
    same_as_golden(f"explained-{name}.txt", "\n".join([*computed, "得分的次序", scores, ""]))


def test_the_score_a_person_gave_is_explained_by_the_suggested_one(packs):
    facts = facts_of(packs, "2024-correct-package")
    why = explanation(facts, "指标[3].得分")
    assert why == explanation(facts, "指标[3].建议得分")
    assert why.title == "为什么建议 9.72"
    assert [str(step) for step in why.steps] == [
        "实际和目标相比：目标 ≥ 98，实际 95.24",
        "没有达到目标，完成比例 ＝ 实际 ÷ 目标：95.24 ÷ 98 ＝ 97.18%",
        "得分 ＝ 分值 × 完成比例：10 × 95.24 ÷ 98 ＝ 9.718367…",
        "四舍五入，保留 2 位小数：9.72",
    ]
    assert [link.label for link in why.links] == [
        "时效指标第1行·分值", "时效指标第1行·性质", "时效指标第1行·年度指标值", "时效指标第1行·实际完成值",
    ]  # fmt: skip


def test_a_formula_is_told_in_words_and_in_figures_and_rounding_is_its_own_step(packs):
    facts = facts_of(packs, "2024-yueyang-package")
    rate = explanation(facts, "资金.执行率")
    assert [(step.words, step.numbers) for step in rate.steps] == [
        ("执行率 ＝ 资金.全年执行数 ÷ 资金.全年预算数", "89.8 ÷ 94.8 ＝ 0.947257…"),
        ("印成百分数，保留 2 位小数；再参加计算时用没有舍入的数", "94.73%"),
    ]
    whole = explanation(facts, "项目支出.本年决算数")
    assert whole.steps[0].numbers.endswith("＝ 94.8")
    assert whole.notes == ("结果不超过 6 位小数，没有舍入。",)


def test_what_cannot_be_computed_says_why(packs):
    blank = facts_of(packs, "2024-correct-package", **{"资金.全年执行数": ""})
    assert explanation(blank, "资金.执行率").notes == ("要用的数没有填全，还算不出来。",)
    assert "填好后自动计算" in explanation(blank, "资金.得分").steps[0].words
    zero = facts_of(packs, "2024-correct-package", **{"资金.全年预算数": "0", "资金.全年执行数": "0"})
    assert explanation(zero, "资金.执行率").notes == ("不适用：分母为0。",)
    assert "不适用" in explanation(zero, "资金.得分").steps[0].words
    assert explanation(zero, "部门.名称").steps[0].words == "填报的数，不是算出来的"


def lab_told(
    address: str, *, rows: list[dict] | None = None, fields: str = LAB_FIELDS, **values: object
) -> Explanation:
    facts = lab_facts(scope_input(rows={"表": rows or []}, **values), pack=make_pack(fields))
    return explanation(facts, address)


def test_at_most_sixty_cells_are_linked():
    fields = LAB_FIELDS.replace("资金.执行 / 资金.预算", "SUM(表.数)")
    told = lab_told("资金.执行率", rows=[{"数": n} for n in range(70)], fields=fields)
    assert [link.address for link in told.links] == [f"表[r{n}].数" for n in range(60)]
    once = lab_told(
        "资金.执行率", fields=LAB_FIELDS.replace("资金.执行 / 资金.预算", "a + b * a + year"), a=1, b=2
    )
    assert [link.address for link in once.links] == ["a", "b"]


def test_a_typed_figure_says_that_it_was_typed():
    assert (
        as_told(lab_told("a", a="1.5")) == "a | a | 为什么是 1.5 |  | \n  1. 填报的数，不是算出来的 || 1.5\n"
    )


WHY = [
    ("资金.执行 / 资金.预算", {"资金__执行": NotApplicable("填报"), "资金__预算": 1}, ("不适用：填报。",)),
    (
        "资金.执行 / 资金.预算",
        {"资金__执行": NotApplicable(), "资金__预算": 1},
        ("要用的数里有“不适用”，结果也不适用。",),
    ),
    ("资金.执行 / 资金.预算", {"资金__执行": 1}, ("要用的数没有填全，还算不出来。",)),
    ("IF(a > 1, a, '')", {"a": 1}, ("按公式，这种情况没有结果。",)),
    ("COUNT(表)", {}, ()),
]


@pytest.mark.parametrize(("formula", "values", "notes"), WHY)
def test_what_has_no_result_says_why(formula, values, notes):
    told = lab_told("资金.执行率", fields=LAB_FIELDS.replace("资金.执行 / 资金.预算", formula), **values)
    assert told.notes == notes


ROUNDED = [
    ("integer", "a / 3", "10 ÷ 3 ＝ 3.333333…", "四舍五入，保留 0 位小数：3", ()),
    ("integer", "a", "10", "", ("结果是整数，没有舍入。",)),
    ("money", "a / 4", "10 ÷ 4 ＝ 2.5", "", ("结果不超过 6 位小数，没有舍入。",)),
    ("points", "a / 8", "10 ÷ 8 ＝ 1.25", "", ("结果不超过 2 位小数，没有舍入。",)),
    ("text", "名", "甲", "", ()),
]


@pytest.mark.parametrize(("kind", "formula", "numbers", "last", "notes"), ROUNDED)
def test_rounding_is_its_own_step_or_said_not_to_be(kind, formula, numbers, last, notes):
    fields = LAB_FIELDS.replace(
        'kind = "percent", compute = "资金.执行 / 资金.预算"', f'kind = "{kind}", compute = "{formula}"'
    )
    told = lab_told("资金.执行率", fields=fields, a=10, 名="甲")
    assert told.notes == notes
    assert [str(step) for step in told.steps[1:]] == ([last] if last else [])
    assert told.steps[0].numbers == numbers


# ---- 用没用上的规定 ----


def notes(score) -> str:
    return "".join(score.tell().notes)


def test_rules_that_were_not_used_are_named_too():
    target, rows = Measure(">=", D(100), "个"), [(D(90), D(89))]
    deducting = read_parameters({"over_action": "deduct", "over_points": "2"})
    assert "没有用上" in notes(quantitative(D(10), target, D(100), deducting))
    assert "按规定扣分" in notes(quantitative(D(10), target, D(130), deducting))
    assert "须说明原因" in notes(quantitative(D(10), target, D(130), read_parameters({})))
    assert notes(quantitative(D(10), Measure("<=", D(100), ""), D(1), deducting)) == ""
    caps = read_parameters({"caps": list(CAPS)})
    assert "没有规定按执行率给总分封顶" in notes(total(D(10), rows, D("0.95"), read_parameters({})))
    assert "不低于 80%，总分没有封顶" in notes(total(D(10), rows, D("0.95"), caps))
    assert "现在没有超过" in notes(total(D(5), [(D(90), D(60))], D("0.75"), caps))
    upside_down = read_parameters(
        {"caps": [{"below": "0.8", "total": "79"}, {"below": "0.9", "total": "89"}]}
    )
    assert "低于 80%，总分最高 79 分" in notes(total(D(5), [(D(90), D(60))], D("0.75"), upside_down))
    upside_down = read_parameters(
        {"caps": [{"below": "0.9", "total": "79"}, {"below": "0.8", "total": "89"}]}
    )
    assert "低于 90%，总分最高 79 分" in notes(total(D(5), [(D(90), D(60))], D("0.75"), upside_down))
    capped = total(D(7), rows, D("0.75"), caps)
    assert capped.points == 89
    assert "96 超过 89，按 89 计" in str(capped.steps[1])
    unused = [*rows, (D(10), NA), (D(5), None)]
    assert "没有规定折算" in notes(total(D(1), unused, D(1), read_parameters({})))
    assert "有 1 行指标的得分没有填" in notes(total(D(1), unused, D(1), read_parameters({})))
    assert "折算成 100 分" in str(total(D(1), unused, D(1), read_parameters({"rescale": True})).steps[1])
    assert "已经扣完" in notes(deduction(D(5), D(12), D(2), Deduction("", D(1), D(1))))
    assert exactly(D("0.125")) == "0.125" and exactly(D(1) / D(3)) == "0.333333…"


def test_the_examples_of_the_guide_end_at_their_points():
    for method in methods():
        assert method.title.startswith("F") and method.rule.endswith("。")
        for example in method.examples:
            points = example.score.points
            if isinstance(points, Decimal):
                last = example.score.steps[-1]
                assert last.numbers.endswith(plain(points, 2)) or str(last).endswith("0"), (
                    example.story,
                    last,
                )
