"""黄金文件：逐格的表（每格一行）和逐页的小图。有意改动后运行 ``python -m tests.exports.golden``，再逐格、逐页看过。"""

from __future__ import annotations

import json
import os
import subprocess
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFilter

from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import read_package
from evaluations.core.pack import load_folder

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "golden"
PAGES = GOLDEN / "pages"
PACK = ROOT.parent / "evaluations" / "packs" / "2024-yueyang"
PACKAGE = ROOT / "fixtures" / "2024-yueyang-package.json"
DOTS_PER_INCH = 32


def example() -> Facts:
    pack = load_folder(PACK)
    return Facts(pack, read_package(json.loads(PACKAGE.read_text(encoding="utf-8")), pack))


def grids(facts: Facts) -> dict[str, Grid]:
    """每张表的第一份。"""
    return {
        key: expand(layout, facts, facts.children[layout.scope][0] if layout.scope else facts.root)
        for key, layout in facts.pack.forms.items()
    }


def grid_file(key: str) -> Path:
    return GOLDEN / f"2024-yueyang-{key}.json"


def lines(grid: Grid) -> str:
    """一格一行的 JSON。"""
    return "[\n" + ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in grid.dump()) + "\n]\n"


def pictures(pdf: bytes) -> list[Image.Image]:
    """每页一张灰度小图，略为模糊，免得字体微调的差别也算差别。"""
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", "-"]
    stream = BytesIO(subprocess.run(command, input=pdf, capture_output=True, check=True).stdout)
    found = []
    while stream.tell() < len(stream.getvalue()):
        found.append(_read_pgm(stream).filter(ImageFilter.GaussianBlur(1)))
    return found


def _read_pgm(stream: BytesIO) -> Image.Image:
    assert stream.readline() == b"P5\n"
    width, height = map(int, stream.readline().split())
    stream.readline()
    return Image.frombytes("L", (width, height), stream.read(width * height))


def picture_file(number: int) -> Path:
    return PAGES / f"2024-yueyang-{number:02}.png"


def save(picture: Image.Image, path: Path) -> None:
    """8 级灰，一页几 KB。"""
    picture.quantize(8).save(path, optimize=True)


def main() -> None:
    from evaluations.exports import documents

    facts = example()
    for key, grid in grids(facts).items():
        grid_file(key).write_text(lines(grid), encoding="utf-8")
    for old in PAGES.glob("*.png"):
        old.unlink()
    for number, picture in enumerate(pictures(documents.pdf(facts, documents.choose(facts, "all"))), 1):
        save(picture, picture_file(number))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    main()
