"""Milestones over HTTP: written and put in force by stewards, claimed and verified, awarded, revoked and doubted."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.backfilling import put_in_force
from milepost.engines.milestones.models import Award, Dispute, MilestoneClaim, RuleInForce
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Person
from milepost.outward.connectors.models import AwardRow
from tests.factories import Cast, make_award, make_cast, make_goal, make_milestone, make_space, make_value

pytestmark = pytest.mark.django_db

DAY = "2026-03-04"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def as_(person: Person | None) -> Client:
    client = Client()
    if person is not None:
        client.force_login(person.account)
    return client


def at(cast: Cast, tail: str) -> str:
    return f"/c/{cast.community.slug}/{tail}"


def read(cast: Cast, person: Person | None, tail: str) -> str:
    answer = as_(person).get(at(cast, tail))
    assert answer.status_code == 200, (tail, answer.status_code)
    return answer.content.decode()


def post(cast: Cast, person: Person, tail: str, **given: Any) -> int:
    return as_(person).post(at(cast, tail), given).status_code


def test_a_steward_writes_all_of_a_milestone(cast: Cast) -> None:
    first = make_milestone(cast.community, name="First gig")
    value, goal = make_value(cast.community), make_goal(cast.community)
    space = make_space(cast.community, kind="private")
    given = {
        "name": "First paid gig", "why": "Music is work", "icon": "banknote", "kind": "life", "value": value.pk, "goal": goal.pk,
        "way": "claim", "verified_by": "peer", "needs_evidence": "on", "repeats": "once", "valid_for_days": "365",
        "requires": [first.pk], "grants_role": "ambassador", "spaces": [space.pk], "is_secret": "on",
    }  # fmt: skip
    assert post(cast, cast.lan, "milestones/new/", **given) == 302
    made = Milestone.objects.get(name="First paid gig")
    assert (made.value, made.verified_by, made.needs_evidence, made.valid_for_days) == (value, "peer", True, 365)
    assert (list(made.requires.all()), made.serves.goal, made.grants_role, made.is_secret) == (
        [first], goal, "ambassador", True,
    )  # fmt: skip
    page = read(cast, cast.lan, f"milestones/{made.slug}/change/")
    assert "Music is work" in page
    assert (
        post(cast, cast.lan, f"milestones/{made.slug}/change/", **given | {"why": "It pays the rent", "requires": []})
        == 302
    )
    made.refresh_from_db()
    assert (made.why, made.requires.count()) == ("It pays the rent", 0)
    assert "First paid gig" in read(cast, cast.lan, "desk/milestones/")
    assert as_(cast.soraya).get(at(cast, f"milestones/{made.slug}/")).status_code == 404


def test_members_and_visitors_do_not_write(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    for tail in (
        "desk/milestones/",
        "milestones/new/",
        f"milestones/{stone.slug}/preview/",
        f"milestones/{stone.slug}/awards/",
    ):
        assert as_(cast.soraya).get(at(cast, tail)).status_code == 403
        assert as_(None).get(at(cast, tail)).status_code == 302
        assert as_(make_cast().lan).get(at(cast, tail)).status_code == 404


def test_a_claim_with_evidence_is_verified_in_the_queue(cast: Cast) -> None:
    stone = make_milestone(cast.community, name="First tour", verified_by="steward", needs_evidence=True)
    page = read(cast, cast.ife, f"milestones/{stone.slug}/claim/")
    assert 'type="file"' in page
    assert post(cast, cast.ife, f"milestones/{stone.slug}/claim/", reached_on=DAY) == 422
    poster = SimpleUploadedFile("poster.txt", b"Friday, eight o'clock", content_type="text/html")
    assert (
        post(cast, cast.ife, f"milestones/{stone.slug}/claim/", reached_on=DAY, evidence="Nine towns", file=poster)
        == 302
    )
    claim = MilestoneClaim.objects.get()
    assert "somebody will look" in read(cast, cast.ife, f"milestones/{stone.slug}/")
    for tail in (f"verification/{claim.pk}/", f"verification/{claim.pk}/file/"):
        assert as_(cast.soraya).get(at(cast, tail)).status_code == 404
    read(cast, cast.ife, f"verification/{claim.pk}/")
    file = as_(cast.lan).get(at(cast, f"verification/{claim.pk}/file/"))
    assert file["Content-Disposition"] == 'attachment; filename="poster.txt"'
    assert file["Content-Type"] == "application/octet-stream"
    assert file.getvalue() == b"Friday, eight o'clock"
    assert "First tour" in read(cast, cast.lan, "verification/")
    assert "First tour" not in read(cast, cast.soraya, "verification/")
    assert "1 member says they reached a milestone" in read(cast, cast.lan, "desk/")
    assert post(cast, cast.lan, f"verification/{claim.pk}/", decision="decline", reason="") == 422
    assert post(cast, cast.lan, f"verification/{claim.pk}/", decision="confirm", reason="I was there") == 302
    award = Award.objects.get()
    page = read(cast, cast.soraya, f"awards/{award.pk}/")
    assert "Nine towns" in page
    assert "poster.txt" not in page
    assert as_(cast.soraya).get(at(cast, f"awards/{award.pk}/file/")).status_code == 404
    mine = as_(cast.ife).get(at(cast, f"awards/{award.pk}/file/"))
    assert mine.getvalue().startswith(b"Friday")
    assert "confirmed" in read(cast, cast.ife, "verification/")


def test_one_takes_a_waiting_claim_back(cast: Cast) -> None:
    stone = make_milestone(cast.community, verified_by="steward")
    post(cast, cast.ife, f"milestones/{stone.slug}/claim/", reached_on=DAY)
    claim = MilestoneClaim.objects.get()
    assert as_(cast.ife).get(at(cast, f"milestones/{stone.slug}/claim/")).status_code == 302
    assert post(cast, cast.soraya, f"verification/{claim.pk}/withdrawal/") == 404
    assert post(cast, cast.ife, f"verification/{claim.pk}/withdrawal/") == 302
    assert not MilestoneClaim.objects.exists()


def test_members_propose_and_read_the_answer(cast: Cast) -> None:
    assert post(cast, cast.soraya, "milestones/new/proposal/", name="First busking day", why="Courage") == 302
    one = Milestone.objects.get()
    assert as_(cast.soraya).get(at(cast, f"milestones/{one.slug}/")).status_code == 404
    assert "First busking day" not in read(cast, cast.ife, "milestones/")
    assert "proposed by Soraya" in read(cast, cast.lan, "desk/milestones/?show=proposed")
    assert post(cast, cast.soraya, f"milestones/{one.slug}/decision/", decision="adopt") == 403
    assert post(cast, cast.lan, f"milestones/{one.slug}/decision/", decision="decline", reason="") == 302
    assert Milestone.objects.proposed().exists()
    assert post(cast, cast.lan, f"milestones/{one.slug}/decision/", decision="decline", reason="Later") == 302
    assert "Later" in read(cast, cast.soraya, "milestones/new/proposal/")


def test_a_rule_is_previewed_and_put_in_force(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    stone = Milestone.define(
        community=cast.community, name="Began", by=cast.lan, details=Details(way="rule", rule={"did": "thread.started"})
    )
    record("thread.started", community=cast.community, by=cast.ife, backfilled=True)
    catch_up()
    page = read(cast, cast.lan, f"milestones/{stone.slug}/preview/")
    assert "1 person would gain it" in page
    assert cast.ife.name in page
    assert "waits for you" in read(cast, cast.lan, "desk/milestones/")
    assert not Award.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(cast, cast.lan, f"milestones/{stone.slug}/preview/", do="start") == 302
    assert RuleInForce.objects.get().version == 1
    assert as_(cast.soraya).get(at(cast, f"milestones/{stone.slug}/preview/")).status_code == 403


def test_who_no_longer_fits_is_let_go_one_by_one(cast: Cast) -> None:
    stone = Milestone.define(
        community=cast.community, name="Began", by=cast.lan, details=Details(way="rule", rule={"did": "thread.started"})
    )
    put_in_force(stone, by=cast.lan)
    record("thread.started", community=cast.community, by=cast.ife)
    catch_up()
    stone.change(
        name="Began", why="", by=cast.lan, details=Details(way="rule", rule={"did": "thread.started", "at_least": 2})
    )
    award = Award.objects.get()
    assert "1 person no longer fits" in read(cast, cast.lan, f"milestones/{stone.slug}/preview/")
    given = {"do": "let_go", "award": [award.pk, "nonsense"]}
    assert post(cast, cast.lan, f"milestones/{stone.slug}/preview/", **given) == 302
    assert Award.objects.standing().exists(), "without a reason nothing is revoked"
    assert post(cast, cast.lan, f"milestones/{stone.slug}/preview/", **given, reason="Two it is") == 302
    assert not Award.objects.standing().exists()


def test_a_steward_awards_and_revokes(cast: Cast) -> None:
    stone = make_milestone(cast.community, way="award")
    assert post(cast, cast.lan, f"milestones/{stone.slug}/awards/", who="@nobody", reached_on=DAY) == 422
    assert (
        post(cast, cast.lan, f"milestones/{stone.slug}/awards/", who="@ife", reached_on=DAY, words="The choir") == 302
    )
    award = Award.objects.get()
    assert (award.person, award.awarded_by) == (cast.ife, cast.lan)
    assert cast.ife.name in read(cast, cast.lan, f"milestones/{stone.slug}/awards/")
    assert as_(cast.soraya).get(at(cast, f"awards/{award.pk}/revocation/")).status_code == 403
    assert as_(cast.lan).get(at(cast, f"awards/{award.pk}/revocation/")).status_code == 200
    assert post(cast, cast.lan, f"awards/{award.pk}/revocation/", reason="") == 422
    assert post(cast, cast.lan, f"awards/{award.pk}/revocation/", reason="Another Ife") == 302
    assert "Another Ife" in read(cast, cast.ife, f"awards/{award.pk}/")
    assert as_(cast.soraya).get(at(cast, f"awards/{award.pk}/")).status_code == 404


def test_doubts_are_settled_by_a_steward(cast: Cast) -> None:
    award = make_award(cast.ife, make_milestone(cast.community))
    assert post(cast, cast.soraya, f"awards/{award.pk}/doubt/", reason="It rained") == 302
    dispute = Dispute.objects.get()
    assert "It rained" not in read(cast, cast.mateus, f"awards/{award.pk}/")
    assert "It rained" in read(cast, cast.ife, f"awards/{award.pk}/")
    assert cast.ife.name in read(cast, cast.lan, "disputes/")
    assert as_(cast.soraya).get(at(cast, f"disputes/{dispute.pk}/")).status_code == 403
    assert post(cast, cast.lan, f"disputes/{dispute.pk}/", decision="stands", reason="") == 422
    assert post(cast, cast.lan, f"disputes/{dispute.pk}/", decision="falls", reason="So it did") == 302
    award.refresh_from_db()
    assert award.revoked_because == "So it did"


def test_what_someone_celebrates_privately_is_nobodys_page(cast: Cast) -> None:
    from tests.factories import make_profile

    make_profile(cast.ife, celebration="private")
    award = make_award(cast.ife, make_milestone(cast.community), reached_on=datetime.date(2026, 3, 4))
    assert as_(cast.soraya).get(at(cast, f"awards/{award.pk}/")).status_code == 404
    assert as_(None).get(at(cast, f"awards/{award.pk}/")).status_code == 404
    assert as_(cast.ife).get(at(cast, f"awards/{award.pk}/")).status_code == 200
    assert as_(cast.lan).get(at(cast, f"awards/{award.pk}/")).status_code == 200


def test_a_steward_builds_a_rule_line_by_line(cast: Cast) -> None:
    assert post(cast, cast.lan, "milestones/new/", name="Twice begun", way="rule", kind="step") == 302
    stone = Milestone.objects.get(name="Twice begun")
    tail = f"milestones/{stone.slug}/rule/"
    assert "rule-0.0-what" in read(cast, cast.lan, tail)
    line = {"rule-0-group": "all", "rule-0.0-what": "did:thread.started", "rule-0.0-op": "at_least", "rule-0.0-n": "2"}
    assert post(cast, cast.lan, tail, **line | {"rule-act": "add:0"}) == 200
    stone.refresh_from_db()
    assert not stone.is_automatic, "a button of the editor keeps nothing"
    assert post(cast, cast.lan, tail, **line | {"rule-0.0-n": "many"}) == 422
    answer = as_(cast.lan).post(at(cast, tail), line)
    assert (answer.status_code, answer["Location"]) == (302, at(cast, f"milestones/{stone.slug}/preview/"))
    stone.refresh_from_db()
    assert (stone.way, stone.rule, stone.version) == ("rule", {"did": "thread.started", "at_least": 2}, 1)
    assert not RuleInForce.objects.exists()
    assert "at least 2" in read(cast, cast.lan, f"milestones/{stone.slug}/preview/")
    level = line | {"name": "Again", "rule-0.0-n": "5"}
    assert post(cast, cast.lan, f"{tail}?level=new", **level) == 302
    stone.refresh_from_db()
    assert [one["name"] for one in stone.levels] == ["Twice begun", "Again"]
    assert as_(cast.lan).get(at(cast, f"{tail}?level=7")).status_code == 404
    assert as_(cast.soraya).get(at(cast, tail)).status_code == 403


def test_a_steward_brings_milestones_in_from_a_file(cast: Cast) -> None:
    make_milestone(cast.community, slug="first-gig", name="First gig", way="import")
    lines = f"@{cast.soraya.handle},first-gig,2024-03-31\nStage Name,first-gig,2024-03-31\nx,nothing,2024-03-31\n"
    lines += f"{cast.ife.name},first-gig,2024-03-30\n"
    upload = SimpleUploadedFile("gigs.csv", b"member,milestone,reached_on\n" + lines.encode(), content_type="text/csv")
    page = read(cast, cast.lan, "desk/milestones/import/")
    assert 'type="file"' in page
    assert "desk/milestones/import/" in read(cast, cast.lan, "desk/milestones/")
    wrong = SimpleUploadedFile("gigs.csv", b"who,what\na,b\n")
    answer = as_(cast.lan).post(at(cast, "desk/milestones/import/"), {"upload": wrong})
    assert answer.status_code == 422
    assert "There is no column member" in answer.content.decode()
    answer = as_(cast.lan).post(at(cast, "desk/milestones/import/"), {"upload": upload})
    assert answer.status_code == 302
    tail = answer["Location"].partition(f"/c/{cast.community.slug}/")[2]
    page = read(cast, cast.lan, tail)
    assert "the same @name" in page
    assert "There is no milestone “nothing”" in page
    assert not Award.objects.exists(), "a look changes nothing"
    by_who = dict(AwardRow.objects.values_list("who", "pk"))
    stage, name = by_who["Stage Name"], by_who[cast.ife.name]
    assert as_(cast.lan).post(at(cast, tail), {"do": "apply", f"w-{stage}": "nobody-here"}).status_code == 422
    assert not Award.objects.exists(), "a name that nobody has brings nothing in"
    given = {f"w-{stage}": f"@{cast.mateus.handle}", f"t-{name}": "on", "do": "apply"}
    assert post(cast, cast.lan, tail, **given) == 302
    assert set(Award.objects.values_list("person", flat=True)) == {cast.soraya.pk, cast.mateus.pk, cast.ife.pk}
    assert post(cast, cast.lan, tail, do="match") == 302
    assert post(cast, cast.lan, tail, do="apply") == 302
    assert Award.objects.count() == 3
    mine = Award.objects.get(person=cast.soraya)
    assert "gigs.csv, line 2" in read(cast, cast.soraya, f"awards/{mine.pk}/")
    assert "gigs.csv" not in read(cast, cast.ife, f"awards/{mine.pk}/")
    for place in ("desk/milestones/import/", tail):
        assert as_(cast.soraya).get(at(cast, place)).status_code == 403
        assert as_(None).get(at(cast, place)).status_code == 302
        assert as_(make_cast().lan).get(at(cast, place)).status_code == 404
