"""Invitations: for whom they are, how often they work, what they may give."""

from __future__ import annotations

import datetime
import threading
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection

from milepost.domain.people import belonging, inviting, joining, letters
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Invitation, Membership
from tests.factories import Cast, make_account, make_cast, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast(join_policy="invited", tagline="Everyone plays")


def test_a_link_lets_someone_in_and_remembers_who_invited(cast):
    invitation, token = inviting.invite_link(community=cast.community, by=cast.ife, label="Poster in the library")
    assert token not in (invitation.digest, *Invitation.objects.values_list("digest", flat=True))
    membership = inviting.accept(token=token, account=cast.noor)
    assert (membership.came_from, membership.invited_by, membership.role) == (
        "Poster in the library",
        cast.ife,
        "member",
    )
    joined = Activity.objects.get(verb="member.joined")
    assert joined.data == {"came_from": "Poster in the library", "invitation": str(invitation.pk)}
    assert joined.other.person == cast.ife
    assert AuditEntry.objects.filter(action="invitation.made", person=cast.ife).exists()


def test_a_mail_invitation_is_worth_showing(cast):
    _invitation, token = inviting.invite_mail(
        community=cast.community, by=cast.amara, mail=" Tariq@Example.org ", note="You said you play the <oud>."
    )
    [letter] = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    assert letter.to == ["tariq@example.org"]
    assert letter.subject == "Amara Okonkwo invites you to Open Strings"
    url = letters.invitation_url(cast.community, token)
    html, _kind = letter.alternatives[0]
    assert isinstance(html, str)
    assert url in letter.body
    assert url in html
    assert "You said you play the <oud>." in letter.body
    assert "&lt;oud&gt;" in html
    assert "<oud>" not in html
    assert "Everyone plays" in letter.body
    assert urlsplit(url).path == f"/i/{token}/"
    assert "{%" not in letter.body + html


def test_a_mail_invitation_is_for_the_confirmed_address_alone(cast):
    _invitation, token = inviting.invite_mail(community=cast.community, by=cast.amara, mail="tariq@example.org")
    with pytest.raises(NotAllowed, match="another mail address"):
        inviting.accept(token=token, account=cast.noor)
    unconfirmed = make_account("tariq@example.org", verified=False)
    with pytest.raises(NotAllowed):
        inviting.accept(token=token, account=unconfirmed)
    EmailAddress.objects.filter(user=unconfirmed).update(verified=True)
    assert inviting.accept(token=token, account=unconfirmed).person.account == unconfirmed
    with pytest.raises(DomainError, match="no longer valid"):
        inviting.accept(token=token, account=make_account())


def test_a_domain_invitation_is_for_everyone_with_such_an_address(cast):
    invitation, token = inviting.invite_domain(community=cast.community, by=cast.lan, domain="@Library.Example")
    assert (invitation.domain, invitation.expires_at) == ("library.example", None)
    for address in ("one@library.example", "two@library.example"):
        inviting.accept(token=token, account=make_account(address))
    for address in ("me@sub.library.example", "me@evil-library.example", "library.example@evil.example"):
        with pytest.raises(NotAllowed):
            inviting.accept(token=token, account=make_account(address))
    with pytest.raises(NotAllowed):
        inviting.accept(token=token, account=make_account("three@library.example", verified=False))
    invitation.refresh_from_db()
    assert invitation.uses == 2


@pytest.mark.parametrize("domain", ["gmail.com", "localhost", "a b.example", "", "-x.example", "x.1"])
def test_what_is_no_domain_to_invite(cast, domain):
    with pytest.raises(DomainError):
        inviting.invite_domain(community=cast.community, by=cast.lan, domain=domain)


def test_a_new_mail_replaces_the_earlier_one(cast):
    _one, first = inviting.invite_mail(community=cast.community, by=cast.amara, mail="t@example.org")
    _two, second = inviting.invite_mail(community=cast.community, by=cast.lan, mail="t@example.org")
    account = make_account("t@example.org")
    with pytest.raises(DomainError):
        inviting.accept(token=first, account=account)
    assert inviting.accept(token=second, account=account)


def test_members_are_not_invited_again(cast):
    with pytest.raises(Conflict, match="member already"):
        inviting.invite_mail(community=cast.community, by=cast.amara, mail=cast.soraya.account.email)
    assert not mail.outbox
    assert not Invitation.objects.exists()


def test_a_mail_that_cannot_be_sent_leaves_no_invitation(cast, monkeypatch):
    def refused(*_args, **_options):
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refused)
    with pytest.raises(DomainError, match="could not be sent"):
        inviting.invite_mail(community=cast.community, by=cast.amara, mail="t@example.org")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "a@b.example\nBcc: x@y.example"])
def test_what_is_no_address(cast, address):
    with pytest.raises(DomainError):
        inviting.invite_mail(community=cast.community, by=cast.amara, mail=address)


