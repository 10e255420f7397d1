"""Querysets whose SQL is made once: the same rows as Django's own, for every kind of value."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.db.models import QuerySet

from milepost.foundation.common import clock
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.models import Community, Membership, Person
from tests.factories import make_community, make_member

pytestmark = pytest.mark.django_db

built: list[tuple[Any, ...]] = []


@prepared
def members(newest: bool, *, community: uuid.UUID, since: datetime.datetime) -> QuerySet[Membership, Any]:
    built.append((newest,))
    found = Membership.objects.filter(community=community, joined_at__gte=since)
    return found.order_by("-joined_at" if newest else "joined_at").values("pk", "joined_at", "person__name", "left_at")[
        :3
    ]


@prepared
def named(*, community: uuid.UUID, name: str) -> QuerySet[Person, Any]:
    return Person.objects.filter(community=community, name=name).values("pk", "name", "membership__joined_at")


@prepared
def languages(*, community: uuid.UUID) -> QuerySet[Community, Any]:
    return Community.objects.filter(pk=community).values("join_questions", "created_at")


@prepared
def careless(*, community: uuid.UUID, name: str) -> QuerySet[Person, Any]:
    return Person.objects.filter(community=community, name__icontains=name).values("pk")


def test_rows_are_those_that_django_gives(django_assert_num_queries: Any) -> None:
    one, other = make_community(), make_community()
    moments = [clock.now() - datetime.timedelta(days=n) for n in range(5)]
    for moment in moments:
        make_member(one, joined_at=moment)
        make_member(other, joined_at=moment)
    built.clear()
    for newest in (True, False, True):
        for community in (one, other):
            for since in (moments[1], moments[4]):
                found = Membership.objects.filter(community=community, joined_at__gte=since)
                expected = found.order_by("-joined_at" if newest else "joined_at")
                with django_assert_num_queries(1):
                    rows = members(newest, community=community.pk, since=since)
                assert rows == list(expected.values("pk", "joined_at", "person__name", "left_at")[:3])
                assert isinstance(rows[0]["pk"], uuid.UUID)
                assert rows[0]["joined_at"].tzinfo is not None
    assert sorted(built) == [(False,), (True,)]


def test_words_stay_words() -> None:
    community = make_community()
    person = make_member(community, name="50% of O'Brien; DROP")
    assert [row["pk"] for row in named(community=community.pk, name="50% of O'Brien; DROP")] == [person.pk]
    assert named(community=community.pk, name="Nobody") == []


def test_json_is_read() -> None:
    community = make_community(join_questions=[{"key": "why", "question": "Why?"}])
    (row,) = languages(community=community.pk)
    assert row["join_questions"] == [{"key": "why", "question": "Why?"}]


def test_a_value_that_the_query_changes_is_refused() -> None:
    with pytest.raises(ValueError, match="does not use each of its values"):
        careless(community=make_community().pk, name="Lan")


def test_only_plain_values_are_taken() -> None:
    with pytest.raises(TypeError):
        named(community=make_community().pk, name=7)
