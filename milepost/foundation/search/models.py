from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community


class SearchDocument(models.Model):
    """Something that can be found, as it is now. Made by the `search` reader, never by hand.

    `id` rises with `at`: its upper bits are the second, so that the index itself gives the newest first. `parent_id` is what
    results are gathered by (a post's thread), `identity_id` who wrote it.
    """

    # Given, not counted; on SQLite this kind of key is the row's own place.
    id = models.BigAutoField(primary_key=True)
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    object_id = models.UUIDField()
    parent_id = models.UUIDField(default=NO_ID)
    space_id = models.UUIDField(default=NO_ID)
    identity_id = models.UUIDField(default=NO_ID)
    title = models.TextField(blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "search_document"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["object_id", "kind"], name="search_document_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"
