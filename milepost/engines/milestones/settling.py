"""Keeping what rules found: new awards, days that move back, and awards whose ground was taken away.

All of it is set-based, for some hundred people at a time, inside the caller's transaction, and finds the same again when it
is done twice.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.recording import existing_keys, local_identity, record_many
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import insert_rows
from milepost.foundation.common.ids import NO_ID, new_id
from milepost.foundation.identity.models import Identity, Person

from .evidence import facts
from .giving import give, giving_ones
from .models import Award
from .models.award import noon, source_key, what_is_told
from .rules import Found, Rule

CHUNK = 400
"""People at a time: a short transaction, on SQLite too."""
HOW = {
    Milestone.Way.RULE: Award.How.RULE,
    Milestone.Way.ATTENDANCE: Award.How.ATTENDANCE,
    Milestone.Way.RESOURCE: Award.How.RESOURCE,
}
FOUND_BY_RULE = frozenset(HOW.values())
_COLUMNS = (
    "id", "community_id", "person_id", "milestone_id", "occurrence", "reached_on", "how", "rule_version", "evidence", "link",
    "file", "file_name", "activities", "claimed_at", "backfilled", "expires_on", "revoked_how", "revoked_because",
)  # fmt: skip


@dataclass(slots=True)
class Settled:
    """How many awards are new, moved to another day, stand again, or fell; and whose."""

    new: int = 0
    moved: int = 0
    again: int = 0
    fell: int = 0
    people: set[uuid.UUID] = field(default_factory=set)

    def add(self, other: Settled) -> None:
        self.new += other.new
        self.moved += other.moved
        self.again += other.again
        self.fell += other.fell
        self.people |= other.people


type News = tuple[Rule, Found]
"""Something that somebody reached, and the rule that found it."""


def settle(
    rule: Rule,
    found: Sequence[Found],
    *,
    fresh: Mapping[uuid.UUID, datetime.date],
    exact: bool = False,
    later: list[News] | None = None,
) -> Settled:
    """Keep what the rule found of these people.

    `fresh`: for each person, since when what happened is news; what was reached before that day, and whatever a person
    without a day reached, came with history and is never announced. An earlier day than the one that is kept takes its place,
    traced. With `exact`, so does a later one: what made the earlier day was taken back.

    With `later`, what is new is put there, and the caller keeps it with `keep`, together with what other rules found.
    """
    done = Settled()
    for start in range(0, len(found), CHUNK):
        news: list[News] = [] if later is None else later
        done.add(_settle(rule, _after_what_it_requires(rule, found[start : start + CHUNK]), fresh, exact, news))
        if later is None:
            keep(news, fresh)
    return done


def _settle(
    rule: Rule, found: Sequence[Found], fresh: Mapping[uuid.UUID, datetime.date], exact: bool, news: list[News]
) -> Settled:
    people = {one.person for one in found}
    there = {
        (award.person_id, award.occurrence): award
        for award in Award.objects.filter(milestone=rule.milestone, person__in=people).defer("evidence", "activities")
    }
    new, moved, again = [], [], []
    for one in found:
        award = there.get((one.person, one.occurrence))
        if award is None:
            new.append(one)
        elif award.revoked_at is not None:
            if award.revoked_how == Award.Revoked.EVIDENCE:
                again.append(one)
        elif award.how in FOUND_BY_RULE and (one.day < award.reached_on or (exact and one.day != award.reached_on)):
            moved.append((award, one))
    news.extend((rule, one) for one in new)
    _move(rule, moved)
    _stand_again(rule, again, fresh)
    changed = {one.person for one in (*new, *again)} | {one.person for _award, one in moved}
    return Settled(len(new), len(moved), len(again), 0, changed)


def _after_what_it_requires(rule: Rule, found: Sequence[Found]) -> list[Found]:
    """Those of them who reached all that comes before; on the day on which the last of it was there."""
    if not rule.requires:
        return list(found)
    days: dict[uuid.UUID, dict[uuid.UUID, datetime.date]] = {}
    reached = Award.objects.standing().filter(milestone__in=rule.requires, person__in={one.person for one in found})
    # Of one that repeats, the first time counts.
    for person, milestone, on in reached.order_by("-reached_on").values_list("person_id", "milestone_id", "reached_on"):
        days.setdefault(person, {})[milestone] = on
    return [
        Found(one.person, one.occurrence, max(one.day, *days[one.person].values()))
        for one in found
        if len(days.get(one.person, ())) == len(rule.requires)
    ]


def is_history(one: Found, fresh: Mapping[uuid.UUID, datetime.date]) -> bool:
    since = fresh.get(one.person)
    return since is None or one.day < since


# --- new ones -------------------------------------------------------------------------------------------


def keep(news: Sequence[News], fresh: Mapping[uuid.UUID, datetime.date]) -> None:
    """Write what is new, whichever rules of one community found it: awards, their lines in the log, and what they give."""
    for start in range(0, len(news), CHUNK):
        _keep(news[start : start + CHUNK], fresh)


def _keep(news: Sequence[News], fresh: Mapping[uuid.UUID, datetime.date]) -> None:
    now, grounds = clock.now(), _all_grounds(news)
    rows = []
    for rule, one in news:
        milestone = rule.milestone
        rows.append(
            (
                new_id(), milestone.community_id, one.person, milestone.pk, one.occurrence, one.day, HOW[Milestone.Way(milestone.way)],
                rule.version, "", "", "", "", grounds.get((milestone.pk, one.person, one.occurrence), []), now,
                is_history(one, fresh), milestone.expiry(one.day), "", "",
            )
        )  # fmt: skip
    insert_rows(Award, _COLUMNS, rows)
    _tell(news, fresh)
    milestones = {rule.milestone.pk: rule.milestone for rule, _one in news}
    for milestone in giving_ones(milestones.values()):
        people = [one.person for rule, one in news if rule.milestone.pk == milestone.pk]
        mine = Award.objects.filter(milestone=milestone, person__in=people)
        for award in mine.select_related("person__community", "milestone"):
            give(award)


def _all_grounds(news: Sequence[News]) -> dict[tuple[uuid.UUID, uuid.UUID, str], list[list[str]]]:
    """By milestone, person and time: what counts as evidence."""
    by_rule: dict[uuid.UUID, tuple[Rule, list[Found]]] = {}
    for rule, one in news:
        by_rule.setdefault(rule.milestone.pk, (rule, []))[1].append(one)
    return {
        (milestone, person, occurrence): rows
        for milestone, (rule, found) in by_rule.items()
        for (person, occurrence), rows in _grounds(rule, found).items()
    }


def _grounds(rule: Rule, found: Sequence[Found]) -> dict[tuple[uuid.UUID, str], list[list[str]]]:
    """What counts as evidence, for each person and time."""
    grounds: dict[tuple[uuid.UUID, str], list[list[str]]] = {}
    conditions = dict(rule.variants)
    whole = rule.conditions[-1]
    by_time: dict[str, dict[uuid.UUID, datetime.date]] = {}
    for one in found:
        by_time.setdefault(one.occurrence, {})[one.person] = one.day
    if rule.milestone.repeats == Milestone.Repeats.EACH:
        # Each time is one thing: it is its own evidence.
        return {
            (one.person, one.occurrence): [[_verb(rule), str(uuid.UUID(one.occurrence)), noon(one.day).isoformat()]]
            for one in found
        }
    for occurrence, reached in by_time.items():
        condition = conditions.get(occurrence, whole)
        for person, rows in facts(condition.terms, rule.community, reached).items():
            grounds[person, occurrence] = rows
    return grounds


def _verb(rule: Rule) -> str:
    verbs = sorted(verb for verb in rule.conditions[0].verbs if not verb.startswith(("member.", "*")))
    return verbs[0] if verbs else ""


def _tell(news: Sequence[News], fresh: Mapping[uuid.UUID, datetime.date]) -> None:
    """One line of the log for each, under the key that it has whenever this is worked out anew."""
    now, epoch = clock.now(), current_epoch()
    keys = {source_key(rule.milestone.pk, one.person, one.occurrence): (rule, one) for rule, one in news}
    said = existing_keys(news[0][0].community, "milepost", keys)
    who = identities({one.person for _rule, one in news})
    record_many(
        [
            (
                epoch, rule.milestone.community_id, who[one.person], "milestone.reached", "milestone", rule.milestone.pk, NO_ID,
                None, None, min(noon(one.day), now), now, "milepost", key, what_is_told("", one.occurrence),
                is_history(one, fresh),
            )
            for key, (rule, one) in keys.items()
            if key not in said
        ]
    )  # fmt: skip
    for key in said:
        # Said once and taken back: it is said again, under the next key.
        rule, one = keys[key]
        award = Award.objects.select_related("person__community", "milestone").get(
            milestone=rule.milestone, person=one.person, occurrence=one.occurrence
        )
        award.tell()


def identities(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The identity under which the log speaks of each person: the first one by which they were known."""
    wanted = set(people)
    rows = Identity.objects.filter(person__in=wanted).order_by("-created_at", "-pk").values_list("person_id", "pk")
    found = dict(rows)
    for person in Person.objects.filter(pk__in=wanted - found.keys()).select_related("community"):
        found[person.pk] = local_identity(person).pk
    return found


