"""What members say of themselves: in which personas they find themselves, and what they care about. Nobody is put into one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation import conditions
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Invitation, Person

from .models import Interest, NoneOfThese, Persona, PersonaChoice, PersonaInvitation
from .models.choice import PersonaChoiceQuerySet

INTERESTS, LONGEST_INTEREST = 20, 60


def choose(*, person: Person, personas: Iterable[Persona]) -> None:
    """The member finds themselves in these, one or several, and no longer in others that they had chosen.

    Records `persona.chosen` and `persona.left`, which only stewards see. Raises DomainError for a persona that cannot be chosen.
    """
    check(person, "personas.own", person.community)
    wanted = {persona.pk: persona for persona in personas}
    for persona in wanted.values():
        _must_be_open(person, persona)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        had = {choice.persona_id: choice for choice in _standing(person).select_related("persona")}
        for ident, choice in had.items():
            if ident not in wanted:
                _leave(person, choice)
        for ident, persona in wanted.items():
            if ident not in had:
                _enter(person, persona, suggested=False)
        if wanted:
            NoneOfThese.objects.filter(person=person).delete()


def accept(*, person: Person, persona: Persona) -> None:
    """The member finds themselves in the persona that was suggested, besides those that they chose. Records `persona.chosen`."""
    check(person, "personas.own", person.community)
    _must_be_open(person, persona)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        if not _standing(person).filter(persona=persona).exists():
            _enter(person, persona, suggested=True)
        NoneOfThese.objects.filter(person=person).delete()


def decline(*, person: Person, persona: Persona) -> None:
    """The member is not asked about this persona again."""
    check(person, "personas.own", person.community)
    _must_be_open(person, persona)
    PersonaChoice.objects.update_or_create(
        person=person,
        persona=persona,
        defaults={"community_id": person.community_id, "declined_at": clock.now()},
    )


def none_of_these(*, person: Person, words: str = "") -> NoneOfThese:
    """The member finds themselves in none of them; their words tell stewards which one is missing. Records `persona.missed`."""
    check(person, "personas.own", person.community)
    words = " ".join(words.split())
    if len(words) > 400:
        raise DomainError(_("That is too long: %(most)d letters at most.") % {"most": 400})
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        for choice in _standing(person).select_related("persona"):
            _leave(person, choice)
        made, _new = NoneOfThese.objects.update_or_create(
            person=person,
            defaults={"community_id": person.community_id, "words": words, "said_at": clock.now()},
        )
        record("persona.missed", community=person.community, by=person, data={"words": words})
        return made


def invite_as(*, invitation: Invitation, persona: Persona, by: Person) -> None:
    """Whoever invited says that the invitation is meant for people like the persona: who joins by it is asked about it first."""
    check(by, "people.invite", invitation.community)
    if by.pk != invitation.invited_by_id:
        raise NotAllowed(_("Only who made an invitation says whom it is for."))
    _must_be_open(by, persona)
    PersonaInvitation.objects.update_or_create(
        invitation=invitation, defaults={"community_id": invitation.community_id, "persona": persona}
    )


def _invited_as(person: Person) -> uuid.UUID | None:
    """The persona for whose like the invitation was by which they joined last."""
    joined = Activity.objects.filter(
        community=person.community_id, identity__person=person.pk, verb="member.joined"
    ).order_by("-happened_at", "-pk")
    data = joined.values_list("data", flat=True).first() or {}
    if "invitation" not in data:
        return None
    named = PersonaInvitation.objects.filter(community=person.community_id, invitation=data["invitation"])
    return named.values_list("persona", flat=True).first()


def suggestions(person: Person) -> list[Persona]:
    """Adopted personas that the person has neither chosen nor declined: first the one whose like the invitation was for by which
    they joined, then those whose condition holds for them. One query each."""
    asked = PersonaChoice.objects.filter(person=person).exclude(left_at__isnull=False)
    invited = _invited_as(person)
    open_ones = Persona.objects.adopted().filter(
        Q(suggests__isnull=False) | Q(pk=invited), community=person.community_id
    )
    found: list[Persona] = []
    for persona in open_ones.exclude(pk__in=asked.values("persona")):
        if persona.pk == invited:
            found.insert(0, persona)
            continue
        try:
            condition = conditions.parse(persona.suggests, community=person.community)
        except conditions.Invalid:
            # What the rule names is gone; stewards read so on the persona's page.
            continue
        if next(iter(conditions.matching(condition, person.community, people=[person.pk])), None):
            found.append(persona)
    return found


def tell_interests(*, person: Person, names: Iterable[str]) -> list[Interest]:
    """The member says what they care about, in their words; what they no longer name goes. Records `interests.told`.

    Raises DomainError for too many, or one that is too long.
    """
    check(person, "profile.own", person.community)
    wanted: dict[str, str] = {}
    for name in names:
        name = " ".join(name.split())
        slug = slugify(name, allow_unicode=True)
        if not slug:
            continue
        if len(name) > LONGEST_INTEREST:
            raise DomainError(_("“%(name)s” is too long: a word or two are enough.") % {"name": name[:80]})
        wanted.setdefault(slug[:LONGEST_INTEREST], name)
    if len(wanted) > INTERESTS:
        raise DomainError(_("Name %(most)d at most: those that matter most.") % {"most": INTERESTS})
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        own = Interest.objects.filter(person=person)
        had = set(own.values_list("slug", flat=True))
        own.exclude(slug__in=wanted).delete()
        Interest.objects.bulk_create(
            Interest(community_id=person.community_id, person=person, slug=slug, name=name)
            for slug, name in wanted.items()
            if slug not in had
        )
        if had != wanted.keys():
            record("interests.told", community=person.community, by=person)
        return list(own.all())


def _standing(person: Person) -> PersonaChoiceQuerySet:
    return PersonaChoice.objects.standing().filter(person=person)


def _must_be_open(person: Person, persona: Persona) -> None:
    if persona.community_id != person.community_id:
        raise DomainError(_("This persona belongs to another community."))
    if not persona.is_adopted:
        raise DomainError(_("“%(name)s” cannot be chosen now.") % {"name": persona.name})


def _enter(person: Person, persona: Persona, *, suggested: bool) -> None:
    PersonaChoice.objects.update_or_create(
        person=person,
        persona=persona,
        defaults={
            "community_id": person.community_id,
            "chosen_at": clock.now(),
            "left_at": None,
            "declined_at": None,
            "suggested": suggested,
        },
    )
    record("persona.chosen", community=person.community, by=person, obj=persona)


def _leave(person: Person, choice: PersonaChoice) -> None:
    choice.left_at = clock.now()
    choice.save(update_fields=["left_at"])
    record("persona.left", community=person.community, by=person, obj=choice.persona)
