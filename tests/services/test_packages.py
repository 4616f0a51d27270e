from uuid import UUID

import pytest
from django.core.management import call_command

from evaluations.core.interchange import InputProblem
from evaluations.models import AnnualData, Indicator, Submission
from evaluations.services.packages import export_package, import_package
from evaluations.services.packs import store_pack
from evaluations.services.problems import Refused
from tests.conftest import FIXTURES, PACK_FOLDER, City, fixture_json

pytestmark = pytest.mark.django_db
PACKAGES = ["2024-yueyang-package", "2024-yueyang-mended", "2024-correct-package"]


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.case("I6")
def test_export_is_the_exact_inverse_of_import(name: str) -> None:
    pack = store_pack(folder=PACK_FOLDER)
    assert export_package(import_package(data=fixture_json(name), pack=pack)) == fixture_json(name)


def test_explanations_leave_in_the_order_of_the_projects_whatever_their_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backwards = (UUID(int=number) for number in range(99, 0, -1))
    monkeypatch.setattr("evaluations.services.packages.uuid7", lambda: next(backwards))
    pack, data = store_pack(folder=PACK_FOLDER), fixture_json("2024-correct-package")
    assert [note["cell"][:5] for note in data["notes"]] == ["资金.得分", "项目[0]", "项目[1]"]
    assert export_package(import_package(data=data, pack=pack))["notes"] == data["notes"]


@pytest.mark.parametrize("name", PACKAGES)
def test_importing_twice_replaces_the_draft_instead_of_adding_to_it(name: str) -> None:
    pack = store_pack(folder=PACK_FOLDER)
    first = import_package(data=fixture_json(name), pack=pack)
    second = import_package(data=fixture_json(name), pack=pack)
    assert first == second
    assert export_package(second) == fixture_json(name)


def test_money_is_stored_in_yuan_to_the_cent(city: City) -> None:
    submission = city.import_into("2024-yueyang-package")
    data = AnnualData.objects.get(submission=submission, project=None)
    assert data.values["资金.全年执行数"] == "898000.00"


def test_an_amount_in_yuan_becomes_the_same_amount_in_ten_thousands(city: City) -> None:
    data = fixture_json("2024-correct-package")
    for scope in (data, *data["projects"]):
        scope.pop("rows", None)
        scope["values"] = {"资金.全年执行数": "898000.50"} if scope is data else scope["values"]
    data = {key: data[key] for key in ("pack", "year", "department", "values")} | {"money_unit": "元"}
    submission = import_package(data=data, pack=city.pack)
    assert export_package(submission)["values"] == {"资金.全年执行数": "89.80005"}


def test_a_submitted_package_is_not_overwritten_by_an_import(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    before = export_package(city.submission)
    with pytest.raises(Refused, match="不能用导入覆盖"):
        city.import_into("2024-yueyang-package")
    assert export_package(Submission.objects.get(pk=city.submission.pk)) == before


@pytest.mark.case("U8")
def test_a_broken_package_changes_nothing(city: City) -> None:
    submission = city.import_into("2024-correct-package")
    rows = Indicator.objects.count()
    bad = fixture_json("2024-correct-package")
    bad["values"]["资金.全年执行数"] = "94.8万"
    with pytest.raises(InputProblem, match=r"values\.资金\.全年执行数.*带有单位"):
        import_package(data=bad, pack=city.pack)
    assert Indicator.objects.count() == rows
    assert Submission.objects.get(pk=submission.pk).revision == submission.revision


def test_the_command_prints_the_id_alone_on_the_last_line(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_package", str(FIXTURES / "2024-yueyang-package.json"))
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert Submission.objects.filter(pk=last).exists()
    call_command("export_package", last)
    assert '"pack": "2024-yueyang"' in capsys.readouterr().out
