"""只增不改的记录：修改、快照、事件；以及对核对结果的说明。"""

from __future__ import annotations

from django.db import models

from evaluations.core.chain import GENESIS, digest, instant
from evaluations.core.steps import Step
from units.models import Identified, User

from .packs import Pack
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

    def content(self) -> dict[str, object]:
        """算进摘要的各项。"""
        raise NotImplementedError

    def digest(self) -> str:
        """照现在的内容重算的摘要；与存着的不同就是被改过。"""
        return digest(self.prev, self.content(), self.algorithm)


class Edit(Chained):
    """一处改动（core.steps.Step）：一格、一行或一个项目的有无、次序、说明、整套。只增不改。

    同一次保存的各条修订号相同。``undoes`` 是撤销、重做的那一次的修订号。
    """

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="edits"
    )
    revision = models.PositiveIntegerField("修订号")
    kind = models.CharField("改的是什么", max_length=10)
    address = models.CharField("位置", max_length=300)
    label = models.CharField("名称", max_length=300)
    old = models.TextField("原值", blank=True)
    new = models.TextField("新值", blank=True)
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+", null=True)
    through = models.CharField("经由", max_length=20, default="page")
    undoes = models.PositiveIntegerField("撤销或重做哪一次", null=True, blank=True)

    class Meta:
        verbose_name = "修改记录"
        verbose_name_plural = "修改记录"
        ordering = ["submission", "seq"]
        constraints = [models.UniqueConstraint(fields=["submission", "seq"], name="edit_seq_once")]
        indexes = [
            models.Index(fields=["submission", "address", "seq"]),
            models.Index(fields=["submission", "revision"]),
        ]

    def __str__(self) -> str:
        return f"{self.label}：{self.old} → {self.new}"

    @property
    def step(self) -> Step:
        return Step(self.kind, self.address, self.old, self.new)

    def content(self) -> dict[str, object]:
        return {
            "submission": str(self.submission_id), "seq": self.seq, "revision": self.revision, "kind": self.kind,
            "address": self.address, "label": self.label, "old": self.old, "new": self.new,
            "user": str(self.user_id or ""), "through": self.through, "undoes": self.undoes, "at": instant(self.at),
        }  # fmt: skip


class Snapshot(Identified):
    """送审、退回、通过时的一份定格：填报值、计算值、核对结果，用的哪版方案、哪版程序。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="snapshots"
    )
    pack = models.ForeignKey(Pack, verbose_name="方案", on_delete=models.PROTECT, related_name="+")
    prior = models.ForeignKey(
        "self", verbose_name="上年的快照", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.CharField("因何", max_length=30)
    revision = models.PositiveIntegerField("修订号")
    at = models.DateTimeField("时间")
    inputs = models.JSONField("填报值")
    computed = models.JSONField("计算值")
    findings = models.JSONField("核对结果")
    pack_checksum = models.CharField("方案校验值", max_length=64)
    engine = models.CharField("程序版本", max_length=40)
    algorithm = models.CharField("算法", max_length=20)
    hash = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "快照"
        verbose_name_plural = "快照"
        ordering = ["submission", "at"]

    def __str__(self) -> str:
        return f"{self.submission} 第 {self.revision} 修订"

    def content(self) -> dict[str, object]:
        """算进摘要的各项。"""
        return {
            "submission": str(self.submission_id), "prior": str(self.prior_id or ""), "action": self.action,
            "revision": self.revision, "at": instant(self.at), "inputs": self.inputs, "computed": self.computed,
            "findings": self.findings, "pack_checksum": self.pack_checksum, "engine": self.engine,
        }  # fmt: skip

    def digest(self) -> str:
        """照现在的内容重算的摘要；与存着的不同就是被改过。"""
        return digest(GENESIS, self.content(), self.algorithm)


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
    details = models.JSONField("细节", default=dict)
    revision = models.PositiveIntegerField("修订号", default=0)
    key = models.CharField("幂等键", max_length=64, unique=True, null=True, blank=True)

    class Meta:
        verbose_name = "事件"
        verbose_name_plural = "事件"
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["seq"], name="event_seq_once")]
        indexes = [
            models.Index(fields=["submission", "seq"]),
            models.Index(fields=["user", "seq"]),
            models.Index(fields=["action", "seq"]),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.user or ''}"

    def content(self) -> dict[str, object]:
        return {
            "seq": self.seq, "action": self.action, "label": self.label, "user": str(self.user_id or ""),
            "submission": str(self.submission_id or ""), "source": self.source, "target": self.target,
            "reason": self.reason, "details": self.details, "revision": self.revision, "key": self.key or "",
            "at": instant(self.at),
        }  # fmt: skip


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


class TextPrint(models.Model):
    """一段文字的指纹，送审时存，供与别的单位比；``twins`` 是最近一次比出来的相同之处（最多一处）。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.CASCADE, related_name="text_prints"
    )
    address = models.CharField("位置", max_length=300)
    digest = models.CharField("文字的摘要", max_length=64)
    length = models.PositiveIntegerField("几窗字")
    prints = models.BinaryField("指纹")
    twins = models.JSONField("与谁相同", default=list)

    class Meta:
        verbose_name = "文字指纹"
        verbose_name_plural = "文字指纹"
        ordering = ["submission", "pk"]
        constraints = [models.UniqueConstraint(fields=["submission", "address"], name="text_print_once")]

    def __str__(self) -> str:
        return f"{self.submission} {self.address}"


class Presence(models.Model):
    """谁最近在哪张表的哪一格。只为了让同事看见彼此、回来时接着填；不是记录，可以覆盖。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.CASCADE, related_name="presences"
    )
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.CASCADE, related_name="presences")
    form = models.CharField("表", max_length=60)
    project = models.UUIDField("项目", null=True, blank=True)
    address = models.CharField("位置", max_length=300, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "在场"
        verbose_name_plural = "在场"
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["submission", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.form} {self.address}"
