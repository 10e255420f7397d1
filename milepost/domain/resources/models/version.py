from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.resources.querysets import VersionQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.identity.models import Community, Person

from .resource import Resource


class ResourceVersion(IdModel):
    """What a resource says at one time: in force, an earlier one, or a proposal that nobody has decided on.

    `lessons` of a course: [{"id", "title", "minutes", "text"}]. A lesson keeps its id from version to version, so that
    whoever finished it has still finished it.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=160)
    summary = models.CharField(_("what it helps with"), max_length=400, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    text = models.TextField(_("text"), blank=True)
    url = models.URLField(_("address"), max_length=1000, blank=True)
    file = models.FileField(upload_to="resources/%Y/%m/", max_length=200, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    lessons = json_list()
    note = models.CharField(_("what changed"), max_length=400, blank=True)
    by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    written_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_because = models.CharField(max_length=400, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["resource", "number"], name="resource_version_once"),
            models.UniqueConstraint(
                fields=["resource"],
                condition=Q(published_at__isnull=True, declined_at__isnull=True),
                name="one_waiting_version",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def lesson_ids(self) -> list[str]:
        return [lesson["id"] for lesson in self.lessons]

    def lesson(self, ident: object) -> dict[str, Any] | None:
        return next((lesson for lesson in self.lessons if lesson["id"] == str(ident)), None)
