"""The pages of celebrations, as visitors, members and stewards find them."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from django.core.cache import cache
from django.test import Client

from milepost.domain.people.models import Profile
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Membership, Person
from milepost.outward.celebrations import congratulating, keeping, walls
from milepost.outward.celebrations.models import Cheer, Landmark, Moment, Wall, Word, Wording
from tests.factories import Cast, make_cast, make_member, make_milestone, make_profile

pytestmark = pytest.mark.django_db

SECRET = "I cried in the van."


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def cast() -> Cast:
    made = make_cast(slug="stage")
    # Home lists newcomers by name, which tells nothing of what they reached.
    Membership.objects.update(joined_at=clock.now() - datetime.timedelta(days=400))
    return made


def client(who: Person | None = None) -> Any:
    made = Client()
    if who is not None:
        made.force_login(who.account)
    return made


def told(cast: Cast, choice: str = "public", name: str = "First paid gig") -> Moment:
    Profile.objects.filter(person=cast.soraya).delete()
    make_profile(cast.soraya, celebration=choice, called="Sori")
    stone = make_milestone(cast.community, name=name, slug=f"stone-{uuid.uuid4().hex[:8]}")
    award = Award.claim(person=cast.soraya, milestone=stone, reached_on=clock.today("UTC"), evidence=SECRET)
    catch_up(("rollup", "celebrations"))
    return Moment.objects.get(awards=award)


FEED = "/c/stage/celebrations/"


@pytest.mark.parametrize(
    ("choice", "visitor", "member"),
    [("public", "Soraya Haddad", "Soraya Haddad"), ("community", "", "Soraya Haddad"), ("first_name", "", "Sori"), ("private", "", ""), ("none", "", "")],
)  # fmt: skip
def test_everywhere_each_sees_what_was_chosen(cast: Cast, choice: str, visitor: str, member: str) -> None:
    """Feed, the moment's own page, RSS, Atom, walls, the badge for other sites, home, and search; never more than was chosen."""
    moment = told(cast, choice)
    wall = walls.open_wall(community=cast.community, name="Room", by=cast.lan)
    page = f"{FEED}{moment.pk}/"
    outside = [f"{FEED}feed.rss", f"{FEED}feed.atom", f"/wall/{wall.token}/", f"{FEED}badge.svg"]
    for who, expected, addresses in (
        (None, visitor, [FEED, page, *outside, "/c/stage/", "/c/stage/moments/", "/c/stage/search/?q=Soraya+cried"]),
        # What goes out is the same, whoever fetches it.
        (cast.ife, visitor, outside),
        (cast.ife, member, [FEED, page, f"{FEED}wall/", "/c/stage/", "/c/stage/moments/"]),
        (cast.lan, member, [FEED, page, "/c/stage/moments/"]),
        (make_member(name="Elsewhere"), visitor, [FEED, page, *outside]),
    ):
        browser = client(who)
        for address in addresses:
            body = browser.get(address).content.decode()
            for name in ("Soraya Haddad", "Sori reached", SECRET):
                allowed = (name == SECRET and expected) or (expected and name.startswith(expected))
                assert name not in body or allowed, f"{address}: {name} for {expected or 'nobody'}"
            if expected and address in {FEED, page, *outside[:3]}:
                assert expected in body, address
        assert page not in addresses or browser.get(page).status_code == (200 if expected else 404)


def test_feeds_hold_what_is_public_with_ids_that_stay(cast: Cast) -> None:
    moment = told(cast)
    atom = "{http://www.w3.org/2005/Atom}"
    first, again = (Xml.fromstring(client().get(f"{FEED}feed.atom").content) for _ in range(2))
    (entry,) = first.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}id") == f"urn:uuid:{moment.pk}"
    assert entry.findtext(f"{atom}title") == "Soraya Haddad reached “First paid gig”."
    assert Xml.tostring(first.find(f"{atom}entry")) == Xml.tostring(again.find(f"{atom}entry"))
    rss = Xml.fromstring(client(cast.lan).get(f"{FEED}feed.rss").content)
    assert rss.findtext("channel/item/guid") == f"urn:uuid:{moment.pk}"
    assert rss.find("channel/item/guid").get("isPermaLink") == "false"
    assert SECRET not in client().get(f"{FEED}feed.rss").content.decode()
    client(cast.soraya).post(f"{FEED}{moment.pk}/taking-back/")
    assert Xml.fromstring(client().get(f"{FEED}feed.atom").content).findall(f"{atom}entry") == []


