"""Packs are copied, edited, published and exchanged on screen; a published one never changes."""

import io
import zipfile

import pytest

from evaluations.core.pack import examine
from evaluations.models import Event, Pack
from evaluations.services.pack_drafts import (
    PackEdit,
    archive,
    copy_pack,
    discard_draft,
    edit_draft,
    import_archive,
    publish_pack,
    replace_file,
    retire_pack,
)
from evaluations.services.pack_text import value_at
from evaluations.services.problems import Refused, Stale
from tests.conftest import City

pytestmark = pytest.mark.django_db
WEIGHT = ("fields", 0, "rows", 0, 2)


@pytest.fixture
def draft(city: City) -> Pack:
    return copy_pack(
        pack_id=city.pack.pk,
        user=city.reviewer,
        key="2024-yueyang",
        name="岳阳市 2024 年度（修订）",
        year=2024,
    )


def put(draft: Pack, user, path, value, was, file="indicators.toml") -> Pack:
    return edit_draft(pack_id=draft.pk, user=user, edits=[PackEdit(file, path, value, was)], what="试")


def test_a_copy_with_the_same_key_is_the_next_version_and_leaves_the_first_alone(city: City, draft: Pack):
    assert (draft.version, draft.state, draft.copied_from) == (2, Pack.State.DRAFT, city.pack)
    before = dict(city.pack.files)
    put(draft, city.reviewer, WEIGHT, "55", "50")
    city.pack.refresh_from_db()
    assert city.pack.files == before


def test_a_copy_for_the_next_year_carries_its_own_key_and_year(city: City):
    made = copy_pack(
        pack_id=city.pack.pk, user=city.reviewer, key="2025-yueyang", name="岳阳市 2025 年度", year=2025
    )
    built, faults = examine(made.files)
    assert (made.version, made.year, built.key, built.year, faults) == (1, 2025, "2025-yueyang", 2025, [])


@pytest.mark.parametrize(
    ("key", "name", "year"), [("2025 岳阳", "名", 2025), ("2025-x", "", 2025), ("2025-x", "名", 1999)]
)
def test_a_copy_wants_a_key_a_name_and_a_year(city: City, key, name, year):
    with pytest.raises(Refused):
        copy_pack(pack_id=city.pack.pk, user=city.reviewer, key=key, name=name, year=year)


def test_an_edit_changes_one_place_keeps_comments_and_is_recorded(city: City, draft: Pack):
    put(draft, city.reviewer, WEIGHT, "55", "50")
    draft.refresh_from_db()
    before, after = city.pack.files["indicators.toml"], draft.files["indicators.toml"]
    changed = [
        (old, new) for old, new in zip(before.split("\n"), after.split("\n"), strict=True) if old != new
    ]
    assert len(changed) == 1 and '"55"' in changed[0][1] and "#" in after
    event = Event.objects.latest("seq")
    assert (event.action, event.user) == ("edit_pack", city.reviewer)
    assert event.details["edits"][0] | {"at": ""} == {
        "file": "indicators.toml",
        "at": "",
        "act": "put",
        "old": "50",
        "new": "55",
    }


def test_two_people_on_one_place_the_second_is_told_and_other_places_go_on(city: City, draft: Pack):
    put(draft, city.reviewer, WEIGHT, "55", "50")
    with pytest.raises(Stale, match="现在是“55”"):
        put(draft, city.colleague, WEIGHT, "45", "50")
    put(draft, city.colleague, ("constants", 0, "value"), "5", "10")
    put(draft, city.reviewer, WEIGHT, "55", "50")
    draft.refresh_from_db()
    assert (
        value_at(draft.files, "indicators.toml", WEIGHT),
        value_at(draft.files, "indicators.toml", ("constants", 0, "value")),
    ) == ("55", "5")


def test_rows_are_added_moved_and_removed_in_their_place(city: City, draft: Pack):
    path = ("fields", 1, "rows")
    for number, name in enumerate(("甲", "乙", "丙")):
        edit = PackEdit(
            "indicators.toml", path, [f"T{number}", "产出指标", "数量指标", name], act="insert", index=number
        )
        edit_draft(pack_id=draft.pk, user=city.reviewer, edits=[edit], what="加")
    move = PackEdit("indicators.toml", path, 0, ["T2", "产出指标", "数量指标", "丙"], act="move", index=2)
    draft = edit_draft(pack_id=draft.pk, user=city.reviewer, edits=[move], what="移")
    assert [row[0] for row in value_at(draft.files, "indicators.toml", path)] == ["T2", "T0", "T1"]
    draft = put(draft, city.reviewer, (*path, 1), None, ["T0", "产出指标", "数量指标", "甲"])
    assert [row[0] for row in value_at(draft.files, "indicators.toml", path)] == ["T2", "T1"]
    assert examine(draft.files)[1] == []


