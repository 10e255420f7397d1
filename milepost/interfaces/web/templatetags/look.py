"""`{% load look %}`: icons, avatars, the path, meters, times and figures. None of them asks the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from django import template
from django.template.base import Node, NodeList, Parser, TextNode, Token
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from milepost.interfaces.web import rows, sheet, times
from milepost.interfaces.web.colour import accent_css
from milepost.interfaces.web.drawing.horizon import draw_horizon
from milepost.interfaces.web.drawing.meter import draw_meter, draw_sparkline
from milepost.interfaces.web.drawing.path import Stone, draw_path
from milepost.interfaces.web.drawing.portrait import draw_portrait
from milepost.interfaces.web.icons import icon_svg

register = template.Library()


class IconNode(Node):
    """An icon whose name or label is known only when the page is made."""

    def __init__(self, name: template.base.FilterExpression, label: template.base.FilterExpression | None) -> None:
        self.name, self.label = name, label

    def render(self, context: template.Context) -> SafeString:
        name = self.name.resolve(context)
        if not name:
            return SafeString("")
        return icon_svg(str(name), str(self.label.resolve(context)) if self.label else "")


@register.tag("icon")
def icon(parser: Parser, token: Token) -> Node | NodeList:
    """`{% icon "house" %}` or `{% icon item.icon label=_("Home") %}`. A literal name is drawn when the template is compiled."""
    _, *bits = token.split_contents()
    if not bits:
        message = "icon needs the name of an icon"
        raise template.TemplateSyntaxError(message)
    label = next((bit.removeprefix("label=") for bit in bits[1:] if bit.startswith("label=")), None)
    name = bits[0]
    if label is None and name[0] in "\"'" and name[-1] == name[0]:
        return TextNode(icon_svg(name[1:-1]))
    return IconNode(parser.compile_filter(name), parser.compile_filter(label) if label else None)


@register.simple_tag(takes_context=True)
def area_sheets(context: template.Context) -> SafeString:
    """Links to the style sheets that the area of this page has of its own: the package that its view is written in."""
    request = context.get("request")
    match = request.resolver_match if request else None
    _, _, inside = match.func.__module__.partition("interfaces.web.") if match else ("", "", "")
    sheets = sheet.sheets_of(inside.split(".")[0])
    return format_html_join("", '<link rel="stylesheet" href="{}">', ((static(one),) for one in sheets))


@register.simple_tag
def avatar(name: object, photo: object = "", size: str = "") -> SafeString:
    """A photo, or the drawn face of that name. Sizes: small, (none), large, huge. Decoration: the name belongs beside it."""
    return rows.avatar(name, photo, size)


@register.simple_tag
def face(name: object, url: object = "", detail: object = "", photo: object = "", size: str = "") -> SafeString:
    """An avatar with the name beside it, as a link where there is an address, and a quiet line below."""
    return rows.face(name, url, detail, photo, size)


@register.simple_tag
def face_pile(people: Iterable[Any], total: int | Literal[""] | None = None, shown: int = 5) -> SafeString:
    """Overlapping avatars of a few, and how many more."""
    return rows.face_pile(people or (), int(total) if total else None, shown)


@register.simple_tag
def faces(people: Iterable[Any]) -> SafeString:
    return rows.faces(people or ())


@register.simple_tag
def thread_rows(threads: Iterable[Any]) -> SafeString:
    return rows.thread_rows(threads or ())


@register.simple_tag
def moment_rows(moments: Iterable[Any]) -> SafeString:
    return rows.moment_rows(moments or ())


@register.simple_tag
def meter(
    value: float, maximum: float, label: str, expected: float | Literal[""] | None = None, kind: str = ""
) -> SafeString:
    """A bar of progress. `label` says it in words; `expected` marks where it would be by now."""
    # A variable that a template does not know arrives as an empty string.
    mark = None if expected is None or expected == "" else float(expected)
    return draw_meter(float(value or 0), float(maximum or 0), str(label), expected=mark, kind=kind)


@register.simple_tag
def sparkline(values: Sequence[float | None], label: str) -> SafeString:
    return draw_sparkline(values, label)


@register.simple_tag
def path(stones: Iterable[Stone | Mapping[str, object]], label: str = "") -> SafeString:
    """The way with its stones: mappings with `label`, `state` (reached, next, later, own), maybe `detail` and `url`."""
    return draw_path(stones or (), label=label)


@register.simple_tag
def stone(label: object, state: str = "reached", url: object = "") -> SafeString:
    """A milestone named in running text, with its little stone."""
    return rows.stone_name(label, state, url)


@register.simple_tag
def horizon(seed: object) -> SafeString:
    """The landscape beside the mission; the same community always gets the same one."""
    return draw_horizon(str(seed))


@register.simple_tag
def portrait(seed: object, size: str = "") -> SafeString:
    """A persona's portrait, drawn from a few words. Sizes: small, (none), large. Decoration: the name stands beside it."""
    return draw_portrait(str(seed or ""), size)


@register.simple_tag(takes_context=True)
def accent_style(context: template.Context) -> SafeString:
    """The community's accent as a style block with the page's nonce; nothing on pages outside a community."""
    community = context.get("community")
    accent = rows.read(community, "accent")
    accent = rows.read(community, "accent_hue") if accent == "" else accent
    if accent in (None, ""):
        return SafeString("")
    # The nonce is lazy and false until someone reads it as text.
    nonce = context.get("csp_nonce")
    marked = "" if nonce is None else f' nonce="{escape(str(nonce))}"'
    return mark_safe(f"<style{marked}>{accent_css(accent)}</style>")  # noqa: S308 (only numbers and hex)


@register.filter
def ago(moment: datetime | date | None) -> SafeString:
    return times.ago(moment)


@register.filter
def day(moment: datetime | date | None) -> SafeString:
    return times.day(moment)


@register.filter
def clock(moment: datetime | None) -> SafeString:
    return times.clock(moment)


@register.filter
def figure(value: float | str | None) -> str:
    """A number as the reader's language groups it; an absent one is a dash, never a nought; words stay words."""
    return times.figure(value)


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as whole percent."""
    if share is None:
        return "–"
    return gettext("%(number)s %%") % {"number": number_format(round(100 * share), decimal_pos=0, use_l10n=True)}


@register.filter
def at(row: Sequence[Any], index: int) -> Any:
    """The element at that place, or nothing; for tables whose columns describe the cells."""
    try:
        return row[int(index)]
    except (IndexError, TypeError, ValueError):
        return ""
