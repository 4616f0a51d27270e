"""公告和退回用语。"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations.core.workflow import Role
from evaluations.forms.rounds import NoticeForm, PhraseForm
from evaluations.models import Notice, Phrase
from evaluations.services import notices as service
from evaluations.services.problems import Missing, Refused

from . import managing

READ_OR_SEND = ["GET", "HEAD", "POST"]


@require_safe
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """公告清单和退回用语。"""
    context = {
        "notices": Notice.objects.select_related("by"), "phrases": Phrase.objects.all(), "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "evaluations/manage/notices.html", context)


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def notice(request: HttpRequest, notice_id: UUID | None = None) -> HttpResponse:
    """发一条公告，或改一条。"""
    found = get_object_or_404(Notice, pk=notice_id) if notice_id else Notice(since=timezone.localdate())
    initial = {name: getattr(found, name) for name in NoticeForm.base_fields}
    form = NoticeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.put_notice(user=request.user, notice_id=notice_id, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "公告已发出。" if notice_id is None else "公告已改。")
            return redirect("evaluations:notices")
    context = {
        "form": form,
        "title": "改公告" if notice_id else "发公告",
        "button": "存好" if notice_id else "发出",
    }
    return render(
        request, "evaluations/manage/notice.html", context, status=409 if request.method == "POST" else 200
    )


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def phrase(request: HttpRequest, phrase_id: UUID | None = None) -> HttpResponse:
    """加一条退回用语，或改一条。"""
    found = get_object_or_404(Phrase, pk=phrase_id) if phrase_id else Phrase()
    form = PhraseForm(request.POST if request.method == "POST" else None, initial={"text": found.text})
    if request.method == "POST" and form.is_valid():
        try:
            service.put_phrase(user=request.user, phrase_id=phrase_id, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "退回用语已存好。")
            return redirect("evaluations:notices")
    context = {"form": form, "title": "改退回用语" if phrase_id else "加退回用语", "button": "存好"}
    return render(
        request, "evaluations/manage/notice.html", context, status=409 if request.method == "POST" else 200
    )


@require_POST
@managing(Role.PACK_ADMIN)
def notice_drop(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """撤下一条公告。"""
    try:
        service.drop_notice(user=request.user, notice_id=notice_id)
    except Missing:
        raise Http404("没有这条公告") from None
    messages.success(request, "公告已撤下。")
    return redirect("evaluations:notices")


@require_POST
@managing(Role.PACK_ADMIN)
def phrase_act(request: HttpRequest, phrase_id: UUID) -> HttpResponse:
    """上移、下移、删除一条退回用语。"""
    act = request.POST.get("act", "")
    try:
        if act == "drop":
            service.drop_phrase(user=request.user, phrase_id=phrase_id)
        elif act in ("up", "down"):
            service.move_phrase(user=request.user, phrase_id=phrase_id, up=act == "up")
        else:
            get_object_or_404(Phrase, pk=phrase_id)
            messages.error(request, "不认识的动作。请刷新页面后再试。")
    except Missing:
        raise Http404("没有这条用语") from None
    there = f"?moved={phrase_id}&act={act}#phrases" if act in ("up", "down") else "#phrases"
    return redirect(reverse("evaluations:notices") + there)


urlpatterns = [
    path("", index, name="notices"),
    path("new/", notice, name="notice_new"),
    path("<uuid:notice_id>/", notice, name="notice"),
    path("<uuid:notice_id>/drop/", notice_drop, name="notice_drop"),
    path("phrases/new/", phrase, name="phrase_new"),
    path("phrases/<uuid:phrase_id>/", phrase, name="phrase"),
    path("phrases/<uuid:phrase_id>/act/", phrase_act, name="phrase_act"),
]
