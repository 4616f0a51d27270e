"""读的一边：指标库，按领域、级别、字来找；每条用过多少次。什么都不改。"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from django.db.models import Count, Max, Q, QuerySet

from evaluations.core.library import HEADINGS
from evaluations.core.workflow import State
from evaluations.models import Indicator, LibraryIndicator, Round

MOST_WORDS = 6


def library_matching(
    words: str = "", *, sector: str = "", level1: str = "", level2: str = "", active: bool | None = True
) -> QuerySet[LibraryIndicator]:
    """合条件的各条：``words`` 里的每个词都要在名称、编号、领域、级别或口径里。``active`` 为 None 是连停用的。"""
    given = {"sector": sector, "level1": level1, "level2": level2, "is_active": active}
    found = LibraryIndicator.objects.filter(
        **{name: value for name, value in given.items() if value not in ("", None)}
    )
    for word in words.split()[:MOST_WORDS]:
        fields = ("name", "code", "sector", "level1", "level2", "help")
        found = found.filter(reduce(lambda q, name: q | Q(**{f"{name}__icontains": word}), fields, Q()))
    return found


def choices_of(column: str) -> list[str]:
    """库里用到的各个领域（或级别）。"""
    return list(LibraryIndicator.objects.order_by(column).values_list(column, flat=True).distinct())


def uses_of(names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """三级指标的名称 → 最近一年、它的上年，各有几份材料用了同名的指标；取消的不算。一次分组查询。"""
    year = Round.objects.aggregate(latest=Max("year"))["latest"]
    if year is None:
        return {}
    rows = Indicator.objects.filter(
        name__in=list(names), annual_data__submission__round__year__in=(year, year - 1)
    ).exclude(annual_data__submission__state=State.CANCELLED)
    counted = rows.values_list("name", "annual_data__submission__round__year").annotate(
        packages=Count("annual_data__submission", distinct=True)
    )
    found: dict[str, tuple[int, int]] = {}
    for name, used_in, packages in counted.order_by():
        this, last = found.get(name, (0, 0))
        found[name] = (packages, last) if used_in == year else (this, packages)
    return found


def entry_of(indicator: LibraryIndicator) -> dict[str, str]:
    """一条的各列，按表头。"""
    return {heading: str(getattr(indicator, column.field)) for heading, column in HEADINGS.items()}