def test_nobody_gives_more_than_they_have(cast):
    with pytest.raises(NotAllowed):
        inviting.invite_link(community=cast.community, by=cast.soraya)
    with pytest.raises(NotAllowed, match="above their own"):
        inviting.invite_link(community=cast.community, by=cast.ife, role="moderator")
    with pytest.raises(NotAllowed, match="by a link"):
        inviting.invite_link(community=cast.community, by=cast.amara, role="owner")
    with pytest.raises(NotAllowed, match="by a link"):
        inviting.invite_domain(community=cast.community, by=cast.amara, role="owner", domain="library.example")
    with pytest.raises(NotAllowed, match="above their own"):
        inviting.invite_mail(community=cast.community, by=cast.lan, role="owner", mail="t@example.org")
    with pytest.raises(NotAllowed):
        inviting.invite_link(community=cast.community, by=make_member(role="owner"))
    with pytest.raises(DomainError):
        inviting.invite_link(community=cast.community, by=cast.amara, role="king")
    with pytest.raises(DomainError):
        inviting.invite_link(community=cast.community, by=cast.amara, max_uses=0)


def test_an_owner_invites_another_by_mail(cast):
    _invitation, token = inviting.invite_mail(
        community=cast.community, by=cast.amara, mail=cast.noor.email, role="owner"
    )
    assert inviting.accept(token=token, account=cast.noor).role == "owner"
    assert Activity.objects.get(verb="role.taken").data["role"] == "owner"


def test_a_role_is_never_above_what_the_inviter_has_by_now(cast):
    _invitation, token = inviting.invite_link(community=cast.community, by=cast.lan, role="steward")
    belonging.take_role(person=cast.lan, role="ambassador", by=cast.amara)
    assert inviting.accept(token=token, account=cast.noor).role == "ambassador"


@pytest.mark.parametrize("how", ["inviter_left", "inviter_is_plain", "revoked", "expired", "used_up"])
def test_an_invitation_ends(cast, how):
    invitation, token = inviting.invite_link(community=cast.community, by=cast.lan, max_uses=1)
    if how == "inviter_left":
        belonging.leave(person=cast.lan)
    elif how == "inviter_is_plain":
        belonging.take_role(person=cast.lan, role="member", by=cast.amara)
    elif how == "revoked":
        inviting.revoke(invitation=invitation, by=cast.amara)
    elif how == "used_up":
        inviting.accept(token=token, account=make_account())
    shift = datetime.timedelta(days=31 if how == "expired" else 0)
    with clock.moved(shift), pytest.raises(DomainError, match="no longer valid"):
        inviting.accept(token=token, account=cast.noor)
    with pytest.raises(DomainError):
        inviting.accept(token="made-up", account=cast.noor)


def test_who_belongs_uses_nothing_up(cast):
    invitation, token = inviting.invite_link(community=cast.community, by=cast.lan, role="moderator")
    assert inviting.accept(token=token, account=cast.soraya.account).role == "member"
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_refused_by_the_policy_uses_nothing_up():
    cast = make_cast(join_policy="agree")
    invitation, token = inviting.invite_link(community=cast.community, by=cast.lan)
    with pytest.raises(joining.AgreementNeeded):
        inviting.accept(token=token, account=cast.noor)
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_taking_back(cast):
    invitation, _token = inviting.invite_link(community=cast.community, by=cast.ife)
    with pytest.raises(NotAllowed):
        inviting.revoke(invitation=invitation, by=cast.mateus)
    inviting.revoke(invitation=invitation, by=cast.ife)
    first = invitation.revoked_at
    inviting.revoke(invitation=invitation, by=cast.lan)
    assert invitation.revoked_at == first
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_uses_are_counted_when_many_come_at_once():
    cast = make_cast(join_policy="invited")
    invitation, token = inviting.invite_link(community=cast.community, by=cast.lan, max_uses=3)
    accounts = [make_account(name="Same Name") for _ in range(8)]
    before = Membership.objects.count()
    came, refused, start = [], [], threading.Barrier(len(accounts))

    def come(account):
        start.wait()
        try:
            came.append(inviting.accept(token=token, account=account))
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=come, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    invitation.refresh_from_db()
    assert (len(came), len(refused), invitation.uses) == (3, 5, 3)
    assert Membership.objects.count() == before + 3
    assert len({m.person.handle for m in came}) == 3


@pytest.mark.django_db(transaction=True)
def test_one_account_in_two_tabs_is_one_member():
    cast = make_cast(join_policy="open")
    start, came = threading.Barrier(4), []

    def come():
        start.wait()
        try:
            came.append(joining.join(account=cast.noor, community=cast.community).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 4
    assert len(set(came)) == 1
    assert Activity.objects.filter(verb="member.joined").count() == 1
