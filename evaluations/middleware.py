"""请求的两层：不许做的事记一条；以别人的视角查看。

以别人的视角查看：会话里记着看谁，这里把 ``request.user`` 换成他，不是读的请求一律不许。

``request.user.viewed_by`` 是真正的本人；access 见到它就什么都不许做，页面见到它就写明在看谁。
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from evaluations.services.problems import Missing, Refused
from evaluations.services.refusals import note_refusal
from evaluations.services.viewing import LONGEST, end_viewing, viewed
from units.errors import problem_json, wants_json
from units.models import User

Next = Callable[[HttpRequest], HttpResponse]
KEY = "viewing"
SAFE = ("GET", "HEAD", "OPTIONS")


REFUSALS = (403, 404)
WORKFLOW = "evaluations:act"
"""流程的动作，守卫不许时答 409，也算拒绝；别处的 409 是表单没有填对。"""


def record_refusals(get_response: Next) -> Next:
    """登录了的人发来要改东西的请求，答了不许、没有的，审计里记一条。排在登录之后。"""

    def check(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        status = response.status_code
        if request.method in SAFE or (status not in REFUSALS and status != 409):
            return response
        here = request.resolver_match
        view = here.view_name if here else ""
        user = getattr(request.user, "viewed_by", request.user)
        if user.is_authenticated and (status in REFUSALS or view == WORKFLOW):
            where = here.kwargs if here else {}
            note_refusal(user=user, view=view, where=where, method=str(request.method)[:10], status=status)
        return response

    return check


def view_as(get_response: Next) -> Next:
    """排在登录和消息之后。"""

    def check(request: HttpRequest) -> HttpResponse:
        if KEY not in request.session or not request.user.is_authenticated:
            return get_response(request)
        if request.path == reverse("evaluations:view_as_end"):
            return get_response(request)
        if request.path == reverse("units:logout"):
            stop(request)
            return get_response(request)
        person = _person(request)
        if person is None:
            stop(request)
            return _over(request)
        person.viewed_by = request.user  # type: ignore[attr-defined]
        request.user = person
        own = (reverse("units:password"), reverse("units:account"))
        if request.method not in SAFE or request.path.startswith(own):
            return _refused(request, f"您正以{person}的视角查看，只看不改。要办事请先退出查看。")
        return get_response(request)

    return check


def start(request: HttpRequest, person: User) -> None:
    """从现在起看。"""
    request.session[KEY] = {"user": str(person.pk), "since": timezone.now().isoformat()}


def stop(request: HttpRequest) -> None:
    """不看了，记一件事；本来就没有在看的什么都不做。"""
    held = request.session.pop(KEY, None)
    if held is not None:
        end_viewing(user_id=UUID(held["user"]), by=request.user)


def _person(request: HttpRequest) -> User | None:
    """看的是谁；到了时间、不再许看的为 None。"""
    held = request.session[KEY]
    if timezone.now() - datetime.fromisoformat(held["since"]) > LONGEST:
        return None
    try:
        return viewed(UUID(held["user"]), request.user)
    except (Missing, Refused):
        return None


def _over(request: HttpRequest) -> HttpResponse:
    words = "查看到时间了（最长 30 分钟），已自动退出，您现在是本人。"
    if request.method not in SAFE:
        return _refused(request, words)
    messages.warning(request, words)
    return redirect("evaluations:home")


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    if wants_json(request):
        return problem_json(request, words, 403)
    return render(request, "evaluations/viewing_refused.html", {"reason": words}, status=403)
