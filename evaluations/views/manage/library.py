"""指标库：查、增、改、停用，从表格导入，导出。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations.core.library import ACTIVE, HEADINGS, hints_of, shown_target
from evaluations.core.workflow import Role
from evaluations.exports.tables import Column, Table, write_tables
from evaluations.forms.library import LibraryForm
from evaluations.library import choices_of, entry_of, library_matching, uses_of
from evaluations.models import LibraryIndicator
from evaluations.services.library import apply_import, plan_import, save_indicator, set_active
from evaluations.services.problems import Refused

from . import managing
from .carried import carried, carry, uploaded

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {"active": ("在用", True), "retired": ("已停用", False), "all": ("全部", None)}
SIGNS = (">=", "<=", "=", "定性")


@require_safe
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """按字、领域、级别找；每条今年、去年有几份材料用过。"""
    wanted = {name: request.GET.get(name, "")[:60] for name in ("q", "sector", "level2", "state")}
    wanted["state"] = wanted["state"] if wanted["state"] in STATES else "active"
    found = library_matching(
        wanted["q"], sector=wanted["sector"], level2=wanted["level2"], active=STATES[wanted["state"]][1]
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    uses = uses_of(one.name for one in page)
    context = {
        "rows": [_row(one, uses.get(one.name, (0, 0))) for one in page], "page": page, "wanted": wanted,
        "kept": urlencode(wanted), "sectors": choices_of("sector"), "levels": choices_of("level2"),
        "states": [{"name": name, "label": label} for name, (label, _) in STATES.items()],
        "filtered": any(wanted[name] for name in ("q", "sector", "level2")),
    }  # fmt: skip
    return render(request, "evaluations/manage/library.html", context)


def _row(one: LibraryIndicator, uses: tuple[int, int]) -> dict[str, Any]:
    entry = entry_of(one)
    return {
        "one": one,
        "target": shown_target(entry),
        "hints": hints_of(entry),
        "this": uses[0],
        "last": uses[1],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def indicator(request: HttpRequest, indicator_id: UUID | None = None) -> HttpResponse:
    """新增一条，或改一条。"""
    kept = LibraryIndicator.objects.filter(pk=indicator_id).first() if indicator_id else None
    if indicator_id and kept is None:
        raise Http404("指标库里没有这一条")
    sent = request.POST if request.method == "POST" else None
    initial = {column.field: getattr(kept, column.field) for column in HEADINGS.values()} if kept else {}
    form = LibraryForm(sent, initial=initial)
    if sent is not None and form.is_valid():
        try:
            saved = save_indicator(by=request.user, values=form.entry, indicator_id=indicator_id)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已保存 {saved}。选用过的材料不跟着变。")
            return redirect("evaluations:library")
    context = {
        "form": form, "kept": kept, "sectors": choices_of("sector"), "levels1": choices_of("level1"),
        "levels2": choices_of("level2"), "uses": uses_of([kept.name]).get(kept.name, (0, 0)) if kept else None,
        "hints": hints_of(entry_of(kept)) if kept else [],
    }  # fmt: skip
    return render(
        request, "evaluations/manage/indicator.html", context, status=409 if sent is not None else 200
    )


@require_POST
@managing(Role.PACK_ADMIN)
def active(request: HttpRequest, indicator_id: UUID) -> HttpResponse:
    """停用，或恢复。"""
    if not LibraryIndicator.objects.filter(pk=indicator_id).exists():
        raise Http404("指标库里没有这一条")
    one = set_active(by=request.user, indicator_id=indicator_id, active=request.POST.get("active") == "yes")
    told = "已恢复，可以再选。" if one.is_active else "已停用，不能再选；抄走的不变。"
    messages.success(request, f"{one} {told}")
    return redirect("evaluations:library")


@require_safe
@managing(Role.PACK_ADMIN)
def export(request: HttpRequest) -> HttpResponse:
    """整个指标库的表格，连停用的；改好可以导回来。"""
    columns = [
        Column(heading, one.width, one.required, SIGNS if heading == "性质" else ())
        for heading, one in HEADINGS.items()
    ]
    columns.append(Column(ACTIVE, 8, choices=("是", "否")))
    rows = [
        [*entry_of(one).values(), "是" if one.is_active else "否"] for one in LibraryIndicator.objects.all()
    ]
    notes = ["按编号对：有的改，没有的加，表里没有的不动。定量指标的“年度指标值”只填数。"]
    answer = HttpResponse(
        write_tables([Table("指标库", columns, rows, notes)], title="指标库"), content_type=XLSX
    )
    answer["Content-Disposition"] = content_disposition_header(True, "指标库.xlsx")
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def upload(request: HttpRequest) -> HttpResponse:
    """上传一个表格，先看会做什么。"""
    if request.method != "POST":
        return render(request, "evaluations/manage/library_import.html", {})
    try:
        name, sheets = uploaded(request)
        plan = plan_import(sheets)
        content = "" if plan.faults else carry(request, "library", {"name": name, "sheets": sheets})
    except Refused as refusal:
        return render(
            request, "evaluations/manage/library_import.html", {"refused": str(refusal)}, status=409
        )
    context = {"name": name, "plan": plan, "carried": content}
    return render(
        request, "evaluations/manage/library_import.html", context, status=409 if plan.faults else 200
    )


@require_POST
@managing(Role.PACK_ADMIN)
def apply(request: HttpRequest) -> HttpResponse:
    """看过以后，导入。"""
    try:
        content = carried(request, "library")
        plan = apply_import(by=request.user, sheets=content["sheets"], name=content["name"])
    except Refused as refusal:
        return render(
            request, "evaluations/manage/library_import.html", {"refused": str(refusal)}, status=409
        )
    messages.success(request, f"导入好了：新增 {len(plan.added)} 条，改了 {len(plan.amended)} 条。")
    return redirect("evaluations:library")


urlpatterns = [
    path("", index, name="library"),
    path("new/", indicator, name="library_new"),
    path("export/", export, name="library_export"),
    path("import/", upload, name="library_import"),
    path("import/apply/", apply, name="library_import_apply"),
    path("<uuid:indicator_id>/", indicator, name="library_indicator"),
    path("<uuid:indicator_id>/active/", active, name="library_active"),
]
