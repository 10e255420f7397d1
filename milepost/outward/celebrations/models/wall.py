from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class Wall(IdModel):
    """A wall of celebrations for a screen, at an address of its own that only who has it knows. Shows public moments only."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="walls")
    name = models.CharField(_("where it hangs"), max_length=80)
    token = models.CharField(max_length=40)
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at"]
        constraints: ClassVar[list[Any]] = [
            # A revoked one has lost its token: nobody can bring the address back.
            models.UniqueConstraint(fields=["token"], condition=~Q(token=""), name="wall_token_once"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) & ~Q(token="") | Q(revoked_at__isnull=False) & Q(token=""),
                name="wall_open_or_revoked",
            ),
        ]

    def __str__(self) -> str:
        return self.name
