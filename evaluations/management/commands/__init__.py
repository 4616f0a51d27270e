"""命令共用的出口：读不懂的输入一句话到标准错误，退出码 2，没有 traceback。"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandParser
from django.db import DatabaseError

from evaluations.core.faults import PackProblem
from evaluations.core.interchange import InputProblem
from evaluations.core.pack import Pack, load_folder
from evaluations.core.values import shorten
from evaluations.exports.problems import ExportProblem
from evaluations.services.problems import Refused

LONGEST_NAME = 200
PACKS = Path(__file__).resolve().parents[2] / "packs"


@contextmanager
def plain_errors() -> Iterator[None]:
    """把能预料的错变成一句中文和退出码 2。"""
    try:
        yield
    except (InputProblem, PackProblem, Refused, ExportProblem) as problem:
        fail(str(problem))
    except FileNotFoundError as problem:
        fail(f"找不到文件 {problem.filename}。请核对路径。")
    except (IsADirectoryError, NotADirectoryError, PermissionError) as problem:
        fail(f"打不开 {problem.filename}：{problem.strerror}。请核对路径和权限。")
    except DatabaseError as problem:
        fail(
            f"数据库用不了：{str(problem).splitlines()[0]}。请先运行 manage.py migrate，或核对 DATABASE_URL。"
        )


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def add_pack_argument(parser: CommandParser) -> None:
    parser.add_argument("--pack", default="", help="方案的键或文件夹；不给时用文件里写的 pack")


def find_pack(name: str) -> Pack:
    """按文件夹、随产品的方案、数据库的次序找方案。"""
    if not name:
        raise InputProblem("没有说用哪套方案。请在文件里写 pack，或用 --pack 给出方案的键或文件夹。")
    if len(name) <= LONGEST_NAME:
        if Path(name).is_dir():
            return load_folder(Path(name))
        if "/" not in name and (PACKS / name).is_dir():
            return load_folder(PACKS / name)
        stored = _stored_pack(name)
        if stored is not None:
            return stored
    known = "、".join(sorted(path.name for path in PACKS.iterdir() if path.is_dir()))
    raise InputProblem(
        f"没有方案“{shorten(name)}”。随产品的方案有：{known}；也可以用 --pack 给一个方案文件夹。"
    )


def _stored_pack(name: str) -> Pack | None:
    from evaluations.models import Pack as StoredPack

    try:
        row = StoredPack.objects.filter(key=name).order_by("-version").first()
    except DatabaseError:
        return None
    return row.compiled() if row else None
