"""Rows of the long lists, written in Python.

A template asks each row for some twenty variables, and each one that a row does not have costs Django a failed lookup: 30 rows took
6 ms of CPU, half of what a whole page may cost. Written here they take less than a third of it. Short lists stay templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from milepost.interfaces.web import times
from milepost.interfaces.web.drawing.avatar import draw_avatar
from milepost.interfaces.web.drawing.path import STATES, State, small_stone


def read(thing: object, name: str) -> Any:
    """An attribute or a key, whichever the thing has; empty where neither or nothing."""
    value = thing.get(name, "") if isinstance(thing, Mapping) else getattr(thing, name, "")
    return "" if value is None else value


def escaped(value: object) -> SafeString:
    """What a template would print: safe text as it is, everything else escaped."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def avatar(name: object, photo: object = "", size: str = "") -> SafeString:
    if photo:
        kind = f" avatar-{escape(size)}" if size else ""
        return mark_safe(  # noqa: S308 (both values are escaped)
            f'<img class="avatar{kind}" src="{escape(photo)}" alt="" width="40" height="40" loading="lazy" decoding="async">'
        )
    return draw_avatar(str(name or ""), size)


def face(name: object, url: object = "", detail: object = "", photo: object = "", size: str = "") -> SafeString:
    tag = f'a class="face-name" href="{escape(url)}"' if url else 'span class="face-name"'
    line = f"<small>{escaped(detail)}</small>" if detail else ""
    return mark_safe(  # noqa: S308 (escaped above)
        f'<span class="face">{avatar(name, photo, size)}<span class="face-text">'
        f"<{tag}>{escaped(name)}</{'a' if url else 'span'}>{line}</span></span>"
    )


def faces(people: Iterable[Any]) -> SafeString:
    """People with `name` and maybe `url`, `detail`, `photo`."""
    rows = "".join(
        f"<li>{face(*(read(person, key) for key in ('name', 'url', 'detail', 'photo')))}</li>" for person in people
    )
    return mark_safe(f'<ul class="faces" role="list">{rows}</ul>')  # noqa: S308 (escaped above)


def face_pile(people: Iterable[Any], total: int | None = None, shown: int = 5) -> SafeString:
    """The first few, overlapping, and how many more. People have `name` and maybe `photo`."""
    everyone = list(people)
    names = [str(read(person, "name")) for person in everyone[:shown]]
    pictures = "".join(avatar(name, read(who, "photo"), "small") for name, who in zip(names, everyone, strict=False))
    more = (total or len(everyone)) - len(names)
    said, rest = ", ".join(names), ""
    if more > 0:
        rest = f'<span class="pile-more" aria-hidden="true">+{times.figure(more)}</span>'
        words = {"names": said, "count": times.figure(more)}
        said = ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more) % words
    return mark_safe(f'<span class="pile" role="img" aria-label="{escape(said)}">{pictures}{rest}</span>')  # noqa: S308


def stone_name(label: object, state: str = "reached", url: object = "") -> SafeString:
    """A milestone named in running text, with its little stone."""
    known: State = next((s for s in STATES if s == state), "reached")
    tag = f'a class="stone-name" href="{escape(url)}"' if url else 'span class="stone-name"'
    return mark_safe(  # noqa: S308 (escaped above)
        f"<{tag}>{small_stone(known)}{escaped(label)}</{'a' if url else 'span'}>"
    )


def thread_rows(threads: Iterable[Any]) -> SafeString:
    """Threads with `title`, `url` and maybe `meta`, `at`, `at_label`, `people`, `people_count`, `unread`, `badge`, `badge_kind`."""
    new = f'<span class="sr"> {gettext("(new for you)")}</span>'
    rows = "".join(_thread(thread, new) for thread in threads)
    return mark_safe(f'<ul class="rows" role="list">{rows}</ul>')  # noqa: S308 (escaped in the rows)


def _thread(thread: object, new: str) -> str:
    unread = read(thread, "unread")
    words = [f"<span>{escaped(word)}</span>" for word in read(thread, "meta") or ()]
    if at := read(thread, "at"):
        label = read(thread, "at_label")
        words.append(f"<span>{escaped(label)} {times.ago(at)}</span>" if label else f"<span>{times.ago(at)}</span>")
    badge = read(thread, "badge")
    mark = f' <span class="badge {escape(read(thread, "badge_kind"))}">{escaped(badge)}</span>' if badge else ""
    people = read(thread, "people")
    pile = face_pile(people, read(thread, "people_count") or None, 3) if people else ""
    return (
        f'<li class="thread{" unread" if unread else ""}"><div><a class="thread-title" href="{escape(read(thread, "url"))}">'
        f"{escaped(read(thread, 'title'))}{new if unread else ''}</a>{mark}</div>"
        f'<p class="meta">{"".join(words)}</p>{pile}</li>'
    )


def moment_rows(moments: Iterable[Any]) -> SafeString:
    """Moments with `who`, `text`, `at` and maybe `stone`, `stone_state`, `stone_url`, `quote`, `who_url`, `photo`, `cheers`,
    `cheers_url`, `links` (of `label`, `url`), `fresh`."""
    rows = "".join(map(_moment, moments))
    return mark_safe(f'<ul class="rows" role="list">{rows}</ul>')  # noqa: S308 (escaped in the rows)


def _moment(moment: object) -> str:
    who, url = read(moment, "who"), read(moment, "who_url")
    name = f'<a class="face-name" href="{escape(url)}">{escaped(who)}</a>' if url else f"<b>{escaped(who)}</b>"
    stone, quote = read(moment, "stone"), read(moment, "quote")
    named = (
        f" {stone_name(stone, read(moment, 'stone_state') or 'reached', read(moment, 'stone_url'))}" if stone else ""
    )
    said = f"<blockquote>{escaped(quote)}</blockquote>" if quote else ""
    words = [f"<span>{times.ago(read(moment, 'at') or None)}</span>"]
    if cheers_url := read(moment, "cheers_url"):
        count = int(read(moment, "cheers") or 0)
        cheers = ngettext("%(count)s cheer", "%(count)s cheers", count) % {"count": times.figure(count)}
        words.append(f'<a href="{escape(cheers_url)}">{cheers}</a>')
    words += [
        f'<a href="{escape(read(link, "url"))}">{escaped(read(link, "label"))}</a>'
        for link in read(moment, "links") or ()
    ]
    return (
        f'<li class="moment{" fresh" if read(moment, "fresh") else ""}">{avatar(who, read(moment, "photo"))}<div>'
        f'<p>{name} {escaped(read(moment, "text"))}{named}</p>{said}<p class="meta">{"".join(words)}</p></div></li>'
    )
