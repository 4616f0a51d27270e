"""表达式说不清的核对：一条规则一个函数，全部列在 FUNCTIONS 里。

函数接收环境（范围或一行）和 Check（编号、级别、参数），产出 Hit；从不抛错，从不看数据库。
"""

from ..checks import CheckFunction
from .measures import actual_is_number_in_unit
from .printed import printed_equals_computed
from .years import time_target_in_year

FUNCTIONS: dict[str, CheckFunction] = {
    "actual_is_number_in_unit": actual_is_number_in_unit,
    "printed_equals_computed": printed_equals_computed,
    "time_target_in_year": time_target_in_year,
}
