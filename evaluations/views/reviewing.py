"""审核得分、评审得分表、核对表。"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from evaluations import access
from evaluations import reviewing as selectors
from evaluations.core.workflow import OFFICE_STATES
from evaluations.exports import lists
from evaluations.exports.problems import ExportProblem
from evaluations.exports.reviews import check_table, score_tables
from evaluations.exports.tables import Table
from evaluations.models import Submission
from evaluations.selectors import read
from evaluations.services.reviewing import give_score
from units.models import User

from .api import answer, body_of, json_api, text_of
from .decide import refused
from .documents import KINDS, download
from .score_panel import line_json, part_json

LIST_KINDS = {kind: KINDS[kind] for kind in ("pdf", "xlsx")}


# ---- 给分 -----------------------------------------------------------------------------------


@json_api
@require_POST
def score(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """给一行的审核得分和意见；答复带这一行和这张表的总分。"""
    submission = access.get_submission(request.user, submission_id)
    data = body_of(request)
    was = data.get("was")
    seen = was if isinstance(was, dict) else {}
    done = give_score(
        submission_id=submission.pk, user=request.user, address=text_of(data, "address"), score=text_of(data, "score"),
        opinion=text_of(data, "opinion"), was=(text_of(seen, "score"), text_of(seen, "opinion")),
    )  # fmt: skip
    levels = selectors.levels_seen(request.user, done.submission)
    parts = selectors.current_parts(done.submission, done.reading, levels)
    address = text_of(data, "address")
    part = next(part for part in parts if any(line.address == address for line in part.lines))
    line = next(line for line in part.lines if line.address == address)
    return answer(
        {
            "line": line_json(line, done.submission.state), "part": part_json(part), "whole": part_json(parts[0]),
            "advice": done.advice, "count": len(selectors.rows_of(done.submission)), "unfinished": len(
                selectors.unfinished(done.submission, done.reading)
            ),
        }
    )  # fmt: skip


# ---- 评审得分表、核对表 -----------------------------------------------------------------------


@require_safe
def scores(request: HttpRequest, submission_id: UUID, to: str = "") -> HttpResponse:
    """评审得分表：审核中给审核人看，通过后单位也看得到。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    parts = selectors.parts_seen(request.user, submission, reading)
    if not parts:
        raise Http404("没有评审得分表")
    steps = reading.facts.pack.steps
    seen = selectors.levels_seen(request.user, submission) or OFFICE_STATES
    levels = [level for level in seen if level.label in steps]
    tables = score_tables(parts, str(submission.department), submission.round.year, levels)
    return _list(request, submission, tables, "scores", "评审得分表", to)


@require_safe
def checklist(request: HttpRequest, submission_id: UUID, to: str = "") -> HttpResponse:
    """核对表：每条核对的结果。"""
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    table = check_table(reading.facts.pack, reading.findings, reading.notes, str(submission.department))
    return _list(request, submission, [table], "checklist", "核对表", to)


def _list(
    request: HttpRequest, submission: Submission, tables: list[Table], name: str, title: str, to: str
) -> HttpResponse:
    """一种清单的打印页，或它的文件。"""
    files = {
        kind: reverse(f"evaluations:{name}_file", kwargs={"submission_id": submission.pk, "to": kind})
        for kind in LIST_KINDS
    }
    back = _back(request.user, submission)
    if to:
        if to not in LIST_KINDS:
            raise Http404("没有这种文件")
        try:
            data = lists.WRITERS[to](tables, f"{submission.department}{title}")
        except ExportProblem as problem:
            return refused(request, submission, str(problem), back, status=503)
        return download(data, to, f"{submission.department}_{title}")
    context = {
        "submission": submission, "print_html": lists.list_html(tables), "form": {"key": name, "title": title},
        "orientation": "landscape", "urls": {**files, "back": back},
    }  # fmt: skip
    return render(request, "evaluations/preview.html", context)


def _back(user: User, submission: Submission) -> str:
    unit_side = access.roles_on(user, submission.department) & access.UNIT_ROLES
    return reverse(f"evaluations:{'workbench' if unit_side else 'review'}", args=[submission.pk])
