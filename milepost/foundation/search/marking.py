"""What is shown of a result: its title and a piece of its text with the matches marked. For the few on the page only."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from .asking import Question

if TYPE_CHECKING:
    from .finding import Result

BEGIN, END = "\x02", "\x03"
WORDS = 26
"""Of an excerpt."""


def fill(results: list[Result], question: Question) -> None:
    """Give the results their title, excerpt, time and writer."""
    if not results:
        return
    ids = [r.id for r in results]
    sql, params = (_on_postgresql if connection.vendor == "postgresql" else _on_sqlite)(question, ids)
    marks = ", ".join(["%s"] * len(results))
    with connection.cursor() as cursor:
        cursor.execute(sql.format(ids=marks), [*params, *ids])
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    from .finding import as_uuid

    for result in results:
        if row := rows.get(result.id):
            result.title, result.excerpt, result.identity_id = row[0], row[1], as_uuid(row[2])
            result.at = _moment(row[3])


def _moment(value: datetime.datetime) -> datetime.datetime:
    # SQLite keeps moments in UTC and does not say so.
    return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def _on_sqlite(question: Question, ids: list[int]) -> tuple[str, list[Any]]:
    return (
        "SELECT d.id, highlight(search_index, 0, char(2), char(3)),"
        f" snippet(search_index, 1, char(2), char(3), '…', {WORDS}), d.identity_id, d.at"
        " FROM search_index JOIN search_document d ON d.id = search_index.rowid"
        # One pass over the matches from the first to the last; asked for each row, a beginning is looked up each time.
        " WHERE search_index MATCH %s AND search_index.rowid BETWEEN %s AND %s AND +search_index.rowid IN ({ids})",
        [question.fts5(), min(ids), max(ids)],
    )


def _on_postgresql(question: Question, ids: list[int]) -> tuple[str, list[Any]]:
    tsquery, words = question.tsquery()
    options = f"StartSel={BEGIN}, StopSel={END}"
    return (
        "SELECT d.id, ts_headline('milepost', d.title, q.query, %s), ts_headline('milepost', d.body, q.query, %s),"
        f" d.identity_id, d.at FROM search_document d, (SELECT {tsquery} AS query) q WHERE d.id IN ({{ids}})",
        [
            f"{options}, HighlightAll=true",
            f"{options}, MaxWords={WORDS}, MinWords={WORDS // 2}, MaxFragments=1",
            *words,
        ],
    )
