"""审核人写的：审核得分和意见，对核对的豁免。单位的内容不因它们改变。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evaluations.core.workflow import OFFICE_STATES
from units.models import Identified, User

from .records import Snapshot
from .submissions import Submission


class ReviewScore(models.Model):
    """审核人给一行指标的分和意见。只增不改：同一次送审、同一级、同一行的最后一条算数，前面的就是经过。

    ``snapshot`` 是送审时的定格：分是对那份内容给的，退回重报以后要重新给。
    """

    snapshot = models.ForeignKey(
        Snapshot, verbose_name="送审的内容", on_delete=models.PROTECT, related_name="review_scores"
    )
    level = models.CharField(
        "哪一级", max_length=30, choices=[(state.value, state.label) for state in OFFICE_STATES]
    )
    address = models.CharField("哪一行", max_length=300)
    label = models.CharField("名称", max_length=300)
    score = models.DecimalField("审核得分", max_digits=7, decimal_places=2, null=True, blank=True)
    opinion = models.TextField("审核意见", blank=True)
    user = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "审核得分"
        verbose_name_plural = "审核得分"
        ordering = ["id"]
        indexes = [models.Index(fields=["snapshot", "level", "address"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0), name="review_score_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.score}"


class Waiver(Identified):
    """豁免：这个单位的一条核对（``cell`` 空着），或它的一处，到 ``until`` 那天为止不拦送审。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="waivers"
    )
    code = models.CharField("编号", max_length=20)
    cell = models.CharField("主格", max_length=300, blank=True)
    reason = models.TextField("理由")
    until = models.DateField("到哪天")
    by = models.ForeignKey(User, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    withdrawn_at = models.DateTimeField("收回时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, verbose_name="谁收回", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    withdrawn_reason = models.TextField("收回的理由", blank=True)

    class Meta:
        verbose_name = "豁免"
        verbose_name_plural = "豁免"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "code", "cell", "until"],
                condition=Q(withdrawn_at__isnull=True),
                name="waiver_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="waiver_withdrawn_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.cell}"
