"""请求的最外一层检查。"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from .models import User

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


class FirstPassword:
    """还在用初始密码的人，先改密码：打开什么都到改密码页；接口答 403 和一句话。"""

    ALLOWED = ("units:password", "units:logout", "units:healthz", "units:readyz")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """知道是哪个页面以后再拦：接口自己答没有登录，不转到别处（``login_required`` 为假）。"""
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        here = request.resolver_match
        if here is not None and here.view_name in self.ALLOWED:
            return None
        if here is not None and here.app_name != "units" and not getattr(view, "login_required", True):
            words = "请先把初始密码改成自己的密码。您填的内容还在本页，改好后会继续保存。"
            return JsonResponse({"error": words, "login": True}, status=403)
        return redirect("units:password")


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
