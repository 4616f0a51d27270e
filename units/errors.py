"""出错的答复：一句中文，怎么办，一个编号；接口答 JSON。不查数据库，没有收集静态文件也显示得出。

编号也在回答的头 ``X-Request-ID`` 和日志里：用户报编号，管理员按它找日志。
"""

from __future__ import annotations

import errno
import sys
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.template.loader import render_to_string

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Trouble:
    """一种出错：状态码、标题、说的话；``retry`` 是几秒后再试。"""

    status: int
    title: str
    words: str
    retry: int = 0


UNREADABLE = Trouble(
    400, "请求读不懂", "请求没有传完整，或里面有不能用的字符，什么都没有改。请返回上一页再试。"
)
WRONG_HOST = Trouble(400, "网址不对", "请用财政局公布的网址打开本系统，不要用别的名称或 IP 地址。")
TOO_BIG = Trouble(413, "内容太大", "一次送来的内容太大，没有保存。请分几次填写，或换小一些的文件再上传。")
NOT_A_PAGE = Trouble(
    405, "这个地址不能直接打开", "这是按钮用的地址。请回到首页，重新打开要用的页面，再按一次按钮。"
)
STALE = Trouble(
    403, "页面放得太久", "页面放得太久，已经失效，这次没有保存。填报的内容已存在本机，刷新页面后自动保存。"
)
CLOSED = Trouble(
    403, "这一页不对您开放", "您的岗位不能查看这一页。请回到首页重新打开；需要权限请联系本单位管理员。"
)
MISSING = Trouble(404, "没有这一页", "地址不对，或这份材料不归您的单位。请从首页重新打开。")
BROKEN = Trouble(
    500, "系统出错",
    "系统出错，没有保存这次修改。已经显示“已保存”的内容不受影响。请过一会儿再试；还是不行，请把下面的编号和正在做的事告诉财政局绩效科。",
)  # fmt: skip
BUSY = Trouble(
    503,
    "系统忙",
    "系统忙，暂时连不上数据库，这次没有保存。已经显示“已保存”的内容不受影响。请过一会儿再试。",
    5,
)
FULL = Trouble(
    503, "磁盘满了",
    "服务器的磁盘满了，这次没有保存。已经显示“已保存”的内容不受影响。请告诉系统管理员清理磁盘，清理以后再试。", 30,
)  # fmt: skip


def trouble_of(problem: BaseException | None) -> Trouble:
    """没有接住的异常该怎么说。"""
    if disk_is_full(problem):
        return FULL
    if isinstance(problem, UnreadablePostError):
        return UNREADABLE
    return BUSY if database_is_away(problem) else BROKEN


def database_is_away(problem: BaseException | None) -> bool:
    """数据库停了、连接断了、忙不过来；缺表缺列（没有迁移）是程序的错，不算。"""
    return isinstance(problem, OperationalError | InterfaceError) and "no such" not in str(problem)


def disk_is_full(problem: BaseException | None) -> bool:
    """磁盘或配额满了：系统、SQLite、PostgreSQL（53100）各有各的说法。"""
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if getattr(problem, "sqlstate", "") == "53100" or "disk is full" in str(problem):
            return True
        problem = problem.__cause__
    return False


# ---- 答复 ----


def wants_json(request: HttpRequest) -> bool:
    """页面上的脚本发来的：答 JSON。"""
    headers = request.headers
    return (
        "json" in headers.get("Content-Type", "")
        or "application/json" in headers.get("Accept", "")
        or headers.get("X-Requested-With") == "XMLHttpRequest"
    )


def number_of(request: HttpRequest) -> str:
    """这个请求的编号。"""
    return getattr(request, "number", "")


def problem_json(request: HttpRequest, words: str, status: int, **more: object) -> JsonResponse:
    """接口的一句话，带编号。"""
    data = {"error": words, "number": number_of(request), **more}
    return JsonResponse(data, status=status, json_dumps_params={"ensure_ascii": False})


def answer(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """出错的页面，或接口的一句话。"""
    if wants_json(request):
        # 出错时页面自己会说填的字在哪里、接着怎样，这里只说出了什么事
        words = trouble.words if trouble.status < 500 else trouble.words.partition("。")[0] + "。"
        response: HttpResponse = problem_json(request, words, trouble.status)
    else:
        context = {
            "trouble": trouble, "number": number_of(request), "static": settings.STATIC_URL,
            "again": request.path if request.method in SAFE and trouble.retry else "",
        }  # fmt: skip
        response = HttpResponse(render_to_string("error.html", context), status=trouble.status)
    if trouble.retry:
        response["Retry-After"] = str(trouble.retry)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400、413。"""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return answer(request, TOO_BIG)
    return answer(request, WRONG_HOST if isinstance(exception, DisallowedHost) else UNREADABLE)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403：不许看。"""
    return _with_menu(request, CLOSED)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403：页面放得太久，令牌失效。"""
    return _with_menu(request, STALE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404。"""
    return _with_menu(request, MISSING)


def server_error(request: HttpRequest) -> HttpResponse:
    """500、503：Django 在处理异常时调用，异常还在手上。"""
    return answer(request, trouble_of(sys.exc_info()[1]))


def _with_menu(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """带导航的出错页：人还能接着用系统。"""
    if wants_json(request):
        return answer(request, trouble)
    return render(request, "_error.html", {"trouble": trouble}, status=trouble.status)