def test_a_closed_community_sends_nothing_out(cast: Cast) -> None:
    moment = told(cast)
    Community.objects.update(visibility="members")
    assert client().get(f"{FEED}feed.atom").status_code == 302
    for who in (cast.lan, cast.soraya):
        for tail in ("feed.atom", "feed.rss", "badge.svg"):
            assert client(who).get(FEED + tail).status_code == 404
    assert client().get(f"{FEED}{moment.pk}/").status_code == 302
    assert client(make_member()).get(FEED).status_code == 404


def test_congratulating_by_hand_and_by_htmx(cast: Cast) -> None:
    moment = told(cast)
    ife, page = client(cast.ife), f"{FEED}{moment.pk}/"
    assert ife.post(f"{page}cheer/", {"emoji": "🎉"}).url == page
    assert 'aria-pressed="true"' in ife.get(page).content.decode()
    part = ife.post(f"{page}cheer/", {"emoji": "👏"}, headers={"hx-request": "true"}).content.decode()
    assert part.strip().startswith("<form")
    assert Cheer.objects.get().emoji == "👏"
    ife.post(f"{page}cheer/", {"emoji": "👏"})
    assert not Cheer.objects.exists()
    assert ife.post(f"{page}words/", {"text": "The second song."}).status_code == 302
    body = client(cast.lan).get(page).content.decode()
    assert "The second song." in body
    assert "The second song." not in client().get(page).content.decode(), "what members say is for members"
    empty = ife.post(f"{page}words/", {"text": " "})
    assert empty.status_code == 422


def test_words_are_taken_away_after_asking_once(cast: Cast) -> None:
    moment = told(cast)
    word = congratulating.say(moment=moment.pk, by=cast.ife, text="Ah.")
    address = f"{FEED}{moment.pk}/words/{word.pk}/removal/"
    assert client(make_member(cast.community)).get(address).status_code == 404
    assert client(cast.soraya).get(address).status_code == 200
    assert Word.objects.exists()
    client(cast.soraya).post(address)
    assert not Word.objects.exists()


def test_visitors_and_ones_own_may_not_congratulate(cast: Cast) -> None:
    page = f"{FEED}{told(cast).pk}/"
    assert "/accounts/login" in client().post(f"{page}cheer/", {"emoji": "🎉"}).url
    assert client(make_member()).post(f"{page}cheer/", {"emoji": "🎉"}).status_code == 404
    own = client(cast.soraya).get(page).content.decode()
    assert 'name="emoji"' not in own
    client(cast.soraya).post(f"{page}cheer/", {"emoji": "🎉"})
    assert not Cheer.objects.exists()


def test_taking_one_back_and_showing_it_again(cast: Cast) -> None:
    page = f"{FEED}{told(cast).pk}/"
    soraya = client(cast.soraya)
    assert soraya.get(f"{page}taking-back/").status_code == 200
    soraya.post(f"{page}taking-back/")
    assert client().get(page).status_code == client(cast.lan).get(page).status_code == 404
    assert "Show it again" in soraya.get(page).content.decode()
    soraya.post(f"{page}taking-back/", {"again": "1"})
    assert client().get(page).status_code == 200
    assert client(cast.ife).get(f"{page}taking-back/").status_code == 404


def test_catching_up_by_oneself_and_by_a_steward(cast: Cast) -> None:
    for person in (cast.soraya, cast.ife):
        stone = make_milestone(cast.community, name="Old gig")
        Award.claim(person=person, milestone=stone, reached_on=clock.today("UTC"), backfilled=True)
    soraya = client(cast.soraya)
    assert "before this began" in soraya.get(FEED).content.decode()
    form = soraya.get(f"{FEED}mine/catch-up/").content.decode()
    chosen = re.findall(r'name="awards" value="([0-9a-f-]+)"', form)
    answer = soraya.post(f"{FEED}mine/catch-up/", {"awards": chosen})
    assert answer.status_code == 302
    assert "had already reached" in soraya.get(FEED).content.decode()
    assert soraya.post(f"{FEED}mine/catch-up/", {"awards": chosen}).status_code == 302
    assert Moment.objects.filter(kind="catch_up").count() == 1
    assert client(cast.soraya).get(f"{FEED}catch-up/").status_code == 403
    steward = client(cast.lan)
    assert "Ife Adeyemi" in steward.get(f"{FEED}catch-up/").content.decode()
    address = f"{FEED}catch-up/{cast.ife.pk}/"
    chosen = re.findall(r'name="awards" value="([0-9a-f-]+)"', steward.get(address).content.decode())
    steward.post(address, {"awards": chosen})
    assert Moment.objects.filter(kind="catch_up").count() == 2
    assert steward.get(address).status_code == 404


