"""Short words for tests: who opens which page of a community."""

from __future__ import annotations

from django.test import Client

from milepost.foundation.identity.models import Account, Community, Person


def as_(who: Person | Account | None) -> Client:
    client = Client()
    account = who.account if isinstance(who, Person) else who
    if account is not None:
        client.force_login(account)
    return client


def url(community: Community, tail: str) -> str:
    return f"/c/{community.slug}/{tail}"
