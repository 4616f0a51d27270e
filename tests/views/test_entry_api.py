from io import BytesIO

import pikepdf
import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from evaluations.exports import documents
from evaluations.models import Edit
from evaluations.services.packages import import_package
from evaluations.services.packs import store_pack
from evaluations.services.rows import add_row
from evaluations.views import entry
from tests.conftest import PACK_FOLDER, City, fixture_json

pytestmark = pytest.mark.django_db


GROUP = {"一级指标": "产出指标", "二级指标": "数量指标"}


@pytest.fixture
def clerk(city: City) -> Client:
    client = Client()
    client.force_login(city.preparer)
    return client


def url(city: City, name: str) -> str:
    return reverse(f"evaluations:{name}", args=[city.submission.pk, "department"])


def save(client: Client, city: City, *changes: dict):
    return client.post(url(city, "save"), {"changes": list(changes)}, content_type="application/json")


def test_the_answer_carries_computed_cells_findings_and_the_time(city: City, clerk: Client) -> None:
    city.import_into("2024-yueyang-package")
    answer = save(clerk, city, {"address": "资金.全年执行数", "was": "89.8", "value": "94.8"}).json()
    assert answer["cells"]["资金.执行率"] == {"text": "100%", "raw": "100%"}
    assert answer["cells"]["资金.得分"]["text"] == "10"
    assert answer["status"]["weight_left"] == "20"
    assert {finding["code"] for finding in answer["findings"]} >= {"W01", "W02", "S01"}
    assert answer["problems"] == answer["conflicts"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"changes": {}}', b'{"changes": [1]}', b'{"changes": [{"address": 1, "value": "2"}]}',
        b'{"changes": [{"address": "a"}]}', b'{"changes": [{"address": "a", "value": "1", "was": 3}]}', b"\xff\xfe",
        b"[" * 100_000,
    ],
)  # fmt: skip
@pytest.mark.asvs("5.1.4")
def test_a_wrong_shape_is_one_chinese_sentence_and_changes_nothing(
    city: City, clerk: Client, body: bytes
) -> None:
    answer = clerk.post(url(city, "save"), body, content_type="application/json")
    assert answer.status_code == 400
    assert "请刷新页面" in answer.json()["error"]
    assert not Edit.objects.filter(user__isnull=False).exists()


