"""What the demo community finds by rules: small steps of taking part, and segments that its stewards look after."""

from __future__ import annotations

from typing import Any

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import backfilling
from milepost.engines.milestones import loading as definitions
from milepost.engines.segments import keeping
from milepost.engines.segments.models import Segment
from milepost.foundation.identity.models import Community, Person

WRITING = ["thread.started", "reply.posted"]
SEGMENTS: tuple[tuple[str, str, Any], ...] = (
    (
        "New here",
        "Came in the last three months. Say hello, and ask what they play.",
        {"attribute": "joined", "less_than_ago": "P90D"},
    ),
    (
        "Played, never paid",
        "On a stage already, without a fee so far. “Fair is fair” is about them.",
        {"all": [{"reached": "first-live-gig"}, {"not": {"reached": "first-paid-gig"}}]},
    ),
    (
        "Gone quiet",
        "Talked with us on three days or more, and nobody has heard of them for three months.",
        {"all": [{"did": WRITING, "days_at_least": 3}, {"not": {"did": WRITING, "within": "P90D"}}]},
    ),
)


def rule(slug: str) -> None:
    """After the readers have counted. Twice changes nothing."""
    community = Community.objects.get(slug=slug)
    if Segment.objects.filter(community=community).exists():
        return
    steward = Person.objects.filter(community=community, membership__role="steward").order_by("handle").first()
    definitions.load(definitions.template("participation-steps"), community=community, by=steward)
    for step in Milestone.objects.pursued().automatic().filter(community=community, kind=Milestone.Kind.STEP):
        backfilling.backfill(step)
    for name, about, tree in SEGMENTS:
        keeping.fill(Segment.define(community=community, name=name, about=about, rule=tree, by=steward))
