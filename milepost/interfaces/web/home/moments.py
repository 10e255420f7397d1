"""Moments and thanks as rows for the component `moments`, and the pages that hold all of them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.people import thanking
from milepost.domain.people.models import Praise
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.bearings import Bearings, bearings
from milepost.engines.milestones.celebrating import Moment, Who
from milepost.engines.milestones.steps import Journey
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.home.forms import ThanksForm
from milepost.interfaces.web.trying import accepted

MOST = 60
"""Moments on their page. Older ones stand on the members' own pages."""


def rows(community: Community, moments: Iterable[Moment], *, of: str = "") -> list[dict[str, Any]]:
    """`of`: the slug of the milestone whose own page it is; its name need not be said again."""
    return [_thanks(community, one) if one.thanked else _reached(community, one, of) for one in moments]


def _reached(community: Community, one: Moment, of: str) -> dict[str, Any]:
    here = one.slug == of
    return {
        **_who(community, one.who),
        "text": _("reached it") if here else _("reached"),
        "stone": "" if here else one.milestone,
        "stone_state": "reached",
        "stone_url": links.milestone(community, one.slug),
        "quote": one.words,
        "at": one.when,
        "links": _links(community, one, here),
    }


def _links(community: Community, one: Moment, here: bool) -> Sequence[dict[str, str]]:
    """To where others congratulate; on a milestone's own page stand many that came with history, and have no such place."""
    if one.quietly:
        return [{"label": _("only you see this"), "url": f"{links.base(community)}me/celebration/"}]
    if here or one.id is None:
        return ()
    return [{"label": _("See the moment"), "url": f"{links.base(community)}celebrations/of/{one.id}/"}]


def _thanks(community: Community, one: Moment) -> dict[str, Any]:
    assert one.thanked is not None
    name = _name(community, one.thanked)
    text = (
        format_html(_("thanked {} for <em>{}</em>"), name, one.value)
        if one.value
        else format_html(_("thanked {}"), name)
    )
    return {**_who(community, one.who), "text": text, "quote": one.words, "at": one.when}


def _who(community: Community, who: Who) -> dict[str, Any]:
    return {
        "who": who.name,
        "who_url": links.who(community, who),
        "photo": links.photo(community, who.id, who.photo),
    }


def _name(community: Community, who: Who) -> SafeString:
    url = links.who(community, who)
    if url:
        return format_html('<a class="face-name" href="{}">{}</a>', url, who.name)
    return format_html("<b>{}</b>", who.name)


def newest(actor: Actor, now: Bearings, travelled: Journey | None, most: int) -> list[Moment]:
    """Of the last weeks, newest first; the reader's own milestones also where nobody else sees them."""
    found = celebrating.lately(actor.community, members=actor.membership is not None)
    if travelled is not None and actor.person is not None:
        found = [*found, *_quiet(actor.person, now, travelled)]
        found.sort(key=lambda one: one.when, reverse=True)
    return found[:most]


def _quiet(person: Person, now: Bearings, travelled: Journey) -> Iterator[Moment]:
    """What the reader reached in the last weeks and is not shown to all: only they see it."""
    since = clock.today(person.community.time_zone) - datetime.timedelta(weeks=celebrating.WEEKS)
    lately = {ident: award for ident, award in travelled.awards.items() if award.day >= since}
    if not lately or travelled.celebration not in celebrating.QUIET:
        return
    for ident, award in lately.items():
        if stone := now.stone(ident):
            yield Moment(
                who=Who(person.name, person.pk, person.handle),
                when=datetime.datetime.combine(award.day, datetime.time(12), datetime.UTC),
                milestone=stone.name,
                slug=stone.slug,
                words=award.evidence,
                quietly=True,
            )


@require_safe
@route("community.home")
def page(request: Request) -> HttpResponse:
    """All moments, and the thanks among them for members."""
    actor = request.actor
    kind = request.GET.get("kind", "")
    found: list[Moment] = []
    if kind != "thanks" or actor.membership is None:
        found += celebrating.moments(celebrating.awards(actor)[:MOST], actor)
    if kind != "reached" and actor.membership is not None:
        found += celebrating.thanked(celebrating.thanks(actor)[:MOST], actor)
    found = sorted(found, key=lambda one: one.when, reverse=True)[:MOST]
    address = request.path
    tabs = [
        {"label": label, "url": f"{address}{query}", "current": kind == key}
        for key, label, query in (
            ("", _("All"), ""),
            ("reached", _("Milestones"), "?kind=reached"),
            ("thanks", _("Thanks"), "?kind=thanks"),
        )
    ]
    return render(
        request,
        "web/home/moments.html",
        {
            "moments": rows(actor.community, found),
            "tabs": tabs if actor.membership else (),
            "may_thank": can(actor, "praise.give"),
        },
    )


@route("praise.give")
def thank(request: Request) -> HttpResponse:
    """A form that gives thanks; `?to=` names the receiver."""
    actor = request.actor
    assert actor.person is not None
    values = bearings(actor.community).values
    form = ThanksForm(
        request.POST or None, actor=actor, values=values, initial={"to": request.GET.get("to", "").removeprefix("@")}
    )
    if request.method == "POST" and form.is_valid():
        receiver = form.cleaned_data["to"]
        words, value = form.cleaned_data["words"], form.cleaned_data["value"]
        giver = actor.person
        if accepted(form, lambda: thanking.thank(giver=giver, receiver=receiver, words=words, value=value)):
            celebrating.forget(actor.community)
            messages.success(request, _("%(name)s will find your thanks here.") % {"name": receiver.name})
            return redirect(f"{links.base(actor.community)}moments/?kind=thanks")
    return render(request, "web/home/thank.html", {"form": form}, status=422 if form.errors else 200)


@route("praise.give")
def take_back(request: Request, praise: uuid.UUID) -> HttpResponse:
    """Asks once, then takes thanks away: by the giver, the receiver, or a moderator."""
    actor = request.actor
    found = get_object_or_404(celebrating.thanks(actor).select_related("giver", "receiver", "community"), pk=praise)
    assert actor.person is not None
    if not _may_take_back(actor, found):
        raise Http404
    back = f"{links.base(actor.community)}moments/?kind=thanks"
    if request.method == "POST":
        thanking.take_back(praise=found, by=actor.person)
        celebrating.forget(actor.community)
        messages.success(request, _("The thanks are taken away."))
        return redirect(back)
    return render(request, "web/home/take_back.html", {"praise": found, "back": back})


def _may_take_back(actor: Actor, praise: Praise) -> bool:
    mine: set[uuid.UUID | None] = {praise.giver_id, praise.receiver_id}
    return (isinstance(actor.person, Person) and actor.person.pk in mine) or can(actor, "praise.remove")
