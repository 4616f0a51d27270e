from io import StringIO

from django.core.management import call_command

from tests.conftest import ROOT


def test_the_guide_in_the_docs_is_the_one_of_the_code():
    out = StringIO()
    call_command("score_guide", stdout=out)
    stored = (ROOT.parent / "docs" / "得分说明.md").read_text(encoding="utf-8")
    assert out.getvalue() == stored, "请运行 manage.py score_guide > docs/得分说明.md"
    for number in range(1, 10):
        assert f"## F{number} " in stored
