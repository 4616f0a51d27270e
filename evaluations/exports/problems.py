"""出件失败时给人看的一句话。"""

from __future__ import annotations


class ExportProblem(RuntimeError):
    """文件没有做成。消息说清现在是什么、怎么办，可以直接给用户看；技术细节只进日志。"""
