"""每页的纸、页边和页码：表用窄页边，文用公文的版心（GB/T 9704）；页码 4 号“— 1 —”，单页居右、双页居左。"""

from __future__ import annotations

TABLE_MARGINS_MM = (18.0, 15.0, 20.0, 15.0)
"""表：上、右、下、左页边，与 print.css 的 @page 相同。"""
PROSE_MARGINS_MM = (37.0, 26.0, 35.0, 28.0)
"""文：天头 37，订口 28，版心 156 × 225。"""


def page_css(kind: str, orientation: str, *, start: int, slack: float = 0.0, sheet: int = 1) -> str:
    """一份的 ``@page``：``start`` 是首页的页码（0 表示不印页码），``slack`` 是页面矮多少毫米，
    ``sheet`` 是这一份的编号。

    每份自成一个文档，排版时首页总当右页；起始页码是双数时左右对调。
    """
    top, right, bottom, left = PROSE_MARGINS_MM if kind == "prose" else TABLE_MARGINS_MM
    size = "landscape" if orientation == "landscape" else "portrait"
    page = f"@page {{size: A4 {size}; margin: {top}mm {right}mm {bottom + slack}mm {left}mm}}"
    plain = f"#sheet-{sheet} {{page: auto}}"
    if not start:
        return f"{page} {plain}"
    odd, even = ("right", "left") if start % 2 else ("left", "right")
    counter = f"@page :first {{counter-reset: page {start}}}"
    return f"{page} {plain} {counter} {number_css(odd, even)}"


def number_css(odd: str = "right", even: str = "left") -> str:
    """页码：单页（``:odd``）居右空一字，双页居左空一字。"""
    return (
        f"@page :{odd} {{@bottom-right {{content: '— ' counter(page) ' —'}}}}"
        f" @page :{even} {{@bottom-left {{content: '— ' counter(page) ' —'}}}}"
    )
