"""The pages of opportunities: finding what fits, taking it, giving it back, asking."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from milepost.domain.work.models import Commitment, Opportunity, TakingPart
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from tests.factories import Cast, make_cast, make_goal, make_milestone, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def client(person: Person | None) -> Any:
    made = Client()
    if person is not None:
        made.force_login(person.account)
    return made


def base(cast: Cast) -> str:
    return f"/c/{cast.community.slug}/opportunities/"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_i_have_thirty_minutes(cast: Cast) -> None:
    stone, goal = make_milestone(cast.community, name="First gig"), make_goal(cast.community, title="Fifty gigs")
    make_opportunity(
        cast.community,
        by=cast.lan,
        title="Fold chairs",
        effort=20,
        milestone=stone,
        goal=goal,
        skills=["Lifting"],
        needed=3,
    )
    make_opportunity(cast.community, title="Paint the hall", effort=300)
    make_opportunity(cast.community, title="Full already").take(by=cast.ife)
    page = text(client(cast.soraya).get(base(cast)))
    for shown in ("Fold chairs", "Paint the hall", "First gig", "Fifty gigs", "3 more are needed", "Lan Nguyễn asks"):
        assert shown in page
    assert "Full already" not in page
    half = text(client(cast.soraya).get(f"{base(cast)}?minutes=30"))
    assert "Fold chairs" in half
    assert "Paint the hall" not in half
    assert "Fold chairs" in text(client(cast.soraya).get(f"{base(cast)}?skill=lifting"))
    assert "Nothing fits that" in text(client(cast.soraya).get(f"{base(cast)}?minutes=5&skill=%00"))
    assert Client().get(base(cast)).status_code == 302
    assert client(make_cast().lan).get(base(cast)).status_code == 404


def test_an_empty_list_teaches(cast: Cast) -> None:
    assert "Nobody is asking for a hand" in text(client(cast.soraya).get(base(cast)))


def test_take_finish_and_give_back(cast: Cast) -> None:
    made = make_opportunity(by=cast.lan, title="Fold chairs", text="In the *back* room.", until=clock.today("UTC"))
    helper, url = client(cast.soraya), f"{base(cast)}{made.slug}/"
    assert "<em>back</em>" in text(helper.get(url))
    helper.post(f"{url}commitment/")
    assert "You said you would" in text(helper.get(base(cast)))
    helper.post(f"{url}return/")
    assert not Commitment.objects.exists()
    assert helper.post(f"{url}return/").status_code == 404
    assert helper.get(f"{url}finish/").status_code == 404
    helper.post(f"{url}commitment/")
    assert helper.post(f"{url}finish/", {"minutes": "0"}).status_code == 422
    helper.post(f"{url}finish/", {"minutes": "25", "words": "Two were <broken>."})
    page = text(client(cast.ife).get(url))
    assert "Two were &lt;broken&gt;." in page
    assert "done, 25 min" in page
    assert "everyone who is needed is there" in page
    assert helper.get(f"{url}finish/").status_code == 302


def test_a_full_hand_is_told_so(cast: Cast) -> None:
    TakingPart.agree(community=cast.community, open_at_most=1, by=cast.lan)
    first, second = make_opportunity(cast.community), make_opportunity(cast.community)
    first.take(by=cast.soraya)
    helper, url = client(cast.soraya), f"{base(cast)}{second.slug}/"
    assert "as many as we agreed on" in text(helper.get(url))
    assert "I will do it" not in text(helper.get(base(cast)))
    answer = helper.post(f"{url}commitment/", headers={"referer": url}, follow=True)
    assert "at most 1 open commitment" in text(answer)
    assert Commitment.objects.count() == 1


def test_asking_changing_and_closing(cast: Cast) -> None:
    asker, stone = client(cast.soraya), make_milestone(cast.community)
    sent = {"title": "Lend an amp", "text": "", "effort": "10", "needed": "", "until": "", "skills": "Driving, Lifting"}
    assert asker.post(f"{base(cast)}new/", sent | {"until": "2001-01-01"}).status_code == 422
    asker.post(f"{base(cast)}new/", sent | {"milestone": str(stone.pk)})
    made = Opportunity.objects.get()
    url = f"{base(cast)}{made.slug}/"
    assert (made.asked_by, made.needed, made.milestone) == (cast.soraya, None, stone)
    assert "Driving, Lifting" in text(asker.get(f"{url}change/"))
    asker.post(f"{url}change/", sent | {"title": "Lend a bass amp", "milestone": str(stone.pk)})
    assert "Lend a bass amp" in text(client(cast.ife).get(url))
    assert client(cast.ife).get(f"{url}change/").status_code == 403
    assert client(cast.ife).post(f"{url}closure/").status_code == 403
    client(cast.mateus).post(f"{url}closure/")
    assert "closed" in text(asker.get(url))
    asker.post(f"{url}closure/", {"back": "1"})
    made.refresh_from_db()
    assert made.is_open


def test_stewards_see_what_waits(cast: Cast) -> None:
    waits = make_opportunity(cast.community, title="Nobody yet", until=clock.today("UTC"))
    taken = make_opportunity(cast.community, title="Taken long ago")
    with clock.moved(datetime.timedelta(days=-20)):
        taken.take(by=cast.soraya)
    url = f"/c/{cast.community.slug}/desk/opportunities/"
    page = text(client(cast.lan).get(url))
    for shown in (waits.title, "nobody yet", "Taken long ago", "Soraya Haddad"):
        assert shown in page
    assert client(cast.mateus).get(url).status_code == 403
    assert client(cast.lan).post(url, {"open_at_most": "0"}).status_code == 422
    client(cast.lan).post(url, {"open_at_most": "7"})
    assert TakingPart.limit(cast.community) == 7
