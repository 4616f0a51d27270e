"""Random packs: what loads tiles and says the same on every face; what is damaged is refused, and where."""

import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from random import Random

import pytest

from evaluations.core.facts import Facts
from evaluations.core.faults import PackProblem
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import loads, read_package, write_package
from evaluations.core.pack import Pack, build, read_folder
from evaluations.exports.documents import choose
from evaluations.exports.pdf import render_pdf
from evaluations.exports.xlsx import render_xlsx
from tests.builders import ROOT
from tests.packs import generator
from tests.packs.faces import expected, html_cells, html_text, squeezed, worksheets, xlsx_cells
from tests.size import seeds

SEEDS = seeds(20)
WILD = seeds(200)
PLACE = re.compile(r"^(pack|fields|indicators|scoring|checks|\d)\.toml")


@dataclass(frozen=True)
class Sample:
    """A random pack with a random package."""

    pack: Pack
    data: dict
    facts: Facts

    def grids(self, **options: bool) -> Iterator[Grid]:
        for form, scope in choose(self.facts, "all"):
            yield expand(form, self.facts, scope, **options)


@cache
def sample(seed: int) -> Sample:
    pack = build(generator.files(generator.tables(seed)))
    data = generator.package(seed, pack.schema.root, pack.schema.children.get("项目"))
    return Sample(pack, data, Facts(pack, read_package(data, pack)))


# ---- what loads ----


@pytest.mark.parametrize("seed", SEEDS)
def test_a_package_goes_out_and_comes_back_the_same(seed):
    made = sample(seed)
    written = write_package(made.facts.package, made.pack)
    again = read_package(loads(json.dumps(written, ensure_ascii=False)), made.pack)
    assert again == made.facts.package
    assert write_package(again, made.pack) == written


@pytest.mark.parametrize("seed", SEEDS)
def test_every_form_covers_every_place_once(seed):
    for open_rows in (False, True):
        for screen in (False, True):
            for grid in sample(seed).grids(open_rows=open_rows, screen=screen):
                assert set(places(grid).values()) <= {1}
                assert len(places(grid)) == len(grid.rows) * len(grid.columns)


def places(grid: Grid) -> Counter:
    return Counter((c.row + r, c.col + k) for c in grid.cells for r in range(c.h) for k in range(c.w))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", ["print", "read"])
def test_html_shows_the_cells_of_the_grid(seed, mode):
    for grid in sample(seed).grids(screen=mode == "read"):
        if grid.kind == "table":
            assert html_cells(grid, mode) == expected(grid, boxes=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_entry_page_shows_what_was_typed(seed):
    for grid in sample(seed).grids(screen=True):
        if grid.kind == "table":
            asked = {(cell.row, cell.col) for cell in grid.cells if any(piece.input for piece in cell.pieces)}
            plain, boxed = expected(grid, boxes=False), expected(grid, boxes=True)
            wanted = {at: text for at, text in boxed.items() if at not in asked} | {
                at: plain[at] for at in asked if at in plain
            }
            assert html_cells(grid, "entry") == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_prose_prints_its_paragraphs_in_order(seed):
    for grid in sample(seed).grids():
        if grid.kind == "prose":
            assert html_text(grid) == squeezed("".join(cell.text for cell in grid.cells))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_workbook_read_back_shows_the_cells_of_the_grid(seed):
    made = sample(seed)
    sheets = [
        (expand(form, made.facts, scope, open_rows=True), scope) for form, scope in choose(made.facts, "all")
    ]
    for (grid, _), sheet in zip(sheets, worksheets(render_xlsx(sheets)), strict=False):
        assert xlsx_cells(sheet, grid) == expected(grid, boxes=False)


@pytest.mark.parametrize("seed", [3, 11])
def test_a_pdf_leaves_no_word_out(seed, tmp_path):
    grids = list(sample(seed).grids())
    path = tmp_path / "all.pdf"
    path.write_bytes(render_pdf(grids, title="随机"))
    text = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True).stdout.decode()
    wanted = Counter("".join(text for grid in grids for text in expected(grid, boxes=True).values()))
    assert wanted - Counter(squeezed(text)) == Counter()


