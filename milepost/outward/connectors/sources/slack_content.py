"""The parts of a Slack message: order, files, text in blocks and attachments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from milepost.outward.connectors.records import ChannelKind, ChannelRecord, FileReference
from milepost.outward.connectors.sources.base import clean, integer, key_of, string
from milepost.outward.connectors.sources.mrkdwn import to_markdown


def channel_of(key: str, entry: dict[str, Any], kind: ChannelKind) -> ChannelRecord:
    if entry.get("is_im") is True or entry.get("is_mpim") is True:
        kind = "direct"
    elif kind == "open" and (entry.get("is_private") is True or entry.get("is_group") is True):
        kind = "private"
    text = ""
    for field in ("purpose", "topic"):
        value = entry.get(field)
        text = text or (string(value.get("value")) if isinstance(value, dict) else "")
    members = entry.get("members")
    created = entry.get("created")
    at = None
    if isinstance(created, int | float) and 0 < created < 4e9:
        at = datetime.fromtimestamp(created, UTC)
    people = tuple(key_of(m) for m in members if isinstance(m, str)) if isinstance(members, list) else None
    return ChannelRecord(key, string(entry.get("name")) or key, to_markdown(text, str, []), kind, at, people)


def in_order(lines: list[tuple[int, Any]]) -> None:
    """Sorted by time, so that a thread's first message comes before its replies."""
    stamps = [entry.get("ts") if isinstance(entry, dict) else None for _, entry in lines]
    last = ""
    for stamp in stamps:
        if type(stamp) is not str or stamp < last:
            break
        last = stamp
    else:
        return

    def when(item: tuple[int, Any]) -> float:
        try:
            return float(item[1]["ts"])
        except (TypeError, ValueError, KeyError):
            return 0.0

    lines.sort(key=when)


def edit_time(value: Any) -> datetime | None:
    try:
        seconds = float(value["ts"])
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 4e9 else None
    except (TypeError, ValueError, KeyError):
        return None


def file_references(value: Any) -> tuple[FileReference, ...]:
    found = []
    for file in value if isinstance(value, list) else [value]:
        if not isinstance(file, dict) or file.get("mode") in ("tombstone", "hidden_by_limit"):
            continue
        url = string(file.get("permalink")) or string(file.get("url_private")) or string(file.get("external_url"))
        name = string(file.get("name")) or string(file.get("title")) or string(file.get("id"))
        if name or url:
            mimetype = string(file.get("mimetype"))
            found.append(
                FileReference(clean(name)[:255], clean(url)[:2000], clean(mimetype)[:100], integer(file.get("size")))
            )
    return tuple(found)


def from_blocks(
    entry: dict[str, Any],
    text: str,
    clip: Callable[[str], str],
    name_of: Callable[[str], str],
    mentions: list[str],
) -> str:
    """The text of messages by apps, which often stands only in attachments or blocks."""
    parts = [text] if text else []
    attachments = entry.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        # Previews of links repeat what the link says.
        if not isinstance(attachment, dict) or attachment.get("from_url") or attachment.get("is_msg_unfurl"):
            continue
        said = [string(attachment.get(field)) for field in ("pretext", "title", "text")]
        parts += [part for part in said if part] or [string(attachment.get("fallback"))]
    blocks = entry.get("blocks")
    if not parts and isinstance(blocks, list):
        parts = ["".join(_texts(block, 0)) for block in blocks]
    parts = [part.strip() for part in parts if part.strip()]
    if parts == [text]:
        return text
    rest = clip("\n\n".join(parts[1:] if text else parts))
    made = to_markdown(rest, name_of, mentions)
    return f"{text}\n\n{made}" if text and made else text or made


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > 12:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _texts(entry, depth + 1)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "user" and isinstance(value.get("user_id"), str):
            yield f"<@{value['user_id']}>"
        elif kind == "link" and isinstance(value.get("url"), str):
            yield f"<{value['url']}|{value['text']}>" if value.get("text") else f"<{value['url']}>"
        elif kind == "emoji" and isinstance(value.get("name"), str):
            yield f":{value['name']}:"
        elif isinstance(value.get("text"), str):
            yield value["text"]
        else:
            for field in ("text", "elements", "fields"):
                if field in value:
                    yield from _texts(value[field], depth + 1)
