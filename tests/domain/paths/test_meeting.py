"""Offers to help, introductions that both agree to, and mentoring."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError

from milepost.domain.paths.models import HelpOffer, Introduction, Mentoring
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import (
    Cast,
    make_cast,
    make_introduction,
    make_member,
    make_milestone,
    make_organisation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


class TestOffering:
    def test_once_and_said_differently(self, cast: Cast) -> None:
        stone = make_milestone(cast.community)
        made = HelpOffer.offer(by=cast.ife, milestone=stone, words="Ask me.")
        again = HelpOffer.offer(by=cast.ife, milestone=stone, words="Ask  me anything.")
        assert made.pk == again.pk
        assert again.words == "Ask me anything."
        assert Activity.objects.filter(verb="help.offered").count() == 1
        with pytest.raises(NotAllowed):
            made.withdraw(by=cast.lan)
        again.withdraw(by=cast.ife)
        assert not HelpOffer.objects.standing().exists()
        HelpOffer.offer(by=cast.ife, milestone=stone)
        assert HelpOffer.objects.standing().get().words == ""

    def test_for_what_is_on_the_way_here(self, cast: Cast) -> None:
        gone = make_milestone(cast.community, retired_at=clock.now())
        for stone in (gone, make_milestone()):
            with pytest.raises(DomainError):
                HelpOffer.offer(by=cast.ife, milestone=stone)


class TestIntroductions:
    def test_both_agree(self, cast: Cast) -> None:
        stone = make_milestone(cast.community)
        made = Introduction.ask(by=cast.soraya, other=cast.ife, milestone=stone, words="How was it?")
        assert list(Introduction.objects.waiting()) == [made]
        for stranger in (cast.soraya, cast.lan):
            with pytest.raises(NotAllowed):
                made.agree(by=stranger)
        made.agree(by=cast.ife)
        assert list(Introduction.objects.made()) == [made]
        told = Activity.objects.get(verb="introduction.made")
        assert told.identity is not None
        assert told.other is not None
        assert (told.identity.person, told.other.person) == (cast.ife, cast.soraya)
        with pytest.raises(Conflict):
            made.decline(by=cast.ife)

    def test_asking_again_or_each_other_is_the_same(self, cast: Cast) -> None:
        made = Introduction.ask(by=cast.soraya, other=cast.ife)
        assert Introduction.ask(by=cast.soraya, other=cast.ife) == made
        assert Introduction.ask(by=cast.ife, other=cast.soraya) == made

    def test_a_no_holds_for_a_while(self, cast: Cast) -> None:
        Introduction.ask(by=cast.soraya, other=cast.ife).decline(by=cast.ife)
        with pytest.raises(Conflict, match="rather not"):
            Introduction.ask(by=cast.soraya, other=cast.ife)
        assert Introduction.ask(by=cast.ife, other=cast.soraya), "whoever said no may still ask"
        with clock.moved(clock.now() + datetime.timedelta(days=91)):
            assert Introduction.objects.count() == 2
        assert Introduction.ask(by=cast.soraya, other=cast.lan)

    def test_not_a_pile_of_questions(self, cast: Cast) -> None:
        for other in (cast.ife, cast.lan, cast.mateus):
            Introduction.ask(by=cast.soraya, other=other)
        with pytest.raises(DomainError, match="3 answers"):
            Introduction.ask(by=cast.soraya, other=cast.amara)
        Introduction.objects.get(asked=cast.lan).withdraw(by=cast.soraya)
        assert Introduction.ask(by=cast.soraya, other=cast.amara)

    def test_who_cannot_be_asked(self, cast: Cast) -> None:
        ago = clock.now() - datetime.timedelta(days=9)
        gone = make_member(cast.community, joined_at=ago, left_at=ago)
        for other in (cast.soraya, cast.joao.person, gone, make_organisation(cast.community), make_member()):
            with pytest.raises(DomainError):
                Introduction.ask(by=cast.soraya, other=other)
        assert not Introduction.objects.exists()

    def test_the_database_holds_it(self, cast: Cast) -> None:
        with pytest.raises(IntegrityError):
            make_introduction(cast.ife, cast.ife)


class TestMentoring:
    @pytest.fixture
    def mentoring(self, cast: Cast) -> Mentoring:
        met = make_introduction(cast.soraya, cast.ife, agreed=True)
        return Mentoring.begin(introduction=met, by=cast.soraya)

    def test_whoever_was_asked_helps(self, cast: Cast, mentoring: Mentoring) -> None:
        assert (mentoring.mentor, mentoring.mentee) == (cast.ife, cast.soraya)
        met = Introduction.objects.get()
        assert Mentoring.begin(introduction=met, by=cast.ife) == mentoring
        with pytest.raises(NotAllowed):
            Mentoring.begin(introduction=met, by=cast.lan)

    def test_not_before_both_agreed(self, cast: Cast) -> None:
        with pytest.raises(DomainError, match="both"):
            Mentoring.begin(introduction=make_introduction(cast.soraya, cast.ife), by=cast.soraya)

    def test_the_next_talk_and_those_that_were(self, cast: Cast, mentoring: Mentoring) -> None:
        soon = clock.now() + datetime.timedelta(days=3)
        mentoring.plan(at=soon, by=cast.soraya)
        assert mentoring.next_talk_at == soon
        with pytest.raises(DomainError, match="over"):
            mentoring.plan(at=clock.now() - datetime.timedelta(hours=1), by=cast.ife)
        mentoring.talked(by=cast.soraya)
        mentoring.talked(by=cast.ife)
        mentoring.refresh_from_db()
        assert (mentoring.talks, mentoring.next_talk_at) == (2, None)
        assert Activity.objects.filter(verb="talk.held", identity__person=cast.ife).count() == 2
        with pytest.raises(NotAllowed):
            mentoring.talked(by=cast.lan)

    def test_it_ends_and_begins_again(self, cast: Cast, mentoring: Mentoring) -> None:
        mentoring.end(by=cast.ife)
        with pytest.raises(Conflict):
            mentoring.talked(by=cast.ife)
        again = Mentoring.begin(introduction=Introduction.objects.get(), by=cast.soraya)
        assert again != mentoring
        assert Mentoring.objects.going().get() == again
