"""Asking the index: the newest matches are taken, and the best of them come first.

A common word stands in half of a million posts, and ranking them all takes seconds. So at most `NEWEST` matches of a kind
that has many are ranked, the newest; what is older is found by a narrower question or a period. A match is worth more in a
title, and the more often the words are there in proportion to the length (bm25 without the rarity of words, which is the
same for all matches of a question and costs a pass over all of them).
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.access import Actor, can

from . import marking
from .asking import Question, parse
from .registry import searchables

NEWEST = 1_000
ENOUGH = 20
"""Matches of the whole last word from which on it is not taken as a beginning."""
IN_INDEX = 200
"""Spaces that the index itself leaves out or keeps to; beyond, what it gives is sifted afterwards."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and where."""

    text: str
    kind: str = ""
    space: uuid.UUID | None = None
    identities: Sequence[uuid.UUID] | None = None
    """Who wrote it; None: anyone."""
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    hidden: Sequence[uuid.UUID] = ()
    """Spaces that the actor may not read."""
    shown: Sequence[uuid.UUID] | None = None
    """Or, where those are fewer, the only ones that they may."""


@dataclass(slots=True)
class Result:
    id: int
    kind: str
    object_id: uuid.UUID
    parent_id: uuid.UUID
    space_id: uuid.UUID
    score: int
    more: int = 0
    """Further matches of the same parent."""
    title: str = ""
    excerpt: str = ""
    """Text with what matched between `marking.BEGIN` and `marking.END`."""
    at: datetime.datetime | None = None
    identity_id: uuid.UUID = NO_ID


@dataclass(slots=True)
class Found:
    question: Question
    counts: dict[str, int] = field(default_factory=dict)
    """By kind; conversations count once, however many of their posts match."""
    only_newest: bool = False
    """Whether there were more matches than were ranked."""
    results: list[Result] = field(default_factory=list)
    next: str = ""
    """Where the next page begins."""


def find(actor: Actor, wanted: Wanted, *, after: str = "", size: int = 20) -> Found:
    """What the actor may find: counts by kind, and a page of the wanted kind (or of all), the best first."""
    if actor.membership is None or not actor.membership.is_active:
        # What only members may find lies in a space that nobody else reads: it has the community's own id.
        wanted = replace(wanted, hidden=[*wanted.hidden, actor.community.pk])
    question = parse(wanted.text)
    kinds = [k.kind for k in searchables().values() if can(actor, k.permission)]
    if not question or not kinds:
        return Found(question)
    rows, only_newest = _candidates(actor, wanted, question, kinds)
    if len(rows) < ENOUGH and question.beginning() != question:
        question = question.beginning()
        rows, only_newest = _candidates(actor, wanted, question, kinds)
    best, more = _gathered(rows)
    found = Found(question, dict(Counter(row.kind for row in best)), only_newest)
    chosen = [r for r in best if not wanted.kind or r.kind == wanted.kind]
    if position := _position(after):
        chosen = [r for r in chosen if (-r.score, -r.id) > position]
    found.results = [_result(row, more) for row in chosen[:size]]
    if len(chosen) > size:
        found.next = f"{found.results[-1].score}.{found.results[-1].id}"
    marking.fill(found.results, question)
    return found


class Row(NamedTuple):
    """A match as the database gives it; of a thousand a page shows twenty."""

    id: int
    kind: str
    object_id: Any
    parent_id: Any
    space_id: Any
    score: int


def _result(row: Row, more: dict[Any, int]) -> Result:
    ids = (as_uuid(row.object_id), as_uuid(row.parent_id), as_uuid(row.space_id))
    return Result(row.id, row.kind, *ids, row.score, more.get(row.parent_id, 0))


def _candidates(actor: Actor, wanted: Wanted, question: Question, kinds: list[str]) -> tuple[list[Row], bool]:
    """The newest matches of the kinds that have many, and those of the others; and whether there were more."""
    many = [k for k in kinds if searchables()[k].many]
    few = [k for k in kinds if k not in many]
    if wanted.space or wanted.identities is not None:
        few = []
    parts, params = [], []
    for some in (many, few):
        if some:
            sql, own = _matching(actor, wanted, question, some)
            parts.append(sql)
            params += own
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        rows = [Row(a, b, c, d, e, int(score * 1_000_000)) for a, b, c, d, e, score in cursor.fetchall()]
    return rows, sum(row.kind in many for row in rows) >= NEWEST


def _matching(actor: Actor, wanted: Wanted, question: Question, kinds: list[str]) -> tuple[str, list[Any]]:
    """SQL for the newest matches of these kinds."""
    sql, params = (_on_postgresql if connection.vendor == "postgresql" else _on_sqlite)(actor, wanted, question, kinds)
    conditions, more = _exactly(actor, wanted, kinds)
    return (
        "SELECT d.id, d.kind, d.object_id, d.parent_id, d.space_id, c.score"
        f" FROM ({sql}) c JOIN search_document d ON d.id = c.id WHERE {conditions}",
        [*params, *more],
    )


