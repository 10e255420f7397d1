"""A moment as a template shows it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import figure
from milepost.outward.celebrations.congratulating import EMOJI
from milepost.outward.celebrations.models import Moment
from milepost.outward.celebrations.reading import Shown

Kind = Moment.Kind
ICONS = {
    Kind.REACHED.value: "milestone",
    Kind.STEPS.value: "footprints",
    Kind.CATCH_UP.value: "history",
    Kind.ANNIVERSARY.value: "cake",
    Kind.LANDMARK.value: "flag",
    Kind.ROUND_UP.value: "calendar-days",
}
FACES = 5
QUOTED = 3


def base(community: Community) -> str:
    return f"{links.base(community)}celebrations/"


def address(community: Community, ident: uuid.UUID) -> str:
    return f"{base(community)}{ident}/"


def emoji_names() -> dict[str, str]:
    """What a screen reader says of each reaction."""
    return dict(zip(EMOJI, (_("Applause"), _("Hooray"), _("Love"), _("On fire"), _("Growing")), strict=True))


def rows(moments: Iterable[Shown], actor: Actor) -> list[dict[str, Any]]:
    names = emoji_names()
    may = can(actor, "celebrations.congratulate")
    return [row(one, actor, may=may, names=names) for one in moments]


def row(one: Shown, actor: Actor, *, may: bool | None = None, names: dict[str, str] | None = None) -> dict[str, Any]:
    community = actor.community
    people = one.people
    alone = people[0] if len(people) == 1 else None
    may = can(actor, "celebrations.congratulate") if may is None else may
    url = address(community, one.id)
    week = one.kind == Kind.ROUND_UP
    return {
        "id": one.id,
        "url": f"{base(community)}weeks/{one.day.isoformat()}/" if week else url,
        "kind": one.kind,
        "icon": ICONS[one.kind],
        "says": one.says,
        "at": one.posted_at,
        "who": alone.name if alone else "",
        "photo": links.photo(community, alone.id, alone.photo) if alone else "",
        "faces": [{"name": who.name, "photo": links.photo(community, who.id, who.photo)} for who in people[:FACES]],
        "people": len(people),
        "stones": [
            {"name": name, "url": links.milestone(community, slug)}
            for name, slug in one.milestones[:QUOTED]
            if name not in one.says
        ],
        "quotes": [{"who": "" if alone else r.who.name, "words": r.words} for r in one.reached if r.words][:QUOTED],
        "quietly": one.quietly,
        "mine": one.mine,
        "reactions": () if week else reactions(one, names or emoji_names()),
        "may_cheer": may and not one.mine and not week,
        "cheer_url": f"{url}cheer/",
        "said": _said(one.words) if not week else "",
        "words_url": f"{url}#words",
    }


def reactions(one: Shown, names: dict[str, str]) -> list[dict[str, Any]]:
    """Each with how many gave it, and whether the reader did."""
    return [
        {
            "emoji": emoji,
            "count": one.cheers[emoji],
            "said": figure(one.cheers[emoji]),
            "label": name,
            "mine": one.my_cheer == emoji,
        }
        for emoji, name in names.items()
    ]


def _said(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(n)s congratulation", "%(n)s congratulations", count) % {"n": figure(count)}
