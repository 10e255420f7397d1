"""What helps in the demo community, and where a hand is needed: from `content/resources.md` and `opportunities.toml`.

Writers, raters and helpers act through the domain, with the clock set to the moment. Who finished something is written
set-based, with the same values.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.resources.drafting import Draft, LessonDraft, Serving
from milepost.domain.resources.models import Completion, LessonDone, Resource
from milepost.domain.work.models import Opportunity
from milepost.domain.work.models.opportunity import Asked
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person

from . import records
from .company import chance, person_key
from .weeks import Weeks, at, evening

SEED = 7
OTHERS = 0.09
"""Share of those present who used something although it isn't about their next milestone."""
BEFORE = 0.6
"""Share of those who later reached a milestone that used something for it before."""
_WORDS = ("goals", "values", "milestones", "tags")


class Loaded(Protocol):
    """What is there by then."""

    demo: records.DemoCommunity
    community: Community
    people: dict[str, Person]
    values: dict[str, Value]
    goals: dict[str, Goal]
    milestones: dict[str, Milestone]

    def _note(self, verb: str, who: str, at: datetime.datetime, key: str, **more: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """One resource as it stands in the file. `lessons`: (title, minutes, text). `said`: (handle, stars, words)."""

    title: str
    notes: Mapping[str, str]
    text: str
    lessons: tuple[tuple[str, int, str], ...]
    said: tuple[tuple[str, int, str], ...]

    def names(self, note: str) -> list[str]:
        return [word.strip() for word in self.notes.get(note, "").split(",") if word.strip()]


def _read(name: str) -> str:
    return files(__package__ or "").joinpath("content", name).read_text(encoding="utf-8")


def written() -> Iterator[Written]:
    """`resources.md`, in its order."""
    for block in re.split(r"^# ", _read("resources.md"), flags=re.MULTILINE)[1:]:
        title, *lines = block.strip().splitlines()
        blank = lines.index("")
        notes = {key.strip(): value.strip() for key, _colon, value in (line.partition(":") for line in lines[:blank])}
        said = tuple(_said(line) for line in lines[blank:] if line.startswith("* "))
        body = "\n".join(line for line in lines[blank:] if not line.startswith("* ")).strip()
        intro, *parts = re.split(r"^## ", body, flags=re.MULTILINE)
        course = notes["kind"] == "course"
        yield Written(
            title, notes, intro.strip() if course else body, tuple(map(_lesson, parts)) if course else (), said
        )


def _said(line: str) -> tuple[str, int, str]:
    handle, stars, words = (part.strip() for part in line.removeprefix("* ").split("|", 2))
    return handle, int(stars), words


def _lesson(block: str) -> tuple[str, int, str]:
    head, _newline, text = block.partition("\n")
    title, _bar, minutes = head.partition("|")
    return title.strip(), int(minutes), text.strip()


def load(to: Loaded) -> None:
    """Write the resources and who used them, and the opportunities, into the demo community."""
    weeks = Weeks.until(to.demo.now, to.community.time_zone)
    present = {record.key: record for record in to.demo.people if record.kind == "human"}
    for one in written():
        _resource(to, one, weeks, present)
    for given in tomllib.loads(_read("opportunities.toml"))["opportunities"]:
        _opportunity(to, given)


def _resource(to: Loaded, one: Written, weeks: Weeks, present: Mapping[str, records.Person]) -> None:
    notes, community = one.notes, to.community
    authors = [to.people[person_key(handle)] for handle in one.names("by")]
    week = int(notes["week"])
    moment = min(at(weeks.day(week, 6), datetime.time(19), weeks.zone), to.demo.now - datetime.timedelta(days=2))
    file = ContentFile(_read(notes["file"]).encode(), name=notes["file"]) if "file" in notes else None
    draft = Draft(
        kind=notes["kind"],
        title=one.title,
        summary=notes["summary"],
        minutes=int(notes["minutes"]) if "minutes" in notes else None,
        text=one.text,
        url=notes.get("url", ""),
        file=file,
        lessons=[LessonDraft(title, text, minutes) for title, minutes, text in one.lessons],
    )
    serving = Serving(
        access=notes.get("access", "members"),
        credit=notes.get("credit", ""),
        tags=one.names("tags"),
        milestones=[to.milestones[slug] for slug in one.names("milestones")],
        goals=[to.goals[slug] for slug in one.names("goals")],
        values=[to.values[slug] for slug in one.names("values")],
        authors=authors,
    )
    with clock.moved(moment):
        made = Resource.propose(community=community, by=authors[0], draft=draft, serving=serving)
    if "waits" in notes:
        return
    published = moment + datetime.timedelta(days=1)
    with clock.moved(published):
        made.publish(by=next(to.people[p.key] for p in to.demo.people if p.role == "owner"))
    _used(to, made, one, published, present)


def _used(
    to: Loaded, made: Resource, one: Written, since: datetime.datetime, present: Mapping[str, records.Person]
) -> None:
    """Those who said something of it, those who reached its milestone afterwards (most of them), and some others."""
    rng = chance(SEED, "resource", made.slug)
    raters = {person_key(handle): (stars, words) for handle, stars, words in one.said}
    moments = {key: _day(rng, present[key], since, to.demo.now) for key in raters}
    stones = {f"{stone.slug}" for stone in made.milestones.all()}
    for reached in to.demo.life_milestones:
        day = datetime.datetime.combine(reached.reached_on, datetime.time(20), datetime.UTC)
        if reached.milestone in stones and reached.person in present and day > since and rng.random() < BEFORE:
            before = day - datetime.timedelta(days=rng.randrange(3, 55), minutes=rng.randrange(90))
            moments.setdefault(reached.person, max(before, since + datetime.timedelta(hours=rng.randrange(2, 40))))
    for key, record in present.items():
        if rng.random() < OTHERS:
            moments.setdefault(key, _day(rng, record, since, to.demo.now))
    authors = {f"person:{handle}" for handle in one.names("by")}
    there = {
        key: moment
        for key, moment in moments.items()
        if moment is not None and key not in authors and present[key].here(moment) and moment < to.demo.now
    }
    _finished(to, made, there)
    for key, (stars, words) in raters.items():
        # Who has left since used it then, and can say nothing any more.
        if key in there and present[key].left_at is None:
            with clock.moved(there[key] + datetime.timedelta(minutes=20)):
                made.rate(by=to.people[key], stars=stars, comment=words)


def _day(
    rng: Random, record: records.Person, since: datetime.datetime, now: datetime.datetime
) -> datetime.datetime | None:
    """Some evening on which they were here and it was there; mostly in the first weeks."""
    first = max(since, record.joined_at) + datetime.timedelta(days=1)
    last = min(now, record.left_at or now) - datetime.timedelta(days=1)
    if first >= last:
        return None
    days = min(int(rng.expovariate(1 / 40)), (last - first).days)
    moment = evening(rng, (first + datetime.timedelta(days=days)).date(), ZoneInfo(record.time_zone))
    return min(max(moment, first), last)


def _finished(to: Loaded, made: Resource, moments: Mapping[str, datetime.datetime]) -> None:
    version = made.version_in_force()
    assert version is not None
    done, lessons = [], []
    for key, moment in moments.items():
        completion = Completion(
            community=to.community, resource=made, person=to.people[key], number=version.number, finished_at=moment
        )
        done.append(completion)
        to._note(
            "resource.finished", key, moment, f"resource.finished:{completion.pk}", kind="resource", object_id=made.pk
        )
        for n, lesson in enumerate(reversed(version.lessons)):
            step = LessonDone(
                community=to.community,
                resource=made,
                person=to.people[key],
                lesson=lesson["id"],
                at=max(moment - datetime.timedelta(days=6 * n), made.published_at or moment),
            )
            lessons.append(step)
            to._note("lesson.finished", key, step.at, f"lesson.finished:{step.pk}", kind="resource", object_id=made.pk)
    Completion.objects.bulk_create(done)
    LessonDone.objects.bulk_create(lessons)


# --- a hand -------------------------------------------------------------------------------------------


def _opportunity(to: Loaded, given: dict[str, Any]) -> None:
    now, by = to.demo.now, to.people[person_key(given["by"])]
    today = clock.local_day(now, to.community.time_zone)
    done = given.get("done", ())
    oldest = max((one["weeks"] for one in done), default=0)
    asked_at = now - datetime.timedelta(days=7 * oldest + 5, hours=3)
    asked = Asked(
        title=given["title"],
        text=given["text"],
        effort=given["effort"],
        needed=given["needed"] or None,
        until=today + datetime.timedelta(days=given["days"]) if given["days"] else None,
        skills=given.get("skills", ()),
        goal=to.goals.get(given.get("goal", "")),
        milestone=to.milestones.get(given.get("milestone", "")),
    )
    with clock.moved(asked_at):
        made = Opportunity.ask(community=to.community, by=by, asked=asked)
    for one in done:
        person, moment = to.people[person_key(one["who"])], now - datetime.timedelta(weeks=one["weeks"], hours=5)
        with clock.moved(moment - datetime.timedelta(days=2)):
            commitment = made.take(by=person)
        with clock.moved(moment):
            commitment.finish(by=person, minutes=one["minutes"], words=one["words"])
    for n, handle in enumerate(given.get("taken", ())):
        with clock.moved(now - datetime.timedelta(days=3 + n, hours=2)):
            made.take(by=to.people[person_key(handle)])
    if given.get("closed"):
        with clock.moved(now - datetime.timedelta(days=8)):
            made.close(by=by)
