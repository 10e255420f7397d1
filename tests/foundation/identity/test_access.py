"""Who may do what: the one place that decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity import access
from milepost.foundation.identity.access import Actor, at_least, can, permissions, require
from milepost.foundation.identity.models import Community, Membership
from milepost.foundation.identity.roles import RANK, Role
from tests.factories import Cast, actor, make_cast, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def standings(cast: Cast) -> list[Actor]:
    """From the least to the most."""
    return [
        actor(None, cast.community),
        actor(cast.noor, cast.community),
        *(actor(person) for person in (cast.soraya, cast.ife, cast.mateus, cast.lan, cast.amara)),
    ]


def test_roles_have_an_order_and_visitors_stand_below(cast):
    assert [a.standing for a in standings(cast)] == ["visitor", "signed-in", *Role.values]
    assert sorted(RANK, key=RANK.__getitem__) == ["visitor", "signed-in", *Role.values]


def test_every_permission_holds_from_its_lowest_role_upward(cast):
    Community.objects.update(visibility=Community.Visibility.MEMBERS)
    cast.community.refresh_from_db()
    everyone = [replace(who, community=cast.community) for who in standings(cast)]
    for name, rule in permissions().items():
        allowed = [can(who, name) for who in everyone]
        assert allowed == sorted(allowed), name
        assert sum(allowed) == len(RANK) - RANK[rule.lowest], name


def test_a_visitor_sees_public_things_of_a_public_community_only(cast):
    visitor = actor(None, cast.community)
    assert can(visitor, "community.home")
    assert not can(visitor, "people.view")
    cast.community.visibility = Community.Visibility.MEMBERS
    assert not can(visitor, "community.home")
    assert can(visitor, "community.view")


def test_who_left_is_a_stranger_and_who_is_on_a_break_is_not(cast):
    Membership.objects.filter(person=cast.lan).update(left_at="2999-01-01T00:00Z")
    assert actor(cast.lan).standing == "signed-in"
    Membership.objects.filter(person=cast.mateus).update(paused_at="2024-01-01T00:00Z")
    assert actor(cast.mateus).standing == "moderator"


def test_an_owner_of_one_community_is_nobody_in_another(cast):
    owner = make_member(role="owner")
    here = Actor(
        community=cast.community, account=owner.account, membership=Membership.objects.of(owner.account, cast.community)
    )
    assert here.standing == "signed-in"
    assert not can(here, "people.view")
    assert not can(actor(owner), "people.link", cast.soraya)


def test_a_token_narrows_what_the_role_may(cast):
    whole = actor(cast.amara)
    narrow = Actor(whole.community, whole.account, whole.membership, scopes=frozenset({"people.view", "people.erase"}))
    assert can(narrow, "people.view")
    assert not can(narrow, "people.link")
    member = actor(cast.soraya)
    wide = Actor(member.community, member.account, member.membership, scopes=frozenset(permissions()))
    assert not can(wide, "people.erase")


def test_a_rule_about_one_object_is_asked_with_the_object_only(cast, monkeypatch):
    monkeypatch.setattr(access, "_permissions", dict(permissions()))
    access.permission("thing.touch", "Touch it", lowest="member", when=lambda who, thing: thing.owner == who.person)
    thing = type("Thing", (), {"owner": cast.soraya})()
    assert can(actor(cast.soraya), "thing.touch", thing)
    assert not can(actor(cast.amara), "thing.touch", thing)
    assert can(actor(cast.amara), "thing.touch")


def test_a_permission_names_a_role_that_exists():
    with pytest.raises(ValueError, match="is no role"):
        access.permission("thing.touch", "Touch it", lowest="king")


def test_a_refusal_says_what_and_whom_to_ask(cast):
    with pytest.raises(NotAllowed, match=r"does not include this: Erase a person\. A steward can do it"):
        require(actor(cast.lan), "people.erase")
    require(actor(cast.amara), "people.erase")
    assert at_least(actor(cast.lan), "moderator")
    assert not at_least(actor(cast.ife), "moderator")
