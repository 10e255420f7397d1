from __future__ import annotations

from django.db import connection

from milepost.foundation.activity.following import Batch, Projection, reader

from . import schema
from .indexing import refresh
from .registry import searchables


@reader
class Search(Projection):
    """Keeps the documents of whatever the log says has changed, as the rows are now."""

    name = "search"
    largest = 5_000

    def apply(self, batch: Batch) -> None:
        where, params = batch.where()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT a.verb FROM activity_activity a WHERE {where}", params)
            told = {row[0] for row in cursor.fetchall()}
        for one in searchables().values():
            for verbs, ids in one.touched.items():
                present = sorted(told & set(verbs))
                if present:
                    marks = ", ".join(["%s"] * len(present))
                    bounds = f"{where} AND a.verb IN ({marks})"
                    # Some ask twice, as what was done and as what it was done to.
                    times = ids.count("{where}")
                    refresh(one, ids.replace("{where}", bounds), [*params, *present] * times)

    def reset(self) -> None:
        schema.empty(connection)
