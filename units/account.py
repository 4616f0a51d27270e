"""我的账号：在哪里登录着、密码、动态口令。"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.services import login_limits, second_factor, signing_in
from evaluations.services.login_limits import Held

from .forms import ChangePasswordForm, CodeForm
from .models import User, UserSession
from .origin import address_of
from .passwords import days_left, overdue
from .qr import drawing_of
from .sessions import SINCE, idle_before
from .views import held_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """自己的登录、密码、动态口令；可以结束一处登录。"""
    sessions = sessions_of(request.user)
    if request.method == "POST" and request.POST.get("act") == "totp":
        second_factor.offer(request.user)
        return redirect("units:totp")
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        chosen = next((one for one in sessions if name_of(one) == wanted), None)
        if chosen is None or chosen.pk == request.session.session_key:
            messages.error(request, "这处登录已经结束了。要结束现在这一处，请用右上角的“退出”。")
        else:
            signing_in.end_own_session(user=request.user, key=chosen.pk)
            messages.success(request, "那一处的登录已经结束。不是您本人的，请马上改密码。")
        return redirect("units:account")
    shown = [(name_of(one), one, one.pk == request.session.session_key) for one in sessions]
    context = {
        "sessions": shown, "most": settings.SESSIONS_PER_ACCOUNT, "idle": settings.IDLE_MINUTES,
        "longest": timedelta(seconds=settings.SESSION_COOKIE_AGE).seconds // 3600,
        "bound": second_factor.has(request.user), "must": second_factor.must(request.user),
        "expires": request.user.password_expires, "days_left": days_left(request.user),
    }  # fmt: skip
    return render(request, "units/account.html", context)


def sessions_of(user: User) -> list[UserSession]:
    """还有效的登录，最近用过的在前。"""
    alive = UserSession.objects.filter(user=user, seen__gte=idle_before(), expire_date__gt=timezone.now())
    return list(alive.order_by("-seen"))


def name_of(session: UserSession) -> str:
    """页面上指这一处登录的字；会话的键本身不给人看。"""
    return hashlib.sha256(session.pk.encode()).hexdigest()[:32]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def totp(request: HttpRequest) -> HttpResponse:
    """自己绑定动态口令；绑定了的，换手机请安全管理员解除。"""
    device = second_factor.offered(request.user)
    if device is None or second_factor.has(request.user):
        return redirect("units:account")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            right = second_factor.bind(request.user, form.cleaned_data["code"])
        except second_factor.NotNow as wait:
            return held_page(request, Held("code", wait.until))
        if right:
            messages.success(request, "动态口令已绑定。下次登录时要填手机上的数。")
            return redirect("units:account")
        form.add_error("code", "动态口令不对，或者已经用过。请等手机上换了新的再填。")
    return render(request, "units/totp.html", {"form": form, **drawing_of(device)})


class ChangePassword(auth.PasswordChangeView):
    """改自己的密码；别处的登录全部结束。"""

    template_name = "units/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("units:password_done")

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        since = self.request.session.get(SINCE)
        return super().get_context_data(overdue=overdue(self.request.user, since), **given)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """旧密码也不能随便试：和登录算在一起。"""
        if not request.POST.get("old_password"):
            return super().post(request, *args, **kwargs)
        where = {"username": request.user.username, "address": address_of(request)}
        try:
            held = login_limits.admit(**where)
        except Held as problem:
            return held_page(request, problem)
        form = self.get_form()
        valid = form.is_valid()
        if "old_password" in form.errors:
            signing_in.record_failure(**where, how="改密码时旧密码不对", locked=held is not None)
        else:
            login_limits.passed(**where)
        return self.form_valid(form) if valid else self.form_invalid(form)

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        signing_in.change_password(
            user=form.user, password=form.cleaned_data["new_password1"], key=self.request.session.session_key
        )
        update_session_auth_hash(self.request, form.user)
        return redirect(self.get_success_url())


password = ChangePassword.as_view()


@require_safe
def password_done(request: HttpRequest) -> HttpResponse:
    return render(request, "units/password_done.html")
