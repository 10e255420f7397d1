"""The list of people, each one's page, and what members say about themselves."""

from __future__ import annotations

import datetime
import io
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from milepost.domain.people.models import Profile
from milepost.domain.spaces.models import Thread
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account, Community, Membership, Person
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_identity,
    make_member,
    make_milestone,
    make_organisation,
    make_praise,
    make_profile,
    make_space,
)

pytestmark = pytest.mark.django_db

BEFORE = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def as_(who: Person | Account | None) -> Client:
    client = Client()
    account = who.account if isinstance(who, Person) else who
    if account is not None:
        client.force_login(account)
    return client


def url(community: Community, tail: str = "people/") -> str:
    return f"/c/{community.slug}/{tail}"


def read(who: Person, tail: str = "people/", status: int = 200) -> str:
    answer = as_(who).get(url(who.community, tail))
    assert answer.status_code == status
    return answer.content.decode()


def names(page: str, cast: Cast) -> list[str]:
    """Of the cast, who is listed, in the page's order."""
    everyone = [person.name for person in (cast.amara, cast.lan, cast.mateus, cast.ife, cast.soraya)]
    # The reader's own name stands in the header as well.
    found = page.split('id="found"')[1]
    return sorted((n for n in everyone if n in found), key=found.index)


# --- the list ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["people/", "people/soraya/", "me/", "me/celebration/", "me/language/"])
def test_who_gets_in(cast: Cast, tail: str) -> None:
    assert as_(None).get(url(cast.community, tail)).status_code == 302
    assert as_(cast.noor).get(url(cast.community, tail)).status_code == 404
    assert as_(make_cast().amara).get(url(cast.community, tail)).status_code == 404
    assert as_(cast.soraya).get(url(cast.community, tail)).status_code == 200


def test_the_list_names_members_and_nobody_else(cast: Cast) -> None:
    other = make_cast()
    gone = make_member(cast.community, name="Gone Away", joined_at=BEFORE, left_at=clock.now())
    Person.objects.filter(pk=make_member(cast.community, name="Was Erased").pk).update(erased_at=clock.now())
    make_organisation(cast.community, name="The Lantern")
    page = read(cast.soraya)
    assert names(page, cast) == [
        "Amara Okonkwo",
        "Ife Adeyemi",
        "Lan Nguyễn",
        "Mateus Carvalho",
        "Soraya Haddad",
    ]
    for absent in ("João Pires", gone.name, "Was Erased", "The Lantern", other.amara.account.email):
        assert absent not in page
    assert "6 people belong here" not in page
    assert "5 people belong here" in page
    organisations = read(cast.soraya, "people/?kind=organisations")
    assert "The Lantern" in organisations
    assert "Amara Okonkwo" not in organisations


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=lan", ["Lan Nguyễn"]),
        ("q=%40mateus", ["Mateus Carvalho"]),
        ("q=oko+ama", ["Amara Okonkwo"]),
        ("role=steward", ["Lan Nguyễn"]),
        ("role=member", ["Soraya Haddad"]),
        ("role=king", ["Amara Okonkwo", "Ife Adeyemi", "Lan Nguyễn", "Mateus Carvalho", "Soraya Haddad"]),
        ("audience=volunteer", ["Ife Adeyemi"]),
        ("since=30", ["Soraya Haddad"]),
        ("state=paused", ["Mateus Carvalho"]),
        ("sort=newest", ["Soraya Haddad", "Ife Adeyemi", "Mateus Carvalho", "Lan Nguyễn", "Amara Okonkwo"]),
        ("sort=longest&role=owner", ["Amara Okonkwo"]),
        ("q=nobody+like+that", []),
        ("after=nonsense", ["Amara Okonkwo", "Ife Adeyemi", "Lan Nguyễn", "Mateus Carvalho", "Soraya Haddad"]),
    ],
)
def test_filters_and_order(cast: Cast, query: str, expected: list[str]) -> None:
    for years, person in enumerate((cast.soraya, cast.ife, cast.mateus, cast.lan, cast.amara)):
        moment = clock.now() - datetime.timedelta(days=1 + 100 * years)
        Membership.objects.filter(person=person).update(joined_at=moment)
    Membership.objects.filter(person=cast.ife).update(audience="volunteer")
    Membership.objects.filter(person=cast.mateus).update(paused_at=clock.now())
    assert names(read(cast.soraya, f"people/?{query}"), cast) == expected


