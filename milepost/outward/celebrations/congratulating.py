"""Congratulations from one member to others: a reaction, or words."""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Person

from . import reading
from .models import Cheer, Moment, MomentAward, Word

EMOJI = ("👏", "🎉", "❤️", "🔥", "🌱")
LONGEST = 400
AT_ONCE = 100
"""Congratulations that one member says in 24 hours at most."""


def cheer(*, moment: uuid.UUID, by: Person, emoji: str) -> Cheer:
    """A member reacts; another reaction takes the place of the first. Records `congratulation.given` once.

    DomainError for an emoji that is not among ours, one's own moment, or one that the member may not see.
    """
    if emoji not in EMOJI:
        raise DomainError(_("Choose one of the reactions that are there."))
    with transaction.atomic():
        shown = _may(moment, by)
        there = Cheer.objects.select_for_update().filter(moment=moment, person=by).first()
        if there is not None:
            there.emoji = emoji
            there.save(update_fields=["emoji"])
            return there
        made = Cheer.objects.create(community_id=by.community_id, moment_id=moment, person=by, emoji=emoji)
        _record(made, shown, by)
        return made


def uncheer(*, moment: uuid.UUID, by: Person) -> None:
    """The member takes their reaction back; the activity is retracted."""
    check(by, "celebrations.congratulate", by.community)
    with transaction.atomic():
        there = Cheer.objects.select_for_update().filter(moment=moment, person=by).first()
        if there is not None:
            _retract(there, by)
            there.delete()


def say(*, moment: uuid.UUID, by: Person, text: str) -> Word:
    """A member congratulates in words; the same words to the same moment are said once. Records `congratulation.given`."""
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST:
        raise DomainError(_("Congratulations need words: %(most)d characters at most.") % {"most": LONGEST})
    with transaction.atomic():
        # Of two sendings of one form, the second waits here and finds what the first one said.
        Person.objects.select_for_update().get(pk=by.pk)
        shown = _may(moment, by)
        if same := Word.objects.filter(moment=moment, person=by, text=text).first():
            return same
        lately = Word.objects.filter(person=by, at__gt=clock.now() - datetime.timedelta(days=1))
        if lately.count() >= AT_ONCE:
            raise DomainError(_("That is a lot for one day."), _("Keep the next ones for tomorrow."))
        made = Word.objects.create(community_id=by.community_id, moment_id=moment, person=by, text=text)
        _record(made, shown, by)
        return made


def remove(*, word: Word, by: Person) -> None:
    """Whoever said it or is congratulated, or a moderator (audited), takes words away. The activity is retracted."""
    own = by.pk == word.person_id or MomentAward.objects.filter(moment=word.moment_id, award__person=by).exists()
    if by.community_id != word.community_id:
        raise NotAllowed(_("These words belong to another community."))
    if not own:
        check(by, "celebrations.moderate", word.community)
    with transaction.atomic():
        _retract(word, by)
        if not own:
            trace("congratulation.removed", community=word.community, by=by, obj=word.moment, reason=word.text)
        word.delete()


def _may(moment: uuid.UUID, by: Person) -> reading.Shown:
    check(by, "celebrations.congratulate", by.community)
    shown = reading.find(Actor.of(by), moment)
    if shown is None:
        raise Conflict(_("This moment is not there any more."), _("Whoever it was about may have taken it back."))
    if shown.kind == Moment.Kind.ROUND_UP:
        raise DomainError(_("Congratulate on the moments themselves."))
    if shown.mine:
        raise DomainError(_("This moment is yours: let the others congratulate."))
    return shown


def _key(made: Cheer | Word) -> str:
    return f"congratulation.given:{made.pk}"


def _record(made: Cheer | Word, shown: reading.Shown, by: Person) -> None:
    others = {one.person for one in shown.reached if not one.mine}
    # With more than one, nobody in particular: counting it once for each would let a single click make a crowd.
    other = Person.objects.get(pk=next(iter(others))) if len(others) == 1 else None
    record(
        "congratulation.given",
        community=by.community,
        by=by,
        other=other,
        object_kind="moment",
        object_id=shown.id,
        source_key=_key(made),
    )


def _retract(made: Cheer | Word, by: Person) -> None:
    told = Activity.objects.standing().filter(community=made.community_id, source="milepost", source_key=_key(made))
    for activity in told.select_related("community", "identity"):
        retract(activity, by=by)
