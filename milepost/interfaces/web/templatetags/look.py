"""`{% load look %}`: icons, avatars, the path, meters, times and figures. None of them asks the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from django import template
from django.template.base import Node, NodeList, Parser, TextNode, Token
from django.utils.formats import number_format
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from milepost.interfaces.web import times
from milepost.interfaces.web.colour import accent_css
from milepost.interfaces.web.drawing.avatar import draw_avatar
from milepost.interfaces.web.drawing.horizon import draw_horizon
from milepost.interfaces.web.drawing.meter import draw_meter, draw_sparkline
from milepost.interfaces.web.drawing.path import STATES, State, Stone, draw_path, small_stone
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


@register.simple_tag
def avatar(name: object, photo: object = "", size: str = "") -> SafeString:
    """A photo, or the drawn face of that name. Sizes: small, (none), large, huge. Decoration: the name belongs beside it."""
    if photo:
        kind = f" avatar-{escape(size)}" if size else ""
        return mark_safe(  # noqa: S308 (both values are escaped)
            f'<img class="avatar{kind}" src="{escape(photo)}" alt="" width="40" height="40" loading="lazy" decoding="async">'
        )
    return draw_avatar(str(name or ""), size)


@register.simple_tag
def face(name: object, url: object = "", detail: object = "", photo: object = "", size: str = "") -> SafeString:
    """An avatar with the name beside it, as a link where there is an address, and a quiet line below."""
    shown = _escaped(name)
    title = (
        f'<a class="face-name" href="{escape(url)}">{shown}</a>' if url else f'<span class="face-name">{shown}</span>'
    )
    line = f"<small>{_escaped(detail)}</small>" if detail else ""
    picture = avatar(name, photo, size)
    return mark_safe(f'<span class="face">{picture}<span class="face-text">{title}{line}</span></span>')  # noqa: S308


@register.simple_tag
def face_pile(people: Iterable[Any], total: int | Literal[""] | None = None, shown: int = 5) -> SafeString:
    """Overlapping avatars of a few, and how many more. People are objects or mappings with `name` and maybe `photo`."""
    everyone = list(people)
    names = [str(_read(person, "name")) for person in everyone[:shown]]
    pictures = "".join(str(avatar(name, _read(p, "photo"), "small")) for name, p in zip(names, everyone, strict=False))
    more = (int(total) if total else len(everyone)) - len(names)
    rest = f'<span class="pile-more" aria-hidden="true">+{figure(more)}</span>' if more > 0 else ""
    said = ", ".join(names)
    if more > 0:
        said = ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more) % {
            "names": said,
            "count": figure(more),
        }
    return mark_safe(f'<span class="pile" role="img" aria-label="{escape(said)}">{pictures}{rest}</span>')  # noqa: S308


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
    known: State = next((s for s in STATES if s == state), "reached")
    text = f"{small_stone(known)}{_escaped(label)}"
    if url:
        return mark_safe(f'<a class="stone-name" href="{escape(url)}">{text}</a>')  # noqa: S308 (escaped above)
    return mark_safe(f'<span class="stone-name">{text}</span>')  # noqa: S308 (escaped above)


@register.simple_tag
def horizon(seed: object) -> SafeString:
    """The landscape beside the mission; the same community always gets the same one."""
    return draw_horizon(str(seed))


@register.simple_tag(takes_context=True)
def accent_style(context: template.Context) -> SafeString:
    """The community's accent as a style block with the page's nonce; nothing on pages outside a community."""
    accent = _read(context.get("community"), "accent")
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
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return value
    places = 0 if float(value).is_integer() else 1
    return str(number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True))


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as whole percent."""
    if share is None:
        return "–"
    return gettext("%(number)s %%") % {"number": number_format(round(100 * share), decimal_pos=0, use_l10n=True)}


def _escaped(value: object) -> SafeString:
    """What a template would print: safe text as it is, everything else escaped."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _read(thing: object, name: str) -> Any:
    """An attribute or a key, whichever the thing has; empty where neither."""
    if isinstance(thing, Mapping):
        return thing.get(name, "")
    return getattr(thing, name, "")


@register.filter
def at(row: Sequence[Any], index: int) -> Any:
    """The element at that place, or nothing; for tables whose columns describe the cells."""
    try:
        return row[int(index)]
    except (IndexError, TypeError, ValueError):
        return ""
