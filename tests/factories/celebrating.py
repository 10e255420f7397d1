from __future__ import annotations

import itertools
from typing import Any

from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person
from milepost.outward.badges.models import Badge, OutsideBadge
from milepost.outward.celebrations.models import Cheer, Landmark, Moment, MomentAward, Wall, Word, Wording

_number = itertools.count(1)


def make_moment(award: Award, *, by: Person | None = None, text: str = "", **fields: Any) -> Moment:
    """A moment that tells of the award; `by` cheered, and said `text`."""
    fields = {"kind": Moment.Kind.REACHED, "key": f"reached:{award.pk}", "day": award.reached_on} | fields
    moment = Moment.objects.create(community=award.community, **fields)
    MomentAward.objects.create(community=award.community, moment=moment, award=award)
    if by is not None:
        Cheer.objects.create(community=award.community, moment=moment, person=by, emoji="👏")
    if by is not None and text:
        Word.objects.create(community=award.community, moment=moment, person=by, text=text)
    return moment


def make_landmark(community: Community, **fields: Any) -> Landmark:
    fields = {"name": f"Landmark {next(_number)}", "verb": "reply.posted", "target": 1000} | fields
    return Landmark.objects.create(community=community, **fields)


def make_wall(community: Community, **fields: Any) -> Wall:
    n = next(_number)
    return Wall.objects.create(
        community=community, **({"name": f"Wall {n}", "token": f"token-{n}-{community.slug}"} | fields)
    )


def make_wording(community: Community, **fields: Any) -> Wording:
    return Wording.objects.create(community=community, **({"kind": "reached", "text": "{{ name }}"} | fields))


def make_badge(award: Award, **fields: Any) -> Badge:
    """A row that says so; its token is no credential. `issuing.issue` makes real ones."""
    fields = {"list_index": next(_number), "token": "a.b.c"} | fields
    return Badge.objects.create(
        community=award.community, person=award.person, milestone=award.milestone, award=award, **fields
    )


def make_outside_badge(person: Person, **fields: Any) -> OutsideBadge:
    n = next(_number)
    fields = {"name": f"Badge {n}", "issuer": "Night School", "proof": "inside", "credential": "a.b.c"} | fields
    return OutsideBadge.objects.create(
        community=person.community, person=person, digest=f"{n:064}", brought_at=clock.now(), **fields
    )
