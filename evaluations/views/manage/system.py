"""系统：给系统管理员看机器好不好，试出一份 PDF。"""

from __future__ import annotations

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluations.core.workflow import Role
from evaluations.exports.lists import list_pdf
from evaluations.exports.problems import ExportProblem
from evaluations.exports.tables import Column, Table
from evaluations.health import report, tally

from . import managing


@require_safe
@managing(Role.SYSTEM_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """各项现在怎样。"""
    groups = report()
    context = {"groups": groups, "tally": tally(groups), "now": timezone.now()}
    return render(request, "evaluations/manage/system.html", context)


@require_POST
@managing(Role.SYSTEM_ADMIN)
def pdf(request: HttpRequest) -> HttpResponse:
    """在排版子进程里试出一页，说用了多久；不存、不下载。第一次可能连起子进程，所以印两次。"""
    table = Table("试印", [Column("试印", 40)], [["部门整体支出绩效自评：仿宋、楷体、宋体、黑体 0123"]], [])
    taken = []
    try:
        for _ in range(2):
            began = time.monotonic()
            content = list_pdf([table], "试印")
            taken.append(round((time.monotonic() - began) * 1000))
    except ExportProblem as problem:
        messages.error(request, f"试印没有成功。{problem}")
    else:
        first, second = taken
        size = len(content) // 1024
        messages.success(request, f"试印成功，{size} KB：第一次用了 {first} 毫秒，再印一次 {second} 毫秒。")
    return redirect("evaluations:system")


urlpatterns = [
    path("", index, name="system"),
    path("pdf/", pdf, name="system_pdf"),
]
