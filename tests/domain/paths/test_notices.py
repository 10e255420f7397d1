"""Mails about meetings and proposals: one for each fact and person, and none of what is over."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from milepost.domain.paths import notices
from milepost.domain.paths.models import Introduction, Mentoring, Milestone, Notice, Persona
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from tests.factories import Cast, make_cast, make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    catch_up(["path-notices"])
    Notice.objects.all().delete()
    return cast


def sent(mailoutbox: list[Any]) -> list[tuple[str, str]]:
    """To whom, and what stands in the subject, since the last time."""
    catch_up(["path-notices"])
    notices.send()
    told = [(mail.to[0], mail.subject) for mail in mailoutbox]
    mailoutbox.clear()
    return told


def test_asked_agreed_and_mentored_each_once(cast: Cast, mailoutbox: list[Any]) -> None:
    ife, noor = cast.ife, cast.soraya
    stone = make_milestone(cast.community)
    made = Introduction.ask(by=noor, other=ife, milestone=stone, words="I have one song.")
    assert sent(mailoutbox) == [(ife.account.email, "Soraya Haddad would like to meet you")]
    Introduction.ask(by=noor, other=ife)
    assert sent(mailoutbox) == []
    made.agree(by=ife)
    assert sent(mailoutbox) == [(noor.account.email, "Ife Adeyemi would like to meet you, too")]
    made.refresh_from_db()
    Mentoring.begin(introduction=made, by=noor)
    Mentoring.begin(introduction=made, by=noor)
    assert sent(mailoutbox) == [(ife.account.email, "Soraya Haddad would like your help for a while")]
    assert sent(mailoutbox) == []


def test_whoever_began_it_knows(cast: Cast, mailoutbox: list[Any]) -> None:
    made = Introduction.ask(by=cast.soraya, other=cast.ife)
    made.agree(by=cast.ife)
    sent(mailoutbox)
    made.refresh_from_db()
    Mentoring.begin(introduction=made, by=cast.ife)
    assert sent(mailoutbox) == [(cast.soraya.account.email, "Ife Adeyemi would like to help you for a while")]


def test_what_is_over_is_not_told(cast: Cast, mailoutbox: list[Any]) -> None:
    made = Introduction.ask(by=cast.soraya, other=cast.ife)
    catch_up(["path-notices"])
    made.withdraw(by=cast.soraya)
    assert sent(mailoutbox) == []
    assert Notice.objects.get().dropped_at is not None


def test_stewards_hear_of_each_proposal_once(cast: Cast, mailoutbox: list[Any]) -> None:
    Persona.propose(community=cast.community, name="Teachers", by=cast.soraya)
    Milestone.propose(community=cast.community, name="First pupil", by=cast.soraya)
    told = sent(mailoutbox)
    deciders = {cast.lan.account.email, cast.amara.account.email}
    assert {to for to, _subject in told} == deciders
    assert len(told) == 2 * len(deciders)
    assert {subject for _to, subject in told} == {
        "Proposed: the persona “Teachers”",
        "Proposed: the milestone “First pupil”",
    }
    assert sent(mailoutbox) == []


def test_nothing_old_is_told(cast: Cast, mailoutbox: list[Any]) -> None:
    with clock.moved(clock.now() - datetime.timedelta(days=3)):
        Introduction.ask(by=cast.soraya, other=cast.ife)
    assert sent(mailoutbox) == []
    assert not Notice.objects.exists()


def test_a_mail_that_could_not_be_sent_is_tried_again(
    cast: Cast, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no relay")

    Introduction.ask(by=cast.soraya, other=cast.ife)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", broken)
        assert sent(mailoutbox) == []
    assert "no relay" in Notice.objects.get().error
    assert notices.send() == 0, "not at once"
    with clock.moved(clock.now() + datetime.timedelta(minutes=11)):
        assert notices.send() == 1
