"""首次设置：还没有一个账号时，什么页面都到这里；设置好以后没有这一页。"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from evaluations.forms.setup import FirstPersonForm, SetupForm
from evaluations.services.problems import Refused
from evaluations.services.setup import is_new, set_up
from units.views import enter


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """财政局、方案管理员、可选的系统管理员；办成就登录，接着导入单位。"""
    if not is_new():
        raise Http404("设置过了")
    sent = request.POST if request.method == "POST" else None
    form = SetupForm(sent)
    admin = FirstPersonForm(sent, prefix="admin")
    system = FirstPersonForm(sent, prefix="system", empty_permitted=True, use_required_attribute=False)
    if sent is not None and all([form.is_valid(), admin.is_valid(), system.is_valid()]):
        try:
            user = set_up(**form.cleaned_data, admin=admin.person, system=system.person)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            backend = "django.contrib.auth.backends.ModelBackend"
            return enter(request, user, backend, reverse("evaluations:units"), "首次设置")
    context = {"form": form, "admin": admin, "system": system}
    return render(request, "evaluations/setup.html", context, status=200 if sent is None else 409)
