"""The rules of the house, read from the code itself."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
CORE = "evaluations.core"
MAX_FUNCTION, MAX_MODULE = 50, 420
WRITING = {"save", "update", "delete", "create", "get_or_create", "update_or_create"}


def modules(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    )


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def by_name(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[name_of(path) for path in paths])


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    """Every imported module, in full; ``from a import b`` gives ``a.b`` too, as b may be a module."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def ours(path: Path) -> set[str]:
    return {module for module in imports_of(path) if within(module, "evaluations", "units", "config")}


def forbidden(path: Path, *packages: str) -> list[str]:
    return sorted(module for module in imports_of(path) if within(module, *packages))


# ---- who may import whom ----


@by_name(modules("evaluations/core"))
def test_core_imports_only_itself_and_the_standard_library(path):
    strangers = {
        module
        for module in imports_of(path)
        if not within(module, CORE) and module.split(".")[0] not in sys.stdlib_module_names
    }
    assert strangers <= {"evaluations"}


@by_name(modules("evaluations/core"))
def test_core_knows_no_clock_network_or_file_but_the_folder_of_a_pack(path):
    outside = {
        "time",
        "socket",
        "subprocess",
        "os",
        "random",
        "secrets",
        "urllib",
        "http",
        "sqlite3",
        "asyncio",
        "threading",
    }
    assert not {module.split(".")[0] for module in imports_of(path)} & outside
    if path.name != "pack.py":
        assert not forbidden(path, "pathlib", "io")
    assert not re.search(r"\b(?:date\.today|datetime\.now|open)\(", path.read_text())


@by_name(modules("evaluations/exports"))
def test_exports_know_only_core_and_the_templates_of_django(path):
    assert all(within(module, "evaluations", CORE, "evaluations.exports") for module in ours(path))
    assert not {m for m in ours(path) if m != "evaluations" and not within(m, CORE, "evaluations.exports")}
    django = {module for module in imports_of(path) if within(module, "django")}
    assert all(
        within(module, "django.template", "django.utils", "django.conf") or module == "django"
        for module in django
    )


@by_name(modules("evaluations/models"))
def test_models_know_only_core_and_units(path):
    assert not forbidden(
        path,
        "evaluations.access",
        "evaluations.selectors",
        "evaluations.services",
        "evaluations.views",
        "evaluations.exports",
    )


READING = "access selectors timeline progress rollover repacking roster trial pack_tables sources library verification reviewing".split()


@by_name(modules(*(f"evaluations/{name}.py" for name in READING)))
def test_reading_and_permission_know_neither_services_nor_pages(path):
    assert not forbidden(
        path, "evaluations.services", "evaluations.views", "evaluations.management", "evaluations.exports"
    )


@by_name(modules("evaluations/services", "evaluations/exports", "evaluations/models", "evaluations/core"))
def test_nothing_below_the_pages_knows_the_pages(path):
    assert not forbidden(path, "evaluations.views", "evaluations.urls", "evaluations.management")
    assert not forbidden(path, "django.http", "django.shortcuts", "django.contrib.messages")


@by_name(modules("evaluations/views", "units/views.py"))
def test_pages_never_run_rules_themselves(path):
    assert not forbidden(path, "evaluations.core.rules", "evaluations.core.checks.run")


# ---- who may write ----


def method_calls(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, what stands before the dot, method) of every method call."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, ast.unparse(node.func.value), node.func.attr


def writes(path: Path) -> list[str]:
    """Calls that write to the database; ``.update`` of a set or dict is told by its argument-free owner."""
    return [
        f"{name_of(path)}:{line} {owner}.{method}"
        for line, owner, method in method_calls(path)
        if (method in WRITING or method.startswith("bulk_")) and not plain_container(path, owner, method)
    ]


def plain_container(path: Path, owner: str, method: str) -> bool:
    """Sets and dicts have ``update`` too: those never come from ``objects`` or a query."""
    return method == "update" and not re.search(r"objects|filter|queryset|\(|_set\b", owner)


