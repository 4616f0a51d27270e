"""备份与恢复：库、文件，和一份说清里面有什么的清单。

stores.py 两种数据库各怎样拷出、放回、逐行算摘要；manifest.py 清单和比较；backing.py 做备份、恢复。
"""

from .backing import back_up, restore
from .manifest import differences_now, read_manifest

__all__ = ["back_up", "differences_now", "read_manifest", "restore"]
