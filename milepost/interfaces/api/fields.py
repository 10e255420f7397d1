"""Types of fields and parameters that several operations take."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Annotated, Any

from django.db.models import Q
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _moment(value: Any) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError(_("Write a moment with its offset, as in 2026-05-01T18:30:00Z."))
    try:
        # In UTC, so that a moment at the edge of the calendar fails here and not in the database.
        return datetime.datetime.fromisoformat(value.upper()).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise ValueError(_("There is no such moment.")) from None


Moment = Annotated[
    datetime.datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]


def slug_or_id(word: str) -> Q:
    """Whatever has this slug, or this id: slugs in other scripts than ours fit into no address here."""
    try:
        return Q(pk=uuid.UUID(word)) | Q(slug=word)
    except ValueError:
        return Q(slug=word)


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.:-]*$", max_length=40)]
