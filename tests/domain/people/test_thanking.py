"""Thanks between members."""

from __future__ import annotations

import pytest

from milepost.domain.people import thanking
from milepost.domain.people.models import Praise
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Membership
from tests.factories import make_cast, make_member

pytestmark = pytest.mark.django_db


def test_thanks_stand_in_the_log_once_however_often_the_form_is_sent() -> None:
    cast = make_cast()
    first = thanking.thank(
        giver=cast.lan, receiver=cast.ife, words=" You carried  my amp ", value="Lift while you climb"
    )
    again = thanking.thank(giver=cast.lan, receiver=cast.ife, words="You carried my amp")
    assert first == again
    told = Activity.objects.get(verb="praise.given")
    assert told.identity.person == cast.lan
    assert told.other.person == cast.ife
    assert told.data == {"words": "You carried my amp", "value": "Lift while you climb"}


def test_who_cannot_be_thanked() -> None:
    cast = make_cast()
    gone = make_member(cast.community)
    Membership.objects.filter(person=gone).update(joined_at=clock.now(), left_at=clock.now())
    for receiver in (cast.lan, cast.joao.person, gone, make_cast().ife):
        with pytest.raises(DomainError):
            thanking.thank(giver=cast.lan, receiver=receiver, words="Thank you")
    with pytest.raises(DomainError, match="need words"):
        thanking.thank(giver=cast.lan, receiver=cast.ife, words="   ")
    with pytest.raises(NotAllowed):
        thanking.thank(giver=gone, receiver=cast.ife, words="Thank you")
    assert not Praise.objects.exists()
    assert not Activity.objects.filter(verb="praise.given").exists()


def test_thanks_by_the_dozen_are_stopped() -> None:
    cast = make_cast()
    for n in range(thanking.AT_ONCE):
        thanking.thank(giver=cast.lan, receiver=cast.ife, words=f"For number {n}")
    with pytest.raises(DomainError, match="one day"):
        thanking.thank(giver=cast.lan, receiver=cast.ife, words="And one more")


@pytest.mark.parametrize(
    ("who", "may", "audited"), [("lan", True, 0), ("ife", True, 0), ("mateus", True, 1), ("soraya", False, 0)]
)
def test_who_takes_thanks_away(who: str, may: bool, audited: int) -> None:
    cast = make_cast()
    praise = thanking.thank(giver=cast.lan, receiver=cast.ife, words="Thank you")
    person = getattr(cast, who)
    if may:
        thanking.take_back(praise=praise, by=person)
    else:
        with pytest.raises(NotAllowed):
            thanking.take_back(praise=praise, by=person)
    assert Praise.objects.exists() is not may
    assert Activity.objects.filter(verb="praise.given").standing().exists() is not may
    assert AuditEntry.objects.filter(action="praise.removed").count() == audited


def test_a_moderator_of_elsewhere_takes_nothing_away() -> None:
    cast, other = make_cast(), make_cast()
    praise = thanking.thank(giver=cast.lan, receiver=cast.ife, words="Thank you")
    with pytest.raises(NotAllowed):
        thanking.take_back(praise=praise, by=other.amara)
