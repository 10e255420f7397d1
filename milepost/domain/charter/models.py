from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class CharterQuerySet(models.QuerySet["CharterVersion"]):
    def in_force(self, community: Community) -> CharterVersion | None:
        """The version the community lives by now."""
        return self.filter(community=community, ratified_at__isnull=False).order_by("-number").first()


class CharterVersion(IdModel):
    """The charter at one time: mission, vision and agreements. Values are records of their own."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="charters")
    number = models.PositiveIntegerField()
    mission = models.TextField(_("mission"), max_length=600)
    vision = models.TextField(_("what will be different"), blank=True, max_length=4000)
    agreements = models.TextField(_("agreements"), blank=True, max_length=20_000)
    rationale = models.TextField(_("why this version"), blank=True, max_length=4000)
    written_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="charters_written")
    created_at = models.DateTimeField(default=clock.now)
    ratified_at = models.DateTimeField(null=True, blank=True)

    objects = CharterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "number"], name="charter_number_once")
        ]

    def __str__(self) -> str:
        return self.mission

    @classmethod
    def write(
        cls,
        *,
        community: Community,
        mission: str,
        vision: str = "",
        agreements: str = "",
        rationale: str = "",
        by: Person | None = None,
    ) -> CharterVersion:
        """A next version, in force at once. Records `charter.ratified`."""
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            last = cls.objects.filter(community=community).order_by("-number").first()
            version = cls.objects.create(
                community=community,
                number=last.number + 1 if last else 1,
                mission=mission.strip(),
                vision=vision.strip(),
                agreements=agreements.strip(),
                rationale=rationale.strip(),
                written_by=by,
                ratified_at=clock.now(),
            )
            record("charter.ratified", community=community, by=by, obj=version, data={"number": version.number})
            trace(
                "charter.ratified",
                community=community,
                by=by,
                obj=version,
                changes={"mission": [last.mission if last else "", version.mission]},
                reason=rationale,
            )
            return version


class Value(IdModel):
    """Something the community holds dear. Goals, spaces and threads can point to it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="values")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("value"), max_length=80)
    meaning = models.CharField(_("what it means here"), max_length=400, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="value_once")]

    def __str__(self) -> str:
        return self.name


class Agreement(IdModel):
    """That a person agreed to a version of the charter, when they joined or later."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="agreements")
    person = models.ForeignKey(Person, models.CASCADE, related_name="agreements")
    version = models.ForeignKey(CharterVersion, models.CASCADE, related_name="agreed")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["person", "version"], name="agreed_once")]
