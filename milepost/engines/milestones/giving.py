"""What reaching a milestone gives: a role, and access to private spaces."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.people import belonging
from milepost.domain.people.authority import check
from milepost.domain.spaces.models import Space, SpaceMember
from milepost.foundation.audit.models import trace
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Membership, Person
from milepost.foundation.identity.roles import RANK

from .models import Award, GoalServed, SpaceGrant


def giving_ones(milestones: Iterable[Milestone]) -> list[Milestone]:
    """Those that give anything to who reaches them. One query."""
    chosen = list(milestones)
    opening = set(SpaceGrant.objects.filter(milestone__in=chosen).values_list("milestone", flat=True))
    return [milestone for milestone in chosen if milestone.grants_role or milestone.pk in opening]


def give(award: Award) -> None:
    """Role and spaces, for a member who signs in: never less than they have, and nobody who left. Twice changes nothing."""
    milestone = award.milestone
    spaces = list(SpaceGrant.objects.filter(milestone=milestone).select_related("space__community"))
    if not spaces and not milestone.grants_role:
        return
    membership = Membership.objects.active().filter(person=award.person_id, person__account__isnull=False).first()
    if membership is None:
        return
    if milestone.grants_role and RANK[membership.role] < RANK[milestone.grants_role]:
        belonging.take_role(person=award.person, role=milestone.grants_role, by=None)
    for grant in spaces:
        _let_in(grant.space, award.person)


def _let_in(space: Space, person: Person) -> None:
    _row, new = SpaceMember.objects.get_or_create(space=space, person=person, defaults={"community": space.community})
    if new:
        trace("space.let_in", community=space.community, by=None, obj=space, changes={"person": ["", person.name]})


def serve(*, milestone: Milestone, goal: Goal | None, spaces: list[Space], by: Person | None) -> None:
    """Which goal it serves, and into which private spaces it lets people; audited.

    DomainError for something of another community, and for a space that is open anyway.
    """
    check(by, "paths.write", milestone.community)
    linked: list[Space | Goal] = [*spaces, *([goal] if goal else [])]
    for one in linked:
        if one.community_id != milestone.community_id:
            raise DomainError(_("“%(name)s” belongs to another community.") % {"name": one})
    changes = {}
    before = GoalServed.objects.filter(milestone=milestone).select_related("goal").first()
    if (before.goal_id if before else None) != (goal.pk if goal else None):
        changes["goal"] = [str(before.goal) if before else "", str(goal or "")]
        GoalServed.objects.filter(milestone=milestone).delete()
        if goal:
            GoalServed.objects.create(community=milestone.community, milestone=milestone, goal=goal)
    had = {grant.space_id: str(grant.space) for grant in milestone.space_grants.select_related("space")}
    wanted = {space.pk: str(space) for space in spaces}
    if had.keys() != wanted.keys():
        changes["spaces"] = [", ".join(had.values()), ", ".join(wanted.values())]
        SpaceGrant.objects.filter(milestone=milestone).exclude(space__in=spaces).delete()
        for space in spaces:
            if space.pk not in had:
                SpaceGrant.objects.create(community=milestone.community, milestone=milestone, space=space)
    if changes:
        trace("milestone.changed", community=milestone.community, by=by, obj=milestone, changes=changes)
