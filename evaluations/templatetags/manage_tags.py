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
