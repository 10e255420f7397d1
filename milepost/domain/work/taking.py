"""Taking something on, doing it, giving it back: the inside of `Opportunity.take` and of a commitment."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.people.authority import check
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Person

from .models import Commitment, Opportunity, TakingPart


def take(opportunity: Opportunity, *, by: Person) -> Commitment:
    check(by, "opportunities.take", opportunity.community)
    with transaction.atomic():
        # In this order everywhere: the person, then the opportunity. Two hands that reach for the last place wait in line.
        Person.objects.select_for_update().get(pk=by.pk)
        now = Opportunity.objects.select_for_update().get(pk=opportunity.pk)
        if there := Commitment.objects.filter(opportunity=now, person=by).first():
            return there
        if not now.is_open:
            raise Conflict(_("“%(title)s” is not open any more.") % {"title": now.title})
        if now.needed is not None and now.commitments.count() >= now.needed:
            raise Conflict(
                _("Others were quicker: everyone whom “%(title)s” needs is there.") % {"title": now.title},
                _("Look for something else that fits."),
            )
        limit = TakingPart.limit(now.community)
        if open_now(by) >= limit:
            raise DomainError(
                ngettext(
                    "Here one person has at most %(limit)d open commitment.",
                    "Here one person has at most %(limit)d open commitments.",
                    limit,
                )
                % {"limit": limit},
                _("Finish one first, or give one back: that is fine."),
            )
        made = Commitment.objects.create(community=now.community, opportunity=now, person=by)
        record(
            "opportunity.taken",
            community=now.community,
            by=by,
            obj=now,
            other=now.asked_by if now.asked_by_id != by.pk else None,
            source_key=f"opportunity.taken:{made.pk}",
        )
    return made


def open_now(person: Person) -> int:
    """How many open commitments the person has. Those whose last day is over count until they are done or given back."""
    return Commitment.objects.open().filter(person=person, community=person.community_id).count()


def finish(commitment: Commitment, *, by: Person, minutes: int | None, words: str) -> None:
    _must_be_theirs(commitment, by)
    if minutes is not None and not 0 < minutes <= 20_000:
        raise DomainError(_("Say in minutes how long it took."))
    with transaction.atomic():
        # The same order as in `take`: the person, then the rest.
        Person.objects.select_for_update().get(pk=by.pk)
        now = Commitment.objects.select_related("opportunity__asked_by", "community").filter(pk=commitment.pk).first()
        if now is None:
            raise Conflict(_("You gave this back meanwhile."), _("Take it again, then say that it is done."))
        if now.finished_at is not None:
            return
        now.finished_at = max(clock.now(), now.taken_at)
        now.minutes = minutes or now.opportunity.effort
        now.words = " ".join(words.split())[:400]
        now.save(update_fields=["finished_at", "minutes", "words"])
        asked_by = now.opportunity.asked_by
        record(
            "opportunity.finished",
            community=now.community,
            by=by,
            obj=now.opportunity,
            other=asked_by if asked_by is not None and asked_by.pk != by.pk else None,
            quantity=Decimal(now.minutes),
            source_key=f"opportunity.finished:{now.pk}",
        )
    commitment.refresh_from_db()


def give_back(commitment: Commitment, *, by: Person) -> None:
    _must_be_theirs(commitment, by)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=by.pk)
        now = Commitment.objects.select_related("community").filter(pk=commitment.pk).first()
        if now is None:
            return
        keys = [f"{verb}:{now.pk}" for verb in ("opportunity.taken", "opportunity.finished")]
        told = Activity.objects.standing().filter(community=now.community, source="milepost", source_key__in=keys)
        for activity in told.select_related("community", "identity"):
            retract(activity, by=by)
        now.delete()


def _must_be_theirs(commitment: Commitment, by: Person) -> None:
    if by.pk != commitment.person_id:
        raise NotAllowed(_("Only who took something on finishes it or gives it back."))
    check(by, "opportunities.take", commitment.community)
