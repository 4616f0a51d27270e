"""表达式说不清的核对：一条规则一个函数，全部列在 FUNCTIONS 里。

函数接收环境（范围或一行）和 Check（编号、级别、参数），产出 Hit；从不抛错，从不看数据库。
"""

from ..checks import CheckFunction
from .copied import copied_from_others
from .figures import parts_add_up, percentages_recompute
from .levels import level_has_rows
from .lines import change_within, lines_filled, parts_within_whole
from .links import cost_equals_executed, figures_equal_tables, repeated_figures_agree
from .measures import actual_is_number_in_unit
from .narrative import stated_total_equals
from .printed import printed_equals_computed, printed_within_weight
from .reports import (
    completion_fits_money,
    dates_in_year,
    low_execution_is_told,
    paragraphs_differ,
    problem_is_concrete,
    prompts_removed,
    score_is_stated,
    shortfall_lowers_score,
    stated_score_equals,
)
from .wording import filled_when_text_says, text_is_meaningful
from .years import time_target_in_year

FUNCTIONS: dict[str, CheckFunction] = {
    "actual_is_number_in_unit": actual_is_number_in_unit,
    "change_within": change_within,
    "completion_fits_money": completion_fits_money,
    "copied_from_others": copied_from_others,
    "cost_equals_executed": cost_equals_executed,
    "dates_in_year": dates_in_year,
    "figures_equal_tables": figures_equal_tables,
    "filled_when_text_says": filled_when_text_says,
    "level_has_rows": level_has_rows,
    "lines_filled": lines_filled,
    "low_execution_is_told": low_execution_is_told,
    "paragraphs_differ": paragraphs_differ,
    "parts_add_up": parts_add_up,
    "parts_within_whole": parts_within_whole,
    "percentages_recompute": percentages_recompute,
    "printed_equals_computed": printed_equals_computed,
    "printed_within_weight": printed_within_weight,
    "problem_is_concrete": problem_is_concrete,
    "prompts_removed": prompts_removed,
    "repeated_figures_agree": repeated_figures_agree,
    "score_is_stated": score_is_stated,
    "shortfall_lowers_score": shortfall_lowers_score,
    "stated_score_equals": stated_score_equals,
    "stated_total_equals": stated_total_equals,
    "text_is_meaningful": text_is_meaningful,
    "time_target_in_year": time_target_in_year,
}