@pytest.mark.parametrize("query", ["", "sort=newest", "sort=longest", "role=ambassador"])
def test_pages_follow_each_other_in_both_directions(cast: Cast, query: str) -> None:
    moment = clock.now()
    for n in range(70):
        # Same names and same moments: the id tells them apart.
        make_member(cast.community, name=f"Person {n // 3:03}", role="ambassador", joined_at=moment)
    client = as_(cast.soraya)
    address = url(cast.community, f"people/?{query}")
    seen: list[str] = []
    first = answer = client.get(address)
    pages = 1
    while True:
        seen += [face["url"] for face in answer.context["people"]]
        next_url = answer.context["page"].next_url
        if not next_url:
            break
        answer = client.get(url(cast.community) + next_url)
        pages += 1
    total = 71 if "role" in query else 75
    assert len(seen) == len(set(seen)) == total
    assert pages == 3
    while answer.context["page"].previous_url:
        answer = client.get(url(cast.community) + answer.context["page"].previous_url)
        pages -= 1
    assert pages == 1
    assert answer.context["people"] == first.context["people"]


def test_a_filtered_list_comes_as_a_part_for_htmx(cast: Cast) -> None:
    answer = as_(cast.soraya).get(
        url(cast.community, "people/?q=lan"), headers={"hx-request": "true", "hx-target": "found"}
    )
    page = answer.content.decode()
    assert "Lan Nguyễn" in page
    assert "<html" not in page


def test_the_list_takes_at_most_ten_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = as_(cast.soraya)
    for query in ("", "?sort=newest", "?q=person&role=member&audience=member&since=30"):
        for _ in range(20):
            make_member(cast.community)
        cache.clear()
        with django_assert_max_num_queries(10):
            assert client.get(url(cast.community, f"people/{query}")).status_code == 200


# --- a person's page -------------------------------------------------------------------------------------------


def test_a_profile_by_handle_and_by_id(cast: Cast) -> None:
    make_profile(cast.ife, headline="Drummer, looking for a room", about="Ask me about **rooms**.", place="Leith")
    for key in ("ife", "IFE", str(cast.ife.pk)):
        page = read(cast.soraya, f"people/{key}/")
        for words in ("Ife Adeyemi", "Drummer, looking for a room", "<strong>rooms</strong>", "Leith", "ambassador"):
            assert words in page
    assert "Change your page" not in page
    assert "Change your page" in read(cast.ife, "people/ife/")


def test_who_has_no_page(cast: Cast) -> None:
    erased = make_member(cast.community, name="Was Erased", handle="erased")
    Person.objects.filter(pk=erased.pk).update(erased_at=clock.now())
    unclaimed = cast.joao.person
    other = make_cast().soraya
    for key in ("nobody", uuid.uuid4(), erased.pk, "erased", unclaimed.pk, other.pk, "%00", "x" * 300):
        page = read(cast.soraya, f"people/{key}/", status=404)
        assert "Was Erased" not in page
        assert unclaimed.name not in page


def test_who_was_merged_leads_to_the_person_that_they_are(cast: Cast) -> None:
    Person.objects.filter(pk=cast.ife.pk).update(merged_into=cast.lan)
    answer = as_(cast.soraya).get(url(cast.community, f"people/{cast.ife.pk}/"), follow=True)
    assert answer.status_code == 200
    assert "Lan Nguyễn" in answer.content.decode()


def test_the_timeline_shows_what_the_reader_may_see(cast: Cast) -> None:
    open_space = make_space(cast.community, name="Rooms")
    secret = make_space(cast.community, name="Board", kind="private")
    Thread.start(space=open_space, title="Which room is free", text="On Monday", by=cast.ife)
    from milepost.domain.spaces.models import SpaceMember

    for person in (cast.ife, cast.lan):
        SpaceMember.objects.create(community=cast.community, space=secret, person=person)
    Thread.start(space=secret, title="About money", text="Between us", by=cast.ife)
    record("member.paused", community=cast.community, by=cast.ife)
    catch_up()
    page = read(cast.soraya, "people/ife/")
    assert "Which room is free" in page
    assert "Started a conversation" in page
    assert "About money" not in page
    assert "Began a break" not in page
    assert page.count("Started a conversation") == 1
    assert "About money" in read(cast.lan, "people/ife/")


def test_a_deleted_post_leaves_the_timeline(cast: Cast) -> None:
    thread = Thread.start(space=make_space(cast.community), title="A hasty word", text="…", by=cast.ife)
    assert "A hasty word" in read(cast.soraya, "people/ife/")
    thread.posts.get().delete(by=cast.ife)
    page = read(cast.soraya, "people/ife/")
    assert "A hasty word" not in page
    assert "Started a conversation" not in page


@pytest.mark.parametrize(
    ("choice", "named"),
    [("public", True), ("community", True), ("first_name", False), ("private", False), ("none", False)],
)
def test_milestones_on_a_page_follow_the_choice(cast: Cast, choice: str, named: bool) -> None:
    milestone = make_milestone(cast.community, name="First paid gig")
    make_profile(cast.ife, celebration=choice)
    day = clock.now().date() - datetime.timedelta(days=3)
    Award.claim(person=cast.ife, milestone=milestone, reached_on=day, evidence="Forty euros")
    page = read(cast.soraya, "people/ife/")
    assert ("Forty euros" in page) == named
    assert ("Reached “First paid gig”" in page) == named
    own = read(cast.ife, "people/ife/")
    assert "Forty euros" in own
    assert "Reached “First paid gig”" in own


