from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import Actor, at_least, permission


def _own(actor: Actor, resource: Any) -> bool:
    return actor.person is not None and resource.proposed_by_id == actor.person.pk


def _trusted(actor: Actor, resource: Any) -> bool:
    """Moderators and stewards decide about all; an ambassador about what they wrote themselves."""
    return at_least(actor, "moderator") or _own(actor, resource)


def _changes(actor: Actor, resource: Any) -> bool:
    return _trusted(actor, resource) or resource.credits(actor.person)


permission("resources.view", _("See the resources"), lowest="member", public=True)
permission("resources.propose", _("Propose a resource"), lowest="member")
permission("resources.change", _("Change a resource"), lowest="member", when=_changes)
permission("resources.publish", _("Publish a resource"), lowest="ambassador", when=_trusted)
permission("resources.tend", _("Decide on proposals, withdraw resources"), lowest="moderator")
permission("resources.finish", _("Say what one has finished"), lowest="member")
permission("resources.rate", _("Rate a resource"), lowest="member")
