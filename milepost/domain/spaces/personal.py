"""What this app holds of a person: where they are let in, what they read, and what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, encloses, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .erasing import erase
from .models import Attachment, Mention, Post, PostRevision, Reaction, ReadMark, SpaceMember, SpaceReadMark, Thread

moves(SpaceMember, "person", unique=("space",))
moves(ReadMark, "person", unique=("thread",))
moves(SpaceReadMark, "person", unique=("space",))
erases(erase)


@encloses
def files(subject: Subject) -> Iterator[str]:
    theirs = Attachment.objects.filter(post__author__in=subject.identities).exclude(file="")
    yield from theirs.values_list("file", flat=True)


def threads(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Thread.objects.filter(author__in=subject.identities))


def posts(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Post.objects.filter(author__in=subject.identities).order_by("posted_at"), leave_out=["html"])


def earlier_versions(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(PostRevision.objects.filter(post__author__in=subject.identities))


def attachments(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Attachment.objects.filter(post__author__in=subject.identities))


def reactions(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Reaction.objects.filter(identity__in=subject.identities))


def mentions(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Mention.objects.filter(identity__in=subject.identities))


def spaces(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(SpaceMember.objects.filter(person__in=subject.people))


def read_marks(subject: Subject) -> Iterator[dict[str, Any]]:
    for model in (ReadMark, SpaceReadMark):
        yield from rows_of(model._default_manager.filter(person__in=subject.people))


FILES: dict[str, Callable[[Subject], Iterator[dict[str, Any]]]] = {
    "threads": threads,
    "posts": posts,
    "posts-earlier-versions": earlier_versions,
    "attachments": attachments,
    "reactions": reactions,
    "mentions": mentions,
    "spaces": spaces,
    "read-marks": read_marks,
}
for _name, _rows in FILES.items():
    portrays(_name, _rows)
