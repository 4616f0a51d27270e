"""manage.py render FILE|ID --form KEY|all --to pdf|xlsx|html --out PATH：官方文件。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.facts import Facts, ScopeFacts
from evaluations.core.grid import Grid, expand
from evaluations.core.interchange import InputProblem, loads, read_package
from evaluations.core.layout import Layout
from evaluations.exports.html import render_page
from evaluations.exports.pdf import render_pdf
from evaluations.exports.xlsx import render_xlsx
from evaluations.selectors import read
from evaluations.services.packages import find_submission

from . import add_pack_argument, find_pack, plain_errors


class Command(BaseCommand):
    help = "把一套材料（文件或编号）做成官方文件"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="交换格式的 JSON 文件，或已存材料的编号")
        add_pack_argument(parser)
        parser.add_argument("--form", default="all", help="表的键，或 all")
        parser.add_argument("--to", choices=["pdf", "xlsx", "html"], required=True)
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            facts = facts_of(options["source"], options["pack"])
            data = render(facts, options["form"], options["to"])
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            options["out"].write_bytes(data)
        self.stdout.write(f"已写出 {options['out']}（{len(data):,} 字节）")


def facts_of(source: str, pack_name: str) -> Facts:
    """文件里的材料，或数据库里的材料（送审后取快照）。"""
    path = Path(source)
    if path.is_file() or "." in source or "/" in source:
        data = loads(path.read_bytes())
        pack = find_pack(pack_name or str(data.get("pack", "")))
        return Facts(pack, read_package(data, pack))
    return read(find_submission(source)).facts


def render(facts: Facts, form: str, to: str) -> bytes:
    chosen = chosen_forms(facts, form)
    if to == "xlsx":
        return render_xlsx(facts, chosen)
    grids: list[Grid] = [expand(layout, facts, scope) for layout, scope in chosen]
    title = str(facts.root.value("部门.名称") or facts.package.department_name or facts.pack.name)
    if to == "html":
        return render_page(grids, title).encode()
    return render_pdf(grids, title=title)


def chosen_forms(facts: Facts, form: str) -> list[tuple[Layout, ScopeFacts]]:
    layouts = list(facts.pack.forms.values()) if form == "all" else [facts.pack.form(form)]
    chosen: list[tuple[Layout, ScopeFacts]] = []
    for layout in layouts:
        scopes = facts.children[layout.scope] if layout.scope else [facts.root]
        chosen.extend((layout, scope) for scope in scopes)
    if not chosen:
        raise InputProblem(f"没有可出的表：方案 {facts.pack.key} 的“{form}”没有内容。")
    return chosen
