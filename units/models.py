"""谁：单位树、用户、岗位。"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from evaluations.core.workflow import ROLE_LABELS

from .ids import uuid7


class Identified(models.Model):
    """主键是 UUIDv7：网址里没有可以数的编号。"""

    id = models.UUIDField("编号", primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Department(Identified):
    """部门或单位。财政局是树根，主管部门在下，预算单位在主管部门之下。"""

    class Kind(models.TextChoices):
        BUREAU = "bureau", "财政部门"
        DEPARTMENT = "department", "主管部门"
        UNIT = "unit", "预算单位"

    name = models.CharField("名称", max_length=200, blank=True)
    code = models.CharField("预算编码", max_length=40, unique=True, null=True, blank=True)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices, default=Kind.UNIT)
    parent = models.ForeignKey(
        "self", verbose_name="上级", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    is_active = models.BooleanField("在用", default=True)
    merged_into = models.ForeignKey(
        "self", verbose_name="并入", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )

    class Meta:
        verbose_name = "单位"
        verbose_name_plural = "单位"
        ordering = ["code", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="department_not_own_parent"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(is_active=False), name="department_merged_is_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.name or "（未填名称的单位）"

    def ancestors(self) -> list[Department]:
        """自己和各级上级，从自己起。"""
        found: list[Department] = []
        node: Department | None = self
        while node is not None and node not in found:
            found.append(node)
            node = node.parent
        return found


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **extra: object) -> User:
        user = self.model(username=username, **extra)
        user.set_password(password)
        user.password_at = timezone.now() if password else None
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user


class User(Identified, AbstractBaseUser):
    """登录的人。能做什么由岗位（Appointment）决定，不由用户决定。"""

    username = models.CharField("账号", max_length=60, unique=True)
    display_name = models.CharField("姓名", max_length=60)
    phone = models.CharField("联系电话", max_length=40, blank=True)
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("须先改密码", default=False)
    initial_until = models.DateTimeField("初始密码有效到", null=True, blank=True)
    password_at = models.DateTimeField("密码从何时起用", null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]
    objects = UserManager()

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name

    def get_full_name(self) -> str:
        return self.display_name

    @property
    def password_expires(self) -> datetime | None:
        """密码用到何时必须换（等保三级：定期更换）；不设期限的为 None。"""
        days = settings.PASSWORD_DAYS
        return self.password_at + timedelta(days=days) if days and self.password_at else None

    def check_password(self, raw_password: str) -> bool:
        """密码对不对。初始密码的摘要算得快：答错时补上慢的一次，不让人从快慢看出有没有这个账号。"""
        right = super().check_password(raw_password)
        if not right and self.must_change_password and not self.password.startswith(get_hasher().algorithm):
            make_password(raw_password)
        return right


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def on(self, day: date) -> AppointmentQuerySet:
        """某日在任的岗位；代办的，被代的人那天要在任。"""
        stood_for = Appointment.objects.dated(day).filter(
            stand_in_for=None,
            user=OuterRef("stand_in_for"),
            department=OuterRef("department"),
            role=OuterRef("role"),
        )
        return self.dated(day).filter(Q(stand_in_for=None) | Exists(stood_for))

    def dated(self, day: date) -> AppointmentQuerySet:
        """某日在起止之间的；代办的，不管被代的人还在不在任。"""
        return self.since_today(day).filter(since__lte=day)

    def since_today(self, day: date) -> AppointmentQuerySet:
        """某日在任的，和以后才开始的。"""
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), user__is_active=True)


class Appointment(Identified):
    """岗位：某人某段时间在某单位任某职。账号属于人，权力属于岗位。"""

    user = models.ForeignKey(User, verbose_name="用户", on_delete=models.PROTECT, related_name="appointments")
    department = models.ForeignKey(
        Department, verbose_name="单位", on_delete=models.PROTECT, related_name="appointments"
    )
    role = models.CharField(
        "岗位", max_length=30, choices=[(role.value, label) for role, label in ROLE_LABELS.items()]
    )
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)
    stand_in_for = models.ForeignKey(
        User, verbose_name="代替谁", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = "岗位"
        verbose_name_plural = "岗位"
        ordering = ["department", "role", "since"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="appointment_dates"
            ),
            models.UniqueConstraint(fields=["user", "department", "role", "since"], name="appointment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}：{self.department} {self.get_role_display()}"


class ProposedPost(Identified):
    """待确认的任命：三员、方案管理员要两个人办，一个提出，另一个确认后才有岗位。"""

    user = models.ForeignKey(
        User, verbose_name="任命谁", on_delete=models.PROTECT, related_name="proposed_posts"
    )
    department = models.ForeignKey(
        Department, verbose_name="单位", on_delete=models.PROTECT, related_name="+"
    )
    role = models.CharField(
        "岗位", max_length=30, choices=[(role.value, label) for role, label in ROLE_LABELS.items()]
    )
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)
    proposed_by = models.ForeignKey(User, verbose_name="提出人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("提出时间")

    class Meta:
        verbose_name = "待确认的任命"
        verbose_name_plural = "待确认的任命"
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "department", "role"], name="proposed_post_once"),
            models.CheckConstraint(condition=~Q(proposed_by=F("user")), name="proposed_post_not_own"),
        ]

    def __str__(self) -> str:
        return f"{self.user}：{self.department} {self.get_role_display()}（待确认）"


class PasswordHistory(models.Model):
    """用过的密码，只有摘要；新密码不能是最近用过的。"""

    user = models.ForeignKey(
        User, verbose_name="用户", on_delete=models.CASCADE, related_name="past_passwords"
    )
    password = models.CharField("摘要", max_length=128)
    at = models.DateTimeField("换掉的时间")

    class Meta:
        verbose_name = "用过的密码"
        verbose_name_plural = "用过的密码"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d}"


class UserSession(AbstractBaseSession):
    """登录会话（units.sessions）：除了内容，还记着是谁的、从哪里来、最近什么时候用过。"""

    user = models.ForeignKey(
        User, verbose_name="谁", on_delete=models.CASCADE, related_name="sessions", null=True
    )
    since = models.DateTimeField("登录时间", null=True)
    seen = models.DateTimeField("最近使用")
    address = models.CharField("地址", max_length=45, blank=True)
    browser = models.CharField("浏览器", max_length=60, blank=True)

    class Meta:
        verbose_name = "会话"
        verbose_name_plural = "会话"

    def __str__(self) -> str:
        return f"{self.user} {self.address}"


class LoginCount(models.Model):
    """登录的次数：限制试密码，记住常用地址，一张票据只用一次。过期的自动清理。"""

    class Kind(models.TextChoices):
        PAIR = "pair", "一个地址试一个账号"
        ADDRESS = "address", "一个地址试各账号"
        ACCOUNT = "account", "各地址试一个账号"
        KNOWN = "known", "常用地址"
        TICKET = "ticket", "用过的票据"

    kind = models.CharField("哪一种", max_length=10, choices=Kind.choices)
    username = models.CharField("账号", max_length=60, blank=True)
    address = models.CharField("地址", max_length=64, blank=True)
    count = models.PositiveIntegerField("次数", default=0)
    since = models.DateTimeField("从何时起数")
    until = models.DateTimeField("到何时为止", null=True, blank=True)

    class Meta:
        verbose_name = "登录次数"
        verbose_name_plural = "登录次数"
        constraints = [
            models.UniqueConstraint(fields=["kind", "username", "address"], name="login_count_once")
        ]
        indexes = [models.Index(fields=["since"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.username} {self.address}"
