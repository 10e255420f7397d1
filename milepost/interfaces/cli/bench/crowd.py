"""A large community made inside the database: members, and the roll-up of what they did over three years.

Who did something is drawn by Zipf's law (the n-th member does an n-th of what the first does), the day evenly. Only the roll-up
is written, since that is what rules are asked of; new activities are written to the log as anywhere else.
"""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .grounds import Ground

DAYS = 1_095
VERBS = (
    ("reply.posted", 45), ("reaction.given", 25), ("thread.started", 12), ("event.attended", 8), ("resource.finished", 5),
    ("contribution.made", 5),
)  # fmt: skip
AT_ONCE = 2_000_000
"""Activities drawn by one statement."""


def _is_sqlite() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"


def ident(kind: int, n: str) -> str:
    """SQL for the id of the `n`-th row of a kind: the number itself."""
    if _is_sqlite():
        return f"printf('%08x%024x', {kind}, {n})"
    return f"(lpad(to_hex({kind}), 8, '0') || lpad(to_hex({n}), 24, '0'))::uuid"


def as_key(kind: int, n: int) -> str:
    return f"{kind:08x}{n:024x}"


PERSON, IDENTITY, MEMBERSHIP = 1, 2, 3


def bring(site: Ground, members: int, activities: int, keep: Path | None) -> None:
    """Lay a crowd that was kept in `keep` into a site on SQLite, or make it and keep it there; without a folder, nothing.

    Its days count back from today, so it is kept for a day.
    """
    if keep is None or site.database != "sqlite":
        return
    kept = keep / f"crowd-{members}-{activities}-{datetime.now(tz=UTC).date()}.sqlite3"
    own = site.home / "milepost.sqlite3"
    there = kept.exists()
    if there:
        shutil.copyfile(kept, own)
    # One that was kept gets the migrations that came meanwhile.
    site.run("crowd", members=members, activities=activities)
    if not there:
        keep.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(own)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(own, kept)


def make(members: int, activities: int) -> str:
    """In a process of its own: a crowd in a site, if there is none yet."""
    from ..site import prepare, start

    start()
    prepare()
    return str(build(members, activities).slug)


def build(members: int, activities: int) -> Any:
    """Returns the community."""
    from django.db import connection

    from milepost.foundation.common.bulk import learn_statistics
    from milepost.foundation.identity.models import Community

    if made := Community.objects.filter(slug="crowd").first():
        return made
    community = Community.objects.create(slug="crowd", name="A crowd")
    with connection.cursor() as cursor:
        _people(cursor, community, members)
        _deeds(cursor, community, members, activities)
    learn_statistics(
        "activity_memberday", "activity_memberobjectday", "identity_person", "identity_membership", "identity_identity"
    )
    return community


def numbers(count: int) -> str:
    """SQL for a table `s` of the numbers from 1."""
    if _is_sqlite():
        return f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) s"
    return f"generate_series(1, {count}) AS s(n)"


def _people(cursor: Any, community: Any, members: int) -> None:
    own = f"'{community.pk.hex}'" if _is_sqlite() else f"'{community.pk}'::uuid"
    then = "'2020-01-01 12:00:00'" if _is_sqlite() else "'2020-01-01 12:00:00+00'::timestamptz"
    no, empty = ("0", "'{}'") if _is_sqlite() else ("false", "'{}'::jsonb")
    person, identity, membership = (ident(kind, "n") for kind in (PERSON, IDENTITY, MEMBERSHIP))
    name = "'Member ' || n"
    for start in range(0, members, 200_000):
        count = min(200_000, members - start)
        rows = f"(SELECT n + {start} AS n FROM {numbers(count)}) t"
        cursor.execute(
            "INSERT INTO identity_person (id, community_id, kind, name, handle, created_at)"
            f" SELECT {person}, {own}, 'human', {name}, '', {then} FROM {rows}"
        )
        cursor.execute(
            "INSERT INTO identity_identity (id, community_id, person_id, source, source_key, name, handle, mail, is_bot, attributes,"
            f" created_at) SELECT {identity}, {own}, {person}, 'crowd', 'c' || n, {name}, '', '', {no}, {empty}, {then} FROM {rows}"
        )
        cursor.execute(
            "INSERT INTO identity_membership (id, community_id, person_id, role, audience, joined_at, came_from)"
            f" SELECT {membership}, {own}, {person}, 'member', 'member', {then}, '' FROM {rows}"
        )


def _deeds(cursor: Any, community: Any, members: int, activities: int) -> None:
    """Drawn in pieces, counted together once."""
    own = f"'{community.pk.hex}'" if _is_sqlite() else f"'{community.pk}'::uuid"
    cursor.execute("CREATE TEMP TABLE crowd_drawn (n bigint, verb int, day int)")
    if _is_sqlite():
        draw = random.Random(7)
        from django.db import connection

        connection.connection.create_function("crowd_draw", 0, draw.random)
        chance, power = "crowd_draw()", "exp"
        connection.connection.create_function("exp", 1, math.exp, deterministic=True)
    else:
        cursor.execute("SELECT setseed(0.7)")
        chance, power = "random()", "exp"
    for start in range(0, activities, AT_ONCE):
        count = min(AT_ONCE, activities - start)
        cursor.execute(
            f"INSERT INTO crowd_drawn SELECT CAST({power}({chance} * {math.log(members)}) AS bigint),"
            f" CAST({chance} * 100 AS int), CAST({chance} * {DAYS} AS int) FROM {numbers(count)}"
        )
    verb, top = "CASE", 0
    for name, share in VERBS:
        top += share
        verb += f" WHEN verb < {top} THEN '{name}'"
    verb += f" ELSE '{VERBS[0][0]}' END"
    day = f"date('now', '-' || ({DAYS} - day) || ' days')" if _is_sqlite() else f"(current_date - ({DAYS} - day))"
    cursor.execute(
        "INSERT INTO activity_memberday (person_id, verb, day, community_id, count, quantity)"
        f" SELECT {ident(PERSON, 'n')}, {verb} AS v, {day} AS d, {own}, COUNT(*), 0 FROM crowd_drawn GROUP BY n, v, d ORDER BY n, v, d"
    )
    cursor.execute("DROP TABLE crowd_drawn")


def more(community: Any, members: int, count: int, seed: int) -> None:
    """New activities of this moment, in the log, as imports write them."""
    import uuid

    from django.db import transaction

    from milepost.foundation.activity.epochs import current_epoch
    from milepost.foundation.activity.recording import record_many
    from milepost.foundation.common import clock
    from milepost.foundation.common.ids import NO_ID, new_id

    draw, now = random.Random(seed), clock.now()
    verbs = [name for name, share in VERBS for _ in range(share)]
    people = [int(math.exp(draw.random() * math.log(members))) for _ in range(count)]
    epoch = current_epoch()
    with transaction.atomic():
        record_many(
            [
                (
                    epoch, community.pk, uuid.UUID(as_key(IDENTITY, n)), draw.choice(verbs), "thread", new_id(), NO_ID,
                    uuid.UUID(as_key(IDENTITY, draw.randrange(1, members + 1))), None, now, now, "milepost", None, {}, False,
                )
                for n in people
            ]
        )  # fmt: skip
