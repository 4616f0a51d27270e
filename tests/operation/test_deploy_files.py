"""The files of deploy/ and the bill of materials, as far as a machine without systemd can try them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SCRIPTS = [*sorted(DEPLOY.glob("*.sh")), DEPLOY / "jixiao-manage", ROOT / ".ci/bundle", ROOT / ".ci/setup"]
HARDENED = (
    "User=jixiao", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "ProtectHome=yes", "CapabilityBoundingSet=\n",
)  # fmt: skip
COPYLEFT_OF_THE_WHOLE = re.compile(r"AGPL|(?<!L)GPL-3|SSPL")


@pytest.mark.dengbao("入侵防范 a", "入侵防范 b")
@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda p: p.name)
def test_every_service_runs_without_rights_it_does_not_need(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [line for line in HARDENED if line not in text] == []
    assert "User=root" not in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(re.sub(r"/opt/jixiao/current/venv/bin/\w+", sys.executable, text))
    command = ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "jixiao-" in line]
    assert ours == [] and done.returncode == 0, done.stderr


def test_every_timer_has_its_service_and_every_command_exists() -> None:
    names = {path.name for path in UNITS}
    for path in UNITS:
        if path.suffix == ".timer":
            assert path.with_suffix(".service").name in names
    for path in (DEPLOY / "systemd").glob("*.service"):
        used = re.search(
            r"^ExecStart=/opt/jixiao/current/venv/bin/(?:python manage\.py \S+|gunicorn)",
            path.read_text(),
            re.M,
        )
        assert used, path


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_every_script_can_be_read_and_stops_at_the_first_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True).returncode == 0
    assert "set -euo pipefail" in text or "lib.sh" in text
    assert not re.search(r"curl[^\n]*https?://(?!\$host)|wget", text), "nothing is fetched at installation"


def test_the_example_of_the_environment_is_refused_until_it_is_filled_in() -> None:
    lines = [
        line for line in (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines() if "=" in line
    ]
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert given["DJANGO_SECRET_KEY"] == given["DJANGO_ALLOWED_HOSTS"] == ""
    described = (ROOT / "config/settings.py").read_text(encoding="utf-8")
    assert [name for name in given if name not in described] == []


@pytest.mark.case("G16")
@pytest.mark.dengbao("入侵防范 e")
@pytest.mark.asvs("14.2.5")
def test_the_bill_of_materials_names_every_part_its_version_licence_and_hash(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    subprocess.run([sys.executable, str(ROOT / ".ci/sbom"), str(out)], check=True, cwd=ROOT)
    bill = json.loads(out.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert not {"serialNumber", "timestamp"} & {*bill, *bill["metadata"]}, (
        "the same commit gives the same bill"
    )
    parts = {part["name"]: part for part in bill["components"]}
    locked = re.findall(
        r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\$", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    wanted = {name: version for name, version, marker in locked if "!= 'CPython'" not in marker}
    assert {name: parts[name]["version"] for name in wanted} == wanted
    assert set(parts) - set(wanted) == {"static/vendor/bootstrap.min.css"}, (
        "run time only, and what is vendored"
    )
    for name, part in parts.items():
        (licence,) = part["licenses"]
        words = licence.get("expression") or licence["license"]["name"]
        assert words != "见软件包" and not COPYLEFT_OF_THE_WHOLE.search(words), (name, words)
        hashes = part.get("hashes") or part["externalReferences"][0]["hashes"]
        assert all(len(one["content"]) == 64 for one in hashes)


@pytest.mark.case("G16")
@pytest.mark.asvs("14.2.4")
def test_every_locked_package_is_pinned_with_its_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", text)
    assert [part.split()[0] for part in packages if "==" in part and "--hash=sha256:" not in part] == []
    assert not re.search(r"https?://|git\+", text)
