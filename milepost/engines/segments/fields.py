"""What rules may ask of segments: {"in_segment": "regulars"}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from milepost.foundation.conditions.registry import Choices, reference
from milepost.foundation.conditions.sql import Sql, key

from .models import Segment

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community


def _find(community: Community, slug: str) -> Segment | None:
    return Segment.objects.kept().filter(community=community, slug=slug).first()


def _choices(community: Community) -> Choices:
    return Segment.objects.kept().filter(community=community).values_list("slug", "name")


def _rows(segment: Segment) -> Sql:
    return Sql("SELECT g.person_id FROM segments_segmentmember g WHERE g.segment_id = %s", (key(segment.pk),))


reference(
    Segment.KEY,
    label=_("is in the segment"),
    unlabel=_("is not in the segment"),
    noun=_("segment"),
    find=_find,
    rows=_rows,
    choices=_choices,
    verbs=("segment.entered", "segment.left"),
    depends=lambda segment: segment.names(),
)
