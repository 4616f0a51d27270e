"""What must be true of the database after any kill: nothing acknowledged is lost, nothing is half written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from evaluations.core.chain import GENESIS
from evaluations.core.steps import Kind
from evaluations.core.workflow import State
from evaluations.models import Edit, Event, Submission
from evaluations.selectors import read

SNAPSHOTTED = {"submit", "approve"}


def lost(submission: Submission, acknowledged: Mapping[str, Sequence[str]]) -> list[str]:
    """Acknowledged values that no edit tells of: they are not in the cell and no later edit followed them."""
    kept: dict[str, set[str]] = {}
    for address, new in Edit.objects.filter(submission=submission).values_list("address", "new"):
        kept.setdefault(address, set()).add(new)
    return [
        f"{address} = {value}"
        for address, values in acknowledged.items()
        for value in values
        if value not in kept.get(address, ())
    ]


def half_written(submission: Submission) -> list[str]:
    """Edits and cells that do not tell the same story."""
    edits = list(Edit.objects.filter(submission=submission).order_by("seq"))
    problems = _breaks(edits, f"edits of {submission}")
    problems += [f"edit {later.seq} is of an earlier revision" for earlier, later in pairwise(edits)
                 if later.revision < earlier.revision]  # fmt: skip
    stored = Submission.objects.get(pk=submission.pk)
    if edits and stored.revision < edits[-1].revision:
        problems.append(f"revision {stored.revision} is behind the edits ({edits[-1].revision})")
    return problems + _cells_against(stored, edits)


def _cells_against(stored: Submission, edits: Iterable[Edit]) -> list[str]:
    """Each edit starts from what the one before left, and the cell holds what the last one wrote."""
    last: dict[str, str] = {}
    problems = []
    for edit in edits:
        if edit.kind == Kind.WHOLE:
            last.clear()
        if edit.kind != Kind.CELL:
            continue
        if edit.old != last.get(edit.address, edit.old):
            problems.append(
                f"{edit.address}: edit {edit.seq} starts from {edit.old}, not {last[edit.address]}"
            )
        last[edit.address] = edit.new
    facts = read(stored).facts
    for address, text in last.items():
        node, key = facts.locate(address)
        now = node.fields[key].to_text(node.value(key))
        if now != text:
            problems.append(f"{address} is {now}, the last edit says {text}")
    return problems


def flow_broken(submissions: Iterable[Submission]) -> list[str]:
    """Events without gap; each state is where the last event led; what was submitted or approved has its snapshot."""
    problems = _breaks(list(Event.objects.order_by("seq")), "events")
    for submission in submissions:
        stored = Submission.objects.get(pk=submission.pk)
        events = list(stored.events.exclude(target="").order_by("seq"))
        target = events[-1].target if events else State.DRAFT
        if stored.state != target:
            problems.append(f"{stored}: state {stored.state}, the last event led to {target}")
        done = sorted(event.action for event in events if event.action in SNAPSHOTTED)
        taken = sorted(stored.snapshots.filter(action__in=SNAPSHOTTED).values_list("action", flat=True))
        if done != taken:
            problems.append(f"{stored}: events {done}, snapshots {taken}")
    return problems


def _breaks(links: Sequence[Any], name: str) -> list[str]:
    """Where a chain has a gap or does not hold on to the link before."""
    problems = []
    before = GENESIS
    for number, link in enumerate(links, 1):
        if link.seq != number:
            problems.append(f"{name}: {link.seq} stands where {number} should be")
        if link.prev != before:
            problems.append(f"{name}: {link.seq} does not hold on to the one before")
        if link.digest() != link.hash:
            problems.append(f"{name}: {link.seq} is not what its hash was made of")
        before = link.hash
    return problems
