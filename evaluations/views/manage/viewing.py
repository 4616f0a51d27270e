"""以用户视角查看：开始以前说清楚，随时退出。"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from evaluations import access, middleware
from evaluations.core.workflow import Role
from evaluations.services.problems import Missing, Refused
from evaluations.services.viewing import begin_viewing, viewed

from . import managing


@require_http_methods(["GET", "HEAD", "POST"])
@managing(Role.PACK_ADMIN)
def begin(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """看谁、看到什么、记什么；按了才开始。"""
    reason = ""
    person = None
    try:
        person = viewed(user_id, request.user)
        if request.method == "POST":
            middleware.start(request, begin_viewing(user_id=user_id, by=request.user))
            return redirect("evaluations:home")
    except Missing:
        raise Http404("没有这个人") from None
    except Refused as refusal:
        reason = str(refusal)
    posts = access.appointments_of(person) if person else []
    context = {
        "person": person,
        "posts": [(Role(one.role).label, one.department) for one in posts],
        "reason": reason,
    }
    return render(request, "evaluations/manage/view_as.html", context, status=409 if reason else 200)


@require_POST
@managing(Role.PACK_ADMIN)
def end(request: HttpRequest) -> HttpResponse:
    """退出查看，回到本人。"""
    if middleware.KEY in request.session:
        middleware.stop(request)
        messages.success(request, "已退出查看，您现在是本人。")
    return redirect("evaluations:home")
