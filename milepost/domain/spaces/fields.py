"""What rules may ask about spaces: who is in one, and deeds in a space, under a tag or in a conversation."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.conditions.registry import Choices, object_finder, reference, space_resolver, tag_resolver
from milepost.foundation.conditions.sql import Sql, key

from .models import Space, Tag, Thread

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

# Deeds are asked by stewards of the whole community; which spaces they can name is theirs to know.


def _space(community: Community, slug: str) -> Space | None:
    return Space.objects.filter(community=community, slug=slug).select_related("community").first()


def _spaces(community: Community) -> Choices:
    return Space.objects.filter(community=community).order_by("name").values_list("slug", "name")


def _inside(space: Space) -> Sql:
    since = local_day_sql("s.since", f"'{space.community.time_zone}'")
    return Sql(f"SELECT s.person_id, {since} AS day FROM spaces_spacemember s WHERE s.space_id = %s", (key(space.pk),))


reference(
    "in_space",
    label=_("is in the space"),
    unlabel=_("is not in the space"),
    noun=_("space"),
    find=_space,
    rows=_inside,
    choices=_spaces,
    dated=True,
    verbs=("space.let_in", "space.put_out"),
)


def _space_id(community: Community, slug: str) -> uuid.UUID | None:
    return Space.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()


space_resolver(_space_id, _spaces)


def _tagged(community: Community, slug: str) -> Sql | None:
    tag = Tag.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()
    if tag is None:
        return None
    return Sql("SELECT t.thread_id FROM spaces_thread_tags t WHERE t.tag_id = %s", (key(tag),))


def _tags(community: Community) -> Choices:
    return Tag.objects.filter(community=community).values_list("slug", "name")


tag_resolver(_tagged, _tags)


def _thread(community: Community, ident: str) -> uuid.UUID | None:
    """Conversations have no slugs: “thread:” and the id."""
    try:
        wanted = uuid.UUID(ident)
    except ValueError:
        return None
    return Thread.objects.filter(community=community, pk=wanted).values_list("pk", flat=True).first()


object_finder("thread", _thread)
