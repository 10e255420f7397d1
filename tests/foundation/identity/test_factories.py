"""What every other test stands on: the factories make rows that the database accepts and that fit together."""

from __future__ import annotations

import pytest

from milepost.foundation.identity.access import can
from tests.factories import (
    actor,
    make_attachment,
    make_cast,
    make_charter,
    make_goal,
    make_milestone,
    make_organisation,
    make_reaction,
    make_thread,
    make_value,
)

pytestmark = pytest.mark.django_db


def test_two_casts_stand_side_by_side():
    one, other = make_cast(), make_cast(slug="second")
    assert one.amara.handle == other.amara.handle == "amara"
    assert can(actor(one.amara), "people.erase")
    assert not can(actor(one.lan), "people.erase")
    assert actor(one.noor, one.community).standing == "signed-in"
    assert one.joao.person.is_claimed is False


def test_a_thread_counts_its_posts():
    thread = make_thread(posts=3)
    space = thread.space
    space.refresh_from_db()
    assert thread.post_count == thread.posts.count() == space.post_count == 3
    assert space.thread_count == 1


def test_each_factory_stays_in_the_community_it_is_given():
    community = make_cast().community
    value, milestone = make_value(community), make_milestone(community)
    goal, charter = make_goal(value=value, milestone=milestone), make_charter(community)
    organisation = make_organisation(community)
    for row in (value, milestone, goal, charter, organisation):
        assert row.community == community
    reaction, attachment = make_reaction(), make_attachment()
    assert reaction.community_id == reaction.post.space.community_id
    assert attachment.community_id == attachment.post.space.community_id
