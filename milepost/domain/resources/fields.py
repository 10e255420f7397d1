"""What rules may ask about resources: {"did": "resource.finished", "in": {"tag": …}}, and in one resource."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from milepost.foundation.conditions.registry import object_finder, tag_resolver
from milepost.foundation.conditions.sql import Sql, key
from milepost.foundation.identity.models import Community

from .models import Resource, ResourceTag


def _tagged(community: Community, slug: str) -> Sql | None:
    """The resources that carry the tag."""
    tag = ResourceTag.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()
    if tag is None:
        return None
    return Sql("SELECT resource_id FROM resources_resource_tags WHERE resourcetag_id = %s", (key(tag),))


def _tags(community: Community) -> Iterable[tuple[str, str]]:
    return ResourceTag.objects.filter(community=community).values_list("slug", "name")


def _resource(community: Community, slug: str) -> uuid.UUID | None:
    return Resource.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()


tag_resolver(_tagged, _tags)
object_finder("resource", _resource)
