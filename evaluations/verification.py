"""读的一边：快照还是不是当时的样子。摘要重算、用当时的方案重算计算值和核对结果，逐处比较。"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from evaluations.core.checks import run
from evaluations.core.copies import RULE
from evaluations.core.facts import Facts
from evaluations.core.frozen import dump_computed, dump_finding, load_inputs
from evaluations.models import Snapshot
from evaluations.selectors import facts_of_snapshot


def snapshots() -> QuerySet[Snapshot]:
    """全部快照，按单位和先后。"""
    rows = Snapshot.objects.select_related(
        "submission__department", "submission__round", "pack", "prior__pack"
    )
    return rows.order_by("submission__department__code", "at")


def problems_of(snapshot: Snapshot) -> Iterator[str]:
    """一份快照的不符之处，一处一句；没有就是完好的。"""
    if snapshot.digest() != snapshot.hash:
        yield "摘要不符：快照存下后被改过"
    if snapshot.pack.checksum != snapshot.pack_checksum:
        yield "方案校验值不符：不是送审时的那版方案"
        return
    pack = snapshot.pack.compiled()
    prior = facts_of_snapshot(snapshot.prior) if snapshot.prior and pack.reads_prior else None
    facts = Facts(pack, load_inputs(snapshot.inputs, pack), prior=prior)
    yield from _values(snapshot.computed, dump_computed(facts))
    # 与别的单位比的，别的单位后来会变，不重算
    outside = {check.code for check in pack.checks if RULE in check.parameters}
    stored = [one for one in snapshot.findings if one["code"] not in outside]
    yield from _findings(stored, [dump_finding(one) for one in run(pack, facts, live=True)])


def _values(stored: dict[str, list[str]], now: dict[str, list[str]]) -> Iterator[str]:
    for address in dict.fromkeys([*stored, *now]):
        before, after = (found.get(address, ["", "空白"])[1] for found in (stored, now))
        if stored.get(address) != now.get(address):
            yield f"{address}：快照里是 {before}，现在重算是 {after}"


def _findings(stored: list[dict[str, object]], now: list[dict[str, object]]) -> Iterator[str]:
    before, after = ({_key(one): _found(one) for one in found} for found in (stored, now))
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            word = "现在没有" if key not in after else "快照里没有" if key not in before else "说法或数字不同"
            yield f"核对 {key}：{word}"


def _key(finding: dict[str, object]) -> str:
    cells = finding["cells"]
    return f"{finding['code']} {cells[0] if isinstance(cells, list) else ''}"


def _found(finding: dict[str, object]) -> dict[str, object]:
    """不算豁免：那是财政局当时的决定，不是核对出来的。"""
    return {name: value for name, value in finding.items() if name != "waived"}
