from __future__ import annotations

import smtplib
import time
from typing import Any

import structlog
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.models import Account
from milepost.foundation.identity.services import distrust_password

from . import browsers
from .letters import LETTERS, Gaps

logger = structlog.get_logger("milepost.accounts")


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in as Milepost wants it: its own words and mails, a name for each account, a mail for each new browser."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": _("This mail address and this password do not belong together."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This is not the code that we sent. Look at the newest mail."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many attempts went wrong. Wait a few minutes, then try again."),
        "rate_limited": _("A mail was sent a moment ago. Wait a minute before you ask for another."),
        "same_as_current": _("This is the address that you gave before."),
        "max_email_addresses": _("An account can have %d mail addresses at most."),
    }

    def save_user(self, request: HttpRequest, user: Account, form: Any, commit: bool = True) -> Account:
        user.name = " ".join(form.cleaned_data.get("name", "").split())
        saved: Account = super().save_user(request, user, form, commit)
        return saved

    def is_reauthentication_required(self, *, app: str) -> bool:
        """allauth counts only being asked again; who has just signed in need not be asked the same at once."""
        records = get_authentication_records(self.request, self.request.user)
        if records and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        required: bool = super().is_reauthentication_required(app=app)
        return required

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        to = [email] if isinstance(email, str) else email
        account = _account_of(to[0])
        letter = LETTERS[template_prefix]
        with translation.override((account.language if account else "") or translation.get_language()):
            gaps = Gaps(context | {"email": to[0], "name": account.get_full_name() if account else ""})
            subject = " ".join((str(letter.subject) % gaps).split())
            words, target = letter.action or ("", "")
            parts = context | {
                "subject": subject,
                "paragraphs": [str(paragraph) % gaps for paragraph in letter.text],
                "code": context.get("code", "") if letter.code else "",
                "action": str(words),
                "url": f"{settings.MILEPOST_URL}{reverse(target)}" if target else "",
                "notice": letter.notice,
                "ignore": letter.ignore,
                "browser": browsers.in_words(context.get("user_agent", "")),
                "site": settings.MILEPOST_URL,
                "reset_url": f"{settings.MILEPOST_URL}{reverse('account_reset_password')}",
            }
            mail = EmailMultiAlternatives(
                subject,
                render_to_string("web/accounts/mail/letter.txt", parts).strip() + "\n",
                self.get_from_email(),
                to,
                headers=headers,
            )
            mail.attach_alternative(render_to_string("web/accounts/mail/letter.html", parts), "text/html")
        return mail

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A notice that cannot be sent is logged; without a code nobody can go on, so that is said on a page."""
        try:
            self.render_mail(template_prefix, email, context).send()
        except (OSError, smtplib.SMTPException) as error:
            logger.error("mail.failed", letter=template_prefix, why=str(error))
            if not LETTERS[template_prefix].notice and self.request is not None:
                page = render(self.request, "web/accounts/mail_trouble.html", status=503)
                raise ImmediateHttpResponse(page) from error

    def post_login(self, request: HttpRequest, user: Account, *, signup: bool, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, signup=signup, **kwargs)
        if not signup and not browsers.is_known(request, user):
            self.send_notification_mail("account/email/new_browser", user)
        browsers.remember(request, response, user)
        return response


def _account_of(mail: str) -> Account | None:
    address = EmailAddress.objects.filter(email=mail).select_related("user").order_by("-verified").first()
    return address.user if address else None


def guard_against_squatters(request: HttpRequest, email_address: EmailAddress, **_kwargs: Any) -> None:
    """When an account's first address is confirmed: its password is kept only if this very browser has given it.

    Somebody may have signed up with a stranger's address and a password, and wait for the stranger to sign in by a mailed
    code. allauth would confirm the address then, and the password would open the stranger's account.
    """
    account = email_address.user
    if EmailAddress.objects.filter(user=account, verified=True).exclude(pk=email_address.pk).exists():
        return
    if any(record["method"] == "password" for record in get_authentication_records(request, account)):
        return
    pending = request.session.get("account_login") or {}
    if not pending.get("signup"):
        distrust_password(account)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by a provider (OpenID Connect)."""

    error_messages = DefaultSocialAccountAdapter.error_messages | {
        "email_taken": _("An account here has this mail address already. Sign in to it first, then connect %s."),
        "no_password": _("Without this provider you could not sign in any more. Choose a password first."),
        "no_verified_email": _("Without this provider you could not sign in any more. Confirm a mail address first."),
        "connected_other": _("This provider's account belongs to another account here."),
    }

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Account:
        account: Account = super().populate_user(request, sociallogin, data)
        full = data.get("name") or f"{data.get('first_name') or ''} {data.get('last_name') or ''}"
        account.name = " ".join(str(full).split())[:120]
        return account

    def get_signup_form_initial_data(self, sociallogin: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_signup_form_initial_data(sociallogin)
        return initial | {"name": sociallogin.user.name}


class MFAAdapter(DefaultMFAAdapter):
    """Second steps and passkeys, in the house's words."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code does not fit. Wait for the next one, and look that your device's clock is right."
        ),
        "unverified_email": _("Confirm your mail address first, so that you cannot be locked out."),
        "add_email_blocked": _("Take the second step away first: an account with one keeps its mail addresses."),
        "cannot_generate_recovery_codes": _("Recovery codes belong to a second step. Add one first."),
    }

    def generate_authenticator_name(self, user: Account, type: Authenticator.Type) -> str:  # noqa: A002 (allauth's name)
        count = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("My first passkey") if count == 0 else gettext("Passkey %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Milepost"}
