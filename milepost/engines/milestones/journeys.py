"""One member's journey: what they reached, what lies next on the paths of their personas, and what they set for themselves."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from milepost.domain.paths.models import HelpOffer, JourneySharing, OwnStone, PersonaChoice
from milepost.domain.people.models import Profile
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Membership, Person

from .bearings import Bearings
from .celebrating import shows_milestones
from .map import merged
from .models import Award

HELPERS = 6
"""Who is named as someone to ask about one milestone."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One award, with what shows it. `activities`: how many things done here count for it."""

    award: uuid.UUID
    day: datetime.date
    how: str
    words: str
    link: str
    file: str
    activities: int
    expires_on: datetime.date | None


@dataclass(frozen=True, slots=True)
class JourneyStone:
    """A milestone on the way. `state`: reached, next, later. `evidence`: each time that it was reached, the last first."""

    id: uuid.UUID
    slug: str
    name: str
    why: str
    state: str
    evidence: tuple[Evidence, ...] = ()
    personas: tuple[str, ...] = ()
    """The names of the personas on whose path it stands, among those that the member chose."""

    @property
    def reached_on(self) -> datetime.date | None:
        return min((one.day for one in self.evidence), default=None)


@dataclass(frozen=True, slots=True)
class PathOf:
    """A persona that the member chose, and its milestones in order."""

    id: uuid.UUID
    slug: str
    name: str
    seed: str
    stones: tuple[uuid.UUID, ...]


@dataclass(slots=True)
class Journey:
    personas: list[PathOf] = field(default_factory=list)
    stones: list[JourneyStone] = field(default_factory=list)
    """Reached ones by the day, then the next and those after it in the order of the paths. Small steps are not among them."""
    steps: list[JourneyStone] = field(default_factory=list)
    """Small steps that were reached."""
    own: list[OwnStone] = field(default_factory=list)
    let_go: list[OwnStone] = field(default_factory=list)
    """Of their own, and let go."""

    @property
    def next_stone(self) -> JourneyStone | None:
        return next((stone for stone in self.stones if stone.state == "next"), None)

    @property
    def reached(self) -> int:
        return sum(1 for stone in self.stones if stone.state == "reached")


def may_see(actor: Actor, person: uuid.UUID, audience: str, celebration: str) -> bool:
    """Whether the actor may open someone's journey: it is their own, or the person opened it to them and is named there."""
    own = actor.membership is not None and actor.membership.person_id == person
    if own:
        return True
    sharing = JourneySharing.Audience
    member = actor.membership is not None and actor.membership.is_active
    opened = audience == sharing.PUBLIC or (member and audience == sharing.COMMUNITY)
    return opened and shows_milestones(celebration, own=False, member=member)


def walk(person: Person, now: Bearings, *, own: bool, own_stones: Sequence[OwnStone] | None = None) -> Journey:
    """Three queries; two where `own_stones` are at hand. What the person set for themselves is there only for them (`own`)."""
    made = Journey(personas=paths_of([person.pk]).get(person.pk, []))
    evidence = _evidence(person)
    named: dict[uuid.UUID, list[str]] = {}
    for path in made.personas:
        for ident in path.stones:
            named.setdefault(ident, []).append(path.name)
    reached: list[JourneyStone] = []
    for stone in now.every_stone:
        if stone.id in evidence:
            drawn = JourneyStone(
                stone.id,
                stone.slug,
                stone.name,
                stone.why,
                "reached",
                tuple(evidence[stone.id]),
                tuple(named.get(stone.id, ())),
            )
            (made.steps if stone.is_step else reached).append(drawn)
    reached.sort(key=lambda stone: stone.reached_on or datetime.date.max)
    made.stones = reached
    open_ones = {stone.id: stone for stone in now.stones if stone.id not in evidence}
    # Who has chosen no persona walks the community's whole way.
    order = merged([list(path.stones) for path in made.personas]) if named else list(open_ones)
    for ident in order:
        if (ahead := open_ones.get(ident)) is not None:
            state = "later" if made.next_stone else "next"
            made.stones.append(
                JourneyStone(ident, ahead.slug, ahead.name, ahead.why, state, (), tuple(named.get(ident, ())))
            )
    if own:
        for stone_of_own in OwnStone.objects.filter(person=person) if own_stones is None else own_stones:
            (made.own if stone_of_own.given_up_at is None else made.let_go).append(stone_of_own)
    return made


