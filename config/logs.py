"""日志：正式运行一件事一行 JSON；调试、演示时给人看的一行字。每行都带请求的编号（``request_id``）。

日志里没有表单的内容、姓名、电话、密码、会话、令牌：请求只记方法、路径（不带 ``?`` 后面的）、状态、毫秒和用户的编号；
异常记类型、经过的文件和行，消息里引号中的字（多半是人填的）换成“…”。控制符、换行、颜色码、U+2028、方向控制符一律转义。
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

TOLD = ("method", "path", "status", "ms", "user")
"""一行请求的日志里的各项（``extra``）；别的库带来的不要：里面有整个请求。"""
LONGEST = 300
FRAMES, CAUSES = 12, 3
CODE_WORDS = (AttributeError, TypeError, NameError, ImportError, RecursionError)
"""消息说的是程序自己的异常：引号里是程序的名字，留着。"""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def logging_config(*, plain: bool) -> dict[str, Any]:
    """给 ``LOGGING`` 的值；``plain`` 是给人看的样子。"""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=TOLD),
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    last = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        tell_problem,
        in_words if plain else in_json,
    ]
    formatter = {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": shared, "processors": last}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            # 成了、没成都已有一行请求的日志；这里只留出错的经过
            "django.request": {"level": "ERROR"},
            # 登录失败记在库里；它的日志里有人打的账号，有人会把密码打在那里
            "evaluations": {"level": "INFO"},
            "units": {"level": "INFO"},
        },
    }


def escaped(text: str) -> str:
    """看不见的字写成 ``\\uXXXX``。"""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_json(_logger: Any, _method: str, event: dict[str, Any]) -> str:
    """一行 JSON；汉字照写。"""
    return escaped(json.dumps(event, ensure_ascii=False, default=str))


def in_words(_logger: Any, _method: str, event: dict[str, Any]) -> str:
    """给人看的一行，出错的经过另起几行。"""
    problem = event.pop("error", None)
    head = [str(event.pop(name, "")) for name in ("timestamp", "level", "logger", "event")]
    rest = [f"{name}={value}" for name, value in event.items()]
    lines = [escaped(" ".join([head[0][:19], head[1].upper(), *head[2:], *rest]))]
    for one in problem or ():
        lines += [escaped(f"  {one['type']}: {one['message']}"), *(f"    {place}" for place in one["trace"])]
    return "\n".join(lines)


# ---- 异常 ----


def tell_problem(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """``exc_info`` → ``error``：类型、消息、经过；引起它的排在后面。"""
    given = event.pop("exc_info", None)
    given = sys.exc_info() if given is True else given
    problem = given if isinstance(given, BaseException) else given[1] if given else None
    if problem is not None:
        event["error"] = [
            {"type": type(one).__name__, "message": message_of(one), "trace": places(one.__traceback__)}
            for one in chain(problem)
        ]
    return event


def chain(problem: BaseException) -> Iterator[BaseException]:
    """异常和引起它的各个，最多三个。"""
    one: BaseException | None = problem
    for _ in range(CAUSES):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def message_of(problem: BaseException) -> str:
    """消息的第一行；引号里的字是数据，不要。数据库在第二行起说是哪些值，也不要。"""
    first = (str(problem).splitlines() or [""])[0][:LONGEST]
    return first if isinstance(problem, CODE_WORDS) else _QUOTED.sub("“…”", first)


def places(trace: TracebackType | None) -> list[str]:
    """经过的文件、行、函数，最里面的在最后；不带源代码和变量。"""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-FRAMES:]
    ]
