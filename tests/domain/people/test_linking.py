"""Claiming what one did elsewhere: by a proof, or by a steward's word."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from milepost.domain.people import belonging, linking
from milepost.domain.spaces.models import Space, SpaceMember
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Claim, Identity, PersonMerge
from tests.factories import Cast, actor, make_cast, make_identity, make_member, make_organisation, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def test_the_same_confirmed_address_is_a_proof(cast):
    identity = make_identity(community=cast.community, mail=cast.soraya.account.email, name="S. Haddad")
    record("thread.started", community=cast.community, by=identity)
    assert list(linking.claimable(cast.soraya)) == [identity]
    made = linking.claim(identity=identity, person=cast.soraya)
    assert (made.proof, made.decided_by) == ("mail", None)
    identity.refresh_from_db()
    assert identity.person == cast.soraya
    assert identity.claimed_at is not None
    told = Activity.objects.get(verb="person.claimed")
    assert told.data == {"source": "slack", "proof": "mail"}
    catch_up()
    assert MemberDay.objects.get(verb="thread.started").person_id == cast.soraya.pk
    assert not linking.claimable(cast.soraya)


def test_an_address_that_is_not_confirmed_proves_nothing(cast):
    identity = make_identity(community=cast.community, mail="s.haddad@example.org")
    EmailAddress.objects.create(user=cast.soraya.account, email="s.haddad@example.org", verified=False)
    assert not linking.claimable(cast.soraya)
    assert linking.claim(identity=identity, person=cast.soraya).granted_at is None
    identity.refresh_from_db()
    assert identity.person != cast.soraya


def test_signing_in_with_the_provider_is_a_proof(cast):
    mine = make_identity(community=cast.community, source="slack", source_key="U123")
    namesake = make_identity(community=cast.community, source="discord", source_key="U123")
    SocialAccount.objects.create(user=cast.soraya.account, provider="slack", uid="U123")
    assert list(linking.claimable(cast.soraya)) == [mine]
    assert linking.claim(identity=mine, person=cast.soraya).proof == "provider"
    assert linking.claim(identity=namesake, person=cast.soraya).granted_at is None


def test_a_steward_grants_what_they_know(cast):
    made = linking.claim(identity=cast.joao, person=cast.soraya, reason="My stage name")
    assert list(linking.open_claims(cast.community)) == [made]
    with pytest.raises(Conflict, match="asked for this already"):
        linking.claim(identity=cast.joao, person=cast.soraya)
    with pytest.raises(NotAllowed):
        linking.grant(claim=made, by=cast.mateus)
    granted = linking.grant(claim=made, by=cast.lan, note="I was there")
    assert (granted.proof, granted.decided_by) == ("steward", cast.lan)
    assert Identity.objects.get(pk=cast.joao.pk).person == cast.soraya
    assert AuditEntry.objects.filter(action="claim.granted", reason="I was there").exists()
    assert not linking.open_claims(cast.community)
    with pytest.raises(Conflict):
        linking.refuse(claim=made, by=cast.lan)


def test_a_steward_refuses_and_nothing_moves(cast):
    made = linking.claim(identity=cast.joao, person=cast.soraya)
    with pytest.raises(NotAllowed):
        linking.refuse(claim=made, by=make_member(role="owner"))
    linking.refuse(claim=made, by=cast.lan)
    assert Identity.objects.get(pk=cast.joao.pk).person != cast.soraya
    assert Claim.objects.get().refused_at is not None
    assert not Activity.objects.filter(verb="person.claimed").exists()


def test_only_one_of_two_who_ask_gets_it(cast):
    mine = linking.claim(identity=cast.joao, person=cast.soraya)
    theirs = linking.claim(identity=cast.joao, person=cast.ife)
    linking.grant(claim=mine, by=cast.lan)
    assert not linking.open_claims(cast.community)
    with pytest.raises(DomainError, match="Someone else has this identity"):
        linking.grant(claim=theirs, by=cast.lan)


def test_what_cannot_be_claimed(cast):
    robot = make_identity(community=cast.community, is_bot=True)
    choir = make_identity(make_organisation(cast.community))
    refused = [
        (cast.ife.identities.get(), cast.soraya, "Someone else has"),
        (make_identity(cast.ife), cast.soraya, "Someone else has"),
        (make_identity(), cast.soraya, "another community"),
        (robot, cast.soraya, "Programs and organisations"),
        (choir, cast.soraya, "Programs and organisations"),
        (cast.joao, make_identity(community=cast.community).person, "Only members"),
        (make_identity(cast.soraya), cast.soraya, "This is you already"),
    ]
    for identity, person, says in refused:
        with pytest.raises(DomainError, match=says):
            linking.claim(identity=identity, person=person)
    belonging.leave(person=cast.soraya)
    with pytest.raises(DomainError, match="Only members"):
        linking.claim(identity=cast.joao, person=cast.soraya)
    assert not Claim.objects.exists()


def test_a_claim_opens_the_private_spaces_that_were_theirs(cast):
    space = make_space(cast.community, kind=Space.Kind.PRIVATE)
    identity = make_identity(community=cast.community, mail=cast.soraya.account.email)
    SpaceMember.objects.create(community=cast.community, space=space, person=identity.person)
    assert space not in Space.objects.visible_to(actor(cast.soraya))
    linking.claim(identity=identity, person=cast.soraya)
    assert space in Space.objects.visible_to(actor(cast.soraya))
    linking.split(merge=PersonMerge.objects.get(), by=cast.lan)
    assert space not in Space.objects.visible_to(actor(cast.soraya))
    identity.refresh_from_db()
    assert identity.claimed_at is None
