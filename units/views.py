"""登录（密码、动态口令、统一身份认证）和退出。登录以前，会话里只有“等着第二步”。"""

from __future__ import annotations

import hashlib
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth import login as start
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from config.safety import is_ready
from evaluations.services import login_limits, second_factor, signing_in
from evaluations.services.login_limits import Held

from .forms import CodeForm, LoginForm
from .models import User
from .origin import address_of, browser_of
from .passwords import days_left
from .qr import drawing_of
from .services import store_session
from .sessions import ADDRESS, BROWSER, SINCE

PENDING = "second"
"""会话里：密码对了、等着第二步的人。"""
PENDING_SECONDS = 600
WHY_HERE = (
    f"请登录后继续。{settings.IDLE_MINUTES} 分钟没有操作、在别处登录超过 {settings.SESSIONS_PER_ACCOUNT} 处、改了密码，都会退出。"
    "没有存上的内容还在这台电脑上，登录后接着存。"
)
TICKET = ("user", "time", "nonce", "sign")


# ---- 密码 ----


class Login(auth.LoginView):
    """账号和密码；先占一次机会（login_limits）再验。"""

    template_name = "units/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"why_here": WHY_HERE}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        if not (request.POST.get("username") and request.POST.get("password")):
            return super().post(request, *args, **kwargs)
        username = signing_in.name_in_limits(request.POST["username"])
        address = address_of(request)
        try:
            held = login_limits.admit(username=username, address=address)
        except Held as problem:
            return held_page(request, problem)
        if form.is_valid():
            login_limits.passed(username=username, address=address)
            return self.form_valid(form)
        how = "初始密码已过期" if form.expired else "密码不对"
        signing_in.record_failure(username=username, address=address, how=how, locked=held is not None)
        return held_page(request, held) if held else self.form_invalid(form)

    def form_valid(self, form: LoginForm) -> HttpResponse:
        user = form.get_user()
        return enter(self.request, user, user.backend, self.get_redirect_url(), "密码")


login = Login.as_view()


def held_page(request: HttpRequest, held: Held) -> HttpResponse:
    """现在不能试：为什么、到什么时候。"""
    answer = render(request, "units/locked.html", {"held": held}, status=429)
    answer["Retry-After"] = str(held.seconds)
    return answer


# ---- 第二步 ----


def enter(request: HttpRequest, user: User, backend: str, onward: str, how: str) -> HttpResponse:
    """第一步对了：要动态口令的去第二步，不要的就登录。"""
    if not (second_factor.must(user) or second_factor.has(user)):
        return sign_in(request, user, backend, onward, how)
    second_factor.offer(user)
    request.session.flush()
    request.session[PENDING] = {
        "user": str(user.pk), "backend": backend, "how": how, "at": time.time(), "hash": user.get_session_auth_hash(),
    }  # fmt: skip
    return redirect(reverse("units:second_step") + (f"?{urlencode({'next': onward})}" if onward else ""))


def sign_in(request: HttpRequest, user: User, backend: str, onward: str, how: str) -> HttpResponse:
    """登录：换新的会话，记下从哪里来；同时登录的太多，最早的结束。"""
    request.session.pop(PENDING, None)
    request.session.update({SINCE: time.time(), ADDRESS: address_of(request), BROWSER: browser_of(request)})
    start(request, user, backend=backend)
    store_session(session=request.session)
    ended = signing_in.record_login(
        user=user, address=address_of(request), how=how, key=request.session.session_key or ""
    )
    if ended:
        messages.warning(request, "您的账号在别处的登录太多，最早的已经结束。不是您本人的，请马上改密码。")
    left = days_left(user)
    if left is not None:
        messages.warning(request, f"您的密码还有 {left} 天到期。请在右上角“我的账号”里修改。")
    return redirect(onward or resolve_url(settings.LOGIN_REDIRECT_URL))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """动态口令；还没有绑定的先绑定。"""
    held = request.session.get(PENDING, {})
    user = _pending(held)
    onward = _safe(request, request.GET.get("next", ""))
    if user is None:
        return redirect(
            f"{reverse('units:login')}?{urlencode({'next': onward})}" if onward else "units:login"
        )
    bound, device = second_factor.has(user), second_factor.offered(user)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            right = (second_factor.check if bound else second_factor.bind)(user, form.cleaned_data["code"])
        except second_factor.NotNow as wait:
            return held_page(request, Held("code", wait.until))
        if right:
            return sign_in(request, user, held["backend"], onward, f"{held['how']}和动态口令")
        form.add_error("code", "动态口令不对，或者已经用过。请等手机上换了新的再填。")
    context = {"form": form, "bound": bound, "person": user}
    if not bound and device is not None:
        context |= drawing_of(device)
    return render(request, "units/second_step.html", context)


def _pending(held: dict[str, Any]) -> User | None:
    """等着第二步的人；等得太久、期间停用了、换了密码的为 None。"""
    if not held or time.time() - held["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=held["user"], is_active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), held["hash"]) else None


def _safe(request: HttpRequest, onward: str) -> str:
    """登录以后去哪里：只能是本站的。"""
    safe = url_has_allowed_host_and_scheme(
        onward, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return onward if safe else ""


# ---- 统一身份认证 ----


@login_not_required
@never_cache
@require_http_methods(["GET"])
def sso(request: HttpRequest) -> HttpResponse:
    """门户带着票据送来的人；没有开就没有这个页面。"""
    if not settings.SSO_SECRET:
        raise Http404("没有开统一身份认证")
    ticket = {name: request.GET.get(name, "")[:200] for name in TICKET}
    username, address = signing_in.name_in_limits(ticket["user"]), address_of(request)
    try:
        held = login_limits.admit(username=username, address=address)
    except Held as problem:
        return held_page(request, problem)
    user = authenticate(request, ticket=ticket)
    used = hashlib.sha256("\n".join(ticket.values()).encode()).hexdigest()
    if user is None or not login_limits.use_once(ticket=used):
        signing_in.record_failure(
            username=username, address=address, how="统一身份认证的票据不对", locked=held is not None
        )
        messages.error(
            request, "统一身份认证没有成功：票据不对、过期了、用过了，或这里没有您的账号。请从门户重新进入。"
        )
        return redirect("units:login")
    login_limits.passed(username=username, address=address)
    return enter(request, user, user.backend, _safe(request, request.GET.get("next", "")), "统一身份认证")


# ---- 退出和别的 ----


class Logout(auth.LogoutView):
    """本人退出：记一个事件，清掉浏览器里存着的东西；超时、被结束的不清，没有送到的字还在。"""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            signing_in.record_logout(user=request.user, address=address_of(request))
        answer = super().post(request, *args, **kwargs)
        answer["Clear-Site-Data"] = '"storage"'
        return answer


logout = Logout.as_view()


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """探针：进程活着。"""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """探针：数据库答得上来、升级好了，可以接客。不说为什么不行，那在日志里。"""
    ready = is_ready()
    return HttpResponse("ok" if ready else "no", content_type="text/plain", status=200 if ready else 503)
