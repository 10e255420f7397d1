"""The few mails that the ways in and out send to one person: an invitation, and the answer to who asked to join."""

from __future__ import annotations

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Invitation, JoinRequest


def invitation_url(community: Community, token: str) -> str:
    """Where whoever has the token accepts it."""
    return f"{settings.MILEPOST_URL}/i/{token}/"


def invite(invitation: Invitation, token: str) -> None:
    """Mail the invitation to its address. Raises DomainError where the mail cannot be sent."""
    community = invitation.community
    with translation.override(community.language):
        subject = _("%(inviter)s invites you to %(community)s") % {
            "inviter": invitation.invited_by.name,
            "community": community.name,
        }
        letter = _letter("invitation", subject, invitation.mail, {
            "invitation": invitation,
            "community": community,
            "inviter": invitation.invited_by.name,
            "url": invitation_url(community, token),
        })  # fmt: skip
    try:
        letter.send()
    except (OSError, smtplib.SMTPException) as error:
        raise DomainError(
            _("The mail to %(mail)s could not be sent: %(why)s.") % {"mail": invitation.mail, "why": error},
            _("Try again later, or make a link and pass it on yourself."),
        ) from error


def admitted(request: JoinRequest) -> None:
    """Tell who asked to join that they are in, once that is committed."""
    _decision("admitted", request, gettext_noop("Welcome to %(community)s"))


def declined(request: JoinRequest) -> None:
    """Tell who asked to join that they are not, once that is committed."""
    _decision("declined", request, gettext_noop("Your request to join %(community)s"))


def _decision(name: str, request: JoinRequest, subject: str) -> None:
    community = request.community
    with translation.override(request.account.language or community.language):
        letter = _letter(name, _(subject) % {"community": community.name}, request.account.email, {
            "community": community,
            "note": request.note,
            "url": f"{settings.MILEPOST_URL}/c/{community.slug}/",
        })  # fmt: skip
    # The decision stands where the relay does not answer: the failure is logged, and the site tells them as well.
    transaction.on_commit(lambda: letter.send(), robust=True)


def _letter(name: str, subject: str, mail: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    """Plain text, and the same as simple HTML."""
    context = context | {"subject": subject}
    # Names of people and communities stand in the subject; a header has one line.
    one_line = " ".join(subject.split())
    letter = EmailMultiAlternatives(
        one_line, render_to_string(f"people/mail/{name}.txt", context).strip() + "\n", to=[mail]
    )
    letter.attach_alternative(render_to_string(f"people/mail/{name}.html", context), "text/html")
    return letter
