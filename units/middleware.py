"""请求的最外一层检查。"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.db import Error
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from evaluations.core.values import clean_text, visible

from .errors import NOT_A_PAGE, UNREADABLE, answer, problem_json
from .models import User
from .passwords import overdue
from .services import touch_session
from .sessions import SINCE, TOUCH_EVERY

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105 一个类的名字  # nosec B105

Next = Callable[[HttpRequest], HttpResponse]
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""编号用的字：念得清，没有看着像的。"""
SECRET = re.compile("password|again|token")
"""密码一类的字段。"""
logger = logging.getLogger(__name__)


def numbered(get_response: Next) -> Next:
    """最外一层：给请求一个编号（出错页、回答的头、日志都是它），做完记一行日志，补齐安全的头。"""

    def serve(request: HttpRequest) -> HttpResponse:
        number = "".join(secrets.choice(LETTERS) for _ in range(8))
        request.number = f"{number[:4]}-{number[4:]}"  # type: ignore[attr-defined]
        began = time.monotonic()
        with bound_contextvars(request_id=request.number):  # type: ignore[attr-defined]
            response = get_response(request)
            if response.status_code == 405 and request.method == "GET" and not response.content:
                allowed = response["Allow"]
                response = answer(request, NOT_A_PAGE)
                response["Allow"] = allowed
            _log(request, response, time.monotonic() - began)
        response["X-Request-ID"] = request.number  # type: ignore[attr-defined]
        for name, value in settings.ANSWER_HEADERS.items():
            response.setdefault(name, value)
        return response

    return serve


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """一个请求一行；送静态文件、探针成了的不记。"""
    quiet = request.path.startswith(settings.STATIC_URL) or request.path == "/healthz"
    if quiet and response.status_code < 400:
        return
    told = {
        "method": request.method, "path": request.path[:300], "status": response.status_code, "ms": round(seconds * 1000),
        "user": _user(request),
    }  # fmt: skip
    logger.log(logging.WARNING if response.status_code >= 500 else logging.INFO, "request", extra=told)


def _user(request: HttpRequest) -> str | None:
    """登录的是谁（编号）；这次没有用到会话的不去查，数据库不在的不知道。"""
    session = getattr(request, "session", None)
    if session is None or not session.accessed:
        return None
    with contextlib.suppress(Error):
        return session.get(SESSION_KEY)
    return None


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def plain_text(get_response: Next) -> Next:
    """表单的门：打的字、文件名里看不见的字符在这里去掉，哪个表单都不用自己管；密码照原样。

    带 NUL 字符的一律 400：人打不出来。接口的 JSON 在 ``views/api.py``，导入的表格在 ``core/tabular.py``。
    """

    def check(request: HttpRequest) -> HttpResponse:
        sent = request.POST if request.content_type in FORMS else QueryDict()
        if "\0" in request.path or any(
            "\0" in text for data in (request.GET, sent) for _, values in data.lists() for text in values
        ):
            return answer(request, UNREADABLE)
        if sent:
            cleaned = sent.copy()
            for name, values in sent.lists():
                if not SECRET.search(name):
                    cleaned.setlist(name, [visible(text) for text in values])
            request.POST = cleaned  # type: ignore[assignment]
        if request.content_type == "multipart/form-data":
            for upload in request.FILES.values():
                upload.name = clean_text(upload.name)
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
            return problem_json(request, words, 403, login=True)
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
