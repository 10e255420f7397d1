"""What rules may ask of personas, interests and cohorts. None of them has history but cohorts, which are deeds in the log."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from milepost.foundation.conditions.registry import Choices, field, object_finder, reference
from milepost.foundation.conditions.sql import Sql, key

from .models import Cohort, Interest, Persona

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community


def _persona(community: Community, slug: str) -> Persona | None:
    return Persona.objects.filter(community=community, slug=slug, adopted_at__isnull=False).first()


def _chose(persona: Persona) -> Sql:
    return Sql(
        "SELECT person_id FROM paths_personachoice WHERE persona_id = %s AND chosen_at IS NOT NULL AND left_at IS NULL",
        (key(persona.pk),),
    )


def _personas(community: Community) -> Choices:
    return Persona.objects.adopted().filter(community=community).values_list("slug", "name")


reference(
    "persona",
    label=_("finds themselves in"),
    unlabel=_("does not find themselves in"),
    noun=_("persona"),
    find=_persona,
    rows=_chose,
    choices=_personas,
    verbs=("persona.chosen", "persona.left"),
)


def _interests(community: Community) -> Choices:
    rows = Interest.objects.filter(community=community).order_by("slug").values_list("slug", "name")
    return list(dict(rows).items())[:200]


field(
    "interests",
    "tags",
    label=_("Interests"),
    sql="SELECT i.slug FROM paths_interest i WHERE i.person_id = m.person_id",
    choices=_interests,
    verbs=("interests.told",),
)


def _cohort(community: Community, slug: str) -> uuid.UUID | None:
    return Cohort.objects.filter(community=community, slug=slug).values_list("pk", flat=True).first()


object_finder("cohort", _cohort)
