"""Drawing a conversation's map again when votes have changed, and keeping it: nobody is named in what is kept."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, Q

from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person

from .models import Conversation, OpinionPicture, Statement, StatementVote

if TYPE_CHECKING:
    from .mapping.opinion import OpinionMap
    from .mapping.statistics import Chosen

FLOOR = 5
"""People; no smaller group is drawn, nor are its answers shown apart. The same as for all that members see."""
AFTER = datetime.timedelta(seconds=2)
"""A map waits this long for more votes, so that a lively hour does not draw it for each of them."""
FORGOTTEN = datetime.timedelta(minutes=10)
"""A job that was asked for so long ago did not come through, and is asked for again."""
DOTS = 600
"""Of a larger conversation, so many people are drawn, evenly taken."""


def ask_for(conversation: Conversation) -> None:
    """Have the map drawn soon; in the transaction of the change. Once, however many votes come until then."""
    from .tasks import draw_map

    now = clock.now()
    free = Q(stale_since__isnull=True) | Q(stale_since__lt=now - FORGOTTEN)
    if Conversation.objects.filter(free, pk=conversation.pk).update(stale_since=now):
        draw_map.using(community_id=conversation.community_id, run_after=now + AFTER).enqueue(str(conversation.pk))


def draw(conversation: Conversation) -> OpinionPicture:
    """Draw the map of all votes until now and keep it."""
    from .mapping.opinion import opinion_map
    from .mapping.votes import Votes

    # Taken back before the votes are read: one that comes meanwhile asks for another map.
    Conversation.objects.filter(pk=conversation.pk).update(stale_since=None)
    recount(conversation)
    rows = StatementVote.objects.filter(conversation=conversation).values_list(
        "person_id", "statement__number", "value"
    )
    votes = Votes.streamed(rows.iterator(chunk_size=5_000))
    left_out = conversation.statements.filter(Q(approved_at__isnull=True) | Q(hidden_at__isnull=False))
    found = opinion_map(votes, set(left_out.values_list("number", flat=True)), least=FLOOR)
    picture, _made = OpinionPicture.objects.update_or_create(
        conversation=conversation,
        defaults={
            "community_id": conversation.community_id,
            "drawn_at": clock.now(),
            "votes": len(votes.value),
            "data": kept(found),
        },
    )
    return picture


def recount(conversation: Conversation) -> None:
    """Set the counts that are not those of the votes: after people were merged or erased."""
    if not _miscounted(conversation):
        return
    with transaction.atomic():
        # Votes wait meanwhile: each takes the conversation first.
        Conversation.objects.select_for_update().get(pk=conversation.pk)
        wrong = _miscounted(conversation)
        for one in wrong:
            one.agree, one.disagree, one.passed = one.agreeing, one.disagreeing, one.passing
        Statement.objects.bulk_update(wrong, ["agree", "disagree", "passed"])


def _miscounted(conversation: Conversation) -> list[Any]:
    counted = Statement.objects.filter(conversation=conversation).annotate(
        agreeing=Count("votes", filter=Q(votes__value=1)),
        disagreeing=Count("votes", filter=Q(votes__value=-1)),
        passing=Count("votes", filter=Q(votes__value=0)),
    )
    return list(counted.exclude(agree=F("agreeing"), disagree=F("disagreeing"), passed=F("passing")))


def kept(found: OpinionMap) -> dict[str, Any]:
    """What is kept of a map, as JSON: without people, but with what it takes to place one by their own votes."""
    votes, flat = found.votes, found.plane
    points = flat.points[found.standing]
    step = max(1, math.ceil(len(points) / DOTS))
    # By place and not by person, so that nothing can be told from the order.
    dots = sorted(
        [round(float(x), 3), round(float(y), 3), int(g)]
        for (x, y), g in zip(points[::step], found.groups.label[::step], strict=True)
    )
    return {
        "people": len(votes.people),
        "standing": int(found.standing.sum()),
        "explained": [float(share) for share in flat.explained],
        "statements": list(votes.statements),
        "means": [float(mean) for mean in flat.means],
        "components": [[float(one) for one in direction] for direction in flat.components],
        "left_out": [votes.statements[n] for n, out in enumerate(found.left_out) if out],
        "groups": [
            {"size": int(size), "centre": [float(x) for x in centre], "says": [_kept(found, one) for one in says]}
            for size, centre, says in zip(found.groups.sizes, found.groups.centres, found.representative, strict=True)
        ],
        "shared": {side: [_kept(found, one) for one in some] for side, some in found.consensus.items()},
        "divisive": [votes.statements[n] for n in found.divisive],
        "everywhere": {
            str(votes.statements[n]): float(share) for n, share in enumerate(found.statistics.agree_everywhere)
        },
        "counts": {
            str(votes.statements[n]): found.group_counts[:, :, n].tolist() for n in range(len(votes.statements))
        },
        "dots": dots,
    }


def _kept(found: OpinionMap, one: Chosen) -> dict[str, Any]:
    return {
        "number": found.votes.statements[one.statement],
        "side": one.side,
        "votes": one.votes,
        "seen": one.seen,
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands on the map, and in which group; None where they have voted too seldom to be in one."""

    x: float
    y: float
    group: int | None


def place_of(picture: OpinionPicture, person: Person) -> Place | None:
    """By the person's own votes, as they are now; None without any."""
    from .mapping.opinion import VOTES_TO_STAND

    data = picture.data
    given = dict(
        StatementVote.objects.filter(conversation=picture.conversation_id, person=person).values_list(
            "statement__number", "value"
        )
    )
    out = set(data["left_out"])
    x = y = 0.0
    seen = len(out)
    for n, number in enumerate(data["statements"]):
        if number in given and number not in out:
            away = given[number] - data["means"][n]
            x += away * data["components"][0][n]
            y += away * data["components"][1][n]
            seen += 1
    if not given or seen == len(out):
        return None
    scale = math.sqrt(len(data["statements"]) / seen)
    x, y = x * scale, y * scale
    group = None
    if data["groups"] and len(given) >= min(VOTES_TO_STAND, len(data["statements"])):
        group = min(range(len(data["groups"])), key=lambda g: math.dist((x, y), data["groups"][g]["centre"]))
    return Place(x, y, group)
