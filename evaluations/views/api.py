"""接口的共同部分：没登录 403、没有 404、形状不对 400、不允许 409，都是一句中文。别的出错见 units/errors.py。"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from evaluations.core.values import visible
from evaluations.services.problems import Missing, Refused
from units.errors import problem_json

View = Callable[..., HttpResponse]


class BadRequest(Exception):
    """请求的形状不对；消息给人看。"""


def json_api(view: View) -> View:
    """把各种不成变成一句话的 JSON。"""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            words = "登录已过期。您填的内容还在本页，重新登录后会继续保存。"
            return problem_json(request, words, 403, login=True)
        try:
            return view(request, *args, **kwargs)
        except BadRequest as problem:
            return problem_json(request, str(problem), 400)
        except (Http404, Missing) as problem:
            return problem_json(request, f"{problem}，可能已被删除，或不归您管。请刷新页面。", 404)
        except Refused as problem:
            return problem_json(request, str(problem), 409)

    wrapped.login_required = False  # type: ignore[attr-defined]
    return wrapped


def background(view: View) -> View:
    """页面自己定时问的：不算有人在用，不延长会话（units.middleware.StillHere）。"""
    view.background = True  # type: ignore[attr-defined]
    return view


def answer(data: dict[str, Any]) -> JsonResponse:
    """JSON 的答复；汉字照写，不转义，短一半。"""
    return JsonResponse(data, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


def body_of(request: HttpRequest) -> dict[str, Any]:
    """请求里的 JSON 对象；不是就抛 ``BadRequest``。"""
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadRequest("收到的内容不是 JSON，没有保存。请刷新页面后再试。") from None
    if not isinstance(data, dict):
        raise BadRequest("收到的内容形状不对，没有保存。请刷新页面后再试。")
    cleaned: dict[str, Any] = _storable(data)
    return cleaned


def _storable(value: Any) -> Any:
    """去掉看不见的、数据库和 UTF-8 存不了的字符；JSON 里写得出来，人打不出来。"""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value


def whole_number(text: str | None) -> int | None:
    """网址、表单里的非负整数；写法不对为 None。"""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def number_of(data: dict[str, Any], name: str) -> int | None:
    """一个非负整数；没有或不是为 None。"""
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text_of(data: dict[str, Any], name: str) -> str:
    """一段文字；没有或不是为空串。"""
    value = data.get(name)
    return value if isinstance(value, str) else ""