@pytest.mark.parametrize(
    "act",
    [
        {"act": "add"}, {"act": "add", "list": "指标", "group": []}, {"act": "remove"}, {"act": "fly", "row": "指标[r1]"},
    ],
)  # fmt: skip
def test_a_wrong_row_request_is_refused(city: City, clerk: Client, act: dict) -> None:
    assert clerk.post(url(city, "rows"), act, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("act", "advice"),
    [
        ({"act": "remove", "row": "指标[rzz]"}, "不在了"),
        ({"act": "remove", "row": "没有[r1]"}, "没有“没有”这个列表"),
        ({"act": "restore", "row": "指标[rzz]"}, "无法恢复"),
        ({"act": "add", "list": "别的", "group": {}}, "没有“别的”这个列表"),
        ({"act": "add", "list": "指标", "group": {}}, "请先选一级指标、二级指标"),
        ({"act": "add", "list": "指标", "group": {**GROUP, "得分": "10"}}, "不按“得分”分组"),
        ({"act": "add", "list": "指标", "group": GROUP, "id": "坏 id"}, "编号写法不对"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_the_way_out(
    city: City, clerk: Client, act: dict, advice: str
) -> None:
    answer = clerk.post(url(city, "rows"), act, content_type="application/json")
    assert answer.status_code == 409
    assert advice in answer.json()["error"]


@pytest.mark.case("W2")
def test_saving_after_submitting_is_409_with_the_reason(city: City, clerk: Client) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    answer = save(clerk, city, {"address": "资金.全年执行数", "was": "95", "value": "1"})
    assert answer.status_code == 409
    assert "已送审" in answer.json()["error"]


def test_a_database_that_is_away_is_503_and_asks_to_come_again(
    city: City, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly at /secret/path")

    monkeypatch.setattr(entry, "save_cells", away)
    clerk.raise_request_exception = False
    answer = save(clerk, city, {"address": "资金.全年执行数", "was": "", "value": "1"})
    assert answer.status_code == 503 and answer["Retry-After"]
    assert answer.json() == {
        "error": "系统忙，暂时连不上数据库，这次没有保存。",
        "number": answer["X-Request-ID"],
    }


def test_a_lost_session_says_so_in_json(city: City) -> None:
    answer = save(Client(), city, {"address": "资金.全年执行数", "was": "", "value": "1"})
    assert answer.status_code == 403
    assert answer.json()["login"] is True


def test_the_explanation_shows_words_figures_and_where_they_stand(city: City, clerk: Client) -> None:
    city.import_into("2024-yueyang-package")
    page = clerk.get(url(city, "why"), {"address": "资金.得分"}).content.decode()
    for part in ("为什么是 9.47", "89.8 ÷ 94.8", "四舍五入", "财预〔2020〕10号", "资金.全年执行数"):
        assert part in page


def test_the_drawer_holds_what_the_form_has_no_column_for(city: City, clerk: Client) -> None:
    city.import_into("2024-yueyang-package")
    row = city.submission.annual_data.get(project=None).indicators.first()
    page = clerk.get(url(city, "row"), {"row": f"指标[{row.row_id}]"}).content.decode()
    for part in ("性质", "计量单位", "档次"):
        assert part in page
    assert f"指标[{row.row_id}].档次" in page


@pytest.mark.case("W5")
def test_a_replayed_approval_is_refused_and_the_typed_text_is_kept(city: City) -> None:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    seen = city.submission.revision
    city.act("return", city.reviewer, "请核对执行数的来源。")
    city.act("submit", city.preparer, "已核对，与国库支付系统一致。")
    city.act("sign", city.head)
    client = Client()
    client.force_login(city.reviewer)
    act = reverse("evaluations:act", args=[city.submission.pk, "return"])
    answer = client.post(act, {"revision": seen, "idempotency_key": "old", "reason": "写了很久的退回意见"})
    assert answer.status_code == 409
    assert "不是最新" in answer.content.decode() and "写了很久的退回意见" in answer.content.decode()
    city.submission.refresh_from_db()
    assert city.submission.state == "bureau_review"


HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\"'><img src=x onerror=alert(1)>"


@pytest.mark.asvs("5.3.1")
def test_typed_text_is_never_markup(city: City, clerk: Client) -> None:
    save(clerk, city, {"address": "部门.名称", "was": "云湖市政务服务中心", "value": HOSTILE})
    for name in ("form", "preview"):
        page = clerk.get(url(city, name)).content.decode()
        assert (
            "<script>alert(1)" not in page
            and "<img src=x" not in page
            and "49" not in page.split("alert(1)")[1][:20]
        )


@pytest.mark.parametrize(("to", "start"), [("pdf", b"%PDF"), ("pdfa", b"%PDF"), ("xlsx", b"PK")])
def test_the_whole_package_is_downloaded_under_a_chinese_name(
    city: City, clerk: Client, to: str, start: bytes
) -> None:
    city.import_into("2024-correct-package")
    answer = clerk.get(reverse("evaluations:package", args=[city.submission.pk, to]))
    assert answer.status_code == 200 and answer.content.startswith(start)
    assert "filename*=UTF-8''%E4%BA%91" in answer["Content-Disposition"]
    if to != "xlsx":
        with pikepdf.open(BytesIO(answer.content)) as document:
            assert document.open_metadata().pdfa_status == ("3U" if to == "pdfa" else "")


def test_an_unknown_kind_of_file_is_not_there(city: City, clerk: Client) -> None:
    assert clerk.get(reverse("evaluations:package", args=[city.submission.pk, "exe"])).status_code == 404


ODD = ["\\ud800].x", "\\u0000].x", "指标[\\ud83d].得分"]


@pytest.mark.parametrize("address", ODD)
def test_letters_that_cannot_be_stored_are_a_problem_of_their_cell(
    city: City, clerk: Client, address: str
) -> None:
    body = f'{{"changes": [{{"address": "{address}", "value": "1"}}, {{"address": "资金.全年执行数", "value": "5"}}]}}'
    answer = clerk.post(url(city, "save"), body.encode(), content_type="application/json")
    assert answer.status_code == 200
    assert len(answer.json()["problems"]) == 1 and answer.json()["acted"]


def test_half_an_emoji_in_a_clash_is_answered(city: City, clerk: Client) -> None:
    first = b'{"changes": [{"address": "\\u76ee\\u6807.\\u9884\\u671f\\u76ee\\u6807", "value": "a"}]}'
    second = first.replace(b'"a"', b'"\\ud83d"')
    assert clerk.post(url(city, "save"), first, content_type="application/json").json()["acted"]
    assert clerk.post(url(city, "save"), second, content_type="application/json").status_code == 200


@pytest.mark.parametrize("query", [{"words": "a\0b"}, {"at": "\0"}, {"who": "\0"}])
def test_a_nul_in_the_address_is_refused_plainly(city: City, clerk: Client, query: dict) -> None:
    answer = clerk.get(reverse("evaluations:history", args=[city.submission.pk]), query)
    assert answer.status_code == 400 and "不能用的字符" in answer.content.decode()


def test_a_nul_in_a_form_is_refused_plainly(city: City, clerk: Client) -> None:
    act = reverse("evaluations:act", args=[city.submission.pk, "submit"])
    assert clerk.post(act, {"revision": "0", "idempotency_key": "a\0"}).status_code == 400


@pytest.mark.parametrize("by", ["preparer", "colleague"])
def test_a_page_that_missed_a_new_row_gets_the_whole_form(city: City, clerk: Client, by: str) -> None:
    """同事加的行，和同一个人在另一个窗口加的行，都要出现；没有存上东西的保存也一样。"""
    add_row(
        submission_id=city.submission.pk,
        user=getattr(city, by),
        prefix="",
        key="指标",
        group=GROUP,
        row_id="ra",
    )
    sent = {"address": "资金.全年执行数", "was": "", "value": "看不懂"}
    answer = clerk.post(
        url(city, "save"), {"changes": [sent], "revision": 0}, content_type="application/json"
    )
    assert "指标[ra]" in answer.json()["html"]
    again = clerk.post(url(city, "save"), {"changes": [sent], "revision": 1}, content_type="application/json")
    assert "html" not in again.json()


def test_every_page_of_another_pack_opens(city: City, clerk: Client) -> None:
    for name in ("2023-sichuan", "2024-mof"):
        pack = store_pack(folder=PACK_FOLDER.parent / name)
        data = fixture_json(f"{name}-package") | {
            "department": {"code": city.unit.code, "name": city.unit.name}
        }
        submission = import_package(data=data, pack=pack)
        pages = [
            reverse(f"evaluations:{page}", args=[submission.pk])
            for page in ("workbench", "submit", "history", "versions", "review")
        ]
        project = submission.annual_data.exclude(project=None).first().project_id
        keys = {"submission_id": submission.pk, "project": project, "form": "project"}
        pages += [reverse(f"evaluations:project_{page}", kwargs=keys) for page in ("form", "preview")]
        assert [clerk.get(page).status_code for page in pages] == [200] * len(pages)


def test_the_package_with_reasons_is_asked_for_with_a_tick(
    city: City, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.import_into("2024-correct-package")
    asked: list[str] = []
    for kind in ("pdf", "pdf-why", "xlsx"):
        monkeypatch.setitem(documents.WRITERS, kind, lambda *_, kind=kind: asked.append(kind) or b"file")
    for to, query in (("pdf", {}), ("pdf", {"why": "1"}), ("xlsx", {"why": "1"})):
        answer = clerk.get(reverse("evaluations:package", args=[city.submission.pk, to]), query)
        assert f".{to}" in answer["Content-Disposition"]
    assert asked == ["pdf", "pdf-why", "xlsx"]


def test_findings_say_on_which_part_they_stand_and_where_their_other_ends_are(
    city: City, clerk: Client
) -> None:
    city.import_into("2024-yueyang-package")
    answer = save(clerk, city, {"address": "性质.项目支出", "was": "80.2", "value": "1"}).json()
    (x02,) = [finding for finding in answer["findings"] if finding["code"] == "X02"]
    assert x02["part"] == "1 基础数据" and x02["rank"] == 1000
    assert x02["ends"] == {
        "项目支出.本年决算数": url(city, "form").replace("department", "base"),
        "性质.项目支出": url(city, "form"),
    }
    ranks = {finding["rank"] for finding in answer["findings"] if finding["project"]}
    assert ranks == {3000}
    assert any(address.endswith(".建议得分") for address in answer["cells"])
