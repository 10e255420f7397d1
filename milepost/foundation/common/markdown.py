"""What people write, as safe HTML. Markdown by markdown-it-py, cleaned by nh3."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# h1 to h3 belong to the page; a writer's headings begin below them.
_TAGS = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_TAGS |= {"h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
    "pre": {"tabindex"},
}
_SHIFT = {"h1": "h4", "h2": "h5", "h3": "h6", "h4": "h6", "h5": "h6", "h6": "h6"}
_HEADING = re.compile(r"<(/?)(h[1-6])>")
_MARKED = re.compile(r"[*_`~#>\[|]|^\s*(?:[-+]|\d+[.)])\s", re.MULTILINE)
_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|\[[^\[\]]*\])?")
_LINE_START = re.compile(r"^\s*(?:(?:#{1,6}|[-+*>]|\d+[.)])\s+)+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?!\w)|\|")
LONGEST = 200_000
"""Characters; a longer text is cut before it is rendered, so that no one message can hold up a page."""


@cache
def _renderer() -> MarkdownIt:
    # Raw HTML stays text: what a writer types is what readers see. Images are links: a reader's browser must not call
    # strangers' servers.
    md = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False, "maxNesting": 30})
    return md.enable(["table", "strikethrough"]).disable("image")


def render(text: str, link: Callable[[str], str] | None = None, *, top: int = 4) -> SafeString:
    """Safe HTML of `text`. `link`, if given, rewrites the HTML's text once more before cleaning (mentions).

    `top`: the level of the writer's highest headings where the text is the page's own; below 4 no level is passed over.
    """
    html = _renderer().render(text[:LONGEST])
    if top < 4:
        html = _in_steps(html, top)
    else:
        html = _HEADING.sub(lambda found: f"<{found[1]}{_SHIFT[found[2]]}>", html)
    # Long lines of code scroll inside their box, which a keyboard must be able to enter.
    html = html.replace("<pre>", '<pre tabindex="0">')
    if link:
        html = link(html)
    clean = nh3.clean(
        html,
        tags=_TAGS | {f"h{level}" for level in range(top, 4)},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )
    return mark_safe(clean)  # noqa: S308 - just cleaned


def _in_steps(html: str, top: int) -> str:
    """Headings from the level `top` on, each at most one below the one before it: screen readers walk them like stairs."""
    levels = sorted({found[2] for found in _HEADING.finditer(html)})
    wanted = {level: min(6, top + n) for n, level in enumerate(levels)}
    now = [top - 1]

    def step(found: re.Match[str]) -> str:
        if not found[1]:
            now[0] = min(wanted[found[2]], now[0] + 1)
        return f"<{found[1]}h{now[0]}>"

    return _HEADING.sub(step, html)


def excerpt(text: str, length: int = 140) -> str:
    """The beginning of `text` as one plain line of at most `length` characters, cut at a word."""
    head = text[: length * 4]
    if _MARKED.search(head):
        head = _LINK.sub(r"\1", _FENCE.sub(" ", head))
        head = _EMPHASIS.sub("", _LINE_START.sub("", head))
    line = " ".join(head.split())
    if len(line) <= length:
        return line
    cut = line[:length].rsplit(" ", 1)[0]
    return f"{cut or line[:length]}…"
