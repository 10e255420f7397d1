from __future__ import annotations

import uuid

import pytest

from milepost.domain.people.presenting import choose_celebration
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberObjectDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.outward.celebrations import congratulating, reading
from milepost.outward.celebrations.models import Cheer, Moment, Word
from tests.factories import Cast, actor, make_cast, make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def moment(cast: Cast) -> uuid.UUID:
    stone = make_milestone(cast.community, name="First gig")
    Award.claim(person=cast.soraya, milestone=stone, reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    return Moment.objects.get(kind="reached").pk


def shown(cast: Cast, moment: uuid.UUID, who: str = "ife") -> reading.Shown:
    found = reading.find(actor(getattr(cast, who)), moment)
    assert found is not None
    return found


def test_one_reaction_each_which_may_change_and_go(cast: Cast, moment: uuid.UUID) -> None:
    congratulating.cheer(moment=moment, by=cast.ife, emoji="👏")
    congratulating.cheer(moment=moment, by=cast.ife, emoji="🎉")
    congratulating.cheer(moment=moment, by=cast.lan, emoji="🎉")
    one = shown(cast, moment)
    assert (dict(one.cheers), one.my_cheer) == ({"🎉": 2}, "🎉")
    assert Activity.objects.standing().filter(verb="congratulation.given").count() == 2
    congratulating.uncheer(moment=moment, by=cast.ife)
    assert dict(shown(cast, moment).cheers) == {"🎉": 1}
    assert Activity.objects.standing().filter(verb="congratulation.given").count() == 1


def test_words_are_counted_toward_whom_they_were_said(cast: Cast, moment: uuid.UUID) -> None:
    first = congratulating.say(moment=moment, by=cast.ife, text="  The second  song. ")
    assert congratulating.say(moment=moment, by=cast.ife, text="The second song.") == first
    catch_up(("rollup", "celebrations"))
    row = MemberObjectDay.objects.get(verb="congratulation.given")
    assert (row.person_id, row.other_id, row.object_id, row.count) == (cast.ife.pk, cast.soraya.pk, moment, 1)
    assert "song" not in str(Activity.objects.get(verb="congratulation.given").data)


@pytest.mark.parametrize("text", ["", "   ", "x" * 401])
def test_words_that_are_none(cast: Cast, moment: uuid.UUID, text: str) -> None:
    with pytest.raises(DomainError):
        congratulating.say(moment=moment, by=cast.ife, text=text)
    with pytest.raises(DomainError):
        congratulating.cheer(moment=moment, by=cast.ife, emoji="💩")
    assert not Word.objects.exists()
    assert not Cheer.objects.exists()


def test_nobody_congratulates_themselves(cast: Cast, moment: uuid.UUID) -> None:
    with pytest.raises(DomainError, match="yours"):
        congratulating.cheer(moment=moment, by=cast.soraya, emoji="👏")
    with pytest.raises(DomainError, match="yours"):
        congratulating.say(moment=moment, by=cast.soraya, text="Well done, me.")


def test_nobody_congratulates_on_what_they_may_not_see(cast: Cast, moment: uuid.UUID) -> None:
    choose_celebration(person=cast.soraya, celebration="private")
    with pytest.raises(Conflict):
        congratulating.say(moment=moment, by=cast.ife, text="I saw that.")
    other = make_cast()
    with pytest.raises(Conflict):
        congratulating.cheer(moment=moment, by=other.ife, emoji="👏")
    assert not Activity.objects.filter(verb="congratulation.given").exists()


def test_who_may_take_words_away(cast: Cast, moment: uuid.UUID) -> None:
    def said() -> Word:
        return congratulating.say(moment=moment, by=cast.ife, text="Finally.")

    with pytest.raises(NotAllowed):
        congratulating.remove(word=said(), by=make_cast().lan)
    congratulating.remove(word=said(), by=cast.ife)
    congratulating.remove(word=said(), by=cast.soraya)
    assert not AuditEntry.objects.filter(action="congratulation.removed").exists()
    congratulating.remove(word=said(), by=cast.mateus)
    assert AuditEntry.objects.get(action="congratulation.removed").person == cast.mateus
    assert not Word.objects.exists()
    assert not Activity.objects.standing().filter(verb="congratulation.given").exists()


def test_a_stranger_to_the_moment_may_not(cast: Cast, moment: uuid.UUID) -> None:
    word = congratulating.say(moment=moment, by=cast.lan, text="Good.")
    with pytest.raises(NotAllowed):
        congratulating.remove(word=word, by=cast.ife)
