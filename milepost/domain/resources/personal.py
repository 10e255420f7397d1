"""What this app holds of a person: what they wrote and are credited with, finished and rated.

What was published is the community's, like its charter: it stays when its writer is erased, under no name. Proposals
that nobody decided on go, and so do ratings' words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from milepost.domain.people.holdings import Subject, encloses, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Completion, LessonDone, Rating, Resource, ResourceAuthor, ResourceVersion

moves(Resource, "proposed_by")
moves(ResourceAuthor, "person", unique=("resource",))
moves(ResourceVersion, "by")
moves(LessonDone, "person", unique=("resource", "lesson"))
moves(Completion, "person", unique=("resource",))
moves(Rating, "person", unique=("resource",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    never = Resource.objects.filter(proposed_by__in=subject.people, published_at__isnull=True)
    unpublished = ResourceVersion.objects.filter(published_at__isnull=True).filter(by__in=subject.people)
    files = set(unpublished.exclude(file="").values_list("file", flat=True))
    files |= set(ResourceVersion.objects.filter(resource__in=never).exclude(file="").values_list("file", flat=True))
    counts = {"ratings": Rating.objects.filter(person__in=subject.people).exclude(comment="").update(comment="")}
    counts["resources"] = never.count() + unpublished.exclude(resource__in=never).count()
    unpublished.delete()
    never.delete()
    ResourceAuthor.objects.filter(person__in=subject.people).delete()
    LessonDone.objects.filter(person__in=subject.people).delete()
    for name in files - set(ResourceVersion.objects.filter(file__in=files).values_list("file", flat=True)):
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    return counts


@encloses
def files(subject: Subject) -> Iterator[str]:
    theirs = ResourceVersion.objects.filter(by__in=subject.people).exclude(file="")
    yield from theirs.order_by("file").values_list("file", flat=True).distinct()


def written(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(ResourceVersion.objects.filter(by__in=subject.people))


def proposed(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Resource.objects.filter(proposed_by__in=subject.people))


def credited(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(ResourceAuthor.objects.filter(person__in=subject.people))


def lessons(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(LessonDone.objects.filter(person__in=subject.people))


def finished(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Completion.objects.filter(person__in=subject.people))


def ratings(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Rating.objects.filter(person__in=subject.people))


portrays("resources-written", written)
portrays("resources-proposed", proposed)
portrays("resources-credited", credited)
portrays("lessons-finished", lessons)
portrays("resources-finished", finished)
portrays("resource-ratings", ratings)
