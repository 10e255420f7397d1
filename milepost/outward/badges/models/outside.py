from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class OutsideBadge(IdModel):
    """A badge from elsewhere that a member brought as evidence: what it says, and how far that could be proved here."""

    class Proof(models.TextChoices):
        OURS = "ours", _("signed by this site")
        ISSUER = "issuer", _("signed with a key that its issuer's name itself contains")
        GIVEN = "given", _("signed with the key that was sent along with it")
        INSIDE = "inside", _("whole, but who signed it is only its own word")
        UNCHECKED = "unchecked", _("its kind of proof cannot be checked here")

    community = models.ForeignKey(Community, models.CASCADE, related_name="outside_badges")
    person = models.ForeignKey(Person, models.CASCADE, related_name="outside_badges")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="outside_badges")
    name = models.CharField(max_length=200)
    issuer = models.CharField(max_length=200)
    issuer_id = models.CharField(max_length=500, blank=True)
    recipient_fits = models.BooleanField(null=True)
    """Whether it was given to one of the member's confirmed addresses; None: it does not say to whom."""
    proof = models.CharField(max_length=10, choices=Proof)
    issued_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    credential = models.TextField()
    """As it came: a compact JWS, or JSON."""
    digest = models.CharField(max_length=64)
    brought_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-brought_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["person", "digest"], name="outside_badge_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.issuer})"