# ---- what is damaged ----

JUNK = ("", "不存在", 0, -1, 10**6, True, [], {}, [[]], "{", "a.*", "{不存在}", "__import__", "产出")


@pytest.mark.parametrize("part", range(8))
def test_a_pack_with_any_one_place_spoilt_is_a_pack_or_is_refused_by_file(part):
    refused = 0
    for seed in WILD[part::8]:
        random = Random(seed)
        made = deepcopy(generator.tables(seed % 20))
        spoil(random, made)
        try:
            pack = build(generator.files(made))
        except PackProblem as problem:
            assert all(PLACE.match(line) for line in str(problem).splitlines()), problem
            refused += 1
            continue
        data = generator.package(seed, pack.schema.root, pack.schema.children.get("项目"))
        facts = Facts(pack, read_package(data, pack))
        for grid in Sample(pack, data, facts).grids(open_rows=True, screen=True):
            assert set(places(grid).values()) <= {1}
    assert refused > len(WILD) / 8 / 3


def spoil(random: Random, made: dict) -> None:
    """Change one place: remove it, repeat it or put something else there."""
    holder, key = random.choice([(h, k) for h, k in nodes(made) if h is not made])
    match random.randint(0, 2):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        case 1:
            holder["多余"] = holder.pop(key)
        case _:
            holder[key] = random.choice(JUNK)


def nodes(tree: object) -> Iterator[tuple]:
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, dict | list):
            yield from nodes(value)


def dropped(row: list, at: int) -> None:
    del row[at]


def widened(row: list, at: int) -> None:
    row[at] = {**as_table(row[at]), "w": 101}


def deepened(row: list, at: int) -> None:
    row[at] = {**as_table(row[at]), "h": 401}


def renamed(row: list, at: int) -> None:
    row[at] = {**as_table(row[at]), "宽": 2}


def unknown(row: list, at: int) -> None:
    row[at] = {key: value for key, value in as_table(row[at]).items() if key != "t"} | {"f": "没有.这个"}


def as_table(cell: object) -> dict:
    return dict(cell) if isinstance(cell, dict) else {"t": cell}


def places_of_forms() -> Iterator[tuple[str, str, int, str, int, int]]:
    """(pack, file, band, part of the band, row, cell) of every cell of the national and the Sichuan form."""
    for pack in ("2024-mof", "2023-sichuan"):
        for file, table in real_tables(pack).items():
            for number, band in enumerate(table.get("band", ())):
                for part in ("rows", "head", "row"):
                    for at, row in enumerate(rows_of(band, part)):
                        yield from ((pack, file, number, part, at, cell) for cell in range(len(row)))


def rows_of(band: dict, part: str) -> list:
    rows = band.get(part, [])
    return [rows] if part == "row" and rows and not isinstance(rows[0], list) else rows


@cache
def real_tables(pack: str) -> dict[str, dict]:
    folder = ROOT / "evaluations" / "packs" / pack
    return {name: tomllib.loads(text) for name, text in read_folder(folder).items()}


@pytest.mark.parametrize("harm", [dropped, widened, deepened, renamed, unknown])
def test_damage_to_a_cell_of_a_real_form_is_refused_at_its_band(harm):
    for pack, file, number, part, at, cell in places_of_forms():
        # Only what a form is read with: the checks of the pack are compiled elsewhere, and not once for every cell.
        made = {name: real_tables(pack)[name] for name in ("pack.toml", "fields.toml", "indicators.toml")}
        made[file] = deepcopy(real_tables(pack)[file])
        harm(rows_of(made[file]["band"][number], part)[at], cell)
        where = f"{file.removeprefix('forms/')} 第{number + 1}带"
        where += "" if part == "rows" else f" {part}"
        where += "" if harm is dropped else f" 第{at + 1}行第"
        with pytest.raises(PackProblem) as problem:
            build(generator.files(made))
        assert str(problem.value).startswith(where), (harm.__name__, pack, number, part, at, cell)
