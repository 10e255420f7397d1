"""Thanks from one member to another."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils.translation import gettext

from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Membership, Person

from .authority import check
from .models import Praise

LONGEST = 400
AT_ONCE = 30
"""Thanks that one member gives in 24 hours at most."""


def thank(*, giver: Person, receiver: Person, words: str, value: str = "") -> Praise:
    """A member thanks another in their own words, perhaps for a value of the community (its name). Records `praise.given`.

    The same words to the same person within a day are the same thanks. Raises DomainError for no words, for oneself, for
    someone who does not belong or whom nobody has claimed, NotAllowed for who does not belong themselves.
    """
    check(giver, "praise.give", giver.community)
    words = " ".join(words.split())
    if not 0 < len(words) <= LONGEST:
        raise DomainError(
            gettext("Thanks need words: %(most)d characters at most.") % {"most": LONGEST},
            gettext("Say what they did, and what it changed."),
        )
    if giver.pk == receiver.pk:
        raise DomainError(gettext("Nobody thanks themselves here."), gettext("Thank someone who helped you."))
    belongs = Membership.objects.active().filter(person=receiver, community_id=giver.community_id)
    if receiver.community_id != giver.community_id or not receiver.is_public or not belongs.exists():
        raise DomainError(gettext("Only members of this community can be thanked here."))
    with transaction.atomic():
        # Of two sendings of one form, the second waits here and finds the first one's thanks.
        Person.objects.select_for_update().get(pk=giver.pk)
        lately = Praise.objects.filter(giver=giver, given_at__gt=clock.now() - datetime.timedelta(days=1))
        if same := lately.filter(receiver=receiver, words=words).first():
            return same
        if lately.count() >= AT_ONCE:
            raise DomainError(
                gettext("That is a lot of thanks for one day."), gettext("Keep the next ones for tomorrow.")
            )
        praise = Praise.objects.create(
            community_id=giver.community_id, giver=giver, receiver=receiver, words=words, value=value[:80]
        )
        record(
            "praise.given",
            community=giver.community,
            by=giver,
            other=receiver,
            obj=praise,
            source_key=f"praise.given:{praise.pk}",
            data={"words": words, "value": praise.value},
        )
        return praise


def take_back(*, praise: Praise, by: Person) -> None:
    """Whoever gave or received it, or a moderator (audited), takes thanks away. The activity is retracted."""
    own = by.pk in {praise.giver_id, praise.receiver_id}
    if not own:
        check(by, "praise.remove", praise.community)
    elif by.community_id != praise.community_id:
        raise NotAllowed(gettext("These thanks belong to another community."))
    with transaction.atomic():
        told = Activity.objects.standing().filter(
            community=praise.community_id, source="milepost", source_key=f"praise.given:{praise.pk}"
        )
        for activity in told.select_related("community", "identity"):
            retract(activity, by=by)
        if not own:
            trace("praise.removed", community=praise.community, by=by, obj=praise, reason=praise.words)
        praise.delete()
