"""谁能看、谁能做。取材料就是查权限：取不到的一律当作不存在。

填报人、单位负责人的岗位只管本单位；审核人和管理员的岗位管下属各级。
审核人只看得到单位签批送出过的材料；还没送出的、送出前撤回的不看，退回整改的接着看。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from evaluations.core.workflow import THREE_ADMINS, Role, State, actions_for
from evaluations.models import Submission
from units.models import Appointment, Department, User

UNIT_ROLES = frozenset((Role.PREPARER, Role.UNIT_HEAD))
REVIEW_ROLES = frozenset((Role.DEPARTMENT_REVIEWER, Role.BUREAU_REVIEWER))
OVERSEERS = REVIEW_ROLES | {Role.PACK_ADMIN}
"""看得到哪个单位报到哪一步的岗位；看不看得到内容是另一回事。"""
UNIT_ADMINS = frozenset((Role.PACK_ADMIN, Role.SYSTEM_ADMIN, Role.DEPARTMENT_ADMIN))
"""管单位和人员的岗位：财政局的管全部，主管部门管理员管本部门和下属。任命了主管部门管理员，就是开了下放。"""
BUREAU_ADMINS = frozenset((Role.PACK_ADMIN, Role.SYSTEM_ADMIN))
"""其中财政局的：停用、并入、移出部门、批量导入，只有他们能办。"""
GIVES = {
    Role.SYSTEM_ADMIN: frozenset(Role),
    Role.PACK_ADMIN: frozenset(
        (Role.PREPARER, Role.UNIT_HEAD, Role.DEPARTMENT_REVIEWER, Role.BUREAU_REVIEWER, Role.DEPARTMENT_ADMIN)
    ),
    Role.DEPARTMENT_ADMIN: frozenset((Role.PREPARER, Role.UNIT_HEAD)),
}
"""各种管理员能任命的岗位。"""
TWO_PERSONS = THREE_ADMINS | {Role.PACK_ADMIN}
"""要两个人办的岗位：一个提出，另一个确认。"""
SEES_ACCOUNTS = UNIT_ADMINS | {Role.SECURITY_ADMIN}
"""看得到人员清单的岗位；安全管理员只解锁、解除动态口令、确认任命。"""


def appointments_of(user: User) -> list[Appointment]:
    """今天在任的岗位。

    每个请求都要问，所以先按起止日取，有代办的才查被代的人在不在任：少写一半的 SQL，快一倍多。
    """
    today, own = timezone.localdate(), Appointment.objects.filter(user=user).select_related("department")
    posts = list(own.dated(today))
    if any(post.stand_in_for_id for post in posts):
        return list(own.select_related("stand_in_for").on(today))
    return posts


def subtree(roots: Iterable[UUID]) -> set[UUID]:
    """这些单位和它们的全部下级。"""
    children: dict[UUID | None, list[UUID]] = defaultdict(list)
    for pk, parent in Department.objects.values_list("id", "parent_id"):
        children[parent].append(pk)
    found: set[UUID] = set()
    waiting = list(roots)
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children[pk])
    return found


def visible_to(user: User) -> QuerySet[Submission]:
    """这个人看得到的材料；别的单位并入本单位的，它的材料也看得到（只看）。"""
    appointments = appointments_of(user)
    own = {a.department_id for a in appointments if a.role in UNIT_ROLES}
    reviewed = [a.department_id for a in appointments if a.role in REVIEW_ROLES]
    seen = Q(department__in=own) | Q(department__merged_into__in=own)
    if reviewed:
        seen |= Q(department__in=subtree(reviewed), office_at__isnull=False)
    return _issued().filter(seen)


def _issued() -> QuerySet[Submission]:
    """下达了的材料；任务收回开放以后，谁都看不到。"""
    return Submission.objects.whole().filter(round__opened_at__isnull=False)


def get_submission(user: User, submission_id: UUID) -> Submission:
    """取一份看得到的材料；看不到或没有都是 404。"""
    try:
        return visible_to(user).get(pk=submission_id)
    except Submission.DoesNotExist:
        raise Http404("没有这份材料") from None


def administers(user: User) -> set[Role]:
    """这个人今天在任的管理岗位，三员在内。"""
    return {Role(a.role) for a in appointments_of(user)} & (UNIT_ADMINS | THREE_ADMINS)


def in_bureau(user: User) -> bool:
    """今天在财政局有岗位的人。"""
    return any(a.department.kind == Department.Kind.BUREAU for a in appointments_of(user))


def picks_from_library(user: User) -> bool:
    """能从指标库里选：填报人填表时选，方案管理员编模板时选。"""
    return any(Role(a.role) in (Role.PREPARER, Role.PACK_ADMIN) for a in appointments_of(user))


def managed_by(user: User) -> QuerySet[Department]:
    """这个人管着的单位（连下级）；没有管理岗位的为空。"""
    roots = [a.department_id for a in appointments_of(user) if a.role in UNIT_ADMINS]
    return Department.objects.filter(pk__in=subtree(roots) if roots else ())


def get_managed(user: User, department_id: UUID) -> Department:
    """取一个管着的单位；不归他管或没有都是 404。"""
    try:
        return managed_by(user).select_related("parent", "merged_into").get(pk=department_id)
    except Department.DoesNotExist:
        raise Http404("没有这个单位") from None


def manages(user: User, department: Department) -> set[Role]:
    """这个人凭哪些管理岗位管着某单位。"""
    above = {node.pk for node in department.ancestors()}
    return {Role(a.role) for a in appointments_of(user) if a.department_id in above} & UNIT_ADMINS


def powers_of(user: User) -> dict[UUID, set[Role]]:
    """这个人的管理岗位设在哪些单位，在那里和它的下级各能任命哪些岗位。"""
    found: dict[UUID, set[Role]] = defaultdict(set)
    for post in appointments_of(user):
        found[post.department_id] |= GIVES.get(Role(post.role), frozenset())
    return found


def roles_given_by(
    user: User, department: Department, powers: Mapping[UUID, set[Role]] | None = None
) -> set[Role]:
    """这个人在某单位能任命哪些岗位。``powers`` 是他的 ``powers_of``，问很多次时先取好。"""
    powers = powers_of(user) if powers is None else powers
    return {role for node in department.ancestors() for role in powers.get(node.pk, ())}


def people_of(user: User) -> QuerySet[User]:
    """这个人管着的人：现在（或以后）在所管单位有岗位的，和以前在、现在哪里都没有岗位的。

    管着财政局的（管全部）连没有岗位的账号也管；安全管理员看得到的也是这些。
    """
    roots = {a.department_id for a in appointments_of(user) if a.role in SEES_ACCOUNTS}
    if not roots:
        return User.objects.none()
    if Department.objects.filter(pk__in=roots, parent=None).exists():
        return User.objects.all()
    posts = Appointment.objects.filter(user=OuterRef("pk"))
    current = posts.filter(Q(until__isnull=True) | Q(until__gte=timezone.localdate()))
    reach = subtree(roots)
    return User.objects.filter(
        Exists(current.filter(department__in=reach))
        | (Exists(posts.filter(department__in=reach)) & ~Exists(current))
    )


def get_person(user: User, person_id: UUID) -> User:
    """取一个管着的人；不归他管或没有都是 404。"""
    try:
        return people_of(user).get(pk=person_id)
    except User.DoesNotExist:
        raise Http404("没有这个人") from None


def overseen_by(user: User) -> QuerySet[Submission]:
    """管着的任务：只看到哪个单位报到哪一步，没送审的看不到内容。"""
    reviewed = [a.department_id for a in appointments_of(user) if a.role in OVERSEERS]
    return _issued().filter(department__in=subtree(reviewed) if reviewed else ())


def get_overseen(user: User, submission_id: UUID) -> Submission:
    """取一个管着的任务；不归他管或没有都是 404。"""
    try:
        return overseen_by(user).get(pk=submission_id)
    except Submission.DoesNotExist:
        raise Http404("没有这个任务") from None


def appointments_on(user: User, department: Department) -> dict[Role, Appointment]:
    """这个人对某单位的各个岗位；自己的岗位优先于代办的。"""
    held = appointments_of(user)
    reviews = any(Role(a.role) not in UNIT_ROLES for a in held)
    above = {node.pk for node in department.ancestors()} if reviews else set()
    found: dict[Role, Appointment] = {}
    for appointment in sorted(held, key=lambda a: a.stand_in_for_id is not None):
        role = Role(appointment.role)
        if appointment.department_id == department.pk or (
            role not in UNIT_ROLES and appointment.department_id in above
        ):
            found.setdefault(role, appointment)
    return found


def roles_on(user: User, department: Department) -> set[Role]:
    """这个人对某单位有哪些岗位。"""
    return set(appointments_on(user, department))


def preparers_of(department: Department) -> list[User]:
    """本单位今天在任的填报人。"""
    held = Appointment.objects.on(timezone.localdate()).filter(department=department, role=Role.PREPARER)
    return list(User.objects.filter(pk__in=held.values("user")).order_by("display_name"))


def belongs_to(user: User, department: Department) -> bool:
    """是不是这个单位自己的人（有单位岗位，或审核岗位就设在这个单位）。"""
    return any(a.department_id == department.pk for a in appointments_of(user))


def deadline_of(submission: Submission) -> datetime:
    """这份材料的截止时间：任务的，或单独给它的（退回整改、延期），取晚的。"""
    deadline = submission.round.deadline
    return max(deadline, submission.due) if submission.due else deadline


def due_of(submission: Submission) -> datetime:
    """给人看的期限：退回整改的是改好的期限（早于任务截止时，到任务截止才锁），别的是截止时间。"""
    return submission.due if submission.returned and submission.due else deadline_of(submission)


def may(
    user: User, action: str, submission: Submission, received: datetime | None = None
) -> tuple[bool, str]:
    """能不能做；不能时说明原因。``action``：view、edit，或流程的动作。

    ``received`` 是服务器收到请求的时刻，过没过截止以它为准。流程动作的守卫（有无错误、是否本人等）由
    services.workflow 再查。
    """
    if action == "view":
        return (True, "") if visible_to(user).filter(pk=submission.pk).exists() else (False, "没有这份材料。")
    if looking := only_looking(user):
        return False, looking
    roles = roles_on(user, submission.department)
    if action == "edit":
        return _may_edit(roles, submission, received or timezone.now())
    if any(row.action == action for row in actions_for(submission.state, roles)):
        return True, ""
    return False, f"材料现在是“{submission.state_label}”，您的岗位此时不能做这一步。请刷新页面看最新状态。"


def only_looking(user: User) -> str:
    """以别人的视角查看时，什么都不能做的那句话；是本人为空串。"""
    return f"您正以{user}的视角查看，只看不改。" if getattr(user, "viewed_by", None) is not None else ""


def not_open(submission: Submission, received: datetime) -> str:
    """任务没有开放，或已经结束（收到时还没有结束的仍算数）；正开放着为空串。"""
    task = submission.round
    if task.opened_at is None:
        return "财政局已收回这项任务，还没有重新开放。"
    if task.closed_at is None or received <= task.closed_at:
        return ""
    closed = timezone.localtime(task.closed_at)
    return f"任务已于 {closed.year}年{closed.month}月{closed.day}日 结束。"


def _may_edit(roles: set[Role], submission: Submission, received: datetime) -> tuple[bool, str]:
    if Role.PREPARER not in roles:
        return False, "只有本单位的填报人能改。"
    if submission.state == State.CANCELLED:
        return False, "财政局已取消这项任务，不用报了。填过的内容都还在。"
    if submission.state != State.DRAFT:
        return False, f"材料已送审，现在是“{submission.state_label}”，不能再改。要改请先撤回，或等退回。"
    if closed := not_open(submission, received):
        return False, f"{closed}不能再改，填过的内容都还在。有疑问请联系财政局绩效科。"
    deadline = deadline_of(submission)
    if received > deadline:
        shown = timezone.localtime(deadline)
        return (
            False,
            f"已过截止时间（{shown.year}年{shown.month}月{shown.day}日 {shown:%H:%M}），不能再改。需要延期请联系财政局绩效科。",
        )
    return True, ""
