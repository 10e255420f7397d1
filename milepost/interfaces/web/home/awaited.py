"""What waits for the reader, as home shows it: a sentence, and the page where it is done."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.engines.milestones.awaiting import Awaited, Awaits
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home import links

MOST = 5


def rows(community: Community, awaited: list[Awaited]) -> list[dict[str, str]]:
    base = links.base(community)
    shown: list[dict[str, str]] = []
    for one in awaited[:MOST]:
        title, text, tail, action = _SAID[one.what](one)
        shown.append({"title": title, "text": text, "url": f"{base}{tail}", "action": action})
    return shown


type _Said = tuple[str, str, str, str]


def _asked(one: Awaited) -> _Said:
    return (
        _("%(name)s would like to meet you") % {"name": one.name},
        _("Say yes or no; only if you say yes, you see each other's mail address."),
        "meetings/",
        _("Answer"),
    )


def _agreed(one: Awaited) -> _Said:
    return (
        _("%(name)s would like to meet you, too") % {"name": one.name},
        _("You find each other's mail address with your meetings."),
        "meetings/#made",
        _("Write to them"),
    )


def _mentor(one: Awaited) -> _Said:
    title = _("You help %(name)s for a while") % {"name": one.name}
    return title, _("When do you talk first?"), "meetings/", _("Choose a time")


def _mentee(one: Awaited) -> _Said:
    title = _("%(name)s helps you for a while") % {"name": one.name}
    return title, _("When do you talk first?"), "meetings/", _("Choose a time")


def _personas(one: Awaited) -> _Said:
    words = ngettext("%(n)d persona is proposed", "%(n)d personas are proposed", one.count) % {"n": one.count}
    return words, _("A member described someone whom the community is for."), "personas/", _("Adopt or decline")


def _milestones(one: Awaited) -> _Said:
    words = ngettext("%(n)d milestone is proposed", "%(n)d milestones are proposed", one.count) % {"n": one.count}
    return words, _("A member said what is missing."), "desk/milestones/?show=proposed", _("Adopt or decline")


_SAID: dict[Awaits, Callable[[Awaited], _Said]] = {
    Awaits.ASKED: _asked,
    Awaits.AGREED: _agreed,
    Awaits.MENTOR: _mentor,
    Awaits.MENTEE: _mentee,
    Awaits.PERSONAS: _personas,
    Awaits.MILESTONES: _milestones,
}
