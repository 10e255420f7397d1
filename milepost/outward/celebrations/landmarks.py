"""Stewards say what is celebrated for the community as a whole."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.activity import registry
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

from . import keeping
from .models import Landmark


def countable() -> list[tuple[str, str]]:
    """(verb, label) of what members do, by label."""
    hidden = ("activity.", "person.", "member.", "profile.", "community.", "landmark.", "congratulation.")
    found = [(v.name, str(v.label)) for v in registry.verbs().values() if v.public and not v.name.startswith(hidden)]
    return sorted(found, key=lambda pair: pair[1].casefold())


def define(
    *, community: Community, name: str, verb: str, measure: str, target: Decimal, unit: str = "", by: Person | None
) -> Landmark:
    """A steward says what is celebrated together. Audited.

    DomainError without a name, for what cannot be counted, for a number that is there already (nothing past is announced).
    """
    check(by, "celebrations.write", community)
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(_("It needs a name of at most 120 letters: our 100th workshop."))
    if verb not in dict(countable()) or measure not in Landmark.Measure.values:
        raise DomainError(_("That cannot be counted."))
    if measure == Landmark.Measure.THINGS and not registry.known(verb).objects:
        raise DomainError(_("Of this, only how often and by how many people is known."))
    if not 0 < target < 10**12:
        raise DomainError(_("Give a number above nought."))
    made = Landmark(community=community, name=name, verb=verb, measure=measure, target=target, unit=unit.strip()[:40])
    now = keeping.so_far(made)
    if now >= target:
        raise DomainError(
            _("That is behind you already: there are %(now)s.") % {"now": f"{now.normalize():,f}"},
            _("Choose the next number."),
        )
    with transaction.atomic():
        made.save()
        trace("landmark.defined", community=community, by=by, obj=made, changes={"target": ["", str(target)]})
    return made


def retire(*, landmark: Landmark, by: Person | None) -> None:
    """It is no longer looked for; one that was reached stays celebrated. Audited."""
    check(by, "celebrations.write", landmark.community)
    if landmark.retired_at is None:
        with transaction.atomic():
            landmark.retired_at = clock.now()
            landmark.save(update_fields=["retired_at"])
            trace("landmark.retired", community=landmark.community, by=by, obj=landmark)
