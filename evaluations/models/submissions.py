"""一份自评材料和它的内容。金额存元（精确到分），别的值存交换格式里的字。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evaluations.core.workflow import OFFICE_STATES, STATE_LABELS, State
from units.models import Department, Identified, User

from .packs import Pack, Round


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def whole(self) -> SubmissionQuerySet:
        """连同任务、单位、方案一起取；方案的原文很大，编译过就用不着，不取。"""
        return self.select_related("round", "department", "pack", "claimed_by").defer("pack__files")


class Submission(Identified):
    """一个单位一年的自评材料。``revision`` 每次保存、每次流转加一。"""

    round = models.ForeignKey(
        Round, verbose_name="任务", on_delete=models.PROTECT, related_name="submissions"
    )
    department = models.ForeignKey(
        Department, verbose_name="单位", on_delete=models.PROTECT, related_name="submissions"
    )
    pack = models.ForeignKey(Pack, verbose_name="方案", on_delete=models.PROTECT, related_name="submissions")
    state = models.CharField(
        "状态",
        max_length=30,
        default=State.DRAFT.value,
        choices=[(s.value, label) for s, label in STATE_LABELS.items()],
    )
    revision = models.PositiveIntegerField("修订号", default=0)
    returned = models.BooleanField("被退回", default=False)
    due = models.DateTimeField("单独的期限", null=True, blank=True)
    claimed_by = models.ForeignKey(
        User, verbose_name="谁在审", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    claimed_at = models.DateTimeField("开始审核时间", null=True, blank=True)
    submitted_at = models.DateTimeField("送审时间", null=True, blank=True)
    office_at = models.DateTimeField("到审核单位的时间", null=True, blank=True)
    approved_at = models.DateTimeField("通过时间", null=True, blank=True)
    execution_rate = models.DecimalField("执行率", max_digits=9, decimal_places=6, null=True, blank=True)
    total_weight = models.DecimalField("分值合计", max_digits=7, decimal_places=2, null=True, blank=True)
    total_score = models.DecimalField("自评总分", max_digits=7, decimal_places=2, null=True, blank=True)
    final_score = models.DecimalField("最后总分", max_digits=7, decimal_places=2, null=True, blank=True)
    warnings = models.PositiveIntegerField("提醒数", default=0)
    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = "自评材料"
        verbose_name_plural = "自评材料"
        ordering = ["-round__year", "department__code", "department__name"]
        constraints = [
            models.UniqueConstraint(fields=["round", "department"], name="submission_once"),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False, state__in=OFFICE_STATES),
                name="submission_claim_while_in_review",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="submission_known_state"
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"])]

    def __str__(self) -> str:
        return f"{self.department} {self.round.year}年度"

    @property
    def state_label(self) -> str:
        return "已退回" if self.returned and self.state == State.DRAFT else State(self.state).label


class PartOwner(models.Model):
    """分工：一部分（一张表，或一个项目的表）交给谁填。只是分工，别的填报人照样能填。"""

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.CASCADE, related_name="part_owners"
    )
    form = models.CharField("表", max_length=60)
    project = models.UUIDField("项目", null=True, blank=True)
    user = models.ForeignKey(User, verbose_name="交给谁", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "分工"
        verbose_name_plural = "分工"
        ordering = ["submission", "form"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "form", "project"], name="part_owner_per_project"),
            models.UniqueConstraint(
                fields=["submission", "form"], condition=Q(project__isnull=True), name="part_owner_per_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.user}"


class Project(Identified):
    """单位的项目。同一项目各年的数据按它连起来。"""

    department = models.ForeignKey(
        Department, verbose_name="单位", on_delete=models.PROTECT, related_name="projects"
    )
    name = models.CharField("项目名称", max_length=300, blank=True)
    code = models.CharField("项目编码", max_length=60, blank=True)

    class Meta:
        verbose_name = "项目"
        verbose_name_plural = "项目"
        ordering = ["department", "code", "name"]

    def __str__(self) -> str:
        return self.name


class AnnualData(models.Model):
    """年度数据：一份材料里一个范围（部门，或一个项目）的填报值。

    ``values``：键 → 字；列表键 → 行的数组（每行有 id）。指标另存 Indicator。
    """

    submission = models.ForeignKey(
        Submission, verbose_name="材料", on_delete=models.PROTECT, related_name="annual_data"
    )
    project = models.ForeignKey(Project, verbose_name="项目", on_delete=models.PROTECT, null=True, blank=True)
    position = models.PositiveIntegerField("次序", default=0)
    values = models.JSONField("填报值", default=dict)
    printed = models.JSONField("纸面值", default=dict)

    class Meta:
        verbose_name = "年度数据"
        verbose_name_plural = "年度数据"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "project"], name="annual_data_per_project"),
            models.UniqueConstraint(
                fields=["submission"], condition=Q(project__isnull=True), name="annual_data_one_package"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission} {self.project or '部门'}"


INDICATOR_COLUMNS = {
    "一级指标": "level1",
    "二级指标": "level2",
    "三级指标": "name",
    "性质": "direction",
    "年度指标值": "target",
    "计量单位": "unit",
    "实际完成值": "actual",
    "档次": "band",
    "分值": "weight",
    "得分": "score",
    "偏差原因": "reason",
}
"""方案里指标列表的列 → Indicator 的字段；别的列存 ``extra``。"""
INDICATOR_LIST = "指标"


class Indicator(models.Model):
    """绩效指标的一行。表上没有的列放 ``extra``；“不适用”这样的非数也放那里。"""

    annual_data = models.ForeignKey(
        AnnualData, verbose_name="年度数据", on_delete=models.PROTECT, related_name="indicators"
    )
    row_id = models.CharField("行", max_length=40)
    position = models.PositiveIntegerField("次序")
    level1 = models.TextField("一级指标", blank=True)
    level2 = models.TextField("二级指标", blank=True)
    name = models.TextField("三级指标", blank=True)
    direction = models.CharField("性质", max_length=10, blank=True)
    target = models.TextField("年度指标值", blank=True)
    unit = models.TextField("计量单位", blank=True)
    actual = models.TextField("实际完成值", blank=True)
    band = models.CharField("档次", max_length=40, blank=True)
    weight = models.DecimalField("分值", max_digits=18, decimal_places=2, null=True, blank=True)
    score = models.DecimalField("得分", max_digits=18, decimal_places=2, null=True, blank=True)
    reason = models.TextField("偏差原因", blank=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        verbose_name = "指标"
        verbose_name_plural = "指标"
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["annual_data", "row_id"], name="indicator_row_once")]

    def __str__(self) -> str:
        return self.name
