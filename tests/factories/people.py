from __future__ import annotations

import itertools
from typing import Any

from allauth.account.models import EmailAddress

from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Account, Community, Identity, Membership, Person
from milepost.foundation.identity.models.person import LOCAL

PASSWORD = "four-quiet-herons-wade"
"""Of every account that is made with `password=PASSWORD`; without it, an account has none, which is quick."""

_number = itertools.count(1)


def make_account(
    email: str = "", *, name: str = "", verified: bool = True, password: str | None = None, **fields: Any
) -> Account:
    """A sign-in whose mail address is confirmed, unless `verified` is False."""
    n = next(_number)
    account = Account(email=email or f"someone{n}@example.org", name=name or f"Someone {n}", **fields)
    if password is None:
        account.set_unusable_password()
    else:
        account.set_password(password)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=verified, primary=True)
    return account


def make_community(slug: str = "", **fields: Any) -> Community:
    """A public community that anyone may join."""
    n = next(_number)
    fields = {"name": f"Community {n}", "join_policy": Community.JoinPolicy.OPEN} | fields
    return Community.objects.create(slug=slug or f"community-{n}", **fields)


def make_person(community: Community | None = None, *, account: Account | None = None, **fields: Any) -> Person:
    """Someone in a community; with an account, claimed. No membership."""
    n = next(_number)
    fields = {"name": account.name if account else f"Person {n}"} | fields
    if account is not None:
        fields = {"claimed_at": clock.now()} | fields
    return Person.objects.create(community=community or make_community(), account=account, **fields)


def make_member(
    community: Community | None = None,
    *,
    role: str = "member",
    account: Account | None = None,
    name: str = "",
    **fields: Any,
) -> Person:
    """A person with an account, a membership and an identity here. `fields` belong to the membership, except `handle`."""
    account = account or make_account(name=name)
    handle = fields.pop("handle", "") or f"member{next(_number)}"
    person = make_person(community, account=account, name=name or account.name, handle=handle)
    Membership.objects.create(community=person.community, person=person, role=role, **fields)
    make_identity(person, source=LOCAL, source_key=str(account.pk), claimed_at=clock.now())
    return person


def make_organisation(community: Community | None = None, **fields: Any) -> Person:
    """An organisation that is a member."""
    fields = {"name": f"Organisation {next(_number)}", "kind": Person.Kind.ORGANISATION} | fields
    person = make_person(community, **fields)
    Membership.objects.create(community=person.community, person=person, audience=Membership.Audience.PARTNER)
    return person


def make_identity(
    person: Person | None = None, *, community: Community | None = None, source: str = "slack", **fields: Any
) -> Identity:
    """Someone as another system knows them; without `person`, of a new unclaimed one."""
    n = next(_number)
    if person is None:
        person = make_person(community, **({"name": fields["name"]} if fields.get("name") else {}))
    fields = {"source_key": f"U{n:06}", "name": person.name} | fields
    return Identity.objects.create(community=person.community, person=person, source=source, **fields)


def actor(who: Person | Account | None, community: Community | None = None) -> Actor:
    """Who asks: a member, a signed-in stranger, or (None) a visitor; the latter two in `community`."""
    if isinstance(who, Person):
        return Actor.of(who)
    assert community is not None, "say in which community"
    return Actor(community=community, account=who, membership=Membership.objects.of(who, community))
