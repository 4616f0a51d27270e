"""只增不改的记录：修改、快照、事件；以及对核对结果的说明。"""

from __future__ import annotations

from django.db import models

from units.models import Identified, User

from .submissions import Submission


class Chained(models.Model):
    """链上的一条：摘要里含前一条的摘要，算法名写在行里。"""

    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    algorithm = models.CharField("算法", max_length=20)
    prev = models.CharField("前一摘要", max_length=64)
    hash = models.CharField("摘要", max_length=64)

    class Meta:
        abstract = True


class Edit(Chained):
    """一格的一次修改，或一行的增、移、删。``old``、``new`` 是人看的值。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="edits"
    )
    revision = models.PositiveIntegerField("修订号")
    address = models.CharField("位置", max_length=300)
    label = models.CharField("名称", max_length=300)
    old = models.TextField("原值", blank=True)
    new = models.TextField("新值", blank=True)
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+", null=True)
    through = models.CharField("经由", max_length=20, default="page")

    class Meta:
        verbose_name = "修改记录"
        verbose_name_plural = "修改记录"
        ordering = ["submission", "seq"]
        constraints = [models.UniqueConstraint(fields=["submission", "seq"], name="edit_seq_once")]
        indexes = [models.Index(fields=["submission", "address", "seq"])]

    def __str__(self) -> str:
        return f"{self.label}：{self.old} → {self.new}"


class Snapshot(Identified):
    """送审、退回、通过时的一份定格：填报值、计算值、核对结果、方案校验值。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="snapshots"
    )
    action = models.CharField("因何", max_length=30)
    revision = models.PositiveIntegerField("修订号")
    at = models.DateTimeField("时间")
    inputs = models.JSONField("填报值")
    computed = models.JSONField("计算值")
    findings = models.JSONField("核对结果")
    pack_checksum = models.CharField("方案校验值", max_length=64)
    algorithm = models.CharField("算法", max_length=20)
    hash = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "快照"
        verbose_name_plural = "快照"
        ordering = ["submission", "at"]

    def __str__(self) -> str:
        return f"{self.submission} 第 {self.revision} 修订"


class Event(Chained):
    """流程、管理、登录的一件事。全系统一条链。"""

    action = models.CharField("动作", max_length=40)
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+", null=True)
    submission = models.ForeignKey(
        Submission,
        verbose_name="材料",
        on_delete=models.PROTECT,
        related_name="events",
        null=True,
        blank=True,
    )
    source = models.CharField("原状态", max_length=30, blank=True)
    target = models.CharField("新状态", max_length=30, blank=True)
    label = models.CharField("说法", max_length=100)
    reason = models.TextField("理由或答复", blank=True)
    revision = models.PositiveIntegerField("修订号", default=0)
    key = models.CharField("幂等键", max_length=64, unique=True, null=True, blank=True)

    class Meta:
        verbose_name = "事件"
        verbose_name_plural = "事件"
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["seq"], name="event_seq_once")]
        indexes = [models.Index(fields=["submission", "seq"])]

    def __str__(self) -> str:
        return f"{self.label} {self.user or ''}"


class CheckNote(models.Model):
    """对一处提醒的说明，按编号和主格。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="check_notes"
    )
    code = models.CharField("编号", max_length=20)
    cell = models.CharField("主格", max_length=300)
    text = models.TextField("说明")
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "核对说明"
        verbose_name_plural = "核对说明"
        ordering = ["code", "cell"]
        constraints = [models.UniqueConstraint(fields=["submission", "code", "cell"], name="check_note_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.cell}"
