"""Members who meet: offers to help, introductions that both agree to, and mentoring with a next talk."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import HelpOffer, Introduction, Mentoring, Milestone
from milepost.engines.milestones.models import Award
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.paths.forms import HelpForm, MeetForm, TalkForm
from milepost.interfaces.web.paths.personas import own
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

PAST = 20


@require_safe
@route("introductions.own")
def index(request: Request) -> HttpResponse:
    """Who would like to meet, whom one asked, whom one met, and what one offers to help with."""
    person = own(request)
    community = request.actor.community
    between = Introduction.objects.of(person).select_related(
        "asker__account", "asked__account", "asker__profile", "asked__profile", "milestone"
    )
    going = (
        Mentoring.objects.going()
        .of(person)
        .select_related("mentor__account", "mentee__account", "mentor__profile", "mentee__profile", "milestone")
    )
    mentored = {frozenset((one.mentor_id, one.mentee_id)) for one in going}
    offers = HelpOffer.objects.standing().filter(person=person).select_related("milestone")
    return render(
        request,
        "web/paths/meetings.html",
        {
            "to_answer": [_introduction(community, one, person) for one in between.waiting().filter(asked=person)],
            "waiting": [_introduction(community, one, person) for one in between.waiting().filter(asker=person)],
            "made": [
                _introduction(community, one, person) | {"goes_on": frozenset((one.asker_id, one.asked_id)) in mentored}
                for one in between.made().order_by("-agreed_at")[:PAST]
            ],
            "mentoring": [_mentoring(community, one, person) for one in going],
            "offers": [
                {
                    "name": one.milestone.name,
                    "words": one.words,
                    "url": links.milestone(community, one.milestone.slug),
                    "slug": one.milestone.slug,
                }
                for one in offers
            ],
        },
    )


def _face(community: Community, person: Person) -> dict[str, Any]:
    profile = getattr(person, "profile", None)
    photo = profile.photo.name if profile and profile.photo else None
    return {
        "name": person.name,
        "url": links.person(community, person.pk, person.handle),
        "photo": links.photo(community, person.pk, photo),
        "headline": profile.headline if profile else "",
    }


def _introduction(community: Community, one: Introduction, person: Person) -> dict[str, Any]:
    other = one.other_than(person)
    return {
        "id": one.pk,
        "other": _face(community, other),
        "words": one.words,
        "about": one.milestone.name if one.milestone else "",
        "at": one.agreed_at or one.asked_at,
        # Both said yes to this.
        "mail": other.account.email if one.agreed_at and other.account else "",
        "asked_me": one.asked_id == person.pk,
    }


def _mentoring(community: Community, one: Mentoring, person: Person) -> dict[str, Any]:
    other = one.other_than(person)
    return {
        "id": one.pk,
        "other": _face(community, other),
        "i_mentor": one.mentor_id == person.pk,
        "about": one.milestone.name if one.milestone else "",
        "next_talk_at": one.next_talk_at,
        "talks": one.talks,
        "last_talk_at": one.last_talk_at,
        "mail": other.account.email if other.account else "",
    }


@route("introductions.own")
@limited("introductions", "20/h/user")
def ask(request: Request, person: uuid.UUID) -> HttpResponse:
    """Ask to meet someone, perhaps about a milestone (`?about=`)."""
    me = own(request)
    community = request.actor.community
    people = Person.objects.present().claimed().filter(community=community, kind=Person.Kind.HUMAN)
    other = get_object_or_404(people.select_related("profile"), pk=person, membership__left_at__isnull=True)
    if other.pk == me.pk:
        raise Http404
    about = request.POST.get("about") or request.GET.get("about", "")
    stones = Milestone.objects.pursued().filter(community=community, is_secret=False)
    milestone = stones.filter(slug=about[:80]).first() if about and "\0" not in about else None
    form = MeetForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(
            form,
            lambda: Introduction.ask(by=me, other=other, milestone=milestone, words=form.cleaned_data["words"]),
        )
    ):
        messages.success(request, _("%(name)s is asked, and can say yes or no.") % {"name": other.name})
        return redirect("meetings", slug=community.slug)
    context = {"form": form, "other": _face(community, other), "milestone": milestone}
    return render(request, "web/paths/meet.html", context, status=422 if form.errors else 200)


def _between(request: Request, ident: uuid.UUID) -> Introduction:
    rows = Introduction.objects.of(own(request)).select_related("asker", "asked")
    return get_object_or_404(rows, pk=ident, community=request.actor.community)


@require_POST
@route("introductions.own")
def answer(request: Request, introduction: uuid.UUID) -> HttpResponse:
    """Yes or no, by whoever was asked."""
    person, found = own(request), _between(request, introduction)
    other = found.other_than(person)
    if request.POST.get("answer") == "yes":
        found.agree(by=person)
        messages.success(request, _("You and %(name)s can reach each other now.") % {"name": other.name})
    else:
        found.decline(by=person)
        messages.success(request, _("That is all right. %(name)s is not told why.") % {"name": other.name})
    return redirect("meetings", slug=request.actor.community.slug)


@require_POST
@route("introductions.own")
def withdraw(request: Request, introduction: uuid.UUID) -> HttpResponse:
    _between(request, introduction).withdraw(by=own(request))
    messages.success(request, _("Taken back."))
    return redirect("meetings", slug=request.actor.community.slug)


@require_POST
@route("introductions.own")
def begin(request: Request, introduction: uuid.UUID) -> HttpResponse:
    """Two who met go on: one helps the other for a while."""
    made = Mentoring.begin(introduction=_between(request, introduction), by=own(request))
    return redirect("mentoring_talk", slug=request.actor.community.slug, mentoring=made.pk)


def _going(request: Request, ident: uuid.UUID) -> Mentoring:
    rows = Mentoring.objects.going().of(own(request)).select_related("mentor__profile", "mentee__profile", "milestone")
    return get_object_or_404(rows, pk=ident, community=request.actor.community)


@route("introductions.own")
def talk(request: Request, mentoring: uuid.UUID) -> HttpResponse:
    """When the next talk is; `talked` says that they have talked."""
    person, found = own(request), _going(request, mentoring)
    community = request.actor.community
    form = TalkForm(request.POST or None, initial={"at": found.next_talk_at})
    if request.method == "POST" and "talked" in request.POST:
        found.talked(by=person)
        messages.success(request, _("Noted. When do you talk next?"))
        return redirect(request.path)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.plan(at=form.cleaned_data["at"], by=person))
    ):
        messages.success(request, _("Your next talk is kept."))
        return redirect("meetings", slug=community.slug)
    context = {"form": form, "one": _mentoring(community, found, person)}
    return render(request, "web/paths/talk.html", context, status=422 if form.errors else 200)


@require_POST
@route("introductions.own")
def end(request: Request, mentoring: uuid.UUID) -> HttpResponse:
    person, found = own(request), _going(request, mentoring)
    found.end(by=person)
    messages.success(request, _("It has ended. You can begin again whenever you both like."))
    return redirect("meetings", slug=request.actor.community.slug)


@route("help.offer")
def offer(request: Request, milestone: str) -> HttpResponse:
    """ "I can help with that": in one line; with `back`, no longer."""
    person = own(request)
    community = request.actor.community
    found = get_object_or_404(Milestone.objects.pursued(), community=community, slug=milestone)
    there = HelpOffer.objects.standing().filter(person=person, milestone=found).first()
    form = HelpForm(request.POST or None, initial={"words": there.words if there else ""})
    if request.method == "POST" and "back" in request.POST:
        if there is not None:
            there.withdraw(by=person)
            messages.success(request, _("Nobody is sent to you about “%(name)s” any more.") % {"name": found.name})
        return redirect("meetings", slug=community.slug)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: HelpOffer.offer(by=person, milestone=found, words=form.cleaned_data["words"]))
    ):
        messages.success(request, _("Thank you. Whoever has “%(name)s” next sees your name.") % {"name": found.name})
        return redirect("meetings", slug=community.slug)
    context = {
        "form": form,
        "milestone": found,
        "offered": there,
        "has_reached": Award.objects.standing().filter(person=person, milestone=found).exists(),
    }
    return render(request, "web/paths/help.html", context, status=422 if form.errors else 200)
