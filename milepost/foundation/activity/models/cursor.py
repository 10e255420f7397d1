from __future__ import annotations

from django.db import models


class ReaderCursor(models.Model):
    """How far a reader has followed the log: the position of the last activity that took effect in it."""

    reader = models.CharField(max_length=60, primary_key=True)
    epoch = models.PositiveSmallIntegerField(default=0)
    xid = models.BigIntegerField(default=0)
    activity_id = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(auto_now=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.reader

    @property
    def position(self) -> tuple[int, int, int]:
        return (self.epoch, self.xid, self.activity_id)
