"""What ``evaluate`` gives: computed values, scores step by step, findings; once as data, once as text."""

import json

import pytest

from evaluations.core.evaluation import as_text, evaluate
from evaluations.core.interchange import read_package
from tests.builders import CORRECT, EXAMPLE, changed, fixture, yueyang
from tests.goldens import same_as_golden


@pytest.mark.parametrize("name", [EXAMPLE, CORRECT])
def test_a_package_evaluated_is_told_whole(name):
    result = evaluate(yueyang(), read_package(fixture(name), yueyang()))
    same_as_golden(f"evaluate-{name}.txt", as_text(result) + "\n")


def test_the_data_holds_the_same_as_the_text():
    result = evaluate(yueyang(), read_package(changed({"项目.0 指标.0.得分": ""}), yueyang()))
    same_as_golden("evaluate.json", json.dumps(result, ensure_ascii=False, indent=1) + "\n")
