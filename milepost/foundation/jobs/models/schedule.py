from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock

from ..querysets import ScheduleQuerySet
from ..registry import find, schedule_of


class Schedule(models.Model):
    """When one repeating job is due next. Rows are made from the code (`@every`) when a worker starts."""

    name = models.CharField(_("job"), max_length=200, unique=True)
    rhythm = models.CharField(_("rhythm"), max_length=60, help_text=_("As declared in the code."))
    last_run_at = models.DateTimeField(_("last run at"), null=True)
    next_run_at = models.DateTimeField(_("next run at"))
    paused_at = models.DateTimeField(_("paused at"), null=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["next_run_at"]
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")

    def __str__(self) -> str:
        return f"{self.title} ({self.rhythm})"

    @property
    def title(self) -> str:
        declared = find(self.name)
        return str(declared.label) if declared else self.name

    def pause(self) -> None:
        """No further occurrence until `resume`. Pausing twice keeps the first moment."""
        Schedule.objects.active().filter(pk=self.pk).update(paused_at=clock.now())
        self.refresh_from_db()

    def resume(self) -> None:
        """Go on with the next occurrence from now; what fell into the pause is not made up for."""
        rhythm = schedule_of(self.name)
        following = rhythm.first_after(clock.now()) if rhythm else self.next_run_at
        Schedule.objects.filter(pk=self.pk, paused_at__isnull=False).update(paused_at=None, next_run_at=following)
        self.refresh_from_db()
