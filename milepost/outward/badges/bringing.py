"""A member brings a badge from elsewhere, as evidence for something that they reached."""

from __future__ import annotations

import hashlib

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Person

from . import proving
from .models import OutsideBadge

MOST = 100


def mails_of(person: Person) -> list[str]:
    """The person's confirmed addresses."""
    return list(EmailAddress.objects.filter(user=person.account_id, verified=True).values_list("email", flat=True))


def bring(*, person: Person, content: bytes, keys: bytes = b"", milestone: Milestone | None = None) -> OutsideBadge:
    """Keep a badge as evidence, with what could be proved of it. The same one twice is one.

    DomainError for what is no badge, was changed, ran out, or was given to another address.
    """
    check(person, "badges.own", person.community)
    if milestone is not None and milestone.community_id != person.community_id:
        raise DomainError(_("This milestone belongs to another community."))
    found = proving.read(content, given=proving.keys_in(keys) if keys else ())
    if found.problems:
        raise DomainError(" ".join(found.problems), _("Ask its issuer for it anew."))
    fits = found.fits(mails_of(person))
    if fits is False:
        raise DomainError(
            _("This badge was given to another address."),
            _("Add that address to your account and confirm it, then bring it again."),
        )
    digest = hashlib.sha256(found.token.encode()).hexdigest()
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        there = OutsideBadge.objects.filter(person=person)
        if same := there.filter(digest=digest).first():
            if milestone is not None and same.milestone_id != milestone.pk:
                same.milestone = milestone
                same.save(update_fields=["milestone"])
            return same
        if there.count() >= MOST:
            raise DomainError(_("You have brought %(most)d badges already.") % {"most": MOST}, _("Remove one first."))
        return OutsideBadge.objects.create(
            community_id=person.community_id,
            person=person,
            milestone=milestone,
            name=found.name or _("Without a name"),
            issuer=found.issuer or found.issuer_id[:200],
            issuer_id=found.issuer_id,
            recipient_fits=fits,
            proof=found.proof,
            issued_on=found.issued_at.date() if found.issued_at else None,
            expires_on=found.expires_at.date() if found.expires_at else None,
            credential=found.token,
            digest=digest,
        )


def remove(*, badge: OutsideBadge, by: Person) -> None:
    """Whoever brought it takes it away again. What was claimed with it stays claimed."""
    if by.pk != badge.person_id:
        raise NotAllowed(_("Only who brought a badge can take it away."))
    badge.delete()


def evidence_of(badge: OutsideBadge) -> str:
    """What a claim says of it, in words."""
    return _("Badge “%(name)s” by %(issuer)s: %(proof)s.") % {
        "name": badge.name,
        "issuer": badge.issuer,
        "proof": badge.get_proof_display(),
    }
