"""由岳阳的方案改几处得到的方案：新版本，或另一个年度的。"""

from __future__ import annotations

from pathlib import Path

from evaluations.core.pack import read_folder
from evaluations.models import Pack
from evaluations.services.packs import store_pack
from tests.conftest import PACK_FOLDER

PHONE = "联系电话"
NEWER = (
    ("fields.toml", '{key = "联系电话", kind = "text", home = "department"},', '{key = "手机", kind = "text", home = "department"},'),
    ("forms/*", "{联系电话}", "{手机}"),
    ("checks.toml", "填报日期 联系电话 单位负责人", "填报日期 手机 单位负责人"),
    ("forms/*", "{本部门.联系电话}", "{本部门.手机}"),
    ("indicators.toml", 'key = "执行权重", value = "10"', 'key = "执行权重", value = "20"'),
    ("indicators.toml", "+ 执行权重 == 100", "+ 执行权重 == 110"),
)  # fmt: skip
"""新版：联系电话换成手机，执行率的分值由 10 改为 20。"""
NEXT_YEAR = (
    ("pack.toml", 'key = "2024-yueyang"', 'key = "2025-yueyang"'),
    ("pack.toml", "year = 2024", "year = 2025"),
)


def pack_with(folder: Path, changes: tuple[tuple[str, str, str], ...]) -> Pack:
    """改过的方案存入并发布；每处改动都要真的改到。"""
    files = dict(read_folder(PACK_FOLDER))
    for name, old, new in changes:
        hit = [path for path, text in files.items() if Path(path).match(name) and old in text]
        assert hit or name == "forms/*", (name, old)
        files |= {path: files[path].replace(old, new) for path in hit}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return store_pack(folder=folder)
