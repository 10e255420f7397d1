"""What rules may ask of milestones and goals: {"reached": "first-gig"}, {"contributed_to": "hundred-stages"}, with when and how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.paths.ruling import reached_in
from milepost.foundation.common.ids import NO_ID
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


def _goal(community: Community, slug: str) -> Goal | None:
    return Goal.objects.filter(community=community, slug=slug, adopted_at__isnull=False).first()


def _goals(community: Community) -> Iterable[tuple[str, str]]:
    return Goal.objects.adopted().filter(community=community).values_list("slug", "title")


def _given(goal: Goal) -> Sql:
    """What moves a goal: its milestone reached, an opportunity that serves it finished, an event that serves it hosted or attended."""
    return Sql(
        "SELECT w.person_id AS person_id, w.reached_on AS day FROM milestones_award w"
        " WHERE w.milestone_id = %s AND w.revoked_at IS NULL"
        " UNION ALL SELECT d.person_id, d.day FROM activity_memberobjectday d WHERE d.community_id = %s"
        f" AND d.verb IN ({', '.join(['%s'] * len(SERVING))}) AND d.object_id IN (SELECT o.id FROM work_opportunity o"
        " WHERE o.goal_id = %s UNION ALL SELECT e.id FROM events_event e WHERE e.goal_id = %s)",
        (key(goal.milestone_id or NO_ID), key(goal.community_id), *SERVING, key(goal.pk), key(goal.pk)),
    )


SERVING = ("opportunity.finished", "event.hosted", "event.attended")
reference(
    "contributed_to",
    label=_("has contributed to"),
    unlabel=_("has not contributed to"),
    noun=_("goal"),
    find=_goal,
    rows=_given,
    choices=_goals,
    dated=True,
    verbs=("milestone.reached", "milestone.revoked", *SERVING),
)
