"""A page of posts as HTML, written in Python (as `web.rows` and for its reasons): 20 posts in a millisecond or two."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from milepost.domain.spaces.reading import Beside
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web import times
from milepost.interfaces.web.home import links
from milepost.interfaces.web.icons import icon_svg
from milepost.interfaces.web.rows import avatar


@dataclass(slots=True)
class View:
    """Who reads, and what stands beside the posts."""

    actor: Actor
    beside: Beside = field(default_factory=Beside)
    read_to: datetime.datetime | None = None
    """Posts after this moment, by others, are new to the reader; None: nothing is."""
    may_reply: bool = False
    page: int = 1
    words: Words = field(default_factory=lambda: Words())

    @property
    def community(self) -> Community:
        return self.actor.community

    @property
    def base(self) -> str:
        return f"/c/{self.actor.community.slug}/"

    @property
    def me(self) -> uuid.UUID | None:
        return self.actor.person.pk if self.actor.person else None


def author_name(row: Mapping[str, Any]) -> str:
    return row["person_name"] or row["name"] or gettext("Someone")


@dataclass(slots=True)
class Words:
    """What stands beside each post, in the reader's language; looked up once a page."""

    reply: str = field(default_factory=lambda: gettext("Reply"))
    reply_to: str = field(default_factory=lambda: gettext("Reply to %(name)s"))
    react: str = field(default_factory=lambda: gettext("React"))
    reactions: str = field(default_factory=lambda: gettext("Reactions"))
    more: str = field(default_factory=lambda: gettext("More"))
    change: str = field(default_factory=lambda: gettext("Change"))
    remove: str = field(default_factory=lambda: gettext("Remove"))


def posts(rows: Sequence[Mapping[str, Any]], view: View) -> SafeString:
    """The list items of a page's posts, with a line before the first new one."""
    may_react = can(view.actor, "posts.react")
    moderates = at_least(view.actor, "moderator")
    drawn, lined = [], view.read_to is None
    for row in rows:
        new = view.read_to is not None and row["posted_at"] > view.read_to and row["person"] != view.me
        if new and not lined:
            drawn.append(f'<li class="posts-new"><span>{gettext("New since you were here")}</span></li>')
            lined = True
        drawn.append(_post(row, view, may_react, moderates, new))
    return mark_safe("".join(drawn))  # noqa: S308 (escaped in the parts)


def _post(row: Mapping[str, Any], view: View, may_react: bool, moderates: bool, new: bool) -> str:
    pk, name = row["id"], escape(author_name(row))
    here = f"{view.base}posts/{pk}/"
    claimed = row["account"] is not None and row["erased"] is None
    photo = links.photo(view.community, row["person"], row["photo"]) if claimed else ""
    who = f'<b class="post-who">{name}</b>'
    if claimed:
        who = f'<a class="post-who" href="{links.person(view.community, row["person"], row["handle"])}">{name}</a>'
    edited = f'<a class="quiet" href="{here}history/">{gettext("edited")}</a>' if row["edited_at"] else ""
    mark = f'<span class="sr">{gettext("new")}</span>' if new else ""
    answers = _answers(row, view) if row["reply_to_id"] else ""
    body = row["html"] or f'<p class="quiet">{gettext("What stood here was erased.")}</p>'
    kept = _files(view.beside.files.get(pk, ()), view)
    return (
        f'<li class="post{" is-new" if new else ""}" id="post-{pk}">{avatar(author_name(row), photo)}<article>'
        f'<header class="post-head">{who}<a class="post-when" href="{here}">{times.ago(row["posted_at"])}</a>{edited}{mark}'
        f"{_menu(row, view, here, moderates)}</header>{answers}"
        f'<div class="prose">{body}</div>{kept}'
        f'<footer class="post-foot">{reactions(pk, row["reactions"], view, may_react)}{_reply(pk, view, name)}</footer>'
        "</article></li>"
    )


def _answers(row: Mapping[str, Any], view: View) -> str:
    name, gone = view.beside.answered.get(row["reply_to_id"], ("", True))
    if gone:
        return f'<p class="post-answers">{icon_svg("reply")}{gettext("answers a post that was removed")}</p>'
    words = gettext("answers %(name)s") % {"name": name or gettext("Someone")}
    return (
        f'<p class="post-answers">{icon_svg("reply")}<a href="{view.base}posts/{row["reply_to_id"]}/">'
        f"{escape(words)}</a></p>"
    )


