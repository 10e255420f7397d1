"""What every template knows: the community, who is reading, and the way around."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from milepost.foundation.identity.access import Actor, can


def page(request: HttpRequest) -> dict[str, Any]:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {}
    return {"community": actor.community, "me": actor.membership, "actor": actor, "nav": _nav(request, actor)}


_PLACES = (
    ("community.view", "home", "", gettext_noop("Home"), "house"),
    ("charter.view", "mission", "mission/", gettext_noop("Mission"), "compass"),
    ("spaces.view", "spaces", "spaces/", gettext_noop("Talk"), "messages-square"),
    ("people.view", "people", "people/", gettext_noop("People"), "users"),
    ("log.view", "log", "log/", gettext_noop("Log"), "scroll"),
    ("community.desk", "desk", "desk/", gettext_noop("Desk"), "clipboard-list"),
)


def _nav(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    base = f"/c/{actor.community.slug}/"
    here = request.path.removeprefix(base)
    return [
        {
            "key": key,
            "label": _(label),
            "url": base + tail,
            "icon": icon,
            "current": here.startswith(tail) if tail else not here,
        }
        for permission, key, tail, label, icon in _PLACES
        if can(actor, permission)
    ]
