"""What is stored of a community, in the same words as an import's report."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, Q

from milepost.domain.spaces.models import Post, Reaction, Space, Thread
from milepost.foundation.activity.models import Activity
from milepost.foundation.identity.models import Community, Identity, Person


def stats(community: Community) -> dict[str, Any]:
    """Counts of what is there now.

    `people`: present people, claimed or not. `channels`: spaces. `messages`: posts that were not deleted. `activities`: what
    people did, by the log, and did not take back; `first_at`, `last_at`: of these.
    """
    log = Activity.objects.filter(community=community, identity__isnull=False).standing()
    acted = log.aggregate(first=Min("happened_at"), last=Max("happened_at"))
    sources = Identity.objects.filter(community=community).values_list("source").annotate(n=Count("pk"))
    return {
        "community": community.slug,
        "people": Person.objects.in_community(community).present().count(),
        "members": Person.objects.in_community(community).listed().count(),
        "channels": Space.objects.filter(community=community).count(),
        "threads": Thread.objects.filter(community=community, deleted_at__isnull=True).count(),
        "messages": Post.objects.filter(community=community, deleted_at__isnull=True).count(),
        "reactions": Reaction.objects.filter(community=community).count(),
        "activities": log.count(),
        "first_at": acted["first"].isoformat() if acted["first"] else None,
        "last_at": acted["last"].isoformat() if acted["last"] else None,
        "identities_by_source": dict(sources.order_by("source")),
        "activities_by_verb": dict(log.values_list("verb").annotate(n=Count("pk")).order_by("verb")),
        "unclaimed": Person.objects.in_community(community).present().filter(Q(account__isnull=True)).count(),
    }