@pytest.mark.parametrize("identities", [1, 3])
def test_a_long_timeline_turns_its_pages(cast: Cast, identities: int) -> None:
    sources = [cast.ife.identities.get(), *(make_identity(cast.ife) for _ in range(identities - 1))]
    for n in range(45):
        record(
            "member.joined",
            community=cast.community,
            by=sources[n % identities],
            happened_at=clock.now() - datetime.timedelta(days=n // 2),
        )
    client, tail = as_(cast.soraya), "people/ife/"
    answer = client.get(url(cast.community, tail))
    moments = [entry["at"] for entry in answer.context["entries"]]
    while next_url := answer.context["page"].next_url:
        answer = client.get(url(cast.community, tail) + next_url)
        assert answer.context["first_page"] is False
        moments += [entry["at"] for entry in answer.context["entries"]]
    assert len(moments) == 45
    assert moments == sorted(moments, reverse=True)


def test_thanks_stand_on_the_page(cast: Cast) -> None:
    make_praise(cast.lan, cast.ife, words="Carried my amp home")
    assert "Carried my amp home" in read(cast.soraya, "people/ife/")
    make_profile(cast.ife, celebration="none")
    assert "Carried my amp home" not in read(cast.soraya, "people/ife/")


def test_a_profile_takes_at_most_ten_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    space = make_space(cast.community)
    client = as_(cast.soraya)
    for _ in range(2):
        for n in range(12):
            Thread.start(space=space, title=f"Topic {n}", text="…", by=cast.ife)
            make_award(cast.ife, make_milestone(cast.community))
            make_praise(make_member(cast.community), cast.ife)
            make_identity(cast.ife)
        catch_up()
        cache.clear()
        with django_assert_max_num_queries(10):
            assert client.get(url(cast.community, "people/ife/")).status_code == 200


# --- one's own settings --------------------------------------------------------------------------------------------


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), "teal").save(out, "PNG")
    return SimpleUploadedFile("me.png", out.getvalue(), "image/png")


def test_a_member_says_who_they_are(cast: Cast, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    client = as_(cast.soraya)
    given = {"name": "Soraya H", "handle": "@sory", "headline": "Cellist", "about": "Hi", "photo": picture()}
    answer = client.post(url(cast.community, "me/"), given)
    assert answer.status_code == 302
    assert answer.headers["location"] == url(cast.community, "people/sory/")
    page = client.get(answer.headers["location"])
    assert "Cellist" in page.content.decode()
    shown = client.get(page.context["person"]["photo"])
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(shown.getvalue())).size == (80, 60)
    assert as_(None).get(page.context["person"]["photo"]).status_code == 404
    name = Profile.objects.get(person=cast.soraya).photo.name
    with_away = {"name": "Soraya H", "handle": "sory", "without_photo": "on"}
    assert client.post(url(cast.community, "me/"), with_away).status_code == 302
    assert not Profile.objects.get(person=cast.soraya).photo
    assert name


def test_what_cannot_be_keeps_what_was_typed(cast: Cast) -> None:
    client = as_(cast.soraya)
    answer = client.post(url(cast.community, "me/"), {"name": "Soraya", "handle": "lan", "headline": "Cellist"})
    assert answer.status_code == 422
    assert "Cellist" in answer.content.decode()
    cast.soraya.refresh_from_db()
    assert cast.soraya.handle == "soraya"
    text = SimpleUploadedFile("me.png", b"<html><script>", "image/png")
    answer = client.post(url(cast.community, "me/"), {"name": "Soraya", "handle": "soraya", "photo": text})
    assert answer.status_code == 422
    assert not Profile.objects.filter(person=cast.soraya).exists()


def test_a_member_chooses_how_to_be_celebrated(cast: Cast) -> None:
    make_award(cast.soraya, make_milestone(cast.community), evidence="My own story")
    client, address = as_(cast.soraya), url(cast.community, "me/celebration/")
    assert "My own story" in read(cast.lan, "moments/")
    assert client.post(address, {"celebration": "none"}).status_code == 302
    assert Profile.objects.get(person=cast.soraya).celebration == "none"
    assert "My own story" not in read(cast.lan, "moments/")
    assert client.post(address, {"celebration": "loudly"}).status_code == 422


def test_a_member_chooses_language_and_time_zone(cast: Cast) -> None:
    client, address = as_(cast.soraya), url(cast.community, "me/language/")
    assert client.post(address, {"language": "de", "time_zone": "Europe/Lisbon"}).status_code == 302
    account = Account.objects.get(pk=cast.soraya.account_id)
    assert (account.language, account.time_zone) == ("de", "Europe/Lisbon")
    assert '<html lang="de"' in client.get(address).content.decode()
    assert client.post(address, {"language": "tlh", "time_zone": "Moon/Sea"}).status_code == 422
