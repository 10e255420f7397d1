"""What this app holds of a person: where they are let in, what they read, and what they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Attachment, Mention, Post, PostRevision, Reaction, ReadMark, SpaceMember, SpaceReadMark, Thread

moves(SpaceMember, "person", unique=("space",))
moves(ReadMark, "person", unique=("thread",))
moves(SpaceReadMark, "person", unique=("space",))


@erases
def empty_posts(subject: Subject) -> dict[str, int]:
    """Texts, titles, files and earlier versions go; that something was said, when and in which thread, stays."""
    written = Post.objects.filter(author__in=subject.identities)
    files = Attachment.objects.filter(post__author__in=subject.identities)
    for name in files.exclude(file="").values_list("file", flat=True):
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    files.delete()
    PostRevision.objects.filter(post__author__in=subject.identities).delete()
    PostRevision.objects.filter(by__in=subject.people).update(by=None)
    Mention.objects.filter(post__author__in=subject.identities).delete()
    _unname(subject)
    emptied = written.update(text="", html="")
    Thread.objects.filter(author__in=subject.identities).update(title="…")
    SpaceMember.objects.filter(person__in=subject.people).delete()
    ReadMark.objects.filter(person__in=subject.people).delete()
    SpaceReadMark.objects.filter(person__in=subject.people).delete()
    return {"posts": emptied}


def _unname(subject: Subject) -> None:
    """Others' posts that name them: the link goes at the next reading. The words are others' own."""
    named = Mention.objects.filter(identity__in=subject.identities)
    Post.objects.filter(pk__in=named.values("post_id")).update(html=None)
    named.delete()


def posts(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Post.objects.filter(author__in=subject.identities))


def reactions(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Reaction.objects.filter(identity__in=subject.identities))


def threads(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Thread.objects.filter(author__in=subject.identities))


portrays("posts", posts)
portrays("reactions", reactions)
portrays("threads", threads)