def _menu(row: Mapping[str, Any], view: View, here: str, moderates: bool) -> str:
    mine = view.me is not None and row["person"] == view.me
    if not (mine or moderates):
        return ""
    edit = f'<a href="{here}edit/">{icon_svg("pencil")}{view.words.change}</a>' if mine and view.may_reply else ""
    return (
        f'<details class="menu post-menu"><summary class="btn bare small only-icon" aria-label="{view.words.more}">'
        f'{icon_svg("ellipsis")}</summary><div class="menu-list">{edit}'
        f'<button type="submit" form="act" formaction="{here}deletion/" class="danger">{icon_svg("trash-2")}'
        f"{view.words.remove}</button></div></details>"
    )


def _reply(pk: uuid.UUID, view: View, name: str) -> str:
    if not view.may_reply:
        return ""
    label = view.words.reply_to % {"name": name}
    return (
        f'<a class="post-reply" href="?page={view.page}&amp;reply={pk}#reply" aria-label="{label}">'
        f"{icon_svg('reply')}{view.words.reply}</a>"
    )


def reactions(
    pk: uuid.UUID, counts: Mapping[str, int], view: View, may_react: bool, palette: Sequence[str] = ()
) -> SafeString:
    """The bar of reactions of a post, to press where the reader may; with `palette`, what else there is to choose from."""
    own = view.beside.own.get(pk, set())
    address = f"{view.base}posts/{pk}/reactions/"
    parts = [_reaction(emoji, count, emoji in own, address if may_react else "") for emoji, count in counts.items()]
    parts += [_reaction(emoji, 0, False, address) for emoji in palette if emoji not in counts]
    if may_react and not palette:
        label = view.words.react
        parts.append(
            f'<a class="reaction reaction-add" href="{address}" hx-get="{address}" hx-target="closest .reactions"'
            f' hx-swap="outerHTML" aria-label="{label}" title="{label}">{icon_svg("smile-plus")}</a>'
        )
    if not parts:
        return SafeString("")
    return mark_safe(  # noqa: S308 (escaped in the parts)
        f'<div class="reactions" role="group" aria-label="{view.words.reactions}">{"".join(parts)}</div>'
    )


def _reaction(emoji: str, count: int, pressed: bool, address: str) -> str:
    shown = escape(emoji)
    said = ngettext("%(count)s person", "%(count)s people", count) % {"count": times.figure(count)} if count else ""
    inner = f'<span aria-hidden="true">{shown}</span>'
    inner += f'<span aria-hidden="true">{times.figure(count)}</span>' if count else ""
    label = f"{shown} {said}".strip()
    if not address:
        return f'<span class="reaction" role="img" aria-label="{label}">{inner}</span>'
    state = "true" if pressed else "false"
    return (
        f'<button class="reaction" type="submit" form="act" formaction="{address}" name="emoji" value="{shown}"'
        f' aria-pressed="{state}" aria-label="{label}" hx-post="{address}" hx-include="#act"'
        f' hx-target="closest .reactions" hx-swap="outerHTML">{inner}</button>'
    )


def _files(files: Sequence[Mapping[str, Any]], view: View) -> str:
    if not files:
        return ""
    drawn = []
    for file in files:
        name = escape(file["name"])
        size = f' <span class="quiet">{filesizeformat(file["size"])}</span>' if file["size"] else ""
        if file["file"]:
            url = f"{view.base}files/{file['id']}/"
            if file["media_type"].startswith("image/"):
                drawn.append(
                    f'<li class="post-picture"><a href="{url}"><img src="{url}" alt="{name}" loading="lazy"'
                    ' decoding="async"></a></li>'
                )
                continue
            drawn.append(f'<li><a href="{url}">{icon_svg("paperclip")}{name}</a>{size}</li>')
        elif file["url"].startswith(("https://", "http://")):
            # Known from an import by reference only: the file lies elsewhere, maybe behind a sign-in.
            link = f'<a href="{escape(file["url"])}" rel="nofollow noopener noreferrer">{icon_svg("external-link")}{name}</a>'
            drawn.append(f"<li>{link}{size}</li>")
        else:
            drawn.append(f"<li>{icon_svg('paperclip')}{name}{size}</li>")
    return f'<ul class="post-files" role="list">{"".join(drawn)}</ul>'
