"""What can be found: each app says so for its own rows, in `searching.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

COLUMNS = ("community_id", "object_id", "parent_id", "space_id", "identity_id", "title", "body", "at")
"""What the rows of a kind have, in this order."""
LONGEST = 20_000
"""Characters of a body that can be found."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """A kind of thing that can be found."""

    kind: str
    label: str | Promise
    """Of many: "Conversations"."""
    permission: str
    """Whoever lacks it finds none of them. What is in spaces is checked besides."""
    rows: Callable[[], QuerySet[Any, Any]]
    """Everything that can be found now, as `values_list` in the order of COLUMNS; `object_id` is the primary key `pk`."""
    touched: Mapping[tuple[str, ...], str]
    """By verbs: SQL for the ids of the rows that an activity tells of. `a` is the activity; {where} holds it to the batch."""
    many: bool = False
    """Whether there are so many that only the newest matches are ranked."""


_kinds: dict[str, Searchable] = {}
_found = False


def searchable(
    kind: str,
    label: str | Promise,
    *,
    permission: str,
    rows: Callable[[], QuerySet[Any, Any]],
    touched: Mapping[tuple[str, ...], str],
    many: bool = False,
) -> None:
    """Register a kind; the same one twice is an error."""
    if kind in _kinds:
        raise ValueError(f"{kind} can be found already")
    _kinds[kind] = Searchable(kind, label, permission, rows, touched, many)


def searchables() -> dict[str, Searchable]:
    global _found
    if not _found:
        _found = True
        autodiscover_modules("searching")
    return _kinds


def id_in_data(key: str, activity: str = "a") -> str:
    """SQL for the id that an activity's data holds under `key`."""
    if connection.vendor == "postgresql":
        return f"({activity}.data->>'{key}')::uuid"
    return f"replace(json_extract({activity}.data, '$.{key}'), '-', '')"
