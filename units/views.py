"""登录、退出、改密码。"""

from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe

from .forms import ChangePasswordForm, LoginForm

login = auth.LoginView.as_view(
    template_name="units/login.html", authentication_form=LoginForm, redirect_authenticated_user=True
)
logout = auth.LogoutView.as_view()
password = auth.PasswordChangeView.as_view(
    template_name="units/password.html",
    form_class=ChangePasswordForm,
    success_url=reverse_lazy("units:password_done"),
)


@require_safe
def password_done(request: HttpRequest) -> HttpResponse:
    return render(request, "units/password_done.html")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """探针：进程活着。"""
    return HttpResponse("ok", content_type="text/plain")
