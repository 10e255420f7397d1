"""The few people that tests, documentation and the demo speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milepost.foundation.identity.models import Account, Community, Identity, Person

from .people import make_account, make_community, make_identity, make_member


@dataclass(frozen=True, slots=True)
class Cast:
    community: Community
    amara: Person
    """Owner."""
    lan: Person
    """Steward."""
    mateus: Person
    """Moderator."""
    ife: Person
    """Ambassador."""
    soraya: Person
    """Member."""
    noor: Account
    """Signed in, belongs to no community."""
    joao: Identity
    """Known from Slack only: nobody has claimed him."""


def make_cast(community: Community | None = None, **fields: Any) -> Cast:
    """A small community; `fields` are its own. Addresses are like `amara.<end of the slug>@example.org`."""
    community = community or make_community(**({"name": "Open Strings"} | fields))
    n = community.slug.rpartition("-")[2] if community.slug.startswith("community-") else community.slug

    def member(name: str, role: str) -> Person:
        first = name.split()[0].lower()
        account = make_account(f"{first}.{n}@example.org", name=name)
        return make_member(community, role=role, account=account, name=name, handle=first)

    return Cast(
        community=community,
        amara=member("Amara Okonkwo", "owner"),
        lan=member("Lan Nguyễn", "steward"),
        mateus=member("Mateus Carvalho", "moderator"),
        ife=member("Ife Adeyemi", "ambassador"),
        soraya=member("Soraya Haddad", "member"),
        noor=make_account(f"noor.{n}@example.org", name="Noor Rahimi"),
        joao=make_identity(community=community, name="João Pires", handle="joao", source_key=f"U-joao-{n}"),
    )
