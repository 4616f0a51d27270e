"""A damaged pack is refused in one sentence that names the file and the key."""

import pytest

from evaluations.core.faults import PackProblem
from evaluations.core.pack import build, load_folder, read_folder
from tests.builders import (
    HEAD,
    LAB_FIELDS,
    PACK_FOLDER,
    faults_told,
    lab,
    make_pack,
    pack_files,
    yueyang,
    yueyang_files,
)
from tests.goldens import same_as_golden

FIRST = '{key = "a", kind = "decimal", digits = 6}'
CHAIN = (
    ", ".join(f'{{key = "a{n or ""}", kind = "decimal", compute = "a{n + 1}"}}' for n in range(42))
    + ', {key = "a42", kind = "decimal"}'
)
A_FORM = 'key = "f"\ntitle = "t"\ncolumns = [1]'
DAMAGED_FIELDS = [
    ("unknown property", FIRST, '{key = "a", kind = "decimal", color = 1}', "fields.toml 的“a”：不认识的属性 color"),
    ("unknown property in a shape", '{key = "满", kind', '{key = "满", wide = 1, kind', "shape“行”的“满”：不认识的属性 wide"),
    ("unknown top level", "[[scope]]", "[[scopes]]", "fields.toml：不认识的属性 scopes"),
    ("unknown kind", '"a", kind = "decimal"', '"a", kind = "float"', "fields.toml 的“a”：kind“float”不认识"),
    ("no kind", FIRST, '{key = "a"}', "fields.toml 的“a”：kind“”不认识"),
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
    ("two unknown properties", FIRST, '{key = "a", kind = "decimal", size = 1, color = 1}', "不认识的属性 color、size"),
    ("column of an unknown kind", '"满", kind = "decimal"', '"满", kind = "float"', "kind“float”不认识"),
    ("column with a bad name", '"满", kind', '"m²", kind', "里的“m²”不能用"),
    ("shape without a name", '[[shape]]\nname = "行"', "[[shape]]", "形状不对"),
    ("list without a shape", 'shape = "行", match = "名称"},\n  {key = "另表', 'match = "名称"},\n  {key = "另表', "没有名为“”的 shape"),
    ("record without a shape", FIRST, '{key = "甲.*"}', "fields.toml 的“甲.*”：没有名为“”的 shape"),
    ("record with a bad name", FIRST, '{key = "m².*", shape = "行"}', "里的“m²”不能用"),
    ("list of the name of a fact", '{key = "另表[]"', '{key = "名[]"', "列表“名”声明了两次"),
    ("list of the name of constant rows", '{key = "框[]"', '{key = "表[]"', "列表“表”声明了两次"),
    ("no rows allowed", 'match = "名称"},\n  {key = "另表', 'match = "名称", max_rows = 0},\n  {key = "另表', "max_rows“0”不对"),
    ("true for a number", 'match = "名称"},\n  {key = "另表', 'match = "名称", max_rows = true},\n  {key = "另表', "max_rows“True”不对"),
    ("digits of eleven", "digits = 6", "digits = 11", "digits“11”不对"),
    ("choice of nothing", FIRST, '{key = "a", kind = "choice"}', "choices 要是几个选项的文字"),
    ("choice of a blank", FIRST, '{key = "a", kind = "choice", choices = ["甲", ""]}', "choices 要是几个选项的文字"),
    ("scope with a bad name", 'name = "项目"', 'name = "项 目"', "里的“项 目”不能用"),
    ("unknown property in a scope", '{key = "x", kind = "decimal"}', '{key = "x", kind = "decimal", size = 1}', "的“x”：不认识的属性 size"),
    ("fact that is no table", FIRST, '"a"', "形状不对"),
    ("circle of two", FIRST, '{key = "a", kind = "decimal", compute = "d + 1"}, {key = "d", kind = "decimal", compute = "a + 1"}', "绕成了圈"),
    ("circle of one", FIRST, '{key = "a", kind = "decimal", compute = "a + b"}', "绕成了圈：a → a"),
    ("circle through a row", "满 - 数", "SUM(表.差)", "绕成了圈：表.差 → 表.差"),
    ("chain too long", FIRST, CHAIN, "超过 40 层"),
    ("home without the fact", FIRST, '{key = "a", kind = "decimal", home = "f"}', "home“f”这张表没有填它的格"),
    ("several problems at once", FIRST, '{key = "a", kind = "float"}, {key = "d", kind = "decimal", by = "x"}', "by 只能是"),
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
        make_pack(LAB_FIELDS.replace(old, new, 1), form=A_FORM)
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
    ("two unknown keys", 'code = "T01"', 'code = "T01", size = 1, colour = 1', "不认识的键 colour、size"),
    ("unknown list in a scope", 'cells', 'scopes = ["项目"], each = "另表", cells', "each“另表”不是列表"),
    ("unknown name in what is expected", 'message', 'expected = "{甲}", message', "T01 的 expected：没有名为“甲”"),
    ("unknown name in what is there", 'message', 'actual = "{甲}", message', "T01 的 actual：没有名为“甲”"),
    ("unknown name in the place", 'message', 'where = "{甲}", message', "T01 的 where：没有名为“甲”"),
    ("unknown name in the case", 'message', 'when = "甲 > 1", message', "T01 的 when：没有名为“甲”"),
    ("parameter field that is none", 'expr = "a > 1"', 'fn = "lines_filled", parameters = {field = "甲", fields = ["a", "乙"], texts = ["丙 b"]}', "没有名为“丙、乙、甲”的字段"),
    ("scope that is no list", 'cells', 'scopes = 5, cells', "形状不对"),
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
    ("two missing parameters", ', executed = "资金.执行", budget = "资金.预算"', "", "缺参数 budget、executed"),
    ("two unknown parameters", "budget", 'note = "x", form = "y", budget', "不认识的参数 form、note"),
    ("no field", 'field = "资金.得", ', "", "没有这个字段"),
    ("no method", 'method = "执行率", ', "", "形状不对"),
    ("unknown list", SCORES, SCORES.replace("]", ', {field = "满分", method = "总分", execution = "资金.执行", rate = "资金.执行率", list = "单", weight = "满", score = "数"}]'), "列表“单”不存在"),
    ("unknown column of a list", SCORES, SCORES.replace("]", ', {field = "b", method = "总分", execution = "资金.执行", rate = "资金.执行率", list = "表", weight = "满", score = "得"}]'), "参数 score 指的“得”不存在"),
    ("unknown fact beside a list", SCORES, SCORES.replace("]", ', {field = "b", method = "总分", execution = "资金.执", rate = "资金.执行率", list = "表", weight = "满", score = "数"}]'), "参数 execution 指的“资金.执”不存在"),
    ("unknown column of a row", SCORES, SCORES.replace("]", ', {field = "表.满", method = "执行率", weight = "数", executed = "数", budget = "预算"}]'), "参数 budget 指的“预算”不存在"),
    ("unknown name of a parameter", SCORES, SCORES + "\nparameters = {colour = 1, bound = 2}", "不认识的参数 bound、colour"),
    ("unknown way down", SCORES, SCORES + '\nparameters = {negative = "half"}', "negative 只能是"),
    ("unknown action", SCORES, SCORES + '\nparameters = {over_action = "cheer"}', "over_action 只能是"),
    ("a share in words", SCORES, SCORES + '\nparameters = {over_threshold = "三成"}', "over_threshold：“三成”不是数"),
    ("points below zero", SCORES, SCORES + '\nparameters = {over_points = "-1"}', "over_points：“-1”不是数"),
    ("a share without end", SCORES, SCORES + '\nparameters = {review_deviation = "1000000000"}', "review_deviation：“1000000000”不是数"),
    ("a band without its low", SCORES, SCORES + '\nparameters = {bands = [{name = "达成", high = "1"}]}', "形状不对"),
    ("a band in words", SCORES, SCORES + '\nparameters = {bands = [{name = "达成", low = "低", high = "1"}]}', "low：“低”不是数"),
    ("a band up to words", SCORES, SCORES + '\nparameters = {bands = [{name = "达成", low = "0", high = "高"}]}', "high：“高”不是数"),
    ("every nothing", SCORES, SCORES + '\nparameters = {deductions = [{indicator = "甲", per = "0", points = "1"}]}', "per（每少多少）不能是 0"),
    ("a deduction in words", SCORES, SCORES + '\nparameters = {deductions = [{indicator = "甲", per = "每件", points = "1"}]}', "per：“每件”不是数"),
    ("a deduction of words", SCORES, SCORES + '\nparameters = {deductions = [{indicator = "甲", per = "1", points = "一分"}]}', "points：“一分”不是数"),
    ("a cap in words", SCORES, SCORES + '\nparameters = {caps = [{below = "八成", total = "89"}]}', "below：“八成”不是数"),
    ("a cap at words", SCORES, SCORES + '\nparameters = {caps = [{below = "0.8", total = "良"}]}', "total：“良”不是数"),
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
    ("nothing but a name", HEAD, 'name = "试验"', "缺 key、money_unit、year"),
    ("two unknown keys", "year = 2024", "year = 2024\nsize = 1\ncolour = 1", "不认识的键 colour、size"),
    ("a basis that is no list", "year = 2024", "year = 2024\nbasis = 5", "形状不对"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"), [row[1:] for row in DAMAGED_HEADS], ids=[row[0] for row in DAMAGED_HEADS]
)
def test_damaged_heads_are_refused(old, new, why):
    with pytest.raises(PackProblem) as refused:
        make_pack(head=HEAD.replace(old, new, 1))
    assert_sentences(refused, why)


DAMAGED_REST = [
    ("form of one key", {"forms/1": 'key = "one"\ntitle = "t"\ncolumns = [1]', "forms/2": 'key = "one"\ntitle = "u"\ncolumns = [1]'}),
    ("no TOML in three files", {"checks": "a = [", "scoring": "b", "forms/1": "c ="}),
    ("unknown tables", {"checks": "check = []\nbad = 1", "scoring": "score = []"}),
    ("unknown tables of indicators", {"indicators": "rows = []"}),
    ("constant with a bad name", {"indicators": 'constants = [{key = "m²", value = "10"}]'}),
    ("constant in words", {"indicators": 'constants = [{key = "权重", value = "十"}]'}),
    ("constant without a value", {"indicators": 'constants = [{key = "权重"}]'}),
    ("not evaluated without a reason", {"checks": 'not_evaluated = [{code = "X1", why = ""}]'}),
    ("not evaluated with more", {"checks": 'not_evaluated = [{code = "X1", why = "无", since = 1}, {why = "无"}]'}),
    ("evaluated and not", {"checks": f'checks = [{CHECK}]\nnot_evaluated = [{{code = "T01", why = "无"}}]'}),
    ("unknown key of a condition", {"indicators": 'requires = [{expr = "1 == 1", message = "无", level = 1}]'}),
    ("condition for each of a list", {"indicators": 'requires = [{each = "表", expr = "数 > 1", message = "无"}]'}),
    ("condition with a wrong name", {"indicators": 'requires = [{expr = "甲 > 1", message = "无"}]'}),
    ("condition with a wrong case", {"indicators": 'requires = [{when = "甲", expr = "1 == 1", message = "无"}]'}),
    ("condition with a wrong message", {"indicators": 'requires = [{expr = "1 == 1", message = "{甲}"}]'}),
    ("condition without a message", {"indicators": 'requires = [{expr = "1 == 1"}]'}),
    ("conditions that do not hold", {"indicators": 'requires = [{expr = "SUM(框.规定) == 100", message = "合计应为 100，现为 {SUM(框.规定)}。"}, {each = "框", when = "规定 > 40", expr = "规定 == 30", message = "{组别}应为 30，现为 {规定}。"}]'}),
    ("template of an unknown scope", {"indicators": 'templates = [{scope = "科室", list = "表", rows = "框"}]'}),
    ("template of an unknown list", {"indicators": 'templates = [{list = "单", rows = "框"}]'}),
    ("template of unknown rows", {"indicators": 'templates = [{list = "表", rows = "表"}]'}),
    ("template of rows without numbers", {"indicators": 'templates = [{list = "表", rows = "框"}]'}),
    ("template with more", {"indicators": 'templates = [{list = "表", rows = "框", kind = "a"}]'}),
    ("tables that are no lists", {"scoring": "scores = 5", "checks": "checks = 5\nnot_evaluated = 5", "indicators": "templates = 5\nrequires = 5"}),
    ("lists of something else", {"scoring": "scores = [5]", "checks": "checks = [5]", "indicators": "templates = [5]\nrequires = [5]"}),
    ("template of repeated numbers", {"indicators": 'fields = [{key = "规[]", shape = "规", rows = [["1"], ["1"]]}]\nshape = [{name = "规", fields = [{key = "编号", kind = "text"}]}]\ntemplates = [{list = "表", rows = "规"}]'}),
    ("template of a missing number", {"indicators": 'fields = [{key = "规[]", shape = "规", rows = [["1"], [""]]}]\nshape = [{name = "规", fields = [{key = "编号", kind = "text"}]}]\ntemplates = [{list = "表", rows = "规"}]'}),
    ("template with less", {"indicators": 'templates = [{rows = "框"}, {list = "表"}]'}),
]  # fmt: skip


def damaged_packs():
    """Everything above that is refused, with its title and files."""
    for name, old, new, _ in DAMAGED_HEADS:
        yield name, pack_files(head=HEAD.replace(old, new, 1))
    for name, old, new, _ in DAMAGED_FIELDS:
        yield name, pack_files(LAB_FIELDS.replace(old, new, 1), form=A_FORM)
    for name, old, new, _ in DAMAGED_CHECKS:
        yield name, pack_files(checks=f"checks = [{CHECK.replace(old, new, 1)}]")
    for name, old, new, _ in DAMAGED_SCORES:
        yield name, pack_files(SCORED, scoring=SCORES.replace(old, new, 1))
    for name, files in DAMAGED_REST:
        yield name, pack_files(**files)


def test_every_refusal_of_a_pack_is_worded_as_it_should_be():
    same_as_golden("refused_packs.txt", "\n".join(faults_told(*one) for one in damaged_packs()))


def test_formulas_may_stand_forty_deep():
    def chain(length: int) -> str:
        made = (f'{{key = "a{n or ""}", kind = "decimal", compute = "a{n + 1}"}}' for n in range(length))
        return LAB_FIELDS.replace(FIRST, ", ".join([*made, f'{{key = "a{length}", kind = "decimal"}}']), 1)

    assert make_pack(chain(40)).rules["", ""]["a39"].explain() == "a40"
    with pytest.raises(PackProblem, match="超过 40 层：从“a”起"):
        make_pack(chain(41))


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
