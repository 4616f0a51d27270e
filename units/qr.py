"""绑定动态口令的二维码：画成图，不连外面。"""

from __future__ import annotations

from base64 import b32encode

import segno
from django_otp.plugins.otp_totp.models import TOTPDevice


def drawing_of(device: TOTPDevice) -> dict[str, str]:
    """二维码（data: 图）和扫不了时手工填的密钥，四个字一组。"""
    key = b32encode(device.bin_key).decode().rstrip("=")
    groups = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    return {"qr": segno.make(device.config_url, micro=False).svg_data_uri(scale=5, border=2), "key": groups}
