"""What members may see of a conversation's result, above the privacy floor.

A statement's counts are shown from five votes on. What groups say is shown where each group has at least five votes on the
statement, and so have those in no group, or none: else the last ones could be worked out from the whole. No groups are drawn in
a community of fewer than twenty, or of fewer than ten people who have voted often enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from milepost.foundation.identity.models import Community, Membership, Person

from .drawing import FLOOR, Place, place_of
from .mapping.wording import said, told
from .models import Conversation, OpinionPicture, Statement

SPLITS_FROM = 20
"""Members; a smaller community shows no splits of itself."""
SHARED_AT_MOST = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One statement's result. `counts` agree, disagree, pass; None below the floor. `groups`: each one's share that agrees."""

    number: int
    text: str
    counts: tuple[int, int, int] | None
    groups: tuple[int, ...] | None
    everywhere: float
    """The group-aware consensus, 0 to 1."""

    @property
    def seen(self) -> int:
        return sum(self.counts) if self.counts else 0


@dataclass(frozen=True, slots=True)
class Result:
    people: int
    statements: int
    votes: int
    rows: tuple[Row, ...]
    picture: OpinionPicture | None
    """Only where it may be shown."""
    words: tuple[str, ...] = ()
    """The map in words."""
    shared: tuple[str, ...] = ()
    says: tuple[tuple[str, ...], ...] = ()
    """Of each group."""
    divisive: tuple[str, ...] = ()
    place: Place | None = None
    missing: int = 0
    """How many more people have to vote before there is a map; 0 where the community is too small for one, too."""
    too_small: bool = False


def result_of(conversation: Conversation, person: Person | None) -> Result:
    """As `person` may see it, with where they stand themselves."""
    statements = list(Statement.objects.filter(conversation=conversation).shown())
    people = conversation.votes.values("person").distinct().count()
    votes = sum(one.agree + one.disagree + one.passed for one in statements)
    picture = OpinionPicture.objects.filter(conversation=conversation).first()
    too_small = not splits(conversation.community)
    standing = int(picture.data.get("standing", 0)) if picture else 0
    if picture is None or too_small or standing < 2 * FLOOR:
        rows = tuple(_row(one, {}, 0) for one in statements)
        missing = 0 if too_small else max(1, 2 * FLOOR - standing)
        return Result(people, len(statements), votes, rows, None, missing=missing, too_small=too_small)
    data = picture.data
    texts = {one.number: one.text for one in statements}
    rows = tuple(_row(one, data, len(data["groups"])) for one in statements)
    open_to = {row.number for row in rows if row.groups is not None}
    return Result(
        people=people,
        statements=len(statements),
        votes=votes,
        rows=rows,
        picture=picture,
        words=tuple(
            told(
                people=data["people"],
                sizes=[group["size"] for group in data["groups"]],
                explained=data["explained"],
                centres=[(group["centre"][0], group["centre"][1]) for group in data["groups"]],
            )
        ),
        shared=_shared(data, texts),
        says=tuple(
            tuple(_said(one, texts) for one in group["says"] if _is(one, texts) and one["number"] in open_to)
            for group in (data["groups"] if len(data["groups"]) > 1 else [])
        ),
        divisive=tuple(texts[number] for number in data["divisive"] if number in open_to)
        if len(data["groups"]) > 1
        else (),
        place=place_of(picture, person) if person is not None else None,
    )


def splits(community: Community) -> bool:
    return Membership.objects.active().filter(community=community).count() >= SPLITS_FROM


def _shared(data: dict[str, Any], texts: dict[int, str]) -> tuple[str, ...]:
    """What more than half of each group agrees with (or disagrees with), by the group-aware consensus.

    Where there is one group, what more than half of all do, surely.
    """
    if len(data["groups"]) < 2:
        return tuple(
            _said(one, texts) for side in ("agree", "disagree") for one in data["shared"][side] if _is(one, texts)
        )
    found = []
    for number, each in data["counts"].items():
        if int(number) not in texts or min(map(sum, each)) < FLOOR:
            continue
        for side, at in (("agree", 0), ("disagree", 1)):
            shares = [(group[at] + 1) / (sum(group) + 2) for group in each]
            if min(shares) > 0.5:
                votes, seen = sum(group[at] for group in each), sum(map(sum, each))
                found.append((-math.prod(shares), int(number), said(side, votes, seen, texts[int(number)])))
    return tuple(words for _, _, words in sorted(found)[:SHARED_AT_MOST])


def _is(one: dict[str, Any], texts: dict[int, str]) -> bool:
    return one["number"] in texts and one["seen"] >= FLOOR


def _said(one: dict[str, Any], texts: dict[int, str]) -> str:
    return said(one["side"], one["votes"], one["seen"], texts[one["number"]])


def _row(one: Statement, data: dict[str, Any], groups: int) -> Row:
    counts = (one.agree, one.disagree, one.passed)
    shares = None
    if groups > 1 and str(one.number) in data["counts"]:
        each = data["counts"][str(one.number)]
        seen = [sum(group) for group in each]
        others = sum(counts) - sum(seen)
        if min(seen) >= FLOOR and (others == 0 or others >= FLOOR):
            shares = tuple(round(100 * group[0] / all_) for group, all_ in zip(each, seen, strict=True))
    return Row(
        number=one.number,
        text=one.text,
        counts=counts if sum(counts) >= FLOOR else None,
        groups=shares,
        everywhere=float(data.get("everywhere", {}).get(str(one.number), 0.0)),
    )
