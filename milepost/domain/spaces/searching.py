"""What can be found of spaces: the spaces, and each post with its thread's title."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, UUIDField, Value
from django.db.models.functions import Coalesce, Left
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import LONGEST, searchable

from .models import Post, Space

_NONE = Value(NO_ID, output_field=UUIDField())


def _posts() -> QuerySet[Any, Any]:
    return (
        Post.objects.filter(deleted_at__isnull=True, thread__deleted_at__isnull=True)
        .exclude(text="")
        .values_list(
            "community_id",
            "pk",
            "thread_id",
            "space_id",
            Coalesce("author_id", _NONE),
            "thread__title",
            Left("text", LONGEST),
            "posted_at",
        )
    )


def _spaces() -> QuerySet[Any, Any]:
    return Space.objects.values_list("community_id", "pk", _NONE, F("id"), _NONE, "name", "purpose", "created_at")


# A message's activity names its thread and has the post's time.
_WRITTEN = (
    "SELECT p.id FROM activity_activity a JOIN spaces_post p ON p.thread_id = a.object_id AND p.posted_at = a.happened_at"
    " WHERE {where}"
)
_EDITED = "SELECT a.object_id FROM activity_activity a WHERE {where}"
_RETRACTED = (
    "SELECT p.id FROM activity_activity a JOIN activity_retraction r ON r.by_id = a.id"
    " JOIN activity_activity o ON o.id = r.activity_id"
    " JOIN spaces_post p ON p.thread_id = o.object_id AND p.posted_at = o.happened_at"
    " WHERE {where} AND a.object_kind = 'thread' AND o.verb IN ('thread.started', 'reply.posted')"
)
_IN_THREAD = "SELECT p.id FROM activity_activity a JOIN spaces_post p ON p.thread_id = a.object_id WHERE {where}"
# What someone wrote, and (their title is gone too) all of the threads that they began.
_ERASED = (
    "SELECT p.id FROM activity_activity a JOIN identity_identity i ON i.person_id = a.object_id"
    " JOIN activity_activity o ON o.identity_id = i.id AND o.object_kind = 'thread'"
    " JOIN spaces_post p ON p.thread_id = o.object_id AND (o.verb = 'thread.started' OR p.posted_at = o.happened_at)"
    " WHERE {where} AND o.verb IN ('thread.started', 'reply.posted')"
)

searchable(
    "post",
    _("Conversations"),
    permission="spaces.view",
    rows=_posts,
    touched={
        ("thread.started", "reply.posted"): _WRITTEN,
        ("post.edited",): _EDITED,
        ("activity.retracted",): _RETRACTED,
        ("thread.changed",): _IN_THREAD,
        ("person.erased",): _ERASED,
    },
    many=True,
)

# Imported spaces are not opened by anyone: they are there from the first message on.
_NEW = (
    "SELECT a.space_id FROM activity_activity a WHERE {where} AND NOT EXISTS"
    " (SELECT 1 FROM search_document d WHERE d.object_id = a.space_id AND d.kind = 'space')"
)
searchable(
    "space",
    _("Spaces"),
    permission="spaces.view",
    rows=_spaces,
    touched={("space.opened", "space.changed"): _EDITED, ("thread.started",): _NEW},
)
