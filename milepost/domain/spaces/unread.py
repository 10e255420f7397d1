"""What is new to a person: threads in which someone wrote here after they last looked. Imported history never is.

A thread is unread while its `fresh_at` is later than the person's mark in it, than their mark for the whole space, and than
the day they came. Counts look back `DAYS` and at the `NEWEST` threads: enough to say "something is new", in one small query.
"""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction
from django.db.models import Count, DateTimeField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Membership, Person

from .models import Post, ReadMark, Space, SpaceReadMark, Thread

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


def counts(actor: Actor) -> dict[uuid.UUID, int]:
    """How many threads are unread, by space; spaces without any are left out. None of a visitor's."""
    if actor.membership is None or not actor.membership.is_active:
        return {}
    newest = Thread.objects.filter(
        community=actor.community, fresh_at__gt=_since(actor.membership), deleted_at__isnull=True
    ).order_by("-fresh_at")[:NEWEST]
    threads = with_marks(Thread.objects.filter(pk__in=newest.values("pk")), actor.membership)
    rows = threads.filter(fresh_at__gt=F("read_to")).values_list("space").annotate(n=Count("pk")).order_by()
    return dict(rows)


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
