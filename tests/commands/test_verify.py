"""verify_snapshots：快照完好就安静，被改过、算得不一样的都说出来。"""

from io import StringIO

import pytest
from django.core.management import call_command

from evaluations.core import ENGINE
from evaluations.guards import guards_off
from evaluations.models import Snapshot
from tests.conftest import ROOT, City

pytestmark = pytest.mark.django_db


@pytest.fixture
def frozen(city: City) -> Snapshot:
    city.import_into("2024-correct-package")
    city.act("submit", city.preparer)
    return Snapshot.objects.get()


def verify() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_snapshots", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_intact_snapshots_are_recomputed_equal(city: City, frozen: Snapshot) -> None:
    city.act("sign", city.head)
    city.act("approve", city.reviewer)
    assert verify() == (0, "查了 2 份快照，2 份相符，0 份不符。\n")


def test_a_snapshot_carries_pack_engine_and_hash(frozen: Snapshot) -> None:
    assert frozen.pack_checksum == frozen.pack.checksum and frozen.engine == ENGINE
    assert frozen.hash == frozen.digest()


def test_the_engine_is_the_version_of_the_product() -> None:
    text = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{ENGINE}"' in text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda s: s.inputs["root"]["values"].update({"资金.全年执行数": "1"}), "资金.执行率：快照里是"),
        (lambda s: s.computed.pop("资金.得分"), "资金.得分：快照里是 空白"),
        (lambda s: s.findings.append({**s.findings[0], "code": "Z99"} if s.findings else {"code": "Z99", "cells": ["a"]}), "Z99"),
        (lambda s: setattr(s, "action", "approve"), "摘要不符"),
    ],
    ids=["an input", "a computed value", "a finding", "what it was for"],
)  # fmt: skip
@pytest.mark.dengbao("数据完整性 b")
def test_a_changed_snapshot_is_reported_with_its_place(frozen: Snapshot, change, word: str) -> None:
    change(frozen)
    with guards_off():
        frozen.save()
    code, text = verify()
    assert code == 1
    assert word in text and "摘要不符" in text and "云湖市政务服务中心" in text


def test_a_snapshot_under_a_changed_pack_is_reported(city: City, frozen: Snapshot) -> None:
    frozen.pack.checksum = "0" * 64
    with guards_off():
        frozen.pack.save()
    code, text = verify()
    assert code == 1 and "方案校验值不符" in text
