"""What goes when a person is erased: the text of what they wrote, its files, and how others called them by name.

Posts and threads stay as empty places, so that the conversation around them keeps its order and its counts.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from milepost.domain.people.erasure import former_member
from milepost.domain.people.holdings import Subject
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.recording import COLUMNS, record_many
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Identity, Person

from .models import Attachment, Mention, Post, PostRevision, Reaction, ReadMark, SpaceMember, SpaceReadMark, Thread

BATCH = 500


def erase(subject: Subject) -> dict[str, int]:
    """Empty the person's posts and titles, delete files, earlier versions, reactions, read marks, and mentions of them.

    Records `post.edited` for the posts of others in which their name was replaced; what they wrote themselves is found by
    readers through `person.erased`.
    """
    posts = Post.objects.filter(author__in=subject.identities)
    counts = {
        "attachments": _delete_files(Attachment.objects.filter(post__in=posts)),
        "reactions": _take_back_reactions(subject),
        "mentions": _forget_mentions(subject),
        "threads": _empty_titles(subject),
    }
    PostRevision.objects.filter(post__in=posts).delete()
    Mention.objects.filter(post__in=posts).delete()
    ReadMark.objects.filter(person__in=subject.people).delete()
    SpaceMember.objects.filter(person__in=subject.people).delete()
    PostRevision.objects.filter(by__in=subject.people).update(by=None)
    SpaceReadMark.objects.filter(person__in=subject.people).delete()
    counts["posts"] = posts.update(text="", html="")
    return counts


def _delete_files(attachments: QuerySet[Attachment]) -> int:
    for name in attachments.exclude(file="").values_list("file", flat=True):
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    return attachments.delete()[0]


def _empty_titles(subject: Subject) -> int:
    with translation.override(subject.person.community.language):
        title = _("A conversation whose title was erased")
    return Thread.objects.filter(author__in=subject.identities).update(title=title)


def _take_back_reactions(subject: Subject) -> int:
    """A post repeats its reactions as counts, among them some that an import knows no rows of: so they are lowered."""
    taken: defaultdict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    theirs = Reaction.objects.filter(identity__in=subject.identities)
    for reacted, emoji in theirs.values_list("post_id", "emoji").iterator():
        taken[reacted][emoji] += 1
    ids = list(taken)
    for start in range(0, len(ids), BATCH):
        posts = list(Post.objects.filter(pk__in=ids[start : start + BATCH]).only("pk", "reactions"))
        for post in posts:
            left = {emoji: n - taken[post.pk][emoji] for emoji, n in post.reactions.items()}
            post.reactions = {emoji: n for emoji, n in left.items() if n > 0}
        Post.objects.bulk_update(posts, ["reactions"])
    return theirs.delete()[0]


def _forget_mentions(subject: Subject) -> int:
    """In what others wrote to them: "@Amara, thank you" becomes "Former member, thank you"."""
    mentions = Mention.objects.filter(identity__in=subject.identities)
    named = Post.objects.filter(mentions__in=mentions).exclude(author__in=subject.identities)
    called = _called(subject)
    ids = list(named.values_list("pk", flat=True).distinct())
    if called is not None:
        label = former_member(subject.person.community)
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            _replace(Post.objects.filter(pk__in=some), called, label)
            _replace(PostRevision.objects.filter(post__in=some), called, label)
    return mentions.delete()[0]


def _called(subject: Subject) -> re.Pattern[str] | None:
    """How an @ may name them: by handle or name, here or in a source."""
    words: set[str] = set()
    for rows in (Person.objects.filter(pk__in=subject.people), Identity.objects.filter(pk__in=subject.identities)):
        for name, handle in rows.values_list("name", "handle"):
            words |= {name, handle}
    words.discard("")
    if not words:
        return None
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"@(?:{longest_first})(?!\w)", re.IGNORECASE)


def _replace(rows: QuerySet[Post] | QuerySet[PostRevision], called: re.Pattern[str], label: str) -> None:
    changed = []
    for row in rows:
        text = called.sub(label, row.text)
        if text != row.text:
            row.text = text
            changed.append(row)
    if rows.model is Post:
        posts = [row for row in changed if isinstance(row, Post)]
        for post in posts:
            post.html = None
        Post.objects.bulk_update(posts, ["text", "html"])
        _tell(posts)
    else:
        PostRevision.objects.bulk_update([row for row in changed if isinstance(row, PostRevision)], ["text"])


def _tell(posts: list[Post]) -> None:
    """`post.edited`, so that search reads them again; backfilled, since nobody is to be told."""
    now, epoch = clock.now(), current_epoch()
    values: dict[str, Any] = {
        "epoch": epoch,
        "identity_id": None,
        "verb": "post.edited",
        "object_kind": "post",
        "other_id": None,
        "quantity": None,
        "happened_at": now,
        "recorded_at": now,
        "source": "milepost",
        "source_key": None,
        "data": {},
        "backfilled": True,
    }
    rows = []
    for post in posts:
        own = {"community_id": post.community_id, "object_id": post.pk, "space_id": post.space_id}
        rows.append(tuple((values | own)[column] for column in COLUMNS))
    record_many(rows)
