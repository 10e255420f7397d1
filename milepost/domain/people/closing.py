"""Closing an account for good: in every community the person is erased first."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Account, Membership, Person

from .erasure import erase


def close_account(account: Account) -> int:
    """Erase the person of each community, then the sign-in itself; returns how many communities there were.

    Whoever looks after the installation, or is a community's last owner, hands that over first: DomainError, and nothing
    has happened.
    """
    if account.is_operator:
        raise DomainError(
            _("This account looks after the installation."), _("Let someone else do so before you close it.")
        )
    with transaction.atomic():
        people = list(Person.objects.present().filter(account=account).select_related("community").order_by("pk"))
        for person in people:
            try:
                erase(person=person, by=person)
            except DomainError as error:
                raise DomainError(f"{person.community}: {error.message}", error.hint) from error
        # The last erasure takes the account along; one that belonged nowhere is still there.
        Account.objects.filter(pk=account.pk).delete()
    return len(people)


def belongs_to(account: Account) -> list[Membership]:
    """Where the account is a member now, by the community's name."""
    return list(
        Membership.objects.active()
        .filter(person__account=account, person__merged_into__isnull=True, person__erased_at__isnull=True)
        .select_related("community", "person")
        .order_by("community__name")
    )
