"""官方文件：PDF、Excel、打印预览。送审后的取自快照。"""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from evaluations import access
from evaluations.exports import documents
from evaluations.exports.html import render_grid
from evaluations.exports.problems import ExportProblem
from evaluations.selectors import Reading, read

from . import present
from .decide import refused

KINDS = {
    "pdf": ("application/pdf", "pdf"),
    "pdfa": ("application/pdf", "pdf"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
"""官方文件：内容类型和扩展名。"""
TYPES = {**KINDS, "zip": ("application/zip", "zip")}


@require_safe
def pdf(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """一张表的 PDF。"""
    return _document(request, submission_id, form, project, "pdf")


@require_safe
def xlsx(request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None) -> HttpResponse:
    """一张表的 Excel。"""
    return _document(request, submission_id, form, project, "xlsx")


def _document(
    request: HttpRequest, submission_id: UUID, form: str, project: UUID | None, to: str
) -> HttpResponse:
    submission = access.get_submission(request.user, submission_id)
    reading = read(submission)
    layout, scope = present.form_and_scope(reading, form, project)
    back = present.form_url("form", submission, form, project)
    return _written(request, reading, [(layout, scope)], to, layout.short, back)


@require_safe
def package(request: HttpRequest, submission_id: UUID, to: str) -> HttpResponse:
    """整套材料的 PDF 或 Excel；``?why=1`` 时 PDF 附上得分说明。"""
    submission = access.get_submission(request.user, submission_id)
    if to not in KINDS:
        raise Http404("没有这种文件")
    reading = read(submission)
    back = reverse("evaluations:workbench", args=[submission.pk])
    kind = "pdf-why" if to == "pdf" and request.GET.get("why") == "1" else to
    return _written(request, reading, documents.choose(reading.facts, "all"), kind, "自评材料", back)


def _written(
    request: HttpRequest, reading: Reading, chosen: documents.Chosen, to: str, name: str, back: str
) -> HttpResponse:
    submission = reading.submission
    try:
        data = documents.WRITERS[to](reading.facts, chosen)
    except ExportProblem as problem:
        return refused(request, submission, str(problem), back, status=503)
    return download(data, to.partition("-")[0], f"{submission.department}_{name}")


@require_safe
def preview(
    request: HttpRequest, submission_id: UUID, form: str, project: UUID | None = None
) -> HttpResponse:
    """打印预览：与 PDF 同一份表。"""
    submission = access.get_submission(request.user, submission_id)
    grid = present.grid_of(read(submission), form, project, screen=False)
    context = {
        "submission": submission, "print_html": render_grid(grid, "print"), "form": {"key": form, "title": grid.title},
        "orientation": "landscape" if grid.orientation == "landscape" else "",
        "urls": {
            "pdf": present.form_url("pdf", submission, form, project),
            "xlsx": present.form_url("xlsx", submission, form, project),
            "back": present.form_url("form", submission, form, project),
        },
    }  # fmt: skip
    return render(request, "evaluations/preview.html", context)


def download(data: bytes, to: str, name: str) -> HttpResponse:
    """下载：文件名按 RFC 6266，太长的截短。"""
    kind, extension = TYPES[to]
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name[:90])}.{extension}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