def _seconds(moment: datetime.datetime) -> int:
    # Ids have 32 bits for it: from 1970 to 2106.
    return min(max(int(moment.timestamp()), 0), 2**32 - 1) << 31


def _period(wanted: Wanted, column: str) -> tuple[str, list[Any]]:
    """Conditions on the ids, whose upper bits are the second."""
    sql, params = "", []
    if wanted.since:
        sql += f" AND {column} >= %s"
        params.append(_seconds(wanted.since))
    if wanted.until:
        sql += f" AND {column} < %s"
        params.append(_seconds(wanted.until))
    return sql, params


def _words(letter: str, ids: Sequence[uuid.UUID]) -> str:
    return " OR ".join(f"{letter}{pk.hex[-12:]}" for pk in ids)


def _on_sqlite(actor: Actor, wanted: Wanted, question: Question, kinds: list[str]) -> tuple[str, list[Any]]:
    scope = ["(" + " OR ".join(f"{kind}{actor.community.pk.hex[-12:]}" for kind in kinds) + ")"]
    unscope = ""
    if wanted.space:
        scope.append(_words("s", [wanted.space]))
    elif wanted.shown is not None and len(wanted.shown) <= IN_INDEX:
        scope.append(f"({_words('s', [NO_ID, *wanted.shown])})")
    elif wanted.hidden and len(wanted.hidden) <= IN_INDEX:
        unscope = f" NOT ({{scope}} : ({_words('s', wanted.hidden)}))"
    if wanted.identities and len(wanted.identities) <= IN_INDEX:
        scope.append(f"({_words('i', wanted.identities)})")
    match = f"(({{scope}} : ({' AND '.join(scope)})) AND ({question.fts5()})){unscope}"
    period, params = _period(wanted, "rowid")
    # What is marked is longer than what is not: by as much as there are matches. FTS5's own bm25() would pass over every
    # entry of each word.
    hits = "(length(highlight(search_index, {n}, char(1), '')) - length({column}))"
    title, body = hits.format(n=0, column="title"), hits.format(n=1, column="body")
    return (
        f"SELECT rowid AS id, 3.0 * {title} / ({title} + 1.2)"
        f" + {body} / ({body} + 1.2 * (0.4 + 0.6 * length(body) / 400.0)) AS score"
        f" FROM search_index WHERE search_index MATCH %s{period} ORDER BY rowid DESC LIMIT {NEWEST}",
        [match, *params],
    )


def _on_postgresql(actor: Actor, wanted: Wanted, question: Question, kinds: list[str]) -> tuple[str, list[Any]]:
    conditions, params = _exactly(actor, wanted, kinds)
    period, more = _period(wanted, "d.id")
    tsquery, words = question.tsquery()
    return (
        "SELECT id, ts_rank('{0.1, 0.2, 0.4, 1.0}', tsv, query, 1) AS score FROM ("
        f"SELECT d.id, d.tsv, q.query FROM search_document d, (SELECT {tsquery} AS query) q"
        f" WHERE d.tsv @@ q.query AND {conditions}{period} ORDER BY d.id DESC LIMIT {NEWEST}) newest",
        [*words, *params, *more],
    )


def _exactly(actor: Actor, wanted: Wanted, kinds: list[str]) -> tuple[str, list[Any]]:
    """Conditions on documents `d` that hold whatever the index says."""
    sql = [f"d.community_id = %s AND d.kind IN ({_marks(kinds)})"]
    params: list[Any] = [key(actor.community.pk), *kinds]
    if wanted.space:
        sql.append("d.space_id = %s")
        params.append(key(wanted.space))
    if wanted.identities is not None:
        sql.append(f"d.identity_id IN ({_marks(wanted.identities) or 'NULL'})")
        params += map(key, wanted.identities)
    if wanted.shown is not None:
        sql.append(f"d.space_id IN ({_marks([NO_ID, *wanted.shown])})")
        params += map(key, [NO_ID, *wanted.shown])
    elif wanted.hidden:
        sql.append(f"d.space_id NOT IN ({_marks(wanted.hidden)})")
        params += map(key, wanted.hidden)
    return " AND ".join(sql), params


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def key(pk: uuid.UUID) -> Any:
    """An id as the database's driver takes it in SQL by hand."""
    return pk if connection.vendor == "postgresql" else pk.hex


def as_uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _gathered(rows: list[Row]) -> tuple[list[Row], dict[Any, int]]:
    """The best first, of each parent the best one only; and how many more each parent has."""
    rows.sort(key=lambda r: (-r.score, -r.id))
    best: list[Row] = []
    more: dict[Any, int] = {}
    nobody = key(NO_ID)
    for row in rows:
        if row.parent_id == nobody:
            best.append(row)
        elif row.parent_id in more:
            more[row.parent_id] += 1
        else:
            more[row.parent_id] = 0
            best.append(row)
    return best, more


def _position(after: str) -> tuple[int, int] | None:
    """Where a page begins; a cursor that is none is the beginning."""
    score, _dot, pk = after.partition(".")
    if score.isdecimal() and pk.isdecimal() and len(after) < 60:
        return -int(score), -int(pk)
    return None
