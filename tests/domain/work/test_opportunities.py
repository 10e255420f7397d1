"""Ways to take part: asked for, taken, done, given back."""

from __future__ import annotations

import datetime
import io
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from milepost.domain.people import linking, portrait
from milepost.domain.people.erasure import erase
from milepost.domain.work.models import Commitment, Opportunity, TakingPart
from milepost.domain.work.models.opportunity import Asked
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberObjectDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import Cast, make_cast, make_goal, make_member, make_milestone, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def standing(verb: str) -> int:
    return Activity.objects.standing().filter(verb=verb).count()


def day(n: int) -> datetime.date:
    return clock.today("UTC") + datetime.timedelta(days=n)


def test_it_is_taken_and_done(cast: Cast) -> None:
    made = make_opportunity(by=cast.lan, title="Carry  the amp", skills=["Lifting", "lifting"], needed=2)
    assert (made.slug, made.title) == ("carry-the-amp", "Carry the amp")
    assert [skill.name for skill in made.skills.all()] == ["Lifting"]
    mine = made.take(by=cast.soraya)
    assert made.take(by=cast.soraya) == mine
    assert Activity.objects.get(verb="opportunity.taken").other.person == cast.lan
    mine.finish(by=cast.soraya, minutes=45, words="Third floor")
    mine.finish(by=cast.soraya)
    told = Activity.objects.get(verb="opportunity.finished")
    assert told.quantity == Decimal(45)
    catch_up()
    assert MemberObjectDay.objects.get(verb="opportunity.finished").quantity == Decimal(45)
    assert (Commitment.objects.open().count(), Commitment.objects.finished().count()) == (0, 1)


def test_giving_back_leaves_nothing_that_could_be_counted(cast: Cast) -> None:
    made = make_opportunity(by=cast.lan)
    mine = made.take(by=cast.soraya)
    with pytest.raises(NotAllowed):
        mine.give_back(by=cast.lan)
    mine.give_back(by=cast.soraya)
    assert not Commitment.objects.exists()
    assert standing("opportunity.taken") == 0
    mine.give_back(by=cast.soraya)
    with pytest.raises(Conflict):
        mine.finish(by=cast.soraya)
    again = made.take(by=cast.soraya)
    assert standing("opportunity.taken") == 1
    again.finish(by=cast.soraya)
    assert Commitment.objects.get().minutes == made.effort


def test_nobody_is_asked_for_more_than_is_needed(cast: Cast) -> None:
    made = make_opportunity(by=cast.lan, needed=1)
    made.take(by=cast.ife)
    with pytest.raises(Conflict):
        made.take(by=cast.soraya)
    with pytest.raises(DomainError):
        make_opportunity(by=cast.lan, needed=0)
    assert list(Opportunity.objects.here(cast.community).counted().with_room()) == []
    made.change(by=cast.lan, asked=Asked(title=made.title, needed=None))
    made.take(by=cast.soraya)
    with pytest.raises(DomainError):
        made.change(by=cast.lan, asked=Asked(title=made.title, needed=1))


def test_the_community_sets_how_much_one_person_takes_on(cast: Cast) -> None:
    offers = [make_opportunity(cast.community) for _n in range(5)]
    for made in offers[:3]:
        made.take(by=cast.soraya)
    with pytest.raises(DomainError, match="at most 3"):
        offers[3].take(by=cast.soraya)
    with pytest.raises(NotAllowed):
        TakingPart.agree(community=cast.community, open_at_most=4, by=cast.mateus)
    TakingPart.agree(community=cast.community, open_at_most=4, by=cast.lan)
    assert AuditEntry.objects.get(action="taking_part.changed").changes == {"open_at_most": ["3", "4"]}
    fourth = offers[3].take(by=cast.soraya)
    with pytest.raises(DomainError):
        offers[4].take(by=cast.soraya)
    fourth.finish(by=cast.soraya)
    offers[4].take(by=cast.soraya)
    TakingPart.agree(community=cast.community, open_at_most=1, by=cast.lan)
    assert Commitment.objects.open().count() == 4
    offers[0].close(by=None)
    assert Commitment.objects.open().count() == 3
    for wrong in (0, 51):
        with pytest.raises(DomainError):
            TakingPart.agree(community=cast.community, open_at_most=wrong, by=cast.lan)


