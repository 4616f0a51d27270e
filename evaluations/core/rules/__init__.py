"""表达式说不清的核对：一条规则一个函数，全部列在 FUNCTIONS 里。

函数接收环境（范围或一行）和 Check（编号、级别、参数），产出 Hit；从不抛错，从不看数据库。
"""

from ..checks import CheckFunction
from .contents import (
    fits_its_level,
    not_just_spending,
    one_measure_per_row,
    quantity_has_figure,
    rows_are_distinct,
    survey_is_described,
)
from .copied import copied_from_others
from .crossing import (
    prior_final_agrees,
    project_name_agrees,
    staff_agrees,
    title_year_agrees,
    unit_name_agrees,
)
from .figures import parts_add_up, percentages_recompute
from .goals import goal_within_area, goals_answered
from .levels import level_has_rows
from .lines import change_within, lines_filled, parts_within_whole
from .links import cost_equals_executed, figures_equal_tables, repeated_figures_agree
from .measures import (
    actual_is_number_in_unit,
    has_evidence,
    has_operator_and_unit,
    not_applicable_explained,
    over_achievement_explained,
    reason_is_real,
    score_within_band,
)
from .narrative import stated_total_equals
from .printed import printed_equals_computed, printed_not_applicable, printed_within_weight
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
    "fits_its_level": fits_its_level,
    "goal_within_area": goal_within_area,
    "goals_answered": goals_answered,
    "has_evidence": has_evidence,
    "has_operator_and_unit": has_operator_and_unit,
    "level_has_rows": level_has_rows,
    "lines_filled": lines_filled,
    "not_applicable_explained": not_applicable_explained,
    "not_just_spending": not_just_spending,
    "one_measure_per_row": one_measure_per_row,
    "over_achievement_explained": over_achievement_explained,
    "low_execution_is_told": low_execution_is_told,
    "paragraphs_differ": paragraphs_differ,
    "parts_add_up": parts_add_up,
    "parts_within_whole": parts_within_whole,
    "percentages_recompute": percentages_recompute,
    "printed_equals_computed": printed_equals_computed,
    "printed_not_applicable": printed_not_applicable,
    "printed_within_weight": printed_within_weight,
    "prior_final_agrees": prior_final_agrees,
    "project_name_agrees": project_name_agrees,
    "quantity_has_figure": quantity_has_figure,
    "reason_is_real": reason_is_real,
    "rows_are_distinct": rows_are_distinct,
    "score_within_band": score_within_band,
    "staff_agrees": staff_agrees,
    "problem_is_concrete": problem_is_concrete,
    "prompts_removed": prompts_removed,
    "repeated_figures_agree": repeated_figures_agree,
    "score_is_stated": score_is_stated,
    "shortfall_lowers_score": shortfall_lowers_score,
    "stated_score_equals": stated_score_equals,
    "stated_total_equals": stated_total_equals,
    "survey_is_described": survey_is_described,
    "text_is_meaningful": text_is_meaningful,
    "time_target_in_year": time_target_in_year,
    "title_year_agrees": title_year_agrees,
    "unit_name_agrees": unit_name_agrees,
}
READS_PRIOR = frozenset(("prior_final_agrees",))
"""要看上年材料的函数：方案用了它，填报时才取上年的材料。"""


def words_of(function: CheckFunction) -> str:
    """一个函数核对什么：它的说明的第一段，去掉前面的编号。"""
    first = (function.__doc__ or "").strip().partition("\n\n")[0]
    words = " ".join(line.strip() for line in first.splitlines())
    return words.partition("：")[2] if words[:1].isascii() else words
