"""回执：下载，和财政局的人核对一张回执。"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluations import access
from evaluations.exports.problems import ExportProblem
from evaluations.exports.receipt import receipt_pdf
from evaluations.receipts import Receipt, check_receipt, receipts_of
from units.models import Department

from .decide import refused
from .documents import download


@require_safe
def receipt(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """回执的 PDF：``?number=`` 指哪一张，不写是最近的。"""
    submission = access.get_submission(request.user, submission_id)
    asked = request.GET.get("number", "")
    found = next((one for one in receipts_of(submission) if asked in ("", one.number)), None)
    if found is None:
        raise Http404("没有这张回执")
    try:
        data = receipt_pdf(_bureau(), _rows(found), timezone.localtime(found.received).date())
    except ExportProblem as problem:
        back = reverse("evaluations:workbench", args=[submission.pk])
        return refused(request, submission, str(problem), back, status=503)
    return download(data, "pdf", f"{submission.department}_回执_{found.number}")


def _bureau() -> str:
    bureau = Department.objects.filter(kind=Department.Kind.BUREAU, parent=None).first()
    return str(bureau or "财政局")


def _rows(found: Receipt) -> list[tuple[str, list[str]]]:
    """回执上的各项：名称，几行字。"""
    submission = found.submission
    code = submission.department.code
    sent, received = (
        f"{timezone.localtime(at):%Y年%m月%d日 %H:%M:%S}" for at in (found.submitted, found.received)
    )
    return [
        ("回执编号", [found.number]),
        ("报送单位", [f"{submission.department}{f'（{code}）' if code else ''}"]),
        ("报送任务", [submission.round.name]),
        ("所用方案", [str(submission.pack)]),
        ("填报人送审", [f"{found.submitted_by or ''}　{sent}"]),
        ("负责人签批", [f"{found.signed_by or ''}　{received}"]),
        ("材料版本", [f"第 {found.revision} 次修订"]),
        ("材料摘要", [f"{found.short}　（{found.algorithm.upper()} 前 16 位）", found.hash]),
    ]


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """凭编号和摘要核对：回执是不是真的，材料是不是还是那一份。"""
    if not access.in_bureau(request.user):
        raise Http404("没有这个页面")
    number, typed = (request.GET.get(name, "").strip()[:100] for name in ("number", "hash"))
    asked = bool(number or typed)
    context = {
        "number": number, "hash": typed, "asked": asked, "verdict": check_receipt(number, typed) if asked else None,
    }  # fmt: skip
    return render(request, "evaluations/receipt_check.html", context)
