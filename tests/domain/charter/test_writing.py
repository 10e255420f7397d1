"""The charter's versions and values: written by stewards, audited, never over someone else's words."""

from __future__ import annotations

import pytest

from milepost.domain.charter.models import CharterVersion, Value
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import make_cast

pytestmark = pytest.mark.django_db


def test_a_next_version_says_what_changed() -> None:
    cast = make_cast()
    CharterVersion.write(community=cast.community, mission="First words", by=cast.lan, after=0)
    second = CharterVersion.write(
        community=cast.community, mission="Better words", by=cast.amara, rationale="We asked around.", after=1
    )
    assert second.number == 2
    assert CharterVersion.objects.in_force(cast.community) == second
    entry = AuditEntry.objects.filter(action="charter.ratified").latest("at")
    assert entry.changes == {"mission": ["First words", "Better words"]}
    assert entry.reason == "We asked around."
    assert Activity.objects.filter(verb="charter.ratified").count() == 2


def test_nobody_writes_over_a_version_that_they_have_not_read() -> None:
    cast = make_cast()
    CharterVersion.write(community=cast.community, mission="First words", by=cast.lan, after=0)
    with pytest.raises(Conflict):
        CharterVersion.write(community=cast.community, mission="Other words", by=cast.amara, after=0)
    assert CharterVersion.objects.count() == 1


@pytest.mark.parametrize("who", ["mateus", "ife", "soraya"])
def test_only_stewards_write(who: str) -> None:
    cast = make_cast()
    person = getattr(cast, who)
    with pytest.raises(NotAllowed):
        CharterVersion.write(community=cast.community, mission="Mine", by=person)
    with pytest.raises(NotAllowed):
        Value.add(community=cast.community, name="Mine", by=person)
    with pytest.raises(NotAllowed):
        Value.add(community=cast.community, name="Ours elsewhere", by=make_cast().amara)


def test_a_charter_has_a_mission() -> None:
    with pytest.raises(DomainError, match="begins with a mission"):
        CharterVersion.write(community=make_cast().community, mission="  ")


def test_a_values_life() -> None:
    cast = make_cast()
    value = Value.add(community=cast.community, name="Lift while you climb", by=cast.lan)
    assert value.slug == "lift-while-you-climb"
    with pytest.raises(Conflict):
        Value.add(community=cast.community, name="LIFT while you climb", by=cast.lan)
    value.change(name="Lift as you climb", meaning="Bring someone", by=cast.lan)
    value.change(name="Lift as you climb", meaning="Bring someone", by=cast.lan)
    value.retire(by=cast.lan)
    value.retire(by=cast.lan)
    assert not Value.objects.held().exists()
    again = Value.add(community=cast.community, name="Lift while you climb", by=cast.lan)
    assert again.slug == "lift-while-you-climb-2"
    value.hold(by=cast.lan)
    actions = list(AuditEntry.objects.filter(object_id=value.pk).order_by("at").values_list("action", flat=True))
    assert actions == ["value.added", "value.changed", "value.retired", "value.held"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_value_has_a_name(name: str) -> None:
    cast = make_cast()
    with pytest.raises(DomainError):
        Value.add(community=cast.community, name=name, by=cast.lan)
