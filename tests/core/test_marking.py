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
