"""Joining a community that asks for agreement to its values, and agreeing to a later version."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people import inviting, joining
from milepost.foundation.activity.recording import record
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Account, Community, Membership, Person

from .models import Agreement, CharterVersion


def join_and_agree(
    *,
    account: Account,
    community: Community,
    version: CharterVersion | None,
    came_from: str = "",
    token: str = "",
) -> Membership:
    """Join, and agree to the version of the charter that the person has just read; `token` is of an invitation.

    `version` is None only while nothing is ratified, when there is nothing to agree to. Serves every policy under which
    people let themselves in. Records `member.joined` and `charter.agreed`.

    Raises Conflict where another version came into force meanwhile, and what `joining.join` and `inviting.accept` raise.
    """
    with transaction.atomic():
        _is_in_force(version, community)
        if token:
            if inviting.find(token).community.pk != community.pk:
                raise DomainError(_("This invitation is for another community."))
            membership = inviting.accept(token=token, account=account, came_from=came_from, agreed=True)
        else:
            membership = joining.join(account=account, community=community, came_from=came_from, agreed=True)
        if version is not None:
            agree(person=membership.person, version=version)
        return membership


def agree(*, person: Person, version: CharterVersion) -> Agreement:
    """The person agrees to this version; twice changes nothing. Records `charter.agreed`.

    Raises DomainError for who does not belong, Conflict for a version that is not in force.
    """
    if person.community_id != version.community_id:
        raise DomainError(_("This charter belongs to another community."))
    if not Membership.objects.active().filter(person=person).exists():
        raise DomainError(_("Only members agree to the charter."), _("Join first."))
    with transaction.atomic():
        _is_in_force(version, person.community)
        made, new = Agreement.objects.get_or_create(
            person=person, version=version, defaults={"community_id": person.community_id}
        )
        if new:
            record(
                "charter.agreed",
                community=person.community,
                by=person,
                obj=version,
                source_key=f"charter.agreed:{made.pk}",
                data={"number": version.number},
            )
        return made


def has_agreed(person: Person) -> bool:
    """Whether the person agreed to the version in force; where none is, there is nothing to agree to."""
    version = CharterVersion.objects.in_force(person.community)
    return version is None or Agreement.objects.filter(person=person, version=version).exists()


def _is_in_force(version: CharterVersion | None, community: Community) -> None:
    if version != CharterVersion.objects.in_force(community):
        raise Conflict(
            _("The community has changed its charter while you were reading."), _("Read the new version, then agree.")
        )
