"""Invitations: by link, to one mail address, to all addresses of a domain; accepting and taking them back."""

from __future__ import annotations

import datetime
import re
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Account, Community, Invitation, Membership, Person
from milepost.foundation.identity.models.entry import digest
from milepost.foundation.identity.roles import RANK, Role

from . import joining, letters
from .authority import check, rank

Kind = Invitation.Kind
A_MONTH = datetime.timedelta(days=30)
_DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$")
ANYONES = frozenset({
    "aol.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "live.com", "mail.ru",
    "me.com", "outlook.com", "proton.me", "protonmail.com", "qq.com", "web.de", "yahoo.com", "yandex.ru", "163.com",
})  # fmt: skip
"""Domains where anyone gets an address: being there says nothing about a person."""


def invite_link(
    *,
    community: Community,
    by: Person,
    role: str = Role.MEMBER,
    label: str = "",
    max_uses: int | None = None,
    expires_in: datetime.timedelta | None = A_MONTH,
) -> tuple[Invitation, str]:
    """A link that whoever has it may use; `label` says where it will be put, and becomes where the members came from.

    Returns the invitation and its token, which is shown once and never stored.
    Raises NotAllowed for an inviter without the right, or a role above theirs; nobody becomes an owner by a link.
    """
    if max_uses is not None and max_uses < 1:
        raise DomainError(_("A link that nobody may use invites nobody."), _("Give the number of people, or none."))
    return _make(community, by, Kind.LINK, role, expires_in, label=label.strip()[:120], max_uses=max_uses)


def invite_domain(
    *,
    community: Community,
    by: Person,
    domain: str,
    role: str = Role.MEMBER,
    label: str = "",
    expires_in: datetime.timedelta | None = None,
) -> tuple[Invitation, str]:
    """A link for whoever has a confirmed mail address at `domain` (an organisation's own, not of a mail provider)."""
    wanted = domain.strip().lower().rpartition("@")[2]
    if not _DOMAIN.match(wanted):
        raise DomainError(
            _("“%(domain)s” is no mail domain.") % {"domain": domain}, _("It looks like library.example.org.")
        )
    if wanted in ANYONES:
        raise DomainError(
            _("Anyone can have an address at %(domain)s.") % {"domain": wanted}, _("Make a link for everyone instead.")
        )
    return _make(community, by, Kind.DOMAIN, role, expires_in, domain=wanted, label=label.strip()[:120] or wanted)


def invite_mail(
    *,
    community: Community,
    by: Person,
    mail: str,
    role: str = Role.MEMBER,
    note: str = "",
    expires_in: datetime.timedelta | None = A_MONTH,
) -> tuple[Invitation, str]:
    """Invite one person: a mail with the link goes to them at once. An earlier invitation to the address is replaced.

    Raises DomainError for an address that is none or a mail that cannot be sent (then there is no invitation), Conflict for
    who belongs already.
    """
    wanted = mail.strip().lower()
    try:
        validate_email(wanted)
    except ValidationError as error:
        raise DomainError(_("“%(mail)s” is no mail address.") % {"mail": mail}) from error
    with transaction.atomic():
        made, token = _make(
            community, by, Kind.MAIL, role, expires_in, mail=wanted, note=note.strip()[:2000], max_uses=1
        )
        if (
            Membership.objects.active()
            .filter(
                community=community,
                person__account__in=EmailAddress.objects.filter(email=wanted, verified=True).values("user"),
            )
            .exists()
        ):
            raise Conflict(_("Whoever has the address %(mail)s is a member already.") % {"mail": wanted})
        Invitation.objects.valid().filter(community=community, kind=Kind.MAIL, mail=wanted).exclude(pk=made.pk).update(
            revoked_at=clock.now()
        )
    # After the commit, so that nobody waits for the relay: a link that is mailed is a link that works.
    try:
        letters.invite(made, token)
    except DomainError:
        made.delete()
        raise
    return made, token


def _make(
    community: Community,
    by: Person,
    kind: Kind,
    role: str,
    expires_in: datetime.timedelta | None,
    **fields: Any,
) -> tuple[Invitation, str]:
    check(by, "people.invite", community)
    if role not in Role.values:
        raise DomainError(_("“%(role)s” is no role.") % {"role": role})
    if role == Role.OWNER and kind != Kind.MAIL:
        raise NotAllowed(_("Nobody becomes an owner by a link."), _("Invite them by mail, or make a member an owner."))
    if RANK[role] > rank(by):
        raise NotAllowed(_("Nobody can invite into a role above their own."))
    token = Invitation.new_token()
    with transaction.atomic():
        made = Invitation.objects.create(
            community=community,
            kind=kind,
            digest=digest(token),
            role=role,
            invited_by=by,
            expires_at=clock.now() + expires_in if expires_in else None,
            **fields,
        )
        # The address is a stranger's: the trail says that somebody was invited, the invitation itself whom.
        trace(
            "invitation.made",
            community=community,
            by=by,
            obj=made,
            changes={"kind": ["", str(kind)], "role": ["", role]},
        )
    return made, token


def find(token: str) -> Invitation:
    """The valid invitation with this token. Raises DomainError where there is none, or the inviter may not invite now."""
    invitation = (
        Invitation.objects.valid()
        .select_related("community", "invited_by", "invited_by__community")
        .filter(digest=digest(token))
        .first()
    )
    if invitation is None or not can(Actor.of(invitation.invited_by), "people.invite"):
        raise DomainError(
            _("This invitation is no longer valid."),
            _("It was used up, has run out, or was taken back. Ask whoever sent it for a new one."),
        )
    return invitation


def accept(*, token: str, account: Account, came_from: str = "", agreed: bool = False) -> Membership:
    """Join by an invitation; each use is counted, also when many come at once. Records `member.joined`.

    A mail or domain invitation is for whoever confirmed such an address. The role is the invitation's, but never above what
    the inviter's own is by now. Who belongs already stays as they are, and nothing is counted.

    Raises DomainError for an invitation that is no longer valid, NotAllowed for another address, Conflict where the last use
    went to someone else a moment ago, AgreementNeeded as `joining.join` does.
    """
    invitation = find(token)
    with transaction.atomic():
        joining._lock(account)
        if standing := Membership.objects.of(account, invitation.community):
            return standing
        _check_address(invitation, account)
        if not Invitation.objects.valid().filter(pk=invitation.pk).update(uses=F("uses") + 1):
            raise Conflict(_("Someone else has just used this invitation."), _("Ask whoever sent it for a new one."))
        return joining.join(
            account=account, community=invitation.community, came_from=came_from, invitation=invitation, agreed=agreed
        )


def _check_address(invitation: Invitation, account: Account) -> None:
    if invitation.kind == Kind.LINK:
        return
    addresses = EmailAddress.objects.filter(user=account, verified=True).values_list("email", flat=True)
    if not any(invitation.fits(address) for address in addresses):
        raise NotAllowed(
            _("This invitation is for another mail address than the ones you have confirmed here."),
            _("Add that address to your account and confirm it, then open the link again."),
        )


def revoke(*, invitation: Invitation, by: Person) -> None:
    """Take an invitation back: one's own, or as a steward anyone's. Twice changes nothing."""
    check(by, "people.invite" if by.pk == invitation.invited_by_id else "people.admit", invitation.community)
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
            trace("invitation.revoked", community=invitation.community, by=by, obj=invitation)
    invitation.refresh_from_db(fields=["revoked_at"])
