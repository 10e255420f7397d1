from __future__ import annotations

import contextlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.db import DatabaseError, models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list

from .account import Account
from .community import Community
from .entry import digest

NOTED_EVERY = timedelta(minutes=1)
"""How exactly `last_used_at` is kept."""


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

    def used(self) -> None:
        """Note that it was used; once a minute is enough, and no reason to fail where nothing can be written."""
        now = clock.now()
        if self.last_used_at is not None and now - self.last_used_at < NOTED_EVERY:
            return
        with contextlib.suppress(DatabaseError):
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)
            self.last_used_at = now

    def revoke(self) -> None:
        if self.revoked_at is None:
            self.revoked_at = clock.now()
            self.save(update_fields=["revoked_at"])


class IdempotentAnswer(IdModel):
    """The answer given to a write with an `Idempotency-Key`, repeated when the same request comes again (kept a day).

    The row is there before the work begins and has the id that what is made may take, so that a request whose process died
    in between makes the same thing when it comes again.
    """

    AT_WORK: ClassVar[int] = 0
    """The status before there is one."""
    KEPT: ClassVar[timedelta] = timedelta(days=1)
    LOST: ClassVar[timedelta] = timedelta(minutes=10)
    """After which work that never ended counts as lost; longer than the server lets a request take."""

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

    @classmethod
    def claim(cls, *, account: Account, key: str, fingerprint: str) -> tuple[IdempotentAnswer, bool]:
        """The row of this key, and whether the caller is to do the work (else: it was done, or someone is at it)."""
        now = clock.now()
        row, new = cls.objects.get_or_create(
            account=account, key=key, defaults={"fingerprint": fingerprint, "status": cls.AT_WORK, "at": now}
        )
        if new:
            return row, True
        over = row.at <= now - cls.KEPT
        lost = row.status == cls.AT_WORK and row.at <= now - cls.LOST and row.fingerprint == fingerprint
        if not over and not lost:
            return row, False
        if over:
            cls.objects.filter(pk=row.pk, at=row.at).delete()
            return cls.claim(account=account, key=key, fingerprint=fingerprint)
        # Of two who find it lost, one has it.
        return row, bool(cls.objects.filter(pk=row.pk, at=row.at, status=cls.AT_WORK).update(at=now))

    def keep(self, *, status: int, body: Any) -> None:
        """The work is done, and this is what it answered."""
        self.status, self.body = status, body
        self.save(update_fields=["status", "body"])

    def release(self) -> None:
        """The work was refused or failed: the key is free."""
        IdempotentAnswer.objects.filter(pk=self.pk, status=self.AT_WORK).delete()

    @classmethod
    def expire(cls) -> int:
        """Forget answers older than a day; returns how many."""
        return cls.objects.filter(at__lte=clock.now() - cls.KEPT).delete()[0]
