"""From a file to awards: looked at first, then kept. Twice changes nothing; nothing of it is announced."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.engines.milestones import bearings, celebrating
from milepost.engines.milestones.bringing import Brought, Fate, bring_in, foretell
from milepost.engines.milestones.models.award import EVIDENCE, noon
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.conditions.problems import instead
from milepost.foundation.identity.models import Community, Person
from milepost.outward.connectors.models import AwardImport, AwardRow
from milepost.outward.connectors.sources.times import finds_day_first, parse_time

from .matching import SURE, match
from .reading import Line, read

TAKE, LEAVE = "take", "leave"
AT_ONCE = 500
"""Lines that are looked at, written, or taken together: a short transaction."""
SAMPLES = 2_000
"""Lines from which it is seen whether the day or the month comes first."""
KEPT = timedelta(days=180)
"""How long the lines of a file wait for somebody to say who is meant."""
_SLASHED = re.compile(r"\s*(\d{1,2})([/-])(\d{1,2})\2\d{2,4}\b")
_NUMBER = re.compile(r"-?\d+([.,]\d+)?\Z")
_WEB = URLValidator(schemes=["http", "https"])


@dataclass(slots=True)
class Seen:
    """A line, and what it means here. Without a `problem` it has a milestone and a day; without a person nobody is known by it."""

    line: int
    who: str = ""
    milestone: Milestone | None = None
    occurrence: str = ""
    reached_on: datetime.date | None = None
    note: str = ""
    link: str = ""
    person: uuid.UUID | None = None
    reason: str = ""
    fate: str = ""
    problem: str = ""
    excerpt: str = ""


def look(community: Community, file: BinaryIO, file_name: str) -> Iterator[list[Seen]]:
    """What each line of the file would come to, some hundred at a time. Changes nothing.

    Raises ConnectorError where the file is no table of awards.
    """
    return _Looking(community, file, file_name).all()


class _Looking:
    def __init__(self, community: Community, file: BinaryIO, file_name: str) -> None:
        self.community, self.file, self.name = community, file, file_name
        self.zone, self.today = ZoneInfo(community.time_zone), clock.today(community.time_zone)
        self.milestones: dict[str, Milestone] = {}
        for one in Milestone.objects.adopted().filter(community=community):
            self.milestones.setdefault(one.name.casefold(), one)
        # An address is surer than a name.
        self.milestones |= {m.slug: m for m in self.milestones.values()}
        self.day_first: bool | None = None
        self.unknown: dict[str, str] = {}
        """What is said of each milestone that is not there: worked out once, however many lines name it."""
        self.told: set[int] = set()
        """Marks of what was seen to be new above, so that a second line is not counted as new too."""

    def all(self) -> Iterator[list[Seen]]:
        samples = [line.reached_on for line in itertools.islice(read(self.file), SAMPLES)]
        self.day_first = finds_day_first(samples)
        for lines in itertools.batched(read(self.file), AT_ONCE):
            yield self._look(lines)

    def _look(self, lines: Sequence[Line]) -> list[Seen]:
        seen = [self._mean(line) for line in lines]
        good = [one for one in seen if not one.problem]
        people = match(self.community, (one.who for one in good))
        for one in good:
            found = people[one.who]
            one.person, one.reason = found.person, found.reason
            if one.reason == "erased":
                one.who = one.excerpt = one.note = one.link = ""
        known = [one for one in good if one.person is not None]
        for one, fate in zip(known, foretell([_brought(one, self.name) for one in known]), strict=True):
            one.fate = fate
            if fate is Fate.NEW and one.reason in SURE:
                assert one.milestone is not None
                mark = hash((one.person, one.milestone.pk, one.occurrence))
                one.fate = Fate.SAME if mark in self.told else Fate.NEW
                self.told.add(mark)
        return seen

    def _mean(self, line: Line) -> Seen:
        seen = Seen(
            line.number, line.member[:254], note=line.note[:EVIDENCE], excerpt=line.excerpt, problem=line.why[:200]
        )
        if not seen.problem:
            seen.problem = (self._find(seen, line) or self._date(seen, line) or self._check_link(seen, line))[:200]
        return seen

    def _find(self, seen: Seen, line: Line) -> str:
        """The milestone and the level; what is wrong with them."""
        found = self.milestones.get(line.milestone) or self.milestones.get(line.milestone.casefold())
        if found is None:
            return self._unknown(line.milestone[:80])
        seen.milestone = found
        if not found.levels:
            return _("“%(name)s” has no levels.") % {"name": found.name} if line.level else ""
        names = [str(level["name"]).casefold() for level in found.levels]
        if line.level.isdecimal() and 1 <= int(line.level) <= len(names):
            seen.occurrence = found.occurrence(self.today, int(line.level))
        elif line.level.casefold() in names:
            seen.occurrence = found.occurrence(self.today, names.index(line.level.casefold()) + 1)
        else:
            levels = ", ".join(str(level["name"]) for level in found.levels)
            return _("“%(name)s” has levels. Say which in the column level: %(levels)s.") % {
                "name": found.name, "levels": levels,
            }  # fmt: skip
        return ""

    def _unknown(self, name: str) -> str:
        if name not in self.unknown and len(self.unknown) < AT_ONCE:
            near = instead(name, {m.slug for m in self.milestones.values()})
            self.unknown[name] = _("There is no milestone “%(name)s”. %(instead)s") % {"name": name, "instead": near}
        return self.unknown.get(name) or _("There is no milestone “%(name)s”.") % {"name": name}

    def _date(self, seen: Seen, line: Line) -> str:
        words = line.reached_on
        shown = {"day": words[:40]}
        slashed = _SLASHED.match(words)
        if slashed and self.day_first is None and slashed[1] != slashed[3]:
            return _("“%(day)s” can mean two days. Write the year first, as in 2024-03-31.") % shown
        # A bare number is how some spreadsheets keep days; from when they count differs.
        moment = (
            None
            if _NUMBER.match(words) and len(words) != 8
            else parse_time(words, self.zone, self.day_first is not False)
        )
        if moment is None:
            return _("“%(day)s” is no day that we can read. Write it as in 2024-03-31.") % shown
        day = moment.astimezone(self.zone).date()
        if day > self.today:
            return _("%(day)s is still to come.") % {"day": day.isoformat()}
        if not clock.plausible(noon(day)):
            return _("%(day)s is too long ago for us. Days from 1970 on are kept.") % {"day": day.isoformat()}
        seen.reached_on = day
        assert seen.milestone is not None
        seen.occurrence = seen.occurrence or seen.milestone.occurrence(day)
        return ""

    def _check_link(self, seen: Seen, line: Line) -> str:
        if not line.link:
            return ""
        try:
            _WEB(line.link)
        except ValidationError:
            return _("“%(link)s” is no address of a page.") % {"link": line.link[:80]}
        if len(line.link) > 500:
            return _("The link is longer than 500 letters.")
        seen.link = line.link
        return ""


def _brought(one: Seen | AwardRow, file_name: str) -> Brought:
    person = one.person if isinstance(one, Seen) else one.person_id
    assert person is not None
    assert one.milestone is not None
    assert one.reached_on is not None
    place = _("line %(line)d") % {"line": one.line}
    return Brought(
        person, one.milestone, one.reached_on, one.occurrence, one.note, one.link, f"{file_name[:120]}, {place}"[:160]
    )


def begin(
    *,
    community: Community,
    file: BinaryIO,
    file_name: str,
    by: Person | None,
    report: Callable[[int], None] | None = None,
) -> AwardImport:
    """Read the file and match its people; nothing counts yet. The same file again is the same import, matched anew.

    What a steward said about its lines stays. Raises ConnectorError, NotAllowed.
    """
    check(by, "milestones.award", community)
    # One that is no table is refused before anything is kept of it.
    next(read(file), None)
    mark = _fingerprint(file)
    with transaction.atomic():
        run, new = AwardImport.objects.get_or_create(
            community=community, fingerprint=mark, defaults={"file_name": file_name[:120], "begun_by": by}
        )
    if not new and run.read_at is not None and run.rows.exists():
        match_again(run=run, by=by)
        return run
    run.rows.all().delete()
    done = 0
    for seen in look(community, file, run.file_name):
        with transaction.atomic():
            AwardRow.objects.bulk_create(_row(run, one) for one in seen)
        done += len(seen)
        if report:
            report(done)
    run.read_at = clock.now()
    run.save(update_fields=["read_at"])
    return run


def _fingerprint(file: BinaryIO) -> str:
    file.seek(0)
    mark = hashlib.sha256()
    while piece := file.read(1 << 20):
        mark.update(piece)
    return mark.hexdigest()


def _row(run: AwardImport, one: Seen) -> AwardRow:
    return AwardRow(
        community_id=run.community_id, run=run, line=one.line, who=one.who, milestone=one.milestone, occurrence=one.occurrence,
        reached_on=one.reached_on, note=one.note, link=one.link, person_id=one.person, reason=one.reason, fate=one.fate,
        problem=one.problem, excerpt=one.excerpt if one.problem else "",
    )  # fmt: skip


def apply(
    *,
    run: AwardImport,
    choices: Mapping[uuid.UUID, str] | None = None,
    by: Person | None,
    report: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Keep what the lines say. `choices`: by row, take or leave; without one, what is sure is taken.

    Records `milestone.reached`, as history, for each that is new. Who is not matched stays listed. Audited, with the counts.
    """
    check(by, "milestones.award", run.community)
    chosen = choices or {}
    counts: Counter[str] = Counter(unread=run.rows.exclude(problem="").count())
    by_milestone: Counter[str] = Counter()
    done = 0
    for rows in _pages(run):
        taken = [row for row in rows if _is_taken(row, chosen)]
        fates = bring_in([_brought(row, run.file_name) for row in taken], community=run.community, by=by)
        now = clock.now()
        for row, fate in zip(taken, fates, strict=True):
            if row.taken_at is None:
                row.taken_at, row.fate = now, fate
            counts[fate] += 1
            by_milestone[row.milestone.slug if row.milestone and fate is Fate.NEW else ""] += 1
        AwardRow.objects.bulk_update(taken, ["taken_at", "fate"], batch_size=AT_ONCE)
        counts["unmatched"] += len(rows) - len(taken)
        done += len(rows)
        if report:
            report(done)
    counts.setdefault("unmatched", 0)
    _finish(run, dict(counts), by_milestone, by)
    return dict(counts)


