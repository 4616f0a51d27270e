from io import StringIO

from django.core.management import call_command

from evaluations.core.workflow import EFFECT_WORDS, GUARD_WORDS, TRANSITIONS, WANTS_WORDS
from evaluations.services.workflow import EFFECTS, GUARDS
from tests.conftest import ROOT


def test_the_table_in_the_docs_is_the_one_of_the_code():
    out = StringIO()
    call_command("workflow_table", stdout=out)
    stored = (ROOT.parent / "docs" / "流程.md").read_text(encoding="utf-8")
    assert out.getvalue() == stored, "请运行 manage.py workflow_table > docs/流程.md"


def test_every_guard_and_effect_has_its_function_and_its_words():
    assert set(GUARDS) == set(GUARD_WORDS) == {name for row in TRANSITIONS for name in row.guards}
    assert set(EFFECTS) == set(EFFECT_WORDS) == {name for row in TRANSITIONS for name in row.effects}
    assert {row.wants for row in TRANSITIONS} == set(WANTS_WORDS)
