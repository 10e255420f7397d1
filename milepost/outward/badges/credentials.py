"""What a badge says, as Open Badges 3.0 and the Verifiable Credentials Data Model 2.0 want it, and its signature (VC-JWT)."""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
from typing import Any

from django.utils.translation import gettext as _
from joserfc import jws

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.models import Award
from milepost.foundation.identity.models import Community

from . import addresses, keys
from .models import Badge
from .signatures import EDDSA, Algorithms

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")


def issuer_profile(community: Community) -> dict[str, Any]:
    profile = {
        "id": addresses.issuer(community),
        "type": ["Profile"],
        "name": community.name,
        "url": addresses.home(community),
    }
    return profile | ({"description": community.tagline} if community.tagline else {})


def achievement(milestone: Milestone, community: Community) -> dict[str, Any]:
    return {
        "id": addresses.achievement(community, milestone.slug),
        "type": ["Achievement"],
        "achievementType": "Achievement",
        "name": milestone.name,
        "description": milestone.why or milestone.name,
        "criteria": {"narrative": _criteria(milestone)},
        "image": {"id": addresses.picture(community, milestone.slug), "type": "Image", "caption": milestone.name},
        "creator": issuer_profile(community),
    }


def _criteria(milestone: Milestone) -> str:
    way = Milestone.Way(milestone.way).label
    said = _("Reached when: %(way)s.") % {"way": way}
    if milestone.way == Milestone.Way.CLAIM:
        said += " " + _("Verified by: %(who)s.") % {"who": Milestone.Verifier(milestone.verified_by).label}
    return f"{milestone.why}\n\n{said}" if milestone.why else said


def credential(badge: Badge, award: Award, *, name: str, mail: str, with_evidence: bool) -> dict[str, Any]:
    """The credential of one award. `name`: as the member wants to be named in it, or empty; `mail` goes in as a salted hash."""
    community, milestone = badge.community, award.milestone
    made: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": addresses.credential(community, badge.pk),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": milestone.name,
        "issuer": issuer_profile(community),
        "validFrom": moment(badge.made_at),
        "awardedDate": moment(datetime.datetime.combine(award.reached_on, datetime.time(12), datetime.UTC)),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": _recipient(name, mail),
            "achievement": achievement(milestone, community),
        },
        "credentialStatus": _status(badge),
    }
    if award.expires_on:
        end = datetime.datetime.combine(award.expires_on, datetime.time(23, 59, 59), datetime.UTC)
        made["validUntil"] = moment(end)
    if with_evidence and (award.evidence or award.link):
        evidence: dict[str, Any] = {"type": ["Evidence"]}
        made["evidence"] = [
            evidence
            | ({"narrative": award.evidence} if award.evidence else {})
            | ({"id": award.link} if award.link else {})
        ]
    return made


def _recipient(name: str, mail: str) -> list[dict[str, Any]]:
    salt = secrets.token_hex(16)
    hashed = hashlib.sha256(f"{mail.lower()}{salt}".encode()).hexdigest()
    found: list[dict[str, Any]] = [
        {
            "type": "IdentityObject",
            "identityType": "emailAddress",
            "hashed": True,
            "identityHash": f"sha256${hashed}",
            "salt": salt,
        }
    ]
    if name:
        found.append({"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": name})
    return found


def _status(badge: Badge) -> dict[str, str]:
    address = addresses.status_list(badge.community, badge.list_number)
    return {
        "id": f"{address}#{badge.list_index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(badge.list_index),
        "statusListCredential": address,
    }


def sign(payload: dict[str, Any], community: Community) -> str:
    """Compact JWS of a credential, with the registered claims that say the same (VC-JWT)."""
    key = keys.current()
    claims = payload | {"iss": payload["issuer"]["id"], "jti": payload["id"], "nbf": _seconds(payload["validFrom"])}
    if "validUntil" in payload:
        claims["exp"] = _seconds(payload["validUntil"])
    public = keys.public_jwk(key)
    header = {
        "alg": EDDSA,
        "typ": "JWT",
        # The one is for verifiers that ask the issuer, the other for those that cannot ask anyone.
        "kid": addresses.key(community, public["kid"]),
        "jwk": {name: public[name] for name in ("kty", "crv", "x")},
    }
    body = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    return jws.serialize_compact(header, body, key, registry=Algorithms(algorithms=[EDDSA]))


def moment(at: datetime.datetime) -> str:
    """As the data model wants it: UTC, to the second."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(at: str) -> int:
    return int(datetime.datetime.fromisoformat(at).timestamp())
