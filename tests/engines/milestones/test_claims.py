"""Claims that others verify, awards by stewards, revoking, disputes, and what reaching a milestone gives."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.domain.people import erasure
from milepost.domain.spaces.models import SpaceMember
from milepost.engines.milestones.giving import serve
from milepost.engines.milestones.models import Award, Dispute, MilestoneClaim
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Membership, Person
from tests.factories import Cast, make_award, make_cast, make_goal, make_member, make_milestone, make_space

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 3, 4)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def make_claim(person: Person, stone: Milestone, **fields) -> MilestoneClaim:
    return MilestoneClaim.make(person=person, milestone=stone, reached_on=DAY, **fields)


def test_a_members_word_is_enough_where_nobody_verifies(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    claim = make_claim(cast.ife, stone, text=" Forty euros ", link="https://example.org/gig")
    assert claim.award is not None
    award = Award.objects.get()
    assert (award.evidence, award.link, award.how, award.awarded_by) == (
        "Forty euros", "https://example.org/gig", "claim", None,
    )  # fmt: skip
    assert Activity.objects.get(verb="milestone.reached").happened_at.date() == DAY
    with pytest.raises(Conflict):
        make_claim(cast.ife, stone)


def test_a_claim_waits_until_a_steward_confirms_it(cast: Cast) -> None:
    stone = make_milestone(cast.community, verified_by="steward", needs_evidence=True)
    with pytest.raises(DomainError, match="shows it"):
        make_claim(cast.ife, stone)
    claim = make_claim(cast.ife, stone, file=ContentFile(b"date,place\n", name="../poster.csv"))
    assert not Award.objects.exists()
    assert not Activity.objects.filter(verb="milestone.reached").exists()
    assert default_storage.exists(claim.file.name)
    with pytest.raises(Conflict, match="already"):
        make_claim(cast.ife, stone, text="Again")
    for person in (cast.ife, cast.soraya, cast.mateus):
        with pytest.raises(NotAllowed):
            claim.confirm(by=person)
    award = claim.confirm(by=cast.lan, words="I was there")
    assert (award.awarded_by, award.file.name, award.reached_on) == (cast.lan, claim.file.name, DAY)
    told = Activity.objects.get(verb="milestone.reached")
    assert told.identity.person == cast.ife
    assert AuditEntry.objects.get(action="claim.confirmed").reason == "I was there"
    with pytest.raises(Conflict):
        claim.confirm(by=cast.amara)


def test_a_peer_is_who_has_reached_it_too(cast: Cast) -> None:
    stone = make_milestone(cast.community, verified_by="peer")
    claim = make_claim(cast.ife, stone, text="It was so")
    with pytest.raises(NotAllowed):
        claim.confirm(by=cast.soraya)
    make_award(cast.soraya, stone)
    assert list(MilestoneClaim.objects.for_verifier(Actor.of(cast.soraya))) == [claim]
    assert list(MilestoneClaim.objects.for_verifier(Actor.of(cast.ife))) == []
    assert claim.confirm(by=cast.soraya).awarded_by == cast.soraya


def test_who_declines_says_why_and_it_may_be_claimed_again(cast: Cast) -> None:
    stone = make_milestone(cast.community, verified_by="steward")
    claim = make_claim(cast.ife, stone, text="Trust me")
    with pytest.raises(DomainError, match="why"):
        claim.decline(by=cast.lan, reason=" ")
    claim.decline(by=cast.lan, reason="Which gig was it?")
    claim.refresh_from_db()
    assert claim.is_declined
    again = make_claim(cast.ife, stone, text="The one on Friday")
    again.withdraw(by=cast.ife)
    assert MilestoneClaim.objects.get() == claim


def test_prerequisites_come_first(cast: Cast) -> None:
    first = Milestone.define(community=cast.community, name="First gig", by=cast.lan)
    second = Milestone.define(
        community=cast.community, name="First paid gig", by=cast.lan, details=Details(requires=(first.slug,))
    )
    with pytest.raises(DomainError, match="First gig"):
        make_claim(cast.ife, second)
    make_claim(cast.ife, first)
    assert make_claim(cast.ife, second).award is not None


def test_what_repeats_is_reached_once_each_year(cast: Cast) -> None:
    stone = make_milestone(cast.community, repeats="yearly")
    for day in (datetime.date(2024, 5, 1), datetime.date(2025, 5, 1)):
        MilestoneClaim.make(person=cast.ife, milestone=stone, reached_on=day)
    with pytest.raises(Conflict):
        MilestoneClaim.make(person=cast.ife, milestone=stone, reached_on=datetime.date(2025, 9, 9))
    assert sorted(Award.objects.values_list("occurrence", flat=True)) == ["2024", "2025"]
    one = Award.objects.get(occurrence="2024")
    one.withdraw(by=cast.ife)
    catch_up()
    assert MemberDay.objects.get(verb="milestone.reached").day == datetime.date(2025, 5, 1)


def test_what_runs_out_is_renewed(cast: Cast) -> None:
    stone = make_milestone(cast.community, valid_for_days=365)
    with clock.moved(datetime.datetime(2026, 3, 5, 12, tzinfo=datetime.UTC)):
        award = make_claim(cast.ife, stone).award
        assert award is not None
        assert award.expires_on == datetime.date(2027, 3, 3)
        with pytest.raises(Conflict):
            make_claim(cast.ife, stone)
    with clock.moved(datetime.datetime(2027, 2, 1, 12, tzinfo=datetime.UTC)):
        renewed = MilestoneClaim.make(person=cast.ife, milestone=stone, reached_on=datetime.date(2027, 1, 31))
        assert renewed.award == award
    award.refresh_from_db()
    assert (award.reached_on, award.expires_on) == (DAY, datetime.date(2028, 1, 30))
    assert Award.objects.holding(datetime.date(2028, 1, 30)).exists()
    assert not Award.objects.holding(datetime.date(2028, 1, 31)).exists()


def test_a_steward_awards_and_revokes_with_a_reason(cast: Cast) -> None:
    stone = make_milestone(cast.community, way="award")
    with pytest.raises(NotAllowed):
        Award.bestow(person=cast.ife, milestone=stone, reached_on=DAY, by=cast.mateus)
    award = Award.bestow(person=cast.ife, milestone=stone, reached_on=DAY, by=cast.lan, words="She led the choir")
    with pytest.raises(Conflict):
        Award.bestow(person=cast.ife, milestone=stone, reached_on=DAY, by=cast.lan)
    with pytest.raises(DomainError, match="why"):
        award.revoke(by=cast.lan, reason=" ")
    award.revoke(by=cast.lan, reason="It was another Ife")
    with pytest.raises(Conflict):
        award.revoke(by=cast.lan, reason="Twice")
    assert not Award.objects.standing().exists()
    assert not Activity.objects.filter(verb="milestone.reached").standing().exists()
    assert Activity.objects.get(verb="milestone.revoked").other.person == cast.ife
    catch_up()
    assert not MemberDay.objects.filter(verb="milestone.reached").exists()
    again = Award.bestow(person=cast.ife, milestone=stone, reached_on=DAY, by=cast.lan)
    assert (again.pk, again.revoked_at) == (award.pk, None)
    actions = list(AuditEntry.objects.filter(object_id=award.pk).order_by("at").values_list("action", flat=True))
    assert actions == ["milestone.awarded", "milestone.revoked", "milestone.awarded"]


def test_a_dispute_falls_or_stands_by_a_steward_who_is_not_concerned(cast: Cast) -> None:
    award = make_award(cast.ife, make_milestone(cast.community))
    dispute = Dispute.open(award=award, by=cast.lan, reason="I was there, and it rained")
    with pytest.raises(Conflict):
        Dispute.open(award=award, by=cast.soraya, reason="Me too")
    with pytest.raises(NotAllowed):
        dispute.settle(by=cast.lan, stands=False, answer="So it is")
    dispute.settle(by=cast.amara, stands=False, answer="Two people say so")
    award.refresh_from_db()
    assert award.revoked_because == "Two people say so"
    with pytest.raises(NotAllowed):
        Dispute.open(award=award, by=cast.soraya, reason="Poor Ife")
    objection = Dispute.open(award=award, by=cast.ife, reason="It was indoors")
    objection.settle(by=cast.lan, stands=True, answer="The photo shows it")
    award.refresh_from_db()
    assert award.revoked_at is None
    assert [d.outcome for d in Dispute.objects.order_by("opened_at")] == ["falls", "stands"]


def test_it_gives_a_role_and_a_space_and_never_takes_a_higher_role(cast: Cast) -> None:
    space = make_space(cast.community, kind="private")
    stone = Milestone.define(
        community=cast.community, name="Led a season", by=cast.lan, details=Details(grants_role="ambassador")
    )
    goal = make_goal(cast.community)
    serve(milestone=stone, goal=goal, spaces=[space], by=cast.lan)
    for person in (cast.soraya, cast.mateus):
        make_claim(person, stone)
    roles = dict(Membership.objects.filter(community=cast.community).values_list("person__name", "role"))
    assert roles[cast.soraya.name] == "ambassador"
    assert roles[cast.mateus.name] == "moderator"
    assert set(SpaceMember.objects.filter(space=space).values_list("person", flat=True)) == {
        cast.soraya.pk,
        cast.mateus.pk,
    }
    assert stone.serves.goal == goal
    with pytest.raises(DomainError, match="another community"):
        serve(milestone=stone, goal=make_goal(), spaces=[], by=cast.lan)
    with pytest.raises(DomainError, match="steward"):
        Milestone.define(community=cast.community, name="A", by=cast.lan, details=Details(grants_role="steward"))


def test_erasing_someone_keeps_that_it_was_reached_and_nothing_they_told(cast: Cast) -> None:
    person = make_member(cast.community, name="Zephyrine")
    stone = make_milestone(cast.community, verified_by="steward")
    claim = make_claim(person, stone, text="My zither", file=ContentFile(b"a,b\n", name="zither.csv"))
    name = claim.file.name
    award = claim.confirm(by=cast.lan)
    Dispute.open(award=award, by=cast.soraya, reason="No zither of Zephyrine's")
    erasure.erase(person=person, by=cast.amara)
    award.refresh_from_db()
    assert (award.evidence, award.file.name, award.file_name, award.reached_on) == ("", "", "", DAY)
    assert not MilestoneClaim.objects.exists()
    assert Dispute.objects.get().reason == ""
    del name


def test_members_propose_and_stewards_adopt_or_decline(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        Milestone.propose(community=cast.community, name="Elsewhere", by=make_cast().soraya)
    one = Milestone.propose(community=cast.community, name="First busking day", why="It takes courage", by=cast.soraya)
    two = Milestone.propose(community=cast.community, name="First broken string", by=cast.soraya)
    assert not Milestone.objects.pursued().exists()
    with pytest.raises(DomainError):
        Award.claim(person=cast.ife, milestone=one, reached_on=DAY)
    with pytest.raises(NotAllowed):
        one.adopt(by=cast.soraya)
    one.adopt(by=cast.lan)
    two.decline(by=cast.lan, reason="It happens to all of us")
    with pytest.raises(Conflict):
        one.decline(by=cast.lan, reason="Changed my mind")
    assert list(Milestone.objects.pursued()) == [one]
    assert Milestone.objects.get(pk=two.pk).declined_because == "It happens to all of us"
