"""方案里逐项改的：指标与分值、字段、计分规则、核对规则。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from evaluations.core.prescribed import LOCK
from evaluations.core.schema import TEMPLATE_ID
from evaluations.core.trying import try_check
from evaluations.core.workflow import Role
from evaluations.forms.packs import LEVEL_WORDS, CheckForm, FieldForm, ParametersForm, RowForm
from evaluations.models import LibraryIndicator, Pack
from evaluations.pack_tables import (
    CHECKS,
    FIELDS,
    INDICATORS,
    LEVELS,
    SCORING,
    Templates,
    constants_of,
    fields_of,
    frame_of,
    tables_of,
    templates_of,
    total_of,
)
from evaluations.services.pack_drafts import PackEdit

from . import managing
from .pack_forms import preview_of
from .pack_page import edited, pack_of, pack_page, seen_value

# ---- 指标与分值 ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def indicators(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """指标树、选中的一行、旁边的表样。"""
    pack = pack_of(pack_id)
    found = templates_of(pack.files)
    here = next(
        (one for one in found if one.rows.key == request.GET.get("list")), found[0] if found else None
    )
    row = request.GET.get("row", "")
    form = _row_form(here, row, pack) if here else None
    status = 200
    if request.method == "POST":
        if here is None:
            raise Http404("这套方案没有指标模板")
        sent = _indicator_act(request, pack, here, row)
        if isinstance(sent, HttpResponse):
            return sent
        form, status = sent, 409
    tables = tables_of(pack.files)
    frame = frame_of(tables)
    named = [frame.named(one) for one in frame.rows] if frame else []
    weight = next((name for name in frame.columns if name not in LEVELS), "") if frame else ""
    context = {
        "lists": found, "here": here, "row": row, "form": form, "constants": constants_of(tables),
        "framed": total_of(iter(named), weight) if weight else "", "row_was": _row_was(here, row),
        "preview": preview_of(pack, here.scope, "指标") if here else None,
        "library": LibraryIndicator.objects.filter(is_active=True) if here else (),
        "moves": here is not None and here.rows.find(row) is not None,
    }  # fmt: skip
    return pack_page(request, pack, "pack_indicators", context, status=status)


def _row_was(here: Templates | None, row: str) -> Any:
    index = here.rows.find(row) if here and row else None
    return here.rows.rows[index] if here and index is not None else None


def _row_form(here: Templates, row: str, pack: Pack, data: Any = None) -> RowForm | None:
    index = here.rows.find(row)
    if index is None:
        return None
    values = here.rows.named(here.rows.rows[index])
    initial: dict[str, Any] = {**values, LOCK: values.get(LOCK) == "是"}
    initial["组"] = "|".join(values.get(name, "") for name in LEVELS)
    frame = frame_of(tables_of(pack.files))
    return RowForm(
        data, initial=initial, columns=here.rows.columns, directions=_directions(pack, here),
        groups=[(row[0], row[1]) for row in frame.rows if len(row) > 1] if frame else [],
    )  # fmt: skip


def _directions(pack: Pack, here: Templates) -> list[str]:
    shapes = tables_of(pack.files).get(INDICATORS, {}).get("shape", ())
    columns = (
        column for shape in shapes for column in shape.get("fields", ()) if column.get("key") == "性质"
    )
    return list(next(columns, {}).get("choices", ()))


def _indicator_act(
    request: HttpRequest, pack: Pack, here: Templates, row: str
) -> HttpResponse | RowForm | None:
    """指标页上的一个动作；没存成的表单返回来重填。"""
    sent, rows = request.POST, here.rows
    act, back = sent.get("act", ""), f"{request.path}?list={rows.key}"
    if act in ("weight", "constant"):
        return _put_number(request, pack, here, f"{back}&row={row}")
    if act == "add":
        values = {name: sent.get(name, "") for name in LEVELS} | _from_library(sent.get("library", ""))
        made = rows.packed(
            {**values, TEMPLATE_ID: rows.next_id(), "三级指标": values.get("三级指标") or "新的指标"}
        )
        edit = PackEdit(INDICATORS, rows.path, made, act="insert", index=_place_after(here, values))
        return _answer(request, pack, [edit], "增加一个指标", f"{back}&row={rows.next_id()}")
    index = rows.find(row)
    if index is None:
        raise Http404("没有这个指标")
    was = seen_value(request)
    if act == "remove":
        edit = PackEdit(INDICATORS, (*rows.path, index), None, was)
        return _answer(request, pack, [edit], f"删去指标“{rows.named(was or [])['三级指标']}”", back)
    if act in ("up", "down"):
        to = _neighbour(here, index, -1 if act == "up" else 1)
        edits = [] if to is None else [PackEdit(INDICATORS, rows.path, to, was, act="move", index=index)]
        return _answer(request, pack, edits, "移动指标", f"{back}&row={row}")
    form = _row_form(here, row, pack, sent)
    if form is None or not form.is_valid():
        return form
    value = rows.packed({**rows.named(rows.rows[index]), **form.values()})
    edits = [] if value == was else [PackEdit(INDICATORS, (*rows.path, index), value, was)]
    reason = edited(request, pack, edits, f"指标“{form.values()['三级指标']}”") if edits else ""
    if reason:
        form.add_error(None, reason)
        return form
    return redirect(f"{back}&row={row}")


def _answer(request: HttpRequest, pack: Pack, edits: list[PackEdit], what: str, back: str) -> HttpResponse:
    reason = edited(request, pack, edits, what) if edits else ""
    if reason:
        messages.error(request, reason)
    return redirect(back)


def _put_number(request: HttpRequest, pack: Pack, here: Templates, back: str) -> HttpResponse:
    """一个规定分值，或一个常数；位置由页面上的名称去找，不由页面给。"""
    sent = request.POST
    named = {f"constant:{name}": (name, at) for name, _, at in constants_of(tables_of(pack.files))}
    named |= {f"weight:{one.name}": (f"{one.name}的规定分值", one.path) for one in here.tree if one.path}
    what, at = named.get(f"{sent.get('act')}:{sent.get('name', '')}", ("", None))
    if at is None:
        raise Http404("没有这一项")
    edit = PackEdit(INDICATORS, at, sent.get("value", "").strip()[:20], seen_value(request))
    return _answer(request, pack, [edit], what, back)


def _from_library(id_: str) -> dict[str, str]:
    """从指标库抄来的各列；没有选为空。"""
    if not id_:
        return {}
    found = LibraryIndicator.objects.filter(code=id_, is_active=True).first()
    if found is None:
        raise Http404("指标库里没有这一条")
    values = {
        "一级指标": found.level1, "二级指标": found.level2, "三级指标": found.name, "性质": found.direction,
        "年度指标值": found.target, "计量单位": found.unit, "填报说明": found.help,
    }  # fmt: skip
    return {name: text for name, text in values.items() if text}


def _place_after(here: Templates, values: dict[str, str]) -> int:
    """同组最后一行的后面；没有同组的就在最后。"""
    rows = here.rows
    group = [values.get(name, "") for name in LEVELS]
    same = [
        n for n, row in enumerate(rows.rows) if [rows.named(row).get(name, "") for name in LEVELS] == group
    ]
    return same[-1] + 1 if same else len(rows.rows)


def _neighbour(here: Templates, index: int, step: int) -> int | None:
    """同组的上一行或下一行；到头了为 None。"""
    rows = here.rows
    group = [rows.named(rows.rows[index]).get(name) for name in LEVELS]
    target = index + step
    while 0 <= target < len(rows.rows):
        if [rows.named(rows.rows[target]).get(name) for name in LEVELS] == group:
            return target
        target += step
    return None


# ---- 字段 ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def fields(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """字段的说法和填报说明；可以按名称找。"""
    pack = pack_of(pack_id)
    asked, chosen = request.GET.get("q", "").strip(), request.GET.get("field", "")
    rows = fields_of(pack.files)
    found = next((one for one in rows if "/".join(map(str, one.path)) == chosen), None)
    shown = [
        one for one in rows if asked in one.key or asked in one.name or asked in str(one.raw.get("help", ""))
    ]
    form = FieldForm(request.POST or None, initial=dict(found.raw)) if found else None
    status = 200
    if request.method == "POST":
        status = 409
        if found is None or form is None:
            raise Http404("没有这个字段")
        if form.is_valid():
            was = seen_value(request) or {}
            edits = [
                PackEdit(FIELDS, (*found.path, name), value, was.get(name))
                for name, value in form.values().items()
                if value != was.get(name)
            ]
            reason = edited(request, pack, edits, f"字段“{found.name}”") if edits else ""
            if not reason:
                return redirect(request.get_full_path())
            form.add_error(None, reason)
    was = {name: found.raw.get(name) for name in FieldForm.base_fields} if found else None
    context = {
        "rows": [(one, "/".join(map(str, one.path))) for one in shown],
        "q": asked,
        "found": found,
        "form": form,
        "was": was,
    }
    return pack_page(request, pack, "pack_fields", context, status=status)


# ---- 计分规则 --------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def scoring(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """计分的参数，和哪些格按什么方法算。"""
    pack = pack_of(pack_id)
    table = tables_of(pack.files).get(SCORING, {})
    now = table.get("parameters", {})
    form = ParametersForm(request.POST or None, initial=ParametersForm.initial_of(now))
    status = 200
    if request.method == "POST":
        status = 409
        if form.is_valid():
            was = seen_value(request) or {}
            edits = [
                PackEdit(SCORING, ("parameters", name), value, was.get(name))
                for name, value in form.values().items()
                if value != was.get(name) and (value or name in was)
            ]
            reason = edited(request, pack, edits, "计分规则") if edits else ""
            if not reason:
                return redirect(request.path)
            form.add_error(None, reason)
    return pack_page(
        request,
        pack,
        "pack_scoring",
        {"form": form, "was": now, "scores": table.get("scores", ())},
        status=status,
    )


# ---- 核对规则 --------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def checks(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """核对规则的清单；可以新加一条。"""
    pack = pack_of(pack_id)
    rows = tables_of(pack.files).get(CHECKS, {}).get("checks", ())
    if request.method == "POST":
        first = next(
            (
                name
                for name in (one.key for one in fields_of(pack.files))
                if "*" not in name and "[" not in name
            ),
            "",
        )
        made = {
            "code": "Z01",
            "level": "info",
            "title": "新的核对",
            "expr": f"not BLANK({first})",
            "cells": [first],
            "message": "",
        }
        edit = PackEdit(CHECKS, ("checks",), made, act="insert", index=len(rows))
        reason = edited(request, pack, [edit], "增加一条核对")
        if reason:
            messages.error(request, reason)
            return redirect(request.path)
        return redirect("evaluations:pack_check", pack_id=pack.pk, number=len(rows) + 1)
    asked = request.GET.get("q", "").strip()
    shown = [
        {
            "number": number,
            "raw": raw,
            "level": LEVEL_WORDS.get(raw.get("level", ""), ""),
            "where": "、".join(one or "部门" for one in raw.get("scopes", [""])),
        }
        for number, raw in enumerate(rows, 1)
        if asked
        in f"{raw.get('code', '')} {raw.get('title', '')} {raw.get('message', '')} {raw.get('expr', '')}"
    ]
    return pack_page(request, pack, "pack_checks", {"rows": shown, "q": asked, "total": len(rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def check(request: HttpRequest, pack_id: UUID, number: int) -> HttpResponse:
    """一条核对：级别、条件、消息，当场试。"""
    pack = pack_of(pack_id)
    tables = tables_of(pack.files)
    rows = tables.get(CHECKS, {}).get("checks", ())
    if not 1 <= number <= len(rows):
        raise Http404("没有这条核对")
    raw = rows[number - 1]
    scopes = [str(one.get("name", "")) for one in tables.get(FIELDS, {}).get("scope", ())]
    form = CheckForm(
        request.POST or None, initial=CheckForm.initial_of(raw), scopes=scopes, named="fn" in raw
    )
    status = 200
    if request.method == "POST":
        status = 409
        if request.POST.get("act") == "remove":
            edit = PackEdit(CHECKS, ("checks", number - 1), None, seen_value(request))
            if not (reason := edited(request, pack, [edit], f"删去核对 {raw.get('code')}")):
                return redirect("evaluations:pack_checks", pack_id=pack.pk)
            form.add_error(None, reason)
        elif form.is_valid():
            value = {**raw, **form.values()}
            value = {name: one for name, one in value.items() if one is not None}
            edits = _check_edits(number - 1, seen_value(request) or {}, value)
            reason = edited(request, pack, edits, f"核对 {value['code']}") if edits else ""
            if not reason:
                return redirect(request.path)
            form.add_error(None, reason)
    context = {
        "form": form,
        "number": number,
        "raw": raw,
        "was": raw,
        "total": len(rows),
        "values": _known(pack),
    }
    return pack_page(request, pack, "pack_check", context, status=status)


def _check_edits(index: int, was: dict[str, Any], value: dict[str, Any]) -> list[PackEdit]:
    names = dict.fromkeys([*was, *value])
    return [
        PackEdit(CHECKS, ("checks", index, name), value.get(name), was.get(name))
        for name in names
        if value.get(name) != was.get(name)
    ]


def _known(pack: Pack) -> list[str]:
    """能写在条件里的名称，给人查。"""
    built, _ = pack.examined()
    if built is None:
        return []
    found = [path for scope in built.schema.scopes() for path, _ in scope.all_fields()]
    return sorted({*found, *built.constants})


@require_POST
@managing(Role.PACK_ADMIN)
def trial_of_check(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """试一条还没存的核对：条件怎么读，给的数成不成立。"""
    pack = pack_of(pack_id)
    built, _ = pack.examined()
    sent = request.POST
    raw = {name: sent.get(name, "") for name in ("each", "when", "expr", "message")}
    raw["scopes"] = [one.removeprefix("-") for one in sent.getlist("scopes")] or [""]
    given = {name.removeprefix("value:"): text for name, text in sent.items() if name.startswith("value:")}
    tried = try_check(built, raw, given) if built else None
    return render(
        request,
        "evaluations/manage/_tried.html",
        {"tried": tried, "back": reverse("evaluations:pack", args=[pack.pk])},
    )
