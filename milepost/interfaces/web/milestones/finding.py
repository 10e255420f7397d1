"""Looking up what an address names, within the community and as far as the reader may see it."""

from __future__ import annotations

import uuid

from django.http import Http404
from django.shortcuts import get_object_or_404

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import bearings, celebrating
from milepost.engines.milestones.models import Award, Dispute, MilestoneClaim
from milepost.foundation.identity.access import at_least
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web.access import Request


def me(request: Request) -> Person:
    person = request.actor.person
    if person is None:
        raise Http404
    person.community = request.actor.community
    return person


def milestone(request: Request, slug: str) -> Milestone:
    found = get_object_or_404(Milestone, community=request.actor.community, slug=slug)
    found.community = request.actor.community
    return found


def award(request: Request, pk: uuid.UUID) -> Award:
    """One's own; for stewards any; for others those that its owner lets them see."""
    rows = Award.objects.select_related("person__community", "milestone", "community", "awarded_by", "revoked_by")
    found = get_object_or_404(rows, pk=pk, community=request.actor.community)
    actor = request.actor
    own = actor.person is not None and actor.person.pk == found.person_id
    if not own and not at_least(actor, "steward") and not celebrating.every_award(actor).filter(pk=pk).exists():
        raise Http404
    return found


def claim(request: Request, pk: uuid.UUID) -> MilestoneClaim:
    """One's own, or one that the reader may settle."""
    rows = MilestoneClaim.objects.select_related("person__community", "milestone", "community", "settled_by", "award")
    found = get_object_or_404(rows, pk=pk, community=request.actor.community)
    actor = request.actor
    own = actor.person is not None and actor.person.pk == found.person_id
    if not own and not MilestoneClaim.objects.for_verifier(actor).filter(pk=pk).exists():
        raise Http404
    return found


def dispute(request: Request, pk: uuid.UUID) -> Dispute:
    rows = Dispute.objects.select_related(
        "award__person__community", "award__milestone", "community", "opened_by", "settled_by"
    )
    return get_object_or_404(rows, pk=pk, community=request.actor.community)


def changed(community: Community) -> None:
    """Let the next page count anew."""
    bearings.forget(community)
    celebrating.forget(community)
