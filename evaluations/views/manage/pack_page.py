"""改方案各页共有的：取方案、页头和页签、错误指到哪一页、存一处。"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evaluations.core.faults import Fault
from evaluations.models import Pack
from evaluations.pack_tables import CHECKS, FIELDS, INDICATORS, SCORING
from evaluations.services.pack_drafts import PackEdit, edit_draft
from evaluations.services.problems import Refused

TABS = (
    ("pack", "基本信息"), ("pack_indicators", "指标与分值"), ("pack_fields", "字段"), ("pack_scoring", "计分规则"),
    ("pack_checks", "核对规则"), ("pack_forms", "表样和报告提纲"), ("pack_source", "原文"),
)  # fmt: skip
PAGE_OF = {
    "pack.toml": "pack",
    INDICATORS: "pack_indicators",
    FIELDS: "pack_fields",
    SCORING: "pack_scoring",
    CHECKS: "pack_checks",
}


def pack_of(pack_id: UUID) -> Pack:
    """取一套方案；没有是 404。"""
    pack = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise Http404("没有这套方案")
    return pack


def pack_page(
    request: HttpRequest,
    pack: Pack,
    tab: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    template: str = "",
) -> HttpResponse:
    """一页：页头、页签、错误清单，和这一页自己的内容。"""
    _, faults = pack.examined()
    shared = {
        "pack": pack, "draft": pack.state == Pack.State.DRAFT, "tab": tab,
        "tabs": [{"label": label, "url": reverse(f"evaluations:{name}", args=[pack.pk]), "current": name == tab} for name, label in TABS],
        "faults": [{"text": fault.message, "url": fault_url(pack, fault)} for fault in faults],
    }  # fmt: skip
    return render(request, f"evaluations/manage/{template or tab}.html", {**shared, **context}, status=status)


def fault_url(pack: Pack, fault: Fault) -> str:
    """一处错误在哪一页改。"""
    number = fault.item.removeprefix("第").removesuffix("条")
    if fault.file == CHECKS and number.isdigit():
        return reverse("evaluations:pack_check", args=[pack.pk, int(number)])
    name = PAGE_OF.get(fault.file, "pack_source")
    url = reverse(f"evaluations:{name}", args=[pack.pk])
    if name == "pack_source":
        return f"{url}?file={fault.file}"
    return f"{url}?q={fault.item}" if name == "pack_fields" and fault.item else url


def edited(request: HttpRequest, pack: Pack, edits: Sequence[PackEdit], what: str) -> str:
    """存若干处；没存成返回原因，存成了为空串。"""
    try:
        edit_draft(pack_id=pack.pk, user=request.user, edits=edits, what=what)
    except Refused as refusal:
        return str(refusal)
    messages.success(request, f"已保存：{what}。")
    return ""


def seen_value(request: HttpRequest, name: str = "was") -> Any:
    """页面上看到的旧值（JSON）；没有为 None。"""
    try:
        return json.loads(request.POST.get(name) or "null")
    except ValueError:
        raise Http404("页面不对") from None
