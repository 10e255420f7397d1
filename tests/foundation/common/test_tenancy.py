"""Keys that cross communities are refused by the database itself."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from milepost.domain.spaces.models import Post, Space, Tag, Thread
from milepost.foundation.common import tenancy
from milepost.foundation.common.bulk import insert_rows
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Community, Identity, Person

pytestmark = pytest.mark.django_db


def two() -> tuple[Community, Community]:
    return (
        Community.objects.create(slug="one", name="One"),
        Community.objects.create(slug="two", name="Two"),
    )


def test_every_tenant_table_is_watched() -> None:
    assert {f"{tenancy.PREFIX}{table}_insert" for table in tenancy.checks()} <= tenancy.installed()
    assert {"spaces_post", "spaces_thread_tags", "identity_membership", "activity_activity"} <= set(tenancy.checks())


def test_a_row_cannot_point_into_another_community() -> None:
    one, two_ = two()
    space = Space.objects.create(community=one, slug="s", name="S")
    with pytest.raises(IntegrityError), transaction.atomic():
        Thread.objects.create(community=two_, space=space, title="t")
    thread = Thread.objects.create(community=one, space=space, title="t")
    with pytest.raises(IntegrityError), transaction.atomic():
        Thread.objects.filter(pk=thread.pk).update(space=Space.objects.create(community=two_, slug="s", name="S"))


def test_a_bulk_write_is_checked_too() -> None:
    one, two_ = two()
    space = Space.objects.create(community=one, slug="s", name="S")
    thread = Thread.objects.create(community=one, space=space, title="t")
    columns = ("id", "community_id", "space_id", "thread_id", "text", "reactions", "posted_at")
    at = thread.started_at
    insert_rows(Post, columns, [(new_id(), one.pk, space.pk, thread.pk, "here", {}, at)])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Post, columns, [(new_id(), two_.pk, space.pk, thread.pk, "elsewhere", {}, at)])
    assert Post.objects.count() == 1


def test_a_tag_of_another_community_cannot_be_put_on_a_thread() -> None:
    one, two_ = two()
    space = Space.objects.create(community=one, slug="s", name="S")
    thread = Thread.objects.create(community=one, space=space, title="t")
    thread.tags.add(Tag.objects.create(community=one, slug="a", name="a"))
    with pytest.raises(IntegrityError), transaction.atomic():
        thread.tags.add(Tag.objects.create(community=two_, slug="a", name="a"))


def test_an_identity_cannot_belong_to_a_person_elsewhere() -> None:
    one, two_ = two()
    person = Person.objects.create(community=one, name="Ife")
    with pytest.raises(IntegrityError), transaction.atomic():
        Identity.objects.create(community=two_, person=person, source="slack", source_key="U1")
