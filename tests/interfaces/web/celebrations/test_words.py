"""Every word on these pages can be translated."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Membership, Person
from milepost.outward.badges import issuing
from milepost.outward.celebrations import congratulating, keeping, walls
from milepost.outward.celebrations.models import Landmark, Moment
from tests.factories import make_member, make_milestone
from tests.interfaces.web.test_translatable import bracketed, forgotten, owner  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


def test_no_word_is_forgotten(owner: Person, bracketed: None, tmp_path: Path, settings: Any) -> None:  # noqa: F811
    settings.MILEPOST_HOME = tmp_path
    community = owner.community
    gig, old, crowd = (make_milestone(community, name=name) for name in ("Συναυλία", "Παλιά", "Εργαστήρι"))
    award = Award.claim(person=owner, milestone=gig, reached_on=clock.today("UTC"), evidence="Έπαιξα.")
    Award.claim(person=owner, milestone=old, reached_on=clock.today("UTC"), backfilled=True)
    members = [make_member(community, name=f"Μέλος {n}") for n in range(10)]
    for member in members:
        Award.claim(person=member, milestone=crowd, reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    moment = Moment.objects.get(awards=award)
    congratulating.say(moment=moment.pk, by=members[0], text="Μπράβο.")
    congratulating.cheer(moment=moment.pk, by=members[0], emoji="👏")
    day = clock.today("UTC")
    for key, reached in (("a", day), ("b", None)):
        one = Landmark.objects.create(
            community=community, name="Χίλιες", verb="reply.posted", target=Decimal(1000), reached_on=reached
        )
        Moment.objects.create(community=community, kind="landmark", key=key, day=day, landmark=one)
    keeping.round_up(community, day)
    Membership.objects.filter(person=members[1]).update(joined_at=clock.now() - datetime.timedelta(days=400))
    badge = issuing.issue(award=award, by=owner)
    wall = walls.open_wall(community=community, name="Τοίχος", by=owner)
    client, base = Client(), f"/c/{community.slug}/"
    client.force_login(owner.account)
    tails = [
        "", f"{moment.pk}/", f"weeks/{day}/", "mine/", "mine/catch-up/", "tending/", "wordings/reached/",
        "wordings/landmark/", "landmarks/", "walls/", "unseen/", "catch-up/", "wall/", f"{moment.pk}/taking-back/",
    ]  # fmt: skip
    addresses = [f"{base}celebrations/{tail}" for tail in tails]
    addresses += [
        f"{base}badges/of/{award.pk}/",
        f"{base}badges/{badge.pk}/",
        f"{base}badges/bringing/",
        f"/wall/{wall.token}/",
    ]
    found = {}
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        if words := forgotten(answer.content.decode()):
            found[address] = words
    assert found == {}
