"""读出 PDF 里的字。"""

from __future__ import annotations

import subprocess


def squash(text: str) -> str:
    return "".join(text.split())


def page_texts(pdf: bytes) -> list[str]:
    """逐页的文字，按画的次序，去掉空白。"""
    return [squash(page) for page in _pages(pdf, "-raw")]


def page_lines(pdf: bytes) -> list[list[str]]:
    """逐页、逐行的文字，按版面。"""
    return [[line for line in page.splitlines() if line.strip()] for page in _pages(pdf, "-layout")]


def _pages(pdf: bytes, how: str) -> list[str]:
    run = subprocess.run(["pdftotext", how, "-", "-"], input=pdf, capture_output=True, check=True)
    return run.stdout.decode().split("\f")[:-1]


def eat(text: str, pages: list[str]) -> str:
    """把跨页的文字逐页吃掉（每页至少 8 个字），返回没有印出来的部分。"""
    rest = squash(text)
    for page in pages:
        rest = rest[
            next((n for n in range(len(rest), 0, -1) if rest[:n] in page and n >= min(8, len(rest))), 0) :
        ]
    return rest
