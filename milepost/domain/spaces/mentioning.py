"""@handles in posts: who is named, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from milepost.foundation.activity.recording import local_identity
from milepost.foundation.identity.models import Person

from .models import Mention, Post, Space

AT_MOST = 20
"""People that one post may name, so that nobody calls a whole community."""
# Not in the middle of a word (a mail address) or of an address.
HANDLE = re.compile(r"(?<![\w@/.&;])@(\w(?:[\w-]{0,58}\w)?)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_OUTSIDE = re.compile(r"(<(?:a|code|pre)\b.*?</(?:a|code|pre)>|<[^>]+>)", re.DOTALL)


def handles(text: str) -> list[str]:
    """The handles that a text names, outside of code; each once, in order."""
    return list(dict.fromkeys(h.lower() for h in HANDLE.findall(_CODE.sub(" ", text))))


def mention(post: Post) -> None:
    """Keep the mention rows of a post's text: people of the community who can read it. Those of an earlier text go."""
    wanted = handles(post.text)[:AT_MOST]
    people = (
        Person.objects.listed().filter(community=post.community, handle__in=wanted) if wanted else Person.objects.none()
    )
    if wanted and post.space.kind == Space.Kind.PRIVATE:
        people = people.filter(space_memberships__space=post.space_id)
    named = {local_identity(person).pk for person in people.exclude(identities=post.author_id)}
    there = set(Mention.objects.filter(post=post).values_list("identity_id", flat=True))
    if gone := there - named:
        Mention.objects.filter(post=post, identity__in=gone).delete()
    Mention.objects.bulk_create(
        Mention(community=post.community, post=post, identity_id=pk) for pk in sorted(named - there)
    )


def linked(html: str, url_of: Mapping[str, str] | Callable[[str], str | None]) -> str:
    """Rendered HTML with its @handles as links, where `url_of` has an address; never inside links and code."""
    find = url_of.get if isinstance(url_of, Mapping) else url_of

    def link(match: re.Match[str]) -> str:
        url = find(match[1].lower())
        return f'<a href="{url}">@{match[1]}</a>' if url else match[0]

    parts = _OUTSIDE.split(html)
    return "".join(part if at % 2 else HANDLE.sub(link, part) for at, part in enumerate(parts))
