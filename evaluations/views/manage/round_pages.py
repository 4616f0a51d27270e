"""年度任务各页共用的：取任务、页首的步骤、被拒绝时怎么答。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evaluations.models import Round

STEPS = (("round_edit", "基本"), ("round_units", "单位"), ("round_preview", "预览"), ("round_open", "开放"))


def task_of(round_id: UUID) -> Round:
    """取一个任务；没有是 404。"""
    task = Round.objects.select_related("pack", "follows").defer("pack__files").filter(pk=round_id).first()
    if task is None:
        raise Http404("没有这个任务")
    return task


def page(
    request: HttpRequest, template: str, task: Round, here: str, status: int = 200, **context: Any
) -> HttpResponse:
    """任务的一页；没开放的带四个步骤。"""
    steps = [
        {"label": label, "url": reverse(f"evaluations:{name}", args=[task.pk]), "here": name == here}
        for name, label in STEPS
    ]
    shared = {"task": task, "steps": steps if task.opened_at is None else [], "here": here}
    return render(request, f"evaluations/manage/{template}.html", {**shared, **context}, status=status)
