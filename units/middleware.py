"""请求的最外一层检查。"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

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