def paths_of(people: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[PathOf]]:
    """By person, the personas that they chose, the first chosen first. One query."""
    standing = PersonaChoice.objects.standing().filter(
        person__in=people, persona__adopted_at__isnull=False, persona__retired_at__isnull=True
    )
    rows = (
        standing.order_by("chosen_at", "persona__position", "persona__stones__position")
        .values("person", "persona", "persona__slug", "persona__name", "persona__seed")
        .annotate(stone=F("persona__stones__milestone"))
    )
    found: dict[uuid.UUID, dict[uuid.UUID, dict[str, Any]]] = {}
    for row in rows:
        persona = found.setdefault(row["person"], {}).setdefault(row["persona"], {**row, "stones": []})
        if row["stone"] is not None:
            persona["stones"].append(row["stone"])
    return {
        person: [
            PathOf(ident, one["persona__slug"], one["persona__name"], one["persona__seed"], tuple(one["stones"]))
            for ident, one in chosen.items()
        ]
        for person, chosen in found.items()
    }


def _evidence(person: Person) -> dict[uuid.UUID, list[Evidence]]:
    found: dict[uuid.UUID, list[Evidence]] = {}
    for award in Award.objects.standing().filter(person=person).order_by("-reached_on", "-claimed_at"):
        found.setdefault(award.milestone_id, []).append(
            Evidence(
                award=award.pk,
                day=award.reached_on,
                how=award.how,
                words=award.evidence,
                link=award.link,
                file=award.file_name or (award.file.name or "").rpartition("/")[2],
                activities=len(award.activities),
                expires_on=award.expires_on,
            )
        )
    return found


# --- who helps ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Helper:
    """Someone who has reached the milestone and offered to help with it."""

    id: uuid.UUID
    name: str
    handle: str
    photo: str
    words: str
    reached_on: datetime.date


_LOUD = (Profile.Celebration.PUBLIC, Profile.Celebration.COMMUNITY)


def helpers(
    community: Community, milestones: Sequence[uuid.UUID], *, without: uuid.UUID | None = None
) -> dict[uuid.UUID, list[Helper]]:
    """By milestone, the members who reached it, let themselves be named, are here and offered to help. One query.

    First who reached it last: they remember best what it takes.
    """
    belongs = Membership.objects.active().filter(person=OuterRef("person"), paused_at__isnull=True)
    reached = Award.objects.standing().filter(person=OuterRef("person"), milestone=OuterRef("milestone"))
    rows = (
        HelpOffer.objects.standing()
        .filter(Exists(belongs), community=community, milestone__in=milestones)
        .filter(person__account__isnull=False, person__erased_at__isnull=True, person__merged_into__isnull=True)
        .filter(Q(person__profile__isnull=True) | Q(person__profile__celebration__in=_LOUD))
        .annotate(day=Subquery(reached.order_by("reached_on").values("reached_on")[:1]))
        .filter(day__isnull=False)
        .order_by("-day")
        .values("milestone", "words", "day", "person", "person__name", "person__handle", "person__profile__photo")
    )
    found: dict[uuid.UUID, list[Helper]] = {}
    for row in rows:
        if row["person"] != without and len(listed := found.setdefault(row["milestone"], [])) < HELPERS:
            listed.append(
                Helper(
                    row["person"], row["person__name"], row["person__handle"], row["person__profile__photo"] or "",
                    row["words"], row["day"],
                )
            )  # fmt: skip
    return found


def one_to_meet(person: Person, now: Bearings, journey: Journey) -> tuple[Helper, uuid.UUID] | None:
    """For a newcomer: somebody one stone ahead who offered to help, else who offered help with a later one of the path.

    Returns the helper and the milestone. One query.
    """
    ahead = [stone.id for stone in journey.stones if stone.state != "reached"]
    offered = helpers(person.community, ahead, without=person.pk)
    for ident in ahead:
        if listed := offered.get(ident):
            # Not always the same one: whoever comes on another day meets somebody else.
            turn = (person.pk.int + clock.today(person.community.time_zone).toordinal()) % len(listed)
            return listed[turn], ident
    return None
