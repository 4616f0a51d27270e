"""在场和分工：谁在哪一格，哪一部分交给谁。"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import State
from evaluations.models import PartOwner, Presence, Submission
from units.models import User

from .drafting import lock_submission
from .problems import Refused
from .records import record_event

SELDOM = timedelta(seconds=15)
"""没有换格时，隔这么久才写一次。"""


def note_presence(
    *, submission: Submission, user: User, form: str, project: UUID | None, address: str
) -> None:
    """记下这个人此刻在哪一格；没有换地方的不常写。只在填报时记，看的人不算。"""
    now, place = timezone.now(), {"form": form[:60], "project": project, "address": address[:300]}
    known = Presence.objects.filter(submission=submission, user=user)
    if known.filter(**place, at__gte=now - SELDOM).exists():
        return
    if not known.update(**place, at=now):
        Presence.objects.get_or_create(submission=submission, user=user, defaults={**place, "at": now})


@transaction.atomic
def hand_part(*, submission_id: UUID, user: User, form: str, project: UUID | None, to: UUID | None) -> None:
    """把一部分交给本单位的另一位填报人；``to`` 为空是收回。本单位的填报人、负责人都可以分。"""
    submission = lock_submission(submission_id)
    if not access.roles_on(user, submission.department) & access.UNIT_ROLES:
        raise Refused("只有本单位的人能分工。")
    if submission.state != State.DRAFT:
        raise Refused(f"材料现在是“{submission.state_label}”，不用分工。")
    layout = submission.pack.compiled().forms.get(form)
    if layout is None or bool(layout.scope) != bool(project):
        raise Refused("没有这一部分。请刷新页面。")
    if project is not None and not submission.annual_data.filter(project=project).exists():
        raise Refused("这个项目已经不在了。请刷新页面。")
    owner = next((one for one in access.preparers_of(submission.department) if one.pk == to), None)
    if to is not None and owner is None:
        raise Refused("只能交给本单位在任的填报人。")
    if PartOwner.objects.filter(submission=submission, form=form, project=project, user=owner).exists():
        return
    PartOwner.objects.filter(submission=submission, form=form, project=project).delete()
    if owner is not None:
        PartOwner.objects.create(submission=submission, form=form, project=project, user=owner)
    record_event(
        action="hand_part", label="分工", user=user, submission=submission, source=submission.state,
        target=submission.state, reason=f"{layout.short}：{owner or '不指定'}",
        details={"form": form, "project": str(project or ""), "to": str(owner or "")},
    )  # fmt: skip
