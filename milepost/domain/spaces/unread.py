"""What is new to a person: threads in which someone wrote here after they last looked. Imported history never is.

A thread is unread while its `fresh_at` is later than the person's mark in it, than their mark for the whole space, and than
the day they came. Counts look back `DAYS` and at the `NEWEST` threads: enough to say "something is new", in one small query.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Membership, Person

from .models import Post, ReadMark, Space, SpaceReadMark, Thread
from .reading import as_uuid, key

DAYS = 60
NEWEST = 500


def _since(membership: Membership) -> datetime.datetime:
    return max(membership.joined_at, clock.now() - datetime.timedelta(days=DAYS))


def with_marks(threads: QuerySet[Thread], membership: Membership) -> QuerySet[Thread]:
    """Threads with `read_to`, up to which moment the member has seen all of each."""
    start = Value(_since(membership), output_field=DateTimeField())
    person = membership.person_id
    return threads.annotate(
        read_to=Greatest(
            start,
            Coalesce(Subquery(ReadMark.objects.filter(person=person, thread=OuterRef("pk")).values("read_to")), start),
            Coalesce(
                Subquery(SpaceReadMark.objects.filter(person=person, space=OuterRef("space")).values("read_to")), start
            ),
        )
    )


def read_to(thread: Thread, actor: Actor) -> datetime.datetime | None:
    """Up to which moment the actor has seen the thread; None where nothing in it is new. Imported threads cost no query."""
    if actor.membership is None or not actor.membership.is_active or thread.fresh_at is None:
        return None
    seen = _since(actor.membership)
    if thread.fresh_at <= seen:
        return None
    person = actor.membership.person_id
    marks = ReadMark.objects.filter(person=person, thread=thread.pk).values_list("read_to", flat=True)
    whole = SpaceReadMark.objects.filter(person=person, space=thread.space_id).values_list("read_to", flat=True)
    seen = max([seen, *marks.union(whole)])
    return seen if thread.fresh_at > seen else None


# Written as SQL because the list of spaces and the home page ask it each time.
_COUNTS = (
    "SELECT t.space_id, count(*) FROM (SELECT id, space_id, fresh_at FROM spaces_thread"
    " WHERE community_id = %s AND fresh_at > %s AND deleted_at IS NULL ORDER BY fresh_at DESC LIMIT %s) t"
    " LEFT JOIN spaces_readmark m ON m.person_id = %s AND m.thread_id = t.id"
    " LEFT JOIN spaces_spacereadmark s ON s.person_id = %s AND s.space_id = t.space_id"
    " WHERE t.fresh_at > COALESCE(m.read_to, %s) AND t.fresh_at > COALESCE(s.read_to, %s) GROUP BY t.space_id"
)


def counts(actor: Actor) -> dict[uuid.UUID, int]:
    """How many threads are unread, by space; spaces without any are left out. None of a visitor's."""
    if actor.membership is None or not actor.membership.is_active:
        return {}
    since = connection.ops.adapt_datetimefield_value(_since(actor.membership))
    person = key(actor.membership.person_id)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [key(actor.community.pk), since, NEWEST, person, person, since, since])
        return {as_uuid(space): count for space, count in cursor.fetchall()}


def among(rows: Iterable[dict[str, Any]], space: Space, actor: Actor) -> set[uuid.UUID]:
    """The ids of those threads of a space (rows with `id`, `fresh_at`) that are unread; no query where none can be."""
    if actor.membership is None or not actor.membership.is_active:
        return set()
    since = _since(actor.membership)
    fresh = {row["id"]: row["fresh_at"] for row in rows if row["fresh_at"] and row["fresh_at"] > since}
    if not fresh:
        return set()
    person = actor.membership.person_id
    marks = ReadMark.objects.filter(person=person, thread__in=list(fresh)).values_list("thread_id", "read_to")
    whole = SpaceReadMark.objects.filter(person=person, space=space.pk).values_list("space_id", "read_to")
    read: dict[uuid.UUID, datetime.datetime] = dict(marks.union(whole))
    everything = read.get(space.pk, since)
    return {pk for pk, moment in fresh.items() if moment > max(everything, read.get(pk, since))}


def mark_read(thread: Thread, *, by: Person, to: datetime.datetime) -> None:
    """The person has seen the thread up to that moment; a mark never goes back."""
    with transaction.atomic():
        mark, new = ReadMark.objects.get_or_create(
            person=by, thread=thread, defaults={"community_id": thread.community_id, "read_to": to}
        )
        if not new and mark.read_to < to:
            ReadMark.objects.filter(person=by, thread=thread).update(read_to=to)


def mark_seen(thread: Thread, *, by: Person, last: uuid.UUID) -> None:
    """The person has seen the thread up to that post; one that is not in it changes nothing."""
    moment = Post.objects.filter(thread=thread, pk=last).values_list("posted_at", flat=True).first()
    if moment is not None:
        mark_read(thread, by=by, to=moment)


def mark_spaces_read(spaces: QuerySet[Space], *, by: Person) -> None:
    """Nothing in these spaces is new to the person any more."""
    now = clock.now()
    marks = [
        SpaceReadMark(person=by, space_id=pk, community_id=by.community_id, read_to=now)
        for pk in spaces.filter(community=by.community_id).values_list("pk", flat=True)
    ]
    SpaceReadMark.objects.bulk_create(
        marks, update_conflicts=True, unique_fields=["person", "space"], update_fields=["read_to"], batch_size=500
    )


def mark_all_read(actor: Actor) -> None:
    """Nothing anywhere in the community is new to the person any more. Only spaces with something new get a mark."""
    if actor.person is not None:
        mark_spaces_read(Space.objects.filter(pk__in=list(counts(actor))), by=actor.person)
