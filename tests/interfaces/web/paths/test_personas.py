"""Personas and their map over HTTP: who reads, who chooses, who writes, and what happens then."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from milepost.domain.paths import choosing
from milepost.domain.paths.models import NoneOfThese, Persona, PersonaChoice
from milepost.domain.people import inviting
from milepost.engines.milestones import bearings
from milepost.engines.milestones import map as mapping
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Account, Person
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_charter,
    make_choice,
    make_community,
    make_member,
    make_milestone,
    make_persona,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    stones = [
        make_milestone(cast.community, slug=slug, name=name)
        for slug, name in (("live", "First live gig"), ("tour", "First tour"))
    ]
    make_persona(
        cast.community, slug="hobbyists", name="Hobbyists", path=stones[:1], story="After work.", needs=["a room"]
    )
    make_persona(cast.community, slug="pros", name="Professionals", path=stones)
    return cast


def as_(who: Person | Account | None) -> Client:
    client = Client()
    account = who.account if isinstance(who, Person) else who
    if account is not None:
        client.force_login(account)
    return client


def url(cast: Cast, tail: str) -> str:
    return f"/c/{cast.community.slug}/{tail}"


def read(cast: Cast, who: Person | Account | None, tail: str) -> str:
    answer = as_(who).get(url(cast, tail))
    assert answer.status_code == 200, tail
    return answer.content.decode()


READING = ["personas/", "personas/hobbyists/"]
MEMBERS = ["persona-choice/", "persona-map/", "personas/new/", "me/journey/suggestions/"]
WRITING = ["personas/hobbyists/change/", "personas/hobbyists/path/", "persona-template/"]
POSTED = ["personas/hobbyists/adoption/", "personas/hobbyists/retirement/"]


@pytest.mark.parametrize("tail", READING)
def test_a_public_community_is_read_by_everyone(cast: Cast, tail: str) -> None:
    for who in (None, cast.noor, cast.soraya, cast.lan):
        assert as_(who).get(url(cast, tail)).status_code == 200


@pytest.mark.parametrize("tail", [*READING, *MEMBERS])
def test_members_only_elsewhere(cast: Cast, tail: str) -> None:
    cast.community.visibility = "members"
    cast.community.save()
    assert as_(None).get(url(cast, tail)).status_code == 302
    assert as_(cast.noor).get(url(cast, tail)).status_code == 404
    assert as_(make_cast().amara).get(url(cast, tail)).status_code == 404
    assert as_(cast.soraya).get(url(cast, tail)).status_code == 200


@pytest.mark.parametrize("tail", [*WRITING, *POSTED])
def test_only_stewards_write(cast: Cast, tail: str) -> None:
    ask = "post" if tail in POSTED else "get"
    assert getattr(as_(None), ask)(url(cast, tail)).status_code == 302
    assert getattr(as_(cast.noor), ask)(url(cast, tail)).status_code == 404
    for who in (cast.soraya, cast.mateus):
        assert getattr(as_(who), ask)(url(cast, tail)).status_code == 403
    assert getattr(as_(cast.lan), ask)(url(cast, tail)).status_code == (302 if tail in POSTED else 200)
    if tail in POSTED:
        assert as_(cast.lan).get(url(cast, tail)).status_code == 405


def test_what_is_not_there(cast: Cast) -> None:
    make_persona(make_community(), slug="theirs")
    for tail in ("personas/none/", "personas/theirs/", "personas/theirs/change/", "personas/theirs/path/"):
        assert as_(cast.lan).get(url(cast, tail)).status_code == 404
    assert as_(cast.lan).post(url(cast, "personas/theirs/adoption/")).status_code == 404


class TestChoosing:
    def test_one_and_then_none_with_words(self, cast: Cast) -> None:
        client = as_(cast.soraya)
        answer = client.post(url(cast, "persona-choice/"), {"personas": ["hobbyists", "pros"]})
        assert answer.status_code == 302
        assert PersonaChoice.objects.standing().filter(person=cast.soraya).count() == 2
        assert "this is you" in read(cast, cast.soraya, "personas/")
        client.post(url(cast, "persona-choice/"), {"none": "on", "words": "I only listen."})
        assert not PersonaChoice.objects.standing().exists()
        assert "I only listen." in read(cast, cast.lan, "personas/"), "stewards hear it"
        assert "I only listen." not in read(cast, cast.ife, "personas/")
        assert NoneOfThese.objects.count() == 1

    def test_both_at_once_makes_no_sense(self, cast: Cast) -> None:
        answer = as_(cast.soraya).post(
            url(cast, "persona-choice/"), {"personas": ["pros"], "none": "on", "words": "Hm"}
        )
        assert answer.status_code == 422
        assert "Hm" in answer.content.decode()
        assert 'value="pros" id="pick-pros" checked' in answer.content.decode(), "what was ticked is still ticked"
        assert not PersonaChoice.objects.exists()

    def test_of_another_community_is_none_of_ours(self, cast: Cast) -> None:
        make_persona(make_community(), slug="theirs")
        assert as_(cast.soraya).post(url(cast, "persona-choice/"), {"personas": ["theirs"]}).status_code == 422

    def test_a_suggestion_is_answered(self, cast: Cast) -> None:
        Persona.objects.filter(slug="pros").update(suggests={"role": "member"})
        assert "Do you find yourself in “Professionals”?" in read(cast, cast.soraya, "me/journey/suggestions/")
        as_(cast.soraya).post(url(cast, "personas/pros/suggestion/"), {"answer": "no"})
        assert "Professionals" not in read(cast, cast.soraya, "me/journey/suggestions/")
        as_(cast.ife).post(url(cast, "personas/pros/suggestion/"), {"answer": "yes"})
        assert PersonaChoice.objects.standing().get().person == cast.ife


class TestWriting:
    FORM = {
        "name": "Listeners",
        "story": "They mean it.",
        "needs": "a chair\n\na cup",
        "success": "",
        "seed": "second row",
    }

    def test_a_member_proposes_and_reads_the_answer(self, cast: Cast) -> None:
        answer = as_(cast.soraya).post(url(cast, "personas/new/"), self.FORM)
        assert answer.status_code == 302
        made = Persona.objects.get(slug="listeners")
        assert (made.needs, made.proposed_by, made.is_adopted) == (["a chair", "a cup"], cast.soraya, False)
        assert "Shall it be one of ours?" in read(cast, cast.lan, "personas/listeners/")
        assert "Shall it be one of ours?" not in read(cast, cast.soraya, "personas/listeners/")
        assert as_(None).get(url(cast, "personas/listeners/")).status_code == 302
        as_(cast.lan).post(url(cast, "personas/listeners/adoption/"), {"answer": "Gladly."})
        assert "Gladly." in read(cast, cast.soraya, "personas/listeners/")

    def test_a_steward_s_is_there_at_once_and_asks_for_its_path(self, cast: Cast) -> None:
        answer = as_(cast.lan).post(url(cast, "personas/new/"), self.FORM)
        assert answer["Location"] == url(cast, "personas/listeners/path/")
        assert Persona.objects.get(slug="listeners").is_adopted

    def test_a_refusal_keeps_what_was_typed(self, cast: Cast) -> None:
        answer = as_(cast.lan).post(url(cast, "personas/new/"), self.FORM | {"name": "hobbyists"})
        assert answer.status_code == 422
        assert "They mean it." in answer.content.decode()

    def test_the_path_is_laid_by_numbers(self, cast: Cast) -> None:
        persona = Persona.objects.get(slug="hobbyists")
        live, tour = (s.pk for s in cast.community.milestones.order_by("slug"))
        page = read(cast, cast.lan, "personas/hobbyists/path/")
        assert f'name="place_{live}" value="1"' in page
        form = {f"place_{live}": "2", f"place_{tour}": "1"}
        assert as_(cast.lan).post(url(cast, "personas/hobbyists/path/"), form).status_code == 302
        assert list(persona.stones.values_list("milestone", flat=True)) == [tour, live]
        bad = as_(cast.lan).post(url(cast, "personas/hobbyists/path/"), {f"place_{live}": "first"})
        assert bad.status_code == 422

    def test_retired_and_taken_up_again(self, cast: Cast) -> None:
        as_(cast.lan).post(url(cast, "personas/pros/retirement/"))
        assert "Professionals" not in read(cast, cast.soraya, "personas/")
        as_(cast.lan).post(url(cast, "personas/pros/adoption/"))
        assert "Professionals" in read(cast, cast.soraya, "personas/")

    def test_a_template_fills_an_empty_community(self, cast: Cast) -> None:
        assert "Musicians who perform" in read(cast, cast.lan, "persona-template/")
        as_(cast.lan).post(url(cast, "persona-template/"), {"template": "gardeners"})
        assert Persona.objects.filter(community=cast.community, slug="growers").exists()
        assert as_(cast.lan).post(url(cast, "persona-template/"), {"template": "../x"}).status_code == 302


class TestMap:
    @pytest.fixture
    def crowd(self, cast: Cast) -> Cast:
        live = cast.community.milestones.get(slug="live")
        hobby, pros = Persona.objects.get(slug="hobbyists"), Persona.objects.get(slug="pros")
        today = clock.today(cast.community.time_zone)
        for n in range(24):
            person = make_member(cast.community)
            make_choice(person, pros if n < 3 else hobby)
            if n % 2 or n < 3:
                make_award(person, live, reached_on=today - datetime.timedelta(days=200))
        mapping.forget(cast.community)
        bearings.forget(cast.community)
        return cast

    def test_stewards_see_counts_stalls_and_shared_rows(self, crowd: Cast) -> None:
        page = read(crowd, crowd.lan, "persona-map/")
        assert "shared by 2" in page
        assert "11 reached it" in page
        assert "3 reached it" in page
        assert "Most wait after “First live gig”." in page
        assert "members have chosen no persona" in page

    def test_members_see_no_small_group_and_where_they_are(self, crowd: Cast) -> None:
        make_choice(crowd.soraya, Persona.objects.get(slug="hobbyists"))
        page = read(crowd, crowd.soraya, "persona-map/")
        assert "11 reached it" in page
        assert "3 reached it" not in page
        assert "too few to show" in page
        assert "you are here" in page
        assert "chosen no persona" not in page
        assert "Most wait" not in page

    def test_an_empty_one_says_what_belongs_there(self) -> None:
        cast = make_cast()
        assert "No personas yet" in read(cast, cast.soraya, "persona-map/")

    def test_at_most_twelve_queries_flat_in_members(self, crowd: Cast) -> None:
        make_charter(crowd.community)

        def cost(who: Person) -> int:
            client = as_(who)
            mapping.forget(crowd.community)
            bearings.forget(crowd.community)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url(crowd, "persona-map/")).status_code == 200
            return len(asked)

        first = cost(crowd.lan), cost(crowd.soraya)
        for _ in range(20):
            make_choice(make_member(crowd.community), Persona.objects.get(slug="pros"))
        assert (cost(crowd.lan), cost(crowd.soraya)) == first
        assert max(first) <= 12


class TestWhomWeAsk:
    """The rule behind “is that you?”, written by a steward in the editor."""

    def test_written_explained_and_taken_away(self, cast: Cast) -> None:
        assert as_(cast.soraya).get(url(cast, "personas/pros/asked/")).status_code == 403
        assert "Nobody is asked" in read(cast, cast.lan, "personas/pros/")
        Persona.objects.filter(slug="pros").update(suggests={"reached": "live"})
        page = read(cast, cast.lan, "personas/pros/")
        assert "First live gig" in page.partition("Whom we ask")[2]
        assert "Whom we ask" not in read(cast, cast.soraya, "personas/pros/")
        assert "First live gig" in read(cast, cast.lan, "personas/pros/asked/")
        assert as_(cast.lan).post(url(cast, "personas/pros/asked/"), {}).status_code == 302
        assert Persona.objects.get(slug="pros").suggests is None

    def test_a_rule_whose_milestone_is_gone_asks_nobody_and_breaks_nothing(self, cast: Cast) -> None:
        Persona.objects.filter(slug="pros").update(suggests={"reached": "gone"})
        assert "Professionals" not in read(cast, cast.soraya, "me/journey/suggestions/")
        assert as_(cast.soraya).get(url(cast, "persona-choice/")).status_code == 200
        assert "cannot be used" in read(cast, cast.lan, "personas/pros/")


class TestInvitationsForAPersona:
    """An invitation names whom it is for; whoever joins by it is asked on the first visit."""

    def test_named_asked_and_answered(self, cast: Cast) -> None:
        page = as_(cast.lan).post(
            url(cast, "invitations/"), {"label": "Poster", "persona": "pros", "role": "member", "days": "30"}
        )
        assert page.status_code == 200
        link = re.search(r"/i/([\w-]+)/", page.content.decode())
        assert link
        assert "for people like “Professionals”" in page.content.decode()
        joined = inviting.accept(token=link[1], account=cast.noor, agreed=True).person
        assert [one.slug for one in choosing.suggestions(joined)] == ["pros"]
        as_(joined).post(url(cast, "welcome/"))
        assert "may be you" in read(cast, joined, "welcome/persona/")
        choosing.decline(person=joined, persona=Persona.objects.get(slug="pros"))
        assert choosing.suggestions(joined) == []

    def test_who_joins_otherwise_is_not_asked(self, cast: Cast) -> None:
        assert choosing.suggestions(make_member(cast.community)) == []

    def test_not_by_others_and_not_for_what_is_retired(self, cast: Cast) -> None:
        made, _token = inviting.invite_link(community=cast.community, by=cast.lan)
        pros = Persona.objects.get(slug="pros")
        with pytest.raises(NotAllowed):
            choosing.invite_as(invitation=made, persona=pros, by=cast.amara)
        pros.retire(by=cast.lan)
        with pytest.raises(DomainError):
            choosing.invite_as(invitation=made, persona=pros, by=cast.lan)
        form = as_(cast.lan).post(url(cast, "invitations/"), {"persona": "pros", "role": "member", "days": "30"})
        assert "for people like" not in form.content.decode().lower() or form.status_code == 422