# --- those that were there --------------------------------------------------------------------------------


def _move(rule: Rule, moved: Sequence[tuple[Award, Found]]) -> None:
    if not moved:
        return
    grounds = _grounds(rule, [one for _award, one in moved])
    entries = []
    for award, one in moved:
        changes = {"reached_on": [award.reached_on.isoformat(), one.day.isoformat()]}
        if award.expires_on and award.renewed_on is None:
            award.expires_on = rule.milestone.expiry(one.day)
        award.reached_on, award.rule_version = one.day, rule.version
        award.activities = grounds.get((one.person, one.occurrence), [])
        entries.append(
            AuditEntry(
                community_id=award.community_id, action="milestone.day_moved", object_kind="award", object_id=award.pk,
                object_name=rule.milestone.name, changes=changes, reason=_("What was brought in or taken back moved the day."),
            )
        )  # fmt: skip
    Award.objects.bulk_update(
        [award for award, _one in moved], ["reached_on", "rule_version", "activities", "expires_on"], batch_size=200
    )
    AuditEntry.objects.bulk_create(entries)


def _stand_again(rule: Rule, again: Sequence[Found], fresh: Mapping[uuid.UUID, datetime.date]) -> None:
    """What it stood on is there again. It was told before, so it is no news."""
    if not again:
        return
    people = {p.pk: p for p in Person.objects.filter(pk__in={o.person for o in again}).select_related("community")}
    grounds = _grounds(rule, again)
    for one in again:
        Award.grant(
            person=people[one.person],
            milestone=rule.milestone,
            reached_on=one.day,
            how=HOW[Milestone.Way(rule.milestone.way)],
            occurrence=one.occurrence,
            backfilled=True,
            rule_version=rule.version,
            activities=grounds.get((one.person, one.occurrence), []),
        )


def re_examine(rule: Rule, people: Sequence[uuid.UUID], found: Sequence[Found]) -> Settled:
    """Awards of these people by this version whose ground was taken away fall; those that have another first day get it.

    Only where all of the rule has history: what holds as of now (an attribute, a segment) may have held then.
    """
    if not rule.is_dated:
        return Settled()
    holds = {(one.person, one.occurrence) for one in _after_what_it_requires(rule, found)}
    done = Settled()
    theirs = Award.objects.standing().filter(
        milestone=rule.milestone, person__in=people, how__in=FOUND_BY_RULE, rule_version=rule.version
    )
    for award in theirs.select_related("person__community", "milestone", "community"):
        if (award.person_id, award.occurrence) not in holds:
            award.fall(_("The activities that it stood on were taken back."))
            done.fell += 1
            done.people.add(award.person_id)
    return done


def newest_version(milestone: Milestone) -> int:
    """The version by which somebody reached it last; 0: nobody did by a rule."""
    return Award.objects.filter(milestone=milestone).aggregate(n=Max("rule_version"))["n"] or 0
