"""文（报告）的 HTML：只有一份标记 templates/grid/prose.html，类名见 painter 开头。

打印时文字按行分成段，每段首行缩进；署名和日期合成一块。填报时每处文字是一个 ``<textarea>``，上面的
填写提示由 ``aria-describedby`` 指着；查看时文字仍分段，外面带地址。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from ..core.grid import Cell, Grid
from .cells import CellWriter, Mode, attributes, paragraphs, text_html

TAGS = {"title": "h2", "h1": "h3", "h2": "h4", "text": "div", "sign": "p", "guide": "p", "live": "p"}
Tags = list[tuple[str, str | bool]]
Made = Iterator[tuple[str, Tags, str]]


def prose(grid: Grid, mode: Mode, marks: Mapping[str, str]) -> dict[str, Any]:
    """模板 grid/prose.html 要的：外层的类名和各块。"""
    made = _printed(grid) if mode == "print" else _on_screen(grid, mode, marks)
    blocks = [(tag, _safe(attributes(tags)), _safe(content)) for tag, tags, content in made]
    return {"classes": f"prose {mode}", "blocks": blocks}


# ---- 打印 ----


def _printed(grid: Grid) -> Made:
    signs: list[str] = []
    for cell in grid.cells:
        style = cell.style or "text"
        if style == "sign":
            signs.append(f'<p class="prose-sign">{text_html(cell.text.strip()) or "&nbsp;"}</p>')
            continue
        if signs:
            yield "div", [("class", "prose-signs")], "".join(signs)
            signs = []
        if style == "text":
            yield from _paragraphs(cell)
        elif cell.text.strip():
            yield TAGS[style], [("class", f"prose-{style}")], text_html(cell.text.strip())
    if signs:
        yield "div", [("class", "prose-signs")], "".join(signs)


def _paragraphs(cell: Cell) -> Made:
    """填报的文字按行分段，行首的空格由缩进代替；预先印好的文字（附件说明）不拆开，保留行首空格，按它对齐。"""
    if cell.values:
        for line in paragraphs(cell.text):
            yield "p", [("class", "prose-text")], text_html(line)
    elif lines := paragraphs(cell.text, keep_lead=True):
        inside = "".join(f"<p>{text_html(line)}</p>" for line in lines)
        yield "div", [("class", "prose-text prose-fixed")], inside


# ---- 屏幕 ----


def _on_screen(grid: Grid, mode: Mode, marks: Mapping[str, str]) -> Made:
    writer = CellWriter(mode, marks)
    guide = ""
    for row, cell in zip(grid.rows, grid.cells, strict=True):
        style = cell.style or "text"
        if style == "guide":
            guide = f"guide-{row.id}"
            yield TAGS[style], [("class", "prose-guide"), ("id", guide)], text_html(cell.text)
            continue
        tags: Tags = [("class", _screen_classes(cell, style, marks))]
        yield TAGS[style], tags, writer.content(cell, described=guide)
        guide = ""


def _screen_classes(cell: Cell, style: str, marks: Mapping[str, str]) -> str:
    names = [f"prose-{style}", *(["prose-fixed", "pre"] if style == "text" and not cell.values else [])]
    return " ".join(
        [*names, *(f"mark-{marks[piece.address]}" for piece in cell.values if piece.address in marks)]
    )


def title_text(cells: Sequence[Cell]) -> str:
    """文的标题（带单位名称）；没有标题段时为空。"""
    return next((cell.text.strip() for cell in cells if cell.style == "title"), "")


def _safe(markup: str) -> SafeString:
    """``attributes``、``text_html`` 和 ``CellWriter`` 的结果都已转义。"""
    return mark_safe(markup)  # noqa: S308 各处已转义  # nosec B308
