"""evaluate and check_pack: 0 in order, 1 mistakes found, 2 unreadable, with one sentence and never a traceback."""

import json
import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import call_command

from evaluations.core.pack import read_folder
from tests.builders import CORRECT, EXAMPLE, FIXTURES, MENDED, PACK_FOLDER, ROOT


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and complaint of a command."""
    code = 0
    try:
        call_command(*(str(argument) for argument in arguments))
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def package(name: str) -> Path:
    return FIXTURES / f"{name}.json"


@pytest.fixture
def written(tmp_path):
    def write(content: object) -> Path:
        path = tmp_path / "package.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def assert_refused(result: tuple[int, str, str], why: str) -> None:
    code, out, err = result
    assert (code, out) == (2, "")
    assert why in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(("name", "code"), [(EXAMPLE, 1), (MENDED, 0), (CORRECT, 0)])
def test_the_exit_code_tells_whether_there_are_errors(capsys, name, code):
    ended, out, err = run(capsys, "evaluate", package(name))
    result = json.loads(out)
    assert (ended, err) == (code, "")
    assert ("error" in [row["level"] for row in result["findings"]]) == bool(code)
    assert list(result) == ["pack", "year", "values", "projects", "scores", "findings"]


def test_the_result_can_be_read_by_people(capsys):
    _, out, _ = run(capsys, "evaluate", package(EXAMPLE), "--format", "text")
    assert "总分.得分 = 79.47" in out
    assert "错误 D01 市级预算部门名称：未填" in out


def test_a_pack_may_be_named_by_key_or_folder(capsys):
    by_key = run(capsys, "evaluate", package(EXAMPLE), "--pack", "2024-yueyang")
    assert by_key == run(capsys, "evaluate", package(EXAMPLE), "--pack", PACK_FOLDER)


def test_a_package_may_come_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(package(CORRECT).read_bytes())))
    assert run(capsys, "evaluate", "-")[0] == 0


UNREADABLE = [
    ("", "不是正确的 JSON"),
    ("[]", "最外层"),
    (b"\xff\xfe\x00", "UTF-8"),
    ("[" * 100_000, "嵌套太深"),
    ({"pack": "2024-yueyang", "colour": 1}, "colour"),
    ({"pack": "2024-yueyang", "values": {"没有": "1"}}, "没有"),
    ({"pack": "2024-yueyang", "values": {"人员.编制数": "1e5"}}, "科学计数法"),
    ({"pack": "2024-yueyang", "year": 2023}, "2023"),
]


@pytest.mark.parametrize(("content", "why"), UNREADABLE, ids=[why for _, why in UNREADABLE])
def test_unreadable_input_ends_with_two_and_one_sentence(capsys, written, content, why):
    assert_refused(run(capsys, "evaluate", written(content)), why)


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(capsys, tmp_path):
    assert_refused(run(capsys, "evaluate", tmp_path / "nothing.json"), "找不到文件")
    assert_refused(run(capsys, "evaluate", tmp_path), "打不开")


def test_a_damaged_pack_folder_is_refused(capsys, tmp_path):
    assert_refused(run(capsys, "evaluate", package(EXAMPLE), "--pack", tmp_path), "没有 pack.toml")


def copy_of_the_pack(folder: Path, **changes: str) -> Path:
    for name, text in {**read_folder(PACK_FOLDER), **changes}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_pack_in_order_is_counted(capsys):
    code, out, err = run(capsys, "check_pack", PACK_FOLDER)
    assert (code, err) == (0, "")
    assert out.startswith("2024-yueyang：")
    assert "没有问题" in out


def test_a_damaged_pack_is_refused_where_it_is_damaged(capsys, tmp_path):
    copy_of_the_pack(
        tmp_path, **{"checks.toml": 'checks = [{code = "X", level = "error", expr = "没有 > 1", cells = []}]'}
    )
    assert_refused(run(capsys, "check_pack", tmp_path), "checks.toml 第1条 X 的 expr：没有名为“没有”")


def test_a_folder_that_is_no_pack_is_refused(capsys, tmp_path):
    assert_refused(run(capsys, "check_pack", tmp_path), "没有 pack.toml")
    assert_refused(run(capsys, "check_pack", tmp_path / "nothing"), "没有 pack.toml")


@pytest.mark.parametrize(("name", "code"), [(EXAMPLE, 1), ("nothing", 2)])
def test_the_same_holds_for_the_process_as_a_whole(name, code):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "evaluate", str(package(name))]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert bool(ended.stdout) == (code == 1)
