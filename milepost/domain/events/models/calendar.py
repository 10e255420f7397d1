from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


class CalendarKey(IdModel):
    """Opens a member's calendar addresses to programs that cannot sign in. A new nonce makes the old addresses useless."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    person = models.OneToOneField(Person, models.CASCADE, related_name="calendar_key")
    nonce = models.CharField(max_length=40, default=new_nonce)
    made_at = models.DateTimeField(default=clock.now)


class EventSettings(models.Model):
    """How a community holds events. Without a row, the defaults hold."""

    community = models.OneToOneField(Community, models.CASCADE, primary_key=True, related_name="event_settings")
    approval = models.BooleanField(_("A steward looks at what members propose before others see it"), default=False)
    video_server = models.URLField(_("Jitsi server"), default="https://meet.jit.si", max_length=200)

    class Meta:
        verbose_name_plural = "event settings"
        default_permissions: ClassVar[tuple[Any, ...]] = ()

    @classmethod
    def of(cls, community: Community) -> EventSettings:
        return cls.objects.filter(community=community).first() or cls(community=community)