def test_a_wrong_draft_is_kept_but_not_published_and_every_problem_is_told(city: City, draft: Pack):
    put(draft, city.reviewer, WEIGHT, "55", "50")
    draft = put(
        draft, city.reviewer, ("checks", 2, "expr"), "人员.控制力 <= 1", "人员.控制率 <= 1", "checks.toml"
    )
    with pytest.raises(Refused) as refused:
        publish_pack(pack_id=draft.pk, user=city.reviewer, seen=draft.checksum)
    told = str(refused.value).splitlines()
    assert len(told) == 3 and "现为 105" in str(refused.value) and "人员.控制力" in str(refused.value)
    draft.refresh_from_db()
    assert draft.state == Pack.State.DRAFT


@pytest.mark.case("W10")
def test_publishing_freezes_and_wants_the_content_that_was_seen(city: City, draft: Pack):
    seen = draft.checksum
    draft = put(draft, city.reviewer, ("checks", 2, "level"), "error", "warning", "checks.toml")
    with pytest.raises(Stale):
        publish_pack(pack_id=draft.pk, user=city.reviewer, seen=seen)
    publish_pack(pack_id=draft.pk, user=city.reviewer, seen=draft.checksum, changes="超编改为错误")
    for attempt in (
        lambda: put(draft, city.reviewer, WEIGHT, "55", "50"),
        lambda: discard_draft(pack_id=draft.pk, user=city.reviewer),
        lambda: publish_pack(pack_id=draft.pk, user=city.reviewer, seen=draft.checksum),
        lambda: replace_file(
            pack_id=draft.pk, user=city.reviewer, file="pack.toml", text="", seen=draft.checksum
        ),
    ):
        with pytest.raises(Refused, match="已经发布"):
            attempt()
    retire_pack(pack_id=draft.pk, user=city.reviewer)
    draft.refresh_from_db()
    assert (draft.state, draft.changes) == (Pack.State.RETIRED, "超编改为错误")


def test_a_draft_is_discarded_and_what_it_held_stays_in_the_record(city: City, draft: Pack):
    discard_draft(pack_id=draft.pk, user=city.reviewer)
    assert not Pack.objects.filter(pk=draft.pk).exists()
    assert Event.objects.latest("seq").details["files"] == draft.files


def test_the_text_of_a_file_is_replaced_whole_or_refused_with_the_line(city: City, draft: Pack):
    text = draft.files["scoring.toml"].replace('negative = "ratio"', 'negative = "linear"')
    made = replace_file(
        pack_id=draft.pk, user=city.reviewer, file="scoring.toml", text=text, seen=draft.checksum
    )
    assert made.files["scoring.toml"] == text
    with pytest.raises(Refused, match=r"scoring\.toml 第 1 行第 \d+ 列写法不对"):
        replace_file(pack_id=draft.pk, user=city.reviewer, file="scoring.toml", text="[[", seen=made.checksum)
    with pytest.raises(Stale):
        replace_file(pack_id=draft.pk, user=city.reviewer, file="scoring.toml", text="# 空\n", seen="old")


def test_export_and_import_are_exact_inverses(city: City):
    made = import_archive(data=archive(city.pack), user=city.reviewer)
    assert (made.files, made.checksum, made.version, made.state) == (
        city.pack.files,
        city.pack.checksum,
        2,
        Pack.State.DRAFT,
    )
    assert archive(made) == archive(city.pack)


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/").replace("_toml", ".toml"), text)
    return out.getvalue()


WRONG_ARCHIVES = {
    "no zip": (b"PK no", "打不开"),
    "empty": (zipped(), "不是导出的方案"),
    "other files": (zipped(pack_toml='key="a"\nname="b"\nyear=2024', evil="x"), "不是方案的文件"),
    "a way out": (zipped(pack_toml='key="a"\nyear=1', **{"..__..__x_toml": "x"}), "不是方案的文件"),
    "no key": (zipped(pack_toml="year = 2024"), "不是导出的方案"),
    "key with spaces": (zipped(pack_toml='key = "a b"\nyear = 2024'), "不是导出的方案"),
    "not TOML": (zipped(pack_toml="[["), "写法不对"),
    "not UTF-8": (zipped(pack_toml=b"\xff\xfe"), "打不开"),
    "too large": (zipped(pack_toml='key = "a"\nyear = 2024', fields_toml="#" * 600_000), "太多或太大"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "why"), WRONG_ARCHIVES.values(), ids=WRONG_ARCHIVES)
def test_an_archive_that_is_no_pack_is_refused_and_nothing_is_stored(city: City, data, why):
    before = Pack.objects.count()
    with pytest.raises(Refused, match=why):
        import_archive(data=data, user=city.reviewer)
    assert Pack.objects.count() == before
