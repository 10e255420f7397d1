from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Person


class AuditEntry(IdModel):
    """One thing a steward did: who, what, to which object, and what it changed. Never changed, never deleted by the site."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="audit_entries")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="audit_entries")
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=24, blank=True)
    object_id = models.UUIDField(default=NO_ID)
    object_name = models.CharField(max_length=200, blank=True)
    changes = json_dict()
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "-at"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}".strip()


def trace(
    action: str,
    *,
    community: Community,
    by: Person | None,
    obj: Any = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write one entry, in the transaction of the change. `action` is noun.past_tense; `changes` {field: [before, after]}.

    `by` None stands for the command line or the system.
    """
    return AuditEntry.objects.create(
        community=community,
        person=by,
        action=action,
        object_kind=obj._meta.model_name if obj is not None else "",
        object_id=obj.pk if obj is not None and isinstance(obj.pk, uuid.UUID) else NO_ID,
        object_name=str(obj)[:200] if obj is not None else "",
        changes=changes or {},
        reason=reason,
    )
