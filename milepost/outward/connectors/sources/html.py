"""HTML of mails and forum posts as Markdown. One pass over the tags; what it does not know it leaves out, text stays."""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(
    r"<(?:!--.*?(?:-->|\Z)|!\[CDATA\[|(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)/?>|[!?][^>]*>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([a-zA-Z_:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+\n")
_SILENT = {"script", "style", "head", "title", "template", "svg", "noscript", "object", "iframe"}
_PARAGRAPHS = {
    "p",
    "div",
    "section",
    "article",
    "table",
    "ul",
    "ol",
    "details",
    "summary",
    "figure",
    "header",
    "footer",
    "center",
}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "del": "~~", "s": "~~", "strike": "~~"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_SPACERS = {"br": "\n", "td": " ", "th": " ", "tr": "\n", "hr": "\n\n---\n\n"}
_WEB = ("http://", "https://", "mailto:")


class _Writer:
    def __init__(self, base: str) -> None:
        self.out: list[str] = []
        self.base = base
        self.links: list[tuple[str, int]] = []
        self.lists: list[int] = []  # 0: bulleted, else the next number
        self.quotes: list[int] = []  # where in `out` each open quotation begins
        self.silent = ""
        self.pre = False
        self.code = False
        self.mentions: list[str] = []

    def text(self, raw: str) -> None:
        if self.silent or not raw:
            return
        if self.pre:
            self.out.append(unescape(raw))
            return
        text = unescape(raw) if "&" in raw else raw
        if "\n" in text or "  " in text or "\t" in text:
            text = _SPACE.sub(" ", text)
        if text == " " and (not self.out or self.out[-1].endswith(("\n", " "))):
            return
        if self.out and self.out[-1].endswith("\n"):
            text = text.lstrip(" ")
        self.out.append(text)

    def block(self, gap: str = "\n\n") -> None:
        if self.out:
            self.out.append(gap)

    def opening(self, tag: str, raw: str) -> None:
        if tag in _SILENT:
            self.silent = tag
        elif tag in _MARKS:
            if not self.pre:
                self.out.append(_MARKS[tag])
        elif tag in _HEADINGS:
            self.block()
            self.out.append("#" * int(tag[1]) + " ")
        elif tag in ("a", "img"):
            self._link(raw) if tag == "a" else self._image(_attributes(raw))
        elif tag in ("ul", "ol", "li"):
            self._list(tag)
        elif tag == "pre":
            self.block()
            self.out.append("```\n")
            self.pre = True
        elif tag == "code":
            if not self.pre:
                self.out.append("`")
        elif tag == "blockquote":
            self.block()
            self.quotes.append(len(self.out))
        elif tag in _SPACERS:
            self.out.append(_SPACERS[tag])
        elif tag in _PARAGRAPHS and not (self.out and self.out[-1].endswith(("- ", ". "))):
            self.block()

    def _list(self, tag: str) -> None:
        if tag != "li":
            self.block("\n" if self.lists else "\n\n")
            self.lists.append(0 if tag == "ul" else 1)
            return
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")
        level = max(0, len(self.lists) - 1)
        mark = "- "
        if self.lists and self.lists[-1]:
            mark = f"{self.lists[-1]}. "
            self.lists[-1] += 1
        self.out.append("  " * level + mark)

    def closing(self, tag: str) -> None:
        if tag in _MARKS:
            if not self.pre:
                self.out.append(_MARKS[tag])
        elif tag == "a" and self.links:
            self._end_link()
        elif tag == "pre" and self.pre:
            self.pre = False
            self.out.append("" if self.out[-1].endswith("\n") else "\n")
            self.out.append("```\n\n")
        elif tag == "code":
            if not self.pre:
                self.out.append("`")
        elif tag in ("ul", "ol"):
            if self.lists:
                self.lists.pop()
            self.block("\n" if self.lists else "\n\n")
        elif tag == "blockquote" and self.quotes:
            start = self.quotes.pop()
            inner = _tidy("".join(self.out[start:]))
            del self.out[start:]
            self.out.append("\n".join(f"> {line}".rstrip() for line in inner.split("\n")) + "\n\n")
        elif tag in _PARAGRAPHS or tag in _HEADINGS:
            self.block()

    def _link(self, raw: str) -> None:
        attributes = _attributes(raw)
        href = attributes.get("href", "")
        if "mention" in attributes.get("class", "").split():
            self.mentions.append(href.rstrip("/").rpartition("/")[2])
            href = ""
        if href.startswith("/") and self.base:
            href = ("https:" if href.startswith("//") else self.base.rstrip("/")) + href
        self.links.append((href if href.startswith(_WEB) else "", len(self.out)))

    def _end_link(self) -> None:
        href, start = self.links.pop()
        label = "".join(self.out[start:]).strip()
        if not href or not label:
            return
        del self.out[start:]
        if label == href or href == f"mailto:{label}" or "\n" in label:
            self.out.append(label)
        else:
            self.out.append(f"[{label}]({href.replace(' ', '%20').replace('(', '%28').replace(')', '%29')})")

    def _image(self, attributes: dict[str, str]) -> None:
        alt, source = attributes.get("alt", ""), attributes.get("src", "")
        if "emoji" in attributes.get("class", ""):
            self.out.append(alt or attributes.get("title", ""))
        elif source.startswith(_WEB) and not self.links:
            self.out.append(f"[{alt or source.rpartition('/')[2]}]({source.replace(' ', '%20').replace(')', '%29')})")
        elif alt:
            self.out.append(alt)


def to_markdown(html: str, base: str = "") -> tuple[str, list[str]]:
    """Markdown of `html`, and the names in links of class “mention”. `base` completes addresses that begin with “/”."""
    if "<" not in html:
        return _tidy(unescape(html)), []
    writer = _Writer(base)
    at = 0
    for match in _TAG.finditer(html):
        if match.start() > at:
            writer.text(html[at : match.start()])
        at = match.end()
        if not match[2]:
            continue
        tag = match[2].lower()
        if writer.silent:
            if match[1] and tag == writer.silent:
                writer.silent = ""
        elif match[1]:
            writer.closing(tag)
        else:
            writer.opening(tag, match[3])
    writer.text(html[at:])
    while writer.quotes:
        writer.closing("blockquote")
    if writer.pre:
        writer.closing("pre")
    return _tidy("".join(writer.out)), writer.mentions


def _attributes(raw: str) -> dict[str, str]:
    return {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(raw)}


def _tidy(text: str) -> str:
    # The patterns run only where they have something to do: most texts have not.
    text = text.replace("\xa0", " ")
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()
