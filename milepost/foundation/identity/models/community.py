from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list

RESERVED_SLUGS = {"new", "admin", "api", "static", "uploads", "accounts", "dev"}


def _time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is no time zone. Try one like Europe/Lisbon."), params={"zone": value})


def _not_reserved(value: str) -> None:
    if value in RESERVED_SLUGS:
        raise ValidationError(_("“%(slug)s” is taken by the site itself."), params={"slug": value})


class Community(IdModel):
    """People who share a mission: the tenant. A sub-community (chapter, circle) has a parent."""

    class JoinPolicy(models.TextChoices):
        OPEN = "open", _("Anyone may join")
        AGREE = "agree", _("Anyone who agrees to the values")
        QUESTIONS = "questions", _("By answers that stewards review")
        INVITED = "invited", _("By invitation only")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Everyone sees the mission and open spaces")
        MEMBERS = "members", _("Only members see anything but the mission")

    slug = models.SlugField(
        max_length=48,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9-]*$", _("Small letters, digits and hyphens only.")),
            _not_reserved,
        ],
    )
    name = models.CharField(_("name"), max_length=120)
    tagline = models.CharField(_("in one line"), max_length=200, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="circles")
    accent_hue = models.PositiveSmallIntegerField(_("accent colour"), default=158, validators=[MaxValueValidator(359)])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[_time_zone])
    language = models.CharField(_("language"), max_length=16, default="en")
    visibility = models.CharField(_("who sees it"), max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    join_policy = models.CharField(_("how people join"), max_length=10, choices=JoinPolicy, default=JoinPolicy.AGREE)
    join_questions = json_list()
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    # When it was brought here from another site: what was recorded before has had its effects there.
    arrived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "communities"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        seen, above = {self.pk}, self.parent
        while above is not None:
            if above.pk in seen:
                raise ValidationError({"parent": _("A community cannot be part of itself.")})
            seen.add(above.pk)
            above = above.parent

    @property
    def is_public(self) -> bool:
        return self.visibility == self.Visibility.PUBLIC

    def questions(self) -> list[dict[str, Any]]:
        """What a person who wants to join is asked: [{"key": …, "question": …}]."""
        return [q for q in self.join_questions if q.get("question")]
