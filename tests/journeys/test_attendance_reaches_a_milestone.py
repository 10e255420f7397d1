"""From a place at an event to a stone on the way: by one event, by all that help with it, by any of a series."""

from __future__ import annotations

import datetime

import pytest

from milepost.domain.events import attending, registering
from milepost.domain.events.models import Event
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.backfilling import put_in_force
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from tests.factories import Cast, make_cast, make_event, make_when

pytestmark = pytest.mark.django_db


def stone(cast: Cast, name: str, **details: object) -> Milestone:
    made = Milestone.define(community=cast.community, name=name, by=cast.lan, details=Details(**details))  # type: ignore[arg-type]
    if details:
        put_in_force(made, by=cast.lan)
    return made


def test_being_there_reaches_milestones_and_a_correction_is_looked_at_again() -> None:
    cast = make_cast()
    helps = stone(cast, "Played for others")
    rule = {"did": "event.attended", "in": {"tag": f"milestone:{helps.slug}"}}
    other = stone(cast, "Was at one that helps", way="rule", rule=rule)
    first = make_event(host=cast.lan, when=make_when(rule="FREQ=DAILY;COUNT=3"), milestones=[helps])
    one = stone(cast, "At the first evening", way="attendance", subject_id=first.pk)
    series = stone(cast, "At any of them", way="rule", rule={"attended": str(first.series_id)})
    second = Event.objects.get(series=first.series, occurrence=first.occurrence + datetime.timedelta(days=1))
    for event, person in ((first, cast.soraya), (second, cast.ife)):
        registering.register(event=event, by=person)
    with clock.moved(second.ends_at + datetime.timedelta(minutes=5)):
        attending.check_in(event=first, person=cast.soraya, by=cast.lan)
        attending.check_in(event=second, person=cast.ife, by=cast.lan)
        catch_up()
        assert reached(cast.soraya) == {one.name, other.name, series.name}
        assert reached(cast.ife) == {other.name, series.name}
        day = Award.objects.get(milestone=one).reached_on
        assert day == first.occurrence, "the day on which it took place"
        attending.was_not_there(event=second, person=cast.ife, by=cast.lan)
        attending.check_in(event=second, person=cast.ife, by=cast.lan)
        catch_up()
        assert reached(cast.ife) == {other.name, series.name}


def reached(person: Person) -> set[str]:
    return set(Award.objects.filter(person=person, revoked_at__isnull=True).values_list("milestone__name", flat=True))
