"""审核页右栏“评分”：各行的自评、审核、最后得分。"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from evaluations import reviewing as selectors
from evaluations.core.facts import ScopeFacts
from evaluations.core.layout import Layout
from evaluations.core.reviewing import Line, Part, level_label
from evaluations.core.workflow import OFFICE_STATES
from evaluations.models import Submission
from evaluations.selectors import Reading
from evaluations.services.reviewing import scoring_refusal
from units.models import User

from . import present


def line_json(line: Line, level: str) -> dict[str, Any]:
    """一行给页面的样子；``level`` 是自己这一级。"""
    return {
        "address": line.address, "cell": line.cell, "own": line.own, "final": line.final, "gap": line.gap, "far": line.far,
        "score": line.scores.get(level, ""), "opinion": line.opinions.get(level, ""),
    }  # fmt: skip


def part_json(part: Part) -> dict[str, Any]:
    """一张表的总分给页面的样子。"""
    return {
        "own": part.own, "final": part.final, "grade": part.grade, "gap": part.gap, "percent": part.percent, "far": part.far,
        "why": part.why,
    }  # fmt: skip


def panel_of(
    user: User, submission: Submission, reading: Reading, layout: Layout, scope: ScopeFacts
) -> dict[str, Any] | None:
    """审核页右栏“评分”：这张表的各行，能不能给分；看不到审核得分的人为 None。"""
    parts = selectors.parts_seen(user, submission, reading)
    if not parts:
        return None
    shows = present.WEIGHT in layout.shows
    part = next((part for part in parts if part.prefix == scope.prefix), None) if shows else None
    reason, level = scoring_refusal(submission, user), submission.state
    lines = [_panel_line(line, level) for line in part.lines] if part else []
    return {
        "may": not reason, "reason": reason, "part": part, "whole": parts[0], "lines": lines,
        "count": len(selectors.rows_of(submission)), "level": level_label(level) if level in OFFICE_STATES else "",
        "url": reverse("evaluations:score", args=[submission.pk]), "sheet_url": reverse("evaluations:scores", args=[submission.pk]),
        "json": [line_json(line, level) for line in part.lines if line.address] if part else [],
        "opinions": sum(1 for one in parts for line in one.lines if line.opinions.get(level)),
        "unfinished": len(selectors.unfinished(submission, reading)) if not reason else 0,
    }  # fmt: skip


def _panel_line(line: Line, level: str) -> dict[str, Any]:
    others = [
        {"who": level_label(other), "score": line.scores.get(other, ""), "opinion": line.opinions.get(other, "")}
        for other in OFFICE_STATES
        if other != level and (line.scores.get(other) or line.opinions.get(other))
    ]  # fmt: skip
    return {
        "line": line, "others": others, "score": line.scores.get(level, ""), "opinion": line.opinions.get(level, ""),
    }  # fmt: skip
