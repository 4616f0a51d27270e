import pytest

from evaluations.core.marking import marked


def changed(pieces: list[tuple[bool, str]]) -> list[str]:
    return [text for is_changed, text in pieces if is_changed]


@pytest.mark.parametrize(
    ("old", "new", "gone", "came"),
    [
        ("严格控制支出。", "严格控制支出，公务接待一事一批。", [], ["，公务接待一事一批"]),
        ("保障进驻大厅保障进驻大厅37个窗口", "保障进驻大厅37个窗口", ["保障进驻大厅"], []),
        ("100%", "95.24%", ["100%"], ["95.24%"]),
        ("共 89.8 万元", "共 94.8 万元", ["89.8"], ["94.8"]),
        ("", "新写的", [], ["新写的"]),
        ("删掉的", "", ["删掉的"], []),
    ],
)
def test_only_what_changed_is_marked(old, new, gone, came):
    before, after = marked(old, new)
    assert (changed(before), changed(after)) == (gone, came)


@pytest.mark.parametrize("size", [10, 399, 401, 2_500])
def test_the_pieces_add_up_to_the_texts(size):
    old = "办结事项，群众满意。"[:size] * (size // 10)
    new = old[: size // 2] + "新增一句；" + old[size // 2 :]
    before, after = marked(old, new)
    assert "".join(text for _, text in before) == old
    assert "".join(text for _, text in after) == new
    assert changed(before) == [] and "".join(changed(after)).count("新增一句") == 1


@pytest.mark.parametrize(
    "one", ["，" * 20_000, "字，" * 10_000, "".join(chr(0x4E00 + n) + "，" for n in range(9_000))]
)
def test_long_hostile_texts_are_not_compared_letter_by_letter(one):
    """多少字都是几百个单位以内的细比：改动多的整段算换掉。"""
    other = one[::-1] + "。"
    before, after = marked(one, other)
    assert "".join(text for _, text in before) == one and "".join(text for _, text in after) == other


WHOLE = [
    ("严格控制支出。", "严格控制支出，一事一批。", "严格控制支出。", "严格控制支出【，一事一批】。"),
    ("共 89.8 万元", "共 1,094.8% 万元", "共 【89.8】 万元", "共 【1,094.8%】 万元"),
    ("甲乙丙丁戊", "甲乙子丑寅", "甲乙【丙丁戊】", "甲乙【子丑寅】"),
    ("甲乙丙丁戊", "甲乙子丑寅卯", "【甲乙丙丁戊】", "【甲乙子丑寅卯】"),
    ("丙丁戊甲乙", "子丑寅甲乙", "【丙丁戊】甲乙", "【子丑寅】甲乙"),
    ("甲一乙二丙", "甲三乙四丙", "甲【一】乙【二】丙", "甲【三】乙【四】丙"),
    ("一甲二", "三甲四", "【一甲二】", "【三甲四】"),
    ("一甲乙二", "三甲乙四", "【一】甲乙【二】", "【三】甲乙【四】"),
    ("甲甲", "甲甲甲", "甲甲", "甲甲【甲】"),
    ("第一段\n第二段", "第一段\n\n第二段", "第一段\n第二段", "第一段\n【\n】第二段"),
    ("同", "同", "同", "同"),
    ("", "", "", ""),
]


def shown(pieces: list[tuple[bool, str]]) -> str:
    return "".join(f"【{text}】" if is_changed else text for is_changed, text in pieces)


@pytest.mark.parametrize(("old", "new", "before", "after"), WHOLE)
def test_both_texts_are_shown_with_their_changes(old, new, before, after):
    assert tuple(map(shown, marked(old, new))) == (before, after)


@pytest.mark.parametrize(
    ("old_length", "new_length", "gone", "came"),
    [
        (400, 400, "一", "二"),
        (390, 400, "一", "二"),
        (401, 401, "这一句，", "这二句，"),
        (390, 401, "这一句，", "这二句，"),
        (401, 390, "这一句，", "这二句，"),
    ],
)
def test_short_texts_are_compared_by_letter_and_long_ones_by_clause(old_length, new_length, gone, came):
    end = "后面的话，" * 100
    before, after = marked(("这一句，" + end)[:old_length], ("这二句，" + end)[:new_length])
    assert (changed(before)[0], changed(after)[0]) == (gone, came)


def clauses(word: str, number: int) -> list[str]:
    return [f"{word}{n}，" for n in range(number)]


@pytest.mark.parametrize(("inside", "fine"), [(600, True), (601, False)])
@pytest.mark.parametrize("shorter", ["old", "new", "neither"])
def test_a_long_change_between_the_same_ends_is_marked_whole(inside, fine, shorter):
    head, middle = clauses("头", 900), clauses("中", inside - 2)
    old, new = ["旧首，", *middle, "旧尾，"], ["新首，", *middle, "新尾，"]
    less = slice(0, inside - 2)
    old, new = (old[less], new) if shorter == "old" else (old, new[less]) if shorter == "new" else (old, new)
    before, after = marked("".join(head + old), "".join(head + new))
    assert before[0] == after[0] == (False, "".join(head))
    if fine:
        assert (before[1], after[1]) == ((True, "旧首，"), (True, "新首，"))
        assert before[2][1].startswith("中0，") and not before[2][0]
    else:
        assert (before[1:], after[1:]) == ([(True, "".join(old))], [(True, "".join(new))])


def test_of_two_long_texts_without_common_ends_nothing_is_looked_for():
    middle = clauses("中", 600)
    before, after = marked("".join(["旧，", *middle, "旧。"]), "".join(["新，", *middle, "新。"]))
    assert [piece for piece, _ in before] == [piece for piece, _ in after] == [True]


@pytest.mark.parametrize(("same", "fine"), [(401, True), (400, False)])
def test_a_long_change_leaves_the_ends_only_if_they_are_enough(same, fine):
    """601 与 601 个单位换掉，两头各有 ``same`` 个相同：同的不到百分之四十，就整段算换掉。"""
    head = clauses("头", same)
    before, _ = marked("".join(head + clauses("旧", 601)), "".join(head + clauses("新", 601)))
    assert before[0][0] != fine
