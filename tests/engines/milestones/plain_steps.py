"""The participation steps of real communities, worked out from their raw files by plain code that shares nothing with Milepost.

python tests/engines/milestones/plain_steps.py slack FILE.zip | git FILE.parquet | zulip FILE.parquet    prints {step: {person: day}}

Days are UTC days. A person is whoever the source names: a Slack user, a sender's number, a name with a mail's digest.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

Steps = dict[str, dict[str, date]]


@dataclass(frozen=True)
class Deed:
    who: str
    day: date
    starts: bool = False
    """It began a conversation."""
    to: str = ""
    """Whom it answered."""


def slack(path: Path) -> list[Deed]:
    with zipfile.ZipFile(path) as archive:
        channels = sorted(n for n in archive.namelist() if re.search(r"/\d{4}-\d\d-\d\d\.json$", n))
        said = [(name.split("/")[0], message) for name in channels for message in json.loads(archive.read(name))]
    said = [(channel, m) for channel, m in said if m.get("subtype") != "channel_join" and m.get("user")]
    author = {(channel, m["ts"]): m["user"] for channel, m in said}
    deeds = []
    for channel, m in said:
        root = m.get("thread_ts")
        answer = root is not None and root != m["ts"]
        to = author.get((channel, root), "") if answer else ""
        deeds.append(Deed(m["user"], datetime.fromtimestamp(float(m["ts"]), UTC).date(), starts=not answer, to=to))
    return deeds


def zulip(path: Path) -> list[Deed]:
    import pyarrow.parquet as parquet

    names = ["message_id", "ts", "sender_id", "stream", "topic"]
    table = parquet.read_table(path, columns=names).to_pydict()
    began: dict[tuple[str, str], str] = {}
    seen: set[int] = set()
    deeds = []
    for key, at, sender, stream, topic in zip(*(table[name] for name in names), strict=True):
        if key in seen:
            continue
        seen.add(key)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        first = began.get((stream, topic))
        began.setdefault((stream, topic), str(sender))
        deeds.append(Deed(str(sender), at.astimezone(UTC).date(), starts=first is None, to=first or ""))
    return deeds


def git(path: Path) -> list[Deed]:
    import pyarrow.parquet as parquet

    return [
        Deed(
            f"{r['raw_name']}|{r['raw_email_hashed']}",
            datetime.fromisoformat(r["author_time_local"]).astimezone(UTC).date(),
        )
        for r in parquet.read_table(path).to_pylist()
    ]


def steps(deeds: list[Deed], today: date) -> Steps:
    """By step: each person who took it, and the first day on which they had."""
    days: dict[str, set[date]] = defaultdict(set)
    starts: dict[str, list[date]] = defaultdict(list)
    received: dict[str, list[date]] = defaultdict(list)
    answered: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for deed in deeds:
        days[deed.who].add(deed.day)
        if deed.starts:
            starts[deed.who].append(deed.day)
        elif deed.to and deed.to != deed.who:
            received[deed.to].append(deed.day)
            answered[deed.who].append((deed.day, deed.to))
    first = {who: min(theirs) for who, theirs in days.items()}
    found: Steps = defaultdict(dict)
    for who, theirs in days.items():
        for step, day in _of_days(sorted(theirs), today).items():
            found[step][who] = day
    found["first-conversation"] = {who: min(theirs) for who, theirs in starts.items()}
    found["first-answer-received"] = {who: min(theirs) for who, theirs in received.items()}
    for who, given in answered.items():
        newly = [
            (day, to)
            for day, to in given
            if first.get(to, date.max) <= day <= first.get(to, date.min) + timedelta(days=30)
        ]
        for step, rows, people in (
            ("first-answer-given", given, 1), ("answered-five-people", given, 5), ("helped-five-newcomers", newly, 5),
        ):  # fmt: skip
            met: dict[str, date] = {}
            for day, to in sorted(rows):
                met.setdefault(to, day)
            if len(met) >= people:
                found[step][who] = sorted(met.values())[people - 1]
    return found


def _of_days(theirs: list[date], today: date) -> dict[str, date]:
    """The steps of one person that follow from the days on which they took part, oldest first."""
    found = {"first-day": theirs[0]}
    for step, n in (("came-again", 2), ("ten-days", 10), ("fifty-days", 50)):
        if len(theirs) >= n:
            found[step] = theirs[n - 1]
    run, last_week = 0, -2
    for day in theirs:
        week = (day.toordinal() - 1) // 7
        if week != last_week:
            run = run + 1 if week == last_week + 1 else 1
            last_week = week
            for step, n in (("four-weeks-in-a-row", 4), ("twelve-weeks-in-a-row", 12)):
                if run >= n:
                    found.setdefault(step, day)
    for before, day in itertools.pairwise(theirs):
        if (day - before).days > 90:
            found.setdefault("came-back-after-a-pause", day)
    year = theirs[0] + timedelta(days=365)
    if year <= today:
        found["a-year-with-us"] = year
        # On the first day from then on with something in the thirty days up to it.
        for day in theirs:
            if day + timedelta(days=29) >= year:
                found["still-taking-part-after-a-year"] = max(day, year)
                break
    return found


SOURCES = {"slack": slack, "zulip": zulip, "git": git}

if __name__ == "__main__":
    worked_out = steps(SOURCES[sys.argv[1]](Path(sys.argv[2])), datetime.now(UTC).date())
    json.dump(worked_out, sys.stdout, default=str, indent=1)
