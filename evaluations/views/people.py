"""岗位：代办与交接。"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access
from evaluations.core.workflow import Role
from evaluations.forms.people import HandOverForm, StandInForm
from evaluations.services.people import candidates, end_stand_in, hand_over, may_arrange, stand_in
from evaluations.services.problems import Refused
from units.models import Appointment


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """我的岗位，和我能安排的岗位：同单位现在和以后在任的人。"""
    posts = access.appointments_of(request.user)
    own = {a.department_id for a in posts}
    rows = Appointment.objects.since_today(timezone.localdate()).filter(department__in=own)
    rows = rows.filter(role__in=(*access.UNIT_ROLES, *access.REVIEW_ROLES))
    shown = [
        {"held": held, "role": Role(held.role).label, "mine": may_arrange(request.user, held, posts)}
        for held in rows.select_related("user", "department", "stand_in_for")
    ]
    return render(request, "evaluations/people.html", {"rows": shown, "today": timezone.localdate()})


@require_http_methods(["GET", "HEAD", "POST"])
def appointment(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """安排一个岗位：请人代办、交接、结束代办。"""
    rows = Appointment.objects.select_related("user", "department", "stand_in_for")
    held = rows.filter(pk=appointment_id).first()
    if held is None or not may_arrange(request.user, held):
        raise Http404("没有这个岗位")
    others = candidates(held)
    sent = request.POST if request.method == "POST" else None
    act = sent.get("act", "") if sent else ""
    forms = {
        "stand_in": StandInForm(sent if act == "stand_in" else None, people=others, prefix="stand_in"),
        "hand_over": HandOverForm(sent if act == "hand_over" else None, people=others, prefix="hand_over"),
    }
    if sent is not None and _done(request, held, act, forms):
        return redirect("evaluations:people")
    context = {"held": held, "role": Role(held.role).label, "people": others, **forms}
    return render(request, "evaluations/appointment.html", context, status=200 if sent is None else 409)


def _done(request: HttpRequest, held: Appointment, act: str, forms: dict[str, HandOverForm]) -> bool:
    """做成了返回真；没做成的，原因写在表单上。"""
    form = forms.get(act)
    try:
        if act == "end":
            end_stand_in(appointment_id=held.pk, by=request.user)
        elif form is None or not form.is_valid():
            return False
        else:
            service = stand_in if act == "stand_in" else hand_over
            service(appointment_id=held.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        if form is not None:
            form.add_error(None, str(refusal))
        else:
            messages.error(request, str(refusal))
        return False
    messages.success(request, "已安排好，记录里写明了。")
    return True
