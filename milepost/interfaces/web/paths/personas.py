"""Whom the community is for: the personas, one persona's page, and finding oneself in some of them, or in none."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths import choosing
from milepost.domain.paths.models import Cohort, NoneOfThese, PathStone, Persona, PersonaChoice
from milepost.engines.milestones import journeys
from milepost.engines.milestones import map as mapping
from milepost.engines.milestones.bearings import Bearings, bearings
from milepost.engines.milestones.map import Column, PersonaMap, persona_map
from milepost.foundation import conditions
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.paths import links as here
from milepost.interfaces.web.paths.forms import AnswerForm, ChoiceForm
from milepost.interfaces.web.trying import accepted

HEARD = 20
"""What members said of themselves who are none of these: so many of the last are read."""


def own(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


def how_many(column: Column | None, whole: PersonaMap, *, steward: bool) -> str:
    """How many members find themselves in a persona, as far as it may be said."""
    return words.reached(column.members if column else 0, whole.members, steward=steward)


@require_safe
@route("personas.view")
def index(request: Request) -> HttpResponse:
    actor = request.actor
    community = actor.community
    steward = at_least(actor, "steward")
    counted = persona_map(community)
    columns = {column.id: column for column in counted.columns}
    chosen = _chosen(actor)
    adopted = list(Persona.objects.adopted().filter(community=community))
    path = _paths(adopted)
    may_propose = can(actor, "personas.propose")
    context: dict[str, Any] = {
        "personas": [
            {
                "persona": persona,
                "url": here.persona(community, persona.slug),
                "how_many": how_many(columns.get(persona.pk), counted, steward=steward),
                "mine": persona.pk in chosen,
                "stones": path.get(persona.pk, ()),
            }
            for persona in adopted
        ],
        "proposed": list(Persona.objects.proposed().filter(community=community)) if may_propose else (),
        "retired": list(Persona.objects.filter(community=community, retired_at__isnull=False)) if steward else (),
        "may_write": can(actor, "personas.write"),
        "may_propose": may_propose,
        "may_map": can(actor, "personas.map"),
        "may_choose": can(actor, "personas.own"),
        "has_chosen": bool(chosen),
        "indexed": community.is_public,
    }
    if steward:
        context["unheard"] = _heard(actor, counted)
    return render(request, "web/paths/personas.html", context)


def _chosen(actor: Actor) -> set[Any]:
    if actor.membership is None:
        return set()
    standing = PersonaChoice.objects.standing().filter(person=actor.membership.person_id)
    return set(standing.values_list("persona", flat=True))


def _paths(personas: list[Persona]) -> dict[Any, list[str]]:
    """The names of each persona's milestones, in order; secret ones are not told."""
    found: dict[Any, list[str]] = {}
    rows = PathStone.objects.filter(
        persona__in=personas, milestone__retired_at__isnull=True, milestone__is_secret=False
    ).values_list("persona", "milestone__name")
    for persona, name in rows:
        found.setdefault(persona, []).append(name)
    return found


def _heard(actor: Actor, counted: PersonaMap) -> dict[str, Any]:
    said = NoneOfThese.objects.filter(community=actor.community).exclude(words="").order_by("-said_at")
    return {
        "count": ngettext(
            "%(count)s member finds themselves in none of them.",
            "%(count)s members find themselves in none of them.",
            counted.none_of_these,
        )
        % {"count": counted.none_of_these},
        "any": counted.none_of_these > 0,
        "without": counted.without,
        "words": list(said.values_list("words", flat=True)[:HEARD]),
    }


@require_safe
@route("personas.view")
def page(request: Request, persona: str) -> HttpResponse:
    """One persona: the story, what they need, what success looks like, and their path."""
    actor = request.actor
    community = actor.community
    found = get_object_or_404(Persona.objects.select_related("proposed_by"), community=community, slug=persona)
    may_write = can(actor, "personas.write")
    if not found.is_adopted and not (may_write or can(actor, "personas.propose")):
        return redirect("personas", slug=community.slug)
    now, steward = bearings(community), at_least(actor, "steward")
    counted = persona_map(community)
    column = next((one for one in counted.columns if one.id == found.pk), None)
    chosen = _chosen(actor)
    today = clock.today(community.time_zone)
    cohorts = (
        Cohort.objects.filter(persona=found, cancelled_at__isnull=True, ends_on__gte=today)
        if can(actor, "cohorts.view")
        else ()
    )
    return render(
        request,
        "web/paths/persona.html",
        {
            "persona": found,
            "how_many": how_many(column, counted, steward=steward),
            "members": column.members if column else 0,
            "stones": _stones(actor, now, found, column, counted),
            "mine": found.pk in chosen,
            "may_choose": found.is_adopted and can(actor, "personas.own"),
            "may_write": may_write,
            "may_map": can(actor, "personas.map"),
            "asks": _asks(found) if may_write else "",
            "cohorts": [{"label": one.name, "url": here.cohort(community, one.slug)} for one in cohorts],
            "answer": AnswerForm() if may_write and not found.is_adopted and not found.retired_at else None,
            "description": found.story[:200] or found.name,
            "indexed": community.is_public and found.is_adopted,
        },
    )


