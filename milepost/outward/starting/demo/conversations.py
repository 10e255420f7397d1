"""The demo community's opinion maps: one that has ended and one that goes on.

Votes are written set-based, as other thousands of rows are; statements and the opening go through the domain.
"""

from __future__ import annotations

import datetime
import random
from typing import Any, Protocol

from milepost.domain.deliberation import drawing
from milepost.domain.deliberation.models import Conversation, StatementVote
from milepost.domain.deliberation.models.conversation import Opening
from milepost.domain.goals.models import Goal
from milepost.foundation.common import clock
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Community, Person

from . import records
from .company import chance, person_key

CAMPS = 3
"""Ways of looking at it: those who want it quiet and small, those who want more people, those who want it in the open."""

ENDED = (
    "What makes an evening good for someone who plays for the first time?",
    "We had thirty first times last autumn, and six people who did not come back. What do we keep, what do we change?",
    (
        ("The door stays shut while somebody plays.", (0.95, 0.9, 0.85)),
        ("Whoever plays for the first time says so only if they want to.", (0.9, 0.85, 0.9)),
        ("Soup before the first song, so that hands are warm.", (0.8, 0.75, 0.8)),
        ("Nobody films without being asked.", (0.95, 0.7, 0.9)),
        ("Two songs are enough for a first time.", (0.7, -0.2, 0.3)),
        ("First times should play early, while people are fresh.", (0.4, 0.6, -0.1)),
        ("A mixed evening is better than one for beginners only.", (-0.6, 0.7, 0.2)),
        ("The more people listen, the better it feels.", (-0.8, 0.8, 0.1)),
        ("An evening should have at most twenty listeners.", (0.8, -0.8, -0.2)),
        ("Somebody should sit beside those who wait for their turn.", (0.85, 0.5, 0.6)),
        ("Feedback belongs to another day.", (0.7, -0.5, 0.0)),
        ("We should sing the last song all together.", (-0.2, 0.8, 0.7)),
        ("A street corner is as good a stage as a back room.", (-0.8, 0.1, 0.9)),
        ("Microphones frighten more people than they help.", (0.7, -0.7, 0.4)),
        ("The host should know everybody’s name by the second song.", (0.6, 0.6, 0.5)),
        ("It is fine if somebody stops in the middle.", (0.95, 0.85, 0.9)),
    ),
)
RUNNING = (
    "Where should next year’s stages be?",
    "Rooms are full, and three towns have asked. Say what matters to you, and what would put you off.",
    (
        ("A stage should be reachable without a car.", (0.85, 0.8, 0.9)),
        ("We need a ramp before we need a better mixing desk.", (0.8, 0.6, 0.9)),
        ("Better one more evening in the same room than a new room.", (0.8, -0.6, -0.5)),
        ("Libraries are quiet enough for quiet songs.", (0.8, 0.1, 0.5)),
        ("Pubs are where people already are.", (-0.6, 0.8, 0.2)),
        ("We should not play where one has to buy a drink.", (0.7, -0.4, 0.8)),
        ("In summer we belong outside.", (-0.3, 0.5, 0.9)),
        ("A town needs three people who stay before it gets a stage.", (0.7, 0.3, 0.4)),
        ("Online stages count as much as those in a room.", (0.5, -0.4, -0.6)),
        ("Larger places first: they reach more people.", (-0.7, 0.9, -0.3)),
        ("Villages first: nobody else goes there.", (0.3, -0.6, 0.8)),
        ("Every chapter should decide this for itself.", (0.4, -0.1, 0.6)),
        ("Rehearsing in public once a month would fill the rooms.", (-0.4, 0.8, 0.6)),
        ("Children should be welcome until eight.", (0.3, 0.6, 0.7)),
    ),
)


class Loaded(Protocol):
    """What is there by then."""

    demo: records.DemoCommunity
    community: Community
    people: dict[str, Person]
    goals: dict[str, Goal]

    def _note(self, verb: str, who: str, at: datetime.datetime, key: str, **more: Any) -> None: ...


def converse(to: Loaded) -> None:
    """Both conversations, with the votes of many and the map that came of them."""
    now = to.demo.now
    ended = _one(to, ENDED, opened=now - datetime.timedelta(days=120), days=21, share=0.8)
    with clock.moved(now - datetime.timedelta(days=95)):
        ended.close(by=None)
    _one(to, RUNNING, opened=now - datetime.timedelta(days=9), days=9, share=0.55)
    for made in Conversation.objects.filter(community=to.community):
        drawing.draw(made)


def _one(to: Loaded, asked: tuple[Any, ...], *, opened: datetime.datetime, days: int, share: float) -> Conversation:
    question, text, said = asked
    goal = to.goals.get("a-hundred-first-stages")
    with clock.moved(opened):
        made = Conversation.open(
            community=to.community,
            by=None,
            opening=Opening(question=question, text=text, statements=[words for words, _ in said], goal=goal),
        )
    Conversation.objects.filter(pk=made.pk).update(opened_by=_host(to))
    rng, votes = chance(7, "conversation", question), []
    statements = list(made.statements.all())
    for person in to.demo.people:
        if person.kind != "human" or not to.people[person.key].account_id or not person.here(opened):
            continue
        if rng.random() < share:
            at = opened + datetime.timedelta(days=days * rng.random())
            votes += _votes(to, statements, [leaning for _, leaning in said], to.people[person.key], at, rng)
            key = f"vote.cast:{made.pk}:{to.people[person.key].pk}:{clock.local_day(at, to.demo.time_zone)}"
            to._note("vote.cast", person.key, at, key, kind="conversation", object_id=made.pk)
    StatementVote.objects.bulk_create(votes, batch_size=2_000)
    return made


def _host(to: Loaded) -> Person:
    return to.people.get(person_key("morven")) or next(
        to.people[p.key] for p in to.demo.people if p.role in {"owner", "steward"}
    )


def _votes(
    to: Loaded,
    statements: list[Any],
    leanings: list[tuple[float, float, float]],
    person: Person,
    at: datetime.datetime,
    rng: random.Random,
) -> list[StatementVote]:
    camp, patience = rng.choices(range(CAMPS), (45, 30, 25))[0], rng.choice((0.5, 0.8, 0.95, 1.0))
    found = []
    for one, leaning in zip(statements, leanings, strict=True):
        if rng.random() < patience:
            lean = leaning[camp] + rng.gauss(0, 0.45)
            value = 1 if lean > 0.15 else -1 if lean < -0.15 else 0
            found.append(
                StatementVote(
                    id=new_id(),
                    community=to.community,
                    conversation_id=one.conversation_id,
                    statement=one,
                    person=person,
                    value=value,
                    at=at,
                )
            )
    return found
