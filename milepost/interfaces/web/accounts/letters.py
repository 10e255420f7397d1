"""The mails about an account: what each says, in one place. Frames for text and HTML are `web/accounts/mail/`.

A letter is chosen by the name that allauth gives it. Notices about changes end with when and where it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise


@dataclass(frozen=True, slots=True)
class Letter:
    subject: Words
    text: tuple[Words, ...]
    """Paragraphs; `%(email)s`, `%(name)s` and what allauth hands over may stand in them."""
    code: bool = False
    action: tuple[Words, str] | None = None
    """A button's words, and the name of the address that it opens."""
    notice: bool = False
    """About a change: says when and from where, and what to do if it was someone else."""
    ignore: bool = False
    """May be ignored by who did not ask for it."""


LETTERS: dict[str, Letter] = {
    "account/email/email_confirmation_signup": Letter(
        _("%(code)s is your code to sign up"),
        (_("Good to have you here, %(name)s. Type this code into the page that is waiting for it:"),),
        code=True,
        ignore=True,
    ),
    "account/email/email_confirmation": Letter(
        _("%(code)s confirms this mail address"),
        (_("Type this code into the page that is waiting for it, and %(email)s is yours here:"),),
        code=True,
        ignore=True,
    ),
    "account/email/login_code": Letter(
        _("%(code)s is your code to sign in"),
        (_("Type this code into the page that is waiting for it:"),),
        code=True,
        ignore=True,
    ),
    "account/email/password_reset_code": Letter(
        _("%(code)s lets you choose a new password"),
        (_("Type this code into the page that is waiting for it. After that you choose a new password."),),
        code=True,
        ignore=True,
    ),
    "account/email/unknown_account": Letter(
        _("There is no account with this mail address"),
        (
            _("Someone, perhaps you, wanted to sign in with %(email)s. There is no account with this address here."),
            _("If you have another address, try that one. If you are new, make an account:"),
        ),
        action=(_("Make an account"), "account_signup"),
        ignore=True,
    ),
    "account/email/account_already_exists": Letter(
        _("You have an account here already"),
        (
            _("Someone, perhaps you, wanted to make an account with %(email)s. You have one already."),
            _("Sign in as before. If you have forgotten your password, choose a new one:"),
        ),
        action=(_("Choose a new password"), "account_reset_password"),
        ignore=True,
    ),
    "account/email/new_browser": Letter(
        _("A sign-in from a browser that is new to us"),
        (_("Your account was just opened from a browser where you have not signed in before."),),
        action=(_("See where you are signed in"), "usersessions_list"),
        notice=True,
    ),
    "account/email/email_changed": Letter(
        _("Your mail address was changed"),
        (_("Mail from here now goes to %(to_email)s instead of %(from_email)s."),),
        notice=True,
    ),
    "account/email/email_confirm": Letter(
        _("Your mail address is confirmed"), (_("%(email)s is confirmed as yours."),), notice=True
    ),
    "account/email/email_deleted": Letter(
        _("A mail address was removed"), (_("%(deleted_email)s no longer belongs to your account."),), notice=True
    ),
    "account/email/password_changed": Letter(
        _("Your password was changed"), (_("Your account has a new password."),), notice=True
    ),
    "account/email/password_reset": Letter(
        _("Your password was changed"), (_("Someone with a code from this mailbox chose a new password."),), notice=True
    ),
    "account/email/password_set": Letter(
        _("Your account has a password now"), (_("You can sign in with it from now on."),), notice=True
    ),
    "mfa/email/totp_activated": Letter(
        _("Signing in now takes a second step"),
        (_("From now on, signing in asks for a code from your authenticator app as well."),),
        notice=True,
    ),
    "mfa/email/totp_deactivated": Letter(
        _("The authenticator app was taken away"),
        (_("Signing in no longer asks for a code from your authenticator app."),),
        notice=True,
    ),
    "mfa/email/webauthn_added": Letter(
        _("A passkey was added"), (_("Your account can be opened with a new passkey."),), notice=True
    ),
    "mfa/email/webauthn_removed": Letter(
        _("A passkey was removed"), (_("One of your passkeys no longer opens your account."),), notice=True
    ),
    "mfa/email/recovery_codes_generated": Letter(
        _("You have new recovery codes"), (_("The recovery codes that you had before no longer work."),), notice=True
    ),
    "socialaccount/email/account_connected": Letter(
        _("Another way to sign in was added"), (_("Your account can be opened through %(provider)s now."),), notice=True
    ),
    "socialaccount/email/account_disconnected": Letter(
        _("A way to sign in was taken away"),
        (_("Your account can no longer be opened through %(provider)s."),),
        notice=True,
    ),
}


class Gaps(dict[str, Any]):
    """What a text leaves open and nobody filled stays empty, rather than breaking the mail."""

    def __missing__(self, key: str) -> str:
        return ""