def test_what_is_over_is_not_offered(cast: Cast) -> None:
    made = make_opportunity(by=cast.lan, until=day(2))
    assert list(Opportunity.objects.open_on(day(2))) == [made]
    assert list(Opportunity.objects.open_on(day(3))) == []
    with clock.moved(datetime.timedelta(days=4)):
        with pytest.raises(Conflict):
            made.take(by=cast.soraya)
        made.change(by=cast.lan, asked=Asked(title="Better words", until=made.until))
        with pytest.raises(DomainError):
            made.change(by=cast.lan, asked=Asked(title="Better words", until=day(-30)))
    made.close(by=cast.lan)
    with pytest.raises(Conflict):
        made.take(by=cast.soraya)
    made.reopen(by=cast.lan)
    made.take(by=cast.soraya)


def test_thirty_minutes(cast: Cast) -> None:
    quick, slow = make_opportunity(cast.community, effort=20), make_opportunity(cast.community, effort=200)
    offered = Opportunity.objects.here(cast.community).counted().with_room()
    assert list(offered.within(30)) == [quick]
    quick.take(by=cast.soraya)
    assert list(offered.not_taken_by(cast.soraya)) == [slow]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"title": "x" * 161},
        {"text": "x" * 4001},
        {"effort": 0},
        {"effort": 6001},
        {"until": datetime.date(2001, 1, 1)},
        {"skills": ["!!"]},
        {"skills": [f"skill {n}" for n in range(7)]},
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, fields: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        make_opportunity(by=cast.lan, **fields)
    assert not Opportunity.objects.exists()


def test_links_stay_in_the_community(cast: Cast) -> None:
    other = make_cast()
    for fields in ({"goal": make_goal(other.community)}, {"milestone": make_milestone(other.community)}):
        with pytest.raises(DomainError):
            make_opportunity(by=cast.lan, **fields)
    made = make_opportunity(by=cast.lan)
    with pytest.raises(NotAllowed):
        made.take(by=other.soraya)
    with pytest.raises(NotAllowed):
        made.close(by=cast.soraya)
    made.close(by=cast.mateus, reason="Done by the venue")
    assert AuditEntry.objects.get(action="opportunity.closed").reason == "Done by the venue"


def test_one_member_asks_for_ten_things_at_most(cast: Cast) -> None:
    for _n in range(10):
        made = make_opportunity(by=cast.soraya)
    with pytest.raises(DomainError):
        make_opportunity(by=cast.soraya)
    made.close(by=cast.soraya)
    make_opportunity(by=cast.soraya)


def test_it_goes_along_with_a_person_and_goes_when_they_are_erased(cast: Cast) -> None:
    ghost = make_member(cast.community)
    done, open_one = make_opportunity(by=ghost, text="My words"), make_opportunity(by=cast.lan)
    alone = make_opportunity(by=ghost)
    done.take(by=cast.soraya).finish(by=cast.soraya, words="Mine")
    open_one.take(by=cast.soraya)
    ghost.account = None
    ghost.save()
    linking.merge(kept=cast.soraya, gone=ghost, by=cast.lan)
    assert set(Opportunity.objects.filter(pk__in=[done.pk, alone.pk]).values_list("asked_by", flat=True)) == {
        cast.soraya.pk
    }
    counts = portrait.write(cast.soraya, io.BytesIO())
    assert (counts["commitments.jsonl"], counts["opportunities-asked.jsonl"]) == (2, 2)
    erase(person=cast.soraya, by=cast.soraya)
    assert set(Opportunity.objects.all()) == {done, open_one}
    done.refresh_from_db()
    assert done.text == ""
    assert [(c.opportunity, c.words) for c in Commitment.objects.all()] == [(done, "")]


@pytest.mark.django_db(transaction=True)
def test_two_hands_reach_for_the_last_place() -> None:
    cast = make_cast()
    made = make_opportunity(cast.community, needed=1)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def reach(person: Any) -> None:
        try:
            start.wait()
            made.take(by=person)
            outcomes.append("taken")
        except Conflict:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=reach, args=(person,)) for person in (cast.soraya, cast.ife)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["taken", "too late"]
    assert Commitment.objects.count() == 1
