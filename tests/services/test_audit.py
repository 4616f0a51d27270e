"""审计链：十几种改动，数据库管理员先拆了触发器再动手，个个查得出；没有动过的安静。"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from evaluations import audit, audit_verifier, guards
from evaluations.core.chain import GENESIS, digest
from evaluations.models import Edit, Event, Snapshot, Submission
from evaluations.selectors import read
from evaluations.services import records
from evaluations.services.anchoring import write_anchor
from evaluations.services.entry import Change, save_cells
from evaluations.services.notices import put_notice
from tests.conftest import City
from tests.together import together

pytestmark = pytest.mark.django_db
PHONES = ["0730-1111111", "0730-2222222", "0730-3333333", "0730-4444444"]


@pytest.fixture
def audited(city: City, tmp_path: Path, settings: Any) -> City:
    """有修改、有送审、写过两次锚点的一个市；锚点带密钥。"""
    settings.ANCHOR_DIR, settings.ANCHOR_KEY = tmp_path / "anchors", "a key of the bureau"
    city.import_into("2024-correct-package")
    was = read(city.submission).facts.root
    shown = was.fields["联系电话"].to_text(was.value("联系电话"))
    for phone in PHONES:
        change = Change("联系电话", phone, was=shown)
        save_cells(submission_id=city.submission.pk, user=city.preparer, changes=[change])
        shown = phone
    write_anchor()
    city.act("submit", city.preparer)
    city.act("sign", city.head)
    write_anchor()
    return city


# ---- 动手脚 ---------------------------------------------------------------------------------


def edits() -> Any:
    """动过的那份材料的修改链。"""
    mine = Edit.objects.filter(address="联系电话").values("submission")[:1]
    return Edit.objects.filter(submission=mine).order_by("seq")


def at(seq: int, kind: Any = Edit) -> Any:
    return (edits() if kind is Edit else Event.objects).filter(seq=seq)


def rechained(rows: Any, **changes: Any) -> None:
    """改一条，再把它和后面的全部重算一遍：链自己是对的。"""
    found = list(rows.order_by("seq"))
    for name, value in changes.items():
        setattr(found[1], name, value)
    prev = GENESIS
    for seq, row in enumerate(found, 1):
        row.seq, row.prev = seq, prev
        row.hash = prev = digest(prev, row.content(), row.algorithm)
        row.save()


def swapped(kind: Any) -> None:
    """两条换位置：序号对调。"""
    at(2, kind).update(seq=9_999)
    at(3, kind).update(seq=2)
    at(9_999, kind).update(seq=3)


def inserted() -> None:
    """中间插一条，后面的序号让开。"""
    for row in list(edits().reverse()):
        if row.seq > 1:
            at(row.seq).update(seq=row.seq + 1)
    forged = edits().first()
    forged.pk, forged.seq, forged.new = None, 2, "插进来的"
    forged.prev = forged.hash
    forged.hash = forged.digest()
    forged.save(force_insert=True)


def cut_tail() -> None:
    last = Event.objects.order_by("-seq").values_list("seq", flat=True)[0]
    Event.objects.filter(seq__gte=last - 2).delete()


def reordered_without_tail() -> None:
    cut_tail()
    rechained(Event.objects.all())


def weaker_algorithm() -> None:
    found = edits().last()
    found.algorithm = "md5"
    found.hash = digest(found.prev, found.content(), "md5")
    found.save()


def anchors(settings: Any) -> Path:
    return Path(settings.ANCHOR_DIR) / audit.ANCHORS_FILE


def without_line(settings: Any, number: int) -> None:
    lines = anchors(settings).read_text().splitlines(keepends=True)
    del lines[number]
    anchors(settings).write_text("".join(lines))


def forged_anchors(settings: Any) -> None:
    """数据库和锚点文件都改了，只是没有密钥。"""
    rechained(Event.objects.all(), reason="另一个理由")
    shutil.rmtree(settings.ANCHOR_DIR)
    settings.ANCHOR_KEY = "guessed"
    write_anchor()
    write_anchor()
    settings.ANCHOR_KEY = "a key of the bureau"


Act = Callable[[Any], Any]
TAMPERINGS: dict[str, tuple[Act, str]] = {
    "a value": (lambda _: at(3).update(new="0730-9999999"), "第 3 条"),
    "who did it": (lambda _: Event.objects.exclude(user=None).update(user=None), "事件 第"),
    "a deleted edit": (lambda _: at(2).delete(), "有记录被删"),
    "a deleted event": (lambda _: at(2, Event).delete(), "有记录被删"),
    "an inserted edit": (lambda _: inserted(), "插入、调换或重算"),
    "two swapped edits": (lambda _: swapped(Edit), "摘要不符"),
    "two swapped events": (lambda _: swapped(Event), "摘要不符"),
    "a cut tail of events": (lambda _: cut_tail(), "尾部被删"),
    "a cut tail of edits": (lambda _: edits().reverse()[0].delete(), "尾部被删"),
    "all edits of a package": (lambda _: edits().delete(), "尾部被删"),
    "a whole chain anew": (lambda _: rechained(edits(), new="0730-9999999"), "整条链被重算过"),
    "a whole chain anew without tail": (lambda _: reordered_without_tail(), "锚点第"),
    "an algorithm": (lambda _: edits().filter(seq__gt=1).update(algorithm="sha256"), "算法被改过"),
    "a weaker algorithm": (lambda _: weaker_algorithm(), "不认识"),
    "a time": (lambda _: at(2, Event).update(at=timezone.now()), "时间或算法被改过"),
    "a snapshot": (lambda _: Snapshot.objects.update(engine="9.9"), "快照 第"),
    "a snapshot with its hash": (lambda _: Snapshot.objects.update(hash="0" * 64), "换过"),
    "a lost snapshot": (lambda _: Snapshot.objects.all().delete(), "不见了"),
    "a first anchor": (lambda settings: without_line(settings, 0), "有行被删"),
    "a last anchor": (lambda settings: without_line(settings, -1), "锚点被删改过"),
    "a changed anchor": (
        lambda settings: anchors(settings).write_text(anchors(settings).read_text().replace('"snapshots":1', '"snapshots":2')),
        "第 2 号被改过",
    ),
    "a list of an anchor": (lambda settings: next(Path(settings.ANCHOR_DIR).glob("*.txt")).write_text(""), "清单"),
    "anchors without the key": (forged_anchors, "密钥码不符"),
}  # fmt: skip


@pytest.mark.case("G1")
@pytest.mark.dengbao("安全审计 c", "数据完整性 b")
def test_every_tampering_by_an_administrator_of_the_database_is_found(
    audited: City, settings: Any, tmp_path: Path
) -> None:
    assert audit.check().problems == []
    assert len(TAMPERINGS) >= 10
    missed = []
    for name, (act, words) in TAMPERINGS.items():
        kept = tmp_path / "kept"
        shutil.copytree(settings.ANCHOR_DIR, kept)
        with transaction.atomic():
            guards.remove()
            act(settings)
            report = audit.check()
            if not any(words in problem for problem in report.problems):
                missed.append((name, report.problems[:3]))
            transaction.set_rollback(True)
        shutil.rmtree(settings.ANCHOR_DIR)
        kept.rename(settings.ANCHOR_DIR)
    assert missed == []
    assert audit.check().problems == []


def test_without_an_anchor_a_cut_tail_is_not_found_and_that_is_said(
    audited: City, settings: Any, tmp_path: Path
) -> None:
    """锚点不是多余的：没有它，这两种查不出。"""
    with transaction.atomic():
        guards.remove()
        edits().reverse()[0].delete()
        rechained(edits(), new="另")
        exported(tmp_path / "out")
        report = audit_verifier.check_folder(tmp_path / "out")
        assert report.problems == [] and "没有给锚点" in report.notes[0]
        assert audit_verifier.check_folder(tmp_path / "out", Path(settings.ANCHOR_DIR)).problems
        transaction.set_rollback(True)


@pytest.mark.case("C18")
def test_an_old_backup_over_a_newer_anchor_is_told_and_stays_told_after_a_reason(audited: City) -> None:
    with transaction.atomic():
        guards.remove()
        cut_tail()
        guards.install()
        assert any("恢复了比锚点早的备份" in one for one in audit.check().problems)
        write_anchor(reason="硬盘坏了，恢复了前一晚的备份。")
        report = audit.check()
        assert report.problems == []
        assert any("恢复了前一晚的备份" in one for one in report.notes)
        transaction.set_rollback(True)


# ---- 独立的核对程序 --------------------------------------------------------------------------


def exported(folder: Path) -> None:
    call_command("export_audit", str(folder), stdout=StringIO())


@pytest.mark.case("G6")
@pytest.mark.dengbao("安全审计 c")
def test_an_export_is_verified_without_django(audited: City, settings: Any, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key"
    key.write_text(settings.ANCHOR_KEY + "\n")
    exported(out)
    command = [
        sys.executable,
        "-I",
        "-S",
        out / "audit_verifier.py",
        out,
        settings.ANCHOR_DIR,
        "--key-file",
        key,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and "不符 0 处" in done.stdout, done.stdout + done.stderr
    path = out / "edits.jsonl"
    path.write_text(path.read_text().replace(PHONES[1], "0730-9999999", 1))
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1 and "被改过" in done.stdout


@pytest.mark.case("G1")
def test_twenty_thousand_rows_are_verified_and_a_change_in_each_of_a_hundred_places_is_found(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    lines, prev = [], GENESIS
    for seq in range(1, 20_001):
        row = Event(seq=seq, action="save", label="存了一格", reason="理由" * 10, details={"place": seq}, at=timezone.now(),
                    algorithm=records.algorithm(), prev=prev)  # fmt: skip
        row.hash = prev = row.digest()
        lines.append(audit.line_of(row))
    report = audit_verifier.Report()
    began = time.perf_counter()
    audit_verifier.check_chain(lines, "事件", audit_verifier.Anchors(), report)
    rate = round(20_000 / (time.perf_counter() - began))
    record_property("rows per second", rate)
    assert (report.rows, report.problems) == (20_000, [])
    assert rate > 15_000, "慢了：在共用的机器上也该有几万条一秒"
    for seq in range(100, 20_001, 200):
        changed = [lines[seq - 2], lines[seq - 1].replace("存了一格", "存了两格"), lines[seq]]
        report = audit_verifier.Report()
        audit_verifier.check_chain(changed, "事件", audit_verifier.Anchors(), report)
        assert any(f"第 {seq} 条" in one and "被改过" in one for one in report.problems), seq


def test_the_two_ways_to_make_a_digest_agree(audited: City) -> None:
    for row in [*Event.objects.all(), *Edit.objects.all(), *Snapshot.objects.all()]:
        found = audit_verifier.LINE.fullmatch(audit.line_of(row))
        assert found is not None
        using, prev, hash_, _, body = found.groups()
        assert audit_verifier.digest(prev, body, using) == hash_ == row.digest()
        assert json.loads(body)["at"]


# ---- 命令 -----------------------------------------------------------------------------------


def verify(*options: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify", *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_verify_says_what_is_wrong_and_names_missing_guards(audited: City) -> None:
    code, text = verify()
    assert code == 0 and text.endswith("全部相符。\n") and "查了 1 份快照，1 份相符" in text
    with transaction.atomic():
        guards.remove()
        at(3).update(new="另")
        code, text = verify("--quick")
        transaction.set_rollback(True)
    assert code == 1 and "evaluations_edit 的只增不改触发器缺了" in text and "第 3 条" in text


def test_an_anchor_is_one_line_and_prints_on_paper(audited: City, settings: Any) -> None:
    out = StringIO()
    call_command("anchor", stdout=out)
    *_, last = map(json.loads, anchors(settings).read_text().splitlines())
    assert "第 3 号" in out.getvalue() and last["number"] == 3
    assert " ".join(last["hash"][i : i + 4] for i in range(0, 64, 4)) in out.getvalue()
    assert anchors(settings).stat().st_mode & 0o077 == 0


# ---- 记不下，事就不成 -------------------------------------------------------------------------


@pytest.mark.case("G5")
@pytest.mark.dengbao("安全审计 d")
def test_an_act_that_cannot_be_recorded_is_not_done(audited: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """真的让数据库拒绝插入：保存、流程、管理各一件。"""
    acts: dict[str, tuple[str, Callable[[], Any]]] = {
        "save": ("evaluations_edit", lambda: save_cells(
            submission_id=audited.other_submission.pk, user=audited.other_preparer, changes=[Change("联系电话", PHONES[0], was="")]
        )),
        "workflow": ("evaluations_event", lambda: audited.act("approve", audited.reviewer)),
        "administration": ("evaluations_event", lambda: put_notice(
            user=audited.reviewer, title="公告一则", text="", audience="everyone", since=timezone.localdate(), until=None
        )),
    }  # fmt: skip
    before = everything()
    for name, (table, act) in acts.items():
        with transaction.atomic():
            no_more_rows(table)
            with pytest.raises(DatabaseError, match="disk is full"), transaction.atomic():
                act()
            assert everything() == before, name
            transaction.set_rollback(True)


def no_more_rows(table: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
            return
        connection.check_constraints()
        cursor.execute(
            "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'disk is full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION disk_full()"
        )


def everything() -> list[Any]:
    from evaluations.models import AnnualData, Notice

    return [
        list(kind.objects.order_by("pk").values()) for kind in (Submission, AnnualData, Notice, Event, Edit)
    ]


# ---- 同时追加 -------------------------------------------------------------------------------


@pytest.mark.case("G4")
@pytest.mark.django_db(transaction=True)
def test_twenty_writers_at_once_make_one_chain_without_a_gap(city: City) -> None:
    def write(number: int) -> Callable[[], Any]:
        def act() -> None:
            for turn in range(5):
                with transaction.atomic():
                    records.record_event(action="test", label=f"{number}-{turn}", user=city.preparer)

        return act

    before = Event.objects.count()
    assert together([write(number) for number in range(20)]) == [None] * 20
    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, before + 101))
    report = audit_verifier.Report()
    audit_verifier.check_chain(audit.event_lines(), "事件", audit_verifier.Anchors(), report)
    assert report.problems == []
