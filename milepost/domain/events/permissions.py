from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import Actor, permission


def _hosts(actor: Actor, event: Any) -> bool:
    return bool(event.hosted_by(actor))


permission("events.view", _("See the events"), lowest="member", public=True)
permission("events.register", _("Register for events"), lowest="member")
permission("events.propose", _("Propose and host events"), lowest="member")
permission("events.host", _("Look after an event that one hosts"), lowest="member", when=_hosts)
permission("events.approve", _("Approve events, and say how they are held"), lowest="steward")
permission("events.import", _("Import attendance"), lowest="steward")
