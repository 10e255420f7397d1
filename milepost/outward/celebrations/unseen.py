"""Who takes part and has gone long without any recognition: for stewards, who can change it with a word."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.models import Praise
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.models import MemberDay
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Membership, Person

LONG = 90
"""Days."""
DEFINITION = _(
    "Members who belong for at least 90 days, are not on a break, and for as long neither reached a milestone nor were "
    "thanked, with what they did in the last 60 days. Longest first."
)
LATELY = datetime.timedelta(days=60)


def unseen(community: Community, *, days: int = LONG) -> QuerySet[Any, Any]:
    """Memberships with `seen_at`: when they were last recognised, or joined. Reading it is one query."""
    before = clock.now() - datetime.timedelta(days=days)
    thanked = Praise.objects.filter(receiver=OuterRef("person")).order_by().values("receiver")
    reached = Award.objects.filter(person=OuterRef("person"), backfilled=False, revoked_at__isnull=True)
    last_thanks = Subquery(thanked.annotate(last=Max("given_at")).values("last"))
    last_award = Subquery(reached.order_by().values("person").annotate(last=Max("claimed_at")).values("last"))
    return (
        Membership.objects.active()
        .filter(
            community=community,
            paused_at__isnull=True,
            joined_at__lt=before,
            person__account__isnull=False,
            person__kind=Person.Kind.HUMAN,
            person__erased_at__isnull=True,
            person__merged_into__isnull=True,
        )
        .annotate(
            seen_at=Greatest("joined_at", Coalesce(last_thanks, F("joined_at")), Coalesce(last_award, F("joined_at")))
        )
        .filter(Q(seen_at__lt=before))
    )


def done_lately(community: Community, people: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How much each of these did in the last 60 days, of all that is counted. One query."""
    since = clock.today(community.time_zone) - LATELY
    rows = (
        MemberDay.objects.filter(community_id=community.pk, person_id__in=people, day__gte=since)
        .exclude(verb__startswith="member.")
        .values_list("person_id")
        .annotate(n=Sum("count"))
    )
    return dict(rows)
