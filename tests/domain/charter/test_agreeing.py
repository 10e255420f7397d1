"""Joining by agreeing to the values, and agreeing again when they change."""

from __future__ import annotations

import pytest

from milepost.domain.charter.agreeing import agree, has_agreed, join_and_agree
from milepost.domain.charter.models import Agreement, CharterVersion
from milepost.domain.people import belonging, inviting
from milepost.foundation.activity.models import Activity
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Membership
from tests.factories import Cast, make_cast, make_charter

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast(join_policy="agree")


def rewrite(cast: Cast) -> CharterVersion:
    return CharterVersion.write(community=cast.community, mission="Another mission", by=cast.amara)


def test_who_agrees_joins_and_the_version_is_kept(cast):
    version = make_charter(cast.community)
    membership = join_and_agree(account=cast.noor, community=cast.community, version=version, came_from="A friend")
    agreement = Agreement.objects.get()
    assert (agreement.person, agreement.version, agreement.community) == (membership.person, version, cast.community)
    assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == ["member.joined", "charter.agreed"]
    assert has_agreed(membership.person)


def test_nobody_agrees_to_what_they_have_not_read(cast):
    old = make_charter(cast.community)
    new = rewrite(cast)
    for version in (old, None):
        with pytest.raises(Conflict, match="changed its charter"):
            join_and_agree(account=cast.noor, community=cast.community, version=version)
    assert not Membership.objects.filter(person__account=cast.noor).exists()
    assert join_and_agree(account=cast.noor, community=cast.community, version=new)


def test_without_a_charter_there_is_nothing_to_agree_to(cast):
    membership = join_and_agree(account=cast.noor, community=cast.community, version=None)
    assert has_agreed(membership.person)
    assert not Agreement.objects.exists()


def test_members_agree_again_when_the_charter_changes(cast):
    first = make_charter(cast.community)
    agree(person=cast.soraya, version=first)
    second = rewrite(cast)
    assert not has_agreed(cast.soraya)
    agree(person=cast.soraya, version=second)
    agree(person=cast.soraya, version=second)
    assert has_agreed(cast.soraya)
    assert Activity.objects.filter(verb="charter.agreed").count() == 2
    with pytest.raises(Conflict):
        agree(person=cast.soraya, version=first)


def test_who_may_not_agree(cast):
    version = make_charter(cast.community)
    with pytest.raises(DomainError, match="another community"):
        agree(person=make_cast().soraya, version=version)
    belonging.leave(person=cast.soraya)
    with pytest.raises(DomainError, match="Only members"):
        agree(person=cast.soraya, version=version)


def test_an_invitation_is_accepted_together_with_the_values(cast):
    version = make_charter(cast.community)
    _invitation, token = inviting.invite_link(community=cast.community, by=cast.lan, role="ambassador")
    membership = join_and_agree(account=cast.noor, community=cast.community, version=version, token=token)
    assert (membership.role, membership.invited_by) == ("ambassador", cast.lan)
    assert has_agreed(membership.person)


def test_an_invitation_opens_its_own_community_only(cast):
    other = make_cast(join_policy="invited")
    _invitation, token = inviting.invite_link(community=other.community, by=other.lan)
    with pytest.raises(DomainError, match="another community"):
        join_and_agree(account=cast.noor, community=cast.community, version=None, token=token)


@pytest.mark.parametrize("policy", ["invited", "questions"])
def test_agreeing_opens_no_other_policy(policy):
    cast = make_cast(join_policy=policy)
    version = make_charter(cast.community)
    with pytest.raises(NotAllowed):
        join_and_agree(account=cast.noor, community=cast.community, version=version)
