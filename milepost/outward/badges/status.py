"""Which badges no longer hold: a Bitstring Status List (W3C) for each community, signed like a badge.

A list has a bit for 131,072 badges, so that whoever asks for it does not say which one they look at.
"""

from __future__ import annotations

import base64
import datetime
import gzip
import secrets

from django.core.cache import cache
from django.db.models import Max

from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community

from . import addresses, credentials
from .models import Badge

SIZE = 131_072
FULL = SIZE * 3 // 4
"""Bits in use from which a new list is begun: a free one is found by trying."""
LIFE = datetime.timedelta(days=7)
SECONDS = 60
"""How old a list may be that is served."""


def free_bit(community: Community) -> tuple[int, int]:
    """(list, bit) that no badge has; ask while the community's row is locked."""
    badges = Badge.objects.filter(community=community)
    number = badges.aggregate(n=Max("list_number"))["n"] or 1
    if badges.filter(list_number=number).count() >= FULL:
        number += 1
    while True:
        index = secrets.randbelow(SIZE)
        if not badges.filter(list_number=number, list_index=index).exists():
            return number, index


def encoded(bits: set[int]) -> str:
    """The list as the standard wants it: gzip in base64url with the multibase prefix, the first bit leftmost."""
    raw = bytearray(SIZE // 8)
    for bit in bits:
        raw[bit // 8] |= 0x80 >> (bit % 8)
    packed = gzip.compress(bytes(raw), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def signed_list(community: Community, number: int) -> str | None:
    """The signed list, at most a minute old; None for one that was never begun."""
    key = f"badge-status:{community.pk}:{number}"
    found: str | None = cache.get(key)
    if found is not None:
        return found
    badges = Badge.objects.filter(community=community, list_number=number)
    if not badges.exists():
        return None
    bits = set(badges.revoked().values_list("list_index", flat=True))
    address = addresses.status_list(community, number)
    now = clock.now()
    made = credentials.sign(
        {
            "@context": [credentials.CONTEXTS[0]],
            "id": address,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": {"id": addresses.issuer(community)},
            "validFrom": credentials.moment(now),
            # So that nobody can go on showing an old list, in which a badge still holds.
            "validUntil": credentials.moment(now + LIFE),
            "credentialSubject": {
                "id": f"{address}#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": encoded(bits),
            },
        },
        community,
    )
    cache.set(key, made, SECONDS)
    return made
