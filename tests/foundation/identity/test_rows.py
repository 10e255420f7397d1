"""What must always be true of people, accounts and keys; the database holds it."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from milepost.foundation.common import clock
from milepost.foundation.identity.models import (
    Account,
    ApiToken,
    Community,
    ErasedIdentity,
    Identity,
    Invitation,
    Membership,
    Person,
)
from milepost.foundation.identity.models.entry import digest
from tests.factories import (
    make_account,
    make_cast,
    make_community,
    make_identity,
    make_member,
    make_organisation,
    make_person,
)

pytestmark = pytest.mark.django_db


def refused(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_an_address_is_one_account_however_it_is_written():
    make_account("Amara@Example.org")
    assert Account.objects.get().email == "amara@example.org"
    refused(lambda: Account.objects.bulk_create([Account(email="AMARA@example.org")]))


def test_an_account_is_one_person_in_a_community_and_a_handle_one_s():
    member = make_member(handle="amara")
    refused(lambda: make_person(member.community, account=member.account))
    refused(lambda: make_person(member.community, handle="amara"))
    make_person(make_community(), account=member.account, handle="amara")
    for _ in range(2):
        make_person(member.community)
    assert Person.objects.filter(account=member.account, handle="amara").count() == 2
    assert Person.objects.filter(community=member.community, account=None, handle="").count() == 2


def test_an_identity_is_there_once_in_a_community():
    identity = make_identity()
    refused(lambda: make_identity(identity.person, source_key=identity.source_key))
    elsewhere = make_identity(source_key=identity.source_key)
    assert elsewhere.community_id != identity.community_id
    assert set(Identity.objects.filter(source_key=identity.source_key)) == {identity, elsewhere}


def test_nobody_leaves_before_they_joined():
    member = make_member()
    before = clock.now() - datetime.timedelta(days=1)
    refused(lambda: Membership.objects.filter(person=member).update(left_at=before))
    assert Membership.objects.get(person=member).left_at is None


def test_an_invitation_says_for_whom_it_is():
    by = make_member(role="owner")
    for fields in ({"kind": "mail"}, {"kind": "mail", "mail": "a@b.example"}, {"kind": "domain"}):
        refused(
            lambda fields=fields: Invitation.objects.create(
                community=by.community, invited_by=by, digest=digest("x"), **fields
            )
        )
    assert not Invitation.objects.exists()


def test_a_key_of_another_community_is_refused():
    one, other = make_cast(), make_cast()
    refused(lambda: Membership.objects.filter(person=one.soraya).update(invited_by=other.amara))
    assert Membership.objects.filter(person=one.soraya).update(invited_by=one.amara) == 1


def test_a_community_is_not_part_of_itself():
    top = make_community()
    middle = make_community(parent=top)
    top.parent = middle
    with pytest.raises(ValidationError):
        top.full_clean()
    Community.objects.get(pk=middle.pk).full_clean()


@pytest.mark.parametrize("slug", ["Upper", "two words", "-x", "api", "admin", "é"])
def test_what_is_no_address_for_a_community(slug):
    with pytest.raises(ValidationError) as error:
        Community(slug=slug, name="X").full_clean()
    assert "slug" in error.value.message_dict


def test_who_is_listed():
    cast = make_cast()
    choir = make_organisation(cast.community)
    Membership.objects.create(community=cast.community, person=cast.joao.person)
    gone = make_member(cast.community)
    Membership.objects.filter(person=gone).update(left_at=clock.now())
    assert set(Person.objects.listed().in_community(cast.community)) == {
        cast.amara, cast.lan, cast.mateus, cast.ife, cast.soraya, choir,
    }  # fmt: skip
    assert list(Person.objects.listed().named("carv mat")) == [cast.mateus]
    assert not cast.joao.person.is_public


def test_a_key_to_the_api_is_shown_once_and_ends():
    member = make_member()
    token, secret = ApiToken.issue(
        account=member.account, community=member.community, name="Script", scopes=["b", "a", "a"]
    )
    assert secret.startswith("mp_")
    assert secret not in str(ApiToken.objects.values())
    assert token.scopes == ["a", "b"]
    assert ApiToken.find(secret) == token
    assert ApiToken.find(secret + "x") is None
    ApiToken.objects.update(expires_at=clock.now() + datetime.timedelta(days=1))
    assert ApiToken.find(secret) == token
    with clock.moved(datetime.timedelta(days=2)):
        assert ApiToken.find(secret) is None
    Account.objects.update(is_active=False)
    assert ApiToken.find(secret) is None
    Account.objects.update(is_active=True)
    token.revoke()
    assert ApiToken.find(secret) is None


def test_the_hash_of_an_erased_identity_needs_the_installation_s_key(settings):
    community = make_community()
    one = ErasedIdentity.digest_of(community, "slack", "U1")
    assert one == ErasedIdentity.digest_of(community, "slack", "u1")
    assert one != ErasedIdentity.digest_of(community, "slac", "kU1")
    settings.IDENTITY_KEY = "another key altogether"
    assert one != ErasedIdentity.digest_of(community, "slack", "U1")
