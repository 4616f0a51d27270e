"""A damaged pack is refused in one sentence that names the file and the key."""

import pytest

from evaluations.core.faults import PackProblem
from evaluations.core.pack import build, load_folder, read_folder
from tests.builders import HEAD, LAB_FIELDS, PACK_FOLDER, lab, make_pack, yueyang, yueyang_files

FIRST = '{key = "a", kind = "decimal", digits = 6}'
DAMAGED_FIELDS = [
    ("unknown property", FIRST, '{key = "a", kind = "decimal", color = 1}', "fields.toml 的“a”：不认识的属性 color"),
    ("unknown property in a shape", '{key = "满", kind', '{key = "满", wide = 1, kind', "shape“行”的“满”：不认识的属性 wide"),
    ("unknown top level", "[[scope]]", "[[scopes]]", "fields.toml：不认识的属性 scopes"),
    ("unknown kind", '"a", kind = "decimal"', '"a", kind = "float"', "fields.toml 的“a”：kind“float”不认识"),
    ("no kind", FIRST, '{key = "a"}', "fields.toml 的“a”：kind“None”不认识"),
    ("no key", FIRST, '{kind = "decimal"}', "键“”"),
    ("square metre", '"a", kind', '"面积m²", kind', "里的“面积m²”不能用"),
    ("full-width letter", '"a", kind', '"ａ", kind', "里的“ａ”不能用"),
    ("keyword", '"a", kind', '"甲.class", kind', "里的“class”不能用"),
    ("space", '"a", kind', '"甲 乙", kind', "里的“甲 乙”不能用"),
    ("digit first", '"a", kind', '"3年", kind', "里的“3年”不能用"),
    ("empty segment", '"a", kind', '"甲..乙", kind', "里的“”不能用"),
    ("reserved year", '"a", kind', '"year", kind', "保留字“year”"),
    ("reserved group", '"a", kind', '"甲.组", kind', "保留字“组”"),
    ("reserved function", '"a", kind', '"SUM", kind', "保留字“SUM”"),
    ("reserved parent", '"a", kind', '"本部门", kind', "保留字“本部门”"),
    ("declared twice", '{key = "b"', '{key = "a"', "键“a”声明了两次"),
    ("list declared twice", '{key = "另表[]"', '{key = "表[]"', "列表“表”声明了两次"),
    ("column declared twice", '{key = "满", kind', '{key = "数", kind', "shape“行”的“数”：声明了两次"),
    ("unknown shape", 'shape = "行"', 'shape = "列"', "没有名为“列”的 shape"),
    ("constant row too long", '["乙", "30"]', '["乙", "30", "x"]', "比列多"),
    ("constant that is no number", '["乙", "30"]', '["乙", "三十"]', "规定：“三十”不是数"),
    ("digits below zero", "digits = 6", "digits = -1", "digits“-1”不对"),
    ("digits without end", "digits = 6", "digits = 100000", "digits“100000”不对"),
    ("digits in words", "digits = 6", 'digits = "x"', "digits“x”不对"),
    ("unknown typist", FIRST, '{key = "a", kind = "decimal", by = "anyone"}', "by 只能是"),
    ("unknown meaning of blank", FIRST, '{key = "a", kind = "decimal", blank_means = "1"}', "blank_means 只能是"),
    ("unknown function", FIRST, '{key = "a", kind = "decimal", fn = "magic"}', "“a”：没有名为“magic”的函数"),
    ("unknown whole", FIRST, '{key = "a", kind = "decimal", part_of = "总"}', "part_of“总”不是字段"),
    ("unknown name in a formula", "满 - 数", "满 - 量", "fields.toml 的“差”：没有名为“量”"),
    ("text in a formula", "满 - 数", "满 - 注", "“注”不是数"),
    ("text into a number", "满 - 数", "名称", "“差”：是数的字段，公式却得不出数"),
    ("condition into a number", "满 - 数", "满 > 数", "“差”：是数的字段"),
    ("broken formula", "资金.执行 / 资金.预算", "资金.执行 /", "fields.toml 的“资金.执行率”：表达式"),
    ("list alone in a formula", "资金.执行 / 资金.预算", "表.数", "是列表"),
    ("scope without a name", 'name = "项目"', "", "形状不对"),
    ("fields that are no list", 'fields = [{key = "组别"', 'other = [{key = "组别"', "形状不对"),
    ("not TOML", "fields = [", "fields = [[", "fields.toml 不是正确的 TOML"),
]  # fmt: skip


def assert_sentences(problem: pytest.ExceptionInfo, why: str) -> None:
    """Each line is one whole sentence, and one of them says why."""
    assert why in str(problem.value)
    assert all(line.endswith("。") for line in str(problem.value).splitlines())
    assert "Traceback" not in str(problem.value)


