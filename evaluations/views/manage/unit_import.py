"""导入单位和人员：下载模板，上传看会怎样，确认后存入。上传的文件不存，读出的行签了名带在确认的表单里。"""

from __future__ import annotations

from collections.abc import Sequence

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations import access
from evaluations.core.tabular import Row
from evaluations.services.problems import Refused
from evaluations.services.sheets import MAX_BYTES, read_sheets
from evaluations.services.unit_import import (
    Plan,
    apply_import,
    packed,
    plan_import,
    rows_of,
    template_workbook,
    unpacked,
)

from ..documents import download
from . import managing
from .accounts import passwords_page

SALT = "unit-import"
SECONDS = 2 * 3600
SHOWN = 1_000
"""预览里最多列几行；多的只说多少。"""


@require_safe
@managing(*access.BUREAU_ADMINS)
def template(request: HttpRequest) -> HttpResponse:
    """空白的导入模板。"""
    return download(template_workbook(by=request.user), "xlsx", "单位和人员导入模板")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@managing(*access.BUREAU_ADMINS)
def upload(request: HttpRequest) -> HttpResponse:
    """选文件；传上来的读出、对照，给出预览。"""
    if request.method != "POST":
        return render(request, "evaluations/unit_import.html")
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise Refused("还没有选文件。请选一个 .xlsx 工作簿。")
        data = sent.read(MAX_BYTES + 1)
        units, people, faults = rows_of(read_sheets(data, sent.name or ""))
    except Refused as refusal:
        return render(request, "evaluations/unit_import.html", {"refused": str(refusal)}, status=409)
    plan = plan_import(by=request.user, units=units, people=people, faults=faults)
    return _preview(request, plan, units, people)


def _preview(request: HttpRequest, plan: Plan, units: Sequence[Row], people: Sequence[Row]) -> HttpResponse:
    rows = [line for line in (*plan.units, *plan.people) if line.does != "same"]
    ready = not plan.errors and not plan.empty
    content = [str(request.user.pk), packed(units), packed(people), plan.counts()]
    context = {
        "plan": plan, "counts": plan.counts(), "ready": ready, "errors": plan.errors[:SHOWN],
        "units": [line for line in plan.units if line.does != "same"][:SHOWN],
        "people": [line for line in plan.people if line.does != "same"][:SHOWN],
        "more": max(0, len(rows) - 2 * SHOWN),
        "sheet": signing.dumps(content, salt=SALT, compress=True) if ready else "",
    }  # fmt: skip
    return render(request, "evaluations/unit_preview.html", context, status=200 if ready else 409)


@never_cache
@require_POST
@managing(*access.BUREAU_ADMINS)
def confirm(request: HttpRequest) -> HttpResponse:
    """照预览存入；在这一次的答复里给出初始密码。"""
    try:
        owner, units, people, seen = signing.loads(request.POST.get("sheet", ""), salt=SALT, max_age=SECONDS)
        if owner != str(request.user.pk):
            raise signing.BadSignature("不是他上传的")
        made = apply_import(by=request.user, units=unpacked(units), people=unpacked(people), seen=seen)
    except signing.BadSignature:
        words = "核对的结果已经过期，或不是您上传的。请重新上传。"
        return render(request, "evaluations/unit_import.html", {"refused": words}, status=409)
    except Refused as refusal:
        return render(request, "evaluations/unit_import.html", {"refused": str(refusal)}, status=409)
    return passwords_page(
        request,
        made,
        f"已存入：单位新增 {seen['units_added']}、改动 {seen['units_changed']}，人员新增 {seen['people_added']}，岗位新增 {seen['posts_added']}",
    )
