"""Identities from outside and the person they belong to: claiming with a proof, and what a steward decides.

Merging and splitting are in `merging`, suggestions in `suggesting`; their functions are here as well.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Claim, Community, Identity, Membership, Person
from milepost.foundation.identity.models.person import LOCAL
from milepost.foundation.identity.querysets import IdentityQuerySet

from .authority import check
from .erasure import is_erased_many
from .merging import merge, merge_proven, split
from .suggesting import dismiss, suggest, suggestions

__all__ = [
    "claim",
    "claimable",
    "dismiss",
    "grant",
    "is_erased_many",
    "merge",
    "open_claims",
    "proof_of",
    "refuse",
    "split",
    "suggest",
    "suggestions",
]

Proof = Claim.Proof


def claimable(person: Person) -> IdentityQuerySet:
    """Identities that nobody has claimed and that the person can claim at once: those with one of their confirmed addresses,
    or of a provider account that they signed in with."""
    if person.account_id is None:
        return Identity.objects.none()
    providers = Q(pk__in=[])
    for account in SocialAccount.objects.filter(user=person.account_id):
        providers |= Q(source=account.provider, source_key=account.uid)
    mails = EmailAddress.objects.filter(user=person.account_id, verified=True).values(low=Lower("email"))
    return (
        Identity.objects.unclaimed()
        .filter(
            community=person.community_id, is_bot=False, person__kind=Person.Kind.HUMAN, person__erased_at__isnull=True
        )
        .exclude(source=LOCAL)
        .filter(providers | Q(mail__in=mails))
        .order_by("source", "name")
    )


def proof_of(*, identity: Identity, person: Person) -> str:
    """What proves that the identity is the person's: a `Claim.Proof`, or "" where only a steward can know."""
    if person.account_id is None:
        return ""
    if (
        identity.mail
        and EmailAddress.objects.filter(user=person.account_id, verified=True, email__iexact=identity.mail).exists()
    ):
        return Proof.MAIL
    # An import's source has the name under which the provider is configured ("slack"), and keys are the provider's own ids.
    if SocialAccount.objects.filter(user=person.account_id, provider=identity.source, uid=identity.source_key).exists():
        return Proof.PROVIDER
    return ""


def claim(*, identity: Identity, person: Person, reason: str = "") -> Claim:
    """A member says "that was me". With a proof it is granted at once; else it waits for a steward.

    What the identity did becomes the member's: whoever it was taken for is merged into them. Records `person.claimed` (and
    `person.merged`) when granted. Raises DomainError for an identity that cannot be claimed, Conflict for one that is
    theirs or asked for already.
    """
    with transaction.atomic():
        identity = Identity.objects.select_for_update(of=("self",)).select_related("person").get(pk=identity.pk)
        _claimable_by(identity, person)
        if Claim.objects.filter(
            identity=identity, person=person, granted_at__isnull=True, refused_at__isnull=True
        ).exists():
            raise Conflict(_("You have asked for this already; a steward will decide."))
        made = Claim.objects.create(
            community=person.community, identity=identity, person=person, reason=reason.strip()[:2000]
        )
        if proof := proof_of(identity=identity, person=person):
            _grant(made, identity, proof, by=None)
        return made


def _claimable_by(identity: Identity, person: Person) -> None:
    if identity.community_id != person.community_id:
        raise DomainError(_("This identity belongs to another community."))
    if not person.is_public or not Membership.objects.active().filter(person=person).exists():
        raise DomainError(_("Only members can claim what they did before."), _("Join first."))
    if identity.person_id == person.pk:
        raise Conflict(_("This is you already."))
    if identity.source == LOCAL or identity.person.is_claimed:
        raise DomainError(
            _("Someone else has this identity already."), _("If it is yours all the same, write to a steward.")
        )
    if identity.person.erased_at is not None:
        raise DomainError(_("This person was erased."))
    if identity.is_bot or identity.person.kind != Person.Kind.HUMAN:
        raise DomainError(_("Programs and organisations cannot be claimed."))


def grant(*, claim: Claim, by: Person, note: str = "") -> Claim:
    """A steward knows that the claim is true. Records `person.claimed` and `person.merged`.

    Raises NotAllowed, Conflict where it was decided already, DomainError where the identity is someone else's meanwhile.
    """
    check(by, "people.link", claim.community)
    with transaction.atomic():
        open_claim = _undecided(claim)
        identity = (
            Identity.objects.select_for_update(of=("self",)).select_related("person").get(pk=open_claim.identity_id)
        )
        _claimable_by(identity, open_claim.person)
        _grant(open_claim, identity, Proof.STEWARD, by=by)
        trace("claim.granted", community=claim.community, by=by, obj=open_claim.person, reason=note.strip())
    return open_claim


def refuse(*, claim: Claim, by: Person, note: str = "") -> Claim:
    """A steward does not believe the claim. Raises NotAllowed, Conflict where it was decided already."""
    check(by, "people.link", claim.community)
    with transaction.atomic():
        open_claim = _undecided(claim)
        open_claim.refused_at, open_claim.decided_by = clock.now(), by
        open_claim.save(update_fields=["refused_at", "decided_by"])
        trace("claim.refused", community=claim.community, by=by, obj=open_claim.person, reason=note.strip())
    return open_claim


def open_claims(community: Community) -> QuerySet[Claim]:
    """What waits for a steward and can still be granted, oldest first."""
    return (
        Claim.objects.filter(
            community=community,
            granted_at__isnull=True,
            refused_at__isnull=True,
            identity__person__account__isnull=True,
            person__merged_into__isnull=True,
        )
        .exclude(identity__person=F("person"))
        .select_related("identity", "identity__person", "person")
        .order_by("asked_at")
    )


def _undecided(claim: Claim) -> Claim:
    locked = Claim.objects.select_for_update(of=("self",)).select_related("person", "community").get(pk=claim.pk)
    if locked.granted_at or locked.refused_at:
        raise Conflict(_("Another steward has decided this meanwhile."))
    return locked


def _grant(claim: Claim, identity: Identity, proof: str, *, by: Person | None) -> None:
    claim.granted_at, claim.proof, claim.decided_by = clock.now(), proof, by
    claim.save(update_fields=["granted_at", "proof", "decided_by"])
    merge_proven(kept=claim.person, gone=identity.person, by=by or claim.person, reason=str(Proof(proof).label))
    Identity.objects.filter(pk=identity.pk).update(claimed_at=clock.now())
    record(
        "person.claimed",
        community=claim.community,
        by=claim.person,
        obj=identity,
        source_key=f"person.claimed:{claim.pk}",
        data={"source": identity.source, "proof": proof},
    )