@pytest.mark.parametrize(
    ("old", "new", "why"), [row[1:] for row in DAMAGED_FIELDS], ids=[row[0] for row in DAMAGED_FIELDS]
)
def test_damaged_fields_are_refused(old, new, why):
    assert old in LAB_FIELDS
    with pytest.raises(PackProblem) as refused:
        make_pack(LAB_FIELDS.replace(old, new, 1))
    assert_sentences(refused, why)


CHECK = '{code = "T01", level = "error", expr = "a > 1", cells = ["a"], message = "{a}太小"}'
DAMAGED_CHECKS = [
    ("unknown key", 'code = "T01"', 'code = "T01", colour = 1', "checks.toml 第1条 T01：不认识的键 colour"),
    ("unknown level", '"error"', '"fatal"', "level 只能是"),
    ("unknown function", 'expr = "a > 1"', 'fn = "magic"', "没有名为“magic”的核对函数"),
    ("both ways", 'expr = "a > 1"', 'expr = "a > 1", fn = "time_target_in_year"', "要有 expr 或 fn"),
    ("no way", 'expr = "a > 1", ', "", "要有 expr 或 fn"),
    ("unknown cause", 'message', 'because_of = ["T99"], message', "because_of 里的 T99 不存在"),
    ("unknown scope", 'cells', 'scopes = ["科室"], cells', "没有名为“科室”的范围"),
    ("unknown list", 'cells', 'each = "单", cells', "each“单”不是列表"),
    ("unknown name in the condition", "a > 1", "甲 > 1", "T01 的 expr：没有名为“甲”"),
    ("unknown name in the message", "{a}太小", "{甲}太小", "T01 的 message：没有名为“甲”"),
    ("unknown name in the cells", '["a"]', '["甲"]', "T01 的 cells：没有名为“甲”"),
    ("name missing in another scope", '"a > 1", cells = ["a"], message = "{a}', '"a > 1", scopes = ["", "项目"], cells = ["a"], message = "{b}', "message：没有名为“b”"),
    ("a number for a condition", "a > 1", "a + 1", "T01 的 expr：不是条件"),
    ("a text for a condition", 'expr = "a > 1"', 'expr = "a > 1", when = "名"', "T01 的 when：不是条件"),
    ("a parameter that is no field", 'expr = "a > 1"', 'fn = "lines_filled", parameters = {lines = ["a 甲"]}', "T01 的 parameters：没有名为“甲”的字段"),
    ("no cells", 'cells = ["a"], ', "", "T01：缺 cells"),
    ("cells without a fact", '["a"]', '["1 + 1"]', "T01 的 cells：“1 + 1”里没有字段"),
    ("no code", 'code = "T01", ', "", "形状不对"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"), [row[1:] for row in DAMAGED_CHECKS], ids=[row[0] for row in DAMAGED_CHECKS]
)
def test_damaged_checks_are_refused(old, new, why):
    assert old in CHECK
    with pytest.raises(PackProblem) as refused:
        make_pack(checks=f"checks = [{CHECK.replace(old, new, 1)}]")
    assert_sentences(refused, why)


SCORES = 'scores = [{field = "资金.得", method = "执行率", weight = "满分", executed = "资金.执行", budget = "资金.预算"}]'
SCORED = LAB_FIELDS.replace(
    "fields = [", 'fields = [{key = "资金.得", kind = "points"}, {key = "满分", kind = "points"},', 1
)
DAMAGED_SCORES = [
    ("unknown method", '"执行率"', '"抽签"', "方法“抽签”不认识"),
    ("missing parameter", ', budget = "资金.预算"', "", "缺参数 budget"),
    ("unknown field", '"资金.得"', '"资金.失"', "scoring.toml 的“资金.失”：没有这个字段"),
    ("unknown fact", '"资金.执行"', '"资金.支出"', "参数 executed 指的“资金.支出”不存在"),
    ("already computed", '"资金.得"', '"资金.执行率"', "字段已有公式"),
    ("unknown parameter", "budget", 'note = "x", budget', "不认识的参数 note"),
    ("unknown table", "scores", "score", "scoring.toml：不认识的键 score"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"), [row[1:] for row in DAMAGED_SCORES], ids=[row[0] for row in DAMAGED_SCORES]
)
def test_damaged_scores_are_refused(old, new, why):
    assert not make_pack(SCORED, scoring=SCORES).schema.root.fields["资金.得"].asked
    with pytest.raises(PackProblem) as refused:
        make_pack(SCORED, scoring=SCORES.replace(old, new, 1))
    assert_sentences(refused, why)


DAMAGED_HEADS = [
    ("unknown key", 'year = 2024', 'year = 2024\ncolour = 1', "pack.toml：不认识的键 colour"),
    ("no year", "year = 2024\n", "", "pack.toml：缺 year"),
    ("another unit", "万元", "美元", "money_unit“美元”不认识"),
    ("steps without the bureau", "year = 2024", 'year = 2024\nsteps = ["单位审核"]', "要有财政审核"),
    ("an invented step", "year = 2024", 'year = 2024\nsteps = ["抽签", "财政审核"]', "steps 只能从"),
    ("a year in words", "year = 2024", 'year = "今年"', "形状不对"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"), [row[1:] for row in DAMAGED_HEADS], ids=[row[0] for row in DAMAGED_HEADS]
)
def test_damaged_heads_are_refused(old, new, why):
    with pytest.raises(PackProblem) as refused:
        make_pack(head=HEAD.replace(old, new, 1))
    assert_sentences(refused, why)


@pytest.mark.parametrize("name", ["pack.toml", "fields.toml"])
def test_a_pack_without_its_main_files_is_refused(name):
    files = dict(lab().files)
    del files[name]
    with pytest.raises(PackProblem, match=f"缺 {name}"):
        build(files)


def test_two_forms_of_one_key_are_refused():
    form = 'key = "one"\ntitle = "t"\ncolumns = [1]'
    with pytest.raises(PackProblem, match="两张表都叫“one”"):
        make_pack(**{"forms/1": form, "forms/2": form})


def test_constants_are_numbers_with_good_names():
    assert make_pack(indicators='constants = [{key = "权重", value = "10"}]').constants["权重"] == 10
    for damaged in ('{key = "m²", value = "10"}', '{key = "权重", value = "十"}', '{key = "权重"}'):
        with pytest.raises(PackProblem):
            make_pack(indicators=f"constants = [{damaged}]")


def test_a_form_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(PackProblem, match="department"):
        yueyang().form("nothing")


# ---- folders ----


def copy_pack(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_a_folder_without_pack_toml_is_no_pack(tmp_path):
    with pytest.raises(PackProblem, match=r"没有 pack\.toml"):
        load_folder(tmp_path)


def test_a_file_in_another_encoding_is_refused_by_name(tmp_path):
    copy_pack(tmp_path, {**yueyang().files, "checks.toml": "checks = []  # 核对".encode("gb18030")})
    with pytest.raises(PackProblem, match=r"checks\.toml 不是 UTF-8"):
        load_folder(tmp_path)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    copy_pack(tmp_path, {**yueyang().files, "forms/2_department.toml": "#" * 600_000})
    with pytest.raises(PackProblem, match=r"forms/2_department\.toml 超过 512 KB"):
        load_folder(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, "a = " + "[" * 5_000, "\x00", "a = 1\na = 2", "a = 'x"])
def test_no_text_breaks_the_reader(text):
    with pytest.raises(PackProblem, match=r"fields\.toml 不是正确的 TOML"):
        make_pack(text)


# ---- content ----


def test_files_go_out_and_come_back_as_the_same_pack(tmp_path):
    copied = load_folder(copy_pack(tmp_path, yueyang().files))
    assert dict(copied.files) == dict(yueyang().files) == read_folder(PACK_FOLDER)
    assert copied.checksum == yueyang().checksum


@pytest.mark.parametrize("file", sorted(read_folder(PACK_FOLDER)))
def test_any_change_of_content_changes_the_checksum(file):
    files = read_folder(PACK_FOLDER)
    assert build({**files, file: files[file] + "\n# 改\n"}).checksum != yueyang().checksum


def test_the_checksum_does_not_depend_on_the_order_of_files():
    files = read_folder(PACK_FOLDER)
    assert build(dict(reversed(files.items()))).checksum == yueyang().checksum


def test_a_sum_fills_only_fields_without_a_formula_of_their_own():
    fields = yueyang().schema.root.fields
    assert fields["政府性基金合计.全年执行数"].compute == "SUM(政府性基金.全年执行数)"
    assert fields["政府性基金合计.执行率"].compute == "政府性基金合计.全年执行数 / 政府性基金合计.全年预算数"


def test_names_inside_a_record_are_local_and_quoted_text_is_not_renamed():
    fields = """
fields = [ {key = "甲.*", shape = "s"} ]
[[shape]]
name = "s"
fields = [ {key = "数", kind = "decimal"}, {key = "评", kind = "text", compute = "IF(数 > 1, '数', '无')"} ]"""
    assert make_pack(fields).schema.root.fields["甲.评"].compute == "IF(甲.数 > 1, '数', '无')"


def test_scored_fields_have_no_formula_and_are_not_asked():
    for scope in yueyang().schema.scopes():
        assert not scope.fields["资金.得分"].asked
        assert not scope.lists["指标"].fields["建议得分"].asked


def test_labels_speak_the_words_of_the_form():
    root = yueyang().schema.root
    assert root.fields["资金.全年执行数"].full_label == "年度资金总额·全年执行数"
    assert root.lists["指标"].fields["偏差原因"].full_label == "偏差原因分析及改进措施"


def test_the_real_pack_with_a_damaged_formula_names_it():
    files = yueyang_files("fields.toml", "人员.实际在职人数 / 人员.编制数", "人员.在职 / 人员.编制数")
    with pytest.raises(PackProblem, match=r"人员\.控制率"):
        build(files)
