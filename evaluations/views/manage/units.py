"""单位：树、增、改、移、并、停用。导入见 unit_import.py。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access
from evaluations.forms.units import AddUnitForm, MergeForm, MoveForm, UnitForm
from evaluations.roster import current_posts, first_steps, unit_rows
from evaluations.services import units as service
from evaluations.services.problems import Refused
from units.models import Department

from . import managing, unit_import


@require_safe
@managing(*access.UNIT_ADMINS)
def index(request: HttpRequest) -> HttpResponse:
    """单位树；财政局的管理员还看到开始使用的几步。"""
    asked, closed = request.GET.get("q", "").strip()[:40], request.GET.get("tab") == "closed"
    rows = unit_rows(request.user, asked=asked, closed=closed)
    whole = bool(access.administers(request.user) & access.BUREAU_ADMINS)
    steps = first_steps() if whole else []
    context = {
        "rows": rows, "found": sum(not row.context for row in rows), "asked": asked, "closed": closed,
        "may_import": whole, "steps": steps if not all(step.done for step in steps) else [],
    }  # fmt: skip
    return render(request, "evaluations/units.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@managing(*access.UNIT_ADMINS)
def add(request: HttpRequest) -> HttpResponse:
    """加一个单位。"""
    units = list(access.managed_by(request.user).filter(is_active=True))
    kinds = service.kinds_for(request.user, units[0]) if units else []
    sent = request.POST if request.method == "POST" else None
    start = {"parent": request.GET.get("parent", ""), "kind": Department.Kind.UNIT}
    form = AddUnitForm(sent, units=units, kinds=kinds, initial=start)
    if sent is not None and form.is_valid():
        try:
            made = service.add_unit(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已增加 {made}。")
            return redirect("evaluations:units")
    status = 200 if sent is None else 409
    return render(request, "evaluations/unit_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@managing(*access.UNIT_ADMINS)
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """一个单位：改、移、停用、并入，和在任的人。"""
    here = access.get_managed(request.user, unit_id)
    sent = request.POST if request.method == "POST" else None
    act = sent.get("act", "") if sent is not None else ""
    forms = _forms(request, here, sent, act)
    if sent is not None and _done(request, here, act, forms):
        return redirect("evaluations:unit", unit_id=here.pk)
    posts = current_posts().filter(department=here).select_related("user", "stand_in_for")
    context = {
        "unit": here, "forms": forms, "posts": posts, "may_change": service.may_change(request.user, here),
        "may_govern": service.may_govern(request.user, here) and here.parent is not None,
        "may_move": service.may_change(request.user, here) and here.parent is not None and here.is_active,
        "merged": here.merged.all(),
    }  # fmt: skip
    return render(request, "evaluations/unit.html", context, status=200 if sent is None else 409)


def _forms(request: HttpRequest, here: Department, sent: Any, act: str) -> dict[str, Any]:
    active = list(access.managed_by(request.user).filter(is_active=True))
    below = access.subtree([here.pk])
    others = [one for one in active if one.pk not in below]
    kinds = service.kinds_for(request.user, here.parent) if here.parent else [here.kind]
    start = {"name": here.name, "code": here.code or "", "kind": here.kind}
    return {
        "edit": UnitForm(
            sent if act == "edit" else None, kinds=dict.fromkeys([*kinds, here.kind]), initial=start, prefix="edit"
        ),
        "move": MoveForm(
            sent if act == "move" else None, units=others, initial={"parent": here.parent_id}, prefix="move"
        ),
        "merge": MergeForm(sent if act == "merge" else None, units=others, prefix="merge"),
    }  # fmt: skip


ACTS = {
    "edit": (service.edit_unit, "已改好。"),
    "move": (service.move_unit, "已移好。"),
    "merge": (service.merge_unit, "已并入，人和项目都转过去了。"),
    "disable": (service.disable_unit, "已停用，不再下达新任务。"),
    "enable": (service.enable_unit, "已恢复使用。"),
}


def _done(request: HttpRequest, here: Department, act: str, forms: dict[str, Any]) -> bool:
    """做成了返回真；没做成的，原因写在表单上或提示条里。"""
    form = forms.get(act)
    if act not in ACTS or (form is not None and not form.is_valid()):
        return False
    given = {} if form is None else {name: v for name, v in form.cleaned_data.items() if name != "sure"}
    do, words = ACTS[act]
    try:
        do(by=request.user, unit_id=here.pk, **given)  # type: ignore[operator]
    except Refused as refusal:
        if form is None:
            messages.error(request, str(refusal))
        else:
            form.add_error(None, str(refusal))
        return False
    messages.success(request, words)
    return True


urlpatterns = [
    path("", index, name="units"),
    path("add/", add, name="unit_add"),
    path("import/", unit_import.upload, name="unit_import"),
    path("import/template/", unit_import.template, name="unit_template"),
    path("import/confirm/", unit_import.confirm, name="unit_confirm"),
    path("<uuid:unit_id>/", unit, name="unit"),
]