def test_a_steward_words_a_milestone_and_looks_first(cast: Cast) -> None:
    moment = told(cast)
    slug = moment.awards.get().milestone.slug
    address = f"{FEED}wordings/reached/{slug}/"
    steward = client(cast.lan)
    seen = steward.post(address, {"text": "{{ name }} got paid.", "preview": "1"}).content.decode()
    assert "Amara got paid." in seen
    assert not Wording.objects.exists()
    bad = steward.post(address, {"text": "{{ name.__class__ }}", "preview": "1"})
    assert bad.status_code == 422
    assert "name.__class__" in bad.content.decode()
    assert steward.post(address, {"text": "{{ name.__class__ }}"}).status_code == 422
    assert steward.post(address, {"text": "{{ name }} got paid."}).status_code == 302
    assert "Soraya Haddad got paid." in client().get(FEED).content.decode()
    assert client(cast.soraya).get(address).status_code == 403
    assert steward.get(f"{FEED}wordings/nonsense/").status_code == 404
    assert steward.get(f"{FEED}wordings/landmark/{slug}/").status_code == 404


def test_a_wording_cannot_write_html(cast: Cast) -> None:
    told(cast)
    client(cast.lan).post(f"{FEED}wordings/reached/", {"text": "<script>alert(1)</script>{{ name }}"})
    for address in (FEED, f"{FEED}feed.atom", f"{FEED}feed.rss"):
        assert "<script>alert" not in client().get(address).content.decode()


def test_walls_open_and_close(cast: Cast) -> None:
    told(cast)
    steward = client(cast.lan)
    steward.post(f"{FEED}walls/", {"name": "The back room"})
    wall = Wall.objects.get()
    address = f"/wall/{wall.token}/"
    answer = client().get(address)
    assert "Soraya Haddad reached" in answer.content.decode()
    assert answer["Referrer-Policy"] == "no-referrer"
    part = client().get(address, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert "Soraya Haddad reached" in part
    assert address in steward.get(f"{FEED}walls/").content.decode()
    steward.post(f"{FEED}walls/{wall.pk}/revocation/")
    assert client().get(address).status_code == 404
    assert client(cast.soraya).get(f"{FEED}walls/").status_code == 403
    assert client().get("/wall/None/").status_code == client().get("/wall/x/").status_code == 404


def test_landmarks_are_written_and_shown(cast: Cast) -> None:
    steward = client(cast.lan)
    given = {"name": "Our 100th thanks", "verb": "praise.given", "measure": "times", "target": "100", "unit": ""}
    assert steward.post(f"{FEED}landmarks/", given).status_code == 302
    assert "0 of 100" in steward.get(f"{FEED}landmarks/").content.decode()
    assert steward.post(f"{FEED}landmarks/", given | {"target": "0"}).status_code == 422
    steward.post(f"{FEED}landmarks/{Landmark.objects.get().pk}/retirement/")
    assert Landmark.objects.get().retired_at is not None


def test_the_other_pages_answer(cast: Cast) -> None:
    moment = told(cast, "community")
    award = moment.awards.get()
    lan = client(cast.lan)
    keeping.round_up(cast.community, moment.day)
    week = Moment.objects.get(kind="round_up")
    for tail in (
        "mine/",
        "tending/",
        "unseen/",
        "wall/",
        f"weeks/{week.day}/",
        "?kind=weeks",
        "?kind=milestones",
        "?after=x",
    ):
        assert lan.get(FEED + tail).status_code == 200, tail
    assert lan.get(f"{FEED}{week.pk}/").url == f"{FEED}weeks/{week.day}/"
    assert lan.get(f"{FEED}of/{award.pk}/").url == f"{FEED}{moment.pk}/"
    assert client().get(f"{FEED}of/{award.pk}/").url == FEED
    assert lan.get(f"{FEED}of/{uuid.uuid4()}/").url == FEED
    for tail in ("weeks/2001-01-01/", "weeks/rubbish/", "weeks/2026-99-99/", f"{uuid.uuid4()}/"):
        assert lan.get(FEED + tail).status_code == 404, tail
    assert client().get(f"{FEED}weeks/{week.day}/").status_code == 404
    for tail in ("mine/", "tending/", "unseen/", "wall/"):
        assert client().get(FEED + tail).status_code == 302, tail
        assert client(make_member()).get(FEED + tail).status_code == 404, tail


def test_a_streak_is_on_nobodys_page_but_ones_own(cast: Cast, django_assert_max_num_queries: Any) -> None:
    told(cast)
    assert "Your rhythm" not in client(cast.lan).get(f"/c/stage/people/{cast.soraya.handle}/").content.decode()
    browser = client(cast.ife)
    with django_assert_max_num_queries(16):
        browser.get(FEED)
