"""What the log may tell of milestones and thanks: as each person chose to be celebrated."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from milepost.domain.people.models import Profile
from milepost.foundation.activity.querysets import ActivityQuerySet
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Identity

WITH_NAME = (Profile.Celebration.PUBLIC, Profile.Celebration.COMMUNITY)
"""The choices under which the log, which says whole names, may tell that someone reached something."""


def discreet(found: ActivityQuerySet, actor: Actor) -> ActivityQuerySet:
    """Without the milestones of people who did not choose to be named for them, and thanks toward them.

    One's own are there for oneself. Stewards see them: they could count them by hand.
    """
    if at_least(actor, "steward"):
        return found
    reader = actor.membership.person_id if actor.membership else None
    quiet = Identity.objects.filter(person__profile__isnull=False).exclude(person__profile__celebration__in=WITH_NAME)
    if reader:
        quiet = quiet.exclude(person=reader)
    about = Q(verb__startswith="milestone.") & Exists(quiet.filter(pk=OuterRef("identity_id")))
    toward = Q(verb="praise.given") & Exists(quiet.filter(pk=OuterRef("other_id")))
    return found.exclude(about).exclude(toward)
