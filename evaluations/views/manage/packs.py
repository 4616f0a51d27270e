"""方案：复制、修改、比较、试算、发布。"""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from evaluations.core.workflow import Role

from . import managing


@require_safe
@managing(Role.PACK_ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [path("", index, name="packs")]