def _is_taken(row: AwardRow, chosen: Mapping[uuid.UUID, str]) -> bool:
    if row.person_id is None:
        return False
    return row.taken_at is not None or chosen.get(row.pk, TAKE if row.reason in SURE else LEAVE) == TAKE


def _pages(run: AwardImport) -> Iterator[list[AwardRow]]:
    """The lines that can be used, in their order."""
    last = -1
    rows = run.rows.filter(problem="").select_related("milestone").order_by("line")
    while page := list(rows.filter(line__gt=last)[:AT_ONCE]):
        yield page
        last = page[-1].line


def _finish(run: AwardImport, counts: dict[str, int], by_milestone: Counter[str], by: Person | None) -> None:
    changed = any(counts.get(fate) for fate in (Fate.NEW, Fate.EARLIER, Fate.AGAIN))
    if run.applied_at is not None and not changed:
        return
    with transaction.atomic():
        run.applied_at, run.counts = clock.now(), counts
        run.save(update_fields=["applied_at", "counts"])
        changes = {name: ["", str(n)] for name, n in sorted(counts.items()) if n}
        changes |= {slug: ["", f"+{n}"] for slug, n in sorted(by_milestone.items()) if slug}
        trace("milestones.imported", community=run.community, by=by, obj=run, changes=changes)
    bearings.forget(run.community)
    celebrating.forget(run.community)


