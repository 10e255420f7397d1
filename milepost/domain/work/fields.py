"""What rules may ask about opportunities: {"did": "opportunity.finished", "in": {"tag": a skill}}, and in one of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from milepost.foundation.conditions.registry import object_finder, tag_resolver
from milepost.foundation.conditions.sql import Sql, key
from milepost.foundation.identity.models import Community

from .models import Opportunity, Skill


def _needing(community: Community, slug: str) -> Sql | None:
    """The opportunities for which the skill is needed."""
    skill = Skill.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()
    if skill is None:
        return None
    return Sql("SELECT opportunity_id FROM work_opportunity_skills WHERE skill_id = %s", (key(skill),))


def _skills(community: Community) -> Iterable[tuple[str, str]]:
    return Skill.objects.filter(community=community).values_list("slug", "name")


def _opportunity(community: Community, slug: str) -> uuid.UUID | None:
    return Opportunity.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()


tag_resolver(_needing, _skills)
object_finder("opportunity", _opportunity)
