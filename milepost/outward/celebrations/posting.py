"""How reached milestones become moments: one for each, or one for many that came together."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community

from .models import Moment, MomentAward

MANY = 4
"""More people than this who reach one milestone together are one moment."""
FEW = 2
"""More milestones than this that one person reaches together are one moment."""
TOGETHER = datetime.timedelta(hours=1)
TELLING = (Moment.Kind.REACHED, Moment.Kind.STEPS, Moment.Kind.CATCH_UP)
"""Of these an award has one at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fresh `milestone.reached` of the log."""

    award: Award
    at: datetime.datetime


def post(community: Community, told: Sequence[Told]) -> int:
    """Make the moments of what was reached, in the order in which it was told; returns how many. Twice makes nothing new."""
    known = set(
        MomentAward.objects.filter(award__in=[one.award.pk for one in told], moment__kind__in=TELLING).values_list(
            "award_id", flat=True
        )
    )
    fresh = [one for one in told if one.award.pk not in known]
    steps = [one for one in fresh if one.award.milestone.kind == Milestone.Kind.STEP]
    made = _post_steps(community, steps)
    for group in _groups([one for one in fresh if one.award.milestone.kind != Milestone.Kind.STEP]):
        made += _post(community, group)
    if fresh:
        celebrating.forget(community)
    return made


def _post_steps(community: Community, steps: list[Told]) -> int:
    """Small steps are one moment a day: each counts, and none of them is shown as what a life's milestone is."""
    made = 0
    for one in steps:
        day = clock.local_day(one.at, community.time_zone)
        moment, new = Moment.objects.get_or_create(
            community=community,
            key=f"steps:{day.isoformat()}",
            defaults={"kind": Moment.Kind.STEPS, "day": day, "posted_at": one.at},
        )
        add(moment, [one.award])
        made += int(new)
    return made


def _groups(fresh: list[Told]) -> list[list[Told]]:
    """Many people with one milestone; then many milestones of one person; then each alone."""
    groups: list[list[Told]] = []
    left: list[Told] = []
    for run in _runs(fresh, lambda one: one.award.milestone_id):
        (groups.append(run) if len(run) > MANY else left.extend(run))
    for run in _runs(left, lambda one: one.award.person_id):
        if len(run) > FEW:
            groups.append(run)
        else:
            groups.extend([one] for one in run)
    return sorted(groups, key=lambda group: group[0].at)


def _runs(told: list[Told], by: object) -> list[list[Told]]:
    """Those of the same kind, cut where more than an hour lies between two of them."""
    assert callable(by)
    runs: list[list[Told]] = []
    for _key, same in itertools.groupby(sorted(told, key=lambda one: (str(by(one)), one.at)), key=by):
        run: list[Told] = []
        for one in same:
            if run and one.at - run[-1].at > TOGETHER:
                runs.append(run)
                run = []
            run.append(one)
        runs.append(run)
    return runs


def _post(community: Community, group: list[Told]) -> int:
    """A moment of its own, or one more name in that of the hour before: a reader's batches end anywhere."""
    first = group[0]
    moment = _open_moment(community, group) if len(group) > 1 or _crowded(community, first) else None
    made = 0
    if moment is None:
        moment, new = Moment.objects.get_or_create(
            community=community,
            key=f"reached:{first.award.pk}",
            defaults={
                "kind": Moment.Kind.REACHED,
                "day": clock.local_day(first.at, community.time_zone),
                "posted_at": first.at,
            },
        )
        made = int(new)
    add(moment, [one.award for one in group])
    return made


def _lately(community: Community, at: datetime.datetime) -> Iterable[Moment]:
    return Moment.objects.filter(
        community=community, kind=Moment.Kind.REACHED, posted_at__gte=at - TOGETHER, posted_at__lte=at
    )


def _crowded(community: Community, one: Told) -> bool:
    """Whether so much was posted within the hour, of this milestone or of this person, that one more would be a flood."""
    moments = [moment.pk for moment in _lately(community, one.at)]
    rows = MomentAward.objects.filter(moment__in=moments)
    same_stone = rows.filter(award__milestone=one.award.milestone_id).count()
    same_person = rows.filter(award__person=one.award.person_id).count()
    return same_stone >= MANY or same_person >= FEW


def _open_moment(community: Community, group: list[Told]) -> Moment | None:
    """The newest one of the hour that is about the same milestone only, or about the same person only."""
    stones = {one.award.milestone_id for one in group}
    people = {one.award.person_id for one in group}
    moments = {moment.pk: moment for moment in _lately(community, group[0].at)}
    about: dict[uuid.UUID, tuple[set[uuid.UUID], set[uuid.UUID]]] = {}
    for moment, milestone, person in MomentAward.objects.filter(moment__in=list(moments)).values_list(
        "moment_id", "award__milestone_id", "award__person_id"
    ):
        both = about.setdefault(moment, (set(), set()))
        both[0].add(milestone)
        both[1].add(person)
    fitting = [
        pk for pk, (s, p) in about.items() if (len(stones) == 1 and s == stones) or (len(people) == 1 and p == people)
    ]
    return max((moments[pk] for pk in fitting), key=lambda m: (m.posted_at, m.pk), default=None)


def add(moment: Moment, awards: Iterable[Award]) -> None:
    MomentAward.objects.bulk_create(
        (MomentAward(community_id=moment.community_id, moment=moment, award=award) for award in awards),
        ignore_conflicts=True,
    )
