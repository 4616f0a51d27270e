"""方案里的错误：说清文件、位置、怎么改。装入时能一次收齐，不是改一处才看见下一处。"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class PackProblem(ValueError):
    """方案里的一处或几处错误（一行一处）：说清文件、位置、怎么改。"""


@dataclass(frozen=True, slots=True)
class Fault:
    """一处错误。``file`` 是方案里的文件，``item`` 是文件里的哪一项（字段键、第几条、第几带），改的人按它找。"""

    file: str
    item: str
    message: str


@dataclass(slots=True)
class Faults:
    """收错误的篮子：一项错了记下，接着看下一项。"""

    found: list[Fault] = field(default_factory=list)

    @contextmanager
    def at(self, file: str, item: str = "") -> Iterator[None]:
        """这一项里的错误记下来，不往外抛。"""
        try:
            with well_shaped(f"{file.removeprefix('forms/')} {item}".strip()):
                yield
        except PackProblem as problem:
            words = str(problem)
            if all(fault.message != words for fault in self.found):
                self.found.append(Fault(file, item, words))


@contextmanager
def well_shaped(where: str) -> Iterator[None]:
    """``where`` 处的数据形状不对（该是文字的写成了数组……）时，说清是哪里。"""
    try:
        yield
    except PackProblem:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        shown = f"{type(problem).__name__} {problem}"
        raise PackProblem(f"{where}：形状不对（{shown}）。请对照方案写法核对。") from None
