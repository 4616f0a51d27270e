"""从指标库里选：填报时加一行，编方案时加一条，搜的是同一个接口。"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from evaluations import access
from evaluations.core.layout import Layout
from evaluations.core.library import row_texts, shown_target
from evaluations.core.schema import ListField
from evaluations.library import choices_of, entry_of, library_matching, uses_of
from evaluations.models import LibraryIndicator
from evaluations.services.problems import Refused

from .api import answer, json_api

MOST_SHOWN = 30


@json_api
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """在用的各条：``q`` 找字，``sector``、``level1``、``level2`` 筛选；连用过多少次。"""
    if not access.picks_from_library(request.user):
        raise Http404("没有这个页面")
    asked = {name: request.GET.get(name, "")[:60] for name in ("sector", "level1", "level2")}
    found = library_matching(request.GET.get("q", "")[:100], **asked)
    shown = list(found[: MOST_SHOWN + 1])
    uses = uses_of(one.name for one in shown)
    results = [indicator_json(one, uses.get(one.name, (0, 0))) for one in shown[:MOST_SHOWN]]
    return answer({"results": results, "more": len(shown) > MOST_SHOWN, "sectors": choices_of("sector")})


def indicator_json(one: LibraryIndicator, uses: tuple[int, int]) -> dict[str, Any]:
    """一条给页面的样子；``uses`` 是今年、去年各有几份材料用过。"""
    return {
        "id": str(one.pk), "code": one.code, "sector": one.sector, "level1": one.level1, "level2": one.level2,
        "name": one.name, "direction": one.direction, "target": one.target, "unit": one.unit,
        "shown": shown_target(entry_of(one)), "help": one.help, "good": one.good, "bad": one.bad,
        "this_year": uses[0], "last_year": uses[1],
    }  # fmt: skip


def library_texts(asked: str, layout: Layout, rows: ListField | None) -> dict[str, str]:
    """选的那一条抄到这个列表里的各列；没有选为空。选的停用了、没有了抛 ``Refused``。"""
    if not asked or rows is None:
        return {}
    try:
        one = LibraryIndicator.objects.filter(pk=UUID(asked), is_active=True).first()
    except ValueError:
        one = None
    if one is None:
        raise Refused("指标库里没有这一条，可能已停用。请重新找一条。")
    texts = row_texts(entry_of(one), apart=layout.asks(f"{rows.key}.性质"))
    return {name: text for name, text in texts.items() if name in rows.fields}
