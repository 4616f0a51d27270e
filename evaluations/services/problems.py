"""服务层的拒绝：消息给人看，说清为什么、怎么办；什么都没有改。"""


class Refused(Exception):
    """不允许：状态、岗位、期限不对，或有必须先改的问题。"""


class Stale(Refused):
    """看到的已不是最新的。请刷新后再做。"""


class Missing(Exception):
    """没有这份材料，或不归他管：两者一样，不让人看出有没有。"""

    def __str__(self) -> str:
        return "没有这份材料"