def _asks(persona: Persona) -> str:
    """Whom the site asks whether that is them, in words; what a rule names may be gone by now."""
    if persona.suggests is None:
        return ""
    try:
        return conditions.parse(persona.suggests, community=persona.community).explain()
    except conditions.Invalid as error:
        return str(error)


def _stones(
    actor: Actor, now: Bearings, persona: Persona, column: Column | None, counted: PersonaMap
) -> list[dict[str, str]]:
    """The path as it is drawn: the reader's own state on it, and how many of this persona reached each."""
    reached: set[Any] = set()
    if actor.person is not None:
        person = actor.person
        person.community = actor.community
        reached = {stone.id for stone in journeys.walk(person, now, own=False).stones if stone.state == "reached"}
    steward = at_least(actor, "steward")
    cells = column.cells if column else {}
    shown = set(cells)
    if not steward and column is not None:
        counts = {ident: cell.reached for ident, cell in cells.items()}
        shown = mapping.shown_to_members(column.members, counts, counted.members)
    drawn: list[dict[str, str]] = []
    ahead = False
    for ident in persona.stones.values_list("milestone", flat=True):
        stone = now.stone(ident)
        if stone is None or stone.retired or (stone.secret and not steward and ident not in reached):
            continue
        state = "reached" if ident in reached else "later" if ahead or actor.person is None else "next"
        ahead = ahead or state == "next"
        detail = words.so_many(cells[ident].reached) if ident in shown and ident in cells else ""
        drawn.append(
            {
                "label": stone.name,
                "state": state,
                "detail": detail,
                "url": links.milestone(actor.community, stone.slug),
            }
        )
    return drawn


@route("personas.own")
def choose(request: Request) -> HttpResponse:
    """Several, one, or none of these with words."""
    person = own(request)
    community = request.actor.community
    offered = list(Persona.objects.adopted().filter(community=community))
    said = NoneOfThese.objects.filter(person=person).first()
    chosen = _chosen(request.actor)
    form = ChoiceForm(
        request.POST or None,
        personas=offered,
        initial={
            "personas": [persona.slug for persona in offered if persona.pk in chosen],
            "none": said is not None,
            "words": said.words if said else "",
        },
    )
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: keep_choice(person, form)):
        mapping.forget(community)
        messages.success(request, _("That is kept. You can change it whenever you like."))
        return redirect("my_journey", slug=community.slug)
    return render(
        request,
        "web/paths/choose.html",
        {"form": form, "offered": offer(community, offered, form), "suggested": _suggested(person)},
        status=422 if form.errors else 200,
    )


def keep_choice(person: Person, form: ChoiceForm) -> None:
    if form.cleaned_data["none"]:
        choosing.none_of_these(person=person, words=form.cleaned_data["words"])
    else:
        choosing.choose(person=person, personas=form.chosen)


def offer(community: Any, personas: list[Persona], form: ChoiceForm) -> list[dict[str, Any]]:
    """Each persona as something to tick, with the state of the form."""
    ticked = set(form["personas"].value() or ())
    return [
        {"persona": one, "ticked": one.slug in ticked, "url": here.persona(community, one.slug)} for one in personas
    ]


def _suggested(person: Person) -> set[str]:
    return {persona.slug for persona in choosing.suggestions(person)}


@require_POST
@route("personas.own")
def suggestion(request: Request, persona: str) -> HttpResponse:
    """The answer to "is that you?": `answer` is yes or no."""
    person = own(request)
    community = request.actor.community
    found = get_object_or_404(Persona.objects.adopted(), community=community, slug=persona)
    if request.POST.get("answer") == "yes":
        choosing.accept(person=person, persona=found)
        messages.success(
            request, _("“%(name)s” is yours now. This is the path that others like you walk.") % {"name": found.name}
        )
    else:
        choosing.decline(person=person, persona=found)
        messages.success(request, _("We will not ask that again."))
    mapping.forget(community)
    return redirect("my_journey", slug=community.slug)
