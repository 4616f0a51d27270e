import json
from io import StringIO

import pytest
from django.core.management import call_command

from tests.builders import yueyang
from tests.conftest import ROOT


def rules(*arguments: str) -> str:
    out = StringIO()
    call_command("rules", *arguments, stdout=out)
    return out.getvalue()


def test_the_list_in_the_docs_is_the_one_of_the_pack():
    stored = (ROOT.parent / "docs" / "核对规则.md").read_text(encoding="utf-8")
    assert rules("--pack", "2024-yueyang") == stored, "请运行 manage.py rules > docs/核对规则.md"


@pytest.mark.parametrize("key", ["2024-yueyang", "2024-mof", "2023-sichuan"])
def test_every_rule_says_what_it_is_where_it_looks_and_when_it_speaks(key):
    listed = json.loads(rules("--pack", key, "--format", "json"))
    for rule in listed["rules"]:
        assert all(rule[name] for name in ("code", "title", "level", "where", "condition")), rule
        assert "各表" not in rule["where"], rule
        assert "``" not in rule["condition"] + rule["message"], rule
    assert listed["not_evaluated"]
    assert not {row["code"] for row in listed["not_evaluated"]} & {rule["code"] for rule in listed["rules"]}


def test_every_check_of_the_pack_is_listed_once():
    listed = json.loads(rules("--format", "json"))
    assert [rule["title"] for rule in listed["rules"]] == [check.title for check in yueyang().checks]


@pytest.mark.django_db
def test_a_pack_that_is_not_there_is_one_sentence_and_exit_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        rules("--pack", "没有这个")
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
