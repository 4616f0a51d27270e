"""请求的最外一层检查。"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from .models import User
from .passwords import overdue
from .services import touch_session
from .sessions import SINCE, TOUCH_EVERY

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105 一个类的名字  # nosec B105

Next = Callable[[HttpRequest], HttpResponse]


def refuse_nul(get_response: Next) -> Next:
    """网址和表单里带 NUL 字符的一律 400：人打不出来，数据库也存不了。"""

    def check(request: HttpRequest) -> HttpResponse:
        given = [request.path, *request.GET.values()]
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            given += [value for values in request.POST.lists() for value in values[1]]
        if any("\0" in text for text in given):
            return HttpResponseBadRequest(
                "请求里有不能用的字符。请返回上一页再试。", content_type="text/plain; charset=utf-8"
            )
        return get_response(request)

    return check


class OwnPassword:
    """还在用初始密码、密码到期了的人，先改密码：打开什么都到改密码页；接口答 403 和一句话。"""

    ALLOWED = ("units:password", "units:logout", "units:healthz", "units:readyz")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """知道是哪个页面以后再拦：接口自己答没有登录，不转到别处（``login_required`` 为假）。"""
        if not request.user.is_authenticated or not _wants_new_password(request):
            return None
        here = request.resolver_match
        if here is not None and here.view_name in self.ALLOWED:
            return None
        if here is not None and here.app_name != "units" and not getattr(view, "login_required", True):
            words = "请先改密码（初始密码、到期的密码都要换成新的）。您填的内容还在本页，改好后会继续保存。"
            return JsonResponse({"error": words, "login": True}, status=403)
        return redirect("units:password")


def _wants_new_password(request: HttpRequest) -> bool:
    """经统一身份认证进来的不看这里的密码。"""
    user = request.user
    if request.session.get(BACKEND_SESSION_KEY) not in (None, PASSWORD_BACKEND):
        return False
    return bool(user.must_change_password) or overdue(user, request.session.get(SINCE))


class StillHere:
    """有人在用就记下时间；页面自己定时问的（``background``）不算，人走开了会话照样到时间结束。"""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> None:
        """知道是哪个页面以后再记，最密一分钟一次。"""
        session = request.session
        if getattr(view, "background", False) or not request.user.is_authenticated:
            return
        seen = getattr(session, "seen", None)
        if seen is not None and timezone.now() - seen > TOUCH_EVERY:
            touch_session(key=session.session_key)


def first_run(get_response: Next) -> Next:
    """还没有一个账号时，什么页面都到首次设置。登录了的人不用问：他就是一个账号。"""

    def check(request: HttpRequest) -> HttpResponse:
        setup = reverse("evaluations:setup")
        if (
            request.path not in (setup, reverse("units:healthz"), reverse("units:readyz"))
            and not request.user.is_authenticated
            and not User.objects.exists()
        ):
            return redirect(setup)
        return get_response(request)

    return check
