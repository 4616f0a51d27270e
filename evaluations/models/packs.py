"""方案与年度任务。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evaluations.core import pack as core
from evaluations.core.faults import Fault
from units.models import Department, Identified


class Pack(Identified):
    """方案的一个版本。``files`` 是原文；发布后不再改，材料永远按它报送时的版本算。"""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        RETIRED = "retired", "已停用"

    key = models.CharField("方案", max_length=60)
    version = models.PositiveIntegerField("版本", default=1)
    name = models.CharField("名称", max_length=200)
    year = models.PositiveIntegerField("年度")
    place = models.CharField("地区", max_length=60, blank=True)
    files = models.JSONField("原文")
    checksum = models.CharField("校验值", max_length=64)
    state = models.CharField("状态", max_length=20, choices=State.choices, default=State.DRAFT)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    copied_from = models.ForeignKey(
        "self",
        verbose_name="由哪版复制",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="copies",
    )
    changes = models.TextField("版本说明", blank=True)

    class Meta:
        verbose_name = "方案"
        verbose_name_plural = "方案"
        ordering = ["-year", "key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="pack_version_once"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="pack_published_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（第 {self.version} 版）"

    def compiled(self) -> core.Pack:
        """编译好的方案；同一校验值只编译一次。"""
        return _compile(self)

    def examined(self) -> tuple[core.Pack | None, list[Fault]]:
        """草稿编译成什么样（编译不出为 None），和全部错误；最近看过的几份留着，不再编译。"""
        if self.checksum not in _examined:
            while len(_examined) >= KEPT_DRAFTS:
                _examined.pop(next(iter(_examined)), None)
            _examined[self.checksum] = core.examine(self.files)
        return _examined[self.checksum]


_compiled: dict[str, core.Pack] = {}
_examined: dict[str, tuple[core.Pack | None, list[Fault]]] = {}
KEPT_DRAFTS = 16


def _compile(pack: Pack) -> core.Pack:
    """按校验值缓存；原文与校验值不符时拒绝用。"""
    if pack.checksum not in _compiled:
        built = core.build(pack.files)
        if built.checksum != pack.checksum:
            raise ValueError("方案原文与校验值不符，可能被改动过。请从备份恢复。")
        _compiled[pack.checksum] = built
    return _compiled[pack.checksum]


class Round(Identified):
    """年度自评任务：哪年、哪套方案、何时截止。

    没开放以前，要报的单位记在 ``asked``；开放时各单位各开一份 Submission，从此以 Submission 为准。
    """

    name = models.CharField("名称", max_length=200)
    year = models.PositiveIntegerField("年度")
    pack = models.ForeignKey(Pack, verbose_name="方案", on_delete=models.PROTECT, related_name="rounds")
    deadline = models.DateTimeField("截止时间")
    return_days = models.PositiveIntegerField("退回后几日内改好", default=7)
    asked = models.ManyToManyField(Department, verbose_name="要报的单位", blank=True, related_name="+")
    follows = models.ForeignKey(
        "self",
        verbose_name="上年的任务",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
    )
    opened_at = models.DateTimeField("开放时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "年度任务"
        verbose_name_plural = "年度任务"
        ordering = ["-year", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(opened_at__isnull=False), name="round_closed_was_open"
            )
        ]

    def __str__(self) -> str:
        return self.name
