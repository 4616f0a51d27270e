"""方案：清单、复制、导入导出、基本信息、发布、原文、比较。"""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations.core.comparing import compare, tables_of
from evaluations.core.workflow import Role
from evaluations.forms.packs import ArchiveForm, CopyForm, HeadForm
from evaluations.models import Pack
from evaluations.services import pack_drafts
from evaluations.services.pack_drafts import MAX_ARCHIVE, PackEdit
from evaluations.services.problems import Refused

from ..documents import download
from . import managing
from .pack_forms import form_preview, forms, trial
from .pack_items import check, checks, fields, indicators, scoring, trial_of_check
from .pack_page import edited, pack_of, pack_page, seen_value

ACTS = {"retire": ("停用", pack_drafts.retire_pack), "discard": ("丢弃", pack_drafts.discard_draft)}


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """方案清单：同一套的各版放在一起；可以导入文件。"""
    form = ArchiveForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 409
        if form.is_valid():
            try:
                made = pack_drafts.import_archive(
                    data=form.cleaned_data["archive"].read(MAX_ARCHIVE + 1), user=request.user
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, f"已导入成草稿：{made}。")
                return redirect("evaluations:pack", pack_id=made.pk)
    rows = (
        Pack.objects.defer("files").annotate(used=Count("submissions")).order_by("-year", "key", "-version")
    )
    return render(request, "evaluations/manage/packs.html", {"packs": rows, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def copy(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """复制成草稿：原方案的新版本，或下一年的。"""
    source = pack_of(pack_id)
    year = source.year + (1 if request.GET.get("next") else 0)
    initial = {
        "key": source.key.replace(str(source.year), str(year)), "year": year,
        "name": re.sub(str(source.year), str(year), source.name),
    }  # fmt: skip
    form = CopyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = pack_drafts.copy_pack(pack_id=source.pk, user=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已复制成草稿：{made}。改好后发布。")
            return redirect("evaluations:pack", pack_id=made.pk)
    status = 409 if request.method == "POST" else 200
    return render(
        request, "evaluations/manage/pack_copy.html", {"source": source, "form": form}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def overview(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """基本信息；草稿在这里发布。"""
    pack = pack_of(pack_id)
    head = tables_of(pack.files).get("pack.toml", {})
    shown = {**head, "basis": "\n".join(head.get("basis", ())), "steps": list(head.get("steps", ()))}
    form = HeadForm(request.POST or None, initial=shown)
    status = 200
    if request.method == "POST":
        status = 409
        if form.is_valid():
            was = seen_value(request) or {}
            values = form.values()
            changed = [
                PackEdit("pack.toml", (name,), value, was.get(name))
                for name, value in values.items()
                if value != was.get(name)
            ]
            reason = edited(request, pack, changed, "基本信息") if changed else ""
            if not reason:
                return redirect("evaluations:pack", pack_id=pack.pk)
            form.add_error(None, reason)
    was = {name: head.get(name) for name in ("name", "place", "basis", "steps")}
    context = {"form": form, "was": was}
    return pack_page(request, pack, "pack", context, status=status)


def _others(pack: Pack) -> list[Pack]:
    """可以拿来比较的：同一套的别的版本，和它的来源。"""
    rows = Pack.objects.defer("files").filter(key=pack.key).exclude(pk=pack.pk)
    found = list(rows.order_by("-version")[:20])
    source = pack.copied_from
    return found if source is None or source in found else [source, *found]


@require_POST
@managing(Role.PACK_ADMIN)
def publish(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """发布草稿。"""
    pack = pack_of(pack_id)
    sent = request.POST
    try:
        pack_drafts.publish_pack(
            pack_id=pack.pk, user=request.user, seen=sent.get("seen", ""), changes=sent.get("changes", "")
        )
    except Refused as refusal:
        for line in str(refusal).splitlines():
            messages.error(request, line)
    else:
        messages.success(request, f"已发布 {pack}。从此不再改，可以选给年度任务。")
    return redirect("evaluations:pack", pack_id=pack.pk)


@require_POST
@managing(Role.PACK_ADMIN)
def act(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """停用一个版本、丢弃一份草稿。"""
    pack = pack_of(pack_id)
    word, service = ACTS.get(request.POST.get("act", ""), ("", None))
    if service is None:
        raise Http404("没有这个动作")
    try:
        service(pack_id=pack.pk, user=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("evaluations:pack", pack_id=pack.pk)
    messages.success(request, f"已{word} {pack}。")
    return redirect("evaluations:packs")


@require_safe
@managing(Role.PACK_ADMIN)
def export(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """导出：各个文件的压缩包，与导入互逆。"""
    pack = pack_of(pack_id)
    return download(pack_drafts.archive(pack), "zip", f"{pack.key}_第{pack.version}版")


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def source(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """一个文件的原文：别的页改不到的在这里改。"""
    pack = pack_of(pack_id)
    file = request.GET.get("file") or "pack.toml"
    if file not in pack.files:
        raise Http404("没有这个文件")
    text, problem = pack.files[file], ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            pack_drafts.replace_file(
                pack_id=pack.pk, user=request.user, file=file, text=text, seen=request.POST.get("seen", "")
            )
        except Refused as refusal:
            problem = str(refusal)
        else:
            messages.success(request, f"已保存 {file}。")
            return redirect(f"{request.path}?file={file}")
    context = {
        "files": sorted(pack.files),
        "file": file,
        "text": text,
        "problem": problem,
        "rows": min(max(text.count("\n") + 3, 12), 40),
    }
    return pack_page(request, pack, "pack_source", context, status=409 if problem else 200)


@require_safe
@managing(Role.PACK_ADMIN)
def comparison(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """与另一版的不同，用话说。"""
    pack = pack_of(pack_id)
    others = _others(pack)
    wanted = request.GET.get("with", "")
    other = next((one for one in others if str(one.pk) == wanted), others[0] if others else None)
    found = compare(pack_of(other.pk).files, pack.files) if other else []
    return pack_page(request, pack, "pack_compare", {"other": other, "others": others, "differences": found})


urlpatterns = [
    path("", index, name="packs"),
    path("<uuid:pack_id>/", overview, name="pack"),
    path("<uuid:pack_id>/copy/", copy, name="pack_copy"),
    path("<uuid:pack_id>/publish/", publish, name="pack_publish"),
    path("<uuid:pack_id>/act/", act, name="pack_act"),
    path("<uuid:pack_id>/export/", export, name="pack_export"),
    path("<uuid:pack_id>/source/", source, name="pack_source"),
    path("<uuid:pack_id>/compare/", comparison, name="pack_compare"),
    path("<uuid:pack_id>/indicators/", indicators, name="pack_indicators"),
    path("<uuid:pack_id>/fields/", fields, name="pack_fields"),
    path("<uuid:pack_id>/scoring/", scoring, name="pack_scoring"),
    path("<uuid:pack_id>/checks/", checks, name="pack_checks"),
    path("<uuid:pack_id>/checks/<int:number>/", check, name="pack_check"),
    path("<uuid:pack_id>/checks/try/", trial_of_check, name="pack_check_try"),
    path("<uuid:pack_id>/forms/", forms, name="pack_forms"),
    path("<uuid:pack_id>/forms/<slug:form>/<slug:to>/", form_preview, name="pack_form"),
    path("<uuid:pack_id>/trial/", trial, name="pack_trial"),
]
