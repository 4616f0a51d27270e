"""年度任务：清单、新建、基本、单位、结束、收回。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.core.workflow import Role
from evaluations.forms.rounds import RoundForm, initial_of
from evaluations.models import Pack, Round
from evaluations.progress import flat, rounds_with_counts, tree, untouched
from evaluations.services import rounds as service
from evaluations.services.problems import Refused

from . import managing, moving, opening, progress, viewing
from .round_pages import page, task_of

READ_OR_SEND = ["GET", "HEAD", "POST"]


@require_safe
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """全部任务，按年度。"""
    rows = [{"task": task, "counts": counts} for task, counts in rounds_with_counts()]
    return render(request, "evaluations/manage/rounds.html", {"rows": rows, "packs": published().exists()})


def published() -> Any:
    """能用的方案，新的在前。"""
    return Pack.objects.filter(state=Pack.State.PUBLISHED).order_by("-year", "key", "-version")


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """新建任务：向导的第一步。"""
    pack = published().first()
    initial = {"pack": pack.pk, "name": f"{pack.year}年度部门整体支出绩效自评"} if pack else {}
    form = RoundForm(request.POST or None, packs=published(), initial=initial)
    made = _try(form, lambda given: service.plan_round(user=request.user, **given)) if request.POST else None
    if made is not None:
        return redirect("evaluations:round_units", round_id=made.pk)
    status = 409 if request.POST else 200
    return render(
        request, "evaluations/manage/round_new.html", {"form": form, "packs": pack is not None}, status=status
    )


def _try(form: RoundForm, do: Callable[[dict[str, Any]], Round]) -> Round | None:
    """填对了就做；没做成的，原因写在表单上。"""
    if not form.is_valid():
        return None
    try:
        return do(form.given)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def edit(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """基本：名称、方案、截止时间。"""
    task = task_of(round_id)
    packs = (
        published() | Pack.objects.filter(pk=task.pack_id)
        if task.opened_at is None
        else Pack.objects.filter(pk=task.pack_id)
    )
    sent = request.POST if request.method == "POST" else None
    form = RoundForm(sent, packs=packs, initial=initial_of(task))
    if sent is not None and _try(
        form, lambda given: service.change_round(round_id=task.pk, user=request.user, **given)
    ):
        messages.success(request, "已存好。")
        return redirect(
            "evaluations:round_units" if task.opened_at is None else "evaluations:round", round_id=task.pk
        )
    return page(request, "round_edit", task, "round_edit", 200 if sent is None else 409, form=form)


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def units(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """要报的单位：一棵树，勾选。"""
    task = task_of(round_id)
    sent = request.POST.getlist("units") if request.method == "POST" else None
    status = 200
    if sent is not None:
        try:
            count = service.ask_units(round_id=task.pk, user=request.user, units=_ids(sent))
        except Refused as refusal:
            messages.error(request, str(refusal))
            status = 409
        else:
            messages.success(
                request, f"已选 {count} 个单位。" if task.opened_at is None else f"新加了 {count} 个单位。"
            )
            return redirect(
                "evaluations:round_preview" if task.opened_at is None else "evaluations:round",
                round_id=task.pk,
            )
    issued = set(task.submissions.values_list("department_id", flat=True)) if task.opened_at else set()
    chosen = set(sent) if sent is not None else {str(pk) for pk in task.asked.values_list("pk", flat=True)}
    nodes = tree()
    context = {
        "nodes": nodes, "issued": issued, "chosen": chosen, "total": len(flat(nodes)),
        "count": sum(1 for node in flat(nodes) if str(node.unit.pk) in chosen or node.unit.pk in issued),
    }  # fmt: skip
    return page(request, "round_units", task, "round_units", status, **context)


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise Refused("单位的编号写法不对。请刷新页面后重新选。") from None


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def close(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """结束：先看谁还没有办完。"""
    task = task_of(round_id)
    sent = request.POST if request.method == "POST" else None
    if sent is not None:
        try:
            service.close_round(round_id=task.pk, user=request.user, reason=sent.get("reason", ""))
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"“{task.name}”已结束。已送审的照常审完。")
            return redirect("evaluations:round", round_id=task.pk)
    lines = progress.unfinished(task)
    context = {
        "waiting": lines["waiting"],
        "reviewing": lines["reviewing"],
        "reason": sent.get("reason", "") if sent else "",
    }
    return page(request, "round_close", task, "round_close", 200 if sent is None else 409, **context)


ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "reopen": (service.reopen_round, "已重新开放。截止时间已过的，还要改截止时间或延期。"),
    "take_back": (service.take_back, "已收回，单位看不到了。改好以后可以再开放。"),
    "drop": (service.drop_round, "已删除。"),
}


@require_http_methods(READ_OR_SEND)
@managing(Role.PACK_ADMIN)
def act(request: HttpRequest, round_id: UUID, action: str) -> HttpResponse:
    """重新开放、收回、删除：问一次，写理由。"""
    task = task_of(round_id)
    if action not in ACTS:
        raise Http404("没有这一页")
    do, words = ACTS[action]
    sent = request.POST if request.method == "POST" else None
    reason = sent.get("reason", "") if sent is not None else ""
    if sent is not None:
        given = {} if action == "drop" else {"reason": reason}
        try:
            do(round_id=task.pk, user=request.user, **given)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, words)
            return (
                redirect("evaluations:rounds")
                if action == "drop"
                else redirect("evaluations:round", round_id=task.pk)
            )
    context = {"action": action, "reason": reason, "touched": untouched(task)}
    return page(request, "round_act", task, "round_act", 200 if sent is None else 409, **context)


urlpatterns = [
    path("", index, name="rounds"),
    path("new/", new, name="round_new"),
    path("view-as/end/", viewing.end, name="view_as_end"),
    path("view-as/<uuid:user_id>/", viewing.begin, name="view_as"),
    path("<uuid:round_id>/", progress.detail, name="round"),
    path("<uuid:round_id>/each/", progress.each, name="round_each"),
    path("<uuid:round_id>/edit/", edit, name="round_edit"),
    path("<uuid:round_id>/units/", units, name="round_units"),
    path("<uuid:round_id>/preview/", opening.preview, name="round_preview"),
    path("<uuid:round_id>/preview/<slug:form>/<slug:to>/", opening.document, name="round_document"),
    path("<uuid:round_id>/open/", opening.open_, name="round_open"),
    path("<uuid:round_id>/close/", close, name="round_close"),
    path("<uuid:round_id>/roll/", moving.roll, name="round_roll"),
    path("<uuid:round_id>/repack/", moving.repack_round, name="round_repack"),
    path("<uuid:round_id>/repack/<uuid:submission_id>/", moving.repack_one, name="round_repack_one"),
    path("<uuid:round_id>/<slug:action>/", act, name="round_act"),
]
