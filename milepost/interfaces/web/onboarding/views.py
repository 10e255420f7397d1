"""The first visit, page by page. Each page can be passed over, and taken up again where one left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from milepost.domain.charter.agreeing import agree
from milepost.domain.charter.models import CharterVersion
from milepost.domain.charter.models import Value as HeldDear
from milepost.domain.paths import choosing
from milepost.domain.paths.models import Interest, Introduction, NoneOfThese, Persona, PersonaChoice, Welcome
from milepost.domain.people import presenting
from milepost.domain.people.models import Profile
from milepost.domain.spaces.models import Thread
from milepost.engines.milestones import celebrating, journeys, welcoming
from milepost.engines.milestones import map as mapping
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.common.markdown import render as as_html
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.onboarding import week
from milepost.interfaces.web.onboarding.forms import AgreeForm, InterestsForm
from milepost.interfaces.web.paths.forms import ChoiceForm, MeetForm
from milepost.interfaces.web.paths.journey import drawn
from milepost.interfaces.web.paths.personas import keep_choice, offer, own
from milepost.interfaces.web.people.forms import CelebrationForm
from milepost.interfaces.web.trying import accepted

TALKED_OF = 18
"""Subjects that are offered as interests."""

type Page = tuple[Any, dict[str, Any]]


@route("journey.own")
def why(request: Request) -> HttpResponse:
    """The mission first. Whoever began already goes on where they left."""
    person = own(request)
    community = request.actor.community
    if request.method == "POST":
        welcoming.begin(person)
        request.session[welcoming.OPEN] = community.slug
        return redirect("welcome_step", slug=community.slug, step="interests")
    welcome = welcoming.of(community, person)
    steps = welcoming.checklist(person, welcome)
    now = bearings(community)
    return render(
        request,
        "web/onboarding/why.html",
        {
            "mission": now.mission,
            "vision": now.vision,
            "values": now.values,
            "steps": _pills(request, steps, ""),
            "checklist": steps,
            "began": welcome is not None,
            "next_url": _address(request, _open_step(steps)) if welcome else "",
            "name": _called(person),
        },
    )


def _called(person: Person) -> str:
    chosen = Profile.objects.filter(person=person).values_list("called", flat=True).first()
    return celebrating.called(person.name, chosen)


def _address(request: Request, key: str) -> str:
    base = f"{links.base(request.actor.community)}welcome/"
    return f"{base}{key}/" if key else f"{base}done/"


def _open_step(steps: list[welcoming.Taken], after: str = "") -> str:
    """The next step that is neither done nor passed over, looking on from `after`; empty where none is."""
    keys = [step.key for step in steps]
    rest = steps[keys.index(after) + 1 :] if after in keys else steps
    return next((step.key for step in rest if not (step.done or step.passed)), "")


def _pills(request: Request, steps: list[welcoming.Taken], here: str) -> list[dict[str, Any]]:
    return [
        {
            "label": str(_LABELS[step.key]()),
            "url": _address(request, step.key),
            "done": step.done,
            "current": step.key == here,
        }
        for step in steps
    ]


_LABELS: dict[str, Callable[[], str]] = {
    "interests": lambda: _("What you care about"),
    "persona": lambda: _("Your path"),
    "celebration": lambda: _("How we celebrate you"),
    "charter": lambda: _("What we agree on"),
    "meet": lambda: _("One person to meet"),
    "week": lambda: _("One thing this week"),
}


@route("journey.own")
def step(request: Request, step: str) -> HttpResponse:
    """One page. `skip` passes it over; whatever it is, the next open one follows."""
    page = _PAGES.get(step)
    if page is None:
        raise Http404
    person = own(request)
    community = request.actor.community
    welcome = welcoming.of(community, person)
    if welcome is None:
        return redirect("welcome", slug=community.slug)
    if request.method == "POST" and "skip" in request.POST:
        welcome.pass_over(by=person, step=step)
        return _onward(request, person, welcome, step)
    form, context = page(request, person)
    if request.method == "POST" and form is not None and form.is_valid():
        act = context.pop("act")
        if accepted(form, act):
            return _onward(request, person, welcome, step)
    steps = welcoming.checklist(person, welcome)
    taken = next((one for one in steps if one.key == step), None)
    context |= {"form": form, "step": step, "taken": taken, "steps": _pills(request, steps, step)}
    status = 422 if form is not None and form.errors else 200
    return render(request, f"web/onboarding/{step}.html", context, status=status)


def _onward(request: Request, person: Person, welcome: Welcome, step: str) -> HttpResponse:
    return redirect(_address(request, _open_step(welcoming.checklist(person, welcome), after=step)))


def _interests(request: Request, person: Person) -> Page:
    told = list(Interest.objects.filter(person=person).values_list("name", flat=True))
    talked = Thread.tags.through.objects.filter(tag__community=person.community_id)
    subjects = list(dict.fromkeys(talked.values_list("tag__name", flat=True).order_by("-pk")[:600]))[:TALKED_OF]
    offered = [*subjects, *(name for name in told if name not in subjects)]
    form = InterestsForm(request.POST or None, offered=offered, initial={"picked": told})
    return form, {"act": lambda: choosing.tell_interests(person=person, names=form.names)}


def _persona(request: Request, person: Person) -> Page:
    community = request.actor.community
    offered = list(Persona.objects.adopted().filter(community=community))
    said = NoneOfThese.objects.filter(person=person).first()
    chosen = set(PersonaChoice.objects.standing().filter(person=person).values_list("persona__slug", flat=True))
    form = ChoiceForm(
        request.POST or None,
        personas=offered,
        initial={"personas": list(chosen), "none": said is not None, "words": said.words if said else ""},
    )

    def act() -> None:
        keep_choice(person, form)
        mapping.forget(community)

    suggested = {one.slug for one in choosing.suggestions(person)}
    return form, {"act": act, "offered": offer(community, offered, form), "suggested": suggested}


def _celebration(request: Request, person: Person) -> Page:
    choice = Profile.objects.filter(person=person).values_list("celebration", flat=True).first()
    form = CelebrationForm(request.POST or None, initial={"celebration": choice or Profile.Celebration.COMMUNITY})

    def act() -> None:
        presenting.choose_celebration(person=person, celebration=form.cleaned_data["celebration"])
        celebrating.forget(person.community)

    return form, {"act": act}


def _charter(request: Request, person: Person) -> Page:
    version = CharterVersion.objects.in_force(request.actor.community)
    if version is None:
        return None, {}
    form = AgreeForm(request.POST or None, initial={"version": version.pk})

    def act() -> None:
        read = CharterVersion.objects.filter(community=person.community, pk=form.cleaned_data["version"]).first()
        agree(person=person, version=read or version)

    return form, {
        "act": act,
        "charter": version,
        "agreements": as_html(version.agreements) if version.agreements else "",
        "values": list(HeldDear.objects.held().filter(community=person.community)),
    }


def _meet(request: Request, person: Person) -> Page:
    """Somebody one stone ahead who offered to help; with the words that they said."""
    community = request.actor.community
    now = bearings(community)
    found = journeys.one_to_meet(person, now, journeys.walk(person, now, own=False))
    asked = Introduction.objects.of(person).select_related("asker", "asked").first()
    if found is None or asked is not None:
        return None, {"asked": asked.other_than(person).name if asked else "", "someone": None}
    helper, stone = found
    known = now.stone(stone)
    form = MeetForm(request.POST or None)

    def act() -> None:
        other = Person.objects.get(pk=helper.id, community=community)
        milestone = next(iter(person.community.milestones.filter(pk=stone)), None)
        Introduction.ask(by=person, other=other, milestone=milestone, words=form.cleaned_data["words"])
        messages.success(request, _("%(name)s is asked, and can say yes or no.") % {"name": helper.name})

    return form, {
        "act": act,
        "someone": {
            "name": helper.name,
            "url": links.person(community, helper.id, helper.handle),
            "photo": links.photo(community, helper.id, helper.photo),
            "words": helper.words,
            "about": known.name if known else "",
        },
    }


def _week(request: Request, person: Person) -> Page:
    now = bearings(request.actor.community)
    walked = journeys.walk(person, now, own=True)
    return None, {"things": week.things(request.actor, now, walked)}


_PAGES: dict[str, Callable[[Request, Person], Page]] = {
    "interests": _interests,
    "persona": _persona,
    "celebration": _celebration,
    "charter": _charter,
    "meet": _meet,
    "week": _week,
}


@route("journey.own")
def done(request: Request) -> HttpResponse:
    """The way that lies ahead, and what is still open; posting closes the first steps."""
    person = own(request)
    community = request.actor.community
    welcome = welcoming.of(community, person)
    if welcome is None:
        return redirect("welcome", slug=community.slug)
    if request.method == "POST":
        welcome.close(by=person)
        request.session.pop(welcoming.OPEN, None)
        return redirect("my_journey", slug=community.slug)
    steps = welcoming.checklist(person, welcome)
    now = bearings(community)
    walked = journeys.walk(person, now, own=True)
    return render(
        request,
        "web/onboarding/done.html",
        {
            "steps": _pills(request, steps, ""),
            "checklist": [
                {
                    "title": one.name,
                    "text": "" if one.done else one.why,
                    "state": "done" if one.done else "ahead",
                    "url": "" if one.done else _address(request, one.key),
                    "action": str(_LABELS[one.key]()),
                }
                for one in steps
            ],
            "stones": drawn(community, now, walked, own=True),
            "next": walked.next_stone,
            "next_url": links.milestone(community, walked.next_stone.slug) if walked.next_stone else "",
            "things": week.things(request.actor, now, walked)[:1],
        },
    )