@by_name(
    [
        path
        for path in modules("evaluations", "config")
        if not within(name_of(path).replace("/", "."), "evaluations.services")
    ]
)
def test_only_services_write(path):
    assert writes(path) == []


@by_name(modules("units"))
def test_units_write_only_in_their_services_and_the_manager_of_users(path):
    allowed = {"units/services.py", "units/models.py"}
    assert writes(path) == [] or name_of(path) in allowed
    if name_of(path) == "units/models.py":
        assert [line for line in writes(path) if "user.save" not in line] == []


def test_the_check_above_would_see_a_write():
    source = "a.objects.create(x=1)\nb.save()\nc.objects.filter(x=1).update(y=2)\nd.objects.bulk_create([])\ne.update({})"
    path = Path(__file__).parent / "core" / "__none__.py"
    found = [
        (owner, method)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for owner, method in [(ast.unparse(node.func.value), node.func.attr)]
        if (method in WRITING or method.startswith("bulk_")) and not plain_container(path, owner, method)
    ]
    assert sorted(method for _, method in found) == ["bulk_create", "create", "save", "update"]


# ---- numbers ----


@pytest.mark.case("N2")
@by_name(modules("evaluations/core"))
def test_core_never_makes_a_binary_fraction(path):
    for node in ast.walk(tree_of(path)):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"line {node.lineno}"
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("float", "round", "math.floor"), f"line {node.lineno}"


# ---- PDF ----


def test_one_module_only_hands_text_to_weasyprint():
    found = {
        name_of(path) for path in modules("evaluations", "units", "config") if forbidden(path, "weasyprint")
    }
    assert len(found) <= 1


# ---- size ----


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@by_name(modules("evaluations/core"))
def test_functions_and_modules_of_core_stay_small(path):
    long = {
        f.name: f.end_lineno - f.lineno + 1
        for f in functions(path)
        if f.end_lineno - f.lineno + 1 > MAX_FUNCTION
    }
    assert long == {}
    assert len(path.read_text().splitlines()) <= MAX_MODULE


# ---- what people read ----


def own_models() -> list[type]:
    return [model for label in ("evaluations", "units") for model in apps.get_app_config(label).get_models()]


def has_chinese(text: object) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", str(text)))


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model.__name__)
def test_every_model_and_field_has_a_chinese_name(model):
    assert has_chinese(model._meta.verbose_name)
    nameless = [
        field.name
        for field in model._meta.get_fields()
        if not field.auto_created and field.concrete and not has_chinese(field.verbose_name)
        and field.name not in ("password", "last_login")
    ]  # fmt: skip
    assert nameless == []


# ---- templates and static files ----


def files(folder: str, *kinds: str) -> list[Path]:
    return [p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in kinds and "vendor" not in p.parts]


TEMPLATES = files("templates", ".html", ".txt")


@by_name(TEMPLATES)
def test_templates_never_switch_off_escaping(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*(?:safe|safeseq)\b|autoescape\s+off", text)


@pytest.mark.case("G15")
@by_name(TEMPLATES + files("static", ".css", ".js", ".svg"))
def test_no_page_asks_another_origin_for_anything(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"xmlns(?::\w+)?=(['\"])http://www\.w3\.org/\S*?\1", "", text)
    text = text.replace('createElementNS("http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|(?:src|href|url\()\s*=?\s*['\"]?//", text)


@by_name(files("static", ".css"))
def test_every_brace_of_a_style_sheet_is_closed_where_it_belongs(path):
    """A lost brace hides every rule after it; only @-rules hold other rules."""
    depth = 0
    for line in re.sub(
        r"/\*.*?\*/|\"[^\"]*\"", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    ).splitlines():
        inside_at_rule = depth and "{" in line and not line.startswith(" ")
        assert not inside_at_rule, line
        depth += line.count("{") - line.count("}")
    assert depth == 0


@by_name(TEMPLATES)
def test_templates_hold_no_script_style_or_handler_of_their_own(path):
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}",
        "",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    if "print" not in path.parts:
        assert not re.search(r"<style|\son[a-z]+\s*=|javascript:", text)
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
