from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import Actor, at_least, permission


def _asks(actor: Actor, opportunity: Any) -> bool:
    own = actor.person is not None and opportunity.asked_by_id == actor.person.pk
    return own or at_least(actor, "moderator")


permission("opportunities.view", _("See where a hand is needed"), lowest="member")
permission("opportunities.ask", _("Ask for a hand"), lowest="member")
permission("opportunities.change", _("Change and close what one asked for"), lowest="member", when=_asks)
permission("opportunities.take", _("Take on something, finish it, give it back"), lowest="member")
permission("opportunities.tend", _("See what waits, and say how much one person takes on"), lowest="steward")
