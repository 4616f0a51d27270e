"""财政局办事用的：公告、退回用语、指标库、取数来源。"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from units.models import Identified, User

from .packs import Round
from .submissions import Submission


class Notice(Identified):
    """公告：首页上给谁看、从哪天到哪天。"""

    class Audience(models.TextChoices):
        EVERYONE = "everyone", "所有人"
        UNITS = "units", "预算单位"
        REVIEWERS = "reviewers", "审核人"

    title = models.CharField("标题", max_length=100)
    text = models.TextField("内容", blank=True)
    audience = models.CharField("给谁看", max_length=20, choices=Audience.choices, default=Audience.EVERYONE)
    since = models.DateField("从哪天起")
    until = models.DateField("到哪天", null=True, blank=True)
    by = models.ForeignKey(User, verbose_name="谁发的", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("发布时间", auto_now_add=True)

    class Meta:
        verbose_name = "公告"
        verbose_name_plural = "公告"
        ordering = ["-since", "-at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="notice_dates"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Phrase(Identified):
    """退回用语：审核人点一下就填进理由。"""

    text = models.TextField("用语", max_length=500)
    position = models.PositiveIntegerField("次序", default=0)

    class Meta:
        verbose_name = "退回用语"
        verbose_name_plural = "退回用语"
        ordering = ["position", "text"]

    def __str__(self) -> str:
        return self.text[:30]


class LibraryIndicator(Identified):
    """指标库的一条：供填报人和方案选用。选用时是抄过去，库里以后再改，抄走的不变。"""

    code = models.CharField("编号", max_length=20, unique=True)
    sector = models.CharField("领域", max_length=40)
    level1 = models.CharField("一级指标", max_length=60)
    level2 = models.CharField("二级指标", max_length=60)
    name = models.CharField("三级指标", max_length=200)
    direction = models.CharField("性质", max_length=10, blank=True)
    target = models.CharField("年度指标值", max_length=200, blank=True)
    unit = models.CharField("计量单位", max_length=40, blank=True)
    help = models.TextField("口径和依据", blank=True)
    good = models.TextField("好的写法", blank=True)
    bad = models.TextField("不好的写法", blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "指标库"
        verbose_name_plural = "指标库"
        ordering = ["sector", "level1", "level2", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SourceBatch(Identified):
    """一次取数：哪个文件、什么时候、谁导入的。"""

    round = models.ForeignKey(Round, verbose_name="任务", on_delete=models.PROTECT, related_name="batches")
    name = models.CharField("文件", max_length=200)
    by = models.ForeignKey(User, verbose_name="谁导入的", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "取数"
        verbose_name_plural = "取数"
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name


class SourceValue(models.Model):
    """一格最近一次从来源取到的值：与现在的值不同，就是单位改过。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.CASCADE, related_name="source_values"
    )
    address = models.CharField("位置", max_length=300)
    value = models.TextField("来源的值", blank=True)
    batch = models.ForeignKey(
        SourceBatch, verbose_name="哪次取数", on_delete=models.PROTECT, related_name="values"
    )

    class Meta:
        verbose_name = "来源值"
        verbose_name_plural = "来源值"
        ordering = ["submission", "address"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "address"], name="source_value_per_cell")
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.value}"
