"""What rules may ask of milestones: {"reached": "first-gig"}, with when and how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.domain.paths.ruling import reached_in
from milepost.foundation.conditions import Sql, reference
from milepost.foundation.conditions.sql import key
from milepost.foundation.identity.models import Community


def _find(community: Community, slug: str) -> Milestone | None:
    return Milestone.objects.adopted().filter(community=community, slug=slug).first()


def _rows(milestone: Milestone) -> Sql:
    return Sql(
        "SELECT w.person_id AS person_id, w.reached_on AS day FROM milestones_award w"
        " WHERE w.milestone_id = %s AND w.revoked_at IS NULL",
        (key(milestone.pk),),
    )


def _choices(community: Community) -> Iterable[tuple[str, str]]:
    return Milestone.objects.adopted().filter(community=community).values_list("slug", "name")


def _depends(milestone: Milestone) -> Iterator[tuple[str, str]]:
    for slug in {*reached_in([milestone.rule, milestone.levels]), *milestone.requires.values_list("slug", flat=True)}:
        yield "reached", slug


reference(
    "reached",
    label=_("has reached"),
    unlabel=_("has not reached"),
    noun=_("milestone"),
    find=_find,
    rows=_rows,
    choices=_choices,
    dated=True,
    verbs=("milestone.reached", "milestone.revoked"),
    depends=_depends,
)
