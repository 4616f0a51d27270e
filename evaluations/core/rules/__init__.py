"""表达式说不清的核对：一条规则一个函数，全部列在 FUNCTIONS 里。

函数接收环境（范围或一行）和 Check（编号、级别、参数），产出 Hit；从不抛错，从不看数据库。
"""

from ..checks import CheckFunction
from .levels import level_has_rows
from .lines import change_within, lines_filled, parts_within_whole
from .measures import actual_is_number_in_unit
from .narrative import stated_total_equals
from .printed import printed_equals_computed, printed_within_weight
from .wording import filled_when_text_says, text_is_meaningful
from .years import time_target_in_year

FUNCTIONS: dict[str, CheckFunction] = {
    "actual_is_number_in_unit": actual_is_number_in_unit,
    "change_within": change_within,
    "filled_when_text_says": filled_when_text_says,
    "level_has_rows": level_has_rows,
    "lines_filled": lines_filled,
    "parts_within_whole": parts_within_whole,
    "printed_equals_computed": printed_equals_computed,
    "printed_within_weight": printed_within_weight,
    "stated_total_equals": stated_total_equals,
    "text_is_meaningful": text_is_meaningful,
    "time_target_in_year": time_target_in_year,
}
