"""管理页面用的过滤器。"""

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """写成 JSON，放进隐藏栏：页面上看到的旧值原样交回来。"""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def at(table: dict[str, Any], key: str) -> Any:
    """表里一个键的值；没有为空串。"""
    return table.get(key, "")


@register.filter
def masked(phone: str) -> str:
    """清单里的电话：留头三位、末四位（短的只留末两位），够认出是谁；要打电话到这个人的页面看。"""
    kept = 4 if len(phone) >= 9 else 2
    head = phone[:3] if len(phone) >= 9 else ""
    return f"{head}{'*' * max(len(phone) - len(head) - kept, 0)}{phone[-kept:]}"
