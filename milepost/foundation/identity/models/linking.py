"""How identities from outside find the person they belong to, and how that is undone."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict, json_list

from .community import Community
from .person import Identity, Person


class Claim(IdModel):
    """ "That was me": a member says that an identity from outside is theirs, with a proof."""

    class Proof(models.TextChoices):
        MAIL = "mail", _("the same confirmed mail address")
        PROVIDER = "provider", _("signed in with that provider")
        STEWARD = "steward", _("a steward knows")

    community = models.ForeignKey(Community, models.CASCADE, related_name="claims")
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="claims")
    person = models.ForeignKey(Person, models.CASCADE, related_name="claims")
    reason = models.TextField(blank=True)
    proof = models.CharField(max_length=10, choices=Proof, blank=True)
    asked_at = models.DateTimeField(default=clock.now)
    granted_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["identity", "person"],
                condition=Q(granted_at__isnull=True, refused_at__isnull=True),
                name="one_open_claim",
            ),
        ]


class PersonMerge(IdModel):
    """The trace of one merge: which identities and membership moved from `gone` to `kept`, so that it can be split again."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="merges")
    kept = models.ForeignKey(Person, models.CASCADE, related_name="merges_kept")
    gone = models.ForeignKey(Person, models.CASCADE, related_name="merges_gone")
    moved = json_dict()
    reason = models.TextField(blank=True)
    by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at__isnull=True), name="merged_once"),
        ]


class MergeSuggestion(IdModel):
    """Two people who may be one, with the reasons; a steward merges or dismisses."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="merge_suggestions")
    one = models.ForeignKey(Person, models.CASCADE, related_name="+")
    other = models.ForeignKey(Person, models.CASCADE, related_name="+")
    reasons = json_list()
    score = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["one", "other"], name="suggested_once")]


class ErasedIdentity(IdModel):
    """A keyed hash of an identity that was erased, so that importing the same history again cannot bring the person back."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="erased_identities")
    digest = models.CharField(max_length=64)
    erased_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "digest"], name="erased_once")]

    @classmethod
    def digest_of(cls, community: Community, source: str, source_key: str) -> str:
        """HMAC-SHA-256 in hexadecimal, keyed with the community's key."""
        message = f"{community.pk}\x1f{source}\x1f{source_key.lower()}".encode()
        return hmac.new(cls.key_of(community).encode(), message, hashlib.sha256).hexdigest()

    @staticmethod
    def key_of(community: Community) -> str:
        """The community's key: made from the installation's, or the one that it brought along from another site."""
        brought = _brought_key(community.pk)
        if brought.is_file():
            return brought.read_text().strip()
        return hmac.new(settings.IDENTITY_KEY.encode(), str(community.pk).encode(), hashlib.sha256).hexdigest()

    @classmethod
    def bring_key(cls, community: Community, key: str) -> None:
        """Keep the key under which a community that arrives from another site has erased people."""
        if key != cls.key_of(community):
            path = _brought_key(community.pk)
            path.touch(mode=0o600)
            path.write_text(key)


def _brought_key(community_id: uuid.UUID) -> Path:
    return Path(settings.MILEPOST_HOME) / "secrets" / f"erasure-{community_id.hex}"
