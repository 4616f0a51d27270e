"""Copied texts: found at submit, told without a name to the unit and with the name to the reviewer."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from evaluations.models import TextPrint
from evaluations.selectors import read
from evaluations.services.copies import check_copies, check_year
from evaluations.services.entry import Change, save_cells
from evaluations.services.notes import write_note
from evaluations.services.packages import import_package
from evaluations.services.problems import Refused
from evaluations.services.workflow import perform
from evaluations.verification import problems_of
from tests.conftest import City, fixture_json, fixture_of

pytestmark = pytest.mark.django_db
OWN = "本中心全年为群众代办跨省通办事项，专窗设在一楼大厅东侧，每天由两名骨干轮值，遇到疑难件当天会商、当天答复，群众不用跑第二趟。"


def submit_other(city: City, **changes: Any) -> None:
    """The other unit submits the correct package first."""
    data = fixture_of("2024-correct-package", city.other_unit) | changes
    other = import_package(data=data, pack=city.pack)
    perform(
        submission_id=other.pk,
        user=city.other_preparer,
        action="submit",
        revision=other.revision,
        key="other",
    )


def copied(city: City) -> list[str]:
    city.submission.refresh_from_db()
    return [finding.cells[0] for finding in read(city.submission).findings if finding.code == "N07"]


def own_words(city: City) -> None:
    """A package of the unit's own: every compared text written anew, one report section copied."""
    data = fixture_json("2024-correct-package")
    data["report"] |= {
        "一": OWN * 2,
        "七": "专窗排班偏紧，原因是骨干只有两名，节假日有12件延后办理；全年有5万元没有支出。",
        "八": OWN[10:] + OWN[:10],
    }
    data["values"] |= {"目标.预期目标": OWN[::-1], "目标.实际完成情况": OWN, "厉行节约保障措施": OWN}
    for project in data["projects"]:
        project["values"] |= {"目标.预期目标": OWN[20:], "目标.实际完成情况": OWN[30:]}
    city.import_into(
        "2024-correct-package", report=data["report"], values=data["values"], projects=data["projects"]
    )


def test_a_copied_section_wants_a_note_before_it_goes(city: City) -> None:
    submit_other(city)
    own_words(city)
    with pytest.raises(Refused, match="提醒没有写说明"):
        city.act("submit", city.preparer)
    assert TextPrint.objects.filter(submission=city.submission).count() == 0, "a refusal changes nothing"
    assert check_copies(submission_id=city.submission.pk, user=city.preparer) == 1
    assert copied(city) == ["报告.六"]
    write_note(
        submission_id=city.submission.pk, user=city.preparer, code="N07", cell="报告.六",
        text="两个单位共同承办大厅，这一节由双方商定后各自填写。",
    )  # fmt: skip
    city.act("submit", city.preparer)
    assert copied(city) == ["报告.六"]
    assert list(problems_of(city.submission.snapshots.get())) == []


def test_the_unit_never_learns_whose_text_it_is_and_the_reviewer_does(city: City, client: Client) -> None:
    submit_other(city)
    own_words(city)
    check_copies(submission_id=city.submission.pk, user=city.preparer)
    finding = next(f for f in read(city.submission).findings if f.code == "N07")
    assert "另一个单位" in finding.message
    assert city.other_unit.name not in str(finding.as_json())
    client.force_login(city.preparer)
    page = client.get(reverse("evaluations:form", args=[city.submission.pk, "report"]))
    assert "N07" in [one["code"] for one in page.context["findings"]]
    assert city.other_unit.name not in page.content.decode()
    own = client.get(reverse("evaluations:review", args=[city.submission.pk])).content.decode()
    assert "与别的单位相同的文字" not in own


def test_the_page_keeps_what_a_refused_submit_found_and_the_reviewer_sees_both_ways(
    city: City, client: Client
) -> None:
    submit_other(city)
    own_words(city)
    client.force_login(city.preparer)
    url = reverse("evaluations:act", args=[city.submission.pk, "submit"])
    assert client.post(url, {"revision": city.submission.revision, "idempotency_key": "k"}).status_code == 409
    assert copied(city) == ["报告.六"]
    write_note(
        submission_id=city.submission.pk,
        user=city.preparer,
        code="N07",
        cell="报告.六",
        text="与档案馆合办，各写各的。",
    )
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    client.force_login(city.reviewer)
    page = client.get(reverse("evaluations:review", args=[city.submission.pk])).content.decode()
    assert "与别的单位相同的文字 1 处" in page
    assert "另一个单位" in page, "the other package has not reached the reviewer yet: no name"
    city.other_submission.refresh_from_db()
    perform(
        submission_id=city.other_submission.pk, user=_head_of_other(city), action="sign",
        revision=city.other_submission.revision, key="sign-other",
    )  # fmt: skip
    for one, name in ((city.submission, city.other_unit.name), (city.other_submission, city.unit.name)):
        shown = client.get(reverse("evaluations:review", args=[one.pk])).content.decode()
        assert f">{name}</a>" in shown


def _head_of_other(city: City) -> Any:
    from datetime import date

    from evaluations.core.workflow import Role
    from units.services import appoint, create_user

    user = create_user(username="head2", display_name="刘敏", password="correct horse battery")
    appoint(user=user, department=city.other_unit, role=Role.UNIT_HEAD, since=date(2024, 1, 1))
    return user


def test_text_changed_since_is_not_accused(city: City) -> None:
    submit_other(city)
    own_words(city)
    check_copies(submission_id=city.submission.pk, user=city.preparer)
    was = read(city.submission).facts.root.value("报告.六")
    save_cells(
        submission_id=city.submission.pk, user=city.preparer,
        changes=[Change("报告.六", OWN + "全年差错率控制在0.6%。", was=str(was))],
    )  # fmt: skip
    assert copied(city) == []


def test_nobody_else_can_have_a_draft_compared(city: City) -> None:
    own_words(city)
    assert check_copies(submission_id=city.submission.pk, user=city.other_preparer) == 0
    assert not TextPrint.objects.filter(submission=city.submission).exists()


def test_a_whole_year_is_compared_on_demand(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    submit_other(city)
    own_words(city)
    check_copies(submission_id=city.submission.pk, user=city.preparer)
    assert check_year(year=2024) == {}, "a draft is nobody's business"
    write_note(
        submission_id=city.submission.pk,
        user=city.preparer,
        code="N07",
        cell="报告.六",
        text="与档案馆合办，各写各的。",
    )
    city.act("submit", city.preparer)
    TextPrint.objects.all().delete()
    call_command("check_copies", "2024")
    assert "2 份材料有相同的文字" in capsys.readouterr().out
