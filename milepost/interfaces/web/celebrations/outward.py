"""What leaves the community: a wall on a screen, feeds, a badge for other sites. Public moments only, whoever asks."""

from __future__ import annotations

import datetime
from typing import Any, override

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.engines.milestones.bearings import bearings
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request, open_route, route
from milepost.interfaces.web.times import figure
from milepost.outward.celebrations import reading, walls
from milepost.outward.celebrations.reading import Shown

from .rows import address, base, rows

ON_WALL = 9
IN_FEED = 30
SECONDS = 300
"""For which others may keep a feed or a badge."""


# --- walls ---------------------------------------------------------------------------------------------


@require_safe
@open_route("whoever has the wall's own address may read it; it shows public moments only, until a steward revokes it")
def wall(request: HttpRequest, token: str) -> HttpResponse:
    found = walls.find(token)
    if found is None:
        raise Http404(_("There is no wall here, or no longer."))
    response = _wall(request, reading.visitor(found.community), found.community)
    # The address is the key: it must not be told to other sites, kept, or found.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@route("celebrations.own")
def members_wall(request: Request) -> HttpResponse:
    """The same for a screen that a member signed in on: with what is for members, and nothing that is the member's own."""
    return _wall(request, reading.any_member(request.actor.community), request.actor.community)


def _wall(request: Any, actor: Actor, community: Community) -> HttpResponse:
    now = bearings(community)
    context = {
        "community": community,
        "moments": rows(reading.newest(actor, ON_WALL), actor),
        "mission": now.mission,
        "wall_url": request.path,
        # The skeleton of a screen: no navigation, whoever is signed in.
        "nav": (),
        "compass": {},
    }
    template = "web/celebrations/wall.html"
    response = render(request, f"{template}#moments" if request.htmx else template, context)
    response.headers["Cache-Control"] = "no-store"
    return response


# --- feeds ---------------------------------------------------------------------------------------------


class Moments(Feed):
    """RSS 2.0. Each entry has the same id for ever; an entry whose moment was taken back is not there any more."""

    feed_type: type[SyndicationFeed] = Rss201rev2Feed
    item_guid_is_permalink = False

    @override
    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Community:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        return actor.community

    def title(self, community: Community) -> str:
        return _("%(name)s: worth celebrating") % {"name": community.name}

    def link(self, community: Community) -> str:
        return base(community)

    def description(self, community: Community) -> str:
        return community.tagline or _("What people reached, those who want it told to everyone.")

    def feed_guid(self, community: Community) -> str:
        return f"urn:uuid:{community.pk}"

    def items(self, community: Community) -> list[tuple[Community, Shown]]:
        shown = reading.newest(reading.visitor(community), IN_FEED)
        return [(community, one) for one in shown]

    def item_title(self, item: tuple[Community, Shown]) -> str:
        return item[1].says

    def item_description(self, item: tuple[Community, Shown]) -> str:
        """No more than the sentence: what somebody told about it stays on the page, where they can take it back."""
        return escape(item[1].says)

    def item_link(self, item: tuple[Community, Shown]) -> str:
        return address(item[0], item[1].id)

    def item_guid(self, item: tuple[Community, Shown]) -> str:
        return f"urn:uuid:{item[1].id}"

    def item_pubdate(self, item: tuple[Community, Shown]) -> datetime.datetime:
        return item[1].posted_at

    item_updateddate = item_pubdate


class AtomMoments(Moments):
    feed_type = Atom1Feed
    subtitle = Moments.description


def _fed(request: Request, feed: Feed) -> HttpResponse:
    if not request.actor.community.is_public:
        raise Http404
    response = feed(request)
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
@route("celebrations.view")
def rss(request: Request) -> HttpResponseBase:
    return _fed(request, Moments())


@require_safe
@route("celebrations.view")
def atom(request: Request) -> HttpResponseBase:
    return _fed(request, AtomMoments())


# --- a badge for other sites ---------------------------------------------------------------------------


@require_safe
@route("celebrations.view")
def embed(request: Request) -> HttpResponse:
    """A small picture that says how many milestones were reached here; a number that the privacy floor hides is not said."""
    community = request.actor.community
    if not community.is_public or not can(reading.visitor(community), "celebrations.view"):
        raise Http404
    now = bearings(community)
    count = sum(stone.reached for stone in now.every_stone if now.may_show(stone.reached))
    said = (
        ngettext("%(n)s milestone reached", "%(n)s milestones reached", count) % {"n": figure(count)} if count else ""
    )
    return picture(_embedded(community, said or _("on the way together")))


def picture(svg: str) -> HttpResponse:
    response = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _embedded(community: Community, said: str) -> str:
    name = community.name if len(community.name) <= 34 else community.name[:33] + "…"
    width = max(220, 84 + 9 * max(len(name), len(said)))
    hue = community.accent_hue
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="64" viewBox="0 0 {width} 64" role="img"'
        f' font-family="system-ui, sans-serif"><title>{escape(name)}: {escape(said)}</title>'
        f'<rect width="{width}" height="64" rx="14" fill="hsl({hue} 45% 96%)" stroke="hsl({hue} 30% 75%)"/>'
        f'<polyline points="14,46 32,34 50,38 66,22" fill="none" stroke="hsl({hue} 45% 42%)" stroke-width="3"/>'
        f'<circle cx="14" cy="46" r="4" fill="hsl({hue} 45% 42%)"/><circle cx="32" cy="34" r="4" fill="hsl({hue} 45% 42%)"/>'
        f'<circle cx="50" cy="38" r="4" fill="hsl({hue} 45% 42%)"/><circle cx="66" cy="22" r="7" fill="hsl({hue} 60% 24%)"/>'
        f'<text x="84" y="28" font-size="15" font-weight="600" fill="hsl({hue} 40% 16%)">{escape(name)}</text>'
        f'<text x="84" y="47" font-size="13" fill="hsl({hue} 25% 30%)">{escape(said)}</text></svg>'
    )
