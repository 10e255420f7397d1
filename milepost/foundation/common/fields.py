"""Model fields and columns that every app uses."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from .ids import new_id


class IdModel(models.Model):
    """A row with a public id (UUIDv7)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


def json_list(**options: Any) -> models.JSONField[Any, Any]:
    return models.JSONField(default=list, blank=True, **options)


def json_dict(**options: Any) -> models.JSONField[Any, Any]:
    return models.JSONField(default=dict, blank=True, **options)
