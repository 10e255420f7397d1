"""The demo community in the database."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core import mail

from milepost.domain.people.models import Praise
from milepost.domain.spaces.models import Post, Reaction, Space, Thread
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import status
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Claim, Community, JoinRequest, Membership, Person
from milepost.outward.connectors.counting import stats
from milepost.outward.starting.demo import generate, loading

pytestmark = pytest.mark.django_db


def test_it_is_loaded_once_with_everything_and_nothing_is_sent() -> None:
    now = clock.now()
    report = loading.load(now=now)
    demo = generate(loading.SEED, now)
    community = Community.objects.get(slug=demo.slug)
    counted = stats(community)
    posts = sum(len(t.posts) for t in demo.threads)
    assert (report.posts, report.threads) == (posts, len(demo.threads))
    assert (counted["messages"], counted["threads"]) == (posts, len(demo.threads))
    assert counted["reactions"] == len(demo.reactions) == Reaction.objects.count()
    assert Award.objects.filter(how=Award.How.CLAIM).count() == len(demo.life_milestones)
    assert Praise.objects.count() == len(demo.praise)
    assert Membership.objects.filter(community=community).count() == len(demo.people)
    assert JoinRequest.objects.count() == len(demo.join_requests)
    assert Claim.objects.count() == 1
    assert Activity.objects.filter(verb__in=["thread.started", "reply.posted"]).count() == posts
    assert {row["behind"] for row in status()} == {0}
    assert not mail.outbox
    before = Activity.objects.count()
    assert loading.load(now=now).people == 0
    assert Activity.objects.count() == before
    _its_counters_are_true(community)
    _its_people_can_sign_in()


def _its_counters_are_true(community: Community) -> None:
    for thread in Thread.objects.filter(community=community):
        posts = Post.objects.filter(thread=thread).order_by("posted_at")
        assert (thread.post_count, thread.last_post_at) == (len(posts), posts[len(posts) - 1].posted_at), thread.title
    for space in Space.objects.filter(community=community):
        assert space.thread_count == Thread.objects.filter(space=space).count()
        assert space.post_count == Post.objects.filter(space=space).count()


def _its_people_can_sign_in() -> None:
    offered = loading.sign_ins()
    assert len(offered) >= 6
    who, address, password = offered[0]
    account = authenticate(email=address, password=password)
    assert account is not None, who
    unclaimed = Person.objects.unclaimed().exclude(kind="organisation")
    assert 0 < unclaimed.count() <= loading.UNCLAIMED


def test_a_production_site_does_not_get_sign_ins_that_everyone_knows(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(DomainError):
        loading.load()
    loading.load(force=True)
    _who, address, password = loading.sign_ins()[0]
    assert authenticate(email=address, password=password) is None
