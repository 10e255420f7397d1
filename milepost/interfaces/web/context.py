"""What every template knows: the community, who is reading, and the way around."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from milepost.engines.milestones import welcoming
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.interfaces.web import words
from milepost.interfaces.web.accounts.places import account_link, outside


def page(request: HttpRequest) -> dict[str, Any]:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return outside(request)
    base = f"/c/{actor.community.slug}/"
    known: dict[str, Any] = {
        "community": actor.community,
        "me": actor.membership,
        "actor": actor,
        "nav": _nav(request, actor),
        "home_url": base,
        # Asked for only by pages that show it: home has the mission already.
        "compass": SimpleLazyObject(lambda: _compass(actor, base)),
    }
    if can(actor, "search.use"):
        known["search_url"] = f"{base}search/"
    if actor.person is not None:
        known["my_name"] = actor.person.name
        known["my_url"] = f"{base}people/{actor.person.handle or actor.person.pk}/"
        known["account_links"] = [
            {"label": _("Your journey"), "url": f"{base}me/journey/", "icon": "route"},
            {"label": _("Meeting each other"), "url": f"{base}meetings/", "icon": "handshake"},
            {"label": _("Your settings"), "url": f"{base}me/", "icon": "settings"},
            {"label": _("Your membership"), "url": f"{base}membership/", "icon": "door-open"},
        ]
        if request.session.get(welcoming.OPEN) == actor.community.slug:
            known["first_steps_url"] = f"{base}welcome/"
            first = {"label": _("Your first steps"), "url": known["first_steps_url"], "icon": "door-open"}
            known["account_links"] = [first, *known["account_links"]]
    if actor.account is not None:
        known["account_links"] = [*known.get("account_links", []), account_link()]
    return known


def _compass(actor: Actor, base: str) -> dict[str, Any]:
    """The mission, and how far the first goal has come, where its number may be shown."""
    now = bearings(actor.community)
    shown: dict[str, Any] = {"mission": now.mission, "url": f"{base}mission/"}
    steward = at_least(actor, "steward")
    for goal in now.goals:
        if goal.target and goal.reached is not None and now.may_show(goal.reached, steward=steward):
            shown |= {"label": words.of(goal.reached, goal.target), "value": goal.reached, "max": goal.target}
            shown["goals_url"] = f"{base}goals/{goal.slug}/"
            break
    return shown


_PLACES = (
    ("community.view", "home", "", gettext_noop("Home"), "house", False),
    ("goals.view", "goals", "goals/", gettext_noop("Goals"), "target", False),
    ("spaces.view", "spaces", "spaces/", gettext_noop("Talk"), "messages-square", False),
    ("events.view", "events", "events/", gettext_noop("Events"), "calendar-days", False),
    ("opportunities.view", "opportunities", "opportunities/", gettext_noop("Take part"), "hand-helping", False),
    ("resources.view", "resources", "resources/", gettext_noop("Resources"), "book-open", False),
    ("people.view", "people", "people/", gettext_noop("People"), "users", False),
    ("paths.view", "way", "milestones/", gettext_noop("The way"), "signpost", False),
    ("personas.view", "personas", "personas/", gettext_noop("Personas"), "contact-round", False),
    ("cohorts.view", "cohorts", "cohorts/", gettext_noop("Groups that walk together"), "footprints", False),
    ("introductions.own", "meetings", "meetings/", gettext_noop("Meetings"), "handshake", False),
    ("conversations.view", "conversations", "conversations/", gettext_noop("Opinion maps"), "chart-scatter", False),
    ("celebrations.view", "celebrations", "celebrations/", gettext_noop("Celebrations"), "party-popper", False),
    ("charter.view", "mission", "mission/", gettext_noop("Mission"), "compass", False),
    ("log.view", "log", "log/", gettext_noop("Log"), "scroll", False),
    ("community.desk", "desk", "desk/", gettext_noop("Desk"), "clipboard-list", True),
    ("paths.write", "definitions", "desk/milestones/", gettext_noop("Milestones"), "milestone", True),
    ("coverage.view", "coverage", "coverage/", gettext_noop("What to make next"), "map", True),
    ("segments.view", "segments", "segments/", gettext_noop("Segments"), "users-round", True),
    ("celebrations.write", "tending", "celebrations/tending/", gettext_noop("Tend celebrations"), "sparkles", True),
    ("people.invite", "invitations", "invitations/", gettext_noop("Invite"), "user-plus", True),
    ("people.admit", "requests", "requests/", gettext_noop("Who wants to join"), "door-open", True),
    ("people.link", "claims", "claims/", gettext_noop("Who is who"), "link", True),
    ("imports.run", "import", "import/", gettext_noop("Import"), "import", True),
    ("community.settings", "settings", "settings/", gettext_noop("Settings"), "settings", True),
)

_ALWAYS = ("home", "goals", "spaces", "events", "opportunities", "people")
"""What the bar of a wide screen shows at once; the rest is behind "More"."""


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
            "steward": steward,
            "more": not steward and key not in _ALWAYS,
        }
        for permission, key, tail, label, icon, steward in _PLACES
        if can(actor, permission)
    ]
