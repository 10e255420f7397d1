"""Cohorts, introductions and mentoring over HTTP."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.cache import cache

from milepost.domain.paths.models import CheckIn, Cohort, CohortMember, HelpOffer, Introduction, Mentoring
from milepost.engines.milestones.backfilling import backfill
from milepost.engines.milestones.finishing import finishing
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_cohort,
    make_help_offer,
    make_introduction,
    make_member,
    make_milestone,
)

from .test_personas import as_, read, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits() -> None:
    cache.clear()


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    make_milestone(cast.community, slug="live", name="First live gig")
    return cast


class TestMeeting:
    def test_both_say_yes_and_then_see_how_to_reach_each_other(self, cast: Cast) -> None:
        assert cast.ife.account is not None
        assert cast.soraya.account is not None
        page = read(cast, cast.soraya, f"people/{cast.ife.pk}/introduction/?about=live")
        assert "First live gig" in page
        assert cast.ife.account.email not in page
        form = {"words": "How was yours?", "about": "live"}
        assert as_(cast.soraya).post(url(cast, f"people/{cast.ife.pk}/introduction/"), form).status_code == 302
        made = Introduction.objects.get()
        assert made.milestone is not None
        assert cast.soraya.account.email not in read(cast, cast.ife, "meetings/")
        assert "How was yours?" in read(cast, cast.ife, "meetings/")
        as_(cast.ife).post(url(cast, f"meetings/{made.pk}/answer/"), {"answer": "yes"})
        assert cast.soraya.account.email in read(cast, cast.ife, "meetings/")
        assert cast.ife.account.email in read(cast, cast.soraya, "meetings/")

    def test_a_no_shows_nothing(self, cast: Cast) -> None:
        made = make_introduction(cast.soraya, cast.ife)
        as_(cast.ife).post(url(cast, f"meetings/{made.pk}/answer/"), {"answer": "no"})
        assert cast.ife.account is not None
        assert cast.ife.account.email not in read(cast, cast.soraya, "meetings/")
        again = as_(cast.soraya).post(url(cast, f"people/{cast.ife.pk}/introduction/"), {"words": "Please"})
        assert again.status_code == 422

    def test_it_is_between_the_two(self, cast: Cast) -> None:
        made = make_introduction(cast.soraya, cast.ife)
        for tail in ("answer", "withdrawal", "mentoring"):
            assert as_(cast.lan).post(url(cast, f"meetings/{made.pk}/{tail}/")).status_code == 404
            assert as_(None).post(url(cast, f"meetings/{made.pk}/{tail}/")).status_code == 302
        assert as_(cast.soraya).post(url(cast, f"meetings/{made.pk}/answer/"), {"answer": "yes"}).status_code == 403
        as_(cast.soraya).post(url(cast, f"meetings/{made.pk}/withdrawal/"))
        assert not Introduction.objects.exists()

    def test_nobody_meets_themselves_or_strangers(self, cast: Cast) -> None:
        for person in (cast.soraya, cast.joao.person, make_member()):
            assert as_(cast.soraya).get(url(cast, f"people/{person.pk}/introduction/")).status_code == 404

    def test_mentoring_with_a_next_talk(self, cast: Cast) -> None:
        made = make_introduction(cast.soraya, cast.ife, agreed=True)
        answer = as_(cast.soraya).post(url(cast, f"meetings/{made.pk}/mentoring/"))
        mentoring = Mentoring.objects.get()
        assert answer["Location"] == url(cast, f"mentoring/{mentoring.pk}/talk/")
        soon = (clock.now() + datetime.timedelta(days=2)).strftime("%Y-%m-%dT18:30")
        assert as_(cast.ife).post(answer["Location"], {"at": soon}).status_code == 302
        assert "Next talk:" in read(cast, cast.soraya, "meetings/")
        past = as_(cast.ife).post(answer["Location"], {"at": "2020-01-01T10:00"})
        assert past.status_code == 422
        as_(cast.soraya).post(answer["Location"], {"talked": "1"})
        mentoring.refresh_from_db()
        assert mentoring.talks == 1
        assert as_(cast.lan).get(answer["Location"]).status_code == 404
        as_(cast.ife).post(url(cast, f"mentoring/{mentoring.pk}/end/"))
        assert as_(cast.ife).get(answer["Location"]).status_code == 404

    def test_offering_help(self, cast: Cast) -> None:
        client = as_(cast.ife)
        page = read(cast, cast.ife, "milestones/live/help/")
        assert "once you have reached it yourself" in page
        make_award(cast.ife, cast.community.milestones.get())
        assert client.post(url(cast, "milestones/live/help/"), {"words": "Ask me."}).status_code == 302
        assert "Ask me." in read(cast, cast.ife, "meetings/")
        client.post(url(cast, "milestones/live/help/"), {"back": "1"})
        assert not HelpOffer.objects.standing().exists()
        assert client.get(url(cast, "milestones/none/help/")).status_code == 404
        assert as_(None).get(url(cast, "milestones/live/help/")).status_code == 302
        assert make_help_offer(cast.lan, cast.community.milestones.get())


class TestCohorts:
    @pytest.fixture
    def cohort(self, cast: Cast) -> Cohort:
        return make_cohort(
            walkers=[cast.soraya, cast.ife],
            slug="songs",
            name="Songs",
            target=Decimal(20),
            unit="songs",
            why="For joy.",
        )

    @pytest.mark.parametrize("tail", ["cohorts/", "cohorts/songs/", "cohorts/new/"])
    def test_members_only(self, cast: Cast, cohort: Cohort, tail: str) -> None:
        assert as_(None).get(url(cast, tail)).status_code == 302
        assert as_(cast.noor).get(url(cast, tail)).status_code == 404
        assert as_(cast.lan).get(url(cast, tail)).status_code == 200

    def test_set_out_and_come_along(self, cast: Cast) -> None:
        today = clock.today(cast.community.time_zone)
        form = {
            "name": "A song a week",
            "why": "",
            "starts_on": today.isoformat(),
            "ends_on": (today + datetime.timedelta(days=28)).isoformat(),
            "target": "30",
            "unit": "songs",
        }
        answer = as_(cast.soraya).post(url(cast, "cohorts/new/"), form)
        assert answer["Location"] == url(cast, "cohorts/a-song-a-week/")
        as_(cast.ife).post(url(cast, "cohorts/a-song-a-week/membership/"))
        assert CohortMember.objects.count() == 2
        as_(cast.ife).post(url(cast, "cohorts/a-song-a-week/membership/"), {"leave": "1"})
        assert CohortMember.objects.walking().count() == 1
        for wrong in ({"name": ""}, {"ends_on": "2020-01-01"}, {"unit": ""}, {"target": "-4"}):
            assert as_(cast.soraya).post(url(cast, "cohorts/new/"), form | wrong).status_code == 422

    def test_check_in_stuck_and_finish(self, cast: Cast, cohort: Cohort) -> None:
        client = as_(cast.soraya)
        client.post(url(cast, "cohorts/songs/check-ins/"), {"words": "Two of them.", "quantity": "2"})
        client.post(url(cast, "cohorts/songs/check-ins/"), {"words": "Hm.", "stuck": "on"})
        page = read(cast, cast.ife, "cohorts/songs/")
        for said in ("Two of them.", "2 of 20 songs", "is stuck", "quiet for a while"):
            assert said in page, said
        assert client.post(url(cast, "cohorts/songs/check-ins/"), {"words": ""}).status_code == 422
        client.post(url(cast, "cohorts/songs/finish/"))
        assert "finished" in read(cast, cast.ife, "cohorts/songs/")
        client.post(url(cast, "cohorts/songs/finish/"), {"back": "1"})
        assert not CohortMember.objects.filter(finished_at__isnull=False).exists()

    def test_one_s_own_check_in_is_taken_back(self, cast: Cast, cohort: Cohort) -> None:
        made = cohort.check_in(by=cast.soraya, words="Oops")
        assert as_(cast.ife).post(url(cast, f"check-ins/{made.pk}/withdrawal/")).status_code == 404
        as_(cast.soraya).post(url(cast, f"check-ins/{made.pk}/withdrawal/"))
        assert not CheckIn.objects.exists()

    def test_changed_and_cancelled_by_its_organiser(self, cast: Cast, cohort: Cohort) -> None:
        assert as_(cast.ife).get(url(cast, "cohorts/songs/change/")).status_code == 302
        assert "For joy." in read(cast, cast.soraya, "cohorts/songs/change/")
        assert as_(cast.ife).post(url(cast, "cohorts/songs/cancellation/")).status_code == 403
        as_(cast.soraya).post(url(cast, "cohorts/songs/cancellation/"))
        cohort.refresh_from_db()
        assert cohort.cancelled_at
        assert "cancelled" in read(cast, cast.ife, "cohorts/")

    def test_of_another_community(self, cast: Cast) -> None:
        make_cohort(make_cast().community, slug="theirs")
        for tail in ("cohorts/theirs/", "cohorts/theirs/change/"):
            assert as_(cast.lan).get(url(cast, tail)).status_code == 404
        assert as_(cast.lan).post(url(cast, "cohorts/theirs/membership/")).status_code == 404


class TestFinishing:
    def test_a_steward_makes_finishing_a_milestone(self, cast: Cast) -> None:
        cohort = make_cohort(cast.community, name="A song a day", walkers=[cast.soraya])
        cohort.finish(by=cast.soraya)
        catch_up()
        place = f"cohorts/{cohort.slug}/"
        assert "Make finishing it a milestone" not in read(cast, cast.soraya, place)
        assert as_(cast.soraya).get(url(cast, f"{place}milestone/")).status_code == 403
        assert "Make finishing it a milestone" in read(cast, cast.lan, place)
        assert "A song a day" in read(cast, cast.lan, f"{place}milestone/")
        form = {"name": "Thirty songs", "why": "Songs come from sitting down."}
        assert as_(cast.lan).post(url(cast, f"{place}milestone/"), form).status_code == 302
        made = finishing(cohort)
        assert made is not None
        cohort.refresh_from_db()
        assert cohort.milestone == made
        backfill(made)
        early = Award.objects.get(milestone=made)
        assert (early.person, early.how) == (cast.soraya, "rule")
        cohort.join(by=cast.ife)
        cohort.finish(by=cast.ife)
        catch_up()
        assert {a.person for a in Award.objects.filter(milestone=made)} == {cast.soraya, cast.ife}
        page = read(cast, cast.ife, place)
        assert "Whoever finishes it reaches" in page
        assert "Thirty songs" in page
        again = as_(cast.lan).post(url(cast, f"{place}milestone/"), {"name": "Other"})
        assert again.status_code == 422
        assert "already" in again.content.decode()
        cohort.unfinish(by=cast.ife)
        catch_up()
        standing = Award.objects.filter(milestone=made, revoked_at__isnull=True)
        assert [a.person for a in standing] == [cast.soraya]
