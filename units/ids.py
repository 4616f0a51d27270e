"""UUIDv7：按时间排序、猜不出的编号，用在网址和主键里（RFC 9562）。"""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """48 位毫秒时间 + 74 位随机数。"""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)
