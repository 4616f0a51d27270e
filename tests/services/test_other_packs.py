"""别的方案也能在屏幕上填：不规定分组的指标表、只有项目表的方案。"""

from pathlib import Path

import pytest

from evaluations.selectors import read
from evaluations.services.entry import Change, save_cells
from evaluations.services.packages import export_package, import_package
from evaluations.services.packs import store_pack
from evaluations.services.rows import add_row
from tests.conftest import PACK_FOLDER, City, fixture_json

pytestmark = pytest.mark.django_db
PACKS = ["2024-mof", "2023-sichuan"]


def folder(name: str) -> Path:
    return PACK_FOLDER.parent / name


@pytest.mark.parametrize("name", PACKS)
def test_the_example_of_another_pack_is_stored_and_written_out_exactly(name: str) -> None:
    data = fixture_json(f"{name}-package")
    assert export_package(import_package(data=data, pack=store_pack(folder=folder(name)))) == data


def test_a_row_without_prescribed_groups_is_added_and_grouped_by_typing(city: City) -> None:
    data = fixture_json("2023-sichuan-package") | {
        "department": {"code": "101", "name": "云湖市政务服务中心"}
    }
    submission = import_package(data=data, pack=store_pack(folder=folder("2023-sichuan")))
    project = read(submission).facts.children["项目"][0]
    given = {"submission_id": submission.pk, "user": city.preparer}
    made = add_row(**given, prefix=project.prefix, key="指标", group={}, row_id="rnew")
    row = made.focus.rpartition(".")[0]
    saved = save_cells(**given, changes=[Change(f"{row}.一级指标", "产出指标", was="")])
    assert saved.written and not saved.problems
