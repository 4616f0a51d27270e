"""带 ``{…}`` 的文字：表上的标签、混合格、核对的消息都用它。

``{键}`` 是绑定的值（按字段自己的格式印），其他是表达式；``{式:0.00}``、``{式:0.0%}`` 规定格式。
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .expressions import Context, Expression, ExpressionProblem, Name, show
from .names import Names, Place
from .values import Value, format_value, is_number

_PIECE = re.compile(r"\{([^{}]*)\}")
_FORMAT = re.compile(r"(.*):(0(?:\.(0+))?(%)?)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Binding:
    """一个 ``{…}``。``name`` 是绑定的字段；否则是表达式，带可选的格式（小数位、是否百分数）。"""

    text: str
    name: Name | None = None
    expression: Expression | None = None
    digits: int | None = None
    percent: bool = False

    def value(self, ctx: Context) -> Value:
        if self.name is not None:
            return ctx.up(self.name.depth).value(self.name.key)
        assert self.expression is not None
        return self.expression.value(ctx)

    def shown(self, ctx: Context) -> str:
        value = self.value(ctx)
        if self.name is not None and self.name.field is not None:
            return self.name.field.format(value)
        if value is None:
            return ""
        if self.digits is not None and is_number(value):
            kind = "percent" if self.percent else "decimal"
            text = format_value(value, kind, digits=self.digits)
            return pad(text, self.digits)
        return show(value)


def pad(text: str, digits: int) -> str:
    """``0.00`` 规定了几位小数就印几位。"""
    sign = "%" if text.endswith("%") else ""
    number = text[: len(text) - len(sign)]
    whole, _, part = number.partition(".")
    return whole + ("." + part.ljust(digits, "0") if digits else "") + sign


@dataclass(frozen=True, slots=True)
class Template:
    """文字与 ``{…}`` 相间的一串。"""

    parts: tuple[str | Binding, ...]

    @property
    def outline(self) -> str:
        """没有数时的样子：格子写 ``{键}``，算出来的写 ``{…}``。"""
        return "".join(
            part if isinstance(part, str) else f"{{{part.text if part.name else '…'}}}" for part in self.parts
        )

    def render(self, ctx: Context) -> str:
        return "".join(part if isinstance(part, str) else part.shown(ctx) for part in self.parts)

    def bindings(self) -> list[Binding]:
        return [part for part in self.parts if isinstance(part, Binding)]


def compile_template(text: str, names: Names, place: Place) -> Template:
    """编译一段文字；``{…}`` 里有错抛 ``ExpressionProblem``。"""
    parts: list[str | Binding] = []
    last = 0
    for match in _PIECE.finditer(text):
        if match.start() > last:
            parts.append(text[last : match.start()])
        parts.append(_binding(match.group(1), names, place))
        last = match.end()
    if last < len(text):
        parts.append(text[last:])
    return Template(tuple(parts))


def _binding(inside: str, names: Names, place: Place) -> Binding:
    found = _FORMAT.match(inside)
    source, digits, percent = inside, None, False
    if found:
        source, digits, percent = found[1], len(found[3] or ""), bool(found[4])
    elif all(part.isidentifier() for part in source.split(".")):
        name = names.resolver(place)(source)
        if name is not None and not name.path and not name.constant:
            return Binding(source, name)
    return Binding(source, None, names.compile(source, place), digits, percent)


_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}\n]{1,100})\}")


def fill_tokens(text: str, names: Names, place: Place, ctx: Context) -> str:
    """把人写的文字里的 ``{键}`` 换成那一格印出的值；``{{``、``}}`` 是花括号本身。

    只认字段的键，不算表达式；不认识的照原样留着，所以人写的任何字都不会出错、也不会变成别的东西。
    """

    def swap(match: re.Match[str]) -> str:
        whole = match.group(0)
        if whole in ("{{", "}}"):
            return whole[0]
        try:
            name = names.resolver(place)(match.group(1).strip())
        except ExpressionProblem:
            return whole
        if name is None or name.field is None or name.path or name.constant or name.field.live:
            return whole
        return name.field.format(ctx.up(name.depth).value(name.key)) or whole

    return _TOKEN.sub(swap, text)
