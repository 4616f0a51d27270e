"""财政局和主管部门管理员的页面。各模块自带网址表 ``urlpatterns``。"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from evaluations import access
from evaluations.core.workflow import Role

View = Callable[..., HttpResponse]


def managing(*roles: Role) -> Callable[[View], View]:
    """只给这些管理岗位看的页面；别人一律当作没有这个页面。"""

    def wrap(view: View) -> View:
        @wraps(view)
        def check(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not {Role(a.role) for a in access.appointments_of(request.user)} & set(roles):
                raise Http404("没有这个页面")
            return view(request, *args, **kwargs)

        return check

    return wrap
