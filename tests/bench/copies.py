"""照抄：300 份材料互相比。对照物是 difflib 逐对比，只比一个样本，按对数折算。"""

from __future__ import annotations

import random
from difflib import SequenceMatcher
from typing import Any

from evaluations.core.copies import Index, Owned, matches, prints_of, texts_of
from evaluations.core.facts import Facts
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack, load_folder
from evaluations.services.copies import unpacked
from tests.bench.measure import Figure, result, timed
from tests.conftest import PACK_FOLDER, fixture_json

PACKAGES, COPIED, SAMPLE = 300, 12, 6
SECTIONS = ("一", "六", "七", "八")


def _facts() -> list[Facts]:
    """300 份各写各的材料，其中 12 份的第六节抄自前一份。"""
    pack, chance = load_folder(PACK_FOLDER), random.Random(36)
    data = fixture_json("2024-correct-package")
    words = "".join(sorted({sign for text in data["report"].values() for sign in text if sign.isalpha()}))
    made = []
    for number in range(PACKAGES):
        for key in SECTIONS:
            length = 1_200 if key == "六" else 300
            data["report"][key] = "".join(chance.choices(words, k=length))
        if number % (PACKAGES // COPIED) == 1:
            data["report"]["六"] = made[-1].root.value("报告.六")
        for key in ("目标.预期目标", "目标.实际完成情况", "厉行节约保障措施"):
            data["values"][key] = "".join(chance.choices(words, k=200))
        for project in data["projects"]:
            for key in ("目标.预期目标", "目标.实际完成情况"):
                project["values"][key] = "".join(chance.choices(words, k=120))
        made.append(Facts(pack, read_package(data, pack)))
    return made


Stored = list[dict[str, bytes]]


def _stored(packages: list[Facts]) -> Stored:
    """索引表里存的：各份材料各段的指纹。"""
    return [
        {address: prints_of(text).tobytes() for address, text in texts_of(one).items()} for one in packages
    ]


def _compare(pack: Pack, stored: Stored) -> int:
    """从存着的指纹建索引，每份比一遍。"""
    prints = [{address: unpacked(marks) for address, marks in one.items()} for one in stored]
    index = Index(
        (Owned(str(n), address), marks) for n, one in enumerate(prints) for address, marks in one.items()
    )
    return sum(1 for n, one in enumerate(prints) for _ in matches(pack, str(n), one, index))


def _pairwise(packages: list[Facts]) -> int:
    texts = [str(one.root.value("报告.六")) for one in packages]
    return sum(
        SequenceMatcher(None, a, b, autojunk=False).ratio() > 0.6
        for n, a in enumerate(texts)
        for b in texts[:n]
    )


def f36_copied_texts() -> dict[str, Any]:
    """F36：一轮 300 份材料的照抄检查。"""
    packages = _facts()
    pack, stored = packages[0].pack, _stored(packages)
    assert _compare(pack, stored) == COPIED * 2, "抄的一对，两边都认得出"
    ours = Figure.of([timed(lambda: _compare(pack, stored)) for _ in range(5)])
    sample = timed(lambda: _pairwise(packages[:SAMPLE]))
    pairs = PACKAGES * (PACKAGES - 1) / (SAMPLE * (SAMPLE - 1))
    return result(
        "F36", f"照抄检查（{PACKAGES} 份材料）", ours, f"difflib 逐对比第六节约 {sample * pairs:.0f} 秒（按 {SAMPLE} 份折算）",
        "≤ 2 秒", ours.median <= 2_000,
    )  # fmt: skip
