from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.identity.models import Community, Person


class Profile(models.Model):
    """What a person says about themselves, and how they want to be celebrated."""

    class Celebration(models.TextChoices):
        PUBLIC = "public", _("Publicly, with my name")
        COMMUNITY = "community", _("Within the community")
        FIRST_NAME = "first_name", _("By what I am called, without my full name")
        PRIVATE = "private", _("Privately: only I see it")
        NONE = "none", _("Not at all")

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="profile")
    community = models.ForeignKey(Community, models.CASCADE, related_name="profiles")
    called = models.CharField(_("what to call me"), max_length=60, blank=True)
    """Empty: the first word of the name, which is wrong in many places."""
    headline = models.CharField(_("in one line"), max_length=140, blank=True)
    about = models.TextField(_("about me"), blank=True, max_length=4000)
    place = models.CharField(_("place"), max_length=120, blank=True)
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    link = models.URLField(_("website"), blank=True)
    photo = models.ImageField(_("photo"), upload_to="photos/%Y/%m/", blank=True)
    celebration = models.CharField(
        _("how to celebrate me"), max_length=12, choices=Celebration, default=Celebration.COMMUNITY
    )
    changed_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.person)


class Praise(IdModel):
    """One member thanks another, for a value the community holds (its name is kept, values live above)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="praises")
    giver = models.ForeignKey(Person, models.CASCADE, related_name="praise_given")
    receiver = models.ForeignKey(Person, models.CASCADE, related_name="praise_received")
    words = models.CharField(max_length=400)
    value = models.CharField(max_length=80, blank=True)
    given_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "-given_at"], name="praise_newest")]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~models.Q(giver=models.F("receiver")), name="nobody_thanks_themselves"),
        ]


class ErasureRequest(IdModel):
    """A member's wish to be erased: who asked, when it was done, and what was emptied (counts, no content)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="erasures")
    person = models.ForeignKey(Person, models.CASCADE, related_name="erasures")
    asked_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)
    emptied = json_list()


# Here, where Django looks for models.
from .attributes import AttributeDefinition, AttributeValue  # noqa: E402

__all__ = ["AttributeDefinition", "AttributeValue", "ErasureRequest", "Praise", "Profile"]
