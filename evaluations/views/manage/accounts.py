"""人员：账号、岗位、初始密码。初始密码只在办成的那一次答复里给人看，不存、不记日志。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations import access
from evaluations.core.workflow import Role
from evaluations.exports.tables import Column, Table, write_tables
from evaluations.forms.accounts import AddPersonForm, PersonForm, PostForm
from evaluations.roster import PEOPLE_FILTERS, current_posts, people_list, tree_of
from evaluations.services import account_security as security
from evaluations.services import accounts as service
from evaluations.services import second_factor
from evaluations.services.accounts import Credential
from evaluations.services.login_limits import locks_of
from evaluations.services.problems import Refused
from evaluations.services.proposals import confirm_post, decline_post, waiting_for, why_not_confirm
from units.models import ProposedPost, User
from units.passwords import INITIAL_HOURS, INITIAL_VALID

from ..documents import download
from . import managing

PER_PAGE = 50
SALT = "initial-passwords"
SHEET_SECONDS = 3600


@require_safe
@managing(*access.SEES_ACCOUNTS)
def index(request: HttpRequest) -> HttpResponse:
    """人员清单：查、挑、分页。"""
    asked, role = request.GET.get("q", "").strip()[:40], request.GET.get("role", "")
    which = request.GET.get("which", "")
    units = list(access.managed_by(request.user))
    unit = next((one for one in units if str(one.pk) == request.GET.get("unit")), None)
    people = people_list(
        request.user, asked=asked, unit=unit.pk if unit else None, role=role if role in set(Role) else "", which=which
    )  # fmt: skip
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "page": page, "asked": asked, "role": role, "which": which, "unit": unit, "units": [(one, "　" * depth) for one, depth in tree_of(units)],
        "roles": [(one.value, one.label) for one in Role], "filters": PEOPLE_FILTERS.items(), "kept": kept.urlencode(),
        "filtered": bool(asked or role or which or unit),
        "stands_in": bool({Role(a.role) for a in access.appointments_of(request.user)} & (access.UNIT_ROLES | access.REVIEW_ROLES)),
        "today": timezone.localdate(), "may_add": bool(access.administers(request.user) & access.UNIT_ADMINS),
        "proposals": [(one, why_not_confirm(request.user, one)) for one in waiting_for(request.user)], "may_import": bool(access.administers(request.user) & access.BUREAU_ADMINS),
    }  # fmt: skip
    return render(request, "evaluations/accounts.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@managing(*access.UNIT_ADMINS)
def add(request: HttpRequest) -> HttpResponse:
    """新增一个人；办成后在这一页给出初始密码。"""
    sent = request.POST if request.method == "POST" else None
    units = access.managed_by(request.user).filter(is_active=True)
    start = {"department": request.GET.get("unit", ""), "role": Role.PREPARER}
    form = AddPersonForm(sent, units=units, roles=_roles(request.user), initial=start)
    if sent is not None and form.is_valid():
        try:
            made = service.add_person(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return passwords_page(request, [made], f"已新增 {made.display_name}")
    status = 200 if sent is None else 409
    return render(request, "evaluations/account_add.html", {"form": form}, status=status)


@require_POST
@managing(*access.BUREAU_ADMINS, Role.SECURITY_ADMIN)
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """确认、不同意一个要两个人办的任命。"""
    if not waiting_for(request.user).filter(pk=proposal_id).exists():
        raise Http404("没有这个任命")
    acts = {"confirm": confirm_post, "decline": decline_post}
    try:
        if (act := acts.get(request.POST.get("act", ""))) is None:
            raise Refused("不认识的动作。请刷新页面。")
        act(by=request.user, proposal_id=proposal_id)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已办好，记录里写明了。")
    return redirect("evaluations:accounts")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@managing(*access.SEES_ACCOUNTS)
def account(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """一个人：改、任命、结束岗位、重置密码、停用。"""
    person = access.get_person(request.user, person_id)
    sent = request.POST if request.method == "POST" else None
    act = sent.get("act", "") if sent is not None else ""
    units = access.managed_by(request.user).filter(is_active=True)
    start = {"display_name": person.display_name, "phone": person.phone}
    forms: dict[str, Any] = {
        "edit": PersonForm(sent if act == "edit" else None, initial=start, prefix="edit"),
        "appoint": PostForm(
            sent if act == "appoint" else None, units=units, roles=_roles(request.user),
            initial={"since": timezone.localdate()}, prefix="appoint",
        ),
    }  # fmt: skip
    if sent is not None:
        answer = _act(request, person, act, forms)
        if answer is not None:
            return answer
    posts = person.appointments.select_related("department", "stand_in_for").order_by("-since")
    current = set(current_posts().filter(user=person).values_list("pk", flat=True))
    context = {
        "person": person, "forms": forms, "current": [post for post in posts if post.pk in current],
        "past": [post for post in posts if post.pk not in current], "why_not": service.why_not(request.user, person),
        "today": timezone.localdate(), "hours": INITIAL_HOURS, "now": timezone.now(), "guards": security.guards(request.user),
        "locks": locks_of(person.username), "bound": second_factor.has(person),
        "proposed": ProposedPost.objects.filter(user=person).select_related("department", "proposed_by"),
    }  # fmt: skip
    return render(request, "evaluations/account.html", context, status=200 if sent is None else 409)


SIMPLE = {
    "enable": partial(service.set_enabled, enabled=True),
    "disable": partial(service.set_enabled, enabled=False),
    "unlock": security.unlock,
    "remove_totp": security.remove_totp,
}
"""只要知道是谁就能办的。"""


def _act(request: HttpRequest, person: User, act: str, forms: dict[str, Any]) -> HttpResponse | None:
    """做一件事；没做成的返回 None，原因写在表单上或提示条里。"""
    form, given = forms.get(act), {"by": request.user, "person_id": person.pk}
    if form is not None and not form.is_valid():
        return None
    done = "已办好，记录里写明了。"
    try:
        if act == "reset":
            made = service.reset_password(**given)
            return passwords_page(request, [made], f"已重置 {made.display_name} 的密码")
        if act == "edit":
            service.edit_person(**given, **form.cleaned_data)
        elif act == "appoint":
            if isinstance(service.appoint_person(**given, **form.cleaned_data), ProposedPost):
                done = "已提出。这个岗位要两个人办：安全管理员在人员页确认以后才生效。"
        elif act == "end":
            service.end_person_post(**given, appointment_id=_uuid(request.POST.get("post", "")))
        elif act in SIMPLE:
            SIMPLE[act](**given)
        else:
            return None
    except Refused as refusal:
        if form is None:
            messages.error(request, str(refusal))
        else:
            form.add_error(None, str(refusal))
        return None
    messages.success(request, done)
    return redirect("evaluations:account", person_id=person.pk)


def _roles(user: User) -> list[Role]:
    """这个人能任命的岗位；在哪个单位能任命，服务再查。"""
    given = {role for held in access.administers(user) for role in access.GIVES.get(held, ())}
    return [role for role in Role if role in given]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("没有这个岗位。请刷新页面。") from None


# ---- 初始密码 ----


def passwords_page(request: HttpRequest, made: Sequence[Credential], title: str) -> HttpResponse:
    """初始密码，只显示这一次：可以打印，可以下载。签了名的清单在页面里，服务器不留。"""
    sheet = signing.dumps([str(request.user.pk), [asdict(one) for one in made]], salt=SALT, compress=True)
    context = {
        "made": made, "title": title, "sheet": sheet, "until": timezone.now() + INITIAL_VALID, "hours": INITIAL_HOURS,
        "login": request.build_absolute_uri(reverse("units:login")),
    }  # fmt: skip
    return render(request, "evaluations/passwords.html", context)


@never_cache
@require_POST
@managing(*access.UNIT_ADMINS)
def passwords(request: HttpRequest) -> HttpResponse:
    """把刚才那一页的清单做成 Excel；清单由那一页带来，签名不对或超过一小时不做。"""
    try:
        owner, rows = signing.loads(request.POST.get("sheet", ""), salt=SALT, max_age=SHEET_SECONDS)
    except signing.BadSignature:
        owner, rows = "", []
    if owner != str(request.user.pk):
        raise Http404("没有这份清单")
    columns = [Column("账号", 20), Column("姓名", 14), Column("单位", 36), Column("初始密码", 20)]
    values = [[row["username"], row["display_name"], row["unit"], row["password"]] for row in rows]
    notes = [f"初始密码 {INITIAL_HOURS} 小时内有效，第一次登录要先改密码。发给本人后请删掉这个文件。"]
    content = write_tables([Table("初始密码", columns, values, notes)], title="初始密码")
    return download(content, "xlsx", "初始密码")


urlpatterns = [
    path("", index, name="accounts"),
    path("add/", add, name="account_add"),
    path("passwords/", passwords, name="account_passwords"),
    path("proposals/<uuid:proposal_id>/", proposal, name="proposal"),
    path("<uuid:person_id>/", account, name="account"),
]
