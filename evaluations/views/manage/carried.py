"""上传的表格先看后用：看过的内容签了名放在页面上带回来，服务器不存文件。"""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from evaluations.services.problems import Refused
from evaluations.services.sheets import MAX_BYTES, read_sheets

HOURS = 12
MOST_CARRIED = 2_000_000
"""带回来的字最多多长；请求的正文有上限（DATA_UPLOAD_MAX_MEMORY_SIZE）。"""


def uploaded(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """上传的文件：名字和各工作表的格子；没有选、读不了抛 ``Refused``。"""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise Refused("没有选文件。请选一个 .xlsx 或 .csv。")
    name = (file.name or "")[-100:]
    return name, dict(read_sheets(file.read(MAX_BYTES + 1), name))


def carry(request: HttpRequest, what: str, content: dict[str, Any]) -> str:
    """签了名的内容，放进确认的表单；只有这个人、这件事能用。太多的带不回来，抛 ``Refused``。"""
    signed = signing.dumps(content, salt=_salt(request, what), compress=True)
    if len(signed) > MOST_CARRIED:
        raise Refused("表格里的内容太多，一次带不完。请分成几个文件，一个一个导入。")
    return signed


def carried(request: HttpRequest, what: str) -> dict[str, Any]:
    """确认时带回来的内容；放得太久、不是这个人的抛 ``Refused``。"""
    try:
        content: dict[str, Any] = signing.loads(
            request.POST.get("carried", ""), salt=_salt(request, what), max_age=HOURS * 3600
        )
    except signing.BadSignature:
        raise Refused("这一页放得太久，或内容不完整，什么都没有导入。请重新上传文件。") from None
    return content


def _salt(request: HttpRequest, what: str) -> str:
    return f"carried:{what}:{request.user.pk}"
