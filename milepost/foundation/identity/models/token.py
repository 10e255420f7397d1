from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list

from .account import Account
from .community import Community
from .entry import digest


class ApiToken(IdModel):
    """A personal key to the API: what its account may do in one community, narrowed to `scopes`."""

    PREFIX = "mp_"

    account = models.ForeignKey(Account, models.CASCADE, related_name="api_tokens")
    community = models.ForeignKey(Community, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = json_list()
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def issue(cls, *, account: Account, community: Community, name: str, scopes: list[str]) -> tuple[ApiToken, str]:
        """A new token and its secret, which is shown once and never stored."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            account=account, community=community, name=name, scopes=sorted(set(scopes)), digest=digest(secret)
        )
        return token, secret

    @classmethod
    def find(cls, secret: str) -> ApiToken | None:
        """The valid token with this secret."""
        token = (
            cls.objects.select_related("account", "community")
            .filter(digest=digest(secret), revoked_at__isnull=True, account__is_active=True)
            .first()
        )
        if token is None or (token.expires_at and token.expires_at <= clock.now()):
            return None
        return token

    def revoke(self) -> None:
        if self.revoked_at is None:
            self.revoked_at = clock.now()
            self.save(update_fields=["revoked_at"])


class IdempotentAnswer(IdModel):
    """The answer given to a write with an `Idempotency-Key`, repeated when the same request comes again (kept a day)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["account", "key"], name="idempotency_key_once")
        ]
