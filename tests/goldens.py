"""Comparing a whole text with the file that holds how it should be; ``UPDATE_GOLDEN=1`` writes the file anew, to be read."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "golden" / "core"


def same_as_golden(name: str, text: str) -> None:
    file = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), (
        f"UPDATE_GOLDEN=1 rewrites {file.name}; read what changed"
    )