def kept(run: AwardImport) -> Iterator[list[Seen]]:
    """The lines as they stand now, some hundred at a time."""
    rows = run.rows.select_related("milestone").order_by("line").iterator(chunk_size=AT_ONCE)
    for some in itertools.batched(rows, AT_ONCE):
        yield [
            Seen(
                row.line, row.who, row.milestone, row.occurrence, row.reached_on, row.note, row.link, row.person_id,
                row.reason, row.fate, row.problem, row.excerpt,
            )
            for row in some
        ]  # fmt: skip


def match_again(*, run: AwardImport, by: Person | None) -> int:
    """Look once more for those whom nobody was known by: people join, and identities are claimed. Returns how many are new."""
    check(by, "milestones.award", run.community)
    found = 0
    for rows in _pages(run):
        open_ones = [row for row in rows if row.taken_at is None and row.reason not in {"chosen", "erased"}]
        people = match(run.community, (row.who for row in open_ones))
        with transaction.atomic():
            for row in open_ones:
                before, one = row.person_id, people[row.who]
                row.person_id, row.reason = one.person, one.reason
                found += before is None and one.person is not None
            _foretell_anew(run, open_ones)
    return found


def choose(*, run: AwardImport, people: Mapping[uuid.UUID, uuid.UUID], by: Person | None) -> None:
    """A steward says who is meant by some lines (row -> person, of the same community); all lines that name the member in the
    same words follow.
    """
    check(by, "milestones.award", run.community)
    waiting = run.rows.filter(taken_at__isnull=True, problem="").exclude(reason="erased")
    meant = {who: people[pk] for pk, who in waiting.filter(pk__in=people).values_list("pk", "who")}
    rows = waiting.filter(who__in=meant).select_related("milestone").order_by("line")
    last = -1
    while some := list(rows.filter(line__gt=last)[:AT_ONCE]):
        with transaction.atomic():
            for row in some:
                row.person_id, row.reason = meant[row.who], "chosen"
            _foretell_anew(run, some)
        last = some[-1].line


def _foretell_anew(run: AwardImport, rows: Sequence[AwardRow]) -> None:
    known = [row for row in rows if row.person_id is not None]
    for row, fate in zip(known, foretell([_brought(row, run.file_name) for row in known]), strict=True):
        row.fate = fate
    AwardRow.objects.bulk_update(rows, ["person", "reason", "fate"], batch_size=AT_ONCE)


def forget_lines() -> int:
    """Delete the lines of files that were read long ago; returns how many. What counted stays with the awards."""
    return AwardRow.objects.filter(run__begun_at__lt=clock.now() - KEPT).delete()[0]
