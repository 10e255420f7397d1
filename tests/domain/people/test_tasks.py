"""What the worker does about people by itself."""

from __future__ import annotations

import datetime

import pytest

from milepost.domain.people import belonging, tasks
from milepost.foundation.common import clock
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Membership, MergeSuggestion
from milepost.foundation.jobs.registry import rhythms
from tests.factories import make_cast, make_identity

pytestmark = pytest.mark.django_db


def test_breaks_end_every_hour():
    assert tasks.end_breaks.name in rhythms()
    cast = make_cast()
    belonging.pause(person=cast.soraya, until=clock.today("UTC") + datetime.timedelta(days=1))
    with clock.moved(datetime.timedelta(days=2)):
        tasks.end_breaks()
    assert not Membership.objects.paused().exists()


def test_suggestions_are_looked_for_in_one_community():
    cast, other = make_cast(), make_cast()
    for community in (cast.community, other.community):
        make_identity(community=community, source="discord", name="João Pires")
    tasks.suggest_merges(str(cast.community.pk))
    assert MergeSuggestion.objects.get().community == cast.community
    tasks.suggest_merges(str(new_id()))
