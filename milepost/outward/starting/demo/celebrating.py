"""What the demo community says to each other when somebody reaches something: reactions, words, wordings, a week, a landmark."""

from __future__ import annotations

import datetime
from decimal import Decimal
from random import Random

from milepost.domain.paths.models import Milestone
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person
from milepost.outward.celebrations import congratulating, keeping, landmarks, reading, taking_back, wordings
from milepost.outward.celebrations.models import Landmark, Moment

WORDINGS = {
    "first-live-gig": "{{ name }} played for people for the first time.",
    "first-paid-gig": "{{ name }} was paid for an evening. Fair is fair.",
    "first-album": "Something finished that can be handed to a stranger: {{ milestone }} of {{ name }}.",
}
WORDS = (
    "I was in the third row and forgot to breathe.",
    "You asked in March whether you should. I'm so glad.",
    "The second song. Oh, the second song.",
    "My knees remember mine. Yours held.",
    "Save me a seat at the next one, I'll bring the good soup.",
    "Que bom! Da próxima vez levo a minha mãe.",
    "Written on the wall of the back room, with a lobster.",
    "Nobody talked through it. Do you know how rare that is?",
    "Told my choir. They want you.",
    "Chúc mừng! The ferry crowd says hello.",
)
SAID, AT_MOST = 12, 5
"""Moments that somebody congratulates on, and words to each of them at most."""


def celebrate(slug: str, now: datetime.datetime, seed: int) -> None:
    """After the readers have made the moments of what is fresh. Twice changes nothing."""
    community = Community.objects.get(slug=slug)
    if Landmark.objects.filter(community=community).exists():
        return
    rng = Random(f"{seed}:celebrating")  # noqa: S311 (it chooses demo text)
    steward = Person.objects.filter(community=community, membership__role="steward").order_by("handle").first()
    for milestone in Milestone.objects.filter(community=community, slug__in=WORDINGS):
        text = WORDINGS[milestone.slug]
        wordings.write(community=community, kind=Moment.Kind.REACHED, text=text, by=steward, milestone=milestone)
    _congratulate(community, now, rng)
    _catch_up(community, now)
    _together(community, now, steward)
    for weeks in (2, 1, 0):
        monday = (now - datetime.timedelta(weeks=weeks)).date()
        monday -= datetime.timedelta(days=monday.weekday())
        with clock.moved(datetime.datetime.combine(monday, datetime.time(8), datetime.UTC)):
            keeping.round_up(community, monday - datetime.timedelta(weeks=1))


def _congratulate(community: Community, now: datetime.datetime, rng: Random) -> None:
    """By members who were here, in the hours after each moment."""
    shown = reading.newest(reading.any_member(community), SAID)
    listed = Person.objects.claimed().listed().filter(community=community, kind="human")
    people = list(listed.select_related("membership", "community", "account").order_by("handle"))
    for one in shown:
        others = [person for person in people if person.pk not in {r.person for r in one.reached}]
        rng.shuffle(others)
        for person in others[: rng.randrange(3, 16)]:
            if _here(person, one.posted_at):
                with clock.moved(_soon(one.posted_at, now, rng)):
                    congratulating.cheer(moment=one.id, by=person, emoji=rng.choice(congratulating.EMOJI))
        speakers = others[16 : 16 + rng.randrange(0, AT_MOST)]
        for person, text in zip(speakers, rng.sample(WORDS, AT_MOST), strict=False):
            if _here(person, one.posted_at):
                with clock.moved(_soon(one.posted_at, now, rng)):
                    congratulating.say(moment=one.id, by=person, text=text)


def _here(person: Person, moment: datetime.datetime) -> bool:
    membership = person.membership
    return membership.joined_at < moment and membership.paused_at is None and membership.left_at is None


def _soon(moment: datetime.datetime, now: datetime.datetime, rng: Random) -> datetime.datetime:
    return min(moment + datetime.timedelta(minutes=rng.randrange(5, 2_000)), now)


def _catch_up(community: Community, now: datetime.datetime) -> None:
    """One who told everyone what she had reached before there was a place to tell it."""
    person = Person.objects.filter(community=community, handle="morven").first()
    if person is not None and taking_back.may_catch_up(person):
        with clock.moved(now - datetime.timedelta(days=9)):
            taking_back.catch_up(person=person, by=person)


def _together(community: Community, now: datetime.datetime, steward: Person | None) -> None:
    """One landmark behind, one ahead."""
    day = (now - datetime.timedelta(days=5)).date()
    reached = Landmark.objects.create(
        community=community, name="A thousand answers", verb="reply.posted", target=Decimal(1000),
        defined_at=now - datetime.timedelta(days=90), reached_on=day,
    )  # fmt: skip
    Moment.objects.create(
        community=community, kind=Moment.Kind.LANDMARK, key=f"landmark:{reached.pk}", day=day,
        posted_at=now - datetime.timedelta(days=5), landmark=reached,
    )  # fmt: skip
    ahead = Landmark(community=community, verb="praise.given", measure=Landmark.Measure.TIMES)
    target = (keeping.so_far(ahead) // 50 + 1) * 50
    landmarks.define(
        community=community, name="Thanked out loud", verb="praise.given", measure="times", target=target, by=steward
    )
