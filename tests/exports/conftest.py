"""示例材料的部门表；需要时加上难缠的文字和更多指标。"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluations.core.facts import Facts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import read_package
from evaluations.core.pack import Pack
from evaluations.exports import documents
from tests.exports.golden import example
from tests.exports.reading import page_texts

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "2024-yueyang-package.json"
RARE = "堃垚昇珺鋆喆㎡䶮𠮷"
HOSTILE = (
    '<img src="file:///etc/passwd"><link rel="attachment" href="file:///etc/passwd">'
    '<a rel=attachment href="file:///etc/hosts">x</a>url(http://127.0.0.1:9/x)</textarea></style><script>1</script>&amp;'
)

MakeFacts = Callable[..., Facts]


@pytest.fixture(scope="session")
def make_facts(yueyang: Pack) -> MakeFacts:
    """示例材料的事实；``values`` 覆盖填报值，``indicators`` 是指标行数（循环取示例的行）。"""

    def make(values: dict[str, str] | None = None, indicators: int | None = None) -> Facts:
        data: dict[str, Any] = json.loads(FIXTURE.read_text(encoding="utf-8"))
        data["values"] |= values or {}
        if indicators is not None:
            rows = data["indicators"]
            data["indicators"] = [
                {
                    **rows[number % len(rows)],
                    "三级指标": f"第{number}号{rows[number % len(rows)]['三级指标']}",
                }
                for number in range(indicators)
            ]
        return Facts(yueyang, read_package(data, yueyang))

    return make


@pytest.fixture(scope="session")
def department(make_facts: MakeFacts) -> Grid:
    return department_grid(make_facts())


def department_grid(facts: Facts, *, open_rows: bool = False) -> Grid:
    return expand(facts.pack.forms["department"], facts, open_rows=open_rows)


@pytest.fixture(scope="session")
def example_facts() -> Facts:
    return example()


@pytest.fixture(scope="session")
def package_pdf(example_facts: Facts) -> bytes:
    """示例材料整套的 PDF，各测试共用。"""
    return documents.pdf(example_facts, documents.choose(example_facts, "all"))


@pytest.fixture(scope="session")
def package_pages(package_pdf: bytes) -> list[str]:
    return page_texts(package_pdf)


@pytest.fixture(scope="session")
def grid_of() -> Callable[..., Grid]:
    return department_grid


@pytest.fixture(scope="session")
def hostile() -> str:
    return HOSTILE


@pytest.fixture(scope="session")
def rare() -> str:
    return RARE
