"""请求从哪里来：地址和浏览器。"""

from __future__ import annotations

import ipaddress
import re

from django.http import HttpRequest

BROWSERS = (
    ("MicroMessenger", "微信"), ("360SE", "360"), ("360EE", "360"), ("QIANXIN", "奇安信"), ("Qaxbrowser", "奇安信"), ("Redcore", "红莲花"),
    ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows NT 6.1", "Windows 7"), ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("Mac OS", "macOS"),
    ("Kylin", "麒麟"), ("UOS", "统信"), ("Linux", "Linux"),
)  # fmt: skip


def address_of(request: HttpRequest) -> str:
    """发请求的机器的地址。前面有 nginx 时，``config.front`` 已经换成 nginx 看到的那个；请求自己写的头一概不看。"""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return ""


def network_of(address: str) -> str:
    """限制次数时算作同一处的地址：IPv6 一个人有一整段（/64），换着用也算一处。"""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def browser_of(request: HttpRequest) -> str:
    """浏览器和系统的名字，给本人认得出是哪一台。"""
    agent = request.headers.get("User-Agent", "")[:400]
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    version = re.search(r"(?:Edg|Firefox|Chrome|Version)/(\d{1,4})", agent)
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    numbered = f"{browser} {version[1]}" if browser and version else browser
    return " · ".join(filter(None, (numbered, system))) or "认不出的浏览器"
