"""Sign-ins that an operator makes, without the person signing up."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError

from .models import Account


def open_account(
    *, mail: str, password: str | None = None, name: str = "", is_operator: bool = False
) -> tuple[Account, bool]:
    """An account whose mail address counts as confirmed; returns it and whether it is new.

    One that is there already keeps its password and name; it becomes an operator if asked. Without a password, the person
    signs in by a mailed code. Raises DomainError for an address or a password that does not do.
    """
    mail = mail.strip().lower()
    with transaction.atomic():
        account = Account.objects.filter(email=mail).first()
        if account is not None:
            if is_operator and not account.is_operator:
                account.is_operator = True
                account.save(update_fields=["is_operator"])
            return account, False
        try:
            if password is not None:
                validate_password(password, Account(email=mail, name=name))
            account = Account.objects.create_user(mail, password, name=name.strip(), is_operator=is_operator)
        except ValidationError as error:
            raise DomainError(" ".join(error.messages), _("Nothing was changed.")) from error
        EmailAddress.objects.create(user=account, email=mail, verified=True, primary=True)
        return account, True


def rename(account: Account, name: str) -> None:
    """What mails from the site call the person; each community has its own name of them. Raises DomainError without one."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(_("A name has at most 120 letters, and at least one."))
    if account.name != name:
        account.name = name
        account.save(update_fields=["name"])


def distrust_password(account: Account) -> None:
    """Make the account's password useless: nobody knows whether it was its owner who chose it."""
    if account.has_usable_password():
        account.set_unusable_password()
        account.save(update_fields=["password"])
