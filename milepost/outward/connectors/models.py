from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.events.models import Event
from milepost.domain.paths.models import Milestone
from milepost.domain.spaces.models import Thread
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.models import Community, Person

from .records import REASONS


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at__isnull=True, cancelled_at__isnull=True)

    def newest_first(self) -> Self:
        return self.order_by("-created_at")


class ImportRun(IdModel):
    """One import: what was chosen, how far it is (`position`, the source's own), and what it brought (`counts`)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="imports")
    started_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(_("format"), max_length=20)
    source = models.CharField(max_length=40)
    path = models.TextField()
    file_name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    options = json_dict()
    preview = json_dict()
    position = models.TextField(blank=True)
    counts = json_dict()
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "-created_at"], name="import_newest")
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def state(self) -> str:
        """chosen (not begun), running (or waiting for a worker), failed, cancelled, finished."""
        if self.finished_at:
            return "finished"
        if self.cancelled_at:
            return "cancelled"
        if self.failed_at:
            return "failed"
        return "running" if self.started_at else "chosen"

    @property
    def percent(self) -> int:
        if self.finished_at:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class QuarantinedRow(models.Model):
    """A row of a file that could not be imported, or not as it was (`noted`): where it stands and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="quarantine")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    place = models.CharField(max_length=500)
    line = models.PositiveBigIntegerField(default=0)
    reason = models.CharField(max_length=20)
    detail = models.TextField(blank=True)
    excerpt = models.TextField(blank=True)
    noted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.reason_text}"

    @property
    def reason_text(self) -> str:
        return str(REASONS.get(self.reason, self.reason))


class ImportedThread(models.Model):
    """The thread that a source's conversation key became, where that key is no message's own (a topic, a lost first message)."""

    pk = models.CompositePrimaryKey("community_id", "source", "source_key")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=40)
    source_key = models.CharField(max_length=420)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+")


class TableMapping(IdModel):
    """A saved answer to "which column is what" for tables of one shape."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="table_mappings")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)
    mapping = json_dict()
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "name"], condition=~Q(name=""), name="mapping_name_once")
        ]


class AttendanceImport(IdModel):
    """A file of who was at an event, read and matched; `applied_at`: counted."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="attendance_imports")
    kind = models.CharField(max_length=12)
    file_name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    skipped = models.PositiveIntegerField(default=0)
    counts = json_dict()
    begun_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["event", "fingerprint"], name="attendance_file_once")
        ]

    def __str__(self) -> str:
        return self.file_name


class AttendanceRow(IdModel):
    """One person of such a file, whom that was taken for and why; or a line that could not be read (`problem`)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(AttendanceImport, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    mail = models.CharField(max_length=254, blank=True)
    came = models.BooleanField(default=True)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    times = models.PositiveIntegerField(default=1)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=16, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    excerpt = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)


class AwardImport(IdModel):
    """A file of who reached which milestone, read and matched; `applied_at`: what was sure of it counts."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    counts = json_dict()
    """What became of the lines: new, earlier, again, same, revoked, unmatched, unread."""
    begun_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)
    """None: being read, or that was cut off."""
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "fingerprint"], name="award_file_once")
        ]

    def __str__(self) -> str:
        return self.file_name


class AwardRow(IdModel):
    """One line of such a file: whom it was taken for and why, and what became of it; or why it cannot be used (`problem`)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(AwardImport, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    who = models.CharField(max_length=254, blank=True)
    """As the file names the member."""
    milestone = models.ForeignKey(Milestone, models.CASCADE, null=True, blank=True, related_name="+")
    occurrence = models.CharField(max_length=40, blank=True)
    reached_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True, max_length=2000)
    link = models.URLField(max_length=500, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=16, blank=True)
    fate = models.CharField(max_length=8, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    excerpt = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["run", "line"], name="award_row_line")]
