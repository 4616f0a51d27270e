"""自评报告里的数：每个数对上了表上的哪一格。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evaluations import access
from evaluations.core.linking import DIFFERENT, SAME, Linked, numbers_of
from evaluations.selectors import Reading, read

from . import present


@require_safe
def numbers(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """“报告里的数”：展开时取来，照现在存着的文字。"""
    reading = read(access.get_submission(request.user, submission_id))
    rows = [_row(one, reading) for one in numbers_of(reading.facts)]
    counts = {state: sum(1 for row in rows if row["one"].state == state) for state in (SAME, DIFFERENT)}
    context = {"rows": rows, "same": counts[SAME], "different": counts[DIFFERENT]}
    return render(request, "evaluations/_numbers.html", context)


def _row(one: Linked, reading: Reading) -> dict[str, Any]:
    return {"one": one, "url": present.cell_url(one.cell, reading) if one.cell else ""}
