"""Slack's own markup as Markdown. Rules: Slack, “Formatting text for app surfaces” (mrkdwn)."""

from __future__ import annotations

import re
from collections.abc import Callable

#: Most texts hold none of these and pass unchanged.
_SPECIAL = re.compile(r"[<&*_~]|```")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_TOKEN = re.compile(r"<([^<>\n]*)>")
# A mark counts only at the edge of a word, and does not span lines.
_BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])")
_QUOTE = re.compile(r"^&gt;(?:&gt;&gt;)? ?", re.MULTILINE)
_WEB = ("http://", "https://", "mailto:")


def to_markdown(text: str, name_of: Callable[[str], str], mentions: list[str]) -> str:
    """Markdown of mrkdwn `text`; appends the keys of the people that it mentions to `mentions`.

    `name_of` gives the name to show for a person's key. Code is left as it is, but for entities and links in it.
    """
    if not _SPECIAL.search(text):
        return text
    if "`" not in text:
        return _prose(text, name_of, mentions)
    pieces = _CODE.split(text)
    for at, piece in enumerate(pieces):
        pieces[at] = _code(piece) if at % 2 else _prose(piece, name_of, mentions)
    return "".join(pieces)


def _prose(text: str, name_of: Callable[[str], str], mentions: list[str]) -> str:
    if "&" in text:
        text = _QUOTE.sub("> ", text)
    kept: list[str] = []
    if "<" in text:
        # The places of what is put aside are marked by characters of the private area; the text may not have any.
        text = text.replace("\ue000", "").replace("\ue001", "")

        def keep(match: re.Match[str]) -> str:
            # Addresses hold “_” and “~”: they are put aside while marks are translated.
            kept.append(_token(match[1], name_of, mentions))
            return f"\ue000{len(kept) - 1}\ue001"

        text = _TOKEN.sub(keep, text)
    if "*" in text:
        text = _BOLD.sub(r"**\1**", text)
    if "~" in text:
        text = _STRIKE.sub(r"~~\1~~", text)
    if "&" in text:
        text = _entities(text)
    if kept:
        text = re.sub(r"\ue000(\d{1,6})\ue001", lambda m: kept[int(m[1])] if int(m[1]) < len(kept) else m[0], text)
    return text


def _code(text: str) -> str:
    if "<" in text:
        text = _TOKEN.sub(lambda match: match[1].rpartition("|")[2], text)
    text = _entities(text)
    if text.startswith("```"):
        # Slack writes the fence on the code's own lines; Markdown wants it alone.
        body = text[3:-3].strip("\n")
        return f"\n```\n{body}\n```\n" if "\n" in body else f"`{body}`"
    return text


def _token(inside: str, name_of: Callable[[str], str], mentions: list[str]) -> str:
    target, _, label = inside.partition("|")
    first = target[:1]
    if first == "@":
        key = target[1:]
        if key:
            mentions.append(key)
        return f"@{_entities(label) or name_of(key)}"
    if first == "#":
        return f"#{_entities(label) or target[1:]}"
    if first == "!":
        return _special(target[1:], _entities(label))
    url = _entities(target)
    if not url.startswith(_WEB):
        return _entities(label) or url
    if label and label != target:
        shown = _entities(label).replace("[", r"\[").replace("]", r"\]")
        if url.startswith("mailto:") and url[7:] == shown:
            return shown
        return f"[{shown}]({url.replace(' ', '%20').replace('(', '%28').replace(')', '%29')})"
    return f"<{url}>" if " " not in url else url


def _special(command: str, label: str) -> str:
    if command.startswith("date^"):
        return label
    if command.startswith("subteam^"):
        return label if label.startswith("@") else f"@{label or command[8:]}"
    return f"@{label or command}"


def _entities(text: str) -> str:
    # Slack encodes these three only; “&amp;” last, so that “&amp;lt;” stays “&lt;”.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text
