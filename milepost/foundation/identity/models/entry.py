from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.roles import Role

from .account import Account
from .community import Community
from .person import Person


def digest(token: str) -> str:
    """What is stored of a random token: its SHA-256 in hexadecimal (64 characters)."""
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def valid(self) -> InvitationQuerySet:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()), revoked_at__isnull=True).filter(
            Q(max_uses__isnull=True) | Q(uses__lt=F("max_uses"))
        )

    def by_token(self, token: str) -> Invitation | None:
        return self.valid().filter(digest=digest(token)).first()


class Invitation(IdModel):
    """A way in: a link anyone may use, one for a single mail address, or one for all addresses of a domain."""

    class Kind(models.TextChoices):
        LINK = "link", _("link")
        MAIL = "mail", _("mail address")
        DOMAIN = "domain", _("mail domain")

    community = models.ForeignKey(Community, models.CASCADE, related_name="invitations")
    kind = models.CharField(max_length=8, choices=Kind)
    digest = models.CharField(max_length=64, unique=True)
    mail = models.EmailField(blank=True)
    domain = models.CharField(max_length=253, blank=True)
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    label = models.CharField(_("where it will be used"), max_length=120, blank=True)
    note = models.TextField(_("a personal word"), blank=True)
    invited_by = models.ForeignKey(Person, models.CASCADE, related_name="invitations")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                # Without the second word about it, a NULL is neither true nor false, and passes.
                condition=(
                    Q(kind="link")
                    | Q(kind="mail", max_uses__isnull=False, max_uses=1) & ~Q(mail="")
                    | Q(kind="domain") & ~Q(domain="")
                ),
                name="invitation_says_for_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.get_kind_display()

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(24)

    def fits(self, mail: str) -> bool:
        """Whether the confirmed address `mail` may use it."""
        if self.kind == self.Kind.MAIL:
            return mail.lower() == self.mail.lower()
        if self.kind == self.Kind.DOMAIN:
            return mail.lower().rpartition("@")[2] == self.domain.lower()
        return True


class JoinRequest(IdModel):
    """Someone's answers to the community's questions, until a steward decides."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="join_requests")
    account = models.ForeignKey(Account, models.CASCADE, related_name="join_requests")
    answers = json_dict()
    came_from = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["community", "account"],
                condition=Q(accepted_at__isnull=True, declined_at__isnull=True),
                name="one_open_request",
            ),
        ]

    def __str__(self) -> str:
        return gettext("request to join")

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.declined_at is None
