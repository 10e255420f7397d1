"""Lists in pages: a cursor is the sort key of the last row seen, so that new rows neither shift nor repeat anything."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query

from .problems import Problem
from .routing import Told

Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page")]
Cursor = Annotated[str, Query(max_length=600, description="Where the page begins: from `next` of the page before")]


class Page[T](Told):
    """A page of rows, and the address of the next one (null on the last)."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of a list, the last of them unique. With `falling`, the highest come first."""

    name: str
    keys: tuple[str, ...]
    falling: bool = False

    def page(
        self,
        request: HttpRequest,
        rows: QuerySet[Any, Any],
        *,
        cursor: str,
        limit: int,
        tell: Callable[[Sequence[Any]], list[Any]],
    ) -> dict[str, Any]:
        """One page as `Page`; `tell` turns its rows into answers. Rows are model instances."""
        sign = "-" if self.falling else ""
        rows = rows.order_by(*(sign + key for key in self.keys))
        if cursor:
            rows = rows.filter(self._beyond(read(self.name, cursor, len(self.keys))))
        found = list(rows[: limit + 1])
        more = len(found) > limit
        found = found[:limit]
        following = address(request, write(self.name, [_value(found[-1], k) for k in self.keys])) if more else None
        return {"items": tell(found), "next": following}

    def _beyond(self, last: list[Any]) -> Q:
        """Rows after the one with these keys. The outer bound on the first key is what an index can use."""
        beyond = "lt" if self.falling else "gt"
        condition = Q(pk__in=[])
        for n, key in enumerate(self.keys):
            equal = dict(zip(self.keys[:n], last, strict=False))
            condition |= Q(**equal, **{f"{key}__{beyond}": last[n]})
        return Q(**{f"{self.keys[0]}__{beyond}e": last[0]}) & condition


def _value(row: Model, key: str) -> Any:
    return getattr(row, key)


def address(request: HttpRequest, cursor: str) -> str:
    """This list's address with another cursor."""
    query = request.GET.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def write(name: str, keys: list[Any]) -> str:
    """An opaque, signed cursor, good for the list of this name only."""
    return signing.dumps([_plain(key) for key in keys], salt=f"milepost.api.{name}", compress=True)


def read(name: str, cursor: str, count: int) -> list[Any]:
    """The keys in a cursor, or a Problem that says that it is none of ours."""
    try:
        found = signing.loads(cursor, salt=f"milepost.api.{name}")
    except signing.BadSignature:
        found = None
    if not isinstance(found, list) or len(found) != count:
        detail = _("This is no cursor of this list. Take the whole address from `next`.")
        raise Problem("invalid", errors=[{"where": "query", "pointer": "cursor", "detail": detail}])
    return [_typed(key) for key in found]


def _plain(key: Any) -> Any:
    if isinstance(key, datetime.datetime):
        return {"at": key.isoformat()}
    return {"id": key.hex} if isinstance(key, uuid.UUID) else key


def _typed(key: Any) -> Any:
    if isinstance(key, dict):
        return datetime.datetime.fromisoformat(key["at"]) if "at" in key else uuid.UUID(key["id"])
    return key
